//! What must hold in a network with liars in it, whatever they do.
//!
//! - Honest nodes agree: the same sets, and of every honest document the same reading.
//! - An honest document says what its writer wrote, and every change in it is by a device of its owner.
//! - Of what is shared with some nothing goes to anybody else: no id, no hash, no word in any byte
//!   that an honest node sends to an outsider.
//! - Every refusal has a name that `node/README.md` explains, and what waits is bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use praksis_protocol::{
    admission::state::{Row, View},
    envelope::Envelope,
    genesis::Scope,
    id::{AudienceId, DocumentId},
    signed::Verified,
    store::Read as _,
};

use crate::sim::{NodeId, World};

/// What people are told about the names of refusals.
const EXPLAINED: &str = include_str!("../../../node/README.md");
/// Most changes that may wait at one node.
const WAITING_LIMIT: usize = 4096;
/// Most messages of a whole network: some ten times what one without liars takes. Whoever says the same again and
/// again to no end says more.
const MESSAGES_LIMIT: u64 = 150_000;
/// So many bytes of anything random are not met by chance.
const TELLING: usize = 8;

/// A record that an honest node has shared, and what must be read of it.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The record, which is also its draft.
    pub record: DocumentId,
    /// Who wrote it.
    pub writer: NodeId,
    /// Who may read it, the writer too; absent: everybody.
    pub readers: Option<BTreeSet<NodeId>>,
    /// Its title.
    pub title: String,
    /// What was last written into it.
    pub help_wanted: Option<String>,
    /// Whether its writer has withdrawn it.
    pub is_withdrawn: bool,
}

/// Watches one network.
pub struct Oracle {
    honest: Vec<NodeId>,
    nodes: Vec<NodeId>,
}

impl Oracle {
    /// Of a network's nodes these are honest.
    pub fn new(honest: Vec<NodeId>, nodes: Vec<NodeId>) -> Self {
        Self { honest, nodes }
    }

    /// Waits until all honest nodes hold the same in every scope that they share.
    pub fn agree(&self, world: &mut World, patience: Duration) {
        let end = world.now() + patience;
        while !world.are_level(&self.honest) {
            if world.now() > end {
                let differing = world.differing(&self.honest);
                world.fail(&format!("the honest nodes do not agree in {differing:?}"));
            }
            // Looking costs more than most of what happens.
            world.run_for(Duration::from_millis(500));
        }
    }

    /// All that must hold of what was written.
    pub fn check(&self, world: &mut World, facts: &[Fact]) {
        for fact in facts {
            let documents = self.documents(world, fact);
            if documents.is_empty() {
                world.fail(&format!("{} is not there", fact.title));
            }
            for document in documents {
                for node in &self.honest {
                    self.check_reading(world, fact, *node, document);
                }
            }
        }
        self.check_words(world, facts);
        if world.messages > MESSAGES_LIMIT {
            world.fail(&format!("{} messages", world.messages));
        }
    }

    /// What is shared of a record, by its writer's rows.
    fn documents(&self, world: &World, fact: &Fact) -> Vec<DocumentId> {
        let rows = self.rows(world, fact.writer);
        let shared = rows.values().filter(|row| row.genesis.record == Some(fact.record));
        shared.map(|row| row.genesis.document()).collect()
    }

    fn rows(&self, world: &World, node: NodeId) -> BTreeMap<DocumentId, Row> {
        let rows = world.store(node).rows().expect("memory does not fail");
        rows.into_iter()
            .map(|(document, bytes)| (document, minicbor::decode(&bytes).expect("a row")))
            .collect()
    }

    fn check_reading(&self, world: &World, fact: &Fact, node: NodeId, document: DocumentId) {
        let store = world.store(node);
        let at = |what: &str| format!("{} at {node:?}: {what}", fact.title);
        let may_read = fact.readers.as_ref().is_none_or(|readers| readers.contains(&node));
        let row = store.row(document).expect("memory does not fail");
        let Some(row) = row.map(|bytes| minicbor::decode::<Row>(&bytes).expect("a row")) else {
            if may_read {
                world.fail(&at("is not there"));
            }
            return;
        };
        if !may_read {
            world.fail(&at("is there"));
        }
        if row.is_hidden() != fact.is_withdrawn {
            world.fail(&at(if fact.is_withdrawn { "is not withdrawn" } else { "is withdrawn" }));
        }
        let owner = world.device(fact.writer);
        for (_, bytes) in store.envelopes(document).expect("memory does not fail") {
            let envelope = Verified::<Envelope>::trusted(&bytes).expect("it was stored");
            if envelope.device != owner {
                world.fail(&at("somebody else has written in it"));
            }
        }
        if fact.is_withdrawn {
            return;
        }
        let view = store.view(document).expect("memory does not fail").and_then(|bytes| View::read(&bytes));
        let Some(view) = view else { world.fail(&at("cannot be read")) };
        let reads = (view.record["title"]["nb"].as_str(), view.record["help_wanted"].as_str());
        if reads != (Some(&fact.title), fact.help_wanted.as_deref()) || !view.conflicts.is_empty() {
            world.fail(&at(&format!("reads {}", view.record)));
        }
    }

    /// The audience that a record is shared with, if it is with one.
    pub fn audience_of(&self, world: &World, fact: &Fact) -> Option<AudienceId> {
        let rows = self.rows(world, fact.writer);
        rows.into_values().find_map(|row| match row.genesis.scope {
            Scope::Named(audience) if row.genesis.record == Some(fact.record) => Some(audience),
            Scope::Named(_) | Scope::Roster | Scope::Organisation(_) | Scope::Network => None,
        })
    }

    /// Nothing of what is for some in anything that honest nodes have sent to others.
    fn check_words(&self, world: &World, facts: &[Fact]) {
        for fact in facts {
            let Some(readers) = &fact.readers else { continue };
            let needles = self.needles(world, fact);
            // Few windows begin like a needle: those are looked at closely.
            let mut beginnings = vec![false; 1 << 16];
            for needle in &needles {
                beginnings[usize::from(u16::from_le_bytes([needle[0], needle[1]]))] = true;
            }
            for node in self.nodes.iter().filter(|node| !readers.contains(node)) {
                for (at, from, bytes) in world.delivered(*node) {
                    let is_told = |window: &[u8]| {
                        beginnings[usize::from(u16::from_le_bytes([window[0], window[1]]))]
                            && needles.contains(window)
                    };
                    if self.honest.contains(from) && bytes.windows(TELLING).any(is_told) {
                        world.fail(&format!("{from:?} told {node:?} of {} at {at:?}", fact.title));
                    }
                }
            }
        }
    }

    /// What gives a record away: beginnings of its ids and hashes, and pieces of its words.
    fn needles(&self, world: &World, fact: &Fact) -> BTreeSet<[u8; TELLING]> {
        let store = world.store(fact.writer);
        let mut needles = BTreeSet::new();
        let mut add = |bytes: &[u8]| needles.extend(bytes.first_chunk::<TELLING>().copied());
        for (document, row) in self.rows(world, fact.writer) {
            let is_named = matches!(row.genesis.scope, Scope::Named(_));
            if row.genesis.record_id() != fact.record && !is_named {
                continue;
            }
            add(&document.0);
            add(&row.genesis.nonce);
            if let Scope::Named(audience) = row.genesis.scope {
                add(&audience.0);
            }
            for (hash, bytes) in store.envelopes(document).expect("memory does not fail") {
                add(&hash.0);
                let envelope = Verified::<Envelope>::trusted(&bytes).expect("it was stored");
                add(&envelope.change.0);
                add(&envelope.session.0);
            }
            for (hash, _) in store.changes(document).expect("memory does not fail") {
                add(&hash.0);
            }
            add(&row.item().0);
        }
        for word in [&fact.title].into_iter().chain(&fact.help_wanted) {
            word.as_bytes().windows(TELLING).for_each(&mut add);
        }
        needles
    }

    /// What honest nodes refused, by name, and the most that waits at one of them.
    pub fn refusals(&self, world: &mut World) -> (BTreeMap<String, u64>, usize) {
        let (mut refused, mut most) = (BTreeMap::new(), 0);
        for node in &self.honest {
            let status = world.status(*node);
            most = most.max(status.waiting);
            if status.waiting > WAITING_LIMIT {
                world.fail(&format!("{} changes wait at {node:?}", status.waiting));
            }
            for (name, count) in status.refused {
                if !EXPLAINED.contains(&format!("`{name}`")) {
                    world.fail(&format!("nobody explains {name}"));
                }
                *refused.entry(name).or_default() += count;
            }
        }
        (refused, most)
    }
}
