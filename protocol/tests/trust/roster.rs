//! The fold of the statements.

use praksis_protocol::{
    genesis::Scope,
    id::StatementHash,
    membership::{
        roster::{Act, Roster, Verdict},
        statement::{Known, MembershipGrant},
    },
    time::Timestamp,
};
use proptest::{prelude::*, sample::Index};

use crate::cast::*;

fn fold(statements: &[Known]) -> Roster {
    Roster::fold(Some(&charter()), statements)
}

fn answering(nth: u64, of: u8, invitation: u8) -> Known {
    let body =
        MembershipGrant { invitation: Some(StatementHash([invitation; 32])), ..membership_body(of, of) };
    known(&signed(KS, nth, 1, &body))
}

/// Few issuers, numbers, slots and devices, so that most of what is drawn has a rival.
fn statement() -> impl Strategy<Value = Known> {
    let few = || 1..5u8;
    prop_oneof![
        (few(), 1..4u64, few(), few()).prop_map(|(by, nth, of, number)| membership(by, nth, of, number)),
        (1..4u64, few(), 1..3u8).prop_map(|(nth, of, invitation)| answering(nth, of, invitation)),
        (few(), 1..4u64, 20..24u8, 1..3u8, few())
            .prop_map(|(root, nth, device, slot, number)| grant(root, nth, device, slot, number)),
        (20..24u8, 1..4u64, 0..3u8).prop_map(|(device, nth, place)| address(
            device,
            nth,
            &format!("/sim/{place}")
        )),
        (few(), 1..4u64, 0..3u8).prop_map(|(by, nth, body)| known(&signed(by, nth, 99, &(body,)))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_same_statements_give_the_same_roster_in_any_order_and_number(
        statements in prop::collection::vec(statement(), 0..24),
        shuffle in prop::collection::vec(any::<Index>(), 24),
        again in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let expected = fold(&statements);
        let mut others = statements.clone();
        if !statements.is_empty() {
            others.extend(again.iter().map(|index| index.get(&statements).clone()));
            for (n, index) in shuffle.iter().enumerate().take(others.len()) {
                let other = index.index(others.len());
                others.swap(n, other);
            }
        }
        prop_assert_eq!(fold(&others), expected);
    }

    #[test]
    fn nobody_has_two_places(statements in prop::collection::vec(statement(), 0..24)) {
        let roster = fold(&statements);
        let numbers: Vec<_> = roster.members().map(|(_, member)| &member.membership.number).collect();
        let distinct: std::collections::BTreeSet<_> = numbers.iter().collect();
        prop_assert_eq!(numbers.len(), distinct.len(), "one live membership per number");
        let slots: Vec<_> = roster.devices().map(|(_, device)| (device.org, device.slot)).collect();
        let distinct: std::collections::BTreeSet<_> = slots.iter().collect();
        prop_assert_eq!(slots.len(), distinct.len(), "one live grant per slot");
        for (org, device) in roster.devices().map(|(_, device)| (device.org, device)) {
            if let Some(member) = roster.member(org) {
                prop_assert_eq!(&member.membership.number, &device.number, "what the device accepted");
            }
        }
    }
}

#[test]
fn of_two_that_are_granted_one_number_the_earlier_grant_stands_then_the_smaller_hash() {
    let (first, second) = (membership(KS, 1, BERGEN, 9), membership(KS, 2, BAERUM, 9));
    let roster = fold(&[second, first]);
    assert!(roster.member(org(BERGEN)).is_some() && roster.member(org(BAERUM)).is_none());
    let (one, other) = (membership(KS, 1, BERGEN, 9), membership(KS, 1, BAERUM, 9));
    let smaller = if one.hash < other.hash { BERGEN } else { BAERUM };
    let roster = fold(&[one, other]);
    assert_eq!(roster.members().map(|(org, _)| *org).collect::<Vec<_>>(), [org(smaller)]);
}

#[test]
fn an_invitation_answered_twice_counts_for_nothing_and_is_told() {
    let (one, other) = (answering(1, BERGEN, 8), answering(2, BAERUM, 8));
    let roster = fold(&[one.clone(), other, membership(KS, 3, 5, 5)]);
    assert_eq!(roster.members().map(|(id, _)| *id).collect::<Vec<_>>(), [org(5)]);
    assert_eq!(roster.alarms.iter().copied().collect::<Vec<_>>(), [StatementHash([8; 32])]);
    let roster = fold(&[one.clone(), one]);
    assert!(roster.member(org(BERGEN)).is_some(), "the same grant twice is one");
    assert!(roster.alarms.is_empty());
}

#[test]
fn a_grant_by_a_root_that_is_no_associations_is_nothing() {
    let roster = fold(&[membership(BERGEN, 1, BAERUM, BAERUM), answering(1, BERGEN, 8)]);
    assert!(roster.member(org(BAERUM)).is_none());
    // Nor can it raise an alarm about a true one.
    let forged =
        MembershipGrant { invitation: Some(StatementHash([8; 32])), ..membership_body(BAERUM, BAERUM) };
    let roster = fold(&[answering(1, BERGEN, 8), known(&signed(BAERUM, 1, 1, &forged))]);
    assert!(roster.member(org(BERGEN)).is_some() && roster.alarms.is_empty());
}

#[test]
fn a_device_granted_by_two_organisations_is_for_the_one_whose_number_it_accepted() {
    let theirs = grant(BERGEN, 2, 20, 1, BERGEN);
    // Anybody can copy the device's word, and number what he says as he likes.
    let copied = grant(BAERUM, 1, 20, 1, BERGEN);
    let members = [membership(KS, 1, BERGEN, BERGEN), membership(KS, 2, BAERUM, BAERUM)];
    for order in [[theirs.clone(), copied.clone()], [copied.clone(), theirs.clone()]] {
        let roster = fold(&[&members[..], &order].concat());
        assert_eq!(roster.device(device(20)).unwrap().org, org(BERGEN));
        // A stranger that copies it gets as little.
        let roster = fold(&[&members[..1], &order].concat());
        assert_eq!(roster.device(device(20)).unwrap().org, org(BERGEN));
    }
}

#[test]
fn a_device_can_be_granted_by_nobody_but_the_organisations_own_root() {
    let body = device_body(BERGEN, 20, 1, BERGEN);
    let forged = known(&signed(BAERUM, 1, 2, &body));
    let roster = fold(&[membership(KS, 1, BERGEN, BERGEN), forged]);
    assert_eq!(roster.device(device(20)), None);
}

#[test]
fn of_addresses_the_highest_number_holds_then_the_smaller_hash() {
    let base = [membership(KS, 1, BERGEN, BERGEN), grant(BERGEN, 1, 20, 1, BERGEN)];
    let (old, new) = (address(20, 1, "/sim/1"), address(20, 2, "/sim/2"));
    let roster = fold(&[&base[..], &[new.clone(), old]].concat());
    assert_eq!(roster.addresses(device(20)), ["/sim/2"]);
    let twin = address(20, 2, "/sim/3");
    let smaller = if new.hash < twin.hash { "/sim/2" } else { "/sim/3" };
    let roster = fold(&[&base[..], &[twin, new]].concat());
    assert_eq!(roster.addresses(device(20)), [smaller]);
    let roster = fold(&[base[0].clone(), address(20, 1, "/sim/1")]);
    assert!(roster.addresses(device(20)).is_empty(), "nobody's device is nowhere");
}

#[test]
fn expiry_decides_who_is_let_in_and_never_what_counts() {
    let body = MembershipGrant { until_s: Some(100), ..membership_body(BERGEN, BERGEN) };
    let roster = fold(&[known(&signed(KS, 1, 1, &body)), grant(BERGEN, 1, 20, 1, BERGEN)]);
    assert!(roster.lets_in(device(20), Timestamp(100_000)));
    assert!(!roster.lets_in(device(20), Timestamp(101_000)));
    // The roster has no clock: what an expired member wrote is asked of the statements alone.
    assert_eq!(roster.may(device(20), Act::Write, Scope::Network, &[org(BERGEN)]), Verdict::Yes);
}

#[test]
fn who_may_do_what_where() {
    let roster = fold(&[
        membership(KS, 1, BERGEN, BERGEN),
        membership(KS, 2, BAERUM, BAERUM),
        grant(BERGEN, 1, 20, 1, BERGEN),
        grant(BAERUM, 1, 30, 1, BAERUM),
        grant(4, 1, 40, 1, 4),
    ]);
    let home = Scope::Organisation(org(BERGEN));
    let writers = &[org(BERGEN)];
    let may = |seed, act, scope| roster.may(device(seed), act, scope, writers);
    assert_eq!(may(20, Act::Write, home), Verdict::Yes);
    assert_eq!(may(20, Act::Write, Scope::Network), Verdict::Yes);
    assert_eq!(may(30, Act::Read, home), Verdict::OtherScope);
    assert_eq!(may(30, Act::Write, home), Verdict::OtherScope);
    assert_eq!(may(30, Act::Read, Scope::Network), Verdict::Yes);
    assert_eq!(may(30, Act::Write, Scope::Network), Verdict::NotOwner);
    assert_eq!(may(40, Act::Read, Scope::Network), Verdict::NotMember);
    assert_eq!(may(40, Act::Read, Scope::Organisation(org(4))), Verdict::Yes, "work begins before joining");
    assert_eq!(may(50, Act::Read, Scope::Network), Verdict::UnknownDevice);
}

#[test]
fn without_a_charter_organisations_say_only_who_their_own_devices_are() {
    let statements = [membership(KS, 1, BERGEN, BERGEN), grant(BERGEN, 1, 20, 1, BERGEN)];
    let roster = Roster::fold(None, &statements);
    assert!(roster.member(org(BERGEN)).is_none());
    assert_eq!(roster.device(device(20)).unwrap().org, org(BERGEN));
}
