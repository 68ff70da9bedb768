//! A liar that tells of what it has only heard of, at once and everybody, and brings none of it.

use praksis_protocol::{
    engine::Class,
    genesis::Scope,
    id::{DocumentId, Item},
    wire::message::{HINTS_LIMIT, Request, Response},
};

use crate::{
    rogue::Raw,
    sim::{Habit, NodeId, Say, Turn},
};

/// First to tell, and so the one that others wait for: whoever checks what it passes on comes later.
#[derive(Debug, Default)]
pub struct Boasting {
    heard: Vec<(DocumentId, Item)>,
}

impl Habit for Boasting {
    fn answer(&mut self, _: &mut Turn<'_>, _: NodeId, _: &[u8], honest: Vec<u8>) -> Say {
        match Response::read(&honest) {
            Ok(Response::Documents(_)) => Say::message(&Response::Documents(Vec::new()).bytes()),
            Ok(_) | Err(_) => Say::message(&honest),
        }
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        if self.heard.is_empty() {
            return Vec::new();
        }
        let hints = Request::Changed(Scope::Network, std::mem::take(&mut self.heard)).bytes();
        turn.peers.iter().map(|peer| (*peer, Class::Sync, Raw::message(&hints))).collect()
    }

    fn hear(&mut self, _: NodeId, bytes: &[u8]) -> bool {
        if let Ok(Request::Changed(Scope::Network, hints)) = Request::read(bytes) {
            self.heard.extend(hints);
            self.heard.truncate(HINTS_LIMIT);
        }
        true
    }
}
