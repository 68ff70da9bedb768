//! One procurement, one case: several buyers may each have written of it.

use std::{cmp::Reverse, collections::BTreeMap};

use super::Entry;
use crate::{
    code::Code,
    vocabulary::{BuyerRole, Provenance},
};

/// The cases of which no two share an external id, in the order of their records. Of those that do,
/// directly or through others, the lead's stays: kept by the buyer that leads; else the buyer's own
/// word; else the smallest record id, so that all choose alike.
pub(super) fn unique(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    entries.sort_by_key(|entry| entry.record);
    let mut groups = Groups((0..entries.len()).collect());
    let mut first = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        for id in &entry.case.external_ids {
            if let (Some(scheme), Some(value)) = (&id.scheme, &id.value) {
                let other = *first.entry((scheme.code().to_owned(), value.to_string())).or_insert(index);
                groups.join(index, other);
            }
        }
    }
    let mut chosen: BTreeMap<usize, Entry<'_>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let best = chosen.entry(groups.of(index)).or_insert(*entry);
        if rank(entry) < rank(best) {
            *best = *entry;
        }
    }
    let mut chosen: Vec<_> = chosen.into_values().collect();
    chosen.sort_by_key(|entry| entry.record);
    chosen
}

/// Smaller is chosen before larger.
fn rank(entry: &Entry<'_>) -> impl Ord + use<> {
    let leads = entry
        .case
        .buyers
        .iter()
        .any(|buyer| buyer.role == Some(BuyerRole::Lead) && buyer.org == Some(entry.owner));
    (Reverse(leads), entry.case.provenance != Some(Provenance::Own), entry.record)
}

/// Which entries belong together; each points to one of its group, the first to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn of(&mut self, index: usize) -> usize {
        let mut at = index;
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}
