//! What counts: a pure function of a document's envelopes and the roster.
//!
//! A change counts when its device may write, its envelope is the one that stands for its number,
//! every change it rests on counts, and it continues these: the writer's next number, operations
//! numbered after theirs, no actor named that wrote in none of them. (A change that does not would
//! apply here and panic, or ruin the saved document, there.) Of two envelopes with one (device, session, sequence), or of
//! two changes with one (actor, number), the smaller envelope hash stands. The order in which things
//! arrived plays no part, so all nodes with the same envelopes and statements agree.

use std::collections::{BTreeMap, BTreeSet};

use super::own;
use crate::{
    envelope::{Envelope, context},
    genesis::Genesis,
    id::{ActorBytes, ChangeHash, Digest, EnvelopeHash},
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
    /// Envelopes that lost their number to another.
    pub twins: BTreeSet<EnvelopeHash>,
    /// Envelopes of changes that do not continue what they rest on: they can never count.
    pub broken: BTreeSet<EnvelopeHash>,
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
    let candidates: Vec<&Entry> = entries.filter(rightful).collect();
    let twins = twins(&candidates);
    let standing: BTreeMap<ChangeHash, &Entry> = candidates
        .into_iter()
        .filter(|entry| !twins.contains(&entry.hash))
        .map(|entry| (entry.header.hash, entry))
        .collect();
    let (order, broken) = in_causal_order(&standing, containers);
    let covered: BTreeSet<ChangeHash> =
        order.iter().flat_map(|entry| entry.header.deps.iter().copied()).collect();
    let heads =
        order.iter().filter(|entry| !covered.contains(&entry.header.hash)).map(|entry| entry.hash).collect();
    Counted { order: order.iter().map(|entry| entry.hash).collect(), heads, twins, broken }
}

/// Those that share a number with a smaller envelope hash.
fn twins(candidates: &[&Entry]) -> BTreeSet<EnvelopeHash> {
    let mut by_sequence = BTreeMap::new();
    let mut by_actor = BTreeMap::new();
    for entry in candidates {
        let Envelope { device, session, sequence, .. } = &entry.envelope;
        let smallest = by_sequence.entry((*device, *session, *sequence)).or_insert(entry.hash);
        *smallest = entry.hash.min(*smallest);
        let smallest = by_actor.entry((entry.header.actor, entry.header.seq)).or_insert(entry.hash);
        *smallest = entry.hash.min(*smallest);
    }
    let stands = |entry: &Entry| {
        let Envelope { device, session, sequence, .. } = &entry.envelope;
        by_sequence[&(*device, *session, *sequence)] == entry.hash
            && by_actor[&(entry.header.actor, entry.header.seq)] == entry.hash
    };
    candidates.iter().filter(|entry| !stands(entry)).map(|entry| entry.hash).collect()
}

/// What a change and all that it rests on have used up.
#[derive(Debug, Clone, Default)]
struct Past {
    last_operation: u64,
    actors: BTreeSet<ActorBytes>,
}

impl Past {
    fn join(&mut self, other: &Self) {
        self.last_operation = self.last_operation.max(other.last_operation);
        self.actors.extend(&other.actors);
    }

    /// Whether a change continues this past; if so, it becomes part of it.
    fn is_continued_by(&mut self, header: &ChangeHeader) -> bool {
        let numbered_after = header.start_op > self.last_operation;
        let known_actors = header.other_actors.iter().all(|actor| self.actors.contains(actor));
        // Whoever writes the first number is new, and whoever writes a later one is not.
        let own_turn = self.actors.contains(&header.actor) == (header.seq > 1);
        self.last_operation = header.start_op - 1 + u64::from(header.operations);
        self.actors.insert(header.actor);
        numbered_after && known_actors && own_turn && header.operations > 0
    }
}

/// Takes up what rests only on what was taken up before, smallest envelope hash first; apart from it
/// what does not continue what it rests on.
fn in_causal_order<'a>(
    standing: &BTreeMap<ChangeHash, &'a Entry>,
    containers: &[ChangeHeader],
) -> (Vec<&'a Entry>, BTreeSet<EnvelopeHash>) {
    let mut pasts: BTreeMap<ChangeHash, Past> = BTreeMap::new();
    let mut base = Past::default();
    for header in containers {
        base.is_continued_by(header);
        pasts.insert(header.hash, base.clone());
    }
    let by_actor: BTreeMap<_, _> =
        standing.values().map(|entry| ((entry.header.actor, entry.header.seq), entry.header.hash)).collect();
    let mut missing: BTreeMap<ChangeHash, usize> = BTreeMap::new();
    let mut effects: BTreeMap<ChangeHash, Vec<&'a Entry>> = BTreeMap::new();
    let mut ready = BTreeSet::new();
    for entry in standing.values() {
        let Some(causes) = causes(entry, &by_actor) else { continue };
        let open: BTreeSet<ChangeHash> =
            causes.into_iter().filter(|cause| !pasts.contains_key(cause)).collect();
        if open.iter().any(|cause| !standing.contains_key(cause)) {
            continue;
        }
        if open.is_empty() {
            ready.insert((entry.hash, entry.header.hash));
        }
        missing.insert(entry.header.hash, open.len());
        for cause in open {
            effects.entry(cause).or_default().push(entry);
        }
    }
    let (mut order, mut broken) = (Vec::new(), BTreeSet::new());
    while let Some((_, change)) = ready.pop_first() {
        let entry = standing[&change];
        let mut past = Past::default();
        for cause in causes(entry, &by_actor).into_iter().flatten() {
            past.join(&pasts[&cause]);
        }
        if !past.is_continued_by(&entry.header) {
            broken.insert(entry.hash);
            continue;
        }
        order.push(entry);
        pasts.insert(change, past);
        for effect in effects.remove(&change).unwrap_or_default() {
            let left = missing.get_mut(&effect.header.hash).expect("every effect was counted");
            *left -= 1;
            if *left == 0 {
                ready.insert((effect.hash, effect.header.hash));
            }
        }
    }
    (order, broken)
}

/// What a change rests on: what it says, and its writer's change before it whether it says so or not.
fn causes(entry: &Entry, by_actor: &BTreeMap<(ActorBytes, u64), ChangeHash>) -> Option<BTreeSet<ChangeHash>> {
    let mut causes: BTreeSet<ChangeHash> = entry.header.deps.iter().copied().collect();
    if entry.header.seq > 1 {
        causes.insert(*by_actor.get(&(entry.header.actor, entry.header.seq - 1))?);
    }
    Some(causes)
}

/// What somebody who has these envelopes, and all that they rest on, lacks; causes before effects.
pub fn missing(held: Vec<SignedChange>, have: &[EnvelopeHash]) -> Vec<SignedChange> {
    let entries: BTreeMap<ChangeHash, (Entry, SignedChange)> = held
        .into_iter()
        .filter_map(|change| own(&change).ok().map(|entry| (entry.header.hash, (entry, change))))
        .collect();
    let mut had = BTreeSet::new();
    let mut open: Vec<ChangeHash> = entries
        .values()
        .filter(|(entry, _)| have.contains(&entry.hash))
        .map(|(entry, _)| entry.header.hash)
        .collect();
    while let Some(change) = open.pop() {
        if let Some((entry, _)) = entries.get(&change)
            && had.insert(change)
        {
            open.extend(&entry.header.deps);
        }
    }
    let mut lacking: Vec<(u64, EnvelopeHash, SignedChange)> = entries
        .into_iter()
        .filter(|(hash, _)| !had.contains(hash))
        .map(|(_, (entry, change))| (entry.header.start_op, entry.hash, change))
        .collect();
    // An effect's operations are numbered after those of its causes.
    lacking.sort_unstable_by_key(|(start, hash, _)| (*start, *hash));
    lacking.into_iter().map(|(_, _, change)| change).collect()
}
