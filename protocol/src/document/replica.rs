//! One document: changes in, records and changes out.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use automerge::{Automerge, Change, ROOT, ReadDoc};
use serde_json::Value;

use super::{
    ApplyError, Author, Conflict, ConflictingValue, EditError, Form, HistoryEntry, MAX_CHANGE_BYTES,
    MAX_DEPS, MAX_RECORD_BYTES, RawChange, Reading, containers, edit, history, read, target, three_way,
};
use crate::{
    id::{ActorBytes, ChangeHash, DocumentId},
    shape::Field,
};

/// One document under our rules: the changes that count, and nothing that waits.
#[derive(Debug, Clone)]
pub struct Replica {
    pub(super) doc: Automerge,
    pub(super) form: Form,
    fields: &'static [Field],
    containers: Vec<ChangeHash>,
}

/// A document whose changes can be kept, and how it reads.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The document.
    pub replica: Replica,
    /// What stands in it.
    pub reading: Reading,
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
    pub fn trial(&self, changes: &[impl AsRef<[u8]>]) -> Result<Tried, ApplyError> {
        let new = self.parse(changes)?;
        let Some(first) = new.first().map(|change| ChangeHash(change.hash().0)) else {
            return Ok(Tried { reading: self.read(), replica: self.clone() });
        };
        let replica = self.holding(self.applied(&new)?);
        for change in &new {
            let kept = caught(|| replica.doc.get_change_by_hash(&change.hash()))?;
            if kept.is_none_or(|kept| kept.raw_bytes() != change.raw_bytes()) {
                return Err(ApplyError::Altered { change: ChangeHash(change.hash().0) });
            }
        }
        let reading = caught(|| {
            let loaded = self.holding(Automerge::load(&replica.doc.save_nocompress()).ok()?);
            let reading = replica.read();
            (loaded.heads() == replica.heads() && loaded.read() == reading).then_some(reading)
        })?;
        let reading = reading.ok_or(ApplyError::Altered { change: first })?;
        Ok(Tried { replica, reading })
    }

    /// The same document with other contents.
    fn holding(&self, doc: Automerge) -> Self {
        Self { doc, form: self.form, fields: self.fields, containers: self.containers.clone() }
    }

    /// The changes that made the containers, one for each schema version that has any. Every node
    /// computes them; none of them has an envelope.
    pub fn containers(&self) -> &[ChangeHash] {
        &self.containers
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

    /// Does to the record as it is now what makes `after` of `before`. For what somebody wrote on
    /// changes that do not count any longer.
    pub fn write_again(
        &mut self,
        before: &Value,
        after: &Value,
        author: &Author<'_>,
    ) -> Result<Vec<RawChange>, EditError> {
        let present = self.read().record;
        let record = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let target = three_way::again(self.fields, &record(before), &record(after), &record(&present));
        self.edit(&self.heads(), &Value::Object(target), author)
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
