//! What a statement must be to be taken.

use praksis_protocol::{
    membership::{
        charter::{Charter, CharterError},
        statement::{
            ADDRESS_LENGTH_LIMIT, ADDRESS_LIMIT, Fact, Known, MembershipGrant, NAME_LIMIT, NUMBER_LIMIT,
            NodeAddress, SLOTS, STATEMENT_LIMIT, Statement,
        },
    },
    signed::{Verified, encoding::to_vec},
};

use crate::cast::*;

fn refused(statement: Statement) -> String {
    let seed = (1..50).find(|seed| org(*seed) == statement.issuer).unwrap();
    let signed = Verified::sign(statement, &key(seed));
    Known::read(signed.bytes()).unwrap_err().to_string()
}

fn refused_member(change: impl FnOnce(&mut MembershipGrant)) -> String {
    let mut body = membership_body(BERGEN, BERGEN);
    change(&mut body);
    refused(shell(KS, 1, 1, to_vec(&body)))
}

#[test]
fn the_bounds_of_a_membership() {
    let number = "the statement's organisation number is out of bounds";
    for wrong in ["", "31000000", "3100000022", "31000000x", "३१००००००२", " 31000002"] {
        assert_eq!(refused_member(|body| body.number = wrong.into()), number, "{wrong}");
    }
    let name = "the statement's name is out of bounds";
    for wrong in ["".to_owned(), "å".repeat(NAME_LIMIT + 1), "Ber\ngen".to_owned()] {
        assert_eq!(refused_member(|body| body.name = wrong), name);
    }
    let body = MembershipGrant { name: "å".repeat(NAME_LIMIT), ..membership_body(BERGEN, BERGEN) };
    known(&signed(KS, 1, 1, &body));
}

#[test]
fn the_bounds_of_a_device_grant() {
    for slot in [0, SLOTS + 1, u8::MAX] {
        let body = device_body(BERGEN, 20, slot, BERGEN);
        assert_eq!(refused(shell(BERGEN, 1, 2, to_vec(&body))), "the statement's slot is out of bounds");
    }
    // The word of another device, a damaged one, and one for something that is no number.
    let mut other = device_body(BERGEN, 20, 1, BERGEN);
    other.device = device(21);
    assert_eq!(refused(shell(BERGEN, 1, 2, to_vec(&other))), "the statement's acceptance is out of bounds");
    let mut damaged = device_body(BERGEN, 20, 1, BERGEN);
    *damaged.acceptance.last_mut().unwrap() ^= 1;
    assert_eq!(refused(shell(BERGEN, 1, 2, to_vec(&damaged))), "the signature does not hold");
    let accepted = praksis_protocol::engine::setup::acceptance(&key(20), "none\n");
    let nowhere = praksis_protocol::membership::statement::DeviceGrant {
        acceptance: accepted.bytes().to_vec().into(),
        ..device_body(BERGEN, 20, 1, BERGEN)
    };
    let number = "the statement's organisation number is out of bounds";
    assert_eq!(refused(shell(BERGEN, 1, 2, to_vec(&nowhere))), number);
    known(&signed(BERGEN, 1, 2, &device_body(BERGEN, 20, SLOTS, BERGEN)));
}

#[test]
fn the_bounds_of_an_address() {
    let body = |count, length| to_vec(&NodeAddress { addresses: vec!["a".repeat(length); count] });
    let count = "the statement's number of addresses is out of bounds";
    assert_eq!(refused(shell(20, 1, 3, body(ADDRESS_LIMIT + 1, 3))), count);
    let length = "the statement's address is out of bounds";
    assert_eq!(refused(shell(20, 1, 3, body(1, ADDRESS_LENGTH_LIMIT + 1))), length);
    assert_eq!(refused(shell(20, 1, 3, body(1, 0))), length);
    let most = Verified::sign(shell(20, 1, 3, body(ADDRESS_LIMIT, ADDRESS_LENGTH_LIMIT)), &key(20));
    known(&most);
}

#[test]
fn the_bounds_of_every_statement() {
    let link = "a statement's number and link do not agree";
    let unlinked = Statement { previous: None, ..shell(KS, 2, 99, vec![]) };
    let linked = Statement { previous: shell(KS, 2, 99, vec![]).previous, ..shell(KS, 1, 99, vec![]) };
    for wrong in [unlinked, linked, shell(KS, 0, 99, vec![]), shell(KS, NUMBER_LIMIT + 1, 99, vec![])] {
        assert_eq!(refused(wrong), link);
    }
    let version = Statement { version: 2, ..shell(KS, 1, 99, vec![]) };
    assert_eq!(refused(version), "statement version 2 is not known here");
    let large = refused(shell(KS, 1, 99, vec![0; STATEMENT_LIMIT]));
    assert!(large.ends_with("where at most 16384 are allowed"), "{large}");
    let body = refused(shell(KS, 1, 1, vec![0xa0]));
    assert!(body.starts_with("the statement's body is not of the expected shape"), "{body}");
    // A body of the right shape with something after it.
    let tail = [to_vec(&membership_body(BERGEN, BERGEN)), vec![0]].concat();
    assert_eq!(refused(shell(KS, 1, 1, tail)), "the statement's body is not in canonical form");
}

#[test]
fn a_signature_holds_for_its_own_kind_and_key_only() {
    let statement = shell(KS, 1, 99, vec![1, 2, 3]);
    let signed = Verified::sign(statement, &key(KS));
    assert_eq!(known(&signed).fact, Fact::Unknown);
    // The kind stands in the payload, and is part of what is signed: 99 is 0x18 0x63 there.
    let mut bytes = signed.bytes().to_vec();
    let at = bytes.windows(3).position(|three| three == [0x01, 0x18, 0x63]).unwrap();
    bytes[at + 2] = 0x64;
    assert_eq!(Known::read(&bytes).unwrap_err().name(), "statement_signature");
}

#[test]
fn a_charter_needs_sorted_roots_and_a_majority() {
    let two = |quorum| {
        let mut roots = vec![org(KS), org(BERGEN)];
        roots.sort();
        Charter { roots, quorum, ..charter() }
    };
    assert!(Charter::read(&two(2).bytes()).is_ok());
    let wrong = [
        two(1),
        two(3),
        Charter { quorum: 0, ..charter() },
        Charter { roots: vec![], ..charter() },
        Charter { roots: vec![org(KS); 2], quorum: 2, ..charter() },
        Charter { roots: two(2).roots.into_iter().rev().collect(), ..two(2) },
        Charter { recovery: vec![org(KS); 2], ..charter() },
    ];
    for charter in wrong {
        assert_eq!(Charter::read(&charter.bytes()), Err(CharterError::Roots));
    }
    assert_eq!(Charter::read(&Charter { version: 2, ..charter() }.bytes()), Err(CharterError::Version(2)));
}
