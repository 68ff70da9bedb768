//! Liars: a node with valid keys and an honest engine, and between the engine and the network somebody
//! who changes, drops, delays or adds what is said.

use std::{fmt, time::Duration};

use praksis_protocol::{
    engine::{Class, Input, Keys, MessageId},
    id::DeviceId,
    store::memory::MemoryStore,
    time::Timestamp,
};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Happening, NodeId, World};
use crate::rogue::Raw;

/// What goes out in place of what an honest node would have said.
pub enum Say {
    /// A message, or bytes that are none.
    Now(Raw),
    /// The same, later.
    Later(Duration, Raw),
    /// Nothing at all.
    Nothing,
}

impl Say {
    /// A message whose frame is right.
    pub fn message(bytes: &[u8]) -> Self {
        Self::Now(Raw::message(bytes))
    }
}

/// What a liar knows when it makes something up.
pub struct Turn<'a> {
    /// Its own keys.
    pub keys: &'a Keys,
    /// What its node holds.
    pub store: &'a MemoryStore,
    /// The nodes that it is connected with.
    pub peers: &'a [NodeId],
    /// Its own chance.
    pub rng: &'a mut ChaCha8Rng,
}

impl Turn<'_> {
    /// One of the peers.
    pub fn peer(&mut self) -> Option<NodeId> {
        let at = self.rng.random_range(0..self.peers.len().max(1));
        self.peers.get(at).copied()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

/// One way of lying. What is not overridden is honest.
pub trait Habit {
    /// Instead of an answer to a peer's question.
    fn answer(&mut self, _turn: &mut Turn<'_>, _from: NodeId, _question: &[u8], honest: Vec<u8>) -> Say {
        Say::message(&honest)
    }

    /// Instead of a question to a peer.
    fn question(&mut self, _turn: &mut Turn<'_>, _to: NodeId, honest: Vec<u8>) -> Say {
        Say::message(&honest)
    }

    /// What it says of itself, every now and then.
    fn invent(&mut self, _turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        Vec::new()
    }

    /// What reaches it; `false` keeps it from its engine.
    fn hear(&mut self, _from: NodeId, _bytes: &[u8]) -> bool {
        true
    }
}

/// A node's liar.
pub(super) struct Liar {
    habit: Box<dyn Habit>,
    rng: ChaCha8Rng,
    /// After this it makes nothing up any more; what it does with what it is asked stays the same.
    until: Timestamp,
    every: Duration,
}

impl fmt::Debug for Liar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Liar").field("until", &self.until).finish_non_exhaustive()
    }
}

impl World {
    /// From now on a node lies; for `span` it also makes things up, `every` so often.
    pub fn corrupt(&mut self, id: NodeId, habit: Box<dyn Habit>, every: Duration, span: Duration) {
        let rng = ChaCha8Rng::seed_from_u64(self.new_seed());
        self.nodes[id.0].liar = Some(Liar { habit, rng, until: self.now + span, every });
        self.at(self.now + every, Happening::Invent(id));
    }

    /// What a node's liar makes of it; `None` for honest nodes.
    fn lie<T>(&mut self, id: NodeId, act: impl FnOnce(&mut dyn Habit, &mut Turn<'_>) -> T) -> Option<T> {
        let mut liar = self.nodes[id.0].liar.take()?;
        let others = (0..self.nodes.len()).map(NodeId);
        let peers: Vec<NodeId> = others.filter(|other| self.connected(id, *other)).collect();
        let node = &self.nodes[id.0];
        let mut turn = Turn { keys: &node.keys, store: &node.store, peers: &peers, rng: &mut liar.rng };
        let made = act(&mut *liar.habit, &mut turn);
        self.nodes[id.0].liar = Some(liar);
        Some(made)
    }

    pub(super) fn invent(&mut self, id: NodeId) {
        let Some(liar) = &self.nodes[id.0].liar else { return };
        let (every, is_over) = (liar.every, liar.until <= self.now);
        if is_over {
            return;
        }
        self.at(self.now + every, Happening::Invent(id));
        if self.nodes[id.0].engine.is_none() {
            return;
        }
        for (to, class, raw) in self.lie(id, |habit, turn| habit.invent(turn)).unwrap_or_default() {
            self.ask_raw(id, to, class, &raw);
        }
    }

    /// Asks without the engine's knowledge.
    fn ask_raw(&mut self, id: NodeId, to: NodeId, class: Class, raw: &Raw) {
        let device = self.nodes[to.0].device;
        match raw.payload() {
            Some(bytes) => {
                self.last_number += 1;
                // No engine counts its questions from the top.
                let question = MessageId(u64::MAX - self.last_number);
                let life = self.nodes[id.0].life;
                self.ask(id, life, device, question, class, bytes);
            }
            None if self.connected(id, to) => self.unreadable(to, raw),
            None => {}
        }
    }

    /// What arrives is no message: the transport counts it, and nothing comes of it.
    fn unreadable(&mut self, at: NodeId, raw: &Raw) {
        let reason = if raw.bytes.first() == Some(&1) { "inflates_too_large" } else { "truncated_message" };
        let life = self.nodes[at.0].life;
        self.later(5..30, Happening::Input(at, life, Input::Refused { reason }));
    }

    /// What a liar's engine asks; `None` when it has been dealt with.
    pub(super) fn asks(&mut self, id: NodeId, device: DeviceId, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let (Some(to), true) = (self.node_of(id, device), self.nodes[id.0].liar.is_some()) else {
            return Some(bytes);
        };
        match self.lie(id, |habit, turn| habit.question(turn, to, bytes))? {
            Say::Now(raw) | Say::Later(_, raw) => match raw.payload() {
                Some(bytes) => Some(bytes),
                None => {
                    self.unreadable(to, &raw);
                    None
                }
            },
            Say::Nothing => None,
        }
    }

    /// Answers as the node's engine would, or as its liar does.
    pub(super) fn answers(&mut self, id: NodeId, question: MessageId, bytes: Vec<u8>) {
        let asked = self.asked_by(id, question);
        let (Some((from, asked)), true) = (asked, self.nodes[id.0].liar.is_some()) else {
            return self.answer(id, question, bytes);
        };
        match self.lie(id, |habit, turn| habit.answer(turn, from, &asked, bytes)) {
            None | Some(Say::Nothing) => self.leave_unanswered(id, question),
            Some(Say::Now(raw)) => self.answer_raw(id, question, &raw),
            Some(Say::Later(wait, raw)) => {
                self.at(self.now + wait, Happening::Answers(id, question, raw));
            }
        }
    }

    pub(super) fn answer_raw(&mut self, id: NodeId, question: MessageId, raw: &Raw) {
        match raw.payload() {
            Some(bytes) => self.answer(id, question, bytes),
            None => {
                if let Some((from, _)) = self.asked_by(id, question) {
                    self.unreadable(from, raw);
                }
                self.leave_unanswered(id, question);
            }
        }
    }

    /// Whether what has arrived goes on to the engine.
    pub(super) fn hears(&mut self, id: NodeId, from: NodeId, bytes: &[u8]) -> bool {
        self.nodes[id.0].liar.as_mut().is_none_or(|liar| liar.habit.hear(from, bytes))
    }
}
