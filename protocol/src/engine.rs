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
pub mod applicants;
pub mod applying;
mod asking;
mod audiences;
pub mod bundles;
mod commands;
mod delivery;
mod dialling;
pub mod ended;
mod ending;
mod folding;
mod heads;
mod held;
mod hello;
mod hints;
mod index;
mod joining;
mod joint;
mod lanes;
mod left_out;
mod offices;
mod orphans;
pub mod pace;
mod peers;
mod places;
mod pull;
mod pulling;
mod quarantine;
mod quota;
mod receipts;
mod resting;
mod roll;
mod rows;
mod saying;
mod score;
mod serving;
mod sessions;
pub mod setup;
pub mod sharing;
mod sorted;
mod statements;
mod telling;
pub mod why;
mod withdrawing;

use std::collections::{BTreeMap, VecDeque};

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode, bytes::ByteVec};
use rand_core::Rng;

pub use audiences::{AUDIENCES_LIMIT, Audience};
pub use ending::Saying;
pub use held::Held;
pub use input::{BatchId, Class, Command, Edit, Input, JobId, Memory, MessageId, RequestId};
pub use output::{CommandError, Event, Output, Reply, Status};

use admitting::Invitations;
use applicants::Applicants;
use applying::Applying;
use bundles::Readings;
use folding::Recounts;
use heads::Heads;
use hints::Heard;
use index::Index;
use joining::Joining;
use lanes::Lanes;
use pace::Pace;
use peers::Peers;
use quarantine::Quarantine;
pub use quota::Quota;
use quota::Quotas;
use resting::Resting;
use sessions::Sessions;
use statements::{Statements, read_all};
use why::Refusals;
use withdrawing::Purges;

use crate::{
    admission::state::Row,
    genesis::Scope,
    id::{DeviceId, Item, OrgId},
    membership::{charter::Charter, statement::Known},
    reconcile::{Encodings, Tally},
    store::{Put, Read, StoreError},
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
    applying: Applying,
    applicants: Applicants,
    invitations: Invitations,
    quarantine: Quarantine,
    readings: Readings,
    /// What was encoded of our sets for peers.
    encodings: Encodings,
    /// What comparing our sets with theirs took.
    compared: Tally,
    /// Documents that came from others.
    pace: Pace,
    batches: BTreeMap<BatchId, Resting>,
    outputs: VecDeque<Output>,
    refused: BTreeMap<String, u64>,
    recounts: Recounts,
    purges: Purges,
    quotas: Quotas,
    heads: Heads,
    heard: Heard,
    refusals: Refusals,
    /// Own addresses, as the transport found them or as the operator announced them.
    addresses: Vec<String>,
    last_number: u64,
    /// Whether anything has happened since the start.
    opened: bool,
    now: Timestamp,
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
        Self::open_as(None, keys, store, now)
    }

    /// The same beside what another node holds, which makes no difference but in time and memory: see [`Held`].
    pub fn open_beside(
        held: &Held,
        keys: Keys,
        store: &impl Read,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Self::open_as(Some(held), keys, store, now)
    }

    fn open_as(
        beside: Option<&Held>,
        keys: Keys,
        store: &impl Read,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let identity = setup::identity(store)?;
        let (Held { charter, statements, mut index }, replaced) = Held::open(beside, store)?;
        store.each_row(&mut |document, bytes| {
            let row = minicbor::decode(&bytes)
                .map_err(|_| StoreError::Damaged { what: format!("row of {}", document.short()) })?;
            index.put_as(document, row);
            Ok(())
        })?;
        let mut engine = Self {
            joining: Joining::open(store)?,
            applying: Applying::open(store)?,
            applicants: Applicants::open(store)?,
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
            readings: Readings::default(),
            encodings: Encodings::default(),
            compared: Tally::default(),
            pace: Pace::default(),
            batches: BTreeMap::new(),
            outputs: VecDeque::new(),
            refused: BTreeMap::new(),
            recounts: Recounts::default(),
            purges: Purges::default(),
            quotas: Quotas::default(),
            heads: Heads::default(),
            heard: Heard::default(),
            refusals: Refusals::default(),
            addresses: Vec::new(),
            last_number: 0,
            opened: false,
            now,
        };
        engine.forget(replaced);
        engine.check_counted(store)?;
        engine.roster_changed();
        engine.announce_ended(None);
        engine.peers.by_device.note();
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
            Input::Unanswered { from, question, not_offered } => {
                self.unanswered(from, question, not_offered, rng)
            }
            Input::Refused { reason } => {
                self.refuse(reason);
                Ok(())
            }
            Input::Listening { addresses } => self.listening(addresses),
            Input::Done(job, outcome) => self.job_done(job, outcome, store, rng),
            Input::Durable(batch) => self.durable(batch, store, rng),
            Input::Tick => Ok(()),
        };
        let result = result.and_then(|()| self.tend(store, rng));
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
        let purge = self.next_purge();
        self.peers
            .next_wake()
            .into_iter()
            .chain(self.joining.next_wake())
            .chain(self.applying.next_wake())
            .chain(self.applicants.next_wake())
            .chain(purge)
            .chain(self.heads.next_wake())
            .min()
    }

    /// This node's device.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.keys.device.verifying_key().to_bytes())
    }

    /// Changes that wait for a grant or a cause.
    pub fn waiting(&self) -> usize {
        self.quarantine.len()
    }

    /// Takes statements in that are durable.
    fn hold(&mut self, statements: Vec<Known>) {
        let mut gone = Vec::new();
        for known in statements {
            self.index.put_statement(&known);
            gone.extend(self.statements.insert(known));
        }
        self.forget(gone);
    }

    /// Lets go of statements that others have replaced.
    fn forget(&mut self, gone: Vec<Known>) {
        for known in &gone {
            self.index.drop_statement(known.scope(), known.item());
        }
        if !gone.is_empty() {
            let batch = gone.iter().map(|known| Put::Forget(known.hash)).collect();
            self.commit(batch, Resting::default());
        }
    }

    /// A document stands in a new state, durably: tell the peers that may read it, and ourselves.
    fn document_changed(&mut self, row: Row, source: Option<Source>) {
        let (document, scope) = (row.genesis.document(), row.genesis.scope);
        let key = (row.genesis.record_id(), row.genesis.owner);
        self.placed(&row);
        if let Some(item) = self.index.put(row) {
            self.hint(scope, document, item, source);
        }
        self.announce_record(key);
    }

    /// Counts a refusal by its name.
    fn refuse(&mut self, reason: &str) {
        *self.refused.entry(reason.to_owned()).or_default() += 1;
    }

    /// Reads statements that came together; what is none of them is counted.
    fn read_statements(&mut self, received: &[ByteVec]) -> Vec<Known> {
        let (known, refused) = read_all(received);
        for error in refused {
            self.refuse(error.name());
        }
        known
    }

    fn reply(&mut self, request: RequestId, reply: Result<Reply, CommandError>) {
        self.outputs.push_back(Output::Reply(request, reply));
    }

    /// Names for jobs, batches and messages.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// What is due by now: dials, hellos, hints, pulls, a join to repeat, what is to be counted or erased.
    fn tend(&mut self, store: &impl Read, rng: &mut impl Rng) -> Result<(), StoreError> {
        if !std::mem::replace(&mut self.opened, true) {
            // A fall may have come between a withdrawal and what follows from it.
            self.hide_and_restore(store, rng)?;
        }
        self.recount_next(store, rng)?;
        self.tend_quotas(store, rng)?;
        self.tend_purges();
        self.tend_heads();
        self.tend_joining();
        self.tend_applying();
        self.tend_applicants();
        self.tend_peers(rng);
        self.tend_pulls();
        self.tend_readings();
        self.encodings.tend(self.now);
        let turned = self.peers.by_device.take_turned().into_iter();
        self.outputs
            .extend(turned.map(|(device, is_level)| Output::Announce(Event::Level(device, is_level))));
        Ok(())
    }

    /// The scopes of documents that both this node and a device may read.
    fn common_scopes(&self, device: DeviceId) -> Vec<Scope> {
        let theirs = self.statements.roster().device(device).map(|granted| granted.org);
        theirs.map(|theirs| self.scopes_shared_with(theirs)).unwrap_or_default()
    }

    /// Whether a device is let in: a member's, or another of our own organisation.
    fn is_friend(&self, device: DeviceId) -> bool {
        let roster = self.statements.roster();
        let own = roster.device(device).is_some_and(|granted| Some(granted.org) == self.identity.org);
        own || roster.lets_in(device, self.now)
    }
}
