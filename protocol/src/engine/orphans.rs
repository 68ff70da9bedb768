//! Orphans: what this device wrote on changes that turned out not to count, written again.
//!
//! What each of them altered is found where it was written, with all that it rests on, and done to the
//! document as it stands now: a new change, of which nothing rests on what does not count. Which
//! ones have been written again is remembered together with the new changes, so that it is done once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    CommandError, Engine, Resting,
    job::{Opened, Written},
    lanes::Task,
};
use crate::{
    admission::{Admitted, counting::Entry, own, state::Record},
    document::{Author, Replica},
    genesis::Genesis,
    id::{ChangeHash, DeviceId, DocumentId, EnvelopeHash, SessionId},
    membership::roster::Roster,
    signed::encoding::{from_slice, to_vec},
    store::{Batch, Put, Read, StoreError},
    wire::message::SignedChange,
};

/// Most bytes of what is remembered for one document.
const REMEMBERED_LIMIT: usize = 16 << 20;

/// Orphans to write again.
#[derive(Debug)]
pub struct Again {
    /// How the document began.
    pub genesis: Genesis,
    /// What the store holds of it, what does not count too.
    pub held: Vec<SignedChange>,
    /// Who may write: decides what of it counts.
    pub roster: std::sync::Arc<Roster>,
    /// The orphans; all of them are this device's own.
    pub orphans: BTreeSet<EnvelopeHash>,
    /// Who writes.
    pub device: DeviceId,
    /// In which session.
    pub session: SessionId,
    /// Seconds since 1970.
    pub time_s: i64,
}

/// What came of it.
#[derive(Debug)]
pub struct WrittenAgain {
    /// New changes, and the document as it reads with them.
    pub written: Written,
    /// The orphans that stand in them; others could not be read or did not fit.
    pub done: Vec<EnvelopeHash>,
}

impl Again {
    /// Writes them again, in the order in which they were written.
    pub(super) fn run(&self) -> Result<WrittenAgain, CommandError> {
        let writer = Some((self.device, self.session));
        let opened = Opened::new(&self.genesis, &self.held, &self.roster, writer);
        let Opened { mut replica, envelopes, first_branch } = opened.ok_or(CommandError::NotFound)?;
        let document = self.genesis.document();
        let actor = |branch| crate::envelope::actor(self.device, document, self.session, branch);
        let author = Author { actor: &actor, first_branch, time: self.time_s };
        let mut past = Past::of(&self.genesis, &self.held).ok_or(CommandError::NotFound)?;
        let (mut changes, mut done) = (Vec::new(), Vec::new());
        for (hash, change) in past.in_order(&self.orphans) {
            let Some((before, after)) = past.altered(change) else { continue };
            if let Ok(written) = replica.write_again(&before, &after, &author) {
                changes.extend(written);
                done.push(hash);
            }
        }
        Ok(WrittenAgain { written: Written::of(&replica, &envelopes, changes), done })
    }
}

/// All that is held of a document, whether it counts or not.
struct Past<'a> {
    record: Record,
    containers: Vec<&'a [u8]>,
    entries: BTreeMap<ChangeHash, (Entry, &'a [u8])>,
    /// As much of it as was asked for so far.
    replica: Replica,
}

impl<'a> Past<'a> {
    fn of(genesis: &Genesis, held: &'a [SignedChange]) -> Option<Self> {
        let record = Record::of(genesis)?;
        let (containers, signed): (Vec<_>, Vec<_>) = held.iter().partition(|change| change.is_containers());
        let entry = |change: &&'a SignedChange| {
            let entry = own(change).ok()?;
            Some((entry.header.hash, (entry, change.change.as_slice())))
        };
        Some(Self {
            record,
            containers: containers.iter().map(|change| change.change.as_slice()).collect(),
            entries: signed.iter().filter_map(entry).collect(),
            replica: record.replica(),
        })
    }

    /// Envelopes with their changes, causes before effects.
    fn in_order(&self, envelopes: &BTreeSet<EnvelopeHash>) -> Vec<(EnvelopeHash, ChangeHash)> {
        let is_one = |entry: &&Entry| envelopes.contains(&entry.hash);
        let mut entries: Vec<&Entry> = self.entries.values().map(|(entry, _)| entry).filter(is_one).collect();
        entries.sort_unstable_by_key(|entry| (entry.header.start_op, entry.hash));
        entries.into_iter().map(|entry| (entry.hash, entry.header.hash)).collect()
    }

    /// The record before and after a change, as its writer had it; none if something of it is gone.
    fn altered(&mut self, change: ChangeHash) -> Option<(Value, Value)> {
        let behind = self.behind(change);
        let chunks: Vec<&[u8]> = self
            .containers
            .iter()
            .copied()
            .chain(behind.iter().filter_map(|hash| self.entries.get(hash)).map(|(_, bytes)| *bytes))
            .collect();
        if self.replica.apply(&chunks).is_err() {
            // Of twins only one fits into a document: this one's past may not go with another's.
            self.replica = self.record.replica();
            self.replica.apply(&chunks).ok()?;
        }
        let deps = &self.entries.get(&change)?.0.header.deps;
        Some((self.replica.read_at(deps).ok()?, self.replica.read_at(&[change]).ok()?))
    }

    /// A change and all that it rests on.
    fn behind(&self, change: ChangeHash) -> BTreeSet<ChangeHash> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![change]);
        while let Some(change) = open.pop() {
            if seen.insert(change) {
                open.extend(self.entries.get(&change).iter().flat_map(|(entry, _)| &entry.header.deps));
            }
        }
        seen
    }
}

fn local_name(document: DocumentId) -> String {
    format!("written-again/{document}")
}

fn remembered(document: DocumentId, store: &impl Read) -> Result<Vec<EnvelopeHash>, StoreError> {
    let damaged = || StoreError::Damaged { what: format!("orphans of {}", document.short()) };
    let Some(bytes) = store.local(&local_name(document))? else { return Ok(Vec::new()) };
    from_slice(&bytes, REMEMBERED_LIMIT).map_err(|_| damaged())
}

impl Engine {
    /// Orphans of ours among what an admission found that are still to be written again.
    pub(super) fn orphans_to_write(
        &self,
        genesis: &Genesis,
        admitted: &Admitted,
        store: &impl Read,
    ) -> Result<BTreeSet<EnvelopeHash>, StoreError> {
        let (device, document) = (self.device(), genesis.document());
        let ours = admitted.orphans.iter().filter(|(_, by)| **by == device).map(|(hash, _)| *hash);
        let mut ours: BTreeSet<EnvelopeHash> = ours.collect();
        let is_hidden = self.index.row(document).is_some_and(|row| row.is_hidden());
        if ours.is_empty() || is_hidden || !self.may_write(genesis) {
            return Ok(BTreeSet::new());
        }
        for hash in remembered(document, store)? {
            ours.remove(&hash);
        }
        Ok(ours)
    }

    /// Whether this node's organisation may write in a document, and its device where it lives.
    fn may_write(&self, genesis: &Genesis) -> bool {
        let standing = self.statements.roster().standing(self.device(), genesis.scope);
        standing.is_some() && self.check_writer(genesis).is_ok()
    }

    /// Before anything else is written there.
    pub(super) fn write_again_next(&mut self, genesis: &Genesis, orphans: BTreeSet<EnvelopeHash>) {
        let document = genesis.document();
        self.writing_again(document);
        self.lanes.push_front(genesis, Task::Again { orphans });
    }

    /// What to write of orphans that were written again.
    pub(super) fn written_again(
        &mut self,
        genesis: &Genesis,
        result: Result<WrittenAgain, CommandError>,
        store: &impl Read,
    ) -> Result<Option<(Batch, Resting)>, StoreError> {
        let document = genesis.document();
        self.wrote_again(document);
        let Ok(WrittenAgain { written, done }) = result else { return Ok(None) };
        let nothing_new = written.changes.is_empty();
        let signed = self.written(genesis, None, Ok(written));
        if done.is_empty() || (signed.is_none() && !nothing_new) {
            return Ok(signed);
        }
        let mut all = remembered(document, store)?;
        all.extend(done);
        let (mut batch, resting) = signed.unwrap_or_default();
        batch.push(Put::Local(local_name(document), Some(to_vec(&all))));
        Ok(Some((batch, resting)))
    }
}
