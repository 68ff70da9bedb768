//! Keys by number, and what honest people make with them.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use praksis_protocol::{
    engine::{
        Edit,
        job::{Job, Outcome, Write, run},
        setup::acceptance,
    },
    envelope::{Envelope, Last, Opening, context, envelope_hash},
    genesis::{Genesis, Kind, Scope},
    id::{ChangeHash, DeviceId, NetworkId, OrgId, SessionId},
    membership::{
        charter::{Charter, Parameters},
        roster::Roster,
        statement::{Chain, DeviceGrant, Kind as StatementKind, Known, MembershipGrant, NodeAddress, Role},
    },
    signed::Verified,
    wire::message::SignedChange,
};
use serde_json::Value;

pub(crate) const KS: u8 = 1;
pub(crate) const BERGEN: u8 = 2;
/// Bergen's two offices.
pub(crate) const DEVICES: [u8; 2] = [20, 21];

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn org(seed: u8) -> OrgId {
    OrgId(key(seed).verifying_key().to_bytes())
}

pub(crate) fn device(seed: u8) -> DeviceId {
    DeviceId(key(seed).verifying_key().to_bytes())
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

/// Bergen's membership, the grants of its two devices, and the address of one.
pub(crate) fn statements() -> Vec<Known> {
    let member = MembershipGrant {
        number: "310000027".into(),
        name: "Bergen (test)".into(),
        org: org(BERGEN),
        role: Role::Member,
        from_s: 0,
        until_s: None,
        invitation: None,
        follows: None,
    };
    let network = charter().network();
    let mut all = vec![Chain::default().issue(&key(KS), network, StatementKind::MembershipGrant, &member)];
    let mut chain = Chain::default();
    for (seed, slot) in DEVICES.into_iter().zip(1..) {
        let grant = DeviceGrant {
            org: org(BERGEN),
            device: device(seed),
            slot,
            acceptance: acceptance(&key(seed), "310000027").bytes().to_vec().into(),
            follows: None,
        };
        all.push(chain.issue(&key(BERGEN), NetworkId::NONE, StatementKind::DeviceGrant, &grant));
    }
    let address = NodeAddress { addresses: vec!["/ip4/127.0.0.1/tcp/7421".into()] };
    all.push(Chain::default().issue(&key(20), network, StatementKind::NodeAddress, &address));
    all.iter().map(|statement| Known::read(statement.bytes()).expect("an honest statement")).collect()
}

pub(crate) fn roster() -> Arc<Roster> {
    Arc::new(Roster::fold(Some(&charter()), &statements()))
}

/// A case that Bergen shares with the network.
pub(crate) fn shared_case() -> Genesis {
    let draft = Genesis::draft(Kind::Case, org(BERGEN), [5; 32]);
    Genesis::shared(&draft, charter().network(), Scope::Network)
}

/// A device with one session in one document.
#[derive(Clone)]
pub(crate) struct Writer {
    key: SigningKey,
    session: SessionId,
    last: Option<Last>,
}

impl Writer {
    pub(crate) fn new(seed: u8) -> Self {
        Self { key: key(seed), session: SessionId([seed; 16]), last: None }
    }

    /// What an honest node writes when this is merged into what it holds.
    pub(crate) fn write(&mut self, held: &[SignedChange], patch: Value) -> Vec<SignedChange> {
        let write = Write {
            genesis: shared_case(),
            held: held.to_vec(),
            founding: Vec::new(),
            roster: roster(),
            at: None,
            edit: Edit::Merge(patch),
            device: DeviceId(self.key.verifying_key().to_bytes()),
            session: self.session,
            time_s: 1_767_225_600,
            seed: [1; 32],
        };
        let Outcome::Written(written) = run(Job::Write(Box::new(write))) else {
            unreachable!("a write is written")
        };
        let written = written.expect("an honest write");
        written.changes.iter().map(|change| self.sign(change.hash, change.branch, &change.bytes)).collect()
    }

    /// Answers for any bytes under any hash, as the next of its session.
    pub(crate) fn sign(&mut self, change: ChangeHash, branch: u32, bytes: &[u8]) -> SignedChange {
        let device = DeviceId(self.key.verifying_key().to_bytes());
        let envelope = Envelope {
            version: 1,
            device,
            standing: roster().standing(device, Scope::Network).expect("a member's device"),
            session: self.session,
            branch,
            sequence: self.last.map_or(1, |last| last.sequence + 1),
            previous: self.last.map(|last| last.envelope),
            change,
            context: context(&shared_case()),
            opening: self.last.is_none().then_some(Opening { last: None }),
        };
        let signed = Verified::sign(envelope, &self.key);
        let envelope = envelope_hash(&signed);
        self.last = Some(Last { session: self.session, sequence: signed.sequence, envelope });
        SignedChange { envelope: signed.bytes().to_vec().into(), change: bytes.to_vec().into() }
    }
}
