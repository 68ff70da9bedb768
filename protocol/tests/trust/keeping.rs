//! What a node keeps of what issuers say: the same as every other, in whatever order it came.

use std::collections::{BTreeMap, BTreeSet};

use praksis_protocol::{
    genesis::Scope,
    id::{Digest, Item},
    membership::statement::Known,
    reconcile::Answer,
    signed::Verified,
    store::Read as _,
    wire::message::{Hello, Request, Resolved, Response},
};

use crate::{cast::*, desk::Desk};

/// A peer that has these statements and nothing else gives them when asked.
fn hear(desk: &mut Desk, theirs: &[Known]) {
    let network = desk.network();
    let by_item: BTreeMap<Item, &Known> = theirs.iter().map(|known| (known.item(), known)).collect();
    desk.run_for(61_000, |request| match request {
        Request::Hello(_) => Response::Hello(Hello {
            version: 1,
            network,
            roster: Digest([1; 32]),
            documents: Digest([2; 32]),
            notices: 0,
        }),
        Request::Compare(Scope::Roster, _) => {
            Response::Compared(Answer::Page(by_item.keys().copied().collect(), false))
        }
        Request::Compare(..) => Response::Compared(Answer::Page(vec![], false)),
        Request::Resolve(_, items) => Response::Resolved(Resolved {
            documents: vec![],
            statements: items.iter().map(|item| by_item[item].statement.bytes().to_vec().into()).collect(),
            complete: true,
        }),
        Request::Pull(..) | Request::Changed(..) | Request::Tell(_) => Response::Heard,
    });
}

fn held(desk: &Desk) -> BTreeSet<Vec<u8>> {
    desk.store.statements().unwrap().into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn of_a_devices_addresses_the_newest_is_kept_and_the_others_are_forgotten() {
    let addresses = [address(20, 3, "/sim/3"), address(20, 2, "/sim/2"), address(20, 5, "/sim/5")];
    let mut held_at_last = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut desk = Desk::association(&[BERGEN]);
        desk.connect(20);
        let before = held(&desk);
        for n in order {
            hear(&mut desk, &addresses[n..=n]);
        }
        let of_device = |desk: &Desk| -> Vec<Vec<u8>> { held(desk).difference(&before).cloned().collect() };
        assert_eq!(of_device(&desk), [addresses[2].statement.bytes().to_vec()], "{order:?}");
        let in_set = desk.status().sets[&Scope::Roster];
        assert_eq!(in_set, held(&desk).len(), "the set is what is held");
        let mut desk = desk.restart();
        assert_eq!(desk.status().sets[&Scope::Roster], in_set);
        held_at_last.push(held(&desk));
    }
    assert!(held_at_last.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn of_unknown_kinds_the_first_256_of_an_issuer_are_kept_in_whatever_order_they_come() {
    let unknown = |n: u64| known(&Verified::sign(shell(BERGEN, n + 2, 99, vec![n as u8]), &key(BERGEN)));
    let all: Vec<Known> = (0..300).map(unknown).collect();
    let mut kept = Vec::new();
    for halves in [[0..150, 150..300], [150..300, 0..150]] {
        let mut desk = Desk::association(&[BERGEN]);
        desk.connect(20);
        let before = held(&desk);
        for half in halves {
            hear(&mut desk, &all[half]);
        }
        assert_eq!(desk.status().sets[&Scope::Roster], held(&desk).len());
        kept.push(held(&desk).difference(&before).cloned().collect::<BTreeSet<_>>());
    }
    let first: BTreeSet<_> = all[..256].iter().map(|known| known.statement.bytes().to_vec()).collect();
    assert_eq!(kept, [first.clone(), first]);
}
