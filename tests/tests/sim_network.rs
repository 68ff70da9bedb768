//! Whole networks in virtual time: what is written somewhere is, in the end, everywhere it may be.

use std::time::Duration;

use praksis_protocol::genesis::Kind;
use praksis_tests::sim::{Weather, World};
use serde_json::{Value, json};

/// A case that may be shared as it is, but for its contact.
fn case(title: &str) -> Value {
    json!({
        "schema_version": 1,
        "content_lang": "nb",
        "title": {"nb": title},
        "need": "Vi trenger å vite når pumpene svikter.",
        "sector": ["water_waste_energy"],
        "phase": "need",
    })
}

/// A small network: an association and two members, each with its contact.
fn network(world: &mut World) -> [praksis_tests::sim::NodeId; 3] {
    let ks = world.association("KS");
    let bergen = world.member(ks, "Bergen");
    let baerum = world.member(ks, "Bærum");
    world.run_until_level();
    [ks, bergen, baerum]
}

fn shareable(
    world: &mut World,
    node: praksis_tests::sim::NodeId,
    title: &str,
) -> praksis_protocol::id::DocumentId {
    let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
    let contact = world.draft(node, Kind::Contact, contact);
    let mut record = case(title);
    record["contact"] = contact.to_string().into();
    world.draft(node, Kind::Case, record)
}

#[test]
fn a_case_goes_from_one_member_to_all() {
    let mut world = World::new(1);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shareable(&mut world, bergen, "Varsling fra pumpestasjoner");
    world.run_for(Duration::from_secs(60));
    assert!(world.show(baerum, record).is_none(), "a draft stays at home");
    world.share(bergen, record);
    world.run_until_level();
    for node in [ks, bergen, baerum] {
        let view = world.shared_view(node, record);
        assert_eq!(view.record["title"]["nb"], "Varsling fra pumpestasjoner");
    }
}

#[test]
fn members_that_only_know_the_association_reach_each_other() {
    let mut world = World::new(2);
    let [ks, bergen, baerum] = network(&mut world);
    world.run_until("a connection", Duration::from_secs(60), |world| world.connected(bergen, baerum));
    world.crash(ks);
    let record = shareable(&mut world, bergen, "Uten forening i midten");
    world.share(bergen, record);
    world.run_until_level();
    assert!(world.show(baerum, record).is_some());
}

#[test]
fn loss_and_reordering_only_cost_time() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let [ks, bergen, baerum] = network(&mut world);
        let mut records = Vec::new();
        for number in 0..10 {
            let node = [bergen, baerum][number % 2];
            let record = shareable(&mut world, node, &format!("Sak {number}"));
            world.share(node, record);
            records.push(record);
        }
        world.run_until_level();
        for record in records {
            world.shared_view(ks, record);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let [_, bergen, _] = network(&mut world);
        let record = shareable(&mut world, bergen, "Sporet");
        world.share(bergen, record);
        world.run_until_level();
        world.trace()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
