//! Carrying what peers send each other in a file, where there is no network.
//!
//! Writing: [`Carry::Plan`] says what a reader may have, then [`Carry::Load`] hands it out in pieces. Reading:
//! each [`Carry::Take`] is taken in as if a peer had sent it and is answered when all of it is durable, refused
//! or waiting. To the rest of the engine the bundle is then a peer that is never connected.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use rand_core::Rng;

use super::{
    CommandError, Engine, Reply, RequestId,
    lanes::held,
    pull::{Asked, Fetch, Pull},
};
use crate::{
    admission::{counting::missing, state::Record},
    genesis::Scope,
    id::{DeviceId, DocumentId, Item, NetworkId, OrgId, StatementHash},
    membership::statement::{Fact, Known},
    signed::encoding::hash,
    store::{Read, StoreError},
    wire::{
        bundle::{Header, Piece, STATEMENTS_LIMIT, VERSION},
        message::{Delivery, RESPONSE_TARGET, WANTS_LIMIT},
    },
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

/// What of each scope goes into a bundle.
type Contents = Vec<(Scope, Vec<Entry>)>;

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

    /// What is in a bundle for a reader: of each scope that it may read the statements, then the documents.
    fn plan(&self, reader: &Reader) -> Result<(Header, Contents), CommandError> {
        let own = self.identity.org.ok_or(CommandError::NotGranted)?;
        let roster = self.statements.roster();
        let (reader, documents) = match reader {
            Reader::Members => (None, roster.member(own).map(|_| Scope::Network).into_iter().collect()),
            Reader::Member(number) => {
                let member = roster.members().find(|(_, member)| member.membership.number == *number);
                let (org, _) = member.ok_or_else(|| CommandError::NoSuchNumber(number.clone()))?;
                (Some(*org), self.scopes_shared_with(*org))
            }
            Reader::Own => (Some(own), self.scopes_shared_with(own)),
        };
        let scopes: Vec<Scope> = std::iter::once(Scope::Roster).chain(documents).collect();
        let plan: Vec<_> = scopes.iter().map(|scope| (*scope, self.entries(*scope))).collect();
        let header = Header {
            version: VERSION,
            network: roster.network().unwrap_or(NetworkId::NONE),
            writer: self.device(),
            reader,
            scopes,
            written_s: self.now.seconds(),
            entries: plan.iter().map(|(_, entries)| entries.len() as u64).sum(),
        };
        Ok((header, plan))
    }

    /// All of a scope's set, and the receipts beside it.
    fn entries(&self, scope: Scope) -> Vec<Entry> {
        let (mut statements, mut documents) = (Vec::new(), Vec::new());
        for item in self.index.items(scope) {
            match self.index.resolve(scope, *item) {
                Some(document) => documents.push(Entry { item: *item, document: Some(document) }),
                None => statements.push(Entry { item: *item, document: None }),
            }
        }
        let receipts = self.statements.all().filter(|known| {
            known.scope() == scope && matches!(known.fact, Fact::Receipt(_)) && !known.is_compared()
        });
        statements.extend(receipts.map(|known| Entry { item: known.item(), document: None }));
        statements.extend(documents);
        statements
    }

    /// As much of the entries as an answer to a peer would have.
    fn load(
        &self,
        scope: Scope,
        entries: &[Entry],
        store: &impl Read,
    ) -> Result<(Vec<Piece>, usize), StoreError> {
        let mut pieces = Vec::new();
        let mut statements: Vec<ByteVec> = Vec::new();
        let mut documents = Documents::new(scope);
        let (mut room, mut loaded) = (RESPONSE_TARGET, 0);
        for Entry { item, document } in entries {
            if room == 0 || statements.len() == STATEMENTS_LIMIT || documents.whole == WANTS_LIMIT {
                break;
            }
            loaded += 1;
            // What has another state by now goes as it is now; a statement that was replaced does not.
            let Some(document) = document else {
                if let Some(known) = self.statements.by_item(scope, *item) {
                    let bytes = known.statement.bytes();
                    room = room.saturating_sub(bytes.len());
                    statements.push(bytes.to_vec().into());
                }
                continue;
            };
            let Some(row) = self.index.row(*document).filter(|row| row.genesis.scope == scope) else {
                continue;
            };
            let mut changes = Vec::new();
            if !row.is_hidden() {
                let mut held = held(*document, row.gone.is_some(), store)?;
                held.extend(Record::of(&row.genesis).iter().flat_map(Record::travelling));
                changes = missing(held, &[]);
            }
            let mut part =
                Delivery { genesis: row.genesis.bytes().into(), changes: Vec::new(), complete: true };
            for change in changes {
                if room == 0 {
                    let rest = Delivery { changes: Vec::new(), ..part.clone() };
                    documents.push(row.item(), Delivery { complete: false, ..part });
                    documents.close();
                    (part, room) = (rest, RESPONSE_TARGET);
                }
                room = room.saturating_sub(change.envelope.len() + change.change.len());
                part.changes.push(change);
            }
            documents.push(row.item(), part);
        }
        if !statements.is_empty() {
            pieces.push(Piece::Statements(scope, statements));
        }
        documents.close();
        pieces.extend(documents.pieces);
        Ok((pieces, loaded))
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
            self.reply(request, Ok(Reply::Carried(Carried::Taken(Taken::default()))));
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
        let mut asked = BTreeMap::new();
        let mut deliveries = Vec::new();
        for (item, delivery) in documents {
            // One that is no beginning of a document is refused where it is taken in.
            if let Ok(genesis) = crate::genesis::Genesis::read(&delivery.genesis) {
                let fetch =
                    Fetch { document: genesis.document(), item, owner: Some(genesis.owner), whole: true };
                let complete = delivery.complete;
                asked.insert(fetch.document, Asked { fetch, had: Vec::new(), complete });
            }
            deliveries.push(delivery);
        }
        let is_held = |item: &Item| self.index.items(scope).contains(item);
        let items = asked.values().map(|asked| asked.fetch.item);
        let items = items.chain(known.iter().map(Known::item));
        let reading = Reading {
            peer,
            scope,
            lacked: items.filter(|item| !is_held(item)).collect(),
            documents: asked.keys().copied().collect(),
            statements: known.iter().map(|known| known.hash).collect(),
        };
        self.peers.by_device.entry(peer).or_default().pull = Some(Pull::default());
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
        Taken {
            new: reading.lacked.iter().filter(|item| items.contains(*item)).count(),
            waiting: reading.documents.iter().filter(waits).count() + pending,
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

/// Documents on their way into pieces.
struct Documents {
    scope: Scope,
    open: Vec<(Item, Delivery)>,
    pieces: Vec<Piece>,
    whole: usize,
}

impl Documents {
    fn new(scope: Scope) -> Self {
        Self { scope, open: Vec::new(), pieces: Vec::new(), whole: 0 }
    }

    fn push(&mut self, item: Item, delivery: Delivery) {
        self.whole += usize::from(delivery.complete);
        self.open.push((item, delivery));
    }

    /// What comes now is in the next piece.
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.pieces.push(Piece::Documents(self.scope, std::mem::take(&mut self.open)));
        }
    }
}
