//! Whole networks in virtual time: what is written somewhere is, in the end, everywhere it may be.

use std::time::Duration;

use praksis_protocol::{engine::Command, genesis::Kind, wire::message::Request};
use praksis_tests::sim::{
    Weather, World,
    cast::{case, network, shareable, shared},
};
use serde_json::json;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

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
    let record = shared(&mut world, bergen, "Uten forening i midten");
    assert!(world.show(baerum, record).is_some());
}

#[test]
fn loss_and_reordering_only_cost_time() {
    for seed in 0..8 {
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

/// Whoever waits for the event would wait for ever if a node came to stand level in silence.
#[test]
fn whoever_follows_what_a_node_announces_knows_with_whom_it_stands_level() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Før bruddet");
        world.part(&[bergen], &[ks, baerum]);
        for (node, text) in [(bergen, "her"), (baerum, "der")] {
            let record = shareable(&mut world, node, text);
            world.share(node, record);
        }
        world.heal();
        let end = world.now() + Duration::from_secs(10);
        while world.now() < end {
            world.edit(bergen, record, None, json!({"help_wanted": format!("{:?}", world.now())}));
            world.share(bergen, record);
            world.run_for(Duration::from_millis(300));
            for node in [ks, bergen, baerum] {
                // The world compares it with what was announced.
                world.status(node);
            }
        }
    }
}

#[test]
fn a_partition_of_weeks_heals() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let before = shared(&mut world, bergen, "Før bruddet");
        world.part(&[bergen], &[ks, baerum]);
        let mut records = Vec::new();
        for week in 0..3 {
            for node in [bergen, baerum] {
                let record = shareable(&mut world, node, &format!("Uke {week}"));
                world.share(node, record);
                records.push(record);
            }
            world.edit(bergen, before, None, json!({"help_wanted": format!("Uke {week}")}));
            world.share(bergen, before);
            world.run_for(WEEK);
        }
        assert!(world.show(ks, records[0]).is_none());
        world.heal();
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            for record in &records {
                world.shared_view(node, *record);
            }
            assert_eq!(world.shared_view(node, before).record["help_wanted"], "Uke 2");
        }
    }
}

#[test]
fn a_crash_between_commit_and_send_loses_nothing_acknowledged() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let [ks, bergen, baerum] = network(&mut world);
        let mut acknowledged = Vec::new();
        for round in 0..6u64 {
            // Several writes are under way when the node falls, each somewhere else.
            let requests: Vec<_> = (0..4)
                .map(|n| world.command(bergen, Command::Draft(Kind::Case, case(&format!("Sak {round} {n}")))))
                .collect();
            world.run_for(Duration::from_millis(3 + seed + 7 * round));
            for request in requests {
                if let Some(reply) = world.reply(bergen, request) {
                    acknowledged.push(reply.expect("a draft can be written"));
                }
            }
            world.crash(bergen);
            world.run_for(Duration::from_secs(5));
            world.start(bergen);
        }
        for reply in &acknowledged {
            let praksis_protocol::engine::Reply::Written { record, .. } = reply else { panic!("{reply:?}") };
            let title = world.draft_view(bergen, *record).record["title"]["nb"].clone();
            assert!(title.as_str().is_some_and(|title| title.starts_with("Sak ")), "seed {seed}");
        }
        assert!(!acknowledged.is_empty(), "seed {seed}: every crash came before the first answer");
        let record = shared(&mut world, bergen, "Etter alle fall");
        world.shared_view(ks, record);
        world.shared_view(baerum, record);
    }
}

#[test]
fn a_history_larger_than_one_answer_comes_in_pieces() {
    let mut world = World::new(6);
    let [ks, bergen, _] = network(&mut world);
    let record = shareable(&mut world, bergen, "En lang historie");
    world.part(&[bergen], &[ks]);
    for version in 0..28 {
        // 28 changes of 40 KB each, where an answer stops at a megabyte.
        let suppliers: Vec<_> = (0..200)
            .map(|n| json!({"name": format!("Utgave {version}, leverandør {n} {}", "x".repeat(150))}))
            .collect();
        world.edit(
            bergen,
            record,
            None,
            json!({"suppliers": suppliers, "phase": "contract", "procedure": "open", "cpv_main": "65100000"}),
        );
        world.share(bergen, record);
    }
    let trondheim = world.member(ks, "Trondheim");
    world.heal();
    world.run_until_level();
    for node in [ks, trondheim] {
        let suppliers = world.shared_view(node, record).record["suppliers"].clone();
        assert!(suppliers[0]["name"].as_str().is_some_and(|name| name.starts_with("Utgave 27")));
        assert_eq!(world.status(node).refused.get("leads_nowhere"), None);
    }
}

#[test]
fn a_document_that_arrives_before_its_owners_grant_waits() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        let [ks, _, baerum] = network(&mut world);
        let trondheim = world.organisation("Trondheim");
        let record = shareable(&mut world, trondheim, "Fra en fersk deltaker");
        // Without hellos nobody compares statements, while hints of documents still come through.
        world.weather.swallowed = Some(|bytes| matches!(Request::read(bytes), Ok(Request::Hello(_))));
        world.join(ks, trondheim);
        world.run_for(Duration::from_secs(5));
        world.share(trondheim, record);
        world.run_until("the document waits", Duration::from_secs(600), |world| world.waiting(baerum) > 0);
        assert!(world.show(baerum, record).is_none(), "seed {seed}: it does not count yet");
        world.weather.swallowed = None;
        world.run_until_level();
        world.shared_view(baerum, record);
        assert_eq!(world.waiting(baerum), 0, "seed {seed}: nothing waits for what has come");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let [_, bergen, _] = network(&mut world);
        shared(&mut world, bergen, "Sporet");
        world.trace()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
