//! Giving items that come without an id the ids of those that they are.

use std::collections::BTreeSet;

use praksis_protocol::shape::{Field, Shape};
use serde_json::{Map, Value};

/// Items of `new` whose ids were drawn (`drawn`) get the ids of the items in `before` that read the same; those that
/// are left, the ids of those that are left there, in order: an item that was changed in its place stays that item.
pub(super) fn align(
    fields: &[Field],
    before: &Map<String, Value>,
    new: &mut Map<String, Value>,
    drawn: &BTreeSet<String>,
) {
    for field in fields {
        match (field.shape, before.get(field.name), new.get_mut(field.name)) {
            (Shape::List(members), Some(Value::Array(before)), Some(Value::Array(new))) => {
                align_items(members, before, new, drawn);
            }
            (Shape::Group(members), Some(Value::Object(before)), Some(Value::Object(new))) => {
                align(members, before, new, drawn);
            }
            (
                Shape::Register
                | Shape::Text
                | Shape::Set
                | Shape::List(_)
                | Shape::Map(..)
                | Shape::Group(_),
                _,
                _,
            ) => {}
        }
    }
}

fn align_items(members: &[Field], before: &[Value], new: &mut [Value], drawn: &BTreeSet<String>) {
    let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    let named: BTreeSet<String> = new.iter().map(id).filter(|id| !drawn.contains(id)).collect();
    let mut free: Vec<&Value> = before.iter().filter(|item| !named.contains(&id(item))).collect();
    let mut open = Vec::new();
    for item in new.iter_mut() {
        if !drawn.contains(&id(item)) {
            let same = before.iter().find(|other| id(other) == id(item));
            become_item(members, same, item, drawn);
        } else if let Some(same) = free.iter().position(|other| without_ids(other) == without_ids(item)) {
            let same = free.remove(same);
            become_item(members, Some(same), item, drawn);
        } else {
            open.push(item);
        }
    }
    for (item, other) in open.into_iter().zip(free) {
        become_item(members, Some(other), item, drawn);
    }
}

fn become_item(members: &[Field], before: Option<&Value>, item: &mut Value, drawn: &BTreeSet<String>) {
    let (Some(Value::Object(before)), Value::Object(item)) = (before, item) else { return };
    if let Some(id) = before.get("id") {
        item.insert("id".to_owned(), id.clone());
    }
    align(members, before, item, drawn);
}

/// A value without the ids of items, at any depth.
pub(super) fn without_ids(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_ids).collect(),
        Value::Object(map) => {
            let members = map.iter().filter(|(name, _)| *name != "id");
            Value::Object(members.map(|(name, value)| (name.clone(), without_ids(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
