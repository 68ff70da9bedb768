//! Changes that came before what they rest on: a grant, or another change.
//!
//! In memory and bounded; what falls out comes again, since it is not in the set that peers compare.

use std::collections::{BTreeMap, VecDeque};

use super::why::Waiting;
use crate::{admission::Wait, genesis::Genesis, id::DocumentId, wire::message::SignedChange};

/// Most changes that wait.
const LIMIT: usize = 4096;
/// Most bytes that wait.
const BYTES_LIMIT: usize = 32 * 1024 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    waiting: BTreeMap<DocumentId, (Genesis, Vec<(SignedChange, Wait)>)>,
    /// In the order in which documents came, the oldest first.
    order: VecDeque<DocumentId>,
    changes: usize,
    bytes: usize,
}

fn size(change: &SignedChange) -> usize {
    change.envelope.len() + change.change.len()
}

impl Quarantine {
    /// Puts changes of a document aside; the oldest documents make room.
    pub(crate) fn put(&mut self, genesis: &Genesis, waiting: Vec<(SignedChange, Wait)>) {
        let document = genesis.document();
        if waiting.is_empty() {
            return;
        }
        let (_, held) = self.waiting.entry(document).or_insert_with(|| {
            self.order.push_back(document);
            (genesis.clone(), Vec::new())
        });
        for (change, wait) in waiting {
            if !held.iter().any(|(other, _)| *other == change) {
                self.changes += 1;
                self.bytes += size(&change);
                held.push((change, wait));
            }
        }
        while (self.changes > LIMIT || self.bytes > BYTES_LIMIT) && self.take(self.order[0]).is_some() {}
    }

    /// Takes out all that waits of a document.
    pub(crate) fn take(&mut self, document: DocumentId) -> Option<(Genesis, Vec<SignedChange>)> {
        let (genesis, held) = self.waiting.remove(&document)?;
        self.order.retain(|other| *other != document);
        self.changes -= held.len();
        self.bytes -= held.iter().map(|(change, _)| size(change)).sum::<usize>();
        Some((genesis, held.into_iter().map(|(change, _)| change).collect()))
    }

    /// Documents with changes that wait for a grant.
    pub(crate) fn waiting_for_grants(&self) -> Vec<DocumentId> {
        let for_grant = |held: &[(SignedChange, Wait)]| held.iter().any(|(_, wait)| *wait == Wait::Grant);
        self.waiting.iter().filter(|(_, (_, held))| for_grant(held)).map(|(document, _)| *document).collect()
    }

    /// How the documents began that changes wait for, by the document's or the record's id.
    pub(crate) fn genesis(&self, id: DocumentId) -> impl Iterator<Item = &Genesis> {
        let is_one = move |genesis: &&Genesis| genesis.document() == id || genesis.record_id() == id;
        self.waiting.values().map(|(genesis, _)| genesis).filter(is_one)
    }

    /// What waits of a document.
    pub(crate) fn waiting(&self, document: DocumentId) -> Waiting {
        let held = self.waiting.get(&document).into_iter().flat_map(|(_, held)| held);
        let mut waiting = Waiting::default();
        for (_, wait) in held {
            match wait {
                Wait::Grant => waiting.for_grant += 1,
                Wait::Cause => waiting.for_cause += 1,
            }
        }
        waiting
    }

    /// How many changes wait.
    pub(crate) fn len(&self) -> usize {
        self.changes
    }
}
