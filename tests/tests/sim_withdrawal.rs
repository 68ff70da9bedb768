//! Withdrawal: hidden at once wherever it is heard, the bytes gone in time, and not undone by anything late.

use std::time::Duration;

use praksis_protocol::{
    engine::{
        Command, CommandError, Event, Reply,
        why::{Here, Stands},
    },
    genesis::Scope,
    id::DocumentId,
    membership::statement::{Fact, Known},
    store::Read as _,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shared},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

fn withdraw(world: &mut World, node: NodeId, record: DocumentId, now: bool) {
    world.ok(node, Command::Withdraw(record, "Feil tall".into(), now));
}

fn is_hidden(world: &mut World, node: NodeId, record: DocumentId) -> bool {
    world.show(node, record).is_none()
}

/// Whether a node holds any of the words.
fn holds_words(world: &World, node: NodeId, documents: &[DocumentId]) -> bool {
    let store = world.backup(node);
    documents.iter().any(|document| {
        !store.changes(*document).expect("reads").is_empty()
            || store.view(*document).expect("reads").is_some()
    })
}

fn documents(world: &mut World, node: NodeId, record: DocumentId) -> Vec<DocumentId> {
    let reference = world.show(node, record).expect("it is there").reference;
    reference.draft.into_iter().chain(reference.shares.into_values()).collect()
}

#[test]
fn a_withdrawn_record_is_hidden_at_once_and_its_bytes_go_after_a_day() {
    let mut world = World::new(1);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, bergen, "Trekkes");
    let documents = documents(&mut world, bergen, record);
    assert_eq!(documents.len(), 2, "a draft and what is shared of it");
    withdraw(&mut world, bergen, record, false);
    assert!(is_hidden(&mut world, bergen, record), "before anybody else has heard of it");
    world.run_until("hidden everywhere", HOUR, |world| {
        [ks, baerum].iter().all(|node| is_hidden(world, *node, record))
    });
    world.run_until_level();
    for node in [ks, bergen, baerum] {
        let gone = world
            .events(node)
            .into_iter()
            .any(|event| matches!(event, Event::RecordGone(id, _) if id == record));
        assert!(gone, "the index hears of it");
        assert!(holds_words(&world, node, &documents), "they are kept for a day");
    }
    let edit = praksis_protocol::engine::Edit::Merge(json!({"need": "Igjen"}));
    assert_eq!(
        world.call(bergen, Command::Edit(record, None, edit)).expect_err("gone"),
        CommandError::NotFound
    );
    world.run_for(DAY + HOUR);
    for node in [ks, bergen, baerum] {
        assert!(!holds_words(&world, node, &documents));
    }
    assert!(world.is_level());
}

#[test]
fn the_roots_word_lets_the_bytes_go_without_delay() {
    let mut world = World::new(2);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, bergen, "Nå");
    let documents = documents(&mut world, bergen, record);
    withdraw(&mut world, bergen, record, true);
    world.run_until("no words anywhere", HOUR, |world| {
        [ks, bergen, baerum].iter().all(|node| !holds_words(world, *node, &documents))
    });
    world.run_until_level();
}

#[test]
fn nobody_withdraws_what_is_anothers() {
    let mut world = World::new(3);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, bergen, "Bergens");
    let refused = world.call(baerum, Command::Withdraw(record, "Nei".into(), false));
    assert_eq!(refused.expect_err("not theirs"), CommandError::NotOwner);
    let unknown = world.call(baerum, Command::Withdraw(DocumentId([9; 32]), String::new(), false));
    assert_eq!(unknown.expect_err("nothing"), CommandError::NotFound);
    assert!(!is_hidden(&mut world, ks, record));
}

/// The newest receipt that a node holds of another, for the withdrawals of an owner: hidden and erased up to.
fn receipt(world: &World, at: NodeId, of: NodeId, owner: NodeId) -> Option<(u64, u64)> {
    let device = world.device(of);
    let owner = world.org(owner);
    let known = world.backup(at).statements().expect("reads").into_iter();
    let known = known.map(|(_, bytes)| Known::read(&bytes).expect("it was stored"));
    known
        .filter(|known| known.statement.issuer.0 == device.0)
        .filter_map(|known| match known.fact {
            Fact::Receipt(receipt) if receipt.owner == owner => receipt.marks.first().copied(),
            _ => None,
        })
        .map(|mark| (mark.hidden, mark.purged))
        .max()
}

#[test]
fn the_owner_learns_who_has_hidden_and_who_has_erased_it() {
    let mut world = World::new(4);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, bergen, "Kvittert");
    // Bærum and Bergen meet only at KS.
    world.part(&[bergen], &[baerum]);
    withdraw(&mut world, bergen, record, false);
    world.run_until("both have hidden it", HOUR, |world| {
        [ks, baerum]
            .iter()
            .all(|node| receipt(world, bergen, *node, bergen).is_some_and(|(hidden, _)| hidden > 0))
    });
    for node in [ks, baerum] {
        assert_eq!(receipt(&world, bergen, node, bergen).map(|(_, purged)| purged), Some(0));
    }
    let stands = |world: &mut World| {
        // What is on the disk is told to the engine a little later.
        world.run_for(Duration::from_secs(1));
        let Reply::Why(whys) = world.ok(bergen, Command::Why(record)) else { world.fail("no why") };
        let shared = whys.into_iter().find(|why| why.scope == Scope::Network).expect("it was shared");
        assert!(matches!(shared.here, Here::Withdrawn { .. }));
        shared.there.into_iter().map(|there| there.stands).collect::<Vec<_>>()
    };
    assert_eq!(stands(&mut world), [Stands::Hidden { purged: false }; 2]);
    world.run_until("both have erased it", DAY + DAY, |world| {
        [ks, baerum]
            .iter()
            .all(|node| receipt(world, bergen, *node, bergen).is_some_and(|(_, purged)| purged > 0))
    });
    assert_eq!(stands(&mut world), [Stands::Hidden { purged: true }; 2]);
}

#[test]
fn a_backup_and_a_node_away_for_a_month_bring_nothing_back() {
    for seed in 0..2 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let trondheim = world.member(ks, "Trondheim");
        let record = shared(&mut world, bergen, "Kommer ikke igjen");
        let documents = documents(&mut world, bergen, record);
        let backup = world.backup(baerum);
        world.crash(trondheim);
        withdraw(&mut world, bergen, record, false);
        world.run_until_level();
        world.run_for(DAY + HOUR);
        // Nobody is there for the rest of the month.
        [ks, bergen, baerum].iter().for_each(|node| world.crash(*node));
        world.run_for(MONTH);
        [ks, bergen].iter().for_each(|node| world.start(*node));
        world.restore(baerum, backup);
        world.start(trondheim);
        world.run_until_level();
        world.run_until("hidden", HOUR, |world| {
            [ks, bergen, baerum, trondheim].iter().all(|node| is_hidden(world, *node, record))
        });
        for node in [ks, bergen] {
            assert!(!holds_words(&world, node, &documents), "seed {seed}: erased, and not given back");
        }
        world.run_for(DAY + HOUR);
        for node in [ks, bergen, baerum, trondheim] {
            assert!(!holds_words(&world, node, &documents), "seed {seed}");
        }
        assert!(world.is_level(), "seed {seed}");
    }
}

#[test]
fn whoever_comes_after_it_was_withdrawn_learns_of_it_without_its_words() {
    let mut world = World::new(9);
    let [ks, bergen, _] = network(&mut world);
    let record = shared(&mut world, bergen, "Før din tid");
    let documents = documents(&mut world, bergen, record);
    withdraw(&mut world, bergen, record, false);
    world.run_until_level();
    let trondheim = world.member(ks, "Trondheim");
    world.run_until_level();
    assert!(is_hidden(&mut world, trondheim, record));
    assert!(!holds_words(&world, trondheim, &documents));
}

#[test]
fn a_fall_at_any_moment_of_a_withdrawal_heals() {
    for seed in 0..12 {
        let mut world = World::new(seed);
        let [_, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Fall");
        let documents = documents(&mut world, bergen, record);
        world.command(bergen, Command::Withdraw(record, "Fall".into(), true));
        world.run_for(Duration::from_millis(3 * seed));
        world.crash(bergen);
        world.start(bergen);
        if !is_hidden(&mut world, bergen, record) {
            withdraw(&mut world, bergen, record, true);
        }
        world.run_until("gone", HOUR, |world| {
            [bergen, baerum].iter().all(|node| !holds_words(world, *node, &documents))
        });
        world.run_until_level();
    }
}
