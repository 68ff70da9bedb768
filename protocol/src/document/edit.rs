//! The only writer: what differs between the record as it was read and as it is wanted.
//!
//! A form saved over a stale read must not erase a colleague's sentence. So the difference is taken
//! against the record at the heads that were read, written there, and merged with what came since.

use std::collections::BTreeSet;

use automerge::{
    ActorId, Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, ValueRef,
    transaction::{CommitOptions, OwnedTransaction, Transactable},
};
use serde_json::{Map, Value, json};

use super::{
    EditError, Form, MAX_CHANGE_OPERATIONS, Record,
    containers::{container, count, count_all, make, make_all},
    rank,
    read::{Contested, Found, ID, RANK, Reader, standing},
    scalar,
    target::item_of,
    text,
};
use crate::{
    id::ActorBytes,
    shape::{Field, Keys, Shape},
};

/// Writes into a document, in as many changes as the limits ask for.
pub(super) struct Writer {
    /// Absent only while one change ends and the next begins.
    tx: Option<OwnedTransaction>,
    form: Form,
    time: i64,
    hashes: Vec<automerge::ChangeHash>,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum What<'s> {
    Record(&'s [Field]),
    Field(&'s Shape),
    Item(&'s [Field]),
    Unknown,
}

impl Writer {
    /// Begins a change of `actor` on all that `doc` holds.
    pub(super) fn open(mut doc: Automerge, actor: ActorBytes, form: Form, time: i64) -> Self {
        doc.set_actor(ActorId::from(&actor.0));
        Self { tx: Some(begin(doc)), form, time, hashes: Vec::new() }
    }

    /// What the document says that this writer began with.
    pub(super) fn read(&self, fields: &[Field]) -> Found {
        self.reader().read(fields)
    }

    /// Writes what differs between two records.
    pub(super) fn fields(
        &mut self,
        parent: &ObjId,
        fields: &[Field],
        current: Option<&Record>,
        target: &Record,
    ) -> Result<(), EditError> {
        for field in fields.iter().filter(|field| field.name != ID) {
            let held = current.and_then(|current| current.get(field.name));
            self.value(parent, field.name, Some(&field.shape), held, target.get(field.name))?;
        }
        for key in keys(current, Some(target)) {
            if key != ID && !fields.iter().any(|field| field.name == key) {
                let held = current.and_then(|current| current.get(key));
                self.value(parent, key, None, held, target.get(key))?;
            }
        }
        Ok(())
    }

    /// Writes again what stands at contested places where both records agree: whoever speaks for
    /// the whole record says by that which value it is.
    pub(super) fn insist(
        &mut self,
        fields: &[Field],
        contested: &[Contested],
        target: &Record,
    ) -> Result<(), EditError> {
        for place in contested {
            let Some((shown, _)) = place.values.first() else { continue };
            if at(target, &place.path).as_ref() == Some(shown) {
                self.settle(fields, &place.path, shown)?;
            }
        }
        Ok(())
    }

    /// Writes the chosen value of a contested place again, over all that stand there.
    pub(super) fn settle(
        &mut self,
        fields: &[Field],
        path: &[String],
        value: &Value,
    ) -> Result<(), EditError> {
        let nowhere = || EditError::Nowhere { field: path.join(".") };
        let (last, way) = path.split_last().ok_or_else(nowhere)?;
        let (mut parent, mut what) = (ROOT, What::Record(fields));
        for key in way {
            what = step(what, key);
            parent = self.object(&parent, key).ok_or_else(nowhere)?.1;
        }
        let shown = self.object(&parent, last).map(|(kind, _)| kind);
        // Writing the value that is shown would only delete the others: had another office chosen
        // one of those meanwhile, this choice would vanish without a conflict.
        let rank = self.reader().ranks(&parent).remove(last).unwrap_or_default();
        self.room(1)?;
        self.tx().delete(&parent, last.as_str())?;
        match (step(what, last), shown) {
            (What::Item(fields), _) => {
                let item = value.as_object().ok_or_else(nowhere)?;
                match self.form {
                    Form::Draft => self.add_item(&parent, last, &rank, fields, item),
                    Form::Shared => self.put(&parent, last, &json!([rank, item])),
                }
            }
            (What::Field(shape), Some(kind)) if container(shape, self.form) == Some(kind) => {
                let form = self.form;
                self.room(count(shape, form))?;
                make(self.tx(), &parent, last, shape, form)?;
                self.value(&parent, last, Some(shape), None, Some(value))
            }
            (What::Field(_) | What::Unknown | What::Record(_), _) => self.put(&parent, last, value),
        }
    }

    /// Ends the last change; the hashes of all of them, in order.
    pub(super) fn close(mut self) -> (Automerge, Vec<automerge::ChangeHash>) {
        let doc = self.end();
        (doc, self.hashes)
    }

    fn value(
        &mut self,
        parent: &ObjId,
        key: &str,
        shape: Option<&Shape>,
        current: Option<&Value>,
        target: Option<&Value>,
    ) -> Result<(), EditError> {
        if current == target {
            return Ok(());
        }
        let Some((kind, id)) = self.object(parent, key) else { return self.register(parent, key, target) };
        let Some(shape) = shape else { return self.unknown(&id, kind, key, current, target) };
        if container(shape, self.form) != Some(kind) {
            return self.register(parent, key, target);
        }
        let members = current.and_then(Value::as_object);
        match shape {
            Shape::Register => self.register(parent, key, target),
            Shape::Text => self.text(&id, target),
            Shape::Set => self.set(&id, current, target),
            Shape::List(fields) => self.list(&id, fields, current, target),
            Shape::Map(inner, Keys::Language | Keys::OneOf(_)) => {
                let target = target.and_then(Value::as_object);
                for key in keys(members, target) {
                    let held = members.and_then(|members| members.get(key));
                    self.value(&id, key, Some(inner), held, target.and_then(|target| target.get(key)))?;
                }
                Ok(())
            }
            Shape::Group(fields) => {
                let none = Map::new();
                self.fields(&id, fields, members, target.and_then(Value::as_object).unwrap_or(&none))
            }
        }
    }

    /// What a newer schema put there, changed by someone who knows it in a node that does not.
    fn unknown(
        &mut self,
        id: &ObjId,
        kind: ObjType,
        key: &str,
        current: Option<&Value>,
        target: Option<&Value>,
    ) -> Result<(), EditError> {
        match (kind, target) {
            (ObjType::Text, None | Some(Value::String(_))) => self.text(id, target),
            (ObjType::Map, None | Some(Value::Object(_))) => {
                let (current, target) =
                    (current.and_then(Value::as_object), target.and_then(Value::as_object));
                for key in keys(current, target) {
                    let held = current.and_then(|current| current.get(key));
                    self.value(id, key, None, held, target.and_then(|target| target.get(key)))?;
                }
                Ok(())
            }
            (ObjType::Map | ObjType::Text | ObjType::List | ObjType::Table, _) => {
                Err(EditError::Unknown { field: key.to_owned() })
            }
        }
    }

    fn register(&mut self, parent: &ObjId, key: &str, target: Option<&Value>) -> Result<(), EditError> {
        match target {
            Some(target) => self.put(parent, key, target),
            None => self.delete(parent, key),
        }
    }

    fn put(&mut self, parent: &ObjId, key: &str, value: &Value) -> Result<(), EditError> {
        let scalar = scalar::encode(value)
            .ok_or_else(|| EditError::Shape { field: key.to_owned(), expected: "whole numbers" })?;
        self.room(1)?;
        Ok(self.tx().put(parent, key, scalar)?)
    }

    fn delete(&mut self, parent: &ObjId, key: &str) -> Result<(), EditError> {
        self.room(1)?;
        Ok(self.tx().delete(parent, key)?)
    }

    /// A character is an operation, added or removed: long differences go into several changes.
    fn text(&mut self, id: &ObjId, target: Option<&Value>) -> Result<(), EditError> {
        let new = target.and_then(Value::as_str).unwrap_or_default();
        let old = self.tx().text(id)?;
        for splice in text::difference(&old, new) {
            let mut delete = splice.delete;
            while delete > 0 {
                let some = delete.min(self.room(1)?);
                self.tx().splice_text(id, splice.at, some as isize, "")?;
                delete -= some;
            }
            let (mut at, mut rest) = (splice.at, splice.insert.as_str());
            while !rest.is_empty() {
                let room = self.room(1)?;
                let end = rest.char_indices().nth(room).map_or(rest.len(), |(end, _)| end);
                let (some, more) = rest.split_at(end);
                self.tx().splice_text(id, at, 0, some)?;
                at += some.chars().count();
                rest = more;
            }
        }
        Ok(())
    }

    fn set(&mut self, id: &ObjId, current: Option<&Value>, target: Option<&Value>) -> Result<(), EditError> {
        let members = |value: Option<&Value>| -> BTreeSet<String> {
            let members = value.and_then(Value::as_array).into_iter().flatten();
            members.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (current, target) = (members(current), members(target));
        for member in current.difference(&target) {
            self.delete(id, member)?;
        }
        for member in target.difference(&current) {
            self.room(1)?;
            self.tx().put(id, member.as_str(), true)?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        list: &ObjId,
        fields: &[Field],
        current: Option<&Value>,
        target: Option<&Value>,
    ) -> Result<(), EditError> {
        let (nothing, mut ranks) = (json!([]), self.reader().ranks(list));
        let (current, target) = (current.unwrap_or(&nothing), target.unwrap_or(&nothing));
        let wanted = ids(target);
        for id in ids(current) {
            if !wanted.contains(&id) {
                self.delete(list, id)?;
                ranks.remove(id);
            }
        }
        let changed = rank::arrange(&wanted, &ranks);
        for id in &wanted {
            let Some(item) = item_of(target, id) else { continue };
            let held = item_of(current, id);
            let rank = changed.get(id).or_else(|| ranks.get(*id)).cloned().unwrap_or_default();
            match (self.form, held) {
                (Form::Draft, None) => self.add_item(list, id, &rank, fields, item)?,
                (Form::Draft, Some(_)) => {
                    let Some((_, place)) = self.object(list, id) else { continue };
                    if changed.contains_key(id) {
                        self.room(1)?;
                        self.tx().put(&place, RANK, rank)?;
                    }
                    self.fields(&place, fields, held, item)?;
                }
                (Form::Shared, _) if held == Some(item) && !changed.contains_key(id) => {}
                (Form::Shared, _) => {
                    let mut members = item.clone();
                    members.shift_remove(ID);
                    self.put(list, id, &json!([rank, members]))?;
                }
            }
        }
        Ok(())
    }

    /// The item and all of its containers in one change, then what it holds.
    fn add_item(
        &mut self,
        list: &ObjId,
        id: &str,
        rank: &str,
        fields: &[Field],
        item: &Record,
    ) -> Result<(), EditError> {
        let form = self.form;
        self.room(2 + count_all(fields, form))?;
        let place = self.tx().put_object(list, id, ObjType::Map)?;
        self.tx().put(&place, RANK, ScalarValue::from(rank))?;
        make_all(self.tx(), &place, fields, form)?;
        self.fields(&place, fields, None, item)
    }

    /// How many operations fit into the present change, which is ended if they are not `needed`.
    fn room(&mut self, needed: usize) -> Result<usize, EditError> {
        if self.tx().pending_ops() + needed > MAX_CHANGE_OPERATIONS {
            let doc = self.end();
            self.tx = Some(begin(doc));
        }
        MAX_CHANGE_OPERATIONS.checked_sub(self.tx().pending_ops()).ok_or(EditError::TooLarge)
    }

    fn end(&mut self) -> Automerge {
        let tx = self.tx.take().expect("a change is always open between calls");
        let (doc, hash, _) = tx.commit_with(CommitOptions::default().with_time(self.time));
        self.hashes.extend(hash);
        doc
    }

    fn tx(&mut self) -> &mut OwnedTransaction {
        self.tx.as_mut().expect("a change is always open between calls")
    }

    /// The container that stands at `parent[key]`, if that is what is shown there.
    fn object(&mut self, parent: &ObjId, key: &str) -> Option<(ObjType, ObjId)> {
        match standing(self.tx(), None, parent, key).into_iter().next()? {
            (ValueRef::Object(kind), id) => Some((kind, id)),
            (ValueRef::Scalar(_), _) => None,
        }
    }

    fn reader(&self) -> Reader<'_, OwnedTransaction> {
        let tx = self.tx.as_ref().expect("a change is always open between calls");
        Reader::new(tx, None, self.form)
    }
}

fn begin(doc: Automerge) -> OwnedTransaction {
    doc.into_transaction(None, None).expect("without a patch log there is none to mismatch")
}

/// One step down a path.
fn step<'s>(what: What<'s>, key: &str) -> What<'s> {
    let member = |fields: &'s [Field]| {
        let field = fields.iter().find(|field| field.name == key);
        field.map_or(What::Unknown, |field| What::Field(&field.shape))
    };
    match what {
        What::Record(fields) | What::Item(fields) => member(fields),
        What::Field(Shape::Group(fields)) => member(fields),
        What::Field(Shape::Map(inner, _)) => What::Field(inner),
        What::Field(Shape::List(fields)) => What::Item(fields),
        What::Field(Shape::Register | Shape::Text | Shape::Set) | What::Unknown => What::Unknown,
    }
}

/// The value at a path, an item of a list without its id.
fn at(record: &Record, path: &[String]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(record.get(first)?.clone(), |value, key| match value {
        Value::Object(mut members) => members.shift_remove(key),
        Value::Array(_) => {
            let mut item = item_of(&value, key)?.clone();
            item.shift_remove(ID);
            Some(Value::Object(item))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn keys<'v>(a: Option<&'v Record>, b: Option<&'v Record>) -> BTreeSet<&'v str> {
    a.into_iter().chain(b).flatten().map(|(key, _)| key.as_str()).collect()
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.get(ID)?.as_str()).collect()
}

impl From<AutomergeError> for EditError {
    fn from(error: AutomergeError) -> Self {
        Self::Automerge(Box::new(error))
    }
}
