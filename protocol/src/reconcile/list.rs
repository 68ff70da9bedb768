//! The plain, sorted list: page by page, resumable anywhere. For first contact, and where so much
//! differs that a sketch would cost more.

use std::{collections::BTreeSet, ops::Bound};

use super::{FOUND_LIMIT, Nonsense, PAGE};
use crate::id::Item;

/// Where the one who reads a list stands.
#[derive(Debug, Default)]
pub(super) struct Reading {
    after: Option<Item>,
    theirs_only: BTreeSet<Item>,
}

/// What to do after a page.
pub(super) enum Next {
    /// Ask for the page after this item.
    Page(Option<Item>),
    /// These were on the list and are not ours.
    Done(BTreeSet<Item>),
}

impl Reading {
    /// Takes a page; `ours` is our set as it is now.
    pub(super) fn take(
        &mut self,
        items: &[Item],
        more: bool,
        ours: &BTreeSet<Item>,
    ) -> Result<Next, Nonsense> {
        let ascending = items.windows(2).all(|pair| pair[0] < pair[1]);
        let onward = items.first().is_none_or(|first| self.after.is_none_or(|after| *first > after));
        if !ascending || !onward || items.len() > PAGE || (more && items.len() < PAGE) {
            return Err(Nonsense::Page);
        }
        self.theirs_only.extend(items.iter().filter(|item| !ours.contains(item)));
        self.after = items.last().copied().or(self.after);
        if more && self.theirs_only.len() < FOUND_LIMIT {
            Ok(Next::Page(self.after))
        } else {
            Ok(Next::Done(std::mem::take(&mut self.theirs_only)))
        }
    }
}

/// The page after an item, the first if there is none, and whether there are more.
pub(super) fn page(ours: &BTreeSet<Item>, after: Option<Item>) -> (Vec<Item>, bool) {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = ours.range((from, Bound::Unbounded)).copied();
    let page: Vec<Item> = rest.by_ref().take(PAGE).collect();
    (page, rest.next().is_some())
}
