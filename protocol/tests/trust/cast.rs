//! Keys by number, and statements that anybody could make with them.

use ed25519_dalek::SigningKey;
use minicbor::Encode;
use praksis_protocol::{
    engine::setup::acceptance,
    id::{DeviceId, OrgId, StatementHash},
    membership::{
        charter::{Charter, Parameters},
        statement::{DeviceGrant, Known, MembershipGrant, NodeAddress, Role, Statement},
    },
    signed::{Verified, encoding::to_vec},
};

pub(crate) const KS: u8 = 1;
pub(crate) const BERGEN: u8 = 2;
pub(crate) const BAERUM: u8 = 3;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn org(seed: u8) -> OrgId {
    OrgId(key(seed).verifying_key().to_bytes())
}

pub(crate) fn device(seed: u8) -> DeviceId {
    DeviceId(key(seed).verifying_key().to_bytes())
}

pub(crate) fn number(of: u8) -> String {
    format!("3100000{of:02}")
}

pub(crate) fn charter() -> Charter {
    Charter {
        version: 1,
        name: "KS (demo)".into(),
        roots: vec![org(KS)],
        quorum: 1,
        recovery: vec![],
        parameters: Parameters::default(),
        nonce: [7; 16],
    }
}

/// A statement with any number; only the first is without a link.
pub(crate) fn shell(issuer: u8, number: u64, kind: u16, body: Vec<u8>) -> Statement {
    Statement {
        version: 1,
        kind,
        network: charter().network(),
        issuer: org(issuer),
        number,
        previous: (number != 1).then_some(StatementHash([9; 32])),
        body: body.into(),
        scope: None,
        standing: None,
    }
}

pub(crate) fn signed<B: Encode<()>>(issuer: u8, number: u64, kind: u16, body: &B) -> Verified<Statement> {
    Verified::sign(shell(issuer, number, kind, to_vec(body)), &key(issuer))
}

pub(crate) fn known(statement: &Verified<Statement>) -> Known {
    Known::read(statement.bytes()).unwrap()
}

pub(crate) fn membership_body(of: u8, number_of: u8) -> MembershipGrant {
    MembershipGrant {
        number: number(number_of),
        name: format!("Organisation {of}"),
        org: org(of),
        role: Role::Member,
        from_s: 0,
        until_s: None,
        invitation: None,
        follows: None,
    }
}

pub(crate) fn membership(issuer: u8, nth: u64, of: u8, number_of: u8) -> Known {
    known(&signed(issuer, nth, 1, &membership_body(of, number_of)))
}

pub(crate) fn device_body(root: u8, seed: u8, slot: u8, number_of: u8) -> DeviceGrant {
    let accepted = acceptance(&key(seed), &number(number_of));
    DeviceGrant {
        org: org(root),
        device: accepted.device,
        slot,
        acceptance: accepted.bytes().to_vec().into(),
        follows: None,
    }
}

pub(crate) fn grant(root: u8, nth: u64, seed: u8, slot: u8, number_of: u8) -> Known {
    known(&signed(root, nth, 2, &device_body(root, seed, slot, number_of)))
}

pub(crate) fn address(of: u8, nth: u64, place: &str) -> Known {
    known(&signed(of, nth, 3, &NodeAddress { addresses: vec![place.into()] }))
}
