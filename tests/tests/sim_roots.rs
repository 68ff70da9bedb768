//! Roots that change hands: whoever comes later finds the present ones, and they can do all that the first could.

use std::time::Duration;

use praksis_protocol::{
    engine::{Command, Reply, Saying},
    id::OrgId,
    membership::charter::Parameters,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shareable, shared},
};
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);

/// Another key for an organisation; its node speaks by it from now on.
fn rotate(world: &mut World, node: NodeId) -> OrgId {
    let new = world.new_key();
    let key = OrgId(new.verifying_key().to_bytes());
    world.say(node, Saying::RotateRoot(key));
    world.run_until_level();
    world.give_root(node, new);
    world.run_until_level();
    key
}

#[test]
fn an_office_is_granted_by_the_root_that_its_organisation_has_now() {
    let mut world = World::new(1);
    let [_, bergen, baerum] = network(&mut world);
    rotate(&mut world, bergen);
    let harbour = world.office(bergen, "Bergen havn");
    world.run_until_level();
    let record = shareable(&mut world, harbour, "Fra havna");
    world.share(harbour, record);
    world.run_until("Bærum reads it", HOUR, |world| world.show(baerum, record).is_some());
}

#[test]
fn another_root_lets_members_in_once_the_charter_names_it() {
    let mut world = World::new(2);
    let [ks, bergen, _] = network(&mut world);
    let key = world.new_key();
    let root = OrgId(key.verifying_key().to_bytes());
    let parameters = Parameters::default();
    world.say(ks, Saying::Amend { roots: vec![root], quorum: 1, recovery: Vec::new(), parameters });
    world.run_until_level();
    world.give_root(ks, key);
    world.run_until_level();
    let trondheim = world.member(ks, "Trondheim");
    world.run_until_level();
    let record = shareable(&mut world, trondheim, "Fra Trondheim");
    world.share(trondheim, record);
    world.run_until("Bergen reads it", HOUR, |world| world.show(bergen, record).is_some());
}

#[test]
fn the_heir_of_a_merged_member_writes_on_and_the_old_number_resolves() {
    let mut world = World::new(3);
    let [ks, bergen, baerum] = network(&mut world);
    let record = shared(&mut world, baerum, "Bærums sak");
    let (predecessor, heir) = (world.org(baerum), world.org(bergen));
    world.say(ks, Saying::Merge { predecessor, heir });
    world.say(ks, Saying::EndMembership { org: predecessor, why: None });
    world.run_until("it is a member no longer", HOUR, |world| world.status(bergen).members.len() == 2);
    world.run_for(HOUR);
    // The number is taken: by the heir.
    let number = world.status(baerum).number;
    let again =
        world.call(ks, Command::Invite(number, praksis_protocol::membership::statement::Role::Member, 60));
    assert_eq!(again.expect_err("it resolves"), praksis_protocol::engine::CommandError::Taken);
    let withdrawn = world.ok(bergen, Command::Withdraw(record, "Slått sammen".into(), false));
    assert!(matches!(withdrawn, Reply::Withdrawn(documents) if documents.len() == 1));
    world.run_until("the heir's word counts", HOUR, |world| world.show(ks, record).is_none());
}

#[test]
fn a_member_that_lost_its_root_speaks_by_the_one_the_association_names() {
    let mut world = World::new(4);
    let [ks, bergen, baerum] = network(&mut world);
    let key = world.new_key();
    let (org, new) = (world.org(bergen), OrgId(key.verifying_key().to_bytes()));
    world.say(ks, Saying::SucceedRoot { org, new });
    world.run_until_level();
    world.give_root(bergen, key);
    world.run_until_level();
    let harbour = world.office(bergen, "Bergen havn");
    let record = shareable(&mut world, harbour, "Fra havna");
    world.share(harbour, record);
    world.run_until("Bærum reads it", HOUR, |world| world.show(baerum, record).is_some());
    assert_eq!(world.shared_view(baerum, record).record["title"], json!({"nb": "Fra havna"}));
}
