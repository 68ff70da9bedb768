//! What comes too early waits, and then counts.

use std::sync::Arc;

use praksis_protocol::{
    admission::{Wait, counting::missing},
    genesis::{Genesis, Kind},
    membership::{roster::Roster, statement::Fact},
};
use serde_json::json;

use crate::cast::{BERGEN, Device, Node, STRANGER, charter, org, shared_case, statements};

#[test]
fn a_change_before_its_cause_waits_and_then_counts() {
    let mut there = Node::new(shared_case());
    let first = Device::new(20).merge(&mut there, json!({"need": "Pumper."}));
    let second = Device::new(21).merge(&mut there, json!({"phase": "need"}));
    let mut here = Node::new(shared_case());
    let admitted = here.take(std::slice::from_ref(&second));
    assert_eq!(admitted.waiting, [(second, Wait::Cause)]);
    assert!(admitted.refused.is_empty() && here.state.is_none() && here.held.is_empty());
    here.take(&[first]);
    assert_eq!(here.state, there.state);
    assert!(here.waiting.is_empty());
}

#[test]
fn a_change_before_its_grant_waits_and_then_counts() {
    let genesis = Genesis::draft(Kind::Contact, org(STRANGER), [1; 32]);
    let shared = Genesis::shared(&genesis, charter().network(), praksis_protocol::genesis::Scope::Network);
    // At home nobody has to vouch.
    let mut home = Node::new(genesis);
    Device::new(40).merge(&mut home, json!({"role": "Innkjøp"}));
    let all = statements();
    let vouched = praksis_protocol::membership::statement::MembershipGrant {
        number: "310000004".into(),
        name: "Stranger".into(),
        org: org(STRANGER),
        role: praksis_protocol::membership::statement::Role::Member,
        from_s: 0,
        until_s: None,
        invitation: None,
        follows: None,
    };
    let mut chain = praksis_protocol::membership::statement::Chain::default();
    let vouched = chain.issue(
        &crate::cast::key(crate::cast::KS),
        charter().network(),
        praksis_protocol::membership::statement::Kind::MembershipGrant,
        &vouched,
    );
    let vouched = praksis_protocol::membership::statement::Known::read(vouched.bytes()).unwrap();
    let with = |statements: &[_]| Arc::new(Roster::fold(Some(&charter()), statements));
    let later = with(&[&all[..], &[vouched]].concat());

    let mut there = Node { roster: later.clone(), ..Node::new(shared.clone()) };
    let change = Device::new(40).merge(&mut there, json!({"role": "Innkjøp"}));
    let unheard: Vec<_> =
        all.iter().filter(|known| matches!(known.fact, Fact::Membership(_))).cloned().collect();
    // Nobody has heard of the device; then of its organisation's membership; then of both.
    let mut here = Node { roster: with(&unheard), ..Node::new(shared) };
    assert_eq!(here.take(std::slice::from_ref(&change)).waiting, [(change.clone(), Wait::Grant)]);
    here.roster = with(&all);
    assert_eq!(here.take(&[]).waiting, [(change, Wait::Grant)]);
    assert!(here.state.is_none() && here.held.is_empty());
    here.roster = later;
    here.take(&[]);
    assert_eq!(here.state, there.state);
}

#[test]
fn a_kind_of_a_later_version_waits_and_only_what_holds() {
    let genesis = Genesis { kind: 999, ..shared_case() };
    let mut there = Node::new(shared_case());
    let change = Device::new(20).merge(&mut there, json!({"need": "Pumper."}));
    let mut here = Node::new(genesis);
    assert_eq!(here.refusals(&[change]), ["envelope_context"]);
    assert!(here.waiting.is_empty(), "what is refused does not wait as well");
}

#[test]
fn what_a_peer_has_is_not_sent_again() {
    let mut node = Node::new(shared_case());
    let mut office = Device::new(20);
    let changes: Vec<_> =
        (0..4).map(|n| office.merge(&mut node, json!({"help_wanted": format!("{n}")}))).collect();
    let mut half = Node::new(shared_case());
    half.take(&changes[..2]);
    let heads = half.state.clone().unwrap().heads;
    assert_eq!(missing(node.held.clone(), &heads), changes[2..]);
    assert_eq!(missing(node.held.clone(), &[]), changes, "causes before effects");
    let all = node.state.clone().unwrap().heads;
    assert_eq!(missing(node.held.clone(), &all), []);
    assert_eq!(node.genesis.owner, org(BERGEN));
}
