//! A peer that has more of somebody than there is room for.

use std::collections::BTreeSet;

use praksis_protocol::{
    engine::{
        Command, Quota, Reply,
        why::{Here, Stands},
    },
    genesis::Scope,
    id::{Digest, DocumentId, Item},
    reconcile::{Answer, set_digest},
    signed::encoding::hash,
    wire::message::{Hello, Request, Resolved, Response},
};

use crate::{cast::*, desk::Desk};

const HOUR_MS: u64 = 3_600_000;

/// What a peer has in the network.
struct Hoard(BTreeSet<u8>);

impl Hoard {
    fn item(n: u8) -> Item {
        Item([n; 16])
    }

    fn answer(&self, request: Request) -> Response {
        let items: BTreeSet<Item> = self.0.iter().copied().map(Self::item).collect();
        match request {
            Request::Hello(ours) => {
                let digests = vec![(Scope::Network, set_digest(&items))];
                Response::Hello(Hello { documents: Digest(hash("praksis/sets/1", &digests)), ..ours })
            }
            Request::Compare(..) => Response::Compared(Answer::Page(items.into_iter().collect(), false)),
            Request::Resolve(_, asked) => {
                let documents =
                    asked.into_iter().map(|item| (item, DocumentId([item.0[0]; 32]), org(BAERUM)));
                Response::Resolved(Resolved {
                    documents: documents.collect(),
                    statements: vec![],
                    complete: true,
                })
            }
            Request::Pull(_, wants) => panic!("there is no room for {wants:?}"),
            Request::Changed(..) | Request::Tell(_) => Response::Heard,
        }
    }
}

#[test]
fn what_has_no_place_is_asked_about_once_and_never_fetched() {
    let mut desk = Desk::association(&[BERGEN, BAERUM]);
    desk.engine.take_at_most(Quota { documents: 0, bytes: u64::MAX });
    let mut hoard = Hoard((1..=100).collect());
    desk.connect(20);
    desk.run_for(HOUR_MS, |request| hoard.answer(request));
    assert_eq!(desk.refused("quota"), 100);
    let level = |desk: &mut Desk| {
        let status = desk.status();
        status.peers.iter().find(|peer| peer.device == Some(device(20))).unwrap().level
    };
    assert!(level(&mut desk), "both agree about what is left out");
    let before = desk.sent;
    desk.run_for(HOUR_MS, |request| hoard.answer(request));
    assert!(desk.sent - before <= 61, "{} questions in an hour", desk.sent - before);

    // A hint of another state of one of them, and of one that is new: both are known of, neither is fetched.
    hoard.0.extend([150, 151]);
    hoard.0.remove(&1);
    let hints = [150, 151].map(|n| (DocumentId([if n == 150 { 1 } else { n }; 32]), Hoard::item(n)));
    assert_eq!(desk.request(20, &Request::Changed(Scope::Network, hints.to_vec())), Response::Heard);
    desk.run_for(HOUR_MS / 60, |request| hoard.answer(request));
    assert_eq!(desk.refused("quota"), 101);
    assert!(level(&mut desk));

    // What the peer has no longer is forgotten without anybody being asked twice.
    hoard.0.retain(|n| n.is_multiple_of(2));
    desk.run_for(HOUR_MS / 10, |request| hoard.answer(request));
    assert_eq!(desk.refused("quota"), 101);
    assert!(level(&mut desk));

    let Reply::Why(whys) = desk.ok(Command::Why(DocumentId([2; 32]))) else { panic!("no why") };
    assert!(matches!(whys[..], [ref why] if why.here == Here::LeftOut && why.owner == org(BAERUM)));
    assert!(whys[0].there.iter().any(|there| there.device == device(20) && there.stands == Stands::Level));
}

#[test]
fn a_peer_that_claims_without_end_is_remembered_up_to_a_limit_and_asked_at_the_slowest_pace() {
    let mut desk = Desk::association(&[BERGEN, BAERUM]);
    desk.engine.take_at_most(Quota { documents: 0, bytes: u64::MAX });
    desk.connect(20);
    // Every comparison finds 1,000 others, and digests never agree.
    let (mut number, mut compared) = (0u128, 0);
    let mut liar = |request| match request {
        Request::Hello(ours) => Response::Hello(Hello { documents: Digest([9; 32]), ..ours }),
        Request::Compare(Scope::Roster, _) => Response::Compared(Answer::Page(vec![], false)),
        Request::Compare(..) => {
            compared += 1;
            number += 1000;
            let items = (number - 1000..number).map(|n| Item((n + 1).to_be_bytes())).collect();
            Response::Compared(Answer::Page(items, false))
        }
        Request::Resolve(_, items) => {
            let document = |item: &Item| DocumentId(std::array::from_fn(|at| item.0[at % 16]));
            let documents = items.iter().map(|item| (*item, document(item), org(BAERUM))).collect();
            Response::Resolved(Resolved { documents, statements: vec![], complete: true })
        }
        Request::Pull(_, wants) => panic!("there is no room for {wants:?}"),
        Request::Changed(..) | Request::Tell(_) => Response::Heard,
    };
    desk.run_for(HOUR_MS / 6, &mut liar);
    assert!(desk.refused("quota") > 1000);
    assert!(compared <= 60, "{compared} comparisons in ten minutes");
}
