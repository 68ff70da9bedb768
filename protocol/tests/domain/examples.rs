//! Each kind has a checked-in example that uses every field.

use praksis_protocol::{
    genesis::Kind,
    record::{About, Content, Dice},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::ids;

#[test]
fn an_example_is_written_as_it_was_read_byte_for_byte() {
    for kind in Kind::ALL {
        let example: Value = serde_json::from_str(kind.example()).unwrap();
        let parsed = kind.parse(&example, &mut ids()).unwrap_or_else(|invalid| panic!("{kind:?}: {invalid}"));
        let written = serde_json::to_string_pretty(&parsed).unwrap() + "\n";
        assert_eq!(written, kind.example(), "{kind:?}");
    }
}

#[test]
fn an_example_uses_every_field() {
    for kind in Kind::ALL {
        let example: Value = serde_json::from_str(kind.example()).unwrap();
        let mut absent = Vec::new();
        absent_fields(kind.code(), kind.about(), &[&example], &mut absent);
        assert_eq!(absent, Vec::<String>::new(), "not in the example of {kind:?}");
    }
}

/// Collects the fields that none of these values has.
fn absent_fields(place: &str, fields: &[About], values: &[&Value], absent: &mut Vec<String>) {
    for field in fields {
        let place = format!("{place}.{}", field.name);
        let held: Vec<_> = values.iter().filter_map(|value| value.get(field.name)).collect();
        if held.is_empty() {
            absent.push(place);
            continue;
        }
        if let Content::ByCode(list, _) = field.content {
            let unused = list.codes.iter().filter(|code| held.iter().all(|map| map.get(**code).is_none()));
            absent.extend(unused.map(|code| format!("{place}.{code}")));
        } else if let Some(members) = field.content.members() {
            let inner = held.iter().flat_map(|value| match value.as_array() {
                Some(items) => items.iter().collect(),
                None => vec![*value],
            });
            absent_fields(&place, members, &inner.collect::<Vec<_>>(), absent);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever can be drawn is valid, and reading it changes nothing.
    #[test]
    fn a_drawn_record_is_written_as_it_was_read(seed: u64, kind in prop::sample::select(&Kind::ALL[..])) {
        let drawn = kind.draw(&mut Dice::new(seed));
        let parsed = kind.parse(&Value::Object(drawn.clone()), &mut ids())
            .map_err(|invalid| TestCaseError::fail(invalid.to_string()))?;
        prop_assert_eq!(serde_json::to_string(&parsed).unwrap(), serde_json::to_string(&drawn).unwrap());
    }
}

#[test]
fn drawing_reaches_every_field_there_and_not_there() {
    for kind in Kind::ALL {
        for field in kind.record().iter().filter(|field| field.name != "schema_version") {
            let has = |seed| kind.draw(&mut Dice::new(seed)).contains_key(field.name);
            assert!((0..200).any(has), "{kind:?}.{} is never drawn", field.name);
            assert!(!(0..200).all(has), "{kind:?}.{} is always drawn", field.name);
        }
    }
}
