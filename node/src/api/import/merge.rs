//! Three-way: what the source has changed since it was last taken in, put into what stands here.

use std::collections::BTreeSet;

use praksis_protocol::shape::{Field, Shape};
use serde_json::{Map, Value};

/// See [`three_way`].
pub(super) struct Merged {
    /// The record to write.
    pub(super) record: Map<String, Value>,
    /// Fields in which both sides changed something else; ours stands.
    pub(super) kept: Vec<String>,
}

/// Puts the difference from `base` to `theirs` into `ours`, field by field, items by their ids.
pub(super) fn three_way(
    fields: &'static [Field],
    base: &Map<String, Value>,
    theirs: &Map<String, Value>,
    ours: &Map<String, Value>,
) -> Merged {
    let mut kept = Vec::new();
    let record = members(fields, [base, theirs, ours], "", &mut kept);
    Merged { record, kept }
}

/// Of an object with these fields: base, theirs, ours.
fn members(
    fields: &'static [Field],
    [base, theirs, ours]: [&Map<String, Value>; 3],
    path: &str,
    kept: &mut Vec<String>,
) -> Map<String, Value> {
    let shape = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.shape);
    keys([ours, theirs, base])
        .into_iter()
        .filter_map(|name| {
            let sides = [base.get(&name), theirs.get(&name), ours.get(&name)];
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            Some((name.clone(), member(shape(&name), sides, &path, kept)?))
        })
        .collect()
}

fn member(
    shape: Option<Shape>,
    [base, theirs, ours]: [Option<&Value>; 3],
    path: &str,
    kept: &mut Vec<String>,
) -> Option<Value> {
    if theirs == base || theirs == ours {
        return ours.cloned();
    }
    if ours == base {
        return theirs.cloned();
    }
    let empty = Map::new();
    let object = |side: Option<&'_ Value>| side.and_then(Value::as_object).cloned().unwrap_or(empty.clone());
    match shape {
        Some(Shape::Group(fields)) => {
            let sides = [object(base), object(theirs), object(ours)];
            non_empty(members(fields, [&sides[0], &sides[1], &sides[2]], path, kept))
        }
        Some(Shape::Map(_, _)) => {
            let sides = [object(base), object(theirs), object(ours)];
            non_empty(members(&[], [&sides[0], &sides[1], &sides[2]], path, kept))
        }
        Some(Shape::Set) => Some(set(array(base), array(theirs), array(ours))),
        Some(Shape::List(fields)) => {
            Some(items(fields, [array(base), array(theirs), array(ours)], path, kept))
        }
        Some(Shape::Register | Shape::Text) | None => {
            kept.push(path.to_owned());
            ours.cloned()
        }
    }
}

fn set(base: &[Value], theirs: &[Value], ours: &[Value]) -> Value {
    let text = |set: &[Value]| -> BTreeSet<String> {
        set.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (base, theirs, ours) = (text(base), text(theirs), text(ours));
    let added = theirs.difference(&base).cloned();
    let stays = |member: &String| theirs.contains(member) || !base.contains(member);
    let members: BTreeSet<String> =
        ours.iter().filter(|member| stays(member)).cloned().chain(added).collect();
    members.into_iter().map(Value::String).collect()
}

fn items(
    fields: &'static [Field],
    [base, theirs, ours]: [&[Value]; 3],
    path: &str,
    kept: &mut Vec<String>,
) -> Value {
    let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    let find = |list: &[Value], wanted: &str| list.iter().find(|item| id(item) == wanted).cloned();
    // In our order, then what is new there.
    let ours_first = ours.iter().chain(theirs).map(id);
    let mut seen = BTreeSet::new();
    let ids: Vec<String> = ours_first.filter(|id| seen.insert(id.clone())).collect();
    ids.into_iter()
        .filter_map(|id| {
            let path = format!("{path}.{id}");
            let sides = [find(base, &id), find(theirs, &id), find(ours, &id)];
            let [base, theirs, ours] = [sides[0].as_ref(), sides[1].as_ref(), sides[2].as_ref()];
            match (theirs, ours) {
                // Taken out on one side and changed on the other: ours stands, there or not there.
                (None, Some(_)) | (Some(_), None) => member(None, [base, theirs, ours], &path, kept),
                (Some(_), Some(_)) | (None, None) => {
                    member(Some(Shape::Group(fields)), [base, theirs, ours], &path, kept)
                }
            }
        })
        .collect()
}

fn keys(sides: [&Map<String, Value>; 3]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = sides.into_iter().flat_map(Map::keys);
    all.filter(|name| seen.insert((*name).clone())).cloned().collect()
}

fn array(side: Option<&Value>) -> &[Value] {
    side.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn non_empty(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use praksis_protocol::genesis::Kind;
    use serde_json::json;

    use super::*;

    fn merge(base: Value, theirs: Value, ours: Value) -> (Value, Vec<String>) {
        let map = |value: Value| value.as_object().cloned().expect("an object");
        let merged = three_way(Kind::Case.record(), &map(base), &map(theirs), &map(ours));
        (Value::Object(merged.record), merged.kept)
    }

    #[test]
    fn what_only_the_source_changed_is_taken_over() {
        let base = json!({"title": {"nb": "a", "nn": "b"}, "phase": "need", "keywords": ["x", "y"]});
        let theirs = json!({"title": {"nb": "A"}, "keywords": ["y", "z"], "outcome": "bought"});
        let (merged, kept) = merge(base.clone(), theirs.clone(), base);
        assert_eq!(merged, theirs);
        assert_eq!(kept, Vec::<String>::new());
    }

    #[test]
    fn what_we_changed_stays_and_is_listed_where_the_source_changed_it_too() {
        let base = json!({"title": {"nb": "a", "nn": "b"}, "phase": "need", "keywords": ["x", "y"]});
        let theirs = json!({"title": {"nb": "A", "nn": "b"}, "phase": "contract", "keywords": ["y", "z"]});
        let ours =
            json!({"title": {"nb": "a", "nn": "B"}, "phase": "dialogue", "keywords": ["own", "x", "y"]});
        let (merged, kept) = merge(base, theirs, ours);
        let expected =
            json!({"title": {"nb": "A", "nn": "B"}, "phase": "dialogue", "keywords": ["own", "y", "z"]});
        assert_eq!(merged, expected);
        assert_eq!(kept, ["phase"]);
    }

    #[test]
    fn items_are_merged_by_their_ids() {
        let item = |id: &str, what: &str, advice: &str| json!({"id": id, "what": what, "advice": advice});
        let base = json!({"lessons": [item("a", "1", "1"), item("b", "1", "1"), item("c", "1", "1")]});
        let theirs = json!({"lessons": [item("a", "2", "1"), item("d", "1", "1")]});
        let ours = json!({"lessons": [item("a", "1", "2"), item("b", "1", "1"), item("c", "2", "1")]});
        let (merged, kept) = merge(base, theirs, ours);
        let expected = json!({"lessons": [item("a", "2", "2"), item("c", "2", "1"), item("d", "1", "1")]});
        assert_eq!(merged, expected);
        assert_eq!(kept, ["lessons.c"]);
    }

    #[test]
    fn without_a_base_nothing_of_ours_is_lost() {
        let theirs = json!({"title": {"nb": "A", "en": "E"}, "phase": "contract"});
        let ours = json!({"title": {"nb": "a"}, "phase": "contract", "result": "r"});
        let (merged, kept) = merge(json!({}), theirs, ours);
        assert_eq!(merged, json!({"title": {"nb": "a", "en": "E"}, "phase": "contract", "result": "r"}));
        assert_eq!(kept, ["title.nb"]);
    }
}
