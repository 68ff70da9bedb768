//! What one change altered in a record, done again to the record as it is now.
//!
//! For changes that rest on something that does not count any longer: field by field, texts by what
//! was written into them, so that nothing comes along of what does not count.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Record, read::ID, target::item_of, text};
use crate::shape::{Field, Shape};

/// `present` with what makes `after` of `before`. What is taken out and that no shape speaks of is `null`.
pub(super) fn again(fields: &[Field], before: &Record, after: &Record, present: &Record) -> Record {
    let shape = |key: &str| fields.iter().find(|field| field.name == key).map(|field| &field.shape);
    members(shape, before, after, present)
}

fn members<'s>(
    shape: impl Fn(&str) -> Option<&'s Shape>,
    before: &Record,
    after: &Record,
    present: &Record,
) -> Record {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).chain(present.keys()).collect();
    let mut record = Map::new();
    for key in keys {
        let shape = shape(key);
        let value = value(shape, before.get(key), after.get(key), present.get(key));
        // An edit leaves alone what it does not know and what nobody speaks of.
        let value = value.or_else(|| (shape.is_none() && present.contains_key(key)).then_some(Value::Null));
        record.extend(value.map(|value| (key.clone(), value)));
    }
    record
}

fn value(
    shape: Option<&Shape>,
    before: Option<&Value>,
    after: Option<&Value>,
    present: Option<&Value>,
) -> Option<Value> {
    if before == after || after == present {
        return present.cloned();
    }
    match shape {
        Some(Shape::Register) => after.cloned(),
        Some(Shape::Text) => {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            let text = text::merged(&text(before), &text(after), &text(present));
            Some(text).filter(|text| !text.is_empty()).map(Value::String)
        }
        Some(Shape::Set) => {
            let (before, after, present) = (set(before), set(after), set(present));
            let kept = present.into_iter().filter(|it| after.contains(it) || !before.contains(it));
            let added = after.iter().copied().filter(|it| !before.contains(it));
            let whole: BTreeSet<&str> = kept.chain(added).collect();
            Some(whole.into_iter().map(Value::from).collect())
        }
        Some(Shape::List(fields)) => Some(list(fields, items(before), items(after), items(present))),
        Some(Shape::Map(inner, _)) => {
            let shape = |_: &str| Some(*inner);
            Some(Value::Object(members(shape, &object(before), &object(after), &object(present))))
        }
        Some(Shape::Group(fields)) => {
            Some(Value::Object(again(fields, &object(before), &object(after), &object(present))))
        }
        None => match (before, after, present) {
            (Some(Value::Object(before)), Some(Value::Object(after)), Some(Value::Object(present))) => {
                Some(Value::Object(members(|_| None, before, after, present)))
            }
            (_, after, _) => after.cloned(),
        },
    }
}

fn set(value: Option<&Value>) -> BTreeSet<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn object(value: Option<&Value>) -> Record {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn items(value: Option<&Value>) -> &Value {
    value.unwrap_or(&Value::Null)
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|item| item.get(ID)?.as_str()).collect()
}

fn list(fields: &[Field], before: &Value, after: &Value, present: &Value) -> Value {
    let (ids_before, ids_after) = (ids(before), ids(after));
    let removed = |id: &&str| ids_before.contains(id) && !ids_after.contains(id);
    let mut order: Vec<&str> = ids(present).into_iter().filter(|id| !removed(id)).collect();
    let nothing = Record::new();
    let mut last = None;
    for id in &ids_after {
        let (was, is) = (item_of(before, id).unwrap_or(&nothing), item_of(after, id).unwrap_or(&nothing));
        // What was written into an item that is not there now brings the item along.
        if was != is && !order.contains(id) {
            let place = last.and_then(|last| order.iter().position(|it| *it == last)).map_or(0, |at| at + 1);
            order.insert(place, id);
        }
        if order.contains(id) {
            last = Some(*id);
        }
    }
    let common = |ids: &[&str]| -> Vec<String> {
        let both = |id: &&&str| ids_before.contains(*id) && ids_after.contains(*id) && order.contains(*id);
        ids.iter().filter(both).map(|id| (*id).to_owned()).collect()
    };
    let (were, are) = (common(&ids_before), common(&ids_after));
    let mut moved = are.iter().filter(|_| were != are);
    let arranged = order.iter().map(|id| {
        let is_moved = were != are && are.iter().any(|it| it == id);
        if is_moved { moved.next().map_or(*id, String::as_str) } else { *id }
    });
    let item = |id: &str| {
        let of = |list: &Value| item_of(list, id).cloned().unwrap_or_default();
        let mut item = again(fields, &of(before), &of(after), &of(present));
        item.insert(ID.to_owned(), Value::from(id));
        Value::Object(item)
    };
    Value::Array(arranged.map(item).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ITEM: &[Field] = &[
        Field { name: "words", shape: Shape::Text, since: 1 },
        Field { name: "value", shape: Shape::Register, since: 1 },
    ];
    const FIELDS: &[Field] = &[
        Field { name: "title", shape: Shape::Text, since: 1 },
        Field { name: "phase", shape: Shape::Register, since: 1 },
        Field { name: "tags", shape: Shape::Set, since: 1 },
        Field { name: "gains", shape: Shape::List(ITEM), since: 1 },
    ];

    fn done_again(before: Value, after: Value, present: Value) -> Value {
        let object = |value: Value| value.as_object().unwrap().clone();
        Value::Object(again(FIELDS, &object(before), &object(after), &object(present)))
    }

    #[test]
    fn of_a_text_goes_along_what_was_written_and_nothing_that_it_was_written_on() {
        let before = json!({"title": "Vi kjøpte pumper. Tull og tøys."});
        let after = json!({"title": "Vi kjøpte gode pumper. Tull og tøys. De virker."});
        let present = json!({"title": "Vi kjøpte pumper."});
        assert_eq!(done_again(before, after, present)["title"], "Vi kjøpte gode pumper. De virker.");
    }

    #[test]
    fn what_stands_already_is_not_done_twice() {
        let (before, after) = (json!({"title": "Vi kjøpte."}), json!({"title": "Vi kjøpte pumper."}));
        assert_eq!(done_again(before, after.clone(), after.clone()), after);
    }

    #[test]
    fn fields_that_were_not_touched_stay_as_they_are_now() {
        let before = json!({"phase": "tull", "tags": ["a", "tull"]});
        let after = json!({"phase": "tull", "tags": ["a", "b", "tull"]});
        let present = json!({"phase": "need", "tags": ["a", "c"]});
        assert_eq!(done_again(before, after, present), json!({"phase": "need", "tags": ["a", "b", "c"]}));
    }

    #[test]
    fn items_come_to_their_place_and_only_what_was_written_into_them() {
        let item = |id: &str, words: &str| json!({"id": id, "words": words});
        let before =
            json!({"gains": [item("1", "en"), {"id": "9", "words": "tull", "value": 3}, item("2", "to")]});
        let after =
            json!({"gains": [item("1", "en"), item("3", "ny"), {"id": "9", "words": "tull", "value": 4}]});
        let present = json!({"gains": [item("1", "én"), item("2", "to"), item("4", "fire")]});
        assert_eq!(
            done_again(before, after, present),
            json!({"gains": [item("1", "én"), item("3", "ny"), {"id": "9", "value": 4}, item("4", "fire")]})
        );
    }

    #[test]
    fn another_order_is_another_order_of_what_is_there() {
        let order =
            |ids: &[&str]| json!({"gains": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
        let done = done_again(order(&["1", "2", "3"]), order(&["3", "1", "2"]), order(&["1", "2", "4", "3"]));
        assert_eq!(done, order(&["3", "1", "4", "2"]));
    }
}
