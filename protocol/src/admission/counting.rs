//! What counts: a pure function of a document's envelopes and the roster.
//!
//! Changes are taken up in one order that no arrival can alter: by the number of the first operation,
//! then by envelope hash. It is a causal order, since operations are numbered after those that a
//! change rests on. A change counts when its turn comes and
//!
//! - its device may write here, and the owner has written in this document before anybody else;
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
    membership::roster::{Act, Roster},
    scan::ChangeHeader,
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

/// What counts of a document.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Everything that counts, causes before effects; among equals by envelope hash.
    pub order: Vec<EnvelopeHash>,
    /// What nothing that counts rests on.
    pub heads: Vec<EnvelopeHash>,
    /// Envelopes whose number is another's.
    pub twins: BTreeSet<EnvelopeHash>,
    /// Envelopes of changes that do not continue what they rest on: they can never count.
    pub broken: BTreeSet<EnvelopeHash>,
    /// Envelopes of co-owners in a document that the owner had not begun: they can never count.
    pub unfounded: BTreeSet<EnvelopeHash>,
}

impl Counted {
    /// The state digest that nodes compare.
    pub fn digest(&self) -> Digest {
        crate::envelope::state_digest(&mut self.heads.clone())
    }
}

/// Decides what counts; `containers` are the changes that every node computes itself.
pub fn count<'a>(
    genesis: &Genesis,
    entries: impl Iterator<Item = &'a Entry>,
    roster: &Roster,
    containers: &[ChangeHeader],
) -> Counted {
    let (place, document, writers) = (context(genesis), genesis.document(), genesis.writers());
    let rightful = |entry: &&Entry| {
        entry.envelope.context == place
            && entry.envelope.change == entry.header.hash
            && entry.header.actor == entry.envelope.actor(document)
            && roster.may(entry.envelope.device, Act::Write, genesis.scope, &writers).is_yes()
    };
    let mut candidates: Vec<&Entry> = entries.filter(rightful).collect();
    candidates.sort_unstable_by_key(|entry| (entry.header.start_op, entry.hash));
    let is_owner = |entry: &Entry| {
        roster.device(entry.envelope.device).is_some_and(|granted| granted.org == genesis.owner)
    };
    let mut counting = Counting::over(containers);
    for entry in &candidates {
        if !counting.has_twin(entry)
            && let Some(past) = counting.past(entry)
            && let Ok(past) = past.continued_by(&entry.header, is_owner(entry))
        {
            counting.take(entry, past);
        }
    }
    let mut counted = Counted { heads: counting.heads(), ..Counted::default() };
    for entry in candidates.into_iter().filter(|entry| !counting.has(entry)) {
        if counting.has_twin(entry) {
            counted.twins.insert(entry.hash);
        } else if let Some(past) = counting.past(entry) {
            match past.continued_by(&entry.header, is_owner(entry)) {
                Err(Never::Unfounded) => counted.unfounded.insert(entry.hash),
                Ok(_) | Err(Never::Broken) => counted.broken.insert(entry.hash),
            };
        }
    }
    counted.order = counting.order.iter().map(|entry| entry.hash).collect();
    counted
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
}

impl Past {
    fn join(&mut self, other: &Self) {
        self.last_operation = self.last_operation.max(other.last_operation);
        self.actors.extend(&other.actors);
        self.is_founded |= other.is_founded;
    }

    /// This past with a change that continues it.
    fn continued_by(mut self, header: &ChangeHeader, by_owner: bool) -> Result<Self, Never> {
        let numbered_after = header.start_op > self.last_operation;
        let known_actors = header.other_actors.iter().all(|actor| self.actors.contains(actor));
        // Whoever writes the first number is new, and whoever writes a later one is not.
        let own_turn = self.actors.contains(&header.actor) == (header.seq > 1);
        if !numbered_after || !known_actors || !own_turn || header.operations == 0 {
            return Err(Never::Broken);
        }
        // Anybody can name himself a co-owner in a genesis; that the owner writes says that it is so.
        if !by_owner && !self.is_founded {
            return Err(Never::Unfounded);
        }
        self.last_operation = header.start_op - 1 + u64::from(header.operations);
        self.actors.insert(header.actor);
        self.is_founded |= by_owner;
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
pub fn missing(held: Vec<SignedChange>, have: &[EnvelopeHash]) -> Vec<SignedChange> {
    // By envelope: one change may have been signed twice.
    let entries: Vec<(Entry, SignedChange)> =
        held.into_iter().filter_map(|change| own(&change).ok().map(|entry| (entry, change))).collect();
    let deps: BTreeMap<ChangeHash, &[ChangeHash]> =
        entries.iter().map(|(entry, _)| (entry.header.hash, entry.header.deps.as_slice())).collect();
    let have: BTreeSet<&EnvelopeHash> = have.iter().collect();
    let is_had = |entry: &Entry| have.contains(&entry.hash);
    let mut had = BTreeSet::new();
    let mut open: Vec<ChangeHash> = entries
        .iter()
        .filter(|(entry, _)| is_had(entry))
        .flat_map(|(entry, _)| entry.header.deps.clone())
        .collect();
    while let Some(change) = open.pop() {
        if had.insert(change) {
            open.extend(deps.get(&change).copied().unwrap_or_default());
        }
    }
    let mut lacking: Vec<(u64, EnvelopeHash, SignedChange)> = entries
        .into_iter()
        .filter(|(entry, _)| !is_had(entry) && !had.contains(&entry.header.hash))
        .map(|(entry, change)| (entry.header.start_op, entry.hash, change))
        .collect();
    // An effect's operations are numbered after those of its causes.
    lacking.sort_unstable_by_key(|(start, hash, _)| (*start, *hash));
    lacking.into_iter().map(|(_, _, change)| change).collect()
}
