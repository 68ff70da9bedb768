//! What counts: a pure function of a document's envelopes and the roster.
//!
//! A change counts when its device may write, its envelope is the one that stands for its number,
//! and every change it rests on counts. Of two envelopes with one (device, session, sequence), or of
//! two changes with one (actor, number), the smaller envelope hash stands. The order in which things
//! arrived plays no part, so all nodes with the same envelopes and statements agree.

use std::collections::{BTreeMap, BTreeSet};

use super::own;
use crate::{
    envelope::{Envelope, context},
    genesis::Genesis,
    id::{ChangeHash, Digest, EnvelopeHash},
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
    containers: &[ChangeHash],
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
    let order = in_causal_order(&standing, containers);
    let counting: BTreeSet<ChangeHash> = order.iter().map(|entry| entry.header.hash).collect();
    let covered: BTreeSet<ChangeHash> =
        order.iter().flat_map(|entry| entry.header.deps.iter().copied()).collect();
    let heads =
        order.iter().filter(|entry| !covered.contains(&entry.header.hash)).map(|entry| entry.hash).collect();
    debug_assert!(counting.len() == order.len(), "a change counts once");
    Counted { order: order.iter().map(|entry| entry.hash).collect(), heads, twins }
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

/// Takes up what rests only on what was taken up before, smallest envelope hash first.
fn in_causal_order<'a>(
    standing: &BTreeMap<ChangeHash, &'a Entry>,
    containers: &[ChangeHash],
) -> Vec<&'a Entry> {
    let mut missing: BTreeMap<ChangeHash, usize> = BTreeMap::new();
    let mut effects: BTreeMap<ChangeHash, Vec<&'a Entry>> = BTreeMap::new();
    let by_actor: BTreeMap<_, _> =
        standing.values().map(|entry| ((entry.header.actor, entry.header.seq), entry.header.hash)).collect();
    let mut ready = BTreeSet::new();
    for entry in standing.values() {
        let mut causes: BTreeSet<ChangeHash> = entry.header.deps.iter().copied().collect();
        // A writer's change rests on the one before it, whether it says so or not.
        let mut known = true;
        if entry.header.seq > 1 {
            match by_actor.get(&(entry.header.actor, entry.header.seq - 1)) {
                Some(before) => drop(causes.insert(*before)),
                None => known = false,
            }
        }
        causes.retain(|cause| !containers.contains(cause));
        if !known || causes.iter().any(|cause| !standing.contains_key(cause)) {
            continue;
        }
        if causes.is_empty() {
            ready.insert((entry.hash, entry.header.hash));
        }
        missing.insert(entry.header.hash, causes.len());
        for cause in causes {
            effects.entry(cause).or_default().push(entry);
        }
    }
    let mut order = Vec::new();
    while let Some((_, change)) = ready.pop_first() {
        order.push(standing[&change]);
        for effect in effects.remove(&change).unwrap_or_default() {
            let left = missing.get_mut(&effect.header.hash).expect("every effect was counted");
            *left -= 1;
            if *left == 0 {
                ready.insert((effect.hash, effect.header.hash));
            }
        }
    }
    order
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
