//! `title.nb=…`, `keywords+=x`, `keywords-=x`, `lessons+={…}`: one change in one line.

use serde_json::{Map, Value};

use super::{Fault, Invalid, Problem, finish, merge_member};
use crate::{
    genesis::Kind,
    id::ItemId,
    record::{About, Content, Expected, nearest},
    shape::{LANGUAGES, Shape},
    text::normal,
};

/// Applies expressions one after the other. `=` puts a value in place of what is there (an empty one
/// clears), `+=` adds to a set or a list, `-=` takes away: a member of a set, or an item by its id.
/// An item of a list is reached by its id: `lessons.ID.advice=…`.
pub fn set(
    kind: Kind,
    old: &Map<String, Value>,
    expressions: &[impl AsRef<str>],
    new_id: &mut dyn FnMut() -> ItemId,
) -> Result<Map<String, Value>, Invalid> {
    let mut new = old.clone();
    let mut faults = Vec::new();
    for text in expressions {
        let applied = Expression::read(text.as_ref()).and_then(|expression| {
            let language = kind.language_field().and_then(|field| new.get(field)).and_then(Value::as_str);
            let language = language.unwrap_or("nb").to_owned();
            expression.apply(&mut new, kind.about(), &language)
        });
        faults.extend(applied.err().map(|fault| *fault));
    }
    if faults.is_empty() { finish(kind, old, new, new_id) } else { Err(Invalid { faults }) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Put,
    Add,
    Remove,
}

struct Expression<'a> {
    path: Vec<&'a str>,
    operation: Operation,
    value: &'a str,
}

impl<'a> Expression<'a> {
    fn read(text: &'a str) -> Result<Self, Box<Fault>> {
        let Some((left, value)) = text.split_once('=') else {
            return Err(Box::new(Fault::new(Problem::Value, "", Expected::Expression, &Value::from(text))));
        };
        let (name, operation) = if let Some(name) = left.strip_suffix('+') {
            (name, Operation::Add)
        } else if let Some(name) = left.strip_suffix('-') {
            (name, Operation::Remove)
        } else {
            (left, Operation::Put)
        };
        Ok(Self { path: name.trim().split('.').collect(), operation, value })
    }

    fn apply(
        &self,
        record: &mut Map<String, Value>,
        fields: &[About],
        language: &str,
    ) -> Result<(), Box<Fault>> {
        self.apply_at(0, record, fields, language)
    }

    /// Applies it to the member that the path names at this depth.
    fn apply_at(
        &self,
        depth: usize,
        target: &mut Map<String, Value>,
        fields: &[About],
        language: &str,
    ) -> Result<(), Box<Fault>> {
        let name = self.path[depth];
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let known: Vec<_> = fields.iter().map(|field| field.name).collect();
            return Err(self.unknown(depth, &known));
        };
        let Some(next) = self.path.get(depth + 1) else {
            return self.change(target, field, language);
        };
        match field.content {
            Content::Object(members) => self.apply_inside(depth, target, members, language),
            Content::Languages(content) => {
                self.keyed(depth, target, &LANGUAGES, about_key(field, content), language)
            }
            Content::ByCode(list, content) => {
                self.keyed(depth, target, list.codes, about_key(field, content), language)
            }
            Content::List(members) => {
                let items = target.get_mut(name).and_then(Value::as_array_mut);
                let item = items.and_then(|items| items.iter_mut().find(|item| item["id"] == **next));
                let Some(item) = item.and_then(Value::as_object_mut) else {
                    return Err(self.fault(Problem::Value, Expected::ItemInList, next));
                };
                if self.path.len() == depth + 2 {
                    return Err(self.fault(Problem::Value, Expected::FieldOfItem, next));
                }
                self.apply_at(depth + 2, item, members, language)
            }
            Content::Text
            | Content::Line
            | Content::Keyword
            | Content::Url
            | Content::Mailbox
            | Content::Flag
            | Content::Count
            | Content::Decimal
            | Content::Date
            | Content::Day
            | Content::Cpv
            | Content::OrgNumber
            | Content::MunicipalityNumber
            | Content::RecordId
            | Content::ItemId
            | Content::Language
            | Content::Code(_)
            | Content::Set(_) => Err(self.fault(Problem::UnknownField, Expected::EndOfPath, next)),
        }
    }

    fn keyed(
        &self,
        depth: usize,
        target: &mut Map<String, Value>,
        keys: &[&'static str],
        about: About,
        language: &str,
    ) -> Result<(), Box<Fault>> {
        let Some(key) = keys.iter().find(|key| **key == self.path[depth + 1]) else {
            return Err(self.unknown(depth + 1, keys));
        };
        self.apply_inside(depth, target, &[About { name: key, ..about }], language)
    }

    fn apply_inside(
        &self,
        depth: usize,
        target: &mut Map<String, Value>,
        members: &[About],
        language: &str,
    ) -> Result<(), Box<Fault>> {
        let name = self.path[depth];
        let mut inner = super::object(target.remove(name));
        let result = self.apply_at(depth + 1, &mut inner, members, language);
        if !inner.is_empty() {
            target.insert(name.to_owned(), Value::Object(inner));
        }
        result
    }

    fn change(
        &self,
        target: &mut Map<String, Value>,
        field: &About,
        language: &str,
    ) -> Result<(), Box<Fault>> {
        let value = typed(self.value, &field.content);
        match (self.operation, &field.content) {
            (Operation::Put, _) if self.value.trim().is_empty() => {
                target.remove(field.name);
            }
            (Operation::Put, Content::Set(_)) if !value.is_array() => {
                target.insert(field.name.to_owned(), vec![value].into());
            }
            // An object given is the whole value: what it does not name is gone.
            (Operation::Put, Content::Object(_)) => {
                target.insert(field.name.to_owned(), value);
            }
            (Operation::Put, _) => merge_member(target, field.name, &value, Some(field.shape), language),
            (Operation::Add, Content::Set(_) | Content::List(_)) => {
                let list = target.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
                let Some(list) = list.as_array_mut() else {
                    return Err(self.fault(Problem::Type, Expected::List, field.name));
                };
                if let Value::Array(values) = value { list.extend(values) } else { list.push(value) }
            }
            (Operation::Remove, Content::Set(_) | Content::List(_)) => self.remove(target, field, &value)?,
            (Operation::Add | Operation::Remove, _) => {
                return Err(self.fault(Problem::Type, Expected::SetOrList, field.name));
            }
        }
        Ok(())
    }

    /// Takes a member away. One that is not there is a mistake worth telling.
    fn remove(
        &self,
        target: &mut Map<String, Value>,
        field: &About,
        value: &Value,
    ) -> Result<(), Box<Fault>> {
        let list = target.get_mut(field.name).and_then(Value::as_array_mut);
        let is_it = |member: &Value| match (member, value) {
            // A set holds keywords in lower case, however they were typed.
            (Value::String(member), Value::String(value)) => {
                *member == *value || *member == normal(&value.to_lowercase())
            }
            (member, _) => member["id"] == *self.value,
        };
        let Some((list, at)) = list.and_then(|list| list.iter().position(is_it).map(|at| (list, at))) else {
            return Err(self.fault(Problem::Value, Expected::Something, self.value));
        };
        list.remove(at);
        if list.is_empty() {
            target.remove(field.name);
        }
        Ok(())
    }

    fn unknown(&self, depth: usize, known: &[&'static str]) -> Box<Fault> {
        let name = self.path[depth];
        let fault = self.fault(Problem::UnknownField, Expected::Field(known.to_vec()), name);
        Box::new(fault.with_nearest(nearest(name, known)))
    }

    fn fault(&self, problem: Problem, expected: Expected, found: &str) -> Box<Fault> {
        Box::new(Fault::new(problem, &self.path.join("."), expected, &Value::from(found)))
    }
}

fn about_key(field: &About, content: &'static Content) -> About {
    let shape = match field.shape {
        Shape::Map(shape, _) => *shape,
        other @ (Shape::Register | Shape::Text | Shape::Set | Shape::List(_) | Shape::Group(_)) => other,
    };
    About { content: *content, shape, ..*field }
}

/// The value of what was typed: JSON where the field holds objects, numbers or flags, else text.
fn typed(text: &str, content: &Content) -> Value {
    let json = || serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    match content {
        Content::Flag | Content::Count | Content::Object(_) | Content::List(_) | Content::ByCode(..) => {
            json()
        }
        Content::Set(_) if text.trim_start().starts_with('[') => json(),
        Content::Languages(_) if text.trim_start().starts_with('{') => json(),
        Content::Text
        | Content::Line
        | Content::Keyword
        | Content::Url
        | Content::Mailbox
        | Content::Decimal
        | Content::Date
        | Content::Day
        | Content::Cpv
        | Content::OrgNumber
        | Content::MunicipalityNumber
        | Content::RecordId
        | Content::ItemId
        | Content::Language
        | Content::Code(_)
        | Content::Set(_)
        | Content::Languages(_) => Value::from(text),
    }
}
