//! Joint drafts: several organisations write in one, nobody else knows of it, and any of them shares it.

use std::time::Duration;

use praksis_protocol::{
    engine::{Command, CommandError, Reply},
    genesis::{Kind, Scope},
    id::{AudienceId, DocumentId},
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{case, network},
};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

/// KS, Bergen, Bærum and Trondheim.
fn four(world: &mut World) -> [NodeId; 4] {
    let [ks, bergen, baerum] = network(world);
    let trondheim = world.member(ks, "Trondheim");
    world.run_until_level();
    [ks, bergen, baerum, trondheim]
}

/// A case that is ready to be shared, of Bergen with Bærum.
fn joint(world: &mut World, bergen: NodeId, baerum: NodeId) -> DocumentId {
    let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
    let contact = world.draft(bergen, Kind::Contact, contact);
    world.ok(
        bergen,
        Command::Share(
            contact,
            praksis_protocol::share::Terms::on(world.today()),
            praksis_protocol::engine::Audience::Network,
        ),
    );
    let mut record = case("Felles pumper");
    record["contact"] = contact.to_string().into();
    let with = [world.org(baerum)].into();
    let Reply::Written { record, .. } = world.ok(bergen, Command::DraftJointly(Kind::Case, record, with))
    else {
        world.fail("not written")
    };
    world.run_until("Bærum reads the draft", HOUR, |world| has_draft(world, baerum, record));
    world.run_until_level();
    record
}

fn has_draft(world: &mut World, node: NodeId, record: DocumentId) -> bool {
    world.show(node, record).is_some_and(|view| view.draft.is_some())
}

fn audience(world: &mut World, node: NodeId) -> AudienceId {
    let named = world.status(node).sets.keys().find_map(|scope| match scope {
        Scope::Named(audience) => Some(*audience),
        _ => None,
    });
    named.unwrap_or_else(|| world.fail("no audience"))
}

fn help_wanted(world: &mut World, node: NodeId, record: DocumentId) -> Value {
    world.draft_view(node, record).record["help_wanted"].clone()
}

#[test]
fn both_write_in_a_joint_draft_and_nobody_else_knows_of_it() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum, trondheim] = four(&mut world);
        let record = joint(&mut world, bergen, baerum);
        world.edit(baerum, record, None, json!({"help_wanted": "Fra Bærum"}));
        world.edit(bergen, record, None, json!({"phase": "organise"}));
        world.run_until_level();
        for node in [bergen, baerum] {
            let draft = world.draft_view(node, record).record;
            assert_eq!((&draft["help_wanted"], &draft["phase"]), (&json!("Fra Bærum"), &json!("organise")));
        }
        for outsider in [ks, trondheim] {
            assert!(world.show(outsider, record).is_none(), "seed {seed}");
        }
    }
}

#[test]
fn a_co_owner_shares_it_first_while_its_owner_is_away() {
    let mut world = World::new(4);
    let [ks, bergen, baerum, trondheim] = four(&mut world);
    let record = joint(&mut world, bergen, baerum);
    world.crash(bergen);
    world.share(baerum, record);
    world.run_until("Trondheim reads it", HOUR, |world| {
        world
            .show(trondheim, record)
            .is_some_and(|view| view.shared.is_some_and(|view| view.record["title"]["nb"] == "Felles pumper"))
    });
    world.start(bergen);
    world.run_until_level();
    world.edit(bergen, record, None, json!({"help_wanted": "Fra eieren"}));
    world.share(bergen, record);
    world.run_until_level();
    for node in [ks, bergen, baerum, trondheim] {
        assert_eq!(world.shared_view(node, record).record["help_wanted"], "Fra eieren");
    }
}

#[test]
fn one_who_leaves_keeps_no_right_to_write_and_what_it_wrote_stands() {
    let mut world = World::new(5);
    let [_, bergen, baerum, trondheim] = four(&mut world);
    let record = joint(&mut world, bergen, baerum);
    world.edit(baerum, record, None, json!({"help_wanted": "Fra Bærum"}));
    world.share(baerum, record);
    world.run_until_level();
    let org = world.org(baerum);
    let error = world.call(baerum, Command::CoOwn(record, org, false)).expect_err("the owner's to say");
    assert_eq!(error, CommandError::NotOwner);
    world.ok(bergen, Command::CoOwn(record, org, false));
    world.run_until_level();
    for command in [
        Command::Edit(record, None, praksis_protocol::engine::Edit::Merge(json!({"help_wanted": "Mer"}))),
        Command::Share(
            record,
            praksis_protocol::share::Terms::on(world.today()),
            praksis_protocol::engine::Audience::Network,
        ),
    ] {
        assert_eq!(world.call(baerum, command).expect_err("it has left"), CommandError::NotOwner);
    }
    assert_eq!(help_wanted(&mut world, bergen, record), "Fra Bærum");
    assert_eq!(world.shared_view(trondheim, record).record["help_wanted"], "Fra Bærum");
    // And it can come back.
    world.ok(bergen, Command::CoOwn(record, org, true));
    world.run_until_level();
    world.edit(baerum, record, None, json!({"help_wanted": "Tilbake"}));
    world.run_until_level();
    assert_eq!(help_wanted(&mut world, bergen, record), "Tilbake");
}

#[test]
fn another_member_comes_in_later_and_reads_what_was_written() {
    let mut world = World::new(6);
    let [_, bergen, baerum, trondheim] = four(&mut world);
    let record = joint(&mut world, bergen, baerum);
    let org = world.org(trondheim);
    world.ok(bergen, Command::CoOwn(record, org, true));
    world.run_until("Trondheim reads it", HOUR, |world| has_draft(world, trondheim, record));
    world.edit(trondheim, record, None, json!({"help_wanted": "Fra Trondheim"}));
    world.run_until("Bærum reads that", HOUR, |world| help_wanted(world, baerum, record) == "Fra Trondheim");
}

#[test]
fn whoever_is_taken_out_of_an_audience_hears_nothing_more_of_it() {
    let mut world = World::new(7);
    let [_, bergen, baerum, trondheim] = four(&mut world);
    let record = praksis_tests::sim::cast::shareable(&mut world, bergen, "For to");
    world.share_with(bergen, record, &[baerum, trondheim]);
    world.run_until("both read it", HOUR, |world| {
        [baerum, trondheim].iter().all(|node| world.show(*node, record).is_some())
    });
    let (audience, org) = (audience(&mut world, bergen), world.org(trondheim));
    let error = world.call(baerum, Command::EndPlace(audience, org)).expect_err("the owner's to say");
    assert_eq!(error, CommandError::NotOwner);
    world.ok(bergen, Command::EndPlace(audience, org));
    world.run_for(HOUR);
    world.edit(bergen, record, None, json!({"help_wanted": "Bare for Bærum"}));
    world.share_with(bergen, record, &[baerum]);
    world.run_for(HOUR);
    let said = |view: Option<praksis_protocol::engine::output::RecordView>| {
        view.and_then(|view| view.shared).map(|view| view.record["help_wanted"].clone())
    };
    assert_eq!(said(world.show(baerum, record)), Some(json!("Bare for Bærum")));
    assert_ne!(said(world.show(trondheim, record)), Some(json!("Bare for Bærum")));
}
