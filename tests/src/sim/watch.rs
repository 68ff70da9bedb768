//! Following one document through a network: who has it when, over how many others, and how often each was told.

use std::{collections::BTreeMap, time::Duration};

use praksis_protocol::{
    genesis::Genesis,
    id::DocumentId,
    store::Put,
    time::Timestamp,
    wire::message::{Request, Response},
};

use super::{Letter, NodeId, World};

/// See the module.
#[derive(Debug, Clone)]
pub struct Watch {
    document: DocumentId,
    began: Timestamp,
    /// From whom each was sent it last, and over how many nodes it had come by then.
    came: BTreeMap<NodeId, u32>,
    /// When each wrote it, and over how many nodes it came.
    seen: BTreeMap<NodeId, (Timestamp, u32)>,
    told: BTreeMap<NodeId, u32>,
}

impl World {
    /// From now on follows a document that a node has just written.
    pub fn watch(&mut self, document: DocumentId, writer: NodeId) {
        let seen = BTreeMap::from([(writer, (self.now, 0))]);
        let (came, told) = (BTreeMap::new(), BTreeMap::new());
        self.watch = Some(Watch { document, began: self.now, came, seen, told });
    }

    /// What has become of the document that is followed.
    ///
    /// # Panics
    /// When none is.
    pub fn watched(&self) -> &Watch {
        self.watch.as_ref().expect("a document is followed")
    }

    pub(super) fn watch_asked(&mut self, letter: &Letter) {
        let Some(watch) = &mut self.watch else { return };
        if let Ok(Request::Changed(_, entries)) = Request::read(&letter.bytes)
            && entries.iter().any(|(document, _)| *document == watch.document)
        {
            *watch.told.entry(letter.to).or_default() += 1;
        }
    }

    pub(super) fn watch_answered(&mut self, letter: &Letter) {
        let Some(watch) = &mut self.watch else { return };
        let Some((_, hops)) = watch.seen.get(&letter.from).copied() else { return };
        if let Ok(Response::Documents(deliveries)) = Response::read(&letter.bytes) {
            let mut geneses = deliveries.iter().filter_map(|delivery| Genesis::read(&delivery.genesis).ok());
            if geneses.any(|genesis| genesis.document() == watch.document) {
                watch.came.insert(letter.to, hops + 1);
            }
        }
    }

    pub(super) fn watch_written(&mut self, node: NodeId, batch: &[Put]) {
        let now = self.now;
        let Some(watch) = &mut self.watch else { return };
        let is_it = |put: &Put| matches!(put, Put::Row(document, _) if *document == watch.document);
        if batch.iter().any(is_it) {
            let hops = watch.came.get(&node).copied().unwrap_or_default();
            watch.seen.entry(node).or_insert((now, hops));
        }
    }
}

impl Watch {
    /// Whether all of these have it.
    pub fn is_at(&self, nodes: &[NodeId]) -> bool {
        self.seen.len() >= nodes.len() && nodes.iter().all(|node| self.seen.contains_key(node))
    }

    /// How long it took until the last of those who have it had it.
    pub fn took(&self) -> Duration {
        self.seen.values().map(|(at, _)| at.since(self.began)).max().unwrap_or_default()
    }

    /// Over how many nodes it came to the one that was farthest.
    pub fn hops(&self) -> u32 {
        self.seen.values().map(|(_, hops)| *hops).max().unwrap_or_default()
    }

    /// How often a node was told of it on average.
    pub fn copies(&self) -> f64 {
        f64::from(self.told.values().sum::<u32>()) / self.seen.len().max(1) as f64
    }
}
