//! A record as it is to be written: checked against the shapes, and made one with what the
//! document holds that this node does not know.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{EditError, Record, cbor, read::ID};
use crate::{
    id::ItemId,
    shape::{Field, Keys, LANGUAGES, Shape},
};

/// `target` in the form in which a document is read: absent for what is empty, sets sorted without
/// duplicates. What `current` holds beyond `fields` is kept where `target` does not speak of it;
/// `null` there removes it.
pub(super) fn prepare(fields: &[Field], current: &Record, target: &Value) -> Result<Record, EditError> {
    let Value::Object(target) = target else {
        return Err(EditError::Shape { field: String::new(), expected: "an object" });
    };
    let mut path = Vec::new();
    Preparing { path: &mut path }.fields(fields, Some(current), target)
}

struct Preparing<'p> {
    path: &'p mut Vec<String>,
}

impl Preparing<'_> {
    fn fields(
        &mut self,
        fields: &[Field],
        current: Option<&Record>,
        target: &Record,
    ) -> Result<Record, EditError> {
        let mut record = Map::new();
        for field in fields {
            let held = current.and_then(|current| current.get(field.name));
            let value = self.at(field.name, |this| this.value(&field.shape, held, target.get(field.name)))?;
            record.extend(value.map(|value| (field.name.to_owned(), value)));
        }
        let is_known = |key: &str| fields.iter().any(|field| field.name == key);
        self.others(&mut record, current, target, is_known)?;
        Ok(record)
    }

    /// The members that the shapes do not speak of.
    fn others(
        &mut self,
        record: &mut Record,
        current: Option<&Record>,
        target: &Record,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), EditError> {
        let kept = current.into_iter().flatten().filter(|(key, _)| !target.contains_key(*key));
        for (key, value) in target.iter().chain(kept).filter(|(key, _)| !is_known(key)) {
            if key == super::read::RANK {
                return Err(self.wrong("a name that is not reserved"));
            }
            let value = self.at(key, |this| this.register(value))?;
            record.extend(value.map(|value| (key.clone(), value)));
        }
        Ok(())
    }

    fn value(
        &mut self,
        shape: &Shape,
        current: Option<&Value>,
        target: Option<&Value>,
    ) -> Result<Option<Value>, EditError> {
        let target = target.filter(|target| !target.is_null());
        match shape {
            Shape::Register => target.map_or(Ok(None), |target| self.register(target)),
            Shape::Text => match target {
                None => Ok(None),
                Some(Value::String(text)) => {
                    Ok(Some(text).filter(|text| !text.is_empty()).cloned().map(Value::String))
                }
                Some(_) => Err(self.wrong("a text")),
            },
            Shape::Set => match target {
                None => Ok(None),
                Some(Value::Array(members)) => self.members(members),
                Some(_) => Err(self.wrong("an array of texts")),
            },
            Shape::List(fields) => match target {
                None => Ok(None),
                Some(Value::Array(items)) => self.items(fields, current, items),
                Some(_) => Err(self.wrong("an array of objects")),
            },
            Shape::Map(inner, keys) => {
                let (current, target) = self.objects(current, target)?;
                let keys = match keys {
                    Keys::Language => &LANGUAGES[..],
                    Keys::OneOf(keys) => keys,
                };
                let mut record = Map::new();
                for key in keys {
                    let held = current.and_then(|current| current.get(*key));
                    let value = self.at(key, |this| this.value(inner, held, target.get(*key)))?;
                    record.extend(value.map(|value| ((*key).to_owned(), value)));
                }
                self.others(&mut record, current, &target, |key| keys.contains(&key))?;
                Ok(Some(record).filter(|record| !record.is_empty()).map(Value::Object))
            }
            Shape::Group(fields) => {
                let (current, target) = self.objects(current, target)?;
                let record = self.fields(fields, current, &target)?;
                Ok(Some(record).filter(|record| !record.is_empty()).map(Value::Object))
            }
        }
    }

    /// Both sides of a group or map; an absent target is an empty one.
    fn objects<'c>(
        &self,
        current: Option<&'c Value>,
        target: Option<&Value>,
    ) -> Result<(Option<&'c Record>, Record), EditError> {
        let target = match target {
            None => Map::new(),
            Some(Value::Object(target)) => target.clone(),
            Some(_) => return Err(self.wrong("an object")),
        };
        Ok((current.and_then(Value::as_object), target))
    }

    fn register(&self, value: &Value) -> Result<Option<Value>, EditError> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::Array(items) if items.is_empty() => Ok(None),
            Value::Object(members) if members.is_empty() => Ok(None),
            Value::Bool(_) | Value::String(_) => Ok(Some(value.clone())),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => match cbor::encode(value) {
                Some(_) => Ok(Some(value.clone())),
                None => Err(self.wrong("whole numbers, and no more than 32 levels")),
            },
        }
    }

    fn members(&self, members: &[Value]) -> Result<Option<Value>, EditError> {
        let mut sorted = BTreeSet::new();
        for member in members {
            let Value::String(member) = member else { return Err(self.wrong("an array of texts")) };
            if !member.is_empty() {
                sorted.insert(member.as_str());
            }
        }
        Ok((!sorted.is_empty()).then(|| sorted.into_iter().collect()))
    }

    fn items(
        &mut self,
        fields: &[Field],
        current: Option<&Value>,
        items: &[Value],
    ) -> Result<Option<Value>, EditError> {
        let mut seen = BTreeSet::new();
        let mut prepared = Vec::new();
        for item in items {
            let Value::Object(members) = item else { return Err(self.wrong("an array of objects")) };
            let id = members.get(ID).and_then(Value::as_str).unwrap_or_default();
            let held = current.and_then(|current| item_of(current, id));
            // What stands there under a malformed id can still be kept.
            if held.is_none() && id.parse::<ItemId>().is_err() {
                return Err(self.wrong("an item with an id of 26 characters"));
            }
            if !seen.insert(id) {
                return Err(self.wrong("items with different ids"));
            }
            let mut shown = Map::from_iter([(ID.to_owned(), Value::from(id))]);
            let mut rest = members.clone();
            rest.shift_remove(ID);
            shown.extend(self.at(id, |this| this.item(fields, held, &rest))?);
            prepared.push(Value::Object(shown));
        }
        Ok((!prepared.is_empty()).then_some(Value::Array(prepared)))
    }

    fn item(
        &mut self,
        fields: &[Field],
        current: Option<&Record>,
        target: &Record,
    ) -> Result<Record, EditError> {
        let mut record = self.fields(fields, current, target)?;
        record.shift_remove(ID);
        Ok(record)
    }

    fn at<T>(
        &mut self,
        key: &str,
        inner: impl FnOnce(&mut Self) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        if self.path.len() >= cbor::DEPTH {
            return Err(self.wrong("no more than 32 levels"));
        }
        self.path.push(key.to_owned());
        let done = inner(self)?;
        self.path.pop();
        Ok(done)
    }

    fn wrong(&self, expected: &'static str) -> EditError {
        EditError::Shape { field: self.path.join("."), expected }
    }
}

/// The item of a list that has this id.
pub(super) fn item_of<'v>(list: &'v Value, id: &str) -> Option<&'v Record> {
    let items = list.as_array()?.iter().filter_map(Value::as_object);
    items.into_iter().find(|item| item.get(ID).and_then(Value::as_str) == Some(id))
}
