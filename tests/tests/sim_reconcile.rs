//! Two nodes that hold much and differ in little: what it takes follows the difference.

use std::time::Duration;

use praksis_protocol::{
    engine::{Command, CommandError, Reply},
    genesis::Kind,
    id::DocumentId,
    reconcile::Tally,
    wire::message::Request,
};
use praksis_tests::sim::{NodeId, Weather, World};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(3600);

/// An office with many drafts, and a second office that holds the same.
fn offices(world: &mut World, count: usize) -> ([NodeId; 2], Vec<DocumentId>) {
    let main = world.organisation("Bergen");
    let requests: Vec<_> = (0..count)
        .map(|number| {
            let record = json!({"schema_version": 1, "role": format!("Innkjøp {number}")});
            world.command(main, Command::Draft(Kind::Contact, record))
        })
        .collect();
    let mut records = Vec::new();
    for request in requests {
        let mut reply = None;
        world.run_until("a draft", PATIENCE, |world| {
            reply = world.reply(main, request);
            reply.is_some()
        });
        records.push(written(reply.expect("the loop above ends with one")));
    }
    let office = world.office(main, "Bergen nord");
    world.run_until_level();
    world.run_for(Duration::from_secs(120));
    ([main, office], records)
}

fn written(reply: Result<Reply, CommandError>) -> DocumentId {
    match reply {
        Ok(Reply::Written { record, .. }) => record,
        other => panic!("not written: {other:?}"),
    }
}

/// Lets one node write while the other is away.
fn edit_apart(world: &mut World, node: NodeId, other: NodeId, records: &[DocumentId]) {
    world.part(&[node], &[other]);
    for record in records {
        world.edit(node, *record, None, json!({"role": "Innkjøpssjef"}));
    }
}

fn compared(world: &mut World, node: NodeId) -> Tally {
    world.status(node).compared
}

#[test]
fn of_two_thousand_documents_those_that_changed_are_found_by_the_sketch() {
    let mut world = World::new(1);
    let ([main, office], records) = offices(&mut world, 2_000);
    let before = [main, office].map(|node| compared(&mut world, node));
    assert!(before[1].lists > 0, "the first contact is a list: {:?}", before[1]);
    let changed: Vec<DocumentId> = records.iter().step_by(50).copied().collect();
    edit_apart(&mut world, main, office, &changed);
    let bytes = world.bytes;
    world.heal();
    world.run_until_level();
    world.run_for(Duration::from_secs(120));
    for (node, before) in [main, office].into_iter().zip(before) {
        let after = compared(&mut world, node);
        assert_eq!((after.lists, after.stalls), (before.lists, 0), "{node:?}: {after:?}");
    }
    // Whoever dialled compares, and tells the other what it lacks.
    let after = [main, office].map(|node| compared(&mut world, node));
    let of_both = |figure: fn(&Tally) -> u64| {
        after.iter().map(figure).sum::<u64>() - before.iter().map(figure).sum::<u64>()
    };
    // An old and a new item for each.
    let (differences, symbols) = (2 * changed.len() as u64, of_both(|tally| tally.symbols));
    assert_eq!(of_both(|tally| tally.items), changed.len() as u64);
    assert!(
        (differences..3 * differences).contains(&symbols),
        "{symbols} symbols for {differences} differences"
    );
    let bytes = world.bytes - bytes;
    assert!(bytes < 64_000, "{bytes} bytes, of which the list would be 64,000 alone");
}

#[test]
fn loss_and_reordering_only_cost_a_comparison_time() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let ([main, office], records) = offices(&mut world, 200);
        edit_apart(&mut world, main, office, &records[..6]);
        for record in &records[100..104] {
            world.edit(office, *record, None, json!({"mailbox": "nord@example.no"}));
        }
        world.weather = Weather::foul();
        let before = [main, office].map(|node| compared(&mut world, node));
        world.heal();
        world.run_until_level();
        let after = [main, office].map(|node| compared(&mut world, node));
        let symbols = |both: [Tally; 2]| both.iter().map(|tally| tally.symbols).sum::<u64>();
        assert!(symbols(after) > symbols(before), "seed {seed}: {after:?}");
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((after.lists, after.stalls), (before.lists, 0), "seed {seed}: {after:?}");
        }
    }
}

#[test]
fn a_set_that_changes_while_it_is_compared_converges() {
    let mut world = World::new(4);
    let ([main, office], records) = offices(&mut world, 600);
    edit_apart(&mut world, main, office, &records[..50]);
    // Hints are lost, so that all of it rests on comparisons.
    world.weather.swallowed = Some(|bytes| matches!(Request::read(bytes), Ok(Request::Changed(..))));
    let asks_more = |tally: Tally, before: Tally| tally.answers > before.answers + 1;
    let before = compared(&mut world, office);
    world.heal();
    // Whenever the office has had two answers, the main office writes again.
    for record in &records[300..303] {
        world.run_until("a comparison under way", PATIENCE, |world| {
            asks_more(world.status(office).compared, before)
        });
        world.edit(main, *record, None, json!({"role": "Sist endret"}));
    }
    world.run_until_level();
    let after = compared(&mut world, office);
    assert!(after.restarts > before.restarts, "{after:?}");
    assert_eq!((after.lists, after.stalls), (before.lists, 0), "{after:?}");
    for record in &records[300..303] {
        assert_eq!(world.draft_view(office, *record).record["role"], "Sist endret");
    }
}
