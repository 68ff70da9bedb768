//! Which documents differ: two nodes find out what one has and the other lacks.
//!
//! A scope is a set of 16-byte items, each the hash of a document and its state, so nothing is
//! opened to compare. A [`Comparison`] asks, the peer [`answer`]s from its set, until the items that
//! only the peer has are known. Behind this interface stands a plain, resumable, sorted list; a
//! method whose cost follows the difference can take its place without its callers noticing.

use std::{collections::BTreeSet, ops::Bound};

use minicbor::{Decode, Encode};

use crate::{
    id::{Digest, Item},
    signed::encoding::hash,
};

/// Most items in one answer: 128 KiB.
pub const PAGE: usize = 8192;

/// Most items that one comparison finds: what is beyond them is found by the next one.
pub const FOUND_LIMIT: usize = 256 * 1024;

/// Digest of a whole set: equal sets, equal digests.
pub fn set_digest(items: &BTreeSet<Item>) -> Digest {
    let sorted: Vec<u8> = items.iter().flat_map(|item| item.0).collect();
    Digest(hash("praksis/set/1", &(minicbor::bytes::ByteVec::from(sorted),)))
}

/// A step of the one who wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// Your items after this one, in order; from the start if absent.
    #[n(0)]
    List(#[n(0)] Option<Item>),
}

/// A step of the one who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// A page of items, ascending, and whether there are more.
    #[n(0)]
    Page(#[n(0)] Vec<Item>, #[n(1)] bool),
}

/// What to do next in a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask this.
    Ask(Ask),
    /// Known: these the peer has and we lack.
    Done(BTreeSet<Item>),
}

/// A peer's answer that no honest peer gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is out of order, too long, or goes nowhere")]
pub struct Nonsense;

/// One side of finding out what the other has more.
#[derive(Debug, Default)]
pub struct Comparison {
    after: Option<Item>,
    theirs_only: BTreeSet<Item>,
}

impl Comparison {
    /// Begins, with the first question.
    pub fn begin() -> (Self, Ask) {
        (Self::default(), Ask::List(None))
    }

    /// Takes an answer; `ours` is our set as it is now.
    pub fn answered(&mut self, answer: &Answer, ours: &BTreeSet<Item>) -> Result<Step, Nonsense> {
        let Answer::Page(items, more) = answer;
        let ascending = items.windows(2).all(|pair| pair[0] < pair[1]);
        let onward = items.first().is_none_or(|first| self.after.is_none_or(|after| *first > after));
        if !ascending || !onward || items.len() > PAGE || (*more && items.len() < PAGE) {
            return Err(Nonsense);
        }
        self.theirs_only.extend(items.iter().filter(|item| !ours.contains(item)));
        self.after = items.last().copied().or(self.after);
        if *more && self.theirs_only.len() < FOUND_LIMIT {
            Ok(Step::Ask(Ask::List(self.after)))
        } else {
            Ok(Step::Done(std::mem::take(&mut self.theirs_only)))
        }
    }
}

/// Answers a peer's question from our set.
pub fn answer(ours: &BTreeSet<Item>, ask: &Ask) -> Answer {
    let Ask::List(after) = ask;
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = ours.range((from, Bound::Unbounded)).copied();
    let page: Vec<Item> = rest.by_ref().take(PAGE).collect();
    Answer::Page(page, rest.next().is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs both sides against each other and returns what the asker learns.
    fn compare(ours: &BTreeSet<Item>, theirs: &BTreeSet<Item>) -> BTreeSet<Item> {
        let (mut comparison, mut ask) = Comparison::begin();
        loop {
            match comparison.answered(&answer(theirs, &ask), ours).expect("an honest peer") {
                Step::Ask(next) => ask = next,
                Step::Done(items) => return items,
            }
        }
    }

    fn items(numbers: &[u16]) -> BTreeSet<Item> {
        numbers.iter().map(|n| Item(hash("test", &(n,))[..16].try_into().expect("16"))).collect()
    }

    proptest! {
        #[test]
        fn the_asker_learns_the_plain_difference(a: Vec<u16>, b: Vec<u16>) {
            let (ours, theirs) = (items(&a), items(&b));
            prop_assert_eq!(compare(&ours, &theirs), theirs.difference(&ours).copied().collect());
        }
    }

    #[test]
    fn sets_larger_than_a_page_are_walked_through() {
        let theirs = items(&(0..20_000).collect::<Vec<_>>());
        assert_eq!(compare(&BTreeSet::new(), &theirs), theirs);
    }

    #[test]
    fn a_peer_that_goes_in_circles_is_found_out() {
        let (mut comparison, _) = Comparison::begin();
        let page = Answer::Page(items(&(0..PAGE as u16).collect::<Vec<_>>()).into_iter().collect(), true);
        assert!(comparison.answered(&page, &BTreeSet::new()).is_ok());
        assert_eq!(comparison.answered(&page, &BTreeSet::new()), Err(Nonsense));
    }

    #[test]
    fn a_peer_that_lists_one_item_after_another_is_found_out() {
        let (mut comparison, _) = Comparison::begin();
        let page = Answer::Page(vec![Item([5; 16])], true);
        assert_eq!(
            comparison.answered(&page, &BTreeSet::new()),
            Err(Nonsense),
            "a page with more behind it is full"
        );
    }

    #[test]
    fn a_list_without_end_is_read_to_a_limit() {
        let (mut comparison, _) = Comparison::begin();
        let mut pages = (0u64..).map(|page| {
            let item = |n: u64| Item((u128::from(page * PAGE as u64 + n)).to_be_bytes());
            Answer::Page((0..PAGE as u64).map(item).collect(), true)
        });
        let found = loop {
            let page = pages.next().expect("it has no end");
            if let Step::Done(found) = comparison.answered(&page, &BTreeSet::new()).expect("in order") {
                break found;
            }
        };
        assert_eq!(found.len(), FOUND_LIMIT);
    }
}
