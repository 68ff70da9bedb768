//! Ranks: the order that people chose for the items of a list, as strings that sort.
//!
//! A rank is four digits and a fraction, all in base 36 (`0-9a-z`). Appending counts the digits up,
//! so two offices that append the same items apart give them the same ranks; inserting lengthens
//! the fraction. Equal ranks, from inserts at the same place, are told apart by the item's id.

use std::collections::BTreeMap;

const BASE: u32 = 36;
/// Digits before the fraction.
const HEAD: usize = 4;
/// The head of the first item: room for as many before it as after.
const FIRST: u32 = BASE.pow(HEAD as u32) / 2;
/// A fraction that has grown longer than this is given up: all items get new ranks.
const LONGEST: usize = 64;

/// The ranks that must change so that the items `ids` stand in this order, `ranks` being those that
/// they have. Items that already stand in order keep theirs.
pub(super) fn arrange<'a>(ids: &[&'a str], ranks: &BTreeMap<String, String>) -> BTreeMap<&'a str, String> {
    try_arrange(ids, ranks).unwrap_or_else(|| {
        // Neighbours with malformed or exhausted ranks: begin anew.
        ids.iter().enumerate().map(|(i, id)| (*id, head(FIRST + i as u32))).collect()
    })
}

fn try_arrange<'a>(ids: &[&'a str], ranks: &BTreeMap<String, String>) -> Option<BTreeMap<&'a str, String>> {
    let known: Vec<Option<&str>> = ids.iter().map(|id| ranks.get(*id).map(String::as_str)).collect();
    let kept = longest_rising(ids, &known);
    let mut changed = BTreeMap::new();
    let mut before: Option<String> = None;
    for (i, id) in ids.iter().enumerate() {
        let stays = known[i].filter(|_| kept[i]);
        // Among equals an item stays only behind one that stays too: ids tell them apart.
        let follows = match (stays, &before) {
            (Some(rank), Some(before)) => {
                rank > before.as_str() || (rank == before && !changed.contains_key(ids[i - 1]))
            }
            (Some(_), None) => true,
            (None, _) => false,
        };
        if let Some(rank) = stays.filter(|_| follows) {
            before = Some(rank.to_owned());
            continue;
        }
        let after = (i + 1..ids.len())
            .filter(|j| kept[*j])
            .filter_map(|j| known[j])
            .find(|rank| before.as_deref().is_none_or(|before| *rank > before));
        let rank = between(before.as_deref(), after)?;
        before = Some(rank.clone());
        changed.insert(*id, rank);
    }
    Some(changed)
}

/// Which items form the longest run whose (rank, id) rises: they need not move.
fn longest_rising(ids: &[&str], ranks: &[Option<&str>]) -> Vec<bool> {
    // ends[n]: where the rising run of length n + 1 with the smallest last item ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; ids.len()];
    for i in 0..ids.len() {
        if ranks[i].is_none() {
            continue;
        }
        let n = ends.partition_point(|end| (ranks[*end], ids[*end]) < (ranks[i], ids[i]));
        previous[i] = n.checked_sub(1).map(|n| ends[n]);
        ends.truncate(ends.len().max(n));
        match ends.get_mut(n) {
            Some(end) => *end = i,
            None => ends.push(i),
        }
    }
    let mut kept = vec![false; ids.len()];
    let mut at = ends.last().copied();
    while let Some(i) = at {
        kept[i] = true;
        at = previous[i];
    }
    kept
}

/// A rank between two others, which must be in order; nothing when there is no room.
fn between(before: Option<&str>, after: Option<&str>) -> Option<String> {
    match (before, after) {
        (None, None) => Some(head(FIRST)),
        (Some(before), None) => {
            value(before)?.checked_add(1).filter(|n| *n < BASE.pow(HEAD as u32)).map(head)
        }
        (None, Some(after)) => value(after)?.checked_sub(1).map(head),
        (Some(before), Some(after)) => middle(before, after),
    }
}

/// The shortest digits halfway between two ranks, read as fractions.
fn middle(before: &str, after: &str) -> Option<String> {
    value(before)?;
    value(after)?;
    let (low, high) = (digits(before)?, digits(after)?);
    let mut out = Vec::new();
    let mut bounded = true;
    for i in 0..LONGEST {
        let a = low.get(i).copied().unwrap_or(0);
        let b = if bounded { high.get(i).copied().unwrap_or(0) } else { BASE };
        if i >= HEAD && b > a + 1 {
            out.push(a + (b - a) / 2);
            return Some(out.into_iter().filter_map(|d| char::from_digit(d, BASE)).collect());
        }
        if i < HEAD && b > a + 1 {
            out.push(a + (b - a) / 2);
            out.resize(HEAD, 0);
            return Some(out.into_iter().filter_map(|d| char::from_digit(d, BASE)).collect());
        }
        out.push(a);
        bounded &= a == b;
    }
    None
}

fn head(n: u32) -> String {
    let digit = |place: u32| char::from_digit(n / BASE.pow(place) % BASE, BASE).unwrap_or('0');
    (0..HEAD as u32).rev().map(digit).collect()
}

fn value(rank: &str) -> Option<u32> {
    digits(rank)?.get(..HEAD).map(|head| head.iter().fold(0, |n, digit| n * BASE + digit))
}

fn digits(rank: &str) -> Option<Vec<u32>> {
    rank.chars().map(|c| c.to_digit(BASE).filter(|_| !c.is_ascii_uppercase())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ordered(ranks: &BTreeMap<String, String>) -> Vec<&str> {
        let mut ids: Vec<_> = ranks.iter().map(|(id, rank)| (rank, id.as_str())).collect();
        ids.sort();
        ids.into_iter().map(|(_, id)| id).collect()
    }

    fn apply(ids: &[&str], ranks: &mut BTreeMap<String, String>) -> usize {
        let changed = arrange(ids, ranks);
        let count = changed.len();
        ranks.retain(|id, _| ids.contains(&id.as_str()));
        ranks.extend(changed.into_iter().map(|(id, rank)| (id.to_owned(), rank)));
        count
    }

    #[test]
    fn appending_the_same_items_gives_the_same_ranks() {
        let mut here = BTreeMap::new();
        apply(&["a", "b"], &mut here);
        let mut there = BTreeMap::new();
        apply(&["a", "b", "c"], &mut there);
        assert_eq!(here["a"], "i000");
        assert_eq!(here["b"], there["b"]);
        assert_eq!(apply(&["a", "b", "c"], &mut here), 1);
        assert_eq!(here, there);
    }

    #[test]
    fn moving_one_item_writes_one_rank() {
        let mut ranks = BTreeMap::new();
        apply(&["a", "b", "c", "d"], &mut ranks);
        assert_eq!(apply(&["d", "a", "b", "c"], &mut ranks), 1);
        assert_eq!(ordered(&ranks), ["d", "a", "b", "c"]);
        assert_eq!(apply(&["d", "a", "b", "c"], &mut ranks), 0);
    }

    proptest! {
        #[test]
        fn any_order_can_be_had(
            orders in prop::collection::vec(prop::sample::subsequence(vec!["a", "b", "c", "d", "e", "f", "g"], 0..=7).prop_shuffle(), 1..12),
            given in prop::collection::btree_map("[a-g]", "[0-9a-zA!]{0,6}|i000|i001", 0..7),
        ) {
            let mut ranks = given;
            for order in &orders {
                apply(order, &mut ranks);
                prop_assert_eq!(&ordered(&ranks), order);
                prop_assert!(arrange(order, &ranks).is_empty());
            }
        }
    }
}
