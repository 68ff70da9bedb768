//! What counts: a pure function of a document's envelopes and the roster.
//!
//! Changes are taken up in one order that no arrival can alter: by the number of the first operation,
//! then by envelope hash. It is a causal order, since operations are numbered after those that a
//! change rests on. A change counts when its turn comes and
//!
//! - what it was written under lets it count here, within the cuts of what has ended
//!   ([`Roster::counts`]), and the owner has written in this document before anybody else: in a joint
//!   document its first change may be empty, so that a co-owner can publish it;
//! - every change it rests on counts;
//! - nothing that counts has its (device, session, sequence) or its (actor, number): of twins that
//!   both could count, the first in this order does;
//! - it continues what it rests on: the writer's next number, operations numbered after theirs, no
//!   actor named that wrote in none of them. (A change that does not would apply here and panic, or
//!   ruin the saved document, there.)
//!
//! So what does not count decides nothing. Two nodes that compare what counts, and give each other
//! what the other lacks of it, agree on an ever longer beginning of this order and in the end on all
//! of it, whatever else each has been sent.

use std::collections::{BTreeMap, BTreeSet};

use super::own;
use crate::{
    envelope::{Envelope, context},
    genesis::Genesis,
    id::{ActorBytes, ChangeHash, DeviceId, Digest, EnvelopeHash, SessionId},
    membership::roster::{Roster, Verdict},
    scan::{ChangeHeader, scan},
    wire::message::SignedChange,
};

/// A verified envelope with what the scanner read of its change.
#[derive(Debug, Clone)]
pub struct Entry {
    /// By which the envelope is known.
    pub hash: EnvelopeHash,
    /// Who answers for the change.
    pub envelope: Envelope,
    /// The change.
    pub header: ChangeHeader,
}

/// The changes that make a document's containers: they have no envelope.
#[derive(Debug, Clone, Default)]
pub struct Containers {
    /// Those that this program computes itself, the first one first.
    pub own: Vec<ChangeHeader>,
    /// Those of schemas that it does not know, with their schema's number: each counts when something that may count
    /// rests on it; of two for one schema the smaller hash.
    pub later: BTreeSet<Later>,
}

/// Containers of a schema that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The schema.
    pub schema: u16,
    /// The change.
    pub header: ChangeHeader,
}

impl Later {
    fn order(&self) -> (u16, ChangeHash) {
        (self.schema, self.header.hash)
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What counts of a document.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Containers of later schemas that count, causes before effects.
    pub containers: Vec<ChangeHash>,
    /// Everything that counts, causes before effects; among equals by envelope hash.
    pub order: Vec<EnvelopeHash>,
    /// What nothing that counts rests on.
    pub heads: Vec<EnvelopeHash>,
    /// Everything else, and why it does not count.
    pub aside: BTreeMap<EnvelopeHash, Aside>,
}

/// Why an envelope does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// It was made for another place or change.
    Misplaced,
    /// By what the roster says of its writer: some of it may change.
    NoRight(Verdict),
    /// Another stands for the same number.
    Twin,
    /// It does not continue what it rests on, and never will.
    Broken,
    /// A co-owner's in a document that the owner had not begun, and never will.
    Unfounded,
    /// It rests on something that is here and will not count: its writer's node writes it again.
    Orphan,
    /// It rests on something that has not come, or of which it is still open whether it counts.
    Waiting,
}

impl Aside {
    /// Whether no statement and no change that may still come lets it count.
    fn is_settled(&self) -> bool {
        match self {
            Self::NoRight(verdict) => !verdict.may_change(),
            Self::Waiting => false,
            Self::Misplaced | Self::Twin | Self::Broken | Self::Unfounded | Self::Orphan => true,
        }
    }

    /// The name that `why` has for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Misplaced => "misplaced",
            Self::NoRight(verdict) => verdict.name(),
            Self::Twin => "envelope_twin",
            Self::Broken => "change_discontinuous",
            Self::Unfounded => "owner_absent",
            Self::Orphan => "orphan",
            Self::Waiting => "waiting",
        }
    }
}

impl Counted {
    /// The state digest that nodes compare.
    pub fn digest(&self) -> Digest {
        crate::envelope::state_digest(&mut self.heads.clone())
    }

    /// Envelopes that rest on something that will not count, although it is here.
    pub fn orphans(&self) -> impl Iterator<Item = EnvelopeHash> {
        self.aside.iter().filter(|(_, aside)| **aside == Aside::Orphan).map(|(hash, _)| *hash)
    }
}

/// Decides what counts.
pub fn count<'a>(
    genesis: &Genesis,
    entries: impl Iterator<Item = &'a Entry>,
    roster: &Roster,
    containers: &Containers,
) -> Counted {
    let (place, document, rights) = (context(genesis), genesis.document(), roster.rights(genesis));
    let mut aside: BTreeMap<EnvelopeHash, Aside> = BTreeMap::new();
    let mut candidates: Vec<&Entry> = Vec::new();
    let mut present = BTreeMap::new();
    for entry in entries {
        present.insert(entry.header.hash, entry);
        let at_home = entry.envelope.context == place
            && entry.envelope.change == entry.header.hash
            && entry.header.actor == entry.envelope.actor(document);
        let verdict = rights.counts(entry.hash, &entry.envelope);
        if !at_home {
            aside.insert(entry.hash, Aside::Misplaced);
        } else if verdict.is_yes() {
            candidates.push(entry);
        } else {
            aside.insert(entry.hash, Aside::NoRight(verdict));
        }
    }
    candidates.sort_unstable_by_key(|entry| turn(&entry.header, entry.hash));
    let mut counting = Counting::over(&containers.own);
    let named = candidates.iter().flat_map(|entry| &entry.header.deps).copied().collect();
    let later = counting.take_later(&containers.later, named);
    for entry in &candidates {
        if !counting.has_twin(entry)
            && let Some(past) = counting.past(entry)
            && let Ok(past) = past.continued_by(&entry.header, rights.is_owners(&entry.envelope))
        {
            counting.take(entry, past);
        }
    }
    for entry in candidates.into_iter().filter(|entry| !counting.has(entry)) {
        let why = if counting.has_twin(entry) {
            Aside::Twin
        } else if let Some(past) = counting.past(entry) {
            match past.continued_by(&entry.header, rights.is_owners(&entry.envelope)) {
                Err(Never::Unfounded) => Aside::Unfounded,
                Ok(_) | Err(Never::Broken) => Aside::Broken,
            }
        } else {
            // Causes were taken up before it.
            let is_lost = |cause: &ChangeHash| {
                let cause = present.get(cause).filter(|_| !counting.pasts.contains_key(cause));
                cause.and_then(|cause| aside.get(&cause.hash)).is_some_and(Aside::is_settled)
            };
            if entry.header.deps.iter().any(is_lost) { Aside::Orphan } else { Aside::Waiting }
        };
        aside.insert(entry.hash, why);
    }
    Counted {
        containers: later,
        order: counting.order.iter().map(|entry| entry.hash).collect(),
        heads: counting.heads(),
        aside,
    }
}

/// The order in which changes are taken up, the same everywhere: causes before effects, since operations are numbered
/// after those that a change rests on. A change without operations has no number of its own and so goes first; it
/// rests on containers alone.
fn turn(header: &ChangeHeader, hash: EnvelopeHash) -> (u64, bool, EnvelopeHash) {
    (header.start_op, header.operations > 0, hash)
}

/// Why a change can never count, whatever else comes.
enum Never {
    Broken,
    Unfounded,
}

/// What a change and all that it rests on have used up.
#[derive(Debug, Clone, Default)]
struct Past {
    last_operation: u64,
    actors: BTreeSet<ActorBytes>,
    /// Whether the owner wrote any of it.
    is_founded: bool,
    /// Whether anybody did, or it is containers alone.
    is_anybodys: bool,
}

impl Past {
    fn join(&mut self, other: &Self) {
        self.last_operation = self.last_operation.max(other.last_operation);
        self.actors.extend(&other.actors);
        self.is_founded |= other.is_founded;
        self.is_anybodys |= other.is_anybodys;
    }

    /// This past with a change that continues it.
    fn continued_by(mut self, header: &ChangeHeader, by_owner: bool) -> Result<Self, Never> {
        let numbered_after = header.start_op > self.last_operation;
        let known_actors = header.other_actors.iter().all(|actor| self.actors.contains(actor));
        // Whoever writes the first number is new, and whoever writes a later one is not.
        let own_turn = self.actors.contains(&header.actor) == (header.seq > 1);
        let founds = header.seq == 1 && by_owner && !self.is_anybodys;
        if !numbered_after || !known_actors || !own_turn || (header.operations == 0 && !founds) {
            return Err(Never::Broken);
        }
        // Anybody can name himself a co-owner in a genesis; that the owner writes says that it is so.
        if !by_owner && !self.is_founded {
            return Err(Never::Unfounded);
        }
        self.last_operation = header.start_op - 1 + u64::from(header.operations);
        self.actors.insert(header.actor);
        self.is_founded |= by_owner;
        self.is_anybodys = true;
        Ok(self)
    }
}

/// What counts so far.
struct Counting<'a> {
    order: Vec<&'a Entry>,
    pasts: BTreeMap<ChangeHash, Past>,
    by_sequence: BTreeMap<(DeviceId, SessionId, u64), EnvelopeHash>,
    by_actor: BTreeMap<(ActorBytes, u64), (EnvelopeHash, ChangeHash)>,
}

impl<'a> Counting<'a> {
    fn over(containers: &[ChangeHeader]) -> Self {
        let mut base = Past::default();
        let mut pasts = BTreeMap::new();
        for header in containers {
            base.last_operation = header.start_op - 1 + u64::from(header.operations);
            base.actors.insert(header.actor);
            pasts.insert(header.hash, base.clone());
        }
        Self { order: Vec::new(), pasts, by_sequence: BTreeMap::new(), by_actor: BTreeMap::new() }
    }

    /// Takes up the containers of later schemas that something names, and says which.
    fn take_later(&mut self, later: &BTreeSet<Later>, mut named: BTreeSet<ChangeHash>) -> Vec<ChangeHash> {
        for Later { header, .. } in later.iter().rev() {
            if named.contains(&header.hash) {
                named.extend(&header.deps);
            }
        }
        let (mut taken, mut last) = (Vec::new(), 0);
        for Later { schema, header } in later.iter().filter(|later| named.contains(&later.header.hash)) {
            let mut past = Past::default();
            let causes: Option<Vec<&Past>> = header.deps.iter().map(|cause| self.pasts.get(cause)).collect();
            let Some(causes) = causes.filter(|_| *schema > last) else { continue };
            causes.into_iter().for_each(|cause| past.join(cause));
            if header.start_op > past.last_operation
                && header.other_actors.iter().all(|actor| past.actors.contains(actor))
                && header.operations > 0
            {
                past.last_operation = header.start_op - 1 + u64::from(header.operations);
                past.actors.insert(header.actor);
                self.pasts.insert(header.hash, past);
                taken.push(header.hash);
                last = *schema;
            }
        }
        taken
    }

    fn has(&self, entry: &Entry) -> bool {
        self.by_sequence.get(&sequence(entry)) == Some(&entry.hash)
    }

    /// Whether something else that counts has one of its numbers.
    fn has_twin(&self, entry: &Entry) -> bool {
        let by_sequence = self.by_sequence.get(&sequence(entry));
        let by_actor = self.by_actor.get(&(entry.header.actor, entry.header.seq)).map(|(hash, _)| hash);
        by_sequence.into_iter().chain(by_actor).any(|hash| *hash != entry.hash)
    }

    /// What a change rests on, if all of it counts: what it says, and its writer's change before it
    /// whether it says so or not.
    fn past(&self, entry: &Entry) -> Option<Past> {
        let ChangeHeader { actor, seq, deps, .. } = &entry.header;
        let mut past = Past::default();
        for cause in deps {
            past.join(self.pasts.get(cause)?);
        }
        if *seq > 1 {
            let (_, before) = self.by_actor.get(&(*actor, seq - 1))?;
            past.join(self.pasts.get(before)?);
        }
        Some(past)
    }

    fn take(&mut self, entry: &'a Entry, past: Past) {
        self.by_sequence.insert(sequence(entry), entry.hash);
        self.by_actor.insert((entry.header.actor, entry.header.seq), (entry.hash, entry.header.hash));
        self.pasts.insert(entry.header.hash, past);
        self.order.push(entry);
    }

    fn heads(&self) -> Vec<EnvelopeHash> {
        let covered: BTreeSet<_> = self.order.iter().flat_map(|entry| &entry.header.deps).collect();
        let open = self.order.iter().filter(|entry| !covered.contains(&entry.header.hash));
        let mut heads: Vec<_> = open.map(|entry| entry.hash).collect();
        heads.sort_unstable();
        heads
    }
}

fn sequence(entry: &Entry) -> (DeviceId, SessionId, u64) {
    (entry.envelope.device, entry.envelope.session, entry.envelope.sequence)
}

/// What somebody who has these envelopes, and all that they rest on, lacks; causes before effects.
///
/// Containers that stand among `held` without an envelope go along with what rests on them.
pub fn missing(held: Vec<SignedChange>, have: &[EnvelopeHash]) -> Vec<SignedChange> {
    let (containers, signed): (Vec<_>, Vec<_>) = held.into_iter().partition(SignedChange::is_containers);
    let containers: BTreeMap<ChangeHash, (ChangeHeader, SignedChange)> = containers
        .into_iter()
        .filter_map(|change| scan(&change.change).ok().map(|header| (header.hash, (header, change))))
        .collect();
    // By envelope: one change may have been signed twice.
    let entries: Vec<(Entry, SignedChange)> =
        signed.into_iter().filter_map(|change| own(&change).ok().map(|entry| (entry, change))).collect();
    let mut deps: BTreeMap<ChangeHash, &[ChangeHash]> =
        entries.iter().map(|(entry, _)| (entry.header.hash, entry.header.deps.as_slice())).collect();
    deps.extend(containers.iter().map(|(hash, (header, _))| (*hash, header.deps.as_slice())));
    let behind = |mut open: Vec<ChangeHash>| {
        let mut seen = BTreeSet::new();
        while let Some(change) = open.pop() {
            if seen.insert(change) {
                open.extend(deps.get(&change).copied().unwrap_or_default());
            }
        }
        seen
    };
    let have: BTreeSet<&EnvelopeHash> = have.iter().collect();
    let is_had = |entry: &Entry| have.contains(&entry.hash);
    let causes = |entry: &(Entry, SignedChange)| entry.0.header.deps.clone();
    let had = behind(entries.iter().filter(|(entry, _)| is_had(entry)).flat_map(causes).collect());
    let lacks = |entry: &Entry| !is_had(entry) && !had.contains(&entry.header.hash);
    let needed = behind(entries.iter().filter(|(entry, _)| lacks(entry)).flat_map(causes).collect());

    let go_along = |hash: &ChangeHash| needed.contains(hash) && !had.contains(hash);
    let mut lacking: Vec<_> = containers
        .iter()
        .filter(|(hash, _)| go_along(hash))
        .map(|(hash, (header, change))| ((header.start_op, false, EnvelopeHash(hash.0)), change.clone()))
        .collect();
    let signed = entries.iter().filter(|(entry, _)| lacks(entry));
    lacking.extend(signed.map(|(entry, change)| (turn(&entry.header, entry.hash), change.clone())));
    // An effect's operations are numbered after those of its causes.
    lacking.sort_unstable_by_key(|(turn, _)| *turn);
    lacking.into_iter().map(|(_, change)| change).collect()
}
