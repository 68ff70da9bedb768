//! The lies that a rogue process tells on a real transport, told in the simulator.

use std::collections::BTreeMap;

use praksis_protocol::engine::Class;

use crate::{
    rogue::{Lie, Raw, Told, lies_of},
    sim::{Habit, NodeId, Say, Turn},
};

/// Tells one after the other, each to another peer.
#[derive(Default)]
pub struct Telling {
    lies: Vec<Lie>,
    next: usize,
    /// Whom it has begun to tell which.
    told: BTreeMap<NodeId, usize>,
}

impl Habit for Telling {
    fn answer(&mut self, _: &mut Turn<'_>, from: NodeId, question: &[u8], honest: Vec<u8>) -> Say {
        let lie = self.told.get(&from).and_then(|at| self.lies.get(*at));
        match lie.map(|lie| lie.answer(&Raw::message(question))) {
            Some(Told::Lie(raw)) => Say::Now(raw),
            Some(Told::Truth(_)) | None => Say::message(&honest),
        }
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        if self.lies.is_empty() {
            self.lies = lies_of(turn.keys, turn.store).unwrap_or_default();
        }
        let (Some(peer), false) = (turn.peer(), self.lies.is_empty()) else { return Vec::new() };
        let at = self.next % self.lies.len();
        self.next += 1;
        self.told.insert(peer, at);
        vec![(peer, Class::Sync, self.lies[at].opening.clone())]
    }
}
