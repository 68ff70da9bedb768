//! What changed between two texts, as few characters as people would say.
//!
//! Compared word by word and then trimmed by character: a difference letter by letter mixes the
//! letters of two sentences, and what others wrote at the same time would land between them. The
//! work is bounded: Automerge's own difference can take minutes for two long texts with nothing in
//! common.

use std::{collections::BTreeMap, ops::Range};

/// Above this many comparisons a stretch without common words is replaced whole.
const COMPARISONS: usize = 250_000;
/// How often a stretch is split at its common words before the rest is compared directly.
const SPLITS: usize = 32;

/// One stretch of the old text, in characters, and what stands there instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) at: usize,
    pub(super) delete: usize,
    pub(super) insert: String,
}

/// The splices that make `new` of `old`, from the last to the first: each leaves the places of
/// those that follow as they are.
pub(super) fn difference(old: &str, new: &str) -> Vec<Splice> {
    let (old, new) = (words(old), words(new));
    let mut hunks = Vec::new();
    compare(&old, &new, 0..old.len(), 0..new.len(), SPLITS, &mut hunks);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(old.iter().scan(0, |at, word| {
            *at += word.chars().count();
            Some(*at)
        }))
        .collect();
    let trimmed = |(a, b): &(Range<usize>, Range<usize>)| {
        let (removed, added) = (old[a.clone()].concat(), new[b.clone()].concat());
        trim(starts[a.start], &removed, &added)
    };
    hunks.iter().rev().map(trimmed).collect()
}

/// `present` with the splices that make `after` of `before`: they lie where they lay, as far as that
/// is still there. What both say is said once.
pub(super) fn merged(before: &str, after: &str, present: &str) -> String {
    let base: Vec<char> = before.chars().collect();
    let (ours, theirs) = (slid(&base, difference(before, after)), slid(&base, difference(before, present)));
    let at = |splices: &[Splice], place: usize| -> String {
        splices.iter().filter(|splice| splice.at == place).map(|splice| splice.insert.as_str()).collect()
    };
    let keeps = |splices: &[Splice], place: usize| {
        !splices.iter().any(|splice| (splice.at..splice.at + splice.delete).contains(&place))
    };
    let mut merged = String::new();
    let characters = base.iter().copied().map(Some).chain([None]);
    for (place, character) in characters.enumerate() {
        let (said, says) = (at(&theirs, place), at(&ours, place));
        merged.push_str(&said);
        if says != said {
            merged.push_str(&says);
        }
        merged.extend(character.filter(|_| keeps(&ours, place) && keeps(&theirs, place)));
    }
    merged
}

/// The same splices as far to the right as they can lie: a sentence more or less can begin or end with
/// the full stop, and two differences must say it in the same way to be put together.
fn slid(base: &[char], mut splices: Vec<Splice>) -> Vec<Splice> {
    let mut ceiling = base.len() + 1;
    for splice in &mut splices {
        if splice.insert.is_empty() {
            let end = |splice: &Splice| splice.at + splice.delete;
            while end(splice) < base.len().min(ceiling) && base[splice.at] == base[end(splice)] {
                splice.at += 1;
            }
        } else if splice.delete == 0 {
            let mut insert: Vec<char> = splice.insert.chars().collect();
            while splice.at < base.len() && splice.at + 1 < ceiling && insert[0] == base[splice.at] {
                insert.rotate_left(1);
                splice.at += 1;
            }
            splice.insert = insert.into_iter().collect();
        }
        ceiling = splice.at;
    }
    splices
}

/// Runs of letters and digits; every other character alone.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for (i, c) in text.char_indices() {
        if !c.is_alphanumeric() {
            if start < i {
                words.push(&text[start..i]);
            }
            start = i + c.len_utf8();
            words.push(&text[i..start]);
        }
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

type Hunk = (Range<usize>, Range<usize>);

fn compare(
    old: &[&str],
    new: &[&str],
    mut a: Range<usize>,
    mut b: Range<usize>,
    splits: usize,
    out: &mut Vec<Hunk>,
) {
    while !a.is_empty() && !b.is_empty() && old[a.start] == new[b.start] {
        a.start += 1;
        b.start += 1;
    }
    while !a.is_empty() && !b.is_empty() && old[a.end - 1] == new[b.end - 1] {
        a.end -= 1;
        b.end -= 1;
    }
    if a.is_empty() && b.is_empty() {
        return;
    }
    if a.is_empty() || b.is_empty() {
        out.push((a, b));
        return;
    }
    let pairs = if splits > 0 { anchors(old, new, &a, &b) } else { Vec::new() };
    let pairs = match pairs.is_empty() {
        false => pairs,
        true if a.len() * b.len() <= COMPARISONS => common(old, new, &a, &b),
        true => Vec::new(),
    };
    if pairs.is_empty() {
        out.push((a, b));
        return;
    }
    let (mut i, mut j) = (a.start, b.start);
    for (x, y) in pairs {
        compare(old, new, i..x, j..y, splits.saturating_sub(1), out);
        (i, j) = (x + 1, y + 1);
    }
    compare(old, new, i..a.end, j..b.end, splits.saturating_sub(1), out);
}

/// Words that stand exactly once on both sides, those that are in the same order (patience).
fn anchors(old: &[&str], new: &[&str], a: &Range<usize>, b: &Range<usize>) -> Vec<(usize, usize)> {
    let mut seen: BTreeMap<&str, (usize, usize, usize, usize)> = BTreeMap::new();
    for i in a.clone() {
        let entry = seen.entry(old[i]).or_default();
        (entry.0, entry.1) = (entry.0 + 1, i);
    }
    for j in b.clone() {
        let entry = seen.entry(new[j]).or_default();
        (entry.2, entry.3) = (entry.2 + 1, j);
    }
    let mut pairs: Vec<(usize, usize)> =
        seen.values().filter(|(m, _, n, _)| (*m, *n) == (1, 1)).map(|(_, i, _, j)| (*i, *j)).collect();
    pairs.sort_unstable();
    rising(&pairs)
}

/// The longest run of pairs whose second number rises.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; pairs.len()];
    for (k, pair) in pairs.iter().enumerate() {
        let n = ends.partition_point(|end| pairs[*end].1 < pair.1);
        previous[k] = n.checked_sub(1).map(|n| ends[n]);
        match ends.get_mut(n) {
            Some(end) => *end = k,
            None => ends.push(k),
        }
    }
    let mut run = Vec::new();
    let mut at = ends.last().copied();
    while let Some(k) = at {
        run.push(pairs[k]);
        at = previous[k];
    }
    run.reverse();
    run
}

/// A longest common subsequence, by the table; only for short stretches.
fn common(old: &[&str], new: &[&str], a: &Range<usize>, b: &Range<usize>) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match old[a.start + i] == new[b.start + j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if old[a.start + i] == new[b.start + j] {
            pairs.push((a.start + i, b.start + j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

fn trim(at: usize, removed: &str, added: &str) -> Splice {
    let removed: Vec<char> = removed.chars().collect();
    let added: Vec<char> = added.chars().collect();
    let shorter = removed.len().min(added.len());
    let front = (0..shorter).take_while(|i| removed[*i] == added[*i]).count();
    let back = (0..shorter - front)
        .take_while(|i| removed[removed.len() - 1 - i] == added[added.len() - 1 - i])
        .count();
    Splice {
        at: at + front,
        delete: removed.len() - front - back,
        insert: added[front..added.len() - back].iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patch(old: &str, splices: &[Splice]) -> String {
        let mut text: Vec<char> = old.chars().collect();
        for splice in splices {
            text.splice(splice.at..splice.at + splice.delete, splice.insert.chars());
        }
        text.into_iter().collect()
    }

    #[test]
    fn a_longer_word_is_one_letter_more() {
        let splices = difference("Bergen kommune kjøpte", "Bergen kommunen kjøpte");
        assert_eq!(splices, [Splice { at: 14, delete: 0, insert: "n".into() }]);
    }

    #[test]
    fn two_sentences_are_two_differences() {
        let splices = difference("Vi spurte. Markedet svarte.", "Vi spurte tidlig. Markedet svarte godt.");
        assert_eq!(splices.len(), 2);
        assert!(splices.iter().all(|splice| splice.delete == 0));
    }

    #[test]
    fn long_texts_with_nothing_in_common_take_no_time() {
        let old = "a ".repeat(10_000);
        let new = "b, ".repeat(6_666);
        assert_eq!(patch(&old, &difference(&old, &new)), new);
    }

    #[test]
    fn a_sentence_goes_along_without_the_one_that_it_was_written_after() {
        let (before, after) = ("Pumpene svikter. Tull.", "Pumpene svikter. Tull. Hver natt.");
        assert_eq!(merged(before, after, "Pumpene svikter."), "Pumpene svikter. Hver natt.");
    }

    proptest! {
        #[test]
        fn what_one_side_alone_has_changed_is_how_it_is(old in "([a-c.] ?){0,20}", new in "([a-c.] ?){0,20}") {
            prop_assert_eq!(merged(&old, &new, &old), new.clone());
            prop_assert_eq!(merged(&old, &old, &new), new.clone());
            prop_assert_eq!(merged(&old, &new, &new), new);
        }

        #[test]
        fn the_splices_make_the_new_text(old in "([a-cå😀] ?){0,40}", new in "([a-cå😀] ?){0,40}") {
            prop_assert_eq!(patch(&old, &difference(&old, &new)), new);
        }
    }
}
