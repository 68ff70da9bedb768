//! Carrying what peers send each other in a file, where there is no network.
//!
//! Writing: [`Carry::Plan`] says what a reader may have, then [`Carry::Load`] hands it out in pieces. Reading:
//! each [`Carry::Take`] is taken in as if a peer had sent it and is answered when all of it is durable, refused
//! or waiting. To the rest of the engine the bundle is then a peer that is never connected.

mod writing;

use std::collections::BTreeMap;

use rand_core::Rng;

use super::{
    Engine, Reply, RequestId,
    pull::{Asked, Fetch, Pull},
};
use crate::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item, OrgId, StatementHash},
    membership::statement::Known,
    signed::encoding::hash,
    store::{Read, StoreError},
    wire::bundle::{Header, Piece},
};

/// The name under which pieces are counted that are about scopes which this node may not read.
const OTHER_SCOPE: &str = "other_scope";
/// The name under which statements are counted that do not live in the scope that they came with.
const OTHER_PLACE: &str = "bundle_place";

/// For whom a bundle is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// Every member of the network.
    Members,
    /// The member with this number.
    Member(String),
    /// Our own other nodes: drafts too.
    Own,
}

/// What is wanted of a bundle.
#[derive(Debug, Clone)]
pub enum Carry {
    /// What would be in it; answered with [`Carried::Plan`].
    Plan(Reader),
    /// The next of what is planned, in order; answered with [`Carried::Pieces`].
    Load(Scope, Vec<Entry>),
    /// Take a piece in; answered with [`Carried::Taken`].
    Take(Box<Piece>),
    /// Count something that was refused before it came here; answered with [`Reply::Done`].
    Refuse(&'static str),
}

/// A statement, or a document in its state when the bundle was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is in its scope's set.
    pub item: Item,
    /// Absent for a statement.
    pub document: Option<DocumentId>,
}

/// The answer to [`Carry`].
#[derive(Debug, Clone)]
pub enum Carried {
    /// How the bundle begins, and what is to be in it, in order.
    Plan(Header, Vec<(Scope, Vec<Entry>)>),
    /// Some pieces, and how many of the entries are in them or there no longer.
    Pieces(Vec<Piece>, usize),
    /// What a piece has brought.
    Taken(Taken),
}

/// What a piece has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Statements and states of documents that were not here.
    pub new: usize,
    /// Statements and documents that wait for a grant or a cause.
    pub waiting: usize,
    /// Whether it may bring more another time: something waits, or is about an audience that we do not know
    /// ourselves in yet.
    pub again: bool,
}

/// Pieces that are being taken in, by who asked for it.
#[derive(Debug, Default)]
pub(super) struct Readings(BTreeMap<RequestId, Reading>);

#[derive(Debug)]
struct Reading {
    /// The peer that the bundle passes for.
    peer: DeviceId,
    scope: Scope,
    /// What was not here before.
    lacked: Vec<Item>,
    documents: Vec<DocumentId>,
    statements: Vec<StatementHash>,
}

impl Engine {
    pub(super) fn carry(
        &mut self,
        request: RequestId,
        carry: Carry,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let carried = match carry {
            Carry::Plan(reader) => self.plan(&reader).map(|(header, plan)| Carried::Plan(header, plan)),
            Carry::Load(scope, entries) => {
                let (pieces, loaded) = self.load(scope, &entries, store)?;
                Ok(Carried::Pieces(pieces, loaded))
            }
            Carry::Take(piece) => return self.take_piece(request, *piece, store, rng),
            Carry::Refuse(reason) => {
                self.reply(request, Ok(Reply::Done));
                self.refuse(reason);
                return Ok(());
            }
        };
        self.reply(request, carried.map(Reply::Carried));
        Ok(())
    }

    fn take_piece(
        &mut self,
        request: RequestId,
        piece: Piece,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        // Nobody's device: nothing that is signed has this key.
        let peer = DeviceId(hash("praksis/reading/1", &(request.0,)));
        let (scope, statements, documents) = match piece {
            Piece::Statements(scope, statements) => (scope, statements, Vec::new()),
            Piece::Documents(scope, documents) => (scope, Vec::new(), documents),
            Piece::Header(_) | Piece::Held(..) | Piece::End => {
                self.reply(request, Ok(Reply::Carried(Carried::Taken(Taken::default()))));
                return Ok(());
            }
        };
        // Who is in a named scope may stand in the very statements that come; those of others' wait, bounded.
        if !documents.is_empty() && !self.may_read(scope) {
            self.refuse(OTHER_SCOPE);
            let taken = Taken { again: true, ..Taken::default() };
            self.reply(request, Ok(Reply::Carried(Carried::Taken(taken))));
            return Ok(());
        }
        let mut known = Vec::new();
        for one in self.read_statements(&statements) {
            if one.scope() == scope {
                known.push(one);
            } else {
                self.refuse(OTHER_PLACE);
            }
        }
        let known = self.without_too_many(known);
        let ours = self.index.items(scope);
        let is_held = |item: &Item| ours.contains(item);
        let mut asked = BTreeMap::new();
        let mut deliveries = Vec::new();
        // As of a peer, what is here in that state is not taken in again.
        for (item, delivery) in documents.into_iter().filter(|(item, _)| !is_held(item)) {
            // One that is no beginning of a document is refused where it is taken in.
            if let Ok(genesis) = crate::genesis::Genesis::read(&delivery.genesis) {
                let fetch =
                    Fetch { document: genesis.document(), item, owner: Some(genesis.owner), whole: true };
                let complete = delivery.complete;
                asked.insert(fetch.document, Asked { fetch, had: Vec::new(), complete });
            }
            deliveries.push(delivery);
        }
        let items = asked.values().map(|asked| asked.fetch.item);
        let items = items.chain(known.iter().map(Known::item));
        let reading = Reading {
            peer,
            scope,
            lacked: items.filter(|item| !is_held(item)).collect(),
            documents: asked.keys().copied().collect(),
            statements: known.iter().map(|known| known.hash).collect(),
        };
        self.peers.by_device.meet(peer).pull = Some(Pull::default());
        self.readings.0.insert(request, reading);
        self.take_statements(known, Some(peer))?;
        self.delivered(peer, scope, asked, deliveries, store, rng)
    }

    /// Answers for the pieces that are through.
    pub(super) fn tend_readings(&mut self) {
        if self.readings.0.is_empty() {
            return;
        }
        let is_through = |reading: &Reading| {
            let pull = self.peers.by_device.get(&reading.peer).and_then(|peer| peer.pull.as_ref());
            pull.is_none_or(|pull| pull.writing == 0 && pull.admitting.is_empty())
        };
        let through: Vec<RequestId> =
            self.readings.0.iter().filter(|(_, it)| is_through(it)).map(|(request, _)| *request).collect();
        for request in through {
            let Some(reading) = self.readings.0.remove(&request) else { continue };
            self.peers.by_device.remove(&reading.peer);
            let taken = self.taken(&reading);
            self.reply(request, Ok(Reply::Carried(Carried::Taken(taken))));
        }
    }

    fn taken(&self, reading: &Reading) -> Taken {
        let items = self.index.items(reading.scope);
        let waits = |document: &&DocumentId| {
            let waiting = self.quarantine.waiting(**document);
            waiting.for_grant + waiting.for_cause > 0
        };
        let pending = reading.statements.iter().filter(|hash| self.statements.is_pending(**hash)).count();
        let waiting = reading.documents.iter().filter(waits).count() + pending;
        Taken {
            new: reading.lacked.iter().filter(|item| items.contains(*item)).count(),
            waiting,
            again: waiting > 0,
        }
    }

    /// Whether a scope's documents are for this node.
    fn may_read(&self, scope: Scope) -> bool {
        let Some(own) = self.identity.org else { return scope == Scope::Roster };
        scope == Scope::Roster || self.scopes_shared_with(own).contains(&scope)
    }

    /// The scopes of documents that both our organisation and another may read.
    pub(super) fn scopes_shared_with(&self, theirs: OrgId) -> Vec<Scope> {
        let roster = self.statements.roster();
        let Some(ours) = self.identity.org else { return Vec::new() };
        let mut scopes = Vec::new();
        if ours == theirs {
            scopes.push(Scope::Organisation(ours));
        }
        if roster.member(ours).is_some() && roster.member(theirs).is_some() {
            scopes.push(Scope::Network);
            let named = roster
                .audiences()
                .filter(|(_, it)| it.members.contains(&ours) && it.members.contains(&theirs));
            scopes.extend(named.map(|(audience, _)| Scope::Named(*audience)));
        }
        scopes
    }
}
