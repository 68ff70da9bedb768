//! Joint drafts: several organisations write in one, nobody else knows of it, and any of them shares it.

use std::{collections::BTreeSet, time::Duration};

use praksis_protocol::{
    admission::state::{Row, View},
    engine::{Audience, Command, CommandError, Edit, Reply},
    genesis::{Kind, Scope},
    id::{AudienceId, DocumentId},
    share::Terms,
    store::Read as _,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{case, four, help_wanted, shareable},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// A case that is ready to be shared, of Bergen with Bærum.
fn joint(world: &mut World, bergen: NodeId, baerum: NodeId) -> DocumentId {
    joint_of(world, bergen, &[baerum])
}

/// The same, with these.
fn joint_of(world: &mut World, bergen: NodeId, others: &[NodeId]) -> DocumentId {
    let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
    let contact = world.draft(bergen, Kind::Contact, contact);
    let command = shared_with_all(world, contact);
    world.ok(bergen, command);
    let mut record = case("Felles pumper");
    record["contact"] = contact.to_string().into();
    let with = others.iter().map(|other| world.org(*other)).collect();
    let Reply::Written { record, .. } = world.ok(bergen, Command::DraftJointly(Kind::Case, record, with))
    else {
        world.fail("not written")
    };
    world.run_until("all read the draft", HOUR, |world| {
        others.iter().all(|other| has_draft(world, *other, record))
    });
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
        Command::Edit(record, None, Edit::Merge(json!({"help_wanted": "Mer"}))),
        shared_with_all(&world, record),
    ] {
        assert_eq!(world.call(baerum, command).expect_err("it has left"), CommandError::HasLeft);
    }
    assert_eq!(help_wanted(&mut world, bergen, record), "Fra Bærum");
    assert_eq!(help_wanted(&mut world, baerum, record), "Fra Bærum", "what it has stays as it was");
    world.edit(bergen, record, None, json!({"help_wanted": "Uten Bærum"}));
    world.run_for(HOUR);
    assert_eq!(help_wanted(&mut world, baerum, record), "Fra Bærum", "and it hears no more");
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
    // It may have come from Bærum, who has not heard yet that Trondheim may write in it.
    world.run_until_level();
    world.edit(trondheim, record, None, json!({"help_wanted": "Fra Trondheim"}));
    world.run_until("Bærum reads that", HOUR, |world| help_wanted(world, baerum, record) == "Fra Trondheim");
}

#[test]
fn whoever_is_taken_out_of_an_audience_hears_nothing_more_of_it() {
    let mut world = World::new(7);
    let [_, bergen, baerum, trondheim] = four(&mut world);
    let record = shareable(&mut world, bergen, "For to");
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

/// Who may write in a record, as a node has it.
fn writers(world: &mut World, node: NodeId, record: DocumentId) -> BTreeSet<NodeId> {
    let view = world.show(node, record).unwrap_or_else(|| world.fail("nothing to show"));
    let of = |org| (0..4).map(NodeId).find(|node| world.org(*node) == org);
    view.writers.into_iter().filter_map(of).collect()
}

#[test]
fn whoever_was_taken_in_before_it_is_shared_writes_in_what_is_shared() {
    // Once its owner shares it, once another does while the owner is away.
    for seed in 0..4 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum, trondheim] = four(&mut world);
        let record = joint(&mut world, bergen, baerum);
        let org = world.org(trondheim);
        world.ok(bergen, Command::CoOwn(record, org, true));
        world.run_until("Trondheim reads it", HOUR, |world| has_draft(world, trondheim, record));
        // It may have come from Bærum, who has not heard yet that Trondheim may write in it.
        world.run_until_level();
        let error = world.call(trondheim, shared_with_all(&world, record)).expect_err("not the first");
        assert_eq!(error, CommandError::OwnerFirst);
        if seed % 2 == 0 {
            world.share(bergen, record);
        } else {
            world.crash(bergen);
            world.share(baerum, record);
            world.run_until("Trondheim hears of it", HOUR, |world| {
                world.show(trondheim, record).is_some_and(|view| view.shared.is_some())
            });
            world.start(bergen);
        }
        world.run_until("it may write there", HOUR, |world| {
            world.call(trondheim, shared_with_all(world, record)).is_ok()
        });
        world.edit(trondheim, record, None, json!({"help_wanted": "Fra Trondheim"}));
        world.share(trondheim, record);
        world.run_until_level();
        assert_eq!(world.shared_view(ks, record).record["help_wanted"], "Fra Trondheim");
        assert_eq!(writers(&mut world, ks, record), [bergen, baerum, trondheim].into(), "seed {seed}");
    }
}

fn shared_with_all(world: &World, record: DocumentId) -> Command {
    Command::Share(record, Terms::on(world.today()), Audience::Network)
}

#[test]
fn whoever_has_left_before_it_is_shared_writes_nothing_in_what_is_shared() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum, trondheim] = four(&mut world);
        let record = joint_of(&mut world, bergen, &[baerum, trondheim]);
        let org = world.org(trondheim);
        world.ok(bergen, Command::CoOwn(record, org, false));
        world.run_until_level();
        let sharer = if seed % 2 == 0 { bergen } else { baerum };
        world.share(sharer, record);
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            assert_eq!(writers(&mut world, node, record), [bergen, baerum].into(), "seed {seed}");
        }
        let error = world.call(trondheim, shared_with_all(&world, record)).expect_err("it has left");
        assert_eq!(error, CommandError::HasLeft);
    }
}

#[test]
fn a_joint_draft_is_shared_with_some_first_by_its_owner_and_then_by_any() {
    let mut world = World::new(8);
    let [ks, bergen, baerum, trondheim] = four(&mut world);
    let record = joint(&mut world, bergen, baerum);
    let with_ks = |world: &World| {
        let terms = Terms::on(world.today());
        Command::Share(record, terms, Audience::Organisations([world.org(ks)].into()))
    };
    let command = with_ks(&world);
    assert_eq!(world.call(baerum, command).expect_err("not the first"), CommandError::OwnerFirst);
    let command = with_ks(&world);
    world.ok(bergen, command);
    world.run_until("KS reads it", HOUR, |world| world.show(ks, record).is_some());
    world.run_until_level();
    world.edit(baerum, record, None, json!({"help_wanted": "Fra Bærum"}));
    let command = with_ks(&world);
    world.ok(baerum, command);
    world.run_until_level();
    assert_eq!(world.shared_view(ks, record).record["help_wanted"], "Fra Bærum");
    for node in [ks, bergen, baerum] {
        let shares = world.show(node, record).map(|view| view.reference.shares.len());
        assert_eq!(shares, Some(1), "one audience, and one document in it");
    }
    assert!(world.show(trondheim, record).is_none());
}

#[test]
fn whoever_is_taken_into_a_joint_draft_reads_that_and_nothing_else() {
    let mut world = World::new(9);
    let [_, bergen, baerum, trondheim] = four(&mut world);
    // The same organisations share before and after with each other alone.
    let before = shareable(&mut world, bergen, "Før");
    world.share_with(bergen, before, &[baerum]);
    let record = joint(&mut world, bergen, baerum);
    let after = shareable(&mut world, bergen, "Etter");
    world.share_with(bergen, after, &[baerum]);
    let org = world.org(trondheim);
    world.ok(bergen, Command::CoOwn(record, org, true));
    world.run_until("Trondheim reads it", HOUR, |world| has_draft(world, trondheim, record));
    world.run_until_level();
    for other in [before, after] {
        assert!(world.show(baerum, other).is_some());
        assert!(world.show(trondheim, other).is_none());
    }
}

#[test]
fn what_one_who_had_left_wrote_meanwhile_stays_out_when_it_comes_back() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum, trondheim] = four(&mut world);
        let record = joint(&mut world, bergen, baerum);
        world.edit(baerum, record, None, json!({"help_wanted": "Fra Bærum"}));
        world.run_until_level();
        // Nobody hears what it writes, and it does not hear that it has left.
        world.part(&[baerum], &[ks, bergen, trondheim]);
        world.edit(baerum, record, None, json!({"help_wanted": "For sent"}));
        let org = world.org(baerum);
        world.ok(bergen, Command::CoOwn(record, org, false));
        world.run_for(HOUR);
        world.ok(bergen, Command::CoOwn(record, org, true));
        world.run_for(HOUR);
        world.heal();
        world.run_until_level();
        for node in [bergen, baerum] {
            assert_eq!(help_wanted(&mut world, node, record), "Fra Bærum", "seed {seed}");
        }
        world.edit(baerum, record, None, json!({"help_wanted": "Tilbake"}));
        world.run_until_level();
        for node in [bergen, baerum] {
            assert_eq!(help_wanted(&mut world, node, record), "Tilbake", "seed {seed}");
        }
    }
}

/// What is shared of a record and reads as nothing yet, at any of these nodes.
fn empty_shares(world: &World, nodes: &[NodeId], record: DocumentId) -> usize {
    let of_node = |node: &NodeId| {
        let store = world.store(*node);
        let rows = store.rows().expect("reads").into_iter();
        let rows = rows.map(|(id, bytes)| (id, minicbor::decode::<Row>(&bytes).expect("a row")));
        let shares = rows.filter(|(_, row)| row.genesis.record == Some(record) && row.is_seen());
        let views = shares.map(|(id, _)| store.view(id).expect("reads").expect("there is one"));
        views.filter(|view| View::read(view).expect("a view").record["title"].is_null()).count()
    };
    nodes.iter().map(of_node).sum()
}

#[test]
fn when_a_co_owner_shares_it_first_nobody_ever_reads_an_empty_record() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let [ks, bergen, baerum, trondheim] = four(&mut world);
        let record = joint(&mut world, bergen, baerum);
        let share = shared_with_all(&world, record);
        world.command(baerum, share);
        let all = [ks, bergen, baerum, trondheim];
        world.run_until("all read it", HOUR, |world| {
            assert_eq!(empty_shares(world, &all, record), 0, "seed {seed}");
            let has_it = |node: &NodeId| {
                let rows = world.store(*node).rows().expect("reads").into_iter();
                let rows = rows.map(|(_, bytes)| minicbor::decode::<Row>(&bytes).expect("a row"));
                rows.filter(|row| row.genesis.record == Some(record)).count() == 1
            };
            all.iter().all(has_it)
        });
        world.run_until_level();
        assert_eq!(world.shared_view(trondheim, record).record["title"]["nb"], "Felles pumper");
    }
}
