//! From a document to a record: the values that stand, and those that stand beside them.
//!
//! Documents come from other nodes, some of them newer than this one: what is unknown is shown as
//! well as its type tells, and what has the wrong type is noted and read as absent. Nothing here
//! may panic.

use std::collections::BTreeMap;

use automerge::{ObjId, ObjType, ROOT, ReadDoc, ScalarValueRef, ValueRef};
use serde_json::{Map, Value, json};

use super::{
    Form, Record,
    cbor::{self, DEPTH},
    containers::container,
    scalar,
};
use crate::shape::{Field, Keys, LANGUAGES, Shape};

/// Where the rank of an item stands, in drafts; no field can be called so.
pub(super) const RANK: &str = "#rank";
/// Where JSON shows the key of an item.
pub(super) const ID: &str = "id";

/// What a document says at some heads.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) contested: Vec<Contested>,
    pub(super) strange: Vec<Vec<String>>,
}

/// Unequal values at one place, with the operation that wrote each; the one shown is first.
pub(super) struct Contested {
    pub(super) path: Vec<String>,
    pub(super) values: Vec<(Value, ObjId)>,
}

/// Reads a document as it was at some heads, or as it is.
pub(super) struct Reader<'a, D> {
    doc: &'a D,
    heads: Option<&'a [automerge::ChangeHash]>,
    form: Form,
    path: Vec<String>,
    contested: Vec<Contested>,
    strange: Vec<Vec<String>>,
}

/// One key of a map: the value that stands, and whether others stand beside it.
struct Entry<'a> {
    value: ValueRef<'a>,
    id: ObjId,
    contested: bool,
}

/// What is expected at a key.
#[derive(Clone, Copy)]
enum What<'s> {
    Field(&'s Shape),
    Item(&'s [Field]),
    Unknown,
}

impl<'a, D: ReadDoc> Reader<'a, D> {
    pub(super) fn new(doc: &'a D, heads: Option<&'a [automerge::ChangeHash]>, form: Form) -> Self {
        Self { doc, heads, form, path: Vec::new(), contested: Vec::new(), strange: Vec::new() }
    }

    /// The whole record.
    pub(super) fn read(mut self, fields: &[Field]) -> Found {
        let record = self.fields(&ROOT, fields, DEPTH);
        Found { record, contested: self.contested, strange: self.strange }
    }

    /// The ranks of a list's items, those that have one.
    pub(super) fn ranks(&self, list: &ObjId) -> BTreeMap<String, String> {
        let rank = |(id, entry): (String, Entry<'_>)| match entry.value {
            ValueRef::Object(_) => Some((id, self.rank(&entry.id)?)),
            ValueRef::Scalar(value) => Some((id, ranked(&value)?.0)),
        };
        self.entries(list).into_iter().filter_map(rank).collect()
    }

    fn entries(&self, map: &ObjId) -> BTreeMap<String, Entry<'a>> {
        let range = match self.heads {
            Some(heads) => self.doc.map_range_at(map, .., heads),
            None => self.doc.map_range(map, ..),
        };
        range
            .map(|item| {
                let id = item.id();
                (item.key.into_owned(), Entry { value: item.value, id, contested: item.conflict })
            })
            .collect()
    }

    fn fields(&mut self, map: &ObjId, fields: &[Field], depth: usize) -> Record {
        let mut entries = self.entries(map);
        entries.remove(RANK);
        let mut record = Map::new();
        for field in fields {
            if let Some(entry) = entries.remove(field.name) {
                self.member(&mut record, map, field.name, entry, What::Field(&field.shape), depth);
            }
        }
        for (key, entry) in entries {
            self.member(&mut record, map, &key, entry, What::Unknown, depth);
        }
        record
    }

    fn map(&mut self, map: &ObjId, inner: &Shape, keys: Keys, depth: usize) -> Record {
        let mut entries = self.entries(map);
        let mut record = Map::new();
        let known = match keys {
            Keys::Language => &LANGUAGES[..],
            Keys::OneOf(keys) => keys,
        };
        for key in known {
            if let Some(entry) = entries.remove(*key) {
                self.member(&mut record, map, key, entry, What::Field(inner), depth);
            }
        }
        // A newer schema's languages and phases are held as the others are.
        for (key, entry) in entries {
            self.member(&mut record, map, &key, entry, What::Field(inner), depth);
        }
        record
    }

    fn member(
        &mut self,
        record: &mut Record,
        map: &ObjId,
        key: &str,
        entry: Entry<'_>,
        what: What<'_>,
        depth: usize,
    ) {
        if let Some((_, value)) = self.held(map, key, &entry, what, depth) {
            record.insert(key.to_owned(), value);
        }
    }

    fn items(&mut self, list: &ObjId, fields: &[Field], depth: usize) -> Vec<Value> {
        let mut items = Vec::new();
        for (id, entry) in self.entries(list) {
            if let Some((rank, item)) = self.held(list, &id, &entry, What::Item(fields), depth) {
                items.push((rank, id, item));
            }
        }
        items.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let shown = |(_, id, item): (String, String, Value)| {
            let mut shown = Map::from_iter([(ID.to_owned(), json!(id))]);
            if let Value::Object(members) = item {
                shown.extend(members.into_iter().filter(|(key, _)| key != ID));
            }
            Value::Object(shown)
        };
        items.into_iter().map(shown).collect()
    }

    fn members(&mut self, set: &ObjId) -> Vec<Value> {
        let mut members = Vec::new();
        for (member, entry) in self.entries(set) {
            match entry.value {
                ValueRef::Scalar(ScalarValueRef::Boolean(true)) => members.push(Value::from(member)),
                ValueRef::Scalar(_) | ValueRef::Object(_) => self.strange.push(self.path.clone()),
            }
        }
        members
    }

    /// What stands at `map[key]`, with its rank if it is an item.
    fn held(
        &mut self,
        map: &ObjId,
        key: &str,
        entry: &Entry<'_>,
        what: What<'_>,
        depth: usize,
    ) -> Option<(String, Value)> {
        let depth = depth.checked_sub(1)?;
        self.path.push(key.to_owned());
        let value = match entry.contested {
            false => self.value(&entry.value, &entry.id, what, depth),
            true => self.contested(map, key, what, depth),
        };
        self.path.pop();
        value
    }

    /// The value that is shown of several, noting the others if they differ from it.
    fn contested(&mut self, map: &ObjId, key: &str, what: What<'_>, depth: usize) -> Option<(String, Value)> {
        let mut shown = None;
        let mut values: Vec<(Value, ObjId)> = Vec::new();
        for (i, (value, id)) in standing(self.doc, self.heads, map, key).into_iter().enumerate() {
            let noted = (self.contested.len(), self.strange.len());
            let read = self.value(&value, &id, what, depth);
            if i == 0 {
                shown.clone_from(&read);
            } else {
                // What is inside the others is not part of the record.
                self.contested.truncate(noted.0);
                self.strange.truncate(noted.1);
            }
            if let Some((_, value)) = read
                && !values.iter().any(|(known, _)| *known == value)
            {
                values.push((value, id));
            }
        }
        if values.len() > 1 {
            self.contested.push(Contested { path: self.path.clone(), values });
        }
        shown
    }

    fn value(
        &mut self,
        value: &ValueRef<'_>,
        id: &ObjId,
        what: What<'_>,
        depth: usize,
    ) -> Option<(String, Value)> {
        let read = match (what, value) {
            (What::Item(fields), _) => return self.item(value, id, fields, depth),
            (What::Field(_) | What::Unknown, ValueRef::Scalar(value)) => {
                let read = scalar::decode(value);
                if read.is_none() && !scalar::is_empty(value) {
                    self.strange.push(self.path.clone());
                }
                read
            }
            (What::Field(shape), ValueRef::Object(kind)) if container(shape, self.form) != Some(*kind) => {
                self.strange.push(self.path.clone());
                None
            }
            (What::Field(shape), ValueRef::Object(_)) => match shape {
                Shape::Register => None,
                Shape::Text => self.text(id),
                Shape::Set => filled(self.members(id)),
                Shape::List(fields) => filled(self.items(id, fields, depth)),
                Shape::Map(inner, keys) => object(self.map(id, inner, *keys, depth)),
                Shape::Group(fields) => object(self.fields(id, fields, depth)),
            },
            (What::Unknown, ValueRef::Object(ObjType::Text)) => self.text(id),
            (What::Unknown, ValueRef::Object(ObjType::Map | ObjType::Table)) => {
                object(self.fields(id, &[], depth))
            }
            (What::Unknown, ValueRef::Object(ObjType::List)) => filled(self.elements(id, depth)),
        };
        read.map(|value| (String::new(), value))
    }

    fn item(
        &mut self,
        value: &ValueRef<'_>,
        id: &ObjId,
        fields: &[Field],
        depth: usize,
    ) -> Option<(String, Value)> {
        let item = match (value, self.form) {
            (ValueRef::Object(ObjType::Map), Form::Draft) => {
                let rank = self.rank(id).unwrap_or_default();
                Some((rank, Value::Object(self.fields(id, fields, depth))))
            }
            (ValueRef::Scalar(value), Form::Shared) => ranked(value),
            (ValueRef::Object(_), Form::Draft | Form::Shared) | (ValueRef::Scalar(_), Form::Draft) => None,
        };
        if item.is_none() {
            self.strange.push(self.path.clone());
        }
        item
    }

    fn rank(&self, item: &ObjId) -> Option<String> {
        let rank = match self.heads {
            Some(heads) => self.doc.get_at(item, RANK, heads),
            None => self.doc.get(item, RANK),
        };
        rank.ok().flatten()?.0.as_str().map(str::to_owned)
    }

    fn text(&self, id: &ObjId) -> Option<Value> {
        let text = match self.heads {
            Some(heads) => self.doc.text_at(id, heads),
            None => self.doc.text(id),
        };
        text.ok().filter(|text| !text.is_empty()).map(Value::from)
    }

    /// The elements of an Automerge list, which only a newer schema could have made.
    fn elements(&mut self, list: &ObjId, depth: usize) -> Vec<Value> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let range = match self.heads {
            Some(heads) => self.doc.list_range_at(list, .., heads),
            None => self.doc.list_range(list, ..),
        };
        let elements: Vec<(ObjId, ValueRef<'_>)> = range.map(|item| (item.id(), item.value)).collect();
        let read = elements.iter().filter_map(|(id, value)| self.value(value, id, What::Unknown, depth));
        read.map(|(_, value)| value).collect()
    }
}

/// What stands at `map[key]`, the value that is shown first: a scalar before a container, which may
/// be there only because a newer schema has one; otherwise the newest before the older.
pub(super) fn standing<D: ReadDoc>(
    doc: &D,
    heads: Option<&[automerge::ChangeHash]>,
    map: &ObjId,
    key: &str,
) -> Vec<(ValueRef<'static>, ObjId)> {
    let all = match heads {
        Some(heads) => doc.get_all_at(map, key, heads),
        None => doc.get_all(map, key),
    };
    let owned = |(value, id): (automerge::Value<'_>, ObjId)| match value {
        automerge::Value::Object(kind) => (ValueRef::Object(kind), id),
        automerge::Value::Scalar(scalar) => (ValueRef::Scalar(scalar.into_owned().into()), id),
    };
    let mut all: Vec<_> = all.unwrap_or_default().into_iter().rev().map(owned).collect();
    all.sort_by_key(|(value, _)| matches!(value, ValueRef::Object(_)));
    all
}

/// An item of the shared form: its rank and its members.
fn ranked(scalar: &ScalarValueRef<'_>) -> Option<(String, Value)> {
    let ScalarValueRef::Bytes(bytes) = scalar else { return None };
    let Value::Array(parts) = cbor::decode(bytes)? else { return None };
    let [Value::String(rank), item @ Value::Object(_)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    Some((rank, item))
}

fn filled(values: Vec<Value>) -> Option<Value> {
    (!values.is_empty()).then_some(Value::Array(values))
}

fn object(members: Record) -> Option<Value> {
    (!members.is_empty()).then_some(Value::Object(members))
}
