//! A node without I/O: what happened goes in, what to do comes out.
//!
//! Driven by libp2p and sled in production and by a deterministic simulator in tests. `now` and
//! randomness are arguments and everything is ordered, so the same inputs give the same outputs.
//!
//! This file is a router: each arm is one call into the concern that it belongs to. Outputs that
//! rest on a batch wait for its [`Input::Durable`]: no message says what a power cut could undo.

pub mod input;
pub mod job;
pub mod output;

mod admitting;
mod asking;
mod commands;
mod delivery;
mod dialling;
mod hello;
mod index;
mod joining;
mod lanes;
mod offices;
mod peers;
mod pulling;
mod quarantine;
mod serving;
mod sessions;
pub mod setup;
pub mod sharing;
mod statements;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use rand_core::Rng;

pub use input::{BatchId, Class, Command, Edit, Input, JobId, Memory, MessageId, RequestId};
pub use output::{CommandError, Event, Output, Reply, Status};

use admitting::Invitations;
use index::Index;
use joining::Joining;
use lanes::{Lanes, Task};
use peers::Peers;
use quarantine::Quarantine;
use sessions::Sessions;
use statements::Statements;

use crate::{
    admission::state::Row,
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, Item, OrgId},
    membership::{charter::Charter, roster::Roster, statement::Known},
    reconcile::{Encodings, Tally},
    store::{Batch, Read, StoreError},
    time::Timestamp,
};

/// Whose node this is. Stored beside the keys.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Identity {
    /// The organisation, by its first root; absent on an office that has not been granted yet.
    #[n(0)]
    pub org: Option<OrgId>,
    /// Its nine-digit number.
    #[n(1)]
    pub number: String,
    /// Its name.
    #[n(2)]
    pub name: String,
}

/// The keys that this node holds.
#[derive(Clone)]
pub struct Keys {
    /// The device's, which is also its network identity.
    pub device: SigningKey,
    /// The organisation's root, on the node that keeps it.
    pub root: Option<SigningKey>,
}

/// The name of what a timer waits for.
pub type Wake = &'static str;

/// See the module.
pub struct Engine {
    identity: Identity,
    keys: Keys,
    charter: Option<Charter>,
    statements: Statements,
    index: Index,
    sessions: Sessions,
    lanes: Lanes,
    peers: Peers,
    joining: Joining,
    invitations: Invitations,
    quarantine: Quarantine,
    /// What was encoded of our sets for peers.
    encodings: Encodings,
    /// What comparing our sets with theirs took.
    compared: Tally,
    batches: BTreeMap<BatchId, Resting>,
    outputs: VecDeque<Output>,
    refused: BTreeMap<String, u64>,
    /// Organisations that lost a right to write since the start: what they wrote may count again.
    fallen: BTreeSet<OrgId>,
    /// Own addresses, as the transport found them or as the operator announced them.
    addresses: Vec<String>,
    last_number: u64,
    now: Timestamp,
}

/// What waits for a batch to be durable.
#[derive(Default)]
struct Resting {
    outputs: Vec<Output>,
    rows: Vec<(Row, Option<Source>)>,
    statements: Vec<Known>,
    lane: Option<DocumentId>,
    /// The charter or identity was among what was written.
    joined: bool,
}

/// Where a document's new state came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    peer: DeviceId,
    item: Option<Item>,
}

impl Engine {
    /// Opens a node over what its store holds.
    pub fn open(keys: Keys, store: &impl Read, now: Timestamp) -> Result<Self, StoreError> {
        let identity = setup::identity(store)?;
        let charter = setup::charter(store)?;
        let statements = Statements::open(charter.as_ref(), store)?;
        let mut index = Index::default();
        statements.items().for_each(|item| index.put_statement(item));
        for (document, bytes) in store.rows()? {
            let row = minicbor::decode(&bytes)
                .map_err(|_| StoreError::Damaged { what: format!("row of {}", document.short()) })?;
            index.put(row);
        }
        let mut engine = Self {
            joining: Joining::open(store)?,
            invitations: Invitations::open(store)?,
            identity,
            keys,
            charter,
            statements,
            index,
            sessions: Sessions::default(),
            lanes: Lanes::default(),
            peers: Peers::default(),
            quarantine: Quarantine::default(),
            encodings: Encodings::default(),
            compared: Tally::default(),
            batches: BTreeMap::new(),
            outputs: VecDeque::new(),
            refused: BTreeMap::new(),
            fallen: BTreeSet::new(),
            addresses: Vec::new(),
            last_number: 0,
            now,
        };
        engine.roster_changed();
        Ok(engine)
    }

    /// Takes in what happened. Afterwards [`poll_output`](Self::poll_output) says what to do.
    pub fn handle(&mut self, now: Timestamp, input: Input, store: &impl Read, rng: &mut impl Rng) {
        // A clock that steps back must not make timers wait.
        self.now = now.max(self.now);
        let result = match input {
            Input::Command(request, command) => self.command(request, command, store, rng),
            Input::Connected { device, address, outbound } => self.connected(device, address, outbound),
            Input::Disconnected { device } => self.disconnected(device, rng),
            Input::DialFailed { device } => self.dial_failed(device, rng),
            Input::Asked { from, question, class, bytes } => {
                self.asked(from, question, class, &bytes, store, rng)
            }
            Input::Answered { from, question, bytes } => self.answered(from, question, &bytes, store, rng),
            Input::Unanswered { from, question, not_offered } => self.unanswered(from, question, not_offered),
            Input::Refused { reason } => self.refuse(reason),
            Input::Listening { addresses } => self.listening(addresses),
            Input::Done(job, outcome) => self.job_done(job, outcome, store, rng),
            Input::Durable(batch) => self.durable(batch, store, rng),
            Input::Tick => Ok(()),
        };
        let result = result.and_then(|()| self.tend(rng));
        if let Err(error) = result {
            self.outputs.push_back(Output::Announce(Event::Failed(error)));
        }
    }

    /// What to do next, if anything.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Tick`], and what for.
    pub fn poll_timeout(&self) -> Option<(Timestamp, Wake)> {
        self.peers.next_wake().into_iter().chain(self.joining.next_wake()).min()
    }

    /// This node's device.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.keys.device.verifying_key().to_bytes())
    }

    /// Changes that wait for a grant or a cause.
    pub fn waiting(&self) -> usize {
        self.quarantine.len()
    }

    /// Makes a batch durable; what rests on it waits.
    fn commit(&mut self, batch: Batch, resting: Resting) {
        let id = BatchId(self.number());
        self.batches.insert(id, resting);
        self.outputs.push_back(Output::Commit(id, batch));
    }

    fn durable(&mut self, batch: BatchId, store: &impl Read, rng: &mut impl Rng) -> Result<(), StoreError> {
        let Some(resting) = self.batches.remove(&batch) else { return Ok(()) };
        let new_statements = !resting.statements.is_empty() || resting.joined;
        for known in resting.statements {
            self.index.put_statement(known.item());
            self.statements.insert(known);
        }
        if new_statements {
            if resting.joined {
                self.identity = setup::identity(store)?;
                self.charter = setup::charter(store)?;
            }
            let before = self.statements.roster().clone();
            self.statements.fold(self.charter.as_ref());
            self.roster_changed();
            self.recount(&before, store, rng)?;
            self.retry_quarantined(store, rng)?;
        }
        for (row, source) in resting.rows {
            self.document_changed(row, source);
            if let Some(Source { peer, .. }) = source {
                self.pulled(peer, true);
            }
        }
        self.outputs.extend(resting.outputs);
        if let Some(document) = resting.lane {
            self.next_in_lane(document, store, rng)?;
        }
        Ok(())
    }

    /// Where an organisation or a device of it has lost its place to another, what it wrote counts
    /// no longer, and may count again later.
    fn recount(&mut self, before: &Roster, store: &impl Read, rng: &mut impl Rng) -> Result<(), StoreError> {
        let after = self.statements.roster().clone();
        let members = before.members().filter(|(org, _)| after.member(**org).is_none()).map(|(org, _)| *org);
        let lost = |device: &DeviceId, org: OrgId| after.device(*device).is_none_or(|now| now.org != org);
        let devices =
            before.devices().filter(|(id, device)| lost(id, device.org)).map(|(_, device)| device.org);
        self.fallen.extend(members.chain(devices));
        if self.fallen.is_empty() {
            return Ok(());
        }
        let touched = |genesis: &Genesis| genesis.writers().iter().any(|org| self.fallen.contains(org));
        let touched: Vec<Genesis> =
            self.index.rows().map(|row| &row.genesis).filter(|genesis| touched(genesis)).cloned().collect();
        for genesis in touched {
            let task = Task::Admit { changes: Vec::new(), source: None };
            self.line_up(genesis, task, store, rng)?;
        }
        Ok(())
    }

    /// A document stands in a new state, durably: tell the peers that may read it, and ourselves.
    fn document_changed(&mut self, row: Row, source: Option<Source>) {
        let (document, scope) = (row.genesis.document(), row.genesis.scope);
        let key = (row.genesis.record_id(), row.genesis.owner);
        if let Some(item) = self.index.put(row) {
            self.hint(scope, document, item, source);
        }
        if let Some(record) = self.index.reference(key) {
            self.outputs.push_back(Output::Announce(Event::RecordChanged(record)));
        }
    }

    /// Counts a refusal by its name.
    fn refuse(&mut self, reason: &str) -> Result<(), StoreError> {
        *self.refused.entry(reason.to_owned()).or_default() += 1;
        Ok(())
    }

    fn reply(&mut self, request: RequestId, reply: Result<Reply, CommandError>) {
        self.outputs.push_back(Output::Reply(request, reply));
    }

    /// Names for jobs, batches and messages.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// What is due by now: dials, hellos, hints, pulls, a join to repeat.
    fn tend(&mut self, rng: &mut impl Rng) -> Result<(), StoreError> {
        self.tend_joining();
        self.tend_peers(rng);
        self.tend_pulls();
        self.encodings.tend(self.now);
        Ok(())
    }

    /// The scopes of documents that both this node and a device may read.
    fn common_scopes(&self, device: DeviceId) -> Vec<Scope> {
        let roster = self.statements.roster();
        let (Some(ours), Some(theirs)) =
            (self.identity.org, roster.device(device).map(|granted| granted.org))
        else {
            return Vec::new();
        };
        let mut scopes = Vec::new();
        if ours == theirs {
            scopes.push(Scope::Organisation(ours));
        }
        if roster.member(ours).is_some() && roster.member(theirs).is_some() {
            scopes.push(Scope::Network);
        }
        scopes
    }

    /// Whether a device is let in: a member's, or another of our own organisation.
    fn is_friend(&self, device: DeviceId) -> bool {
        let roster = self.statements.roster();
        let own = roster.device(device).is_some_and(|granted| Some(granted.org) == self.identity.org);
        own || roster.lets_in(device, self.now)
    }
}
