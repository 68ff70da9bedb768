//! Organisations that nobody has invited ask at the door, wait, and come in by themselves.

use std::time::Duration;

use praksis_protocol::{
    engine::{
        Command, Reply, Saying,
        applicants::Applicant,
        applying::{Answer, Asking},
    },
    id::DeviceId,
    membership::{joining::Refusal, statement::Role, ticket::Ticket},
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shareable, shared},
};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A node, and where it is.
fn at(world: &World, node: NodeId) -> (DeviceId, Vec<String>) {
    (world.device(node), vec![format!("/sim/{}", node.0)])
}

/// Has a node ask at others.
fn ask(world: &mut World, node: NodeId, others: &[NodeId]) {
    let places = others.iter().map(|other| at(world, *other)).collect();
    world.ok(node, Command::AskIn(None, places));
}

fn asking(world: &mut World, node: NodeId) -> Option<Asking> {
    world.status(node).asking
}

/// What one of those that it asks has answered.
fn answer(world: &mut World, node: NodeId, by: NodeId) -> Option<Answer> {
    let by = world.device(by);
    asking(world, node)?.at[&by].answer.clone()
}

fn waiting(world: &mut World, node: NodeId) -> Vec<Applicant> {
    let Reply::Applicants(waiting) = world.ok(node, Command::Applicants) else { world.fail("no list") };
    waiting
}

/// Admits the only one that waits.
fn admit(world: &mut World, node: NodeId) {
    let [one] = &waiting(world, node)[..] else { world.fail("one waits") };
    world.ok(node, Command::Admit(Ticket::Application(one.application.clone()), Role::Member));
}

fn is_member(world: &mut World, node: NodeId) -> bool {
    world.status(node).network.is_some()
}

#[test]
fn who_asks_goes_on_asking_hardly_ever_and_comes_in_once_it_is_admitted() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let ks = world.association("KS");
        let bergen = world.organisation("Bergen");
        let record = shareable(&mut world, bergen, "Fra Bergen");
        ask(&mut world, bergen, &[ks]);
        world.run_until("it is heard", MINUTE, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
        world.run_for(HOUR);
        let before = world.messages;
        world.run_for(DAY);
        let a_day = world.messages - before;
        assert!((100..=300).contains(&a_day), "seed {seed}: {a_day} messages");
        assert_eq!(waiting(&mut world, ks).len(), 1);

        admit(&mut world, ks);
        world.run_until("it is a member", MINUTE * 15, |world| is_member(world, bergen));
        assert_eq!(asking(&mut world, bergen), None);
        world.share(bergen, record);
        world.run_until_level();
        assert_eq!(world.shared_view(ks, record).record["title"]["nb"], "Fra Bergen", "seed {seed}");
        assert_eq!(world.status(ks).members.len(), 2);
    }
}

#[test]
fn whoever_cannot_be_reached_is_asked_when_it_can() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let ks = world.association("KS");
        let bergen = world.organisation("Bergen");
        world.part(&[ks], &[bergen]);
        ask(&mut world, bergen, &[ks]);
        world.run_for(DAY);
        assert_eq!(answer(&mut world, bergen, ks), None);
        world.heal();
        world
            .run_until("it is heard", MINUTE * 5, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
        world.part(&[ks], &[bergen]);
        admit(&mut world, ks);
        world.run_for(DAY);
        world.heal();
        world.run_until("it is a member", MINUTE * 15, |world| is_member(world, bergen));
        world.run_until_level();
    }
}

#[test]
fn a_fall_between_any_two_writes_on_either_side_makes_one_member() {
    for writes in 0..5 {
        for falls_here in [true, false] {
            let mut world = World::new(writes.into());
            let ks = world.association("KS");
            let bergen = world.organisation("Bergen");
            let faller = if falls_here { ks } else { bergen };
            world.fall_after(faller, writes);
            // What was not answered may be lost with a fall: then people say it again.
            for _ in 0..200 {
                if is_member(&mut world, bergen) {
                    break;
                }
                if asking(&mut world, bergen).is_none() {
                    world.command(bergen, Command::AskIn(None, [at(&world, ks)].into()));
                }
                if let [one] = &waiting(&mut world, ks)[..] {
                    let asks = Ticket::Application(one.application.clone());
                    world.command(ks, Command::Admit(asks, Role::Member));
                }
                world.run_for(MINUTE);
            }
            assert!(is_member(&mut world, bergen), "after {writes}: {falls_here}");
            assert!(world.has_fallen(faller), "{writes} writes are more than there are");
            world.run_until_level();
            let status = world.status(ks);
            assert_eq!((status.members.len(), status.alarms.len()), (2, 0), "after {writes}: {falls_here}");
        }
    }
}

#[test]
fn who_is_declined_is_silent() {
    let mut world = World::new(1);
    let ks = world.association("KS");
    let bergen = world.organisation("Bergen");
    ask(&mut world, bergen, &[ks]);
    world.run_until("it is heard", MINUTE, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
    let org = world.org(bergen);
    world.ok(ks, Command::Decline(org, Some("Ukjent.".to_owned())));
    let declined = Some(Answer::Declined(Some("Ukjent.".to_owned())));
    world.run_until("it is told", MINUTE * 15, |world| answer(world, bergen, ks) == declined);
    world.run_for(MINUTE);
    let before = world.messages;
    world.run_for(DAY);
    world.crash(bergen);
    world.start(bergen);
    world.run_for(DAY);
    assert_eq!(world.messages, before);
    assert_eq!(answer(&mut world, bergen, ks), declined, "and it is remembered");
    assert!(!world.connected(ks, bergen));
}

#[test]
fn an_invitation_comes_first() {
    let mut world = World::new(1);
    let ks = world.association("KS");
    let bergen = world.organisation("Bergen");
    ask(&mut world, bergen, &[ks]);
    world.run_until("it is heard", MINUTE, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
    world.join(ks, bergen);
    assert_eq!((asking(&mut world, bergen), waiting(&mut world, ks)), (None, vec![]));
    world.run_until_level();
    assert_eq!(world.status(ks).members.len(), 2);
}

#[test]
fn whom_nothing_is_asked_of_any_longer_is_left_alone() {
    let mut world = World::new(1);
    let (ks, oslo, baerum) =
        (world.association("KS"), world.organisation("Oslo"), world.organisation("Bærum"));
    let bergen = world.organisation("Bergen");
    // Neither admits anybody; to one the way is cut.
    world.part(&[bergen], &[baerum]);
    ask(&mut world, bergen, &[oslo, baerum]);
    let refused = Some(Answer::Refused(Refusal::NotHere));
    world.run_until("Oslo has answered", MINUTE, |world| answer(world, bergen, oslo) == refused);
    ask(&mut world, bergen, &[ks, oslo]);
    world.heal();
    world.run_until("it is heard", MINUTE, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
    admit(&mut world, ks);
    world.run_until("it is a member", MINUTE * 15, |world| is_member(world, bergen));
    world.run_for(HOUR);
    assert!(world.connected(bergen, ks) && !world.connected(bergen, oslo));
    assert!(!world.connected(bergen, baerum), "the person who asks again has thought better of it");
}

#[test]
fn an_office_of_the_association_keeps_requests_and_one_node_that_admits_is_enough() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, baerum, _] = network(&mut world);
        let office = world.office(ks, "KS Oslo");
        world.run_until_level();
        let bergen = world.organisation("Bergen");
        ask(&mut world, bergen, &[office, ks, baerum]);
        world.run_until("all have answered", MINUTE, |world| {
            asking(world, bergen).is_some_and(|asking| asking.at.values().all(|at| at.answer.is_some()))
        });
        let said = [office, ks, baerum].map(|node| answer(&mut world, bergen, node).unwrap());
        let refused = Answer::Refused(Refusal::NotHere);
        assert_eq!(said, [Answer::Waiting, Answer::Waiting, refused], "seed {seed}");
        assert_eq!((waiting(&mut world, office).len(), waiting(&mut world, baerum).len()), (1, 0));
        admit(&mut world, ks);
        world.run_until("it is a member", MINUTE * 15, |world| is_member(world, bergen));
        world.run_until_level();
        assert_eq!(waiting(&mut world, office), [], "seed {seed}: it has heard that it is a member");
    }
}

#[test]
fn a_member_that_was_ended_comes_back_over_the_connection() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Fra Bergen");
        let org = world.org(bergen);
        world.say(ks, Saying::EndMembership { org, why: None });
        world.run_until("it is told", HOUR, |world| world.status(bergen).ended.is_some());
        ask(&mut world, bergen, &[ks]);
        world.run_until("it is heard", HOUR, |world| answer(world, bergen, ks) == Some(Answer::Waiting));
        admit(&mut world, ks);
        world.run_until("it is a member again", HOUR, |world| {
            world.status(bergen).ended.is_none() && world.is_level()
        });
        assert_eq!(asking(&mut world, bergen), None);
        world.edit(bergen, record, None, json!({"help_wanted": "Tilbake"}));
        world.share(bergen, record);
        world.run_until_level();
        assert_eq!(world.shared_view(baerum, record).record["help_wanted"], "Tilbake", "seed {seed}");
    }
}
