//! The plain, sorted list: page by page, resumable anywhere. For first contact, and where so much
//! differs that a sketch would cost more.

use std::{collections::BTreeSet, ops::Bound};

use super::{FOUND_LIMIT, Found, Nonsense, PAGE};
use crate::id::Item;

/// Where the one who reads a list stands.
#[derive(Debug, Default)]
pub(super) struct Reading {
    after: Option<Item>,
    found: usize,
}

/// What a page brought.
pub(super) struct Page {
    /// What was on it and is not ours.
    pub(super) found: Found,
    /// The next page is the one after this item, if there is to be one.
    pub(super) next: Option<Item>,
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
        let from = self.after.map_or(Bound::Unbounded, Bound::Excluded);
        let theirs_only: BTreeSet<Item> = items.iter().filter(|item| !ours.contains(item)).copied().collect();
        self.after = items.last().copied().or(self.after);
        self.found += theirs_only.len();
        let to = self.after.filter(|_| more);
        let within = (from, to.map_or(Bound::Unbounded, Bound::Included));
        let next = to.filter(|_| self.found < FOUND_LIMIT);
        Ok(Page { found: Found { items: theirs_only, within }, next })
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
