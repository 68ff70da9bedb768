//! A peer that has more of somebody than there is room for.

use std::{collections::BTreeSet, ops::Bound};

use praksis_protocol::{
    engine::{
        AUDIENCES_LIMIT, Command, CommandError, Quota, Reply, setup,
        why::{Here, Stands},
    },
    genesis::{Kind, Scope},
    id::{Digest, DocumentId, Item},
    membership::{
        roster::Roster,
        statement::{AudienceAdd, AudienceOpen, Chain, Kind as StatementKind, Known, audience_id},
    },
    reconcile::{Answer, Ask, PAGE, set_digest},
    signed::encoding::hash,
    store::{Read as _, Store as _},
    wire::message::{Hello, Request, Resolved, Response},
};

use crate::{
    bundles::{statements, take},
    cast::*,
    desk::{Desk, HERE, put},
};

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

/// The n-th audience of an organisation, opened by its device, with these in it.
fn audience(desk: &Desk, (owner, by): (u8, u8), n: u64, others: &[u8]) -> Vec<Known> {
    let said = desk.store.statements().unwrap();
    let said: Vec<Known> = said.iter().map(|(_, bytes)| Known::trusted(bytes).unwrap()).collect();
    let roster = Roster::fold(setup::charter(&desk.store).unwrap().as_ref(), &said);
    let standing = roster.standing(device(by), Scope::Network);
    let mut nonce = [0; 32];
    nonce[..8].copy_from_slice(&n.to_be_bytes());
    let scope = Scope::Named(audience_id(org(owner), nonce));
    let mut chain = Chain { scope: Some(scope), standing, ..Chain::default() };
    let open = AudienceOpen { owner: org(owner), nonce, name: format!("Krets {n}") };
    let mut said = vec![chain.issue(&key(by), desk.network(), StatementKind::AudienceOpen, &open)];
    for other in others {
        let add = AudienceAdd { org: org(*other), follows: None };
        said.push(chain.issue(&key(by), desk.network(), StatementKind::AudienceAdd, &add));
    }
    said.iter().map(known).collect()
}

#[test]
fn of_one_owner_so_many_audiences_are_kept_and_no_more_and_no_node_opens_more() {
    let desk = Desk::association(&[BERGEN, BAERUM]);
    let theirs = |n| audience(&desk, (BERGEN, 20), n, &[KS]);
    let most = AUDIENCES_LIMIT as u64;
    let held: Vec<_> = (0..most - 1).flat_map(theirs).collect();
    let ours: Vec<_> = (0..most).flat_map(|n| audience(&desk, (KS, HERE), n, &[])).collect();
    let (last, over) = (theirs(most), theirs(most + 1));
    let by_another = audience(&desk, (BAERUM, 30), 1, &[KS]);
    desk.store.commit(&[held.iter().chain(&ours).map(put).collect()]).unwrap();

    let mut desk = desk.restart();
    desk.visited(20);
    desk.visited(30);
    let others = |desk: &mut Desk| {
        let named = |scope: &&Scope| matches!(scope, Scope::Named(_));
        desk.status().sets.keys().filter(named).count() - AUDIENCES_LIMIT
    };
    assert_eq!(others(&mut desk), AUDIENCES_LIMIT - 1);
    let bytes = |known: &Known| known.statement.bytes().to_vec().into();
    let both = last.iter().chain(&over).map(bytes).collect();
    assert_eq!(desk.request(20, &Request::Tell(both)), Response::Heard);
    assert_eq!((others(&mut desk), desk.refused("audience_limit")), (AUDIENCES_LIMIT, 1));
    // One that is known already is added to, and another owner has as many.
    assert_eq!(desk.request(20, &Request::Tell(last.iter().map(bytes).collect())), Response::Heard);
    assert_eq!(desk.request(30, &Request::Tell(by_another.iter().map(bytes).collect())), Response::Heard);
    assert_eq!((others(&mut desk), desk.refused("audience_limit")), (AUDIENCES_LIMIT + 1, 1));
    // What is carried in a file has no other way around the limit.
    take(&mut desk, statements(over[0].scope(), &over));
    assert_eq!((others(&mut desk), desk.refused("audience_limit")), (AUDIENCES_LIMIT + 1, 2));

    let with = [org(BERGEN)].into_iter().collect();
    let request = desk.command(Command::DraftJointly(Kind::Case, serde_json::json!({}), with));
    let refused = desk.replies.remove(&request).expect("answered").expect_err("others keep no more");
    assert_eq!(refused, CommandError::TooManyAudiences);
}

/// A peer with so many documents that what has no place here is not remembered whole.
struct Crowd {
    items: BTreeSet<Item>,
    compared: usize,
    bytes: usize,
}

impl Crowd {
    fn of(number: u32) -> Self {
        let item = |n: u32| Item(std::array::from_fn(|at| if at < 4 { n.to_be_bytes()[at] } else { 7 }));
        Self { items: (0..number).map(item).collect(), compared: 0, bytes: 0 }
    }

    fn answer(&mut self, request: Request) -> Response {
        let answer = match request {
            Request::Hello(ours) => {
                let digests = vec![(Scope::Network, set_digest(&self.items))];
                Response::Hello(Hello { documents: Digest(hash("praksis/sets/1", &digests)), ..ours })
            }
            Request::Compare(Scope::Network, ask) => {
                let after = match ask {
                    Ask::List(after) => after,
                    Ask::ListPast(after, ..) => Some(after),
                    Ask::Begin(..) | Ask::More(..) => None,
                };
                self.compared += usize::from(after.is_none());
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                let page: Vec<Item> =
                    self.items.range((from, Bound::Unbounded)).take(PAGE).copied().collect();
                let more = page.last() < self.items.last();
                Response::Compared(Answer::Page(page, more))
            }
            Request::Compare(..) => Response::Compared(Answer::Page(vec![], false)),
            Request::Resolve(_, asked) => {
                let document = |item: &Item| DocumentId(std::array::from_fn(|at| item.0[at % 16]));
                let documents = asked.iter().map(|item| (*item, document(item), org(BAERUM))).collect();
                Response::Resolved(Resolved { documents, statements: vec![], complete: true })
            }
            Request::Pull(_, wants) => panic!("there is no room for {wants:?}"),
            Request::Changed(..) | Request::Tell(_) => Response::Heard,
        };
        self.bytes += answer.bytes().len();
        answer
    }
}

#[test]
fn with_more_than_is_remembered_the_cost_is_one_comparison_in_a_long_while() {
    let mut desk = Desk::association(&[BERGEN, BAERUM]);
    desk.engine.take_at_most(Quota { documents: 0, bytes: u64::MAX });
    let mut crowd = Crowd::of(17_000);
    desk.connect(20);
    desk.run_for(HOUR_MS / 6, |request| crowd.answer(request));
    (crowd.compared, crowd.bytes) = (0, 0);
    let before = desk.sent;
    desk.run_for(HOUR_MS, |request| crowd.answer(request));
    assert!(crowd.compared <= 7, "{} comparisons in an hour", crowd.compared);
    assert!(crowd.bytes <= 4_000_000, "{} bytes in an hour", crowd.bytes);
    assert!(desk.sent - before <= 500, "{} questions in an hour", desk.sent - before);
    // Once it has no more than is remembered, both agree.
    crowd.items = Crowd::of(16_000).items;
    desk.run_for(HOUR_MS, |request| crowd.answer(request));
    let status = desk.status();
    assert!(status.peers.iter().find(|peer| peer.device == Some(device(20))).unwrap().level);
}
