//! Records as Automerge documents.
//!
//! Between the domain and Automerge stand plain JSON records and the shapes of their fields; this
//! module names no field. [`Replica`] is one document: changes in, records and conflicts out, and
//! [`Replica::edit`] as the only way to write.
//!
//! # What stands in a document
//!
//! | shape | in a draft | in what is shared |
//! | --- | --- | --- |
//! | Register | one scalar at its key | the same |
//! | Text | a text, from the containers | a string at its key |
//! | Set | a map, each member a key that holds `true` | the same |
//! | List | a map from item id (26 characters of base32) to a map with the item's fields and its rank at `#rank` | a map from item id to one scalar: canonical CBOR of `[rank, {fields}]` |
//! | Map | a map; under it what its inner shape says, texts by language from the containers | a map of registers |
//! | Group | a map with its fields | the same |
//!
//! Scalars: strings, truth values and integers as Automerge has them; a JSON object or array as one
//! byte string holding canonical CBOR (RFC 8949 §4.2.1, no floats, no tags), and byte strings hold nothing else.
//! Absent is absent: no empty strings, no `null`.
//!
//! - **Containers** come from changes that every node computes to the same bytes ([`containers`]),
//!   in the order of the fields' names; those inside a draft's list item come with the change that
//!   adds the item.
//! - **Where its container is missing, a field is a register**, whatever its shape: that is what
//!   becomes of a text that a newer schema adds to items that already exist. Where a scalar and a
//!   container stand at one key, the scalar is shown: someone wrote it who knew of no container.
//! - **Values at one key**: the newest operation's is shown, all unequal ones are a conflict. Ranks
//!   and set members never are.
//! - **Deleting an item** that someone else edits at the same time: in a draft the deletion stands
//!   (the edit is in the history); in what is shared the edited item stands.
//! - **Unknown keys** are read as well as their type tells, and an edit leaves alone what its
//!   target does not speak of; `null` removes it.
//! - **Ranks** sort as strings: four base-36 digits and a fraction, appending counts up from `i000`;
//!   equal ranks are told apart by the item's id.

mod cbor;
mod containers;
mod edit;
mod history;
mod rank;
mod read;
mod replica;
mod scalar;
mod target;
mod text;
mod three_way;

#[cfg(test)]
mod ages;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod stories;

use std::collections::BTreeSet;

use automerge::{Automerge, AutomergeError, ReadDoc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    containers::{containers, containers_actor, founding},
    replica::{Replica, Tried},
};
use crate::id::{ActorBytes, ChangeHash};

/// Operations in one change that we write; verifiers accept twice as many.
pub const MAX_CHANGE_OPERATIONS: usize = 10_000;
/// Bytes of one change, uncompressed.
pub const MAX_CHANGE_BYTES: usize = 1 << 20;
/// Bytes of a record as JSON: below it, sharing always fits into one change.
pub const MAX_RECORD_BYTES: usize = 512 << 10;
/// Heads that one change may depend on.
pub const MAX_DEPS: usize = 64;

/// A JSON object: a record, or a part of one.
type Record = Map<String, Value>;

/// How a document merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Texts merge character by character, items field by field.
    Draft,
    /// Every field, list item and set member is one register. Also the form of what is written
    /// straight into the network.
    Shared,
}

/// One Automerge change as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawChange {
    /// Automerge's own name for it.
    pub hash: ChangeHash,
    /// One uncompressed chunk of type 1, at most [`MAX_CHANGE_BYTES`].
    pub bytes: Vec<u8>,
    /// Who wrote it, bound to device, document, session and branch.
    pub actor: ActorBytes,
    /// Its place among the actor's changes, from 1.
    pub seq: u64,
    /// The changes that it was written on.
    pub deps: Vec<ChangeHash>,
    /// The writer's branch that the actor stands for; 0 for containers.
    pub branch: u32,
}

impl RawChange {
    /// The change of this hash, which `doc` holds.
    fn of(doc: &Automerge, hash: &automerge::ChangeHash, branch: u32) -> Self {
        let change = doc.get_change_by_hash(hash).expect("the change was just written");
        Self {
            hash: ChangeHash(hash.0),
            bytes: change.raw_bytes().to_vec(),
            actor: change.actor_id().to_bytes().try_into().expect("we set an actor of 16 bytes"),
            seq: change.seq(),
            deps: change.deps().iter().map(|dep| ChangeHash(dep.0)).collect(),
            branch,
        }
    }
}

/// Who writes, and when.
pub struct Author<'a> {
    /// The actor of a branch: hash of device, document, session and branch.
    pub actor: &'a dyn Fn(u32) -> ActorBytes,
    /// The first branch to try. Above 0 when changes of earlier branches do not count and are not
    /// in the document: their sequence numbers are taken.
    pub first_branch: u32,
    /// Seconds since 1970, for display only.
    pub time: i64,
}

/// A record and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The record, as a JSON object.
    pub record: Value,
    /// Unequal values written at the same time.
    pub conflicts: Vec<Conflict>,
    /// Places that hold what none of our nodes writes; they are read as absent.
    pub strange: Vec<String>,
}

/// One place with several values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Names from the record down to the place; an item of a list by its id.
    pub path: Vec<String>,
    /// The one that is shown first, then the others, newest first.
    pub values: Vec<ConflictingValue>,
}

impl Conflict {
    /// The path as people write it, `gains.<id>.value_low`.
    pub fn field(&self) -> String {
        self.path.join(".")
    }
}

/// One of the values at a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictingValue {
    /// The value; an item of a list without its id.
    pub value: Value,
    /// The change that wrote it.
    pub change: ChangeHash,
    /// The actor of that change.
    pub actor: ActorBytes,
}

/// One change, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The change.
    pub hash: ChangeHash,
    /// Who wrote it.
    pub actor: ActorBytes,
    /// Its place among the actor's changes.
    pub seq: u64,
    /// What it was written on.
    pub deps: Vec<ChangeHash>,
    /// Seconds since 1970, as the writer's clock said.
    pub time: i64,
    /// The fields of the record that it touched.
    pub fields: BTreeSet<String>,
}

/// Why changes were not applied; the document is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Not one uncompressed change chunk.
    #[error("change {index} of the batch is not one uncompressed change chunk")]
    NotAChange {
        /// Its place in the batch.
        index: usize,
    },
    /// It came before its cause.
    #[error("change {} depends on {}, which is not here", change.short(), missing.short())]
    Missing {
        /// The change.
        change: ChangeHash,
        /// What it depends on.
        missing: ChangeHash,
    },
    /// Automerge refused it.
    #[error("automerge refused the changes: {0}")]
    Refused(#[source] Box<AutomergeError>),
    /// Automerge panicked.
    #[error("automerge panicked on the changes")]
    Panicked,
    /// Automerge gives other bytes back, or a document that it cannot load again.
    #[error("change {} does not survive being stored", change.short())]
    Altered {
        /// The change, or the first of those that were tried together.
        change: ChangeHash,
    },
}

/// Why a record was not written; the document is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The heads are not all in this document.
    #[error("the record was read at {}, which is not here", head.short())]
    UnknownHeads {
        /// One that is missing.
        head: ChangeHash,
    },
    /// More heads than one change can depend on.
    #[error("the record was read at {count} heads, at most {MAX_DEPS} can be written on")]
    TooManyHeads {
        /// How many.
        count: usize,
    },
    /// The JSON does not have the field's shape.
    #[error("cannot write `{field}`: expected {expected}")]
    Shape {
        /// The path of the field.
        field: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A field of a newer schema that cannot be changed here.
    #[error(
        "cannot change `{field}`: a newer version of this software holds it in a way this one does not know"
    )]
    Unknown {
        /// Its name.
        field: String,
    },
    /// Nothing stands at the place that was to be settled.
    #[error("there is nothing to settle at `{field}`")]
    Nowhere {
        /// The path.
        field: String,
    },
    /// The record or a change of it is larger than the protocol allows.
    #[error("the record is larger than {} KiB", MAX_RECORD_BYTES >> 10)]
    TooLarge,
    /// What was written does not merge with what came since.
    #[error("cannot merge what was written: {0}")]
    Merge(#[source] Box<ApplyError>),
    /// Automerge refused an operation.
    #[error("automerge refused to write: {0}")]
    Automerge(#[source] Box<AutomergeError>),
}
