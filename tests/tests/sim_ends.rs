//! Devices and members that are ended: what they wrote before stands, what they do after reaches nobody.

use std::time::Duration;

use praksis_protocol::{
    admission::state::Row,
    engine::{Command, CommandError, Reply, Saying},
    genesis::Scope,
    id::{DeviceId, DocumentId, OrgId},
    membership::statement::{Fact, Known},
    store::Read as _,
    wire::message::Response,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shareable, shared},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// KS, Bergen's town hall and harbour, and Bærum.
fn municipality(world: &mut World) -> [NodeId; 4] {
    let [ks, town_hall, baerum] = network(world);
    let harbour = world.office(town_hall, "Bergen havn");
    world.run_until_level();
    [ks, town_hall, harbour, baerum]
}

/// Whether a node still takes a device for anybody's.
fn knows(world: &mut World, node: NodeId, device: DeviceId) -> bool {
    world.status(node).members.iter().any(|member| member.devices.iter().any(|(it, _)| *it == device))
}

fn is_hidden(world: &mut World, node: NodeId, record: DocumentId) -> bool {
    world.show(node, record).is_none()
}

#[test]
fn what_a_stolen_device_withdrew_is_back_once_it_is_ended() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, town_hall, harbour, baerum] = municipality(&mut world);
        let records: Vec<_> = (0..3).map(|n| shareable(&mut world, town_hall, &format!("Sak {n}"))).collect();
        for record in &records {
            world.share(town_hall, *record);
        }
        world.run_until_level();
        // One was withdrawn in good faith, before the theft.
        world.ok(harbour, Command::Withdraw(records[0], "Feil".into(), false));
        world.run_until_level();
        world.run_for(HOUR);
        let stolen_s = world.now().seconds();
        world.run_for(HOUR);
        for record in &records[1..] {
            world.ok(harbour, Command::Withdraw(*record, "Borte".into(), false));
        }
        world.run_until_level();
        for node in [ks, town_hall, baerum] {
            assert!(records.iter().all(|record| is_hidden(&mut world, node, *record)), "seed {seed}");
        }
        let thief = world.device(harbour);
        world.say(town_hall, Saying::EndDevice { device: thief, lost_s: Some(stolen_s), why: None });
        world.run_until("back again", HOUR, |world| {
            [ks, town_hall, baerum].iter().all(|node| {
                is_hidden(world, *node, records[0])
                    && records[1..].iter().all(|record| !is_hidden(world, *node, *record))
            })
        });
        world.crash(harbour);
        world.run_until_level();
        world.run_for(48 * HOUR);
        for node in [ks, town_hall, baerum] {
            assert_eq!(world.shared_view(node, records[1]).record["title"]["nb"], "Sak 1", "seed {seed}");
        }
    }
}

#[test]
fn an_ended_device_is_let_in_nowhere_and_what_it_wrote_before_stands() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, town_hall, harbour, baerum] = municipality(&mut world);
        let record = shared(&mut world, harbour, "Fra havna");
        let ended = world.device(harbour);
        world.say(town_hall, Saying::EndDevice { device: ended, lost_s: None, why: None });
        world.run_until("known nowhere", HOUR, |world| {
            [ks, town_hall, baerum].iter().all(|node| !knows(world, *node, ended))
        });
        // It writes on, and whomever it reaches does not listen.
        world.edit(harbour, record, None, json!({"title": {"nb": "Tyvens ord"}}));
        world.share(harbour, record);
        world.run_for(3 * HOUR);
        for node in [ks, town_hall, baerum] {
            assert_eq!(world.shared_view(node, record).record["title"]["nb"], "Fra havna", "seed {seed}");
        }
        world.edit(town_hall, record, None, json!({"help_wanted": "Rådhuset skriver videre"}));
        world.share(town_hall, record);
        world.run_until("written on", HOUR, |world| {
            world.shared_view(baerum, record).record["help_wanted"] == "Rådhuset skriver videre"
        });
    }
}

/// Whether a message brings how much counts of something that has ended.
fn brings_a_cut(bytes: &[u8]) -> bool {
    let Ok(Response::Resolved(resolved)) = Response::read(bytes) else { return false };
    let mut known = resolved.statements.iter().filter_map(|bytes| Known::read(bytes).ok());
    known.any(|known| matches!(known.fact, Fact::Cut(_)))
}

/// How many shared documents a node holds of which nothing counts.
fn vanished(world: &World, node: NodeId) -> usize {
    let rows = world.store(node).rows().expect("reads").into_iter();
    let rows = rows.map(|(_, bytes)| minicbor::decode::<Row>(&bytes).expect("a row"));
    rows.filter(|row| row.genesis.scope == Scope::Network && row.heads.is_empty()).count()
}

#[test]
fn nothing_vanishes_between_an_end_and_its_cut() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, town_hall, harbour, baerum] = municipality(&mut world);
        let record = shared(&mut world, harbour, "Fra havna");
        world.weather.swallowed = Some(brings_a_cut);
        let device = world.device(harbour);
        world.say(town_hall, Saying::EndDevice { device, lost_s: None, why: None });
        world.run_until("the End is heard", HOUR, |world| {
            [ks, baerum].iter().all(|node| !knows(world, *node, device))
        });
        world.run_for(HOUR);
        let readers = [ks, town_hall, baerum];
        assert_eq!(readers.map(|node| vanished(&world, node)), [0; 3], "seed {seed}: no Cut has come");
        world.weather.swallowed = None;
        world.run_until("the Cut is heard", HOUR, |world| {
            assert_eq!(readers.map(|node| vanished(world, node)), [0; 3], "seed {seed}");
            world.are_level(&readers)
        });
        // A member too, with all of its devices.
        world.weather.swallowed = Some(brings_a_cut);
        let org = world.org(town_hall);
        world.say(ks, Saying::EndMembership { org, why: None });
        world.run_until("Bærum hears of it", HOUR, |world| world.status(baerum).members.len() == 2);
        world.weather.swallowed = None;
        world.run_until("the Cut is heard", HOUR, |world| {
            assert_eq!([ks, baerum].map(|node| vanished(world, node)), [0; 2], "seed {seed}");
            world.are_level(&[ks, baerum])
        });
        assert_eq!(world.shared_view(baerum, record).record["title"]["nb"], "Fra havna", "seed {seed}");
    }
}

#[test]
fn a_member_that_is_ended_is_shut_out_and_what_it_wrote_stays() {
    let mut world = World::new(4);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, baerum, "Bærums");
    let org = world.org(baerum);
    assert_eq!(
        world
            .call(bergen, Command::Say(Saying::EndMembership { org, why: None }))
            .expect_err("only the association"),
        CommandError::NoRoot
    );
    world.say(ks, Saying::EndMembership { org, why: None });
    world
        .run_until("shut out", HOUR, |world| [ks, bergen].iter().all(|node| !world.connected(*node, baerum)));
    for node in [ks, bergen] {
        assert_eq!(world.shared_view(node, record).record["title"]["nb"], "Bærums");
        assert_eq!(world.status(node).members.len(), 2);
    }
}

#[test]
fn an_end_goes_by_file_where_there_is_no_connection() {
    let mut world = World::new(5);
    let [ks, town_hall, harbour, baerum] = municipality(&mut world);
    let record = shared(&mut world, harbour, "Fra havna");
    world.part(&[town_hall], &[ks, harbour, baerum]);
    let ended = world.device(harbour);
    let ticket = world.say(town_hall, Saying::EndDevice { device: ended, lost_s: None, why: None });
    world.run_for(HOUR);
    assert!(knows(&mut world, baerum, ended), "nobody has heard");
    let Reply::TakenIn(new) = world.ok(baerum, Command::TakeIn(ticket)) else { world.fail("not taken in") };
    assert_eq!(new, 2, "the End and its cut in the network; what the organisation cuts at home stays there");
    world.run_until("known nowhere", HOUR, |world| {
        [ks, baerum].iter().all(|node| !knows(world, *node, ended))
    });
    assert_eq!(world.shared_view(ks, record).record["title"]["nb"], "Fra havna");
}

#[test]
fn a_root_that_has_handed_over_says_nothing_more_and_its_successor_does() {
    let mut world = World::new(6);
    let [_, town_hall, harbour, _] = municipality(&mut world);
    let new = world.new_key();
    world.say(town_hall, Saying::RotateRoot(OrgId(new.verifying_key().to_bytes())));
    world.run_until_level();
    let ended = world.device(harbour);
    let end = Saying::EndDevice { device: ended, lost_s: None, why: None };
    let refused = world.call(town_hall, Command::Say(end.clone()));
    assert_eq!(refused.expect_err("handed over"), CommandError::NoRoot);
    world.give_root(town_hall, new);
    world.run_until_level();
    world.say(town_hall, end);
    world.run_until("known nowhere", HOUR, |world| !knows(world, town_hall, ended));
}
