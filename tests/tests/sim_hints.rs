//! How what is new is told: the first who tells of something is asked for it, and who does not bring it is found out.

use std::time::Duration;

use praksis_tests::{
    liars::{Boasting, Plain},
    sim::{Habit, NodeId, Weather, World, cast::shareable},
};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(120);
/// How often a liar thinks of something.
const EVERY: Duration = Duration::from_millis(5);
/// From here on nobody follows what a node tells of.
const DOUBTED: i64 = -16;

/// A network with three that can be dialled, and the last of these.
fn network() -> (World, Vec<NodeId>, NodeId) {
    let mut world = World::new(5);
    world.weather = Weather { latency_ms: 20..21, ..Weather::fair() };
    let mut nodes = world.founded(20, 3);
    world.run_until_level();
    let hub = nodes.remove(2);
    (world, nodes, hub)
}

fn lies(world: &mut World, liar: NodeId, habit: impl Habit + 'static) {
    world.corrupt(liar, Box::new(habit), EVERY, Duration::from_secs(3600));
}

/// How long a change takes to be at all of these, in virtual time.
fn spread(world: &mut World, title: &str, nodes: &[NodeId]) -> Duration {
    let writer = nodes[nodes.len() - 1];
    let record = shareable(world, writer, title);
    let document = world.share(writer, record);
    world.watch(document, writer);
    world.run_until(title, PATIENCE, |world| world.watched().is_at(nodes));
    world.run_for(Duration::from_secs(1));
    world.watched().took()
}

/// What the word of one is worth to each of the others.
fn scores(world: &mut World, of: NodeId, at: &[NodeId]) -> Vec<i64> {
    let device = Some(world.device(of));
    let known = |status: praksis_protocol::engine::Status| {
        status.peers.into_iter().find(|peer| peer.device == device).map(|peer| peer.score)
    };
    at.iter().filter_map(|node| known(world.status(*node))).collect()
}

#[test]
fn one_that_tells_of_what_it_does_not_bring_is_not_waited_for() {
    let (mut world, nodes, hub) = network();
    lies(&mut world, hub, Boasting::default());
    for number in 0..16 {
        let took = spread(&mut world, &format!("Sak {number}"), &nodes);
        assert!(took < Duration::from_secs(1), "the next who told of it was asked: {took:?}");
    }
    let scores_of_liar = scores(&mut world, hub, &nodes);
    assert!(scores_of_liar.iter().any(|score| *score <= DOUBTED), "{scores_of_liar:?}");

    // It thinks better of it, and after some minutes nothing stands against it any longer.
    lies(&mut world, hub, Plain);
    world.run_for(Duration::from_secs(8 * 60));
    spread(&mut world, "Etterpå", &nodes);
    let scores_after = scores(&mut world, hub, &nodes);
    assert!(scores_after.iter().all(|score| *score == 0), "{scores_after:?}");
}

#[test]
fn nobody_who_is_honest_comes_to_be_doubted() {
    let (mut world, nodes, hub) = network();
    world.weather = Weather { loss: 20, breaks: 5, ..world.weather.clone() };
    let writer = nodes[nodes.len() - 1];
    let record = shareable(&mut world, writer, "Pumper");
    for number in 0..40 {
        // Faster than it spreads: what one tells of is out of date when it is asked for it.
        world.edit(writer, record, None, json!({"help_wanted": format!("Utgave {number}")}));
        world.share(writer, record);
        world.run_for(Duration::from_millis(30));
    }
    for of in [nodes[0], nodes[1], hub, writer] {
        let scores = scores(&mut world, of, &nodes);
        assert!(scores.iter().all(|score| *score > DOUBTED), "{scores:?}");
    }
}
