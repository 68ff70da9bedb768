//! One thing at a time for each document: a task begins when the one before it is durable.

mod outcome;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::Rng;

use super::{
    Engine, JobId, Output, Reply, RequestId, Resting, Source,
    input::Edit,
    job::{Again, Job, Outcome, Write},
};
use crate::{
    admission::Admission,
    envelope::Envelope,
    genesis::Genesis,
    id::{ChangeHash, DeviceId, DocumentId, EnvelopeHash, Item},
    signed::Verified,
    store::{Read, StoreError},
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
