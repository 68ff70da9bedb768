//! Whole networks whose nodes fall back, fall silent or hear what they do not understand.

use std::time::Duration;

use praksis_protocol::{
    genesis::Kind,
    id::{NetworkId, OrgId, StatementHash},
    membership::statement::Statement,
    signed::Verified,
    store::{Put, Read as _, Store as _},
};
use praksis_tests::sim::{
    NodeId, Weather, World,
    cast::{case, network, shareable, shared},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

#[test]
fn nodes_that_are_level_hardly_speak() {
    let mut world = World::new(1);
    let ks = world.association("KS");
    let bergen = world.member(ks, "Bergen");
    shared(&mut world, bergen, "Stille");
    world.run_for(Duration::from_secs(120));
    let before = world.messages;
    world.run_for(HOUR);
    let spoken = world.messages - before;
    // Two a minute, and at most once an hour from each a word of where it stands.
    assert!((60..=124).contains(&spoken), "{spoken} messages in an hour");
}

#[test]
fn a_change_costs_three_nodes_a_few_messages() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        world.run_until("a connection", HOUR, |world| world.connected(bergen, baerum));
        let record = shared(&mut world, bergen, "Sladder");
        world.run_for(Duration::from_secs(90));
        let mut all = Vec::new();
        for n in 0..5 {
            world.edit(bergen, record, None, json!({"help_wanted": format!("Ny {n}")}));
            let before = world.messages;
            world.share(bergen, record);
            world.run_for(Duration::from_secs(20));
            assert!(world.is_level(), "seed {seed}");
            all.push(world.messages - before);
        }
        for node in [ks, baerum] {
            assert_eq!(world.shared_view(node, record).record["help_wanted"], "Ny 4");
        }
        assert!(all.iter().all(|messages| *messages <= 40), "seed {seed}: {all:?}");
    }
}

#[test]
fn last_weeks_backup_keeps_everything_and_writes_on() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Før kopien");
        let backup = world.backup(bergen);
        world.edit(bergen, record, None, json!({"help_wanted": "Etter kopien"}));
        world.share(bergen, record);
        let lost = world.draft(bergen, Kind::Case, case("Bare et utkast"));
        let second = shared(&mut world, bergen, "Delt etter kopien");
        world.run_for(WEEK);
        world.restore(bergen, backup);
        // It writes before it has met anybody, and after.
        world.edit(bergen, record, None, json!({"result": "Skrevet etter tapet"}));
        world.share(bergen, record);
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            let view = world.shared_view(node, record);
            assert_eq!(view.record["result"], "Skrevet etter tapet", "seed {seed}");
            world.shared_view(node, second);
            let refused = world.status(node).refused;
            assert!(!refused.contains_key("envelope_twin"), "seed {seed}: a new start is a new session");
        }
        assert!(world.show(bergen, lost).is_none(), "a draft that no other office had is gone");
        let third = shared(&mut world, bergen, "Og videre");
        world.shared_view(baerum, third);
    }
}

#[test]
fn an_associations_backup_takes_nobodys_membership_away() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let ks = world.association("KS");
        let bergen = world.member(ks, "Bergen");
        world.run_until_level();
        let backup = world.backup(ks);
        let baerum = world.member(ks, "Bærum");
        world.run_until_level();
        world.restore(ks, backup);
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            let status = world.status(node);
            assert_eq!(status.members.len(), 3, "seed {seed}");
            assert!(status.alarms.is_empty(), "seed {seed}");
        }
        let trondheim = world.member(ks, "Trondheim");
        world.run_until_level();
        assert_eq!(world.status(trondheim).members.len(), 4, "seed {seed}");
    }
}

#[test]
fn a_node_that_falls_as_soon_as_it_has_joined_finds_back() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let ks = world.association("KS");
        let bergen = world.member(ks, "Bergen");
        world.crash(bergen);
        world.start(bergen);
        world.run_until_level();
        let record = shared(&mut world, bergen, "Tilbake");
        world.shared_view(ks, record);
    }
}

#[test]
fn a_statement_of_an_unknown_kind_goes_through_a_third_node_byte_for_byte() {
    let mut world = World::new(4);
    let [ks, bergen, baerum] = network(&mut world);
    world.part(&[bergen], &[baerum]);
    let statement = from_a_later_version(&world, bergen);
    let hash = StatementHash(statement.hash());
    let backup = world.backup(bergen);
    backup.commit(&[vec![Put::Statement(hash, statement.bytes().to_vec())]]).expect("memory does not fail");
    world.restore(bergen, backup);
    world.run_until_level();
    for node in [ks, baerum] {
        let held = world.backup(node).statements().expect("reads");
        assert!(held.contains(&(hash, statement.bytes().to_vec())));
        let refused = world.status(node).refused;
        assert!(!refused.keys().any(|name| name.starts_with("statement")), "{refused:?}");
    }
}

fn from_a_later_version(world: &World, of: NodeId) -> Verified<Statement> {
    let key = &world.keys(of).device;
    let issuer = OrgId(key.verifying_key().to_bytes());
    let own = world.backup(of).statements().expect("reads").into_iter().filter_map(|(hash, bytes)| {
        let statement = Verified::<Statement>::trusted(&bytes).expect("it was stored");
        (statement.issuer == issuer).then_some((statement.number, hash))
    });
    let last = own.max();
    let statement = Statement {
        version: 1,
        kind: 4242,
        network: NetworkId::NONE,
        issuer,
        number: last.map_or(1, |(number, _)| number + 1),
        previous: last.map(|(_, hash)| hash),
        body: b"what this means is not known yet".to_vec().into(),
        scope: None,
        standing: None,
    };
    Verified::sign(statement, key)
}

#[test]
fn twenty_seeds_leave_the_same_trace_twice() {
    let run = |seed| {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let ks = world.association("KS");
        let bergen = world.member(ks, "Bergen");
        let record = shareable(&mut world, bergen, "Sporet");
        world.share(bergen, record);
        world.crash(bergen);
        world.start(bergen);
        world.edit(bergen, record, None, json!({"help_wanted": "Igjen"}));
        world.run_until_level();
        (world.trace(), world.messages, world.bytes)
    };
    let traces: Vec<_> = (0..20).map(run).collect();
    assert_eq!(traces, (0..20).map(run).collect::<Vec<_>>());
    let distinct: std::collections::BTreeSet<_> = traces.iter().collect();
    assert_eq!(distinct.len(), 20);
}

/// A virtual machine that was cloned, both running: one device in two places, that says two things at once.
#[test]
fn honest_nodes_agree_whatever_a_cloned_machine_says_and_shut_nobody_out() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Før kloningen");
        let clone = world.clone_machine(bergen);
        // Each reaches one of the others.
        world.part(&[bergen], &[baerum]);
        world.part(&[clone], &[ks]);
        for (node, words) in [(bergen, "Fra den ene"), (clone, "Fra den andre")] {
            world.edit(node, record, None, json!({"help_wanted": words}));
            world.share(node, record);
        }
        let before = world.messages;
        world.run_for(HOUR);
        let said = world.messages - before;
        assert!(said < 5_000, "seed {seed}: {said} messages in an hour, each gainsaying the other");
        world.heal();
        world.run_until("honest nodes agree", WEEK, |world| world.are_level(&[ks, baerum]));
        let view = world.shared_view(ks, record).record;
        assert_eq!(view, world.shared_view(baerum, record).record, "seed {seed}");
        assert_eq!(view["title"]["nb"], "Før kloningen", "seed {seed}");
        // Nobody is shut out for it.
        world.crash(clone);
        world.run_until("the one that is left goes on", HOUR, |world| world.is_level());
        world.edit(bergen, record, None, json!({"result": "Videre"}));
        world.share(bergen, record);
        world.run_until("and is heard", HOUR, |world| {
            world.shared_view(baerum, record).record["result"] == "Videre"
        });
    }
}
