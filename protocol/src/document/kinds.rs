//! Every kind of record, as documents of two offices.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Form, containers, sample::*};
use crate::{
    genesis::Kind,
    record::Dice,
    shape::{Field, Shape},
};

const FORMS: [Form; 2] = [Form::Draft, Form::Shared];

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(&Kind::ALL[..])
}

fn draw(kind: Kind, seed: u64) -> Value {
    Value::Object(kind.draw(&mut Dice::new(seed)))
}

/// Every text that stands in a container from the genesis, with the path to it.
fn texts(fields: &[Field], record: &Value, path: &str, out: &mut Vec<(String, String)>) {
    for field in fields {
        let Some(value) = record.get(field.name) else { continue };
        let path = format!("{path}/{}", field.name);
        match &field.shape {
            Shape::Text => out.extend(value.as_str().map(|text| (path, text.to_owned()))),
            Shape::Map(Shape::Text, _) => {
                for (key, text) in value.as_object().into_iter().flatten() {
                    out.extend(text.as_str().map(|text| (format!("{path}/{key}"), text.to_owned())));
                }
            }
            Shape::Group(inner) => texts(inner, value, &path, out),
            Shape::Map(..) | Shape::Register | Shape::Set | Shape::List(_) => {}
        }
    }
}

#[test]
fn every_field_of_every_kind_has_its_place() {
    for kind in Kind::ALL {
        for form in FORMS {
            let mut office = Office::knowing("office", form, kind.record());
            let drawn: Vec<_> = (0..100).map(|seed| draw(kind, seed)).collect();
            for record in &drawn[..8] {
                office.write(record);
                let reading = office.replica.read();
                assert_eq!(&reading.record, record, "{kind:?} {form:?}");
                assert_eq!((reading.conflicts, reading.strange), (vec![], vec![]));
            }
            let drawn: Vec<_> = drawn.iter().collect();
            assert_eq!(unmatched(kind.record(), &drawn, ""), Vec::<String>::new(), "{kind:?}");
        }
    }
}

#[test]
fn the_containers_of_every_kind_are_what_they_were() {
    let mut found = String::new();
    for kind in Kind::ALL {
        for (form, name) in [(Form::Draft, "draft"), (Form::Shared, "shared")] {
            for change in containers(DOCUMENT, 1, form, kind.record()) {
                found += &format!("{}/{name}/1: {}\n", kind.code(), HEXLOWER.encode(&change.bytes));
            }
        }
    }
    assert_eq!(found, include_str!("kinds.txt"), "stored on every node: these may never change");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn first_fills_of_two_offices_keep_every_text(kind in kinds(), mine: u64, theirs: u64) {
        let (mut a, mut b) = (
            Office::knowing("a", Form::Draft, kind.record()),
            Office::knowing("b", Form::Draft, kind.record()),
        );
        let (mine, theirs) = (draw(kind, mine), draw(kind, theirs));
        a.write(&mine);
        b.write(&theirs);
        meet(&mut a, &mut b);
        let (record, mut written) = (a.record(), Vec::new());
        texts(kind.record(), &mine, "", &mut written);
        texts(kind.record(), &theirs, "", &mut written);
        for (path, text) in written {
            let merged = record.pointer(&path).and_then(Value::as_str).unwrap_or_default();
            prop_assert!(merged.contains(&text), "{}: {} lacks {}", path, merged, text);
        }
    }

    #[test]
    fn three_offices_agree_whatever_the_order(
        kind in kinds(), form in prop::sample::select(&FORMS[..]), seeds in prop::collection::vec(any::<u64>(), 3..7),
    ) {
        let mut offices: Vec<_> = ["a", "b", "c"].map(|name| Office::knowing(name, form, kind.record())).into();
        let mut read = vec![offices[0].replica.heads(); 3];
        for (i, seed) in seeds.iter().enumerate() {
            // Each third save is over a stale read; each second one comes after news from a neighbour.
            let (n, other) = (i % 3, offices[(i + 1) % 3].clone());
            if seed % 2 == 0 {
                offices[n].hear(&other);
            }
            let at = if seed % 3 == 0 { read[n].clone() } else { offices[n].replica.heads() };
            let mut target = offices[n].replica.read_at(&at).expect("it was read there");
            let drawn = draw(kind, *seed);
            for (key, value) in drawn.as_object().expect("a record") {
                if (seed >> (key.len() % 60)) & 1 == 0 {
                    target[key] = value.clone();
                }
            }
            read[n] = at.clone();
            offices[n].write_at(&at, &target);
        }
        let everything: Vec<_> = offices.clone();
        for (n, office) in offices.iter_mut().enumerate() {
            for k in 0..3 {
                office.hear(&everything[(n + k) % 3]);
            }
        }
        for office in &offices[1..] {
            prop_assert_eq!(office.replica.heads(), offices[0].replica.heads());
            prop_assert_eq!(office.replica.read(), offices[0].replica.read());
        }
        let bytes: Vec<_> = offices[2].changes.iter().rev().map(|change| &change.bytes).collect();
        let late = Office::knowing("late", form, kind.record()).replica.trial(&bytes).expect("these are ours").replica;
        prop_assert_eq!(late.read(), offices[0].replica.read());
    }

    #[test]
    fn sharing_from_two_offices_doubles_nothing(kind in kinds(), seed: u64) {
        let (mut a, mut b) = (
            Office::knowing("a", Form::Shared, kind.record()),
            Office::knowing("b", Form::Shared, kind.record()),
        );
        let draft = draw(kind, seed);
        a.share(&draft);
        b.share(&draft);
        meet(&mut a, &mut b);
        let reading = a.replica.read();
        prop_assert_eq!((&reading.record, reading.conflicts), (&draft, vec![]));
        a.write(&json!({}));
        prop_assert_eq!(a.record(), json!({}));
    }
}
