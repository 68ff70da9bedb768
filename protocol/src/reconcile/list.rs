//! The plain, sorted list: page by page, resumable anywhere. For first contact, and where so much
//! differs that a sketch would cost more.
//!
//! What was broken off goes on where it was, without anybody keeping in mind where that is: what was fetched is all of
//! the list up to there. So as long as pages bring nothing, the digest of a stretch of ours is sent along, up to where we
//! may have stood; where theirs is the same, the list goes on behind it.

use std::{collections::BTreeSet, ops::Bound};

use super::{Ask, FOUND_LIMIT, Found, Nonsense, PAGE, digest};
use crate::id::{Digest, Item};

/// Of what was fetched last when a list was broken off, so much may be there in part: two answers, and what is written
/// together.
const RAGGED: usize = PAGE / 2;
/// Stretches are no longer than this: the digest of each is computed for a question of a few bytes.
const STRETCH_LIMIT: usize = 64 * PAGE;

/// With more than this that is only ours the peer does better to compare for itself.
const OURS_LIMIT: usize = PAGE;

/// Where the one who reads a list stands.
#[derive(Debug, Default)]
pub(super) struct Reading {
    after: Option<Item>,
    found: usize,
    /// What is ours and was not on the pages, as long as it is little.
    ours_only: Vec<Item>,
    /// Up to where the last question asked whether theirs is as ours, and how many items that are.
    past: Option<(Item, usize)>,
}

/// What a page brought.
pub(super) struct Page {
    /// What was on it and is not ours.
    pub(super) found: Found,
    /// The question for the next page, if there is to be one.
    pub(super) next: Option<Ask>,
}

impl Reading {
    /// Takes a page; `ours` is our set as it is now.
    pub(super) fn take(
        &mut self,
        items: &[Item],
        more: bool,
        ours: &BTreeSet<Item>,
    ) -> Result<Page, Nonsense> {
        let ascending = items.windows(2).all(|pair| pair[0] < pair[1]);
        let onward = items.first().is_none_or(|first| self.after.is_none_or(|after| *first > after));
        if !ascending || !onward || items.len() > PAGE || (more && items.len() < PAGE) {
            return Err(Nonsense::Page);
        }
        let past = self.past.take();
        // Behind the stretch: theirs is as ours, or they have nothing there.
        let skipped = past.filter(|(to, _)| items.first().is_none_or(|first| first > to));
        let from = skipped.map(|(to, _)| to).or(self.after).map_or(Bound::Unbounded, Bound::Excluded);
        let theirs_only: BTreeSet<Item> = items.iter().filter(|item| !ours.contains(item)).copied().collect();
        self.after = items.last().copied().or(self.after);
        self.found += theirs_only.len();
        let to = self.after.filter(|_| more);
        let within = (from, to.map_or(Bound::Unbounded, Bound::Included));
        let ours_only = ours.range(within).filter(|item| items.binary_search(item).is_err());
        self.ours_only.extend(ours_only.take(OURS_LIMIT + 1 - self.ours_only.len()));
        let shorter = past.filter(|_| skipped.is_none()).map(|(_, length)| length / 2);
        let next = to.filter(|_| self.found < FOUND_LIMIT).map(|to| self.ask(to, shorter, ours));
        Ok(Page { found: Found { items: theirs_only, within }, next })
    }

    /// The next question: past a stretch that may be alike, at most so long, if it is worth it.
    fn ask(&mut self, after: Item, length: Option<usize>, ours: &BTreeSet<Item>) -> Ask {
        let ahead = || ours.range((Bound::Excluded(after), Bound::Unbounded));
        if self.found == 0 {
            let length = length.unwrap_or_else(|| ahead().count().saturating_sub(RAGGED)).min(STRETCH_LIMIT);
            if length >= PAGE
                && let Some(to) = ahead().nth(length - 1)
            {
                self.past = Some((*to, length));
                return Ask::ListPast(after, *to, digest(ahead().take(length)));
            }
        }
        Ask::List(Some(after))
    }

    /// What we have and the peer lacks, as far as pages have told; nothing where it is more than should be told.
    pub(super) fn ours_only(&self) -> &[Item] {
        if self.ours_only.len() <= OURS_LIMIT { &self.ours_only } else { &[] }
    }

    /// About so many are still to be found: items are hashes, so where the last page ended tells how much was read.
    pub(super) fn ahead(&self) -> usize {
        let Some(after) = self.after else { return 0 };
        let read =
            u128::from(u64::from_be_bytes(after.0[..8].try_into().expect("an item has sixteen bytes")));
        let ahead = self.found as u128 * (u128::from(u64::MAX) - read) / read.max(1);
        usize::try_from(ahead).map_or(FOUND_LIMIT, |ahead| ahead.min(FOUND_LIMIT))
    }
}

/// The page after an item, the first if there is none, and whether there are more.
pub(super) fn page(ours: &BTreeSet<Item>, after: Option<Item>) -> (Vec<Item>, bool) {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = ours.range((from, Bound::Unbounded)).copied();
    let page: Vec<Item> = rest.by_ref().take(PAGE).collect();
    (page, rest.next().is_some())
}

/// After which item the list goes on for somebody who has such a stretch after an item.
pub(super) fn past(ours: &BTreeSet<Item>, after: Item, to: Item, theirs: Digest) -> Item {
    if after >= to {
        return after;
    }
    let stretch = ours.range((Bound::Excluded(after), Bound::Included(to)));
    if digest(stretch.take(STRETCH_LIMIT + 1)) == theirs { to } else { after }
}
