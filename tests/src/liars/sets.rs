//! Liars that lie about what there is: what they have, what is behind it, and in which order.

use praksis_protocol::{
    engine::Class,
    genesis::Scope,
    id::{Digest, Item, NetworkId, OrgId},
    reconcile::Answer,
    store::Read as _,
    wire::message::{Hello, Request, Response},
};
use rand::RngExt as _;

use crate::{
    rogue::Raw,
    sim::{Habit, NodeId, Say, Turn},
};

/// Keeps for itself what it has: stands level with everybody, has nothing, knows nothing.
pub struct Withholding;

impl Habit for Withholding {
    fn answer(&mut self, _: &mut Turn<'_>, _: NodeId, question: &[u8], honest: Vec<u8>) -> Say {
        let answer = match (Request::read(question), Response::read(&honest)) {
            (Ok(Request::Hello(theirs)), _) => Response::Hello(theirs),
            (_, Ok(Response::Compared(_))) => Response::Compared(Answer::Page(Vec::new(), false)),
            (_, Ok(Response::Resolved(_))) => Response::Resolved(Default::default()),
            (_, Ok(Response::Documents(_))) => Response::Documents(Vec::new()),
            _ => return Say::message(&honest),
        };
        Say::message(&answer.bytes())
    }
}

/// Poisons every comparison: items that do not exist, items that stand for something else, answers that
/// belong to other questions, effects before causes.
pub struct Poisoning;

impl Poisoning {
    fn items(turn: &mut Turn<'_>, honest: &[Item]) -> Vec<Item> {
        let mut items: Vec<Item> =
            honest.iter().copied().filter(|_| turn.rng.random_range(0..3) > 0).collect();
        items.extend((0..turn.rng.random_range(0..40)).map(|_| Item(turn.bytes())));
        if turn.rng.random_range(0..5) > 0 {
            items.sort_unstable();
        }
        items
    }
}

impl Habit for Poisoning {
    fn answer(&mut self, turn: &mut Turn<'_>, _: NodeId, question: &[u8], honest: Vec<u8>) -> Say {
        let Ok(answer) = Response::read(&honest) else { return Say::message(&honest) };
        let answer = match answer {
            Response::Hello(ours) => Response::Hello(Hello { documents: Digest(turn.bytes()), ..ours }),
            Response::Compared(answer) => {
                let held = if let Answer::Page(items, _) = answer { items } else { Vec::new() };
                let more = turn.rng.random_range(0..4) == 0;
                Response::Compared(Answer::Page(Self::items(turn, &held), more))
            }
            Response::Resolved(mut resolved) => {
                if let Ok(Request::Resolve(_, items)) = Request::read(question) {
                    // Whatever was asked for: it is a document that is there, or statements that are not those.
                    let rows = turn.store.rows().expect("memory does not fail");
                    let statements = turn.store.statements().expect("memory does not fail");
                    for item in items.into_iter().take(16) {
                        let (row, said) = (
                            turn.rng.random_range(0..rows.len().max(1)),
                            turn.rng.random_range(0..statements.len()),
                        );
                        let owner = OrgId(turn.bytes());
                        resolved
                            .documents
                            .extend(rows.get(row).map(|(document, _)| (item, *document, owner)));
                        resolved.statements.push(statements[said].1.clone().into());
                    }
                    resolved.complete = turn.rng.random_range(0..2) == 0;
                }
                Response::Resolved(resolved)
            }
            Response::Documents(mut deliveries) => {
                deliveries.reverse();
                for delivery in &mut deliveries {
                    delivery.changes.reverse();
                    delivery.complete = turn.rng.random_range(0..3) > 0;
                    if turn.rng.random_range(0..3) == 0 {
                        delivery.changes.pop();
                    }
                }
                // Changes of one go by the beginning of another.
                if let [one, other, ..] = &mut deliveries[..]
                    && turn.rng.random_range(0..3) == 0
                {
                    std::mem::swap(&mut one.genesis, &mut other.genesis);
                }
                Response::Documents(deliveries)
            }
            Response::Level(notices) => match Request::read(question) {
                Ok(Request::Hello(theirs)) => {
                    Response::Hello(Hello { documents: Digest(turn.bytes()), notices, ..theirs })
                }
                Ok(_) | Err(_) => return Say::message(&honest),
            },
            Response::Heard | Response::HeardBefore | Response::Refused => return Say::message(&honest),
        };
        Say::message(&answer.bytes())
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        let Some(peer) = turn.peer() else { return Vec::new() };
        let rows = turn.store.rows().expect("memory does not fail");
        // Real documents in states that do not exist.
        let hints = rows.iter().take(8).map(|(document, _)| (*document, Item(turn.bytes()))).collect();
        let hello = Hello {
            version: 1,
            network: NetworkId(turn.bytes()),
            roster: Digest(turn.bytes()),
            documents: Digest(turn.bytes()),
            notices: 0,
        };
        [Request::Changed(Scope::Network, hints), Request::Hello(hello)]
            .iter()
            .map(|request| (peer, Class::Sync, Raw::message(&request.bytes())))
            .collect()
    }
}
