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
//! byte string holding canonical CBOR ([`cbor`]), and byte strings hold nothing else.
//! Absent is absent: no empty strings, no `null`.
//!
//! - **Containers** come from changes that every node computes to the same bytes ([`containers`]);
//!   those inside a draft's list item come with the change that adds the item.
//! - **Where its container is missing, a field is a register**, whatever its shape: that is what
//!   becomes of a text that a newer schema adds to items that already exist.
//! - **Deleting an item** that someone else edits at the same time: in a draft the deletion stands
//!   (the edit is in the history); in what is shared the edited item stands.
//! - **Unknown keys** are read as well as their type tells, and an edit leaves alone what its
//!   target does not speak of.

mod cbor;
mod containers;
mod edit;
mod history;
mod rank;
mod read;
mod scalar;
mod target;
mod text;

#[cfg(test)]
mod ages;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod stories;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use automerge::{Automerge, AutomergeError, Change, ROOT, ReadDoc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::containers::{containers, containers_actor};
use crate::{
    id::{ActorBytes, ChangeHash, DocumentId},
    shape::Field,
};

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

/// One document under our rules: the changes that count, and nothing that waits.
#[derive(Debug, Clone)]
pub struct Replica {
    doc: Automerge,
    form: Form,
    fields: &'static [Field],
    containers: Vec<ChangeHash>,
}

impl Replica {
    /// A document that holds nothing but its containers.
    pub fn new(document: DocumentId, form: Form, fields: &'static [Field]) -> Self {
        let (doc, containers) = containers::build(document, containers::newest(fields), form, fields);
        let containers = containers.into_iter().map(|change| change.hash).collect();
        Self { doc, form, fields, containers }
    }

    /// Applies changes in any order, all or none. Those that are here already are passed over; each
    /// cause must be here or among them. Give all of a document at once: one by one is slow.
    pub fn apply(&mut self, changes: &[impl AsRef<[u8]>]) -> Result<(), ApplyError> {
        let new = self.parse(changes)?;
        if !new.is_empty() {
            self.doc = self.applied(&new)?;
        }
        Ok(())
    }

    /// Applies changes to a copy and sees that they can be kept: their bytes come back unaltered,
    /// the document can be saved, loaded and read. For changes from peers, on a worker.
    pub fn trial(&self, changes: &[impl AsRef<[u8]>]) -> Result<Self, ApplyError> {
        let new = self.parse(changes)?;
        let Some(first) = new.first().map(|change| ChangeHash(change.hash().0)) else {
            return Ok(self.clone());
        };
        let tried = Self { doc: self.applied(&new)?, ..self.clone() };
        for change in &new {
            let kept = caught(|| tried.doc.get_change_by_hash(&change.hash()))?;
            if kept.is_none_or(|kept| kept.raw_bytes() != change.raw_bytes()) {
                return Err(ApplyError::Altered { change: ChangeHash(change.hash().0) });
            }
        }
        let kept = caught(|| {
            let loaded = Automerge::load(&tried.doc.save_nocompress()).ok()?;
            let loaded = Self { doc: loaded, ..tried.clone() };
            Some(loaded.heads() == tried.heads() && loaded.read() == tried.read())
        })?;
        if kept == Some(true) { Ok(tried) } else { Err(ApplyError::Altered { change: first }) }
    }

    /// The changes that no other depends on, sorted. Never empty where the kind has containers.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.doc.get_heads().iter().map(|head| ChangeHash(head.0)).collect()
    }

    /// Whether a change is in this document.
    pub fn has(&self, change: &ChangeHash) -> bool {
        self.doc.get_missing_deps(&[theirs(change)]).is_empty()
    }

    /// The record as it is, with its conflicts.
    pub fn read(&self) -> Reading {
        let found = read::Reader::new(&self.doc, None, self.form).read(self.fields);
        let value = |(value, operation): (Value, automerge::ObjId)| {
            let change = ChangeHash(self.doc.hash_for_opid(&operation)?.0);
            let automerge::ObjId::Id(_, actor, _) = operation else { return None };
            let actor = ActorBytes::try_from(actor.to_bytes()).ok()?;
            Some(ConflictingValue { value, change, actor })
        };
        let conflict = |contested: read::Contested| Conflict {
            path: contested.path,
            values: contested.values.into_iter().filter_map(value).collect(),
        };
        Reading {
            record: Value::Object(found.record),
            conflicts: found.contested.into_iter().map(conflict).collect(),
            strange: found.strange.iter().map(|path| path.join(".")).collect(),
        }
    }

    /// The record as it was at some heads.
    pub fn read_at(&self, heads: &[ChangeHash]) -> Result<Value, EditError> {
        let heads = self.known(heads)?;
        let found = read::Reader::new(&self.doc, Some(&heads), self.form).read(self.fields);
        Ok(Value::Object(found.record))
    }

    /// Writes what differs between the record at `at` and `target`, at `at`, and merges it with
    /// what came since. The changes written, none when nothing differs.
    pub fn edit(
        &mut self,
        at: &[ChangeHash],
        target: &Value,
        author: &Author<'_>,
    ) -> Result<Vec<RawChange>, EditError> {
        self.save(at, target, author, false)
    }

    /// As [`edit`](Self::edit), and settles what is contested: where several values stand, the
    /// target's is written again even if it is the one shown. For sharing, which always speaks for
    /// the whole record.
    pub fn share(
        &mut self,
        at: &[ChangeHash],
        target: &Value,
        author: &Author<'_>,
    ) -> Result<Vec<RawChange>, EditError> {
        self.save(at, target, author, true)
    }

    /// Settles a conflict on one of its values: written again at the present heads, over all others.
    pub fn settle(
        &mut self,
        conflict: &Conflict,
        value: &Value,
        author: &Author<'_>,
    ) -> Result<Vec<RawChange>, EditError> {
        let (fields, heads) = (self.fields, self.heads());
        self.write(&heads, author, |writer| writer.settle(fields, &conflict.path, value))
    }

    /// Every change but the containers, causes before effects.
    pub fn history(&self) -> Vec<HistoryEntry> {
        history::history(&self.doc, &self.containers)
    }

    fn save(
        &mut self,
        at: &[ChangeHash],
        target: &Value,
        author: &Author<'_>,
        settle: bool,
    ) -> Result<Vec<RawChange>, EditError> {
        if serde_json::to_vec(target).map_or(true, |json| json.len() > MAX_RECORD_BYTES) {
            return Err(EditError::TooLarge);
        }
        let fields = self.fields;
        self.write(at, author, |writer| {
            let current = writer.read(fields);
            let target = target::prepare(fields, &current.record, target)?;
            writer.fields(&ROOT, fields, Some(&current.record), &target)?;
            if settle { writer.insist(fields, &current.contested, &target) } else { Ok(()) }
        })
    }

    fn write(
        &mut self,
        at: &[ChangeHash],
        author: &Author<'_>,
        write: impl FnOnce(&mut edit::Writer) -> Result<(), EditError>,
    ) -> Result<Vec<RawChange>, EditError> {
        let mut at = self.known(at)?;
        let since = if at == self.doc.get_heads() { Vec::new() } else { self.doc.get_changes_meta(&at) };
        // Whoever read an older schema's record still writes into this schema's containers.
        let newest = self.containers.last().map(theirs);
        at.extend(newest.filter(|newest| since.iter().any(|change| change.hash == *newest)));
        at.sort_unstable();
        // One more may be the actor's own last change.
        if at.len() >= MAX_DEPS {
            return Err(EditError::TooManyHeads { count: at.len() });
        }
        let free = |branch: &u32| {
            let actor = (author.actor)(*branch);
            since.iter().all(|change| change.actor.to_bytes() != actor.as_bytes())
        };
        let branch = (author.first_branch..).find(free).ok_or(EditError::TooLarge)?;
        let stale = at != self.doc.get_heads();
        // Written into a copy of what was read, and nothing since: Automerge can also write in the
        // past of a whole document, but takes quadratic time to delete there.
        let doc = if stale { self.doc.fork_at(&at)? } else { self.doc.clone() };
        let mut writer = edit::Writer::open(doc, (author.actor)(branch), self.form, author.time);
        write(&mut writer)?;
        let (mut doc, hashes) = writer.close();
        let changes: Vec<_> = hashes.iter().map(|hash| RawChange::of(&doc, hash, branch)).collect();
        if changes.iter().any(|change| change.bytes.len() > MAX_CHANGE_BYTES) {
            return Err(EditError::TooLarge);
        }
        if stale {
            let written: Vec<_> = hashes.iter().filter_map(|hash| doc.get_change_by_hash(hash)).collect();
            doc = self.applied(&written).map_err(|error| EditError::Merge(Box::new(error)))?;
        }
        self.doc = doc;
        Ok(changes)
    }

    /// Heads in Automerge's words, sorted, if they are all here.
    fn known(&self, heads: &[ChangeHash]) -> Result<Vec<automerge::ChangeHash>, EditError> {
        let heads: BTreeSet<_> = heads.iter().map(theirs).collect();
        let heads: Vec<_> = heads.into_iter().collect();
        match self.doc.get_missing_deps(&heads).first() {
            None => Ok(heads),
            Some(missing) => Err(EditError::UnknownHeads { head: ChangeHash(missing.0) }),
        }
    }

    /// The changes that are not here yet; their causes are here or among them.
    fn parse(&self, changes: &[impl AsRef<[u8]>]) -> Result<Vec<Change>, ApplyError> {
        let mut new: Vec<Change> = Vec::new();
        let mut hashes = BTreeSet::new();
        for (index, bytes) in changes.iter().enumerate() {
            let bytes = bytes.as_ref();
            let change = caught(|| Change::try_from(bytes).ok())?
                .filter(|change| is_plain(change, bytes))
                .ok_or(ApplyError::NotAChange { index })?;
            if !self.has(&ChangeHash(change.hash().0)) && hashes.insert(change.hash()) {
                new.push(change);
            }
        }
        for change in &new {
            for dep in change.deps().iter().filter(|dep| !hashes.contains(dep)) {
                if !self.has(&ChangeHash(dep.0)) {
                    let change = ChangeHash(change.hash().0);
                    return Err(ApplyError::Missing { change, missing: ChangeHash(dep.0) });
                }
            }
        }
        Ok(new)
    }

    /// A copy of the document with the changes applied.
    fn applied(&self, changes: &[Change]) -> Result<Automerge, ApplyError> {
        let mut doc = self.doc.clone();
        caught(|| doc.apply_changes(changes.iter().cloned()))?
            .map_err(|error| ApplyError::Refused(Box::new(error)))?;
        // "Ok" may also mean that they wait for something.
        let hashes: Vec<_> = changes.iter().map(Change::hash).collect();
        match doc.get_missing_deps(&hashes).first() {
            None => Ok(doc),
            Some(missing) => {
                let missing = ChangeHash(missing.0);
                Err(ApplyError::Missing { change: missing, missing })
            }
        }
    }
}

fn theirs(hash: &ChangeHash) -> automerge::ChangeHash {
    automerge::ChangeHash(hash.0)
}

/// Whether `bytes` are the change itself, neither deflated nor with a tail, under its own checksum:
/// Automerge does not look at that.
fn is_plain(change: &Change, bytes: &[u8]) -> bool {
    change.raw_bytes() == bytes && bytes.get(4..8) == change.hash().0.get(..4)
}

/// Runs what may panic on a change that someone made for that purpose; what it worked on is a copy
/// that is dropped.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, ApplyError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| ApplyError::Panicked)
}
