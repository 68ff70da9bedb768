//! What is promised of trust and can be seen only across several nodes, or after a fall.

use std::{sync::Arc, time::Duration};

use praksis_protocol::{
    engine::{Command, Reply, Saying, setup},
    genesis::Kind,
    membership::{charter::Parameters, roster::Roster, statement::Role, ticket::Ticket},
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{case, help_wanted, network, shareable, shared},
};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

fn roster(world: &mut World, node: NodeId) -> Arc<Roster> {
    let Reply::Roster(roster) = world.ok(node, Command::Roster) else { world.fail("no roster") };
    roster
}

#[test]
fn what_two_roots_decide_together_holds_when_both_have_said_it() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let nodes = network(&mut world);
        let [ks, _, baerum] = nodes;
        let mut roots = vec![world.org(ks), world.org(baerum)];
        roots.sort_unstable();
        let amend = |purge_delay_s| Saying::Amend {
            roots: roots.clone(),
            quorum: 2,
            recovery: Vec::new(),
            parameters: Parameters { purge_delay_s, ..Parameters::default() },
        };
        // The one root that there was decides that from now on there are two.
        world.say(ks, amend(1000));
        world.run_until_level();
        for node in nodes {
            let roster = roster(&mut world, node);
            assert_eq!((roster.quorum(), roster.parameters().purge_delay_s), (2, 1000), "seed {seed}");
        }
        let Ticket::Statements(said) = world.say(ks, amend(60)) else { world.fail("no statements") };
        world.run_until_level();
        for node in nodes {
            assert_eq!(
                roster(&mut world, node).parameters().purge_delay_s,
                1000,
                "seed {seed}: one is too few"
            );
        }
        // Whoever signs once more says nothing new.
        assert!(world.call(ks, Command::Say(Saying::Countersign(said.clone()))).is_err());
        world.say(baerum, Saying::Countersign(said));
        world.run_until("both have said it", HOUR, |world| {
            nodes.iter().all(|node| roster(world, *node).parameters().purge_delay_s == 60)
        });
        // It outlives a fall.
        world.crash(baerum);
        world.start(baerum);
        assert_eq!(roster(&mut world, baerum).parameters().purge_delay_s, 60, "seed {seed}");
    }
}

#[test]
fn a_device_that_comes_back_writes_on_and_what_it_wrote_while_it_was_out_stays_out() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, town_hall, baerum] = network(&mut world);
        let harbour = world.office(town_hall, "Bergen havn");
        let record = shared(&mut world, harbour, "Fra havna");
        world.part(&[harbour], &[ks, town_hall, baerum]);
        world.edit(harbour, record, None, json!({"help_wanted": "Mens den var ute"}));
        world.share(harbour, record);
        let ended = world.device(harbour);
        world.say(town_hall, Saying::EndDevice { device: ended, lost_s: None, why: None });
        world.heal();
        world.run_for(HOUR);
        // The same device, granted anew: the grant names the End that it comes after.
        let request = setup::acceptance(&world.keys(harbour).device.clone(), &world.status(town_hall).number);
        let Reply::Ticket(ticket) = world.ok(town_hall, Command::GrantOffice(Ticket::Request(request)))
        else {
            world.fail("no grant")
        };
        world.ok(harbour, Command::Join(world.ticket(&ticket)));
        world.run_until("it is let in again", HOUR, |world| world.is_level());
        for node in [ks, baerum] {
            let shown = world.shared_view(node, record).record;
            assert_eq!((&shown["title"]["nb"], &shown["help_wanted"]), (&json!("Fra havna"), &Value::Null));
        }
        world.edit(harbour, record, None, json!({"result": "Tilbake"}));
        world.share(harbour, record);
        world.run_until_level();
        for node in [ks, baerum] {
            let shown = world.shared_view(node, record).record;
            assert_eq!(shown["result"], "Tilbake", "seed {seed}");
            assert_eq!(shown["help_wanted"], Value::Null, "seed {seed}: no old session comes back");
        }
    }
}

#[test]
fn a_member_that_was_ended_comes_back_with_a_grant_that_names_the_end() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shared(&mut world, bergen, "Fra Bergen");
        let org = world.org(bergen);
        let end = world.say(ks, Saying::EndMembership { org, why: None });
        world.run_until("Bærum has heard of it", HOUR, |world| roster(world, baerum).member(org).is_none());
        // Nobody speaks with it any longer: it hears of it by a file.
        world.ok(bergen, Command::TakeIn(end));
        let Reply::Ticket(asks) = world.ok(bergen, Command::Apply(None)) else { world.fail("no request") };
        let asks = world.ticket(&asks);
        let Reply::Ticket(grant) = world.ok(ks, Command::Admit(asks, Role::Member)) else {
            world.fail("no grant")
        };
        world.ok(bergen, Command::Join(world.ticket(&grant)));
        world.run_until("it is a member again", HOUR, |world| world.is_level());
        assert!([ks, baerum].iter().all(|node| roster(&mut world, *node).member(org).is_some()));
        world.edit(bergen, record, None, json!({"help_wanted": "Tilbake"}));
        world.share(bergen, record);
        world.run_until_level();
        for node in [ks, baerum] {
            let shown = world.shared_view(node, record).record;
            assert_eq!(shown["title"]["nb"], "Fra Bergen", "seed {seed}");
            assert_eq!(shown["help_wanted"], "Tilbake", "seed {seed}");
        }
    }
}

#[test]
fn in_an_audience_its_owner_says_by_itself_how_much_of_anothers_ended_device_counts() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        let harbour = world.office(baerum, "Bærum havn");
        world.run_until_level();
        let with = [world.org(baerum)].into();
        let record = case("Felles pumper");
        let Reply::Written { record, .. } = world.ok(bergen, Command::DraftJointly(Kind::Case, record, with))
        else {
            world.fail("not written")
        };
        world.run_until("the office has it", HOUR, |world| world.show(harbour, record).is_some());
        world.edit(harbour, record, None, json!({"help_wanted": "Fra havna"}));
        world.run_until("Bergen has it", HOUR, |world| help_wanted(world, bergen, record) == "Fra havna");
        // Only Bergen may say how much counts in an audience of its own, and it is away when the device is ended.
        world.run_until_level();
        world.part(&[bergen], &[ks, baerum, harbour]);
        let ended = world.device(harbour);
        world.say(baerum, Saying::EndDevice { device: ended, lost_s: None, why: None });
        world.run_until("held until Bergen has said it", HOUR, |world| {
            help_wanted(world, baerum, record) == Value::Null
        });
        // What is written there meanwhile, and Bergen has not heard of, never counts.
        world.edit(harbour, record, None, json!({"result": "Tyvens ord"}));
        world.run_for(HOUR);
        world.crash(harbour);
        world.heal();
        world.run_until("both read it again", HOUR, |world| {
            [bergen, baerum].iter().all(|node| help_wanted(world, *node, record) == "Fra havna")
        });
        world.run_until_level();
        for node in [bergen, baerum] {
            assert_eq!(world.draft_view(node, record).record["result"], Value::Null, "seed {seed}");
        }
    }
}

#[test]
fn a_fall_between_an_end_and_the_counting_leaves_nothing_of_the_thief() {
    let mut fallen = 0;
    for writes in 0..10 {
        let mut world = World::new(writes.into());
        let [ks, town_hall, baerum] = network(&mut world);
        let harbour = world.office(town_hall, "Bergen havn");
        let records: Vec<_> = (0..4).map(|n| shareable(&mut world, harbour, &format!("Sak {n}"))).collect();
        for record in &records {
            world.share(harbour, *record);
        }
        world.run_until_level();
        world.part(&[town_hall], &[ks, baerum, harbour]);
        for record in &records {
            world.edit(harbour, *record, None, json!({"help_wanted": "Tyvens ord"}));
            world.share(harbour, *record);
        }
        world.run_until("Bærum has the thief's words", HOUR, |world| {
            records.iter().all(|record| {
                let shown = world.show(baerum, *record).and_then(|view| view.shared);
                shown.is_some_and(|shown| shown.record["help_wanted"] == "Tyvens ord")
            })
        });
        let ended = world.device(harbour);
        world.say(town_hall, Saying::EndDevice { device: ended, lost_s: None, why: None });
        world.fall_after(baerum, writes);
        world.heal();
        world.run_until("the thief is shut out", HOUR, |world| {
            [ks, town_hall, baerum].iter().all(|node| roster(world, *node).device(ended).is_none())
        });
        world.crash(harbour);
        world.run_until_level();
        fallen += u32::from(world.has_fallen(baerum));
        // Once more, with all of it written: what was to be counted again is known from the store alone.
        world.crash(baerum);
        world.start(baerum);
        world.run_until_level();
        for record in &records {
            for node in [ks, baerum] {
                let shown = world.shared_view(node, *record).record;
                assert_eq!(shown["help_wanted"], Value::Null, "after {writes} writes");
                assert!(shown["title"]["nb"].as_str().is_some_and(|title| title.starts_with("Sak")));
            }
        }
    }
    assert!(fallen >= 8, "it fell {fallen} times of 10");
}

#[test]
fn of_whom_one_hears_through_the_association_alone_it_is_known_until_when() {
    let mut world = World::new(31);
    let [ks, bergen, baerum] = network(&mut world);
    world.part(&[bergen], &[baerum]);
    let record = shared(&mut world, bergen, "Pumper");
    let writer = world.device(bergen);
    let known = |world: &mut World, node| {
        let Reply::Why(whys) = world.ok(node, Command::Why(record)) else { world.fail("no why") };
        let there = whys.iter().flat_map(|why| &why.there).filter(|there| there.device == writer);
        there.filter_map(|there| there.known_s).max()
    };
    // Whoever is connected with it knows as soon as both have agreed once more.
    world.run_until("known at KS", Duration::from_secs(5), |world| known(world, ks).is_some());
    world.run_until("known at Bærum", 2 * HOUR, |world| known(world, baerum).is_some());
    let first = known(&mut world, baerum);
    for _ in 0..3 {
        world.run_for(2 * HOUR);
        world.edit(bergen, record, None, json!({"help_wanted": format!("{:?}", world.now())}));
        world.share(bergen, record);
    }
    world.run_for(2 * HOUR);
    assert!(known(&mut world, baerum) > first);
}
