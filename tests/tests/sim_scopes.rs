//! Named audiences: what is shared with some reaches them, and nothing of it anybody else.

use std::time::Duration;

use praksis_protocol::{
    engine::{Audience, Command, CommandError},
    genesis::Scope,
    id::DocumentId,
    share::Terms,
    time::Timestamp,
};
use praksis_tests::sim::{
    NodeId, Weather, World,
    cast::{four, shareable},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// KS, Bergen, Bærum and Trondheim, each connected with the others.
fn connected_four(world: &mut World) -> [NodeId; 4] {
    let all = four(world);
    world.run_until("all are connected", HOUR, |world| {
        all.iter().all(|a| all.iter().all(|b| a == b || world.connected(*a, *b)))
    });
    world.run_for(Duration::from_secs(300));
    all
}

fn is_there(world: &mut World, node: NodeId, record: DocumentId) -> bool {
    world.show(node, record).is_some()
}

#[test]
fn what_is_shared_with_some_reaches_them_and_nobody_else() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        if seed > 1 {
            world.weather = Weather::foul();
        }
        let [ks, bergen, baerum, trondheim] = connected_four(&mut world);
        let record = shareable(&mut world, bergen, "Bare for Bærum");
        world.share_with(bergen, record, &[baerum]);
        world.run_until("Bærum reads it", HOUR, |world| is_there(world, baerum, record));
        world.run_until_level();
        world.run_for(HOUR);
        for outsider in [ks, trondheim] {
            assert!(!is_there(&mut world, outsider, record), "seed {seed}");
        }
        assert_eq!(world.shared_view(baerum, record).record["title"]["nb"], "Bare for Bærum");
        // The same again uses the same audience; a change comes over the same way.
        world.edit(bergen, record, None, json!({"help_wanted": "Nytt"}));
        world.share_with(bergen, record, &[baerum]);
        world.run_until_level();
        assert_eq!(world.shared_view(baerum, record).record["help_wanted"], "Nytt");
        let named = |scope: &&Scope| matches!(scope, Scope::Named(_));
        assert_eq!(world.status(baerum).sets.keys().filter(named).count(), 1, "seed {seed}");
        for outsider in [ks, trondheim] {
            assert_eq!(world.status(outsider).sets.keys().filter(named).count(), 0, "seed {seed}");
        }
    }
}

#[test]
fn a_wider_audience_gets_another_document_of_the_same_record() {
    let mut world = World::new(5);
    let [_, bergen, baerum, trondheim] = connected_four(&mut world);
    let record = shareable(&mut world, bergen, "Først for Bærum");
    world.share_with(bergen, record, &[baerum]);
    world.run_until("Bærum reads it", HOUR, |world| is_there(world, baerum, record));
    let narrow = world.show(baerum, record).expect("just seen").reference.shared;
    world.share(bergen, record);
    world.run_until("Trondheim reads it", HOUR, |world| is_there(world, trondheim, record));
    world.run_until_level();
    let at_trondheim = world.show(trondheim, record).expect("just seen").reference;
    assert_eq!(at_trondheim.record, record);
    assert_ne!(at_trondheim.shared, narrow);
    assert_eq!(at_trondheim.shares.len(), 1);
    assert_eq!(world.show(baerum, record).expect("there").reference.shares.len(), 2);
}

#[test]
fn an_audience_is_of_members_and_of_more_than_oneself() {
    let mut world = World::new(6);
    let [_, bergen, _, _] = connected_four(&mut world);
    let alone = world.organisation("Alene");
    let record = shareable(&mut world, bergen, "Til hvem?");
    let share = |world: &mut World, org| {
        let audience = Audience::Organisations([org].into());
        world.call(bergen, Command::Share(record, Terms::on(world.today()), audience))
    };
    let (stranger, own) = (world.org(alone), world.org(bergen));
    assert_eq!(share(&mut world, stranger).expect_err("no member"), CommandError::NoSuchMember(stranger));
    assert_eq!(share(&mut world, own).expect_err("nobody else"), CommandError::NobodyNamed);
}

/// What reaches Trondheim, in order, while Bergen shares something with the network, and before that, if
/// it does, something with Bærum alone.
fn heard_by_trondheim(restricted: bool) -> Vec<(Timestamp, NodeId, Vec<u8>)> {
    let mut world = World::new(7);
    world.weather = Weather::steady();
    let [_, bergen, baerum, trondheim] = connected_four(&mut world);
    // Chance is drawn for these in both worlds alike.
    let secret = shareable(&mut world, bergen, "Bare for Bærum");
    let open = shareable(&mut world, bergen, "For alle");
    world.share(bergen, open);
    // What is done takes a moment, and from there on both worlds are to be at the same time.
    let began = world.now();
    let until = |world: &mut World, hours| world.run_for((began + hours * HOUR).since(world.now()));
    until(&mut world, 1);
    if restricted {
        world.share_with(bergen, secret, &[baerum]);
        until(&mut world, 2);
        assert!(is_there(&mut world, baerum, secret));
        world.edit(bergen, secret, None, json!({"help_wanted": "Nytt"}));
        world.share_with(bergen, secret, &[baerum]);
        until(&mut world, 3);
        // Somebody who asks where there is nothing for him is answered as where there is nothing at all.
    } else {
        until(&mut world, 2);
        world.edit(bergen, secret, None, json!({"help_wanted": "Nytt"}));
        until(&mut world, 3);
    }
    world.edit(bergen, open, None, json!({"help_wanted": "Også nytt"}));
    world.share(bergen, open);
    until(&mut world, 4);
    assert_eq!(world.shared_view(trondheim, open).record["help_wanted"], "Også nytt");
    // Of what comes in the same millisecond, the order is nobody's.
    let mut heard = world.delivered(trondheim).to_vec();
    heard.sort_unstable();
    heard
}

#[test]
fn an_outsider_hears_byte_for_byte_the_same_with_and_without_a_named_audience() {
    let (with, without) = (heard_by_trondheim(true), heard_by_trondheim(false));
    let first = with.iter().zip(&without).position(|(a, b)| a != b);
    assert_eq!(first, None, "of {} and {} messages", with.len(), without.len());
    assert_eq!(with.len(), without.len());
}
