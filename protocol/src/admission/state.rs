//! A document as it stands: what the store keeps beside the truth, to be thrown away and computed again.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counting::Counted;
pub use crate::document::Conflict;
use crate::{
    document::{Form, RawChange, Reading, Replica, Tried, containers},
    envelope::state_digest,
    genesis::{Genesis, Kind},
    id::{ChangeHash, Digest, DocumentId, EnvelopeHash, Item},
    scan::{ChangeHeader, scan},
    shape::Field,
    wire::message::SignedChange,
};

/// Kinds up to this number are known to every program that there is.
const FIRST_KINDS: u16 = 8;

/// A document whose kind this program knows, and so can open.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// The document.
    pub document: DocumentId,
    /// What it is.
    pub kind: Kind,
    /// Whether text in it merges by character.
    pub form: Form,
    /// Its fields.
    pub fields: &'static [Field],
}

impl Record {
    /// The record of a genesis, unless its kind is from a later version.
    pub fn of(genesis: &Genesis) -> Option<Self> {
        let kind = genesis.kind()?;
        let form = if genesis.is_draft() { Form::Draft } else { Form::Shared };
        Some(Self { document: genesis.document(), kind, form, fields: kind.record() })
    }

    /// An empty document: containers only.
    pub fn replica(&self) -> Replica {
        Replica::new(self.document, self.form, self.fields)
    }

    /// The changes that every node computes itself, the first one first.
    pub fn containers(&self) -> Vec<ChangeHeader> {
        let changes = self.computed();
        changes
            .iter()
            .map(|change| scan(&change.bytes).expect("what we compute passes our scanner"))
            .collect()
    }

    /// The containers that not every program knows, to go along with what rests on them: those of all schemas but
    /// the first of the first kinds.
    pub fn travelling(&self) -> Vec<SignedChange> {
        let known_to_all = usize::from(self.kind as u16 <= FIRST_KINDS);
        // Most often all are, and computing them takes longer than reading the document.
        if usize::from(self.kind.schema()) <= known_to_all {
            return Vec::new();
        }
        let changes = self.computed().into_iter().skip(known_to_all);
        changes.map(|change| SignedChange::containers(change.bytes)).collect()
    }

    fn computed(&self) -> Vec<RawChange> {
        containers(self.document, self.kind.schema(), self.form, self.fields)
    }
}

/// What counts of a document, and how it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Envelopes that nothing rests on.
    pub heads: Vec<EnvelopeHash>,
    /// The digest of these.
    pub digest: Digest,
    /// How it reads.
    pub view: View,
}

/// A document as people see it; stored as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The changes that nothing rests on.
    pub heads: Vec<ChangeHash>,
    /// What stands in it.
    pub record: Value,
    /// What people have to settle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Newest change, seconds since 1970 by its writer's clock.
    pub updated_s: i64,
}

impl State {
    /// Of a replica to which exactly what counts was applied.
    pub(super) fn read(tried: Tried, counted: &Counted, updated_s: i64) -> Self {
        let Tried { replica, reading: Reading { record, conflicts, .. } } = tried;
        let view = View { heads: replica.heads(), record, conflicts, updated_s };
        Self { heads: counted.heads.clone(), digest: counted.digest(), view }
    }

    /// The state of a document whose kind this program does not know: what counts, and nothing to read.
    pub(super) fn unread(counted: &Counted, heads: Vec<ChangeHash>, updated_s: i64) -> Self {
        let view = View { heads, record: Value::Null, conflicts: Vec::new(), updated_s };
        Self { heads: counted.heads.clone(), digest: counted.digest(), view }
    }
}

impl View {
    /// As stored.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("JSON of plain values")
    }

    /// From the store.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What is known of a document without opening it; kept in memory for all documents.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Row {
    /// How it began.
    #[n(0)]
    pub genesis: Genesis,
    /// Envelopes that nothing rests on.
    #[n(1)]
    pub heads: Vec<EnvelopeHash>,
    /// Newest change, seconds since 1970 by its writer's clock.
    #[n(2)]
    pub updated_s: i64,
    /// What became of it when it was withdrawn.
    #[n(3)]
    pub gone: Option<Gone>,
    /// What its envelopes and changes take, in bytes: of what is kept here, counting or not.
    #[n(4)]
    #[cbor(default)]
    pub bytes: u64,
}

/// What became of a withdrawn document here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Gone {
    /// When this node heard of it, seconds since 1970.
    #[n(0)]
    pub hidden_s: u64,
    /// How far it is.
    #[n(1)]
    pub stage: Stage,
}

/// How far a withdrawal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// Nobody sees it; its bytes are held until their time has come.
    #[n(0)]
    Hidden,
    /// Its bytes are gone.
    #[n(1)]
    Purged,
    /// Those who withdrew it had no right to: it is there again, as far as its bytes are.
    #[n(2)]
    Restored,
}

impl Row {
    /// The element that the scope's set has for this document now.
    pub fn item(&self) -> Item {
        self.item_of(self.genesis.document())
    }

    /// The same, where the document's id is known: it is a hash.
    pub(crate) fn item_of(&self, document: DocumentId) -> Item {
        item_in(document, &self.heads, self.gone)
    }

    /// Whether it is withdrawn: nobody sees it.
    pub fn is_hidden(&self) -> bool {
        is_hidden(self.gone)
    }

    /// Whether people see it: something in it counts, and it is not withdrawn.
    pub fn is_seen(&self) -> bool {
        !self.heads.is_empty() && !self.is_hidden()
    }

    /// Whether the scope's set has it.
    pub fn is_compared(&self) -> bool {
        self.is_hidden() || !self.heads.is_empty()
    }
}

fn is_hidden(gone: Option<Gone>) -> bool {
    gone.is_some_and(|gone| matches!(gone.stage, Stage::Hidden | Stage::Purged))
}

/// The element of a document with these heads.
pub(crate) fn item_in(document: DocumentId, heads: &[EnvelopeHash], gone: Option<Gone>) -> Item {
    let state = if is_hidden(gone) { withdrawn_state(document) } else { state_digest(&mut heads.to_vec()) };
    crate::envelope::item(document, state)
}

/// The state of a withdrawn document, whatever statement caused it.
fn withdrawn_state(document: DocumentId) -> Digest {
    Digest(crate::signed::encoding::hash("praksis/withdrawn/1", &(document,)))
}
