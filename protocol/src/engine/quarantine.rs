//! Changes that came before what they rest on: a grant, or another change.
//!
//! In memory and bounded; what falls out comes again, since it is not in the set that peers compare.
//! Whoever has brought the most makes room, so that a peer that floods pushes out its own.

use std::collections::{BTreeMap, VecDeque};

use super::why::Waiting;
use crate::{
    admission::Wait,
    genesis::Genesis,
    id::{DeviceId, DocumentId},
    wire::message::SignedChange,
};

/// Most changes that wait.
const LIMIT: usize = 4096;
/// Most bytes that wait.
const BYTES_LIMIT: usize = 32 * 1024 * 1024;

/// A change that waits, what for, and who brought it.
#[derive(Debug)]
struct Held {
    change: SignedChange,
    wait: Wait,
    from: Option<DeviceId>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    waiting: BTreeMap<DocumentId, (Genesis, Vec<Held>)>,
    /// In the order in which documents came, the oldest first.
    order: VecDeque<DocumentId>,
    /// Changes and bytes of each peer, and of nobody that is known.
    loads: BTreeMap<Option<DeviceId>, Load>,
    /// Who brought what is being tried again.
    tried: BTreeMap<DocumentId, Vec<(SignedChange, Option<DeviceId>)>>,
}

/// What somebody has brought.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    changes: usize,
    bytes: usize,
}

impl Load {
    /// Of all that there is room for, in bytes: a change weighs as much as its share of either limit.
    fn weight(self) -> usize {
        self.bytes.max(self.changes * (BYTES_LIMIT / LIMIT))
    }
}

fn size(change: &SignedChange) -> usize {
    change.envelope.len() + change.change.len()
}

impl Quarantine {
    /// Puts changes of a document aside that a peer brought; the oldest of whoever brought most make room.
    pub(crate) fn put(
        &mut self,
        genesis: &Genesis,
        waiting: Vec<(SignedChange, Wait)>,
        from: Option<DeviceId>,
    ) {
        let document = genesis.document();
        let tried = self.tried.remove(&document).unwrap_or_default();
        if waiting.is_empty() {
            return;
        }
        let (_, held) = self.waiting.entry(document).or_insert_with(|| {
            self.order.push_back(document);
            (genesis.clone(), Vec::new())
        });
        for (change, wait) in waiting {
            if !held.iter().any(|other| other.change == change) {
                let before = tried.iter().find(|(other, _)| *other == change);
                let from = before.map_or(from, |(_, from)| *from);
                let load = self.loads.entry(from).or_default();
                load.changes += 1;
                load.bytes += size(&change);
                held.push(Held { change, wait, from });
            }
        }
        while self.is_full() {
            let Some((heaviest, _)) = self.loads.iter().max_by_key(|(_, load)| load.weight()) else { return };
            let heaviest = *heaviest;
            let brought = |held: &[Held]| held.iter().any(|held| held.from == heaviest);
            let oldest = self.order.iter().find(|it| self.waiting.get(it).is_some_and(|(_, it)| brought(it)));
            let Some(oldest) = oldest.copied() else { return };
            self.drop_of(oldest, heaviest);
        }
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.loads.values().map(|load| load.bytes).sum();
        self.len() > LIMIT || bytes > BYTES_LIMIT
    }

    /// Lets go of what one peer brought for a document.
    fn drop_of(&mut self, document: DocumentId, from: Option<DeviceId>) {
        let Some((genesis, held)) = self.waiting.remove(&document) else { return };
        let (dropped, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.from == from);
        self.unload(&dropped);
        if kept.is_empty() {
            self.order.retain(|other| *other != document);
        } else {
            self.waiting.insert(document, (genesis, kept));
        }
    }

    fn unload(&mut self, gone: &[Held]) {
        for Held { change, from, .. } in gone {
            let load = self.loads.entry(*from).or_default();
            load.changes -= 1;
            load.bytes -= size(change);
            if load.changes == 0 {
                self.loads.remove(from);
            }
        }
    }

    /// Takes out all that waits of a document, to be tried again.
    pub(crate) fn take(&mut self, document: DocumentId) -> Option<(Genesis, Vec<SignedChange>)> {
        let (genesis, held) = self.waiting.remove(&document)?;
        self.order.retain(|other| *other != document);
        self.unload(&held);
        let changes = held.iter().map(|held| held.change.clone()).collect();
        self.tried.insert(document, held.into_iter().map(|held| (held.change, held.from)).collect());
        Some((genesis, changes))
    }

    /// Documents with changes that wait for a grant.
    pub(crate) fn waiting_for_grants(&self) -> Vec<DocumentId> {
        let for_grant = |held: &[Held]| held.iter().any(|held| held.wait == Wait::Grant);
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
        for held in held {
            match held.wait {
                Wait::Grant => waiting.for_grant += 1,
                Wait::Cause => waiting.for_cause += 1,
            }
        }
        waiting
    }

    /// How many changes wait.
    pub(crate) fn len(&self) -> usize {
        self.loads.values().map(|load| load.changes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{genesis::Kind, id::OrgId};

    fn genesis(number: u16) -> Genesis {
        let mut nonce = [0; 32];
        nonce[..2].copy_from_slice(&number.to_be_bytes());
        Genesis::draft(Kind::Case, OrgId([1; 32]), nonce)
    }

    fn waits(bytes: usize) -> Vec<(SignedChange, Wait)> {
        vec![(SignedChange { envelope: vec![1].into(), change: vec![2; bytes].into() }, Wait::Cause)]
    }

    #[test]
    fn a_peer_that_floods_pushes_out_its_own() {
        let (honest, flooding) = (Some(DeviceId([1; 32])), Some(DeviceId([2; 32])));
        for bytes in [1, 1 << 20] {
            let mut quarantine = Quarantine::default();
            quarantine.put(&genesis(0), waits(bytes), honest);
            (1..6000).for_each(|n| quarantine.put(&genesis(n), waits(bytes), flooding));
            assert!(quarantine.len() <= LIMIT && quarantine.len() > 20);
            assert!(quarantine.take(genesis(0).document()).is_some(), "what the other brought is there");
            assert!(quarantine.take(genesis(1).document()).is_none(), "its oldest made room");
        }
    }

    #[test]
    fn what_is_tried_in_vain_is_still_whoevers_it_was() {
        let (honest, flooding) = (Some(DeviceId([1; 32])), Some(DeviceId([2; 32])));
        let mut quarantine = Quarantine::default();
        quarantine.put(&genesis(0), waits(1), flooding);
        quarantine.take(genesis(0).document());
        quarantine.put(&genesis(0), waits(1), honest);
        assert_eq!(quarantine.loads.keys().collect::<Vec<_>>(), [&flooding]);
        quarantine.take(genesis(0).document());
        quarantine.put(&genesis(0), Vec::new(), None);
        assert_eq!((quarantine.len(), quarantine.tried.len()), (0, 0));
    }
}
