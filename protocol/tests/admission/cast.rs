//! Organisations, their devices, and nodes that hold one document.

use std::sync::Arc;

use automerge::{ActorId, Automerge, ReadDoc as _, transaction::Transaction};
use ed25519_dalek::SigningKey;
use praksis_protocol::{
    admission::{
        Admission, Admitted, admit,
        state::{State, View},
    },
    document::containers,
    engine::{
        Edit,
        job::{Job, Outcome, Write, run},
        setup::acceptance,
    },
    envelope::{Envelope, Last, Opening, actor, context, envelope_hash},
    genesis::{Genesis, Kind, Scope},
    id::{ChangeHash, DeviceId, NetworkId, OrgId, SessionId, Standing},
    membership::{
        charter::{Charter, Parameters},
        roster::Roster,
        statement::{Chain, DeviceGrant, Kind as StatementKind, Known, MembershipGrant, Role, Statement},
    },
    signed::Verified,
    wire::message::SignedChange,
};
use serde_json::Value;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn org(seed: u8) -> OrgId {
    OrgId(key(seed).verifying_key().to_bytes())
}

/// Roots.
pub(crate) const KS: u8 = 1;
pub(crate) const BERGEN: u8 = 2;
pub(crate) const BAERUM: u8 = 3;
pub(crate) const STRANGER: u8 = 4;

fn number(root: u8) -> String {
    format!("31000000{root}")
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

/// Bergen and Bærum are members with devices 20, 21 and 30, 31; the stranger has device 40 and is none.
pub(crate) fn statements() -> Vec<Known> {
    let mut known = Vec::new();
    let mut chain = Chain::default();
    for root in [BERGEN, BAERUM] {
        let grant = MembershipGrant {
            number: number(root),
            name: format!("Organisation {root}"),
            org: org(root),
            role: Role::Member,
            from_s: 0,
            until_s: None,
            invitation: None,
            follows: None,
        };
        known.push(chain.issue(&key(KS), charter().network(), StatementKind::MembershipGrant, &grant));
    }
    for root in [BERGEN, BAERUM, STRANGER] {
        let mut chain = Chain::default();
        for slot in 1..=2 {
            known.push(granted(&mut chain, root, 10 * root + slot - 1, slot));
        }
    }
    known.iter().map(|statement| Known::read(statement.bytes()).unwrap()).collect()
}

fn granted(chain: &mut Chain, root: u8, device: u8, slot: u8) -> Verified<Statement> {
    let accepted = acceptance(&key(device), &number(root));
    let grant = DeviceGrant {
        org: org(root),
        device: accepted.device,
        slot,
        acceptance: accepted.bytes().to_vec().into(),
        follows: None,
    };
    chain.issue(&key(root), NetworkId::NONE, StatementKind::DeviceGrant, &grant)
}

pub(crate) fn roster() -> Arc<Roster> {
    Arc::new(Roster::fold(Some(&charter()), &statements()))
}

/// What a device writes under here: a stranger makes something up.
pub(crate) fn standing_of(device: DeviceId, scope: Scope) -> Standing {
    roster().standing(device, scope).unwrap_or(Standing([0; 16]))
}

/// A case that Bergen shares with the network.
pub(crate) fn shared_case() -> Genesis {
    let draft = Genesis::draft(Kind::Case, org(BERGEN), [5; 32]);
    Genesis::shared(&draft, charter().network(), Scope::Network)
}

/// A device with one session.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) key: SigningKey,
    pub(crate) session: SessionId,
    pub(crate) last: Option<Last>,
}

impl Device {
    pub(crate) fn new(seed: u8) -> Self {
        Self { key: key(seed), session: SessionId([seed; 16]), last: None }
    }

    /// The same device after another start.
    pub(crate) fn session_of(self, start: u8) -> Self {
        Self { session: SessionId([start; 16]), last: None, ..self }
    }

    pub(crate) fn id(&self) -> DeviceId {
        DeviceId(self.key.verifying_key().to_bytes())
    }

    /// The envelope of a change, as the session would have it.
    pub(crate) fn envelope(&self, genesis: &Genesis, change: ChangeHash, branch: u32) -> Envelope {
        Envelope {
            version: 1,
            device: self.id(),
            session: self.session,
            branch,
            sequence: self.last.map_or(1, |last| last.sequence + 1),
            previous: self.last.map(|last| last.envelope),
            change,
            context: context(genesis),
            standing: standing_of(self.id(), genesis.scope),
            opening: self.last.is_none().then_some(Opening { last: None }),
        }
    }

    /// Signs an envelope and goes on from it.
    pub(crate) fn sign(&mut self, envelope: Envelope, change: &[u8]) -> SignedChange {
        let signed = Verified::sign(envelope, &self.key);
        let envelope = envelope_hash(&signed);
        self.last = Some(Last { session: self.session, sequence: signed.sequence, envelope });
        SignedChange { envelope: signed.bytes().to_vec().into(), change: change.to_vec().into() }
    }

    /// What an honest node does when this is set: its signed changes.
    pub(crate) fn write(&mut self, node: &Node, edit: Edit) -> Vec<SignedChange> {
        let write = Write {
            genesis: node.genesis.clone(),
            held: node.held.clone(),
            founding: Vec::new(),
            roster: node.roster.clone(),
            at: None,
            edit,
            device: self.id(),
            session: self.session,
            time_s: 1_767_225_600,
            seed: [1; 32],
        };
        let Outcome::Written(written) = run(Job::Write(Box::new(write))) else { unreachable!() };
        let written = written.unwrap();
        let sign = |change: &praksis_protocol::document::RawChange| {
            let envelope = self.envelope(&node.genesis, change.hash, change.branch);
            self.sign(envelope, &change.bytes)
        };
        written.changes.iter().map(sign).collect()
    }

    /// Merges a patch at a node and gives it the change.
    pub(crate) fn merge(&mut self, node: &mut Node, patch: Value) -> SignedChange {
        let mut changes = self.write(node, Edit::Merge(patch));
        assert_eq!(changes.len(), 1);
        let admitted = node.take(&changes);
        assert!(admitted.refused.is_empty(), "{:?}", admitted.refused);
        changes.remove(0)
    }

    /// A change by somebody who uses Automerge directly, on what counts at a node.
    pub(crate) fn forge(&mut self, node: &Node, write: impl FnOnce(&mut Transaction<'_>)) -> SignedChange {
        let (hash, bytes) = raw(node, &actor(self.id(), node.genesis.document(), self.session, 0).0, write);
        let envelope = self.envelope(&node.genesis, hash, 0);
        self.sign(envelope, &bytes)
    }
}

/// A change under any actor, on what a node holds.
pub(crate) fn raw(
    node: &Node,
    actor: &[u8],
    write: impl FnOnce(&mut Transaction<'_>),
) -> (ChangeHash, Vec<u8>) {
    let kind = node.genesis.kind().unwrap();
    let form = praksis_protocol::document::Form::Shared;
    let mut doc = Automerge::new();
    let base = containers(node.genesis.document(), kind.schema(), form, kind.record());
    let chunks = base.iter().map(|change| change.bytes.clone());
    let chunks = chunks.chain(node.held.iter().map(|change| change.change.to_vec()));
    doc.apply_changes(chunks.map(|chunk| automerge::Change::from_bytes(chunk).unwrap())).unwrap();
    doc.set_actor(ActorId::from(actor));
    let mut transaction = doc.transaction();
    write(&mut transaction);
    let hash = transaction.commit().0.expect("something was written");
    let change = doc.get_change_by_hash(&hash).unwrap();
    (ChangeHash(hash.0), change.raw_bytes().to_vec())
}

/// One document as one node holds it, with what waits beside it.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) genesis: Genesis,
    pub(crate) roster: Arc<Roster>,
    pub(crate) held: Vec<SignedChange>,
    pub(crate) waiting: Vec<SignedChange>,
    pub(crate) state: Option<State>,
}

impl Node {
    pub(crate) fn new(genesis: Genesis) -> Self {
        Self { genesis, roster: roster(), held: vec![], waiting: vec![], state: None }
    }

    /// Takes in what came, together with what waits.
    pub(crate) fn take(&mut self, changes: &[SignedChange]) -> Admitted {
        let incoming: Vec<_> = changes.iter().chain(&self.waiting).cloned().collect();
        let admitted = admit(&Admission {
            genesis: self.genesis.clone(),
            held: self.held.clone(),
            incoming,
            roster: self.roster.clone(),
        });
        self.held.extend(admitted.accepted.iter().map(|(_, _, change)| change.clone()));
        self.held.extend(admitted.containers.iter().map(|(_, change)| change.clone()));
        self.waiting = admitted.waiting.iter().map(|(change, _)| change.clone()).collect();
        self.state = admitted.state.clone();
        admitted
    }

    /// The names of what is refused of these.
    pub(crate) fn refusals(&mut self, changes: &[SignedChange]) -> Vec<&'static str> {
        self.take(changes).refused.iter().map(|refusal| refusal.name()).collect()
    }

    pub(crate) fn view(&self) -> View {
        self.state.clone().expect("something counts").view
    }
}
