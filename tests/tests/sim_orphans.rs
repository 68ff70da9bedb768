//! Orphans: what honest offices wrote on a thief's changes is written again without these, once.

use std::time::Duration;

use praksis_protocol::{
    engine::{Command, Reply, Saying},
    id::DocumentId,
    membership::ticket::Ticket,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shareable, shared},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// A municipality with three offices, one of which is stolen while the town hall, which keeps the root,
/// is cut off; the school has no way of knowing and writes on.
struct Theft {
    town_hall: NodeId,
    school: NodeId,
    others: Vec<NodeId>,
    record: DocumentId,
    ticket: Ticket,
}

fn theft(world: &mut World) -> Theft {
    let [ks, town_hall, baerum] = network(world);
    let school = world.office(town_hall, "Bergen skole");
    let harbour = world.office(town_hall, "Bergen havn");
    world.run_until_level();
    let record = shareable(world, town_hall, "Pumper som melder fra");
    world.share(town_hall, record);
    world.run_until_level();
    world.part(&[town_hall], &[ks, school, harbour, baerum]);
    world.edit(
        harbour,
        record,
        None,
        json!({"need": "Vi trenger å vite når pumpene svikter. Tull og tøys.", "help_wanted": "Penger"}),
    );
    world.share(harbour, record);
    world.run_until("the school reads it", HOUR, |world| {
        world.draft_view(school, record).record["help_wanted"] == "Penger"
            && world.shared_view(school, record).record["help_wanted"] == "Penger"
    });
    world.edit(
        school,
        record,
        None,
        json!({"need": "Vi trenger å vite tidlig når pumpene svikter. Tull og tøys. Hver natt.", "phase": "organise"}),
    );
    world.share(school, record);
    world.run_for(HOUR);
    let thief = world.device(harbour);
    let end = Saying::EndDevice { device: thief, lost_s: None, why: None };
    let ticket = world.say(town_hall, end);
    world.crash(harbour);
    Theft { town_hall, school, others: vec![ks, baerum], record, ticket }
}

/// How the record reads once the theft is over.
fn expect_honest_words(world: &mut World, theft: &Theft) {
    let Theft { town_hall, school, others, record, .. } = theft;
    world.run_until("the honest words are there", HOUR, |world| {
        [*town_hall, *school]
            .iter()
            .all(|node| world.draft_view(*node, *record).record["phase"] == "organise")
    });
    world.run_until_level();
    world.run_for(HOUR);
    for node in [*town_hall, *school] {
        let draft = world.draft_view(node, *record).record;
        assert_eq!(draft["need"], "Vi trenger å vite tidlig når pumpene svikter. Hver natt.");
        assert_eq!(draft["help_wanted"], json!(null));
    }
    for node in others.iter().chain([town_hall, school]) {
        let shared = world.shared_view(*node, *record).record;
        assert_eq!(shared["need"], "Vi trenger å vite tidlig når pumpene svikter. Hver natt.");
        assert_eq!((&shared["phase"], &shared["help_wanted"]), (&json!("organise"), &json!(null)));
    }
}

fn changes(world: &mut World, node: NodeId, record: DocumentId) -> usize {
    let history = world.ok(node, Command::History(record, praksis_protocol::document::Form::Draft));
    let Reply::History(entries) = history else { world.fail("no history") };
    entries.len()
}

#[test]
fn what_was_written_on_a_thiefs_words_is_written_again_without_them() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let theft = theft(&mut world);
        world.heal();
        expect_honest_words(&mut world, &theft);
    }
}

#[test]
fn it_comes_out_the_same_when_the_end_is_heard_before_the_words() {
    let mut world = World::new(3);
    let theft = theft(&mut world);
    // Bærum hears the End by file while it still lacks nothing; the school last of all.
    for node in &theft.others {
        world.ok(*node, Command::TakeIn(theft.ticket.clone()));
    }
    world.run_for(HOUR);
    world.heal();
    expect_honest_words(&mut world, &theft);
}

#[test]
fn it_is_written_again_once_and_not_at_every_start() {
    let mut world = World::new(4);
    let theft = theft(&mut world);
    world.heal();
    expect_honest_words(&mut world, &theft);
    let before = changes(&mut world, theft.school, theft.record);
    for node in [theft.school, theft.town_hall] {
        world.crash(node);
        world.start(node);
    }
    world.run_for(HOUR);
    // What is decided anew counts everything again.
    let harbour = world.office(theft.town_hall, "Bergen havn på nytt");
    world.run_until_level();
    world.run_for(HOUR);
    assert_eq!(changes(&mut world, theft.school, theft.record), before);
    world.crash(harbour);
    expect_honest_words(&mut world, &theft);
}

#[test]
fn a_fall_between_the_cut_and_the_words_loses_none() {
    for seed in 5..10 {
        let mut world = World::new(seed);
        let theft = theft(&mut world);
        world.heal();
        world.run_until("the school has left the thief's words out", HOUR, |world| {
            world.draft_view(theft.school, theft.record).record["help_wanted"] == json!(null)
        });
        world.crash(theft.school);
        world.start(theft.school);
        expect_honest_words(&mut world, &theft);
    }
}

#[test]
fn why_tells_of_orphans_and_of_what_lies_past_a_cut() {
    let mut world = World::new(11);
    let theft = theft(&mut world);
    world.heal();
    expect_honest_words(&mut world, &theft);
    let Reply::Why(whys) = world.ok(theft.school, Command::Why(theft.record)) else { world.fail("no why") };
    for why in &whys {
        let reasons: Vec<_> = why.aside.keys().copied().collect();
        assert_eq!(reasons, ["orphan", "past_cut"], "{:?}", why.scope);
    }
    assert_eq!(whys.len(), 2, "the draft and what is shared");
    // Bærum held the thief's words before it heard; what it was offered again it refused or never took.
    let Reply::Why(whys) = world.ok(theft.others[1], Command::Why(theft.record)) else {
        world.fail("no why")
    };
    assert!(whys[0].aside.contains_key("past_cut") || whys[0].refused.contains_key("past_cut"));
}

#[test]
fn why_tells_until_when_everything_of_another_is_known() {
    let mut world = World::new(12);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, bergen, "Pumper");
    let device = world.device(bergen);
    let known = |world: &mut World| {
        let Reply::Why(whys) = world.ok(baerum, Command::Why(record)) else { world.fail("no why") };
        whys[0].there.iter().find(|there| there.device == device).and_then(|there| there.known_s)
    };
    let before = world.now().seconds();
    world.run_for(2 * HOUR);
    world.edit(bergen, record, None, json!({"help_wanted": "Nytt"}));
    world.share(bergen, record);
    world.run_for(2 * HOUR);
    let first = known(&mut world);
    assert!(first.is_some_and(|at| at >= before), "{first:?}");
    // What Bærum cannot hear of, it does not claim to know.
    world.part(&[baerum], &[ks, bergen]);
    world.edit(bergen, record, None, json!({"help_wanted": "Nyere"}));
    world.share(bergen, record);
    world.run_for(2 * HOUR);
    assert_eq!(known(&mut world), first);
    world.heal();
    world.run_for(2 * HOUR);
    assert!(known(&mut world) > first);
}
