//! One thing at a time for each document: a task begins when the one before it is durable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::Rng;

use super::{
    CommandError, Engine, JobId, Output, Reply, RequestId, Resting, Source,
    input::Edit,
    job::{Again, Job, Outcome, Write, Written},
};
use crate::{
    admission::{
        Admission, Admitted,
        state::{Row, View},
    },
    envelope::Envelope,
    genesis::Genesis,
    id::{ChangeHash, DeviceId, DocumentId, EnvelopeHash, Item},
    signed::{Verified, encoding::to_vec},
    store::{Batch, Put, Read, StoreError},
    wire::message::SignedChange,
};

/// Something to do with one document.
#[derive(Debug)]
pub(super) enum Task {
    /// Take in what a peer sent, or what waited.
    Admit { changes: Vec<SignedChange>, source: Option<Source> },
    /// Write for a command.
    Write { request: Option<RequestId>, at: Option<Vec<ChangeHash>>, edit: Edit },
    /// Write orphans of ours again.
    Again { orphans: BTreeSet<EnvelopeHash> },
    /// Read the changes for a command.
    History { request: RequestId },
    /// Let go of a document that has no place any longer.
    Drop,
}

#[derive(Debug)]
struct Running {
    genesis: Genesis,
    purpose: Purpose,
}

/// What an outcome is for.
#[derive(Debug)]
enum Purpose {
    Admit(Option<Source>),
    Write(Option<RequestId>),
    Again,
    History(RequestId, BTreeMap<ChangeHash, DeviceId>),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    queues: BTreeMap<DocumentId, VecDeque<(Genesis, Task)>>,
    running: BTreeMap<JobId, Running>,
}

impl Lanes {
    /// Puts a task before all others of a document, one of whose is under way.
    pub(super) fn push_front(&mut self, genesis: &Genesis, task: Task) {
        self.queues.entry(genesis.document()).or_default().push_front((genesis.clone(), task));
    }
}

/// What the store holds of a document: envelopes with their changes, and containers, which have none. Of
/// one that was withdrawn some changes may be gone.
pub(super) fn held(
    document: DocumentId,
    may_lack: bool,
    store: &impl Read,
) -> Result<Vec<SignedChange>, StoreError> {
    let changes: BTreeMap<ChangeHash, Vec<u8>> = store.changes(document)?.into_iter().collect();
    let mut unsigned: BTreeSet<ChangeHash> = changes.keys().copied().collect();
    let damaged = || StoreError::Damaged { what: format!("history of {}", document.short()) };
    let mut held = Vec::new();
    for (_, bytes) in store.envelopes(document)? {
        let envelope = Verified::<Envelope>::trusted(&bytes).map_err(|_| damaged())?;
        unsigned.remove(&envelope.change);
        match changes.get(&envelope.change) {
            Some(change) => held.push(SignedChange { envelope: bytes.into(), change: change.clone().into() }),
            // Once withdrawn, envelopes may stand alone.
            None if may_lack => {}
            None => return Err(damaged()),
        }
    }
    held.extend(unsigned.iter().map(|hash| SignedChange::containers(changes[hash].clone())));
    Ok(held)
}

/// The envelopes that the store holds of a document, with or without their changes.
pub(super) fn held_envelopes(
    document: DocumentId,
    store: &impl Read,
) -> Result<Vec<(EnvelopeHash, Envelope)>, StoreError> {
    let damaged = || StoreError::Damaged { what: format!("envelopes of {}", document.short()) };
    let read = |(hash, bytes): (EnvelopeHash, Vec<u8>)| {
        let envelope = Verified::<Envelope>::trusted(&bytes).map_err(|_| damaged())?;
        Ok((hash, Envelope::clone(&envelope)))
    };
    store.envelopes(document)?.into_iter().map(read).collect()
}

impl Engine {
    /// Lines a task up behind the others of its document.
    pub(super) fn line_up(
        &mut self,
        genesis: Genesis,
        task: Task,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let document = genesis.document();
        let free = !self.lanes.queues.contains_key(&document);
        self.lanes.queues.entry(document).or_default().push_back((genesis, task));
        if free { self.next_in_lane(document, store, rng) } else { Ok(()) }
    }

    /// Begins the next task of a document, or closes its lane.
    pub(super) fn next_in_lane(
        &mut self,
        document: DocumentId,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let Some((genesis, task)) = self.lanes.queues.get_mut(&document).and_then(VecDeque::pop_front) else {
            self.lanes.queues.remove(&document);
            return Ok(());
        };
        if matches!(task, Task::Drop) {
            return self.drop_document(document, store, rng);
        }
        let held = match self.index.row(document) {
            Some(row) => held(document, row.gone.is_some(), store)?,
            // Whatever is stored of a document is stored together with its row.
            None => Vec::new(),
        };
        let (job, purpose) = match task {
            Task::Admit { changes: incoming, source } => {
                let roster = self.statements.roster().clone();
                let admission = Admission { genesis: genesis.clone(), held, incoming, roster };
                (Job::Admit(Box::new(admission)), Purpose::Admit(source))
            }
            Task::Write { request, at, edit } => {
                let session = self.sessions.open(genesis.scope, store, rng)?;
                let mut seed = [0; 32];
                rng.fill_bytes(&mut seed);
                let write = Write {
                    genesis: genesis.clone(),
                    held,
                    founding: self.founding(&genesis),
                    roster: self.statements.roster().clone(),
                    at,
                    edit,
                    device: self.device(),
                    session,
                    time_s: i64::try_from(self.now.seconds()).unwrap_or(i64::MAX),
                    seed,
                };
                (Job::Write(Box::new(write)), Purpose::Write(request))
            }
            Task::Again { orphans } => {
                let again = Again {
                    genesis: genesis.clone(),
                    held,
                    roster: self.statements.roster().clone(),
                    orphans,
                    device: self.device(),
                    session: self.sessions.open(genesis.scope, store, rng)?,
                    time_s: i64::try_from(self.now.seconds()).unwrap_or(i64::MAX),
                };
                (Job::Again(Box::new(again)), Purpose::Again)
            }
            Task::History { request } => {
                let writers = held
                    .iter()
                    .filter_map(|change| Verified::<Envelope>::trusted(&change.envelope).ok())
                    .map(|envelope| (envelope.change, envelope.device))
                    .collect();
                let roster = self.statements.roster().clone();
                (Job::History(Box::new(genesis.clone()), held, roster), Purpose::History(request, writers))
            }
            Task::Drop => unreachable!("it takes no job"),
        };
        let id = JobId(self.number());
        self.lanes.running.insert(id, Running { genesis, purpose });
        self.outputs.push_back(Output::Work(id, job));
        Ok(())
    }

    pub(super) fn job_done(
        &mut self,
        job: JobId,
        outcome: Outcome,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let Some(Running { genesis, purpose }) = self.lanes.running.remove(&job) else { return Ok(()) };
        let document = genesis.document();
        let resting = match (outcome, purpose) {
            (Outcome::Admitted(admitted), Purpose::Admit(source)) => {
                let orphans = self.orphans_to_write(&genesis, &admitted, store)?;
                let mut resting = self.admitted(&genesis, *admitted, source);
                if !orphans.is_empty() {
                    // A fall before they are written must not let them be forgotten.
                    resting.iter_mut().for_each(|(batch, _)| batch.push(self.uncounted()));
                    self.write_again_next(&genesis, orphans);
                }
                resting
            }
            (Outcome::Again(result), Purpose::Again) => self.written_again(&genesis, result, store)?,
            (Outcome::Written(result), Purpose::Write(request)) => self.written(&genesis, request, result),
            (Outcome::History(entries), Purpose::History(request, writers)) => {
                let by = |hash| writers.get(&hash).copied();
                let entries = entries.into_iter().map(|entry| (entry.clone(), by(entry.hash))).collect();
                self.reply(request, Ok(Reply::History(entries)));
                None
            }
            (Outcome::Admitted(_) | Outcome::Written(_) | Outcome::Again(_) | Outcome::History(_), _) => {
                unreachable!("a job's outcome is of the job's own kind")
            }
        };
        match resting {
            Some((batch, resting)) => {
                self.commit(batch, Resting { lane: Some(document), ..resting });
                Ok(())
            }
            None => self.next_in_lane(document, store, rng),
        }
    }

    /// What to write after an admission, if anything new counts.
    fn admitted(
        &mut self,
        genesis: &Genesis,
        admitted: Admitted,
        source: Option<Source>,
    ) -> Option<(Batch, Resting)> {
        let document = genesis.document();
        for refusal in &admitted.refused {
            match source {
                Some(Source { peer, .. }) if refusal.is_false_everywhere() => {
                    self.blame(peer, refusal.name())
                }
                Some(_) | None => self.refuse(refusal.name()),
            }
            self.refusals.note(document, refusal.name());
        }
        self.counted(document);
        let gone = self.index.row(document).and_then(|row| row.gone);
        if self.index.row(document).is_some_and(|row| row.is_hidden()) {
            // What comes late for a withdrawn document: its envelopes stay, what it says does not.
            self.quarantine.put(genesis, Vec::new(), None);
            if let Some(Source { peer, .. }) = source {
                self.pulled(peer, document, false);
            }
            let stubs: Batch = admitted
                .accepted
                .into_iter()
                .map(|(envelope, _, signed)| Put::Envelope(document, envelope, signed.envelope.into()))
                .collect();
            return (!stubs.is_empty()).then(|| (stubs, Resting::default()));
        }
        self.quarantine.put(genesis, admitted.waiting, source.map(|source| source.peer));
        let before = self.index.heads(document);
        let now = admitted.state.as_ref().map(|state| state.heads.as_slice());
        if admitted.accepted.is_empty() && before == now.unwrap_or_default() {
            if let Some(Source { peer, .. }) = source {
                self.pulled(peer, document, false);
            }
            return None;
        }
        let Some(state) = admitted.state else {
            // Nothing in it counts any longer: kept, and not a document until something does again.
            let row = Row { heads: Vec::new(), ..self.index.row(document)? };
            let batch = vec![Put::Row(document, to_vec(&row))];
            return Some((batch, Resting { rows: vec![(row, source)], ..Resting::default() }));
        };
        let came = admitted.containers.iter().map(|(_, containers)| containers);
        let came = came.chain(admitted.accepted.iter().map(|(.., signed)| signed));
        let bytes = self.bytes_with(document, came.map(SignedChange::size).sum());
        let (heads, updated_s) = (state.heads, state.view.updated_s);
        let row = Row { genesis: genesis.clone(), heads, updated_s, gone, bytes };
        let mut batch = self.document_puts(&row, &state.view);
        for (change, containers) in admitted.containers {
            batch.push(Put::Change(document, change, containers.change.into()));
        }
        for (envelope, change, signed) in admitted.accepted {
            batch.push(Put::Envelope(document, envelope, signed.envelope.into()));
            batch.push(Put::Change(document, change, signed.change.into()));
        }
        Some((batch, Resting { rows: vec![(row, source)], ..Resting::default() }))
    }

    /// Signs what a write made, and what to store of it.
    pub(super) fn written(
        &mut self,
        genesis: &Genesis,
        request: Option<RequestId>,
        result: Result<Written, CommandError>,
    ) -> Option<(Batch, Resting)> {
        let document = genesis.document();
        let is_hidden = self.index.row(document).is_some_and(|row| row.is_hidden());
        let result = if is_hidden { Err(CommandError::Withdrawn) } else { result };
        let standing = self.statements.roster().rights(genesis).standing(self.device());
        let result = match (result, standing) {
            (Ok(written), Some(standing)) => Ok((written, standing)),
            (Ok(_), None) => Err(self.outside(CommandError::NotGranted)),
            (Err(error), _) => Err(error),
        };
        let (written, standing) = match result {
            Ok(both) => both,
            Err(error) => {
                request.into_iter().for_each(|request| self.reply(request, Err(error.clone())));
                return None;
            }
        };
        let reply = Reply::Written {
            record: genesis.record_id(),
            document,
            heads: written.heads.clone(),
            changed: !written.changes.is_empty(),
        };
        if written.changes.is_empty() {
            request.into_iter().for_each(|request| self.reply(request, Ok(reply.clone())));
            return None;
        }
        let (mut puts, mut size) = (Vec::new(), 0);
        let mut heads: Vec<EnvelopeHash> = written.kept_heads;
        for (envelope, change, signed) in written.founding {
            size += signed.size();
            puts.push(Put::Envelope(document, envelope, signed.envelope.into()));
            puts.push(Put::Change(document, change, signed.change.into()));
        }
        for change in written.changes {
            let (envelope, bytes, session) =
                self.sessions.sign(genesis, change.hash, change.branch, &self.keys.device, standing);
            if written.heads.contains(&change.hash) {
                heads.push(envelope);
            }
            size += bytes.len() + change.bytes.len();
            puts.push(Put::Envelope(document, envelope, bytes));
            puts.push(Put::Change(document, change.hash, change.bytes));
            puts.push(session);
        }
        heads.sort_unstable();
        let updated_s = i64::try_from(self.now.seconds()).unwrap_or(i64::MAX);
        let gone = self.index.row(document).and_then(|row| row.gone);
        let bytes = self.bytes_with(document, size);
        let row = Row { genesis: genesis.clone(), heads, updated_s, gone, bytes };
        let view =
            View { heads: written.heads, record: written.record, conflicts: written.conflicts, updated_s };
        let mut batch = self.document_puts(&row, &view);
        batch.extend(puts);
        let outputs = request.map(|request| Output::Reply(request, Ok(reply))).into_iter().collect();
        Some((batch, Resting { outputs, rows: vec![(row, None)], written: true, ..Resting::default() }))
    }

    /// What a document takes once so many bytes more are kept of it.
    fn bytes_with(&self, document: DocumentId, more: usize) -> u64 {
        self.index.row(document).map_or(0, |row| row.bytes) + more as u64
    }

    fn document_puts(&self, row: &Row, view: &View) -> Batch {
        let document = row.genesis.document();
        let mut batch = vec![Put::Row(document, to_vec(row)), Put::View(document, view.bytes())];
        if self.index.row(document).is_none() {
            batch.push(Put::Genesis(document, row.genesis.bytes()));
        }
        batch
    }

    /// Offers again what waited for a grant.
    pub(super) fn retry_quarantined(
        &mut self,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        for document in self.quarantine.waiting_for_grants() {
            if let Some((genesis, changes)) = self.quarantine.take(document) {
                self.line_up(genesis, Task::Admit { changes, source: None }, store, rng)?;
            }
        }
        Ok(())
    }

    /// Writes for a command, into a document that may be new.
    pub(super) fn write(
        &mut self,
        request: RequestId,
        genesis: Genesis,
        at: Option<Vec<ChangeHash>>,
        edit: Edit,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        if let Err(error) = self.check_writer(&genesis) {
            self.reply(request, Err(error));
            return Ok(());
        }
        self.line_up(genesis, Task::Write { request: Some(request), at, edit }, store, rng)
    }

    /// What else of a document waits here, to be admitted together with what came.
    pub(super) fn take_in(
        &mut self,
        genesis: Genesis,
        mut changes: Vec<SignedChange>,
        peer: DeviceId,
        item: Option<Item>,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        if let Some((_, waiting)) = self.quarantine.take(genesis.document()) {
            changes.extend(waiting);
        }
        self.line_up(genesis, Task::Admit { changes, source: Some(Source { peer, item }) }, store, rng)
    }
}
