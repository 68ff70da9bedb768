//! Members that lie, flood or stall.

use std::collections::{BTreeSet, VecDeque};

use praksis_protocol::engine::{Command, Input, Reply};
use praksis_protocol::{
    genesis::{About, Genesis, Kind, Scope},
    id::{Digest, DocumentId, Item, NetworkId},
    membership::{
        issuing::Endings,
        statement::{Chain, End, Fact, Kind as StatementKind, Known, Statement},
        ticket::Ticket,
    },
    reconcile::{Answer, Ask, PAGE},
    signed::{Verified, encoding::to_vec},
    store::{Read as _, Store as _},
    time::Timestamp,
    wire::message::{Delivery, Hello, MESSAGE_LIMIT, Request, Resolved, Response, SignedChange, Want},
};
use serde_json::json;

use crate::{
    cast::*,
    desk::{Desk, in_network, put},
};

/// A hello that agrees with nothing.
fn other(network: NetworkId) -> Response {
    Response::Hello(Hello {
        version: 1,
        network,
        roster: Digest([1; 32]),
        documents: Digest([2; 32]),
        notices: 3,
    })
}

fn page(items: Vec<Item>) -> Response {
    Response::Compared(Answer::Page(items, false))
}

/// The association's card, so that there is something in the network.
fn with_card(desk: &mut Desk) -> DocumentId {
    let card = json!({"schema_version": 1, "name": "KS"});
    let Reply::Written { document, .. } = desk.ok(Command::Direct(Kind::Organisation, About::Itself, card))
    else {
        unreachable!()
    };
    document
}

fn documents(documents: Vec<(Item, DocumentId)>) -> Response {
    let documents = documents.into_iter().map(|(item, document)| (item, document, org(20))).collect();
    Response::Resolved(Resolved { documents, statements: vec![], complete: true })
}

fn statements(statements: Vec<Vec<u8>>) -> Response {
    let statements = statements.into_iter().map(Into::into).collect();
    Response::Resolved(Resolved { documents: vec![], statements, complete: true })
}

#[test]
fn another_organisations_scope_answers_like_one_that_does_not_exist() {
    let mut desk = Desk::association(&[BERGEN]);
    with_card(&mut desk);
    desk.ok(Command::Draft(Kind::Case, json!({"schema_version": 1, "title": {"nb": "Internt"}})));
    let document = DocumentId([5; 32]);
    let forbidden = Scope::Organisation(org(KS));
    let unknown = [
        Scope::Organisation(org(77)),
        Scope::Organisation(org(BERGEN)),
        Scope::Named(praksis_protocol::id::AudienceId([1; 32])),
    ];
    for scope in std::iter::once(forbidden).chain(unknown) {
        let requests = [
            Request::Compare(scope, Ask::List(None)),
            Request::Resolve(scope, vec![Item([0; 16])]),
            Request::Pull(scope, vec![Want { document, have: vec![] }]),
            Request::Changed(scope, vec![(document, Item([0; 16]))]),
        ];
        for request in requests {
            assert_eq!(desk.request(20, &request), Response::Refused, "{request:?}");
        }
    }
    // Nor does a draft come by the way of a scope that both may read.
    let Reply::Records(records, _) = desk.ok(Command::Records(Some(Kind::Case), None, 10)) else {
        unreachable!()
    };
    let wants = vec![Want { document: records[0].draft.unwrap(), have: vec![] }];
    assert_eq!(desk.request(20, &Request::Pull(Scope::Network, wants)), Response::Documents(vec![]));
}

#[test]
fn deliveries_that_were_not_asked_for_or_belong_elsewhere_are_refused_and_not_stored() {
    let mut desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    let before = desk.store.rows().unwrap();
    desk.connect(20);
    let asked = Genesis::direct(Kind::OrgYear, org(BERGEN), network, Scope::Network, &About::Year(2025));
    let other_year = Genesis::direct(Kind::OrgYear, org(BERGEN), network, Scope::Network, &About::Year(2024));
    let elsewhere =
        Genesis::direct(Kind::OrgYear, org(BERGEN), NetworkId([3; 32]), Scope::Network, &About::Year(2025));
    let at_home = Genesis::draft(Kind::Case, org(KS), [5; 32]);
    let change = SignedChange { envelope: vec![1, 2, 3].into(), change: vec![4].into() };
    let delivery = |genesis: &[u8]| Delivery {
        genesis: genesis.to_vec().into(),
        changes: vec![change.clone()],
        complete: true,
    };
    desk.serve(50, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Network, _) => page(vec![Item([9; 16])]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(_, items) => documents(vec![
            (items[0], asked.document()),
            (items[0], other_year.document()),
            (Item([8; 16]), other_year.document()),
        ]),
        Request::Pull(_, wants) => {
            assert_eq!(wants.len(), 1, "only what was behind the item asked for");
            Response::Documents(vec![
                delivery(&other_year.bytes()),
                delivery(&elsewhere.bytes()),
                delivery(&at_home.bytes()),
                delivery(b"no genesis"),
                delivery(&asked.bytes()),
            ])
        }
        Request::Tell(_) | Request::Changed(..) => panic!("{request:?}"),
    });
    let refused = desk.status().refused;
    assert_eq!(refused.get("not_asked_for"), Some(&1), "{refused:?}");
    assert_eq!(refused.get("genesis_place"), Some(&2), "{refused:?}");
    assert_eq!(refused.get("genesis"), Some(&1), "{refused:?}");
    assert_eq!(refused.get("envelope_shape"), Some(&1), "{refused:?}");
    assert_eq!(desk.store.rows().unwrap(), before);
}

#[test]
fn answers_out_of_order_end_the_comparison() {
    let mut desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    desk.connect(20);
    let asked = desk.serve(50, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(..) => page(vec![Item([9; 16]), Item([8; 16])]),
        Request::Tell(_) | Request::Resolve(..) | Request::Pull(..) | Request::Changed(..) => {
            panic!("{request:?}")
        }
    });
    assert_eq!(asked, 2, "a hello and one question");
    assert_eq!(desk.refused("answer"), 1);
    desk.run_for(59_000, |request| panic!("{request:?}"));
}

#[test]
fn an_answer_of_another_kind_does_not_silence_the_node() {
    let mut desk = Desk::association(&[BERGEN]);
    desk.connect(20);
    desk.serve(50, |_| Response::Heard);
    assert_eq!(desk.refused("answer"), 1);
    let mut hellos = 0;
    desk.run_for(130_000, |request| {
        hellos += usize::from(matches!(request, Request::Hello(_)));
        Response::Heard
    });
    assert_eq!(hellos, 2);
}

#[test]
fn a_peer_that_lies_about_everything_costs_little() {
    let mut desk = Desk::association(&[BERGEN]);
    with_card(&mut desk);
    let network = desk.network();
    let mut number = 0u128;
    let mut liar = |request: Request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(..) => {
            number += 1 << 100;
            Response::Compared(Answer::Page(
                (0..PAGE as u128).map(|n| Item((number + n).to_be_bytes())).collect(),
                true,
            ))
        }
        Request::Resolve(_, items) => Response::Resolved(Resolved {
            documents: items.iter().map(|item| (*item, DocumentId([item.0[15]; 32]), org(20))).collect(),
            statements: vec![vec![0].into()],
            complete: false,
        }),
        Request::Pull(_, wants) => Response::Documents(
            wants
                .iter()
                .map(|_| Delivery { genesis: vec![].into(), changes: vec![], complete: false })
                .collect(),
        ),
        Request::Changed(..) | Request::Tell(_) => Response::Heard,
    };
    desk.connect(20);
    let before = desk.sent;
    desk.serve(20_000, &mut liar);
    assert!(desk.asked.is_empty(), "it comes to an end");
    assert!(desk.sent - before < 2_000, "{} questions", desk.sent - before);
    // Hello once a minute, and no more than as much again each time.
    let before = desk.sent;
    desk.run_for(120_000, &mut liar);
    assert!(desk.sent - before < 4_000, "{} questions", desk.sent - before);
}

#[test]
fn a_delivery_that_is_never_complete_is_given_up() {
    let mut desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    desk.connect(20);
    let genesis = Genesis::direct(Kind::OrgYear, org(BERGEN), network, Scope::Network, &About::Year(2025));
    let change = SignedChange { envelope: vec![1, 2, 3].into(), change: vec![4].into() };
    let mut pulls = 0;
    desk.serve(5_000, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Network, _) => page(vec![Item([9; 16])]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(_, items) => documents(vec![(items[0], genesis.document())]),
        Request::Pull(..) => {
            pulls += 1;
            Response::Documents(vec![Delivery {
                genesis: genesis.bytes().into(),
                changes: vec![change.clone()],
                complete: false,
            }])
        }
        Request::Tell(_) | Request::Changed(..) => panic!("{request:?}"),
    });
    assert_eq!(pulls, 1, "what leads nowhere is not asked for again");
}

#[test]
fn hints_from_one_that_never_answers_do_not_pile_up() {
    let mut desk = Desk::association(&[BERGEN]);
    desk.connect(20);
    for n in 0..10_000u32 {
        let mut document = [0; 32];
        document[..4].copy_from_slice(&n.to_be_bytes());
        let mut item = [0; 16];
        item[..4].copy_from_slice(&n.to_be_bytes());
        let hint = Request::Changed(Scope::Network, vec![(DocumentId(document), Item(item))]);
        assert_eq!(desk.request(20, &hint), Response::Heard);
    }
    let mut pulls = 0;
    desk.serve(5_000, |request| match request {
        Request::Pull(..) => {
            pulls += 1;
            Response::Documents(vec![])
        }
        Request::Hello(hello) => Response::Hello(hello),
        Request::Compare(..) | Request::Tell(_) | Request::Resolve(..) | Request::Changed(..) => {
            panic!("{request:?}")
        }
    });
    assert!((1..=100).contains(&pulls), "{pulls}");
}

#[test]
fn a_document_asked_for_many_times_over_is_opened_and_sent_once() {
    let mut desk = Desk::association(&[BERGEN]);
    let document = with_card(&mut desk);
    let wants = vec![Want { document, have: vec![] }; 512];
    let Response::Documents(deliveries) = desk.request(20, &Request::Pull(Scope::Network, wants)) else {
        unreachable!()
    };
    assert_eq!(deliveries.len(), 1);
}

#[test]
fn unknown_kinds_of_statement_are_kept_and_passed_on_and_fit_the_message() {
    let desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    let theirs: Vec<Known> = (0..200u64)
        .map(|n| {
            let body = vec![n as u8; 15 * 1024];
            let statement = Statement { network, ..shell(BERGEN, n + 2, 99, body) };
            known(&Verified::sign(statement, &key(BERGEN)))
        })
        .collect();
    // One comes from a peer and goes to another byte for byte; the others were there.
    desk.store.commit(&[theirs[1..].iter().map(put).collect()]).unwrap();
    let mut desk = desk.restart();
    desk.connect(20);
    let one = theirs[0].clone();
    desk.serve(50, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Roster, _) => page(vec![one.item()]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(scope, items) => {
            assert_eq!((scope, items), (Scope::Roster, vec![one.item()]));
            statements(vec![one.statement.bytes().to_vec()])
        }
        Request::Tell(_) | Request::Pull(..) | Request::Changed(..) => panic!("no such question"),
    });
    assert!(desk.store.statements().unwrap().contains(&(one.hash, one.statement.bytes().to_vec())));
    let answer = desk.request(20, &Request::Resolve(Scope::Roster, vec![one.item()]));
    assert_eq!(answer, statements(vec![one.statement.bytes().to_vec()]));

    let all = Request::Resolve(Scope::Roster, theirs.iter().map(Known::item).collect());
    let answer = desk.request(20, &all);
    assert!(answer.bytes().len() < MESSAGE_LIMIT / 4);
    let Response::Resolved(some) = answer else { unreachable!() };
    assert!(some.statements.len() > 50);
    assert!(!some.complete, "the rest is asked for again");
}

#[test]
fn a_statement_of_nobody_is_not_stored() {
    let mut desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    let before = desk.store.statements().unwrap();
    desk.connect(20);
    let nobody = known(&signed(60, 1, 99, &(1u8,)));
    let mut forged = membership(KS, 9, BAERUM, BAERUM).statement.bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    desk.serve(50, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Roster, _) => page(vec![nobody.item()]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(..) => {
            statements(vec![nobody.statement.bytes().to_vec(), forged.clone(), vec![1, 2, 3]])
        }
        Request::Tell(_) | Request::Pull(..) | Request::Changed(..) => panic!("no such question"),
    });
    assert_eq!(desk.store.statements().unwrap(), before);
    assert_eq!((desk.refused("statement_signature"), desk.refused("statement_shape")), (1, 1));
}

#[test]
fn an_end_takes_nothing_away_before_it_is_said_how_much_counts() {
    let mut desk = Desk::association(&[]);
    let network = desk.network();
    with_card(&mut desk);
    assert_eq!(desk.status().sets[&Scope::Network], 1);
    let vouched = desk.store.statements().unwrap().into_iter().find_map(|(hash, bytes)| {
        matches!(Known::read(&bytes).unwrap().fact, Fact::Membership(_)).then_some(hash)
    });
    let end = to_vec(&End::of(vouched.unwrap()));
    let end = Statement { network, ..shell(KS, 9, 4, end) };
    let end = known(&Verified::sign(end, &key(KS)));
    let bergens = [in_network(network, 3, BAERUM), grant(BAERUM, 1, 30, 1, BAERUM)];
    desk.store.commit(&[bergens.iter().map(put).collect()]).unwrap();
    let mut desk = desk.restart();
    desk.connect(30);
    desk.serve(50, |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Roster, _) => page(vec![end.item()]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(..) => statements(vec![end.statement.bytes().to_vec()]),
        Request::Tell(_) => Response::Heard,
        Request::Pull(..) | Request::Changed(..) => panic!("no such question"),
    });
    let status = desk.status();
    assert_eq!(
        status.members.iter().filter(|member| member.org == org(KS)).count(),
        0,
        "it is let in nowhere"
    );
    assert_eq!(status.sets.get(&Scope::Network), Some(&1), "{:?}", status.members);
    let nothing = Endings { org: org(KS), devices: Vec::new() };
    let mut chain = Chain { scope: Some(Scope::Network), ..Chain::default() };
    let cut = known(&chain.issue(&key(KS), network, StatementKind::Cut, &nothing.cuts(end.hash)[0]));
    desk.ok(Command::TakeIn(Ticket::Statements(vec![cut])));
    let status = desk.status();
    assert_eq!(status.sets.get(&Scope::Network), Some(&1), "the cut alone");
    assert_eq!(status.documents.values().sum::<usize>(), 0, "{:?}", status.documents);
    // The same after a start.
    let mut desk = desk.restart();
    assert_eq!(desk.status().sets.get(&Scope::Network).copied().unwrap_or_default(), 1);
}

#[test]
fn what_led_nowhere_is_asked_for_whole_when_it_is_still_there_later() {
    let mut desk = Desk::association(&[BERGEN]);
    let network = desk.network();
    let document = with_card(&mut desk);
    let card = Genesis::direct(Kind::Organisation, org(KS), network, Scope::Network, &About::Itself);
    assert_eq!(card.document(), document);
    desk.connect(20);
    let change = SignedChange { envelope: vec![1, 2, 3].into(), change: vec![4].into() };
    let mut had = Vec::new();
    let mut peer = |request| match request {
        Request::Hello(_) => other(network),
        Request::Compare(Scope::Network, _) => page(vec![Item([9; 16])]),
        Request::Compare(..) => page(vec![]),
        Request::Resolve(_, items) => documents(vec![(items[0], document)]),
        Request::Pull(_, wants) => {
            had.push(wants[0].have.len());
            let genesis = card.bytes().into();
            Response::Documents(vec![Delivery { genesis, changes: vec![change.clone()], complete: true }])
        }
        Request::Tell(_) | Request::Changed(..) => Response::Heard,
    };
    // Mostly the peer is behind, and a moment later it is not.
    desk.serve(50, &mut peer);
    desk.run_for(800, &mut peer);
    assert_eq!(had, [1, 0]);
}

#[test]
fn peers_that_stall_do_not_keep_the_others_from_being_compared_with() {
    let members: Vec<u8> = (2..14).collect();
    let mut desk = Desk::association(&members);
    let network = desk.network();
    members.iter().for_each(|of| desk.connect(10 * of));
    let (mut compared, mut open) = (BTreeSet::new(), VecDeque::new());
    for _ in 0..3 * members.len() {
        while let Some((from, question, _, bytes)) = desk.asked.pop_front() {
            match Request::read(&bytes).unwrap() {
                Request::Hello(_) => {
                    let bytes = other(network).bytes();
                    desk.handle(Input::Answered { from, question, bytes });
                }
                Request::Compare(..) => {
                    compared.insert(from);
                    open.push_back((from, question));
                }
                request @ (Request::Tell(_)
                | Request::Resolve(..)
                | Request::Pull(..)
                | Request::Changed(..)) => panic!("{request:?}"),
            }
        }
        assert!(open.len() <= 8, "what is held for comparisons is bounded");
        // Nobody ever answers, and everybody is there again a little later.
        let (from, question) = open.pop_front().unwrap();
        desk.handle(Input::Unanswered { from, question, not_offered: false });
        desk.now = Timestamp(desk.now.0 + 3_000);
        desk.handle(Input::Tick);
    }
    assert_eq!(compared.len(), members.len());
}

#[test]
fn two_that_stand_level_say_so_in_few_bytes_and_only_whoever_dialled_asks() {
    let mut desk = Desk::association(&[BERGEN]);
    with_card(&mut desk);
    desk.visited(20);
    desk.run_for(150, |request| panic!("{request:?}"));
    // The peer asks as one that stands where we do: that it does, is all of the answer.
    let mut said = None;
    desk.run_for(100, |request| match request {
        Request::Hello(hello) => {
            said = Some(hello);
            Response::Level(hello.notices)
        }
        // The head of what we wrote, which it has not said that it holds.
        Request::Tell(_) => Response::Heard,
        Request::Compare(..) | Request::Resolve(..) | Request::Pull(..) | Request::Changed(..) => {
            panic!("{request:?}")
        }
    });
    let hello = Request::Hello(said.expect("nobody spoke, so we do"));
    let Response::Level(_) = desk.request(20, &hello) else { panic!("it stands elsewhere") };
    assert!(hello.bytes().len() + desk.request(20, &hello).bytes().len() <= 150);
    assert!(desk.status().peers.iter().any(|peer| peer.level), "{:?}", desk.status().peers);
}
