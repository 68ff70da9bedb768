//! A liar that says one thing here and another there: twins with one number, and what its peers do not know.

use praksis_protocol::{
    engine::Class,
    genesis::{Genesis, Kind, Scope},
    id::{DocumentId, Item},
    wire::message::{Delivery, Request, Response, SignedChange},
};
use rand::RngExt as _;

use crate::{
    rogue::{Member, Raw},
    sim::{Habit, NodeId, Say, Turn},
};

/// A document of the liar's own with two first changes, and one of a kind that nobody knows.
struct Made {
    genesis: Genesis,
    /// Which of them a peer is given follows from the peer.
    changes: [SignedChange; 2],
}

/// Signs two first changes of one session, and gives each peer one of them.
#[derive(Default)]
pub struct Twins {
    made: Vec<Made>,
}

fn made(member: &Member) -> Vec<Made> {
    let own = member.own();
    let changes = ["Den ene", "Den andre"].map(|title| member.first(&own, &own, title));
    // The kind of a later version: it rests on containers that nobody here knows.
    let later = Genesis { kind: 4242, record: None, nonce: [3; 32], ..own.clone() };
    let as_case =
        Genesis::shared(&Genesis::draft(Kind::Case, member.org(), [3; 32]), member.network, Scope::Network);
    let unknown = ["Senere", "Enda senere"].map(|title| member.first(&as_case, &later, title));
    vec![Made { genesis: own, changes }, Made { genesis: later, changes: unknown }]
}

impl Twins {
    fn find(&self, document: DocumentId) -> Option<&Made> {
        self.made.iter().find(|made| made.genesis.document() == document)
    }
}

impl Habit for Twins {
    fn answer(&mut self, _: &mut Turn<'_>, from: NodeId, question: &[u8], honest: Vec<u8>) -> Say {
        let (Ok(Request::Pull(scope, wants)), Ok(Response::Documents(mut deliveries))) =
            (Request::read(question), Response::read(&honest))
        else {
            return Say::message(&honest);
        };
        for made in wants.iter().filter_map(|want| self.find(want.document)) {
            if made.genesis.scope == scope {
                let changes = vec![made.changes[from.0 % 2].clone()];
                deliveries.retain(|delivery| delivery.genesis.as_slice() != made.genesis.bytes());
                deliveries.push(Delivery { genesis: made.genesis.bytes().into(), changes, complete: true });
            }
        }
        Say::message(&Response::Documents(deliveries).bytes())
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        if self.made.is_empty() {
            let Some(member) = Member::of(turn.keys, turn.store) else { return Vec::new() };
            self.made = made(&member);
        }
        let hints: Vec<_> =
            self.made.iter().map(|made| (made.genesis.document(), Item(turn.bytes()))).collect();
        let hint = Raw::message(&Request::Changed(Scope::Network, hints).bytes());
        let mut told = Vec::new();
        for _ in 0..4 {
            told.extend(turn.peer().map(|peer| (peer, Class::Sync, hint.clone())));
        }
        if turn.rng.random_range(0..2) == 0 {
            told.pop();
        }
        told
    }
}
