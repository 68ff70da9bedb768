//! Changing a record as JSON: merge patches (RFC 7396) and `field=value` expressions.
//!
//! Both give the whole new record from the old one. What they bring is read strictly; what was
//! there already and this version cannot read is not held against them, and stays.

mod expression;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use self::expression::set;
use crate::{
    genesis::Kind,
    id::ItemId,
    record::{Expected, FAULTS_MAX, Fault, Invalid, Problem, assign_ids},
    shape::{Field, Keys, Shape},
};

/// Applies a merge patch. `null` clears; what is not named stays. A list given is the whole list: its
/// items are matched by `id`, and one without is new.
pub fn merge(
    kind: Kind,
    old: &Map<String, Value>,
    patch: &Value,
    new_id: &mut dyn FnMut() -> ItemId,
) -> Result<Map<String, Value>, Invalid> {
    let Some(patch) = patch.as_object() else {
        return Err(Invalid { faults: vec![Fault::new(Problem::Type, "", Expected::Object, patch)] });
    };
    let mut new = old.clone();
    // A text without a language is in the language that the record will have.
    let language = kind
        .language_field()
        .and_then(|field| patch.get(field).filter(|v| !v.is_null()).or(old.get(field)))
        .and_then(Value::as_str)
        .unwrap_or("nb")
        .to_owned();
    merge_fields(&mut new, patch, kind.record(), &language);
    finish(kind, old, new, new_id)
}

/// Reads the new record strictly, but forgives what the old one had wrong in the same place.
fn finish(
    kind: Kind,
    old: &Map<String, Value>,
    new: Map<String, Value>,
    new_id: &mut dyn FnMut() -> ItemId,
) -> Result<Map<String, Value>, Invalid> {
    let mut new = Value::Object(new);
    assign_ids(&mut new, kind.record(), new_id);
    let mut forgiven = kind.faults(&Value::Object(old.clone()));
    // Beyond what is reported, new faults could hide among old ones.
    if forgiven.len() >= FAULTS_MAX {
        forgiven.clear();
    }
    let faults: Vec<_> = kind
        .faults(&new)
        .into_iter()
        .filter(|fault| !forgiven.iter().any(|before| fault.is_same_as(before)))
        .collect();
    if !faults.is_empty() {
        return Err(Invalid { faults });
    }
    let mut record = kind.read(&new);
    if !record.contains_key("schema_version") {
        record.insert("schema_version".to_owned(), kind.schema().into());
        record = kind.read(&Value::Object(record));
    }
    Ok(record)
}

fn merge_fields(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    fields: &[Field],
    language: &str,
) {
    for (name, value) in patch {
        let shape = fields.iter().find(|field| field.name == name).map(|field| field.shape);
        merge_member(target, name, value, shape, language);
    }
}

fn merge_member(
    target: &mut Map<String, Value>,
    name: &str,
    value: &Value,
    shape: Option<Shape>,
    language: &str,
) {
    if value.is_null() {
        target.remove(name);
        return;
    }
    let old = target.remove(name);
    let new = match (shape, old, value) {
        (Some(Shape::Map(_, Keys::Language)), old, Value::String(_)) => {
            let mut map = object(old);
            map.insert(language.to_owned(), value.clone());
            Value::Object(map)
        }
        (Some(Shape::List(members)), Some(Value::Array(old)), Value::Array(items)) => {
            merge_items(old, items, members, language)
        }
        (Some(Shape::Group(members)), old, Value::Object(patch)) => {
            let mut map = object(old);
            merge_fields(&mut map, patch, members, language);
            Value::Object(map)
        }
        (_, old, Value::Object(patch)) => {
            let mut map = object(old);
            merge_fields(&mut map, patch, &[], language);
            Value::Object(map)
        }
        (_, _, value) => value.clone(),
    };
    target.insert(name.to_owned(), new);
}

fn merge_items(old: Vec<Value>, items: &[Value], members: &[Field], language: &str) -> Value {
    let mut before: BTreeMap<String, Map<String, Value>> = old
        .into_iter()
        .filter_map(|item| Some((item["id"].as_str()?.to_owned(), item.as_object()?.clone())))
        .collect();
    let merged = items.iter().map(|item| {
        let Some(patch) = item.as_object() else { return item.clone() };
        let known = patch.get("id").and_then(Value::as_str).and_then(|id| before.remove(id));
        let mut target = known.unwrap_or_default();
        merge_fields(&mut target, patch, members, language);
        Value::Object(target)
    });
    merged.collect()
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => {
            Map::new()
        }
    }
}
