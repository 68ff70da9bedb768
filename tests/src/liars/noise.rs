//! Liars that need no understanding of what is said: silent, slow, loud, garbled, out of time.

use std::{collections::VecDeque, time::Duration};

use praksis_protocol::{
    engine::Class,
    genesis::Scope,
    id::{DocumentId, EnvelopeHash, Item, OrgId},
    wire::message::{HAVE_LIMIT, HINTS_LIMIT, ITEMS_LIMIT, Request, WANTS_LIMIT, Want},
};
use rand::{Rng as _, RngExt as _};

use crate::{
    rogue::Raw,
    sim::{Habit, NodeId, Say, Turn},
};

/// Takes every question and answers none.
pub struct Mute;

impl Habit for Mute {
    fn answer(&mut self, _: &mut Turn<'_>, _: NodeId, _: &[u8], _: Vec<u8>) -> Say {
        Say::Nothing
    }
}

/// Answers when it suits it, mostly when nobody waits any longer.
pub struct Slow;

impl Habit for Slow {
    fn answer(&mut self, turn: &mut Turn<'_>, _: NodeId, _: &[u8], honest: Vec<u8>) -> Say {
        let wait = Duration::from_millis(turn.rng.random_range(3_000..40_000));
        Say::Later(wait, Raw::message(&honest))
    }
}

/// Breaks what it says: bits flipped, bytes lost or added, half frames, nonsense.
pub struct Garbled;

impl Garbled {
    fn broken(turn: &mut Turn<'_>, mut bytes: Vec<u8>) -> Raw {
        let at = turn.rng.random_range(0..bytes.len().max(1));
        match turn.rng.random_range(0..7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << turn.rng.random_range(0..8),
            1 => bytes.truncate(at),
            2 => bytes.insert(at.min(bytes.len()), turn.bytes::<1>()[0]),
            3 if !bytes.is_empty() => drop(bytes.remove(at)),
            4 => bytes = turn.bytes::<64>().to_vec(),
            5 => return Raw::message(&bytes).cut(at),
            _ => return Raw::message(&bytes),
        }
        Raw::message(&bytes)
    }
}

impl Habit for Garbled {
    fn answer(&mut self, turn: &mut Turn<'_>, _: NodeId, _: &[u8], honest: Vec<u8>) -> Say {
        Say::Now(Self::broken(turn, honest))
    }

    fn question(&mut self, turn: &mut Turn<'_>, _: NodeId, honest: Vec<u8>) -> Say {
        Say::Now(Self::broken(turn, honest))
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        let Some(peer) = turn.peer() else { return Vec::new() };
        let class = if turn.rng.random_range(0..4) == 0 { Class::Join } else { Class::Sync };
        vec![(peer, class, Raw::message(&turn.bytes::<100>()))]
    }
}

/// Says again what it has heard, to others and at other times, as question and as answer.
#[derive(Default)]
pub struct Replaying {
    heard: VecDeque<Vec<u8>>,
}

/// So much it remembers.
const REMEMBERED: usize = 400;

impl Replaying {
    fn any(&self, turn: &mut Turn<'_>) -> Option<Vec<u8>> {
        let at = turn.rng.random_range(0..self.heard.len().max(1));
        self.heard.get(at).cloned()
    }
}

impl Habit for Replaying {
    fn answer(&mut self, turn: &mut Turn<'_>, _: NodeId, _: &[u8], honest: Vec<u8>) -> Say {
        self.hear(NodeId(0), &honest);
        match turn.rng.random_range(0..3) {
            0 => self.any(turn).map_or(Say::Nothing, |old| Say::message(&old)),
            _ => Say::message(&honest),
        }
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        let mut said = Vec::new();
        for _ in 0..3 {
            if let (Some(peer), Some(old)) = (turn.peer(), self.any(turn)) {
                said.push((peer, Class::Sync, Raw::message(&old)));
            }
        }
        said
    }

    fn hear(&mut self, _: NodeId, bytes: &[u8]) -> bool {
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back(bytes.to_vec());
        true
    }
}

/// Asks as much as fits into messages, as often as it can.
pub struct Flooding;

impl Habit for Flooding {
    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        let mut said = Vec::new();
        let peers = turn.peers;
        for peer in peers.iter().copied() {
            let scope = match turn.rng.random_range(0..4) {
                0 => Scope::Roster,
                1 => Scope::Organisation(OrgId(turn.bytes())),
                _ => Scope::Network,
            };
            let request = match turn.rng.random_range(0..4) {
                0 => Request::Resolve(scope, (0..ITEMS_LIMIT).map(|_| Item(turn.bytes())).collect()),
                1 => {
                    let hints = (0..HINTS_LIMIT).map(|_| (DocumentId(turn.bytes()), Item(turn.bytes())));
                    Request::Changed(scope, hints.collect())
                }
                2 => {
                    let have: Vec<_> = (0..HAVE_LIMIT / 8).map(|_| EnvelopeHash(turn.bytes())).collect();
                    let want = |document| Want { document, have: have.clone() };
                    let wants: Vec<_> = (0..WANTS_LIMIT / 32).map(|_| DocumentId(turn.bytes())).collect();
                    Request::Pull(scope, wants.into_iter().map(want).collect())
                }
                _ => Request::Tell(vec![vec![turn.rng.next_u32() as u8; 90].into(); 64]),
            };
            said.push((peer, Class::Sync, Raw::message(&request.bytes())));
        }
        said
    }
}
