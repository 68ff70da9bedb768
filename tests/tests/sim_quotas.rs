//! Whole networks in which somebody has more than the charter lets others take.

use std::{collections::BTreeSet, time::Duration};

use praksis_protocol::{
    admission::state::Row,
    engine::{
        Command, Event, Quota, Reply, Saying,
        why::{Here, Why},
    },
    genesis::Scope,
    id::{DocumentId, OrgId},
    membership::charter::Parameters,
    store::Read as _,
};
use praksis_tests::sim::{
    NodeId, Weather, World,
    cast::{network, shareable},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// The association says how much of each member others take.
fn allow(world: &mut World, ks: NodeId, documents: u64, bytes: u64) {
    let root = world.org(ks);
    let parameters = Parameters { quota_documents: documents, quota_bytes: bytes, ..Parameters::default() };
    let amend = Saying::Amend { roots: vec![root], quorum: 1, recovery: Vec::new(), parameters };
    world.ok(ks, Command::Say(amend));
}

/// Shares so many cases, each with a contact of its own.
fn shares(world: &mut World, node: NodeId, cases: usize) -> Vec<DocumentId> {
    let share = |world: &mut World, n| {
        let record = shareable(world, node, &format!("Sak {n}"));
        world.share(node, record);
        record
    };
    (0..cases).map(|n| share(world, n)).collect()
}

/// The documents of an owner in the network that people at a node see.
fn placed(world: &World, at: NodeId, owner: OrgId) -> BTreeSet<DocumentId> {
    let rows = world.store(at).rows().expect("reads").into_iter();
    let rows = rows.map(|(document, bytes)| (document, minicbor::decode::<Row>(&bytes).expect("a row")));
    let is_placed =
        |row: &Row| row.genesis.owner == owner && row.genesis.scope == Scope::Network && row.is_seen();
    rows.filter(|(_, row)| is_placed(row)).map(|(document, _)| document).collect()
}

/// Waits until every node says that it stands level with all others.
fn agree(world: &mut World, nodes: &[NodeId]) {
    world.run_until("everybody says so", HOUR, |world| {
        let is_level = |world: &mut World, node| {
            let peers = world.status(node).peers;
            peers.iter().filter(|peer| peer.connected).all(|peer| peer.level)
                && peers.iter().any(|peer| peer.connected)
        };
        nodes.iter().all(|node| is_level(world, *node))
    });
}

/// In an hour of peace nobody compares sets again, or says much at all.
fn is_quiet(world: &mut World, nodes: usize) {
    world.run_for(Duration::from_secs(120));
    let before = (world.messages, world.bytes);
    world.run_for(HOUR);
    let (messages, bytes) = (world.messages - before.0, world.bytes - before.1);
    let pairs = (nodes * (nodes - 1) / 2) as u64;
    assert!(
        messages <= 140 * pairs && bytes <= 40_000 * pairs,
        "{messages} messages, {bytes} bytes in an hour"
    );
}

fn whys(world: &mut World, at: NodeId, id: DocumentId) -> Vec<Why> {
    match world.call(at, Command::Why(id)) {
        Ok(Reply::Why(whys)) => whys,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_whoever_floods_all_others_take_the_same_and_nobody_elses_are_pushed_out() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [ks, bergen, baerum] = nodes;
        allow(&mut world, ks, 7, 1 << 30);
        world.run_until_level();
        if seed % 2 == 1 {
            world.weather = Weather::foul();
        }
        shares(&mut world, bergen, 6);
        let theirs = shares(&mut world, baerum, 2);
        shares(&mut world, bergen, 5);
        world.weather = Weather::fair();
        world.run_until("honest nodes agree", HOUR, |world| {
            world.connected(ks, bergen) && world.are_level(&[ks, baerum])
        });
        agree(&mut world, &nodes);

        let flooder = world.org(bergen);
        let all = placed(&world, bergen, flooder);
        assert_eq!(all.len(), 22, "seed {seed}: whoever writes keeps its own");
        let taken: BTreeSet<DocumentId> = all.iter().copied().take(7).collect();
        for node in [ks, baerum] {
            assert_eq!(placed(&world, node, flooder), taken, "seed {seed}: those with the smallest ids");
        }
        // Who has heard of the rest, from its writer or from somebody who heard sooner, counts it by name.
        assert!(world.status(ks).refused["quota"] >= 15, "seed {seed}");
        for node in [ks, bergen] {
            assert!(theirs.iter().all(|record| world.show(node, *record).is_some()), "seed {seed}");
        }
        is_quiet(&mut world, 3);

        let left_out = *all.difference(&taken).next().expect("there are 15");
        let [here] = &whys(&mut world, ks, left_out)[..] else { panic!("one document") };
        assert!(matches!(here.here, Here::LeftOut) && here.quota, "seed {seed}: {here:?}");
        assert_eq!(here.owner, flooder);
        let there = whys(&mut world, bergen, left_out);
        let there = there.iter().find(|why| why.document == left_out).expect("it is among them");
        assert!(there.quota, "seed {seed}: its writer can see that others do not take it");
        let first = *taken.first().expect("there are 7");
        let there = whys(&mut world, bergen, first);
        assert!(there.iter().any(|why| why.document == first && !why.quota), "seed {seed}");

        // A crash changes nothing: nothing of what is left out was kept.
        world.crash(baerum);
        world.start(baerum);
        agree(&mut world, &nodes);
        assert_eq!(placed(&world, baerum, flooder), taken, "seed {seed}");

        // With room for all, all of it comes.
        allow(&mut world, ks, 100, 1 << 30);
        world.run_until("all of it", HOUR, |world| world.is_level());
        assert_eq!(placed(&world, baerum, flooder), all, "seed {seed}");
        agree(&mut world, &nodes);
    }
}

#[test]
fn what_is_withdrawn_makes_room() {
    let mut world = World::new(9);
    let nodes = network(&mut world);
    let [ks, bergen, baerum] = nodes;
    allow(&mut world, ks, 5, 1 << 30);
    world.run_until_level();
    let records = shares(&mut world, bergen, 4);
    agree(&mut world, &nodes);
    let owner = world.org(bergen);
    assert_eq!(placed(&world, baerum, owner).len(), 5);
    for record in &records[..2] {
        world.ok(bergen, Command::Withdraw(*record, "Feil".into(), false));
    }
    let left = placed(&world, bergen, owner);
    assert!(left.len() > 5);
    let expected: BTreeSet<DocumentId> = left.into_iter().take(5).collect();
    world.run_until("the next ones", HOUR, |world| {
        [ks, baerum].iter().all(|node| placed(world, *node, owner) == expected)
    });
    agree(&mut world, &nodes);
    is_quiet(&mut world, 3);
}

#[test]
fn a_lower_quota_lets_go_of_what_is_over_it_and_keeps_ones_own() {
    let mut world = World::new(10);
    let nodes = network(&mut world);
    let [ks, bergen, baerum] = nodes;
    shares(&mut world, bergen, 4);
    world.run_until_level();
    let owner = world.org(bergen);
    let all = placed(&world, bergen, owner);
    allow(&mut world, ks, 3, 1 << 30);
    let expected: BTreeSet<DocumentId> = all.iter().copied().take(3).collect();
    world.run_until("the rest is let go of", HOUR, |world| {
        [ks, baerum].iter().all(|node| placed(world, *node, owner) == expected)
    });
    agree(&mut world, &nodes);
    assert_eq!(placed(&world, bergen, owner), all);
    let gone = all.last().expect("there are 8");
    let store = world.store(baerum);
    assert!(store.envelopes(*gone).unwrap().is_empty() && store.changes(*gone).unwrap().is_empty());
    assert!(store.genesis(*gone).unwrap().is_none() && store.row(*gone).unwrap().is_none());
    is_quiet(&mut world, 3);
}

#[test]
fn whoever_has_little_room_takes_less_and_stands_level_all_the_same() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [ks, bergen, baerum] = nodes;
        world.take_at_most(baerum, Quota { documents: 2, bytes: u64::MAX });
        let records = shares(&mut world, bergen, 3);
        shares(&mut world, ks, 3);
        agree(&mut world, &nodes);
        let owner = world.org(bergen);
        let all = placed(&world, ks, owner);
        assert_eq!(all.len(), 6, "seed {seed}: the others take all");
        let expected: BTreeSet<DocumentId> = all.iter().copied().take(2).collect();
        assert_eq!(placed(&world, baerum, owner), expected, "seed {seed}");
        // A change of what is left out is known of, and not fetched.
        let held = placed(&world, baerum, owner);
        for record in records {
            world.edit(bergen, record, None, json!({"help_wanted": "Nytt"}));
            world.share(bergen, record);
        }
        agree(&mut world, &nodes);
        assert_eq!(placed(&world, baerum, owner), held, "seed {seed}");
        is_quiet(&mut world, 3);
        world.take_at_most(baerum, Quota::CHARTER);
        world.run_until("all of it", HOUR, |world| world.is_level());
    }
}

#[test]
fn with_too_many_bytes_nothing_more_is_taken_until_there_is_room() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [ks, bergen, baerum] = nodes;
        allow(&mut world, ks, 1000, 6000);
        world.run_until_level();
        let records = shares(&mut world, bergen, 8);
        shares(&mut world, baerum, 1);
        agree(&mut world, &nodes);
        let owner = world.org(bergen);
        let all = placed(&world, bergen, owner).len();
        let taken = placed(&world, baerum, owner);
        assert!((1..all).contains(&taken.len()), "seed {seed}: {} of {all}", taken.len());
        // What it writes in those that are there is left out too.
        for record in &records {
            world.edit(bergen, *record, None, json!({"help_wanted": "Nytt"}));
            world.share(bergen, *record);
        }
        agree(&mut world, &nodes);
        for node in [ks, baerum] {
            let shown: Vec<_> = records.iter().filter_map(|record| world.show(node, *record)).collect();
            assert!(shown.iter().all(|view| {
                view.shared.as_ref().is_none_or(|shared| shared.record["help_wanted"].is_null())
            }));
        }
        is_quiet(&mut world, 3);
        allow(&mut world, ks, 1000, 1 << 30);
        world.run_until("all of it", HOUR, |world| world.is_level());
        for node in [ks, baerum] {
            for record in &records {
                assert_eq!(world.shared_view(node, *record).record["help_wanted"], "Nytt", "seed {seed}");
            }
        }
    }
}

/// The documents of an owner that people at a node see in named audiences.
fn placed_in_audiences(world: &World, at: NodeId, owner: OrgId) -> usize {
    let rows = world.store(at).rows().expect("reads").into_iter();
    let rows = rows.map(|(_, bytes)| minicbor::decode::<Row>(&bytes).expect("a row"));
    let is_placed = |row: &Row| {
        row.genesis.owner == owner && matches!(row.genesis.scope, Scope::Named(_)) && row.is_seen()
    };
    rows.filter(is_placed).count()
}

#[test]
fn who_opens_many_audiences_has_one_quota_in_all_of_them_together() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [ks, bergen, baerum] = nodes;
        allow(&mut world, ks, 5, 1 << 30);
        world.run_until_level();
        // With Bærum alone, with KS alone, with both: two cases each, with contacts of their own.
        for readers in [&[baerum][..], &[ks], &[ks, baerum]] {
            for n in 0..2 {
                let record = shareable(&mut world, bergen, &format!("Sak {n}"));
                world.share_with(bergen, record, readers);
            }
        }
        agree(&mut world, &nodes);
        let owner = world.org(bergen);
        assert_eq!(placed_in_audiences(&world, bergen, owner), 12, "seed {seed}: its own it keeps");
        for reader in [ks, baerum] {
            assert_eq!(
                placed_in_audiences(&world, reader, owner),
                5,
                "seed {seed}: of eight that it may read"
            );
        }
        is_quiet(&mut world, 3);
        allow(&mut world, ks, 100, 1 << 30);
        world.run_until("all of it", HOUR, |world| {
            [ks, baerum].iter().all(|reader| placed_in_audiences(world, *reader, owner) == 8)
        });
        agree(&mut world, &nodes);
    }
}

#[test]
fn a_quota_that_was_lowered_by_mistake_says_what_it_cost_and_raised_again_brings_it_back() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [_, bergen, baerum] = nodes;
        let records = shares(&mut world, bergen, 3);
        world.run_until_level();
        let owner = world.org(bergen);
        let all = placed(&world, baerum, owner);
        assert_eq!(all.len(), 6, "seed {seed}");
        world.events(baerum);
        world.take_at_most(baerum, Quota { documents: 2, bytes: u64::MAX });
        world.run_until("let go of", HOUR, |world| placed(world, baerum, owner).len() == 2);
        let said = |event: &Event| matches!(event, Event::LetGo(whose, 4) if *whose == owner);
        assert_eq!(world.events(baerum).iter().filter(|event| said(event)).count(), 1, "seed {seed}");
        assert_eq!(world.status(baerum).refused["quota_let_go"], 4, "seed {seed}");
        agree(&mut world, &nodes);
        world.take_at_most(baerum, Quota::CHARTER);
        world.run_until("all of it again", HOUR, |world| placed(world, baerum, owner) == all);
        agree(&mut world, &nodes);
        for record in records {
            let shown = world.show(baerum, record).and_then(|view| view.shared);
            assert!(shown.is_some_and(|view| !view.record["title"].is_null()), "seed {seed}");
        }
    }
}
