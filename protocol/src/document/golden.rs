//! Bytes that must never change: they are stored and hashed on every node.

use data_encoding::HEXLOWER;
use serde_json::json;

use super::{Form, containers, containers_actor, sample::*};
use crate::shape::Field;

const FORMS: [(Form, &str); 2] = [(Form::Draft, "draft"), (Form::Shared, "shared")];

/// `name: hex` lines of a file.
fn golden(name: &str) -> &'static str {
    let lines = include_str!("golden.txt").lines().filter_map(|line| line.split_once(": "));
    lines
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no golden bytes of {name}"))
        .1
}

#[test]
fn the_actor_of_containers_is_what_it_was() {
    for schema in [1, 2] {
        let actor = containers_actor(DOCUMENT, schema);
        assert_eq!(HEXLOWER.encode(actor.as_bytes()), golden(&format!("actor/{schema}")));
    }
}

#[test]
fn containers_are_what_they_were() {
    for (form, name) in FORMS {
        for change in containers(DOCUMENT, 2, form, FIELDS_2) {
            let schema = if change.deps.is_empty() { 1 } else { 2 };
            assert_eq!(HEXLOWER.encode(&change.bytes), golden(&format!("containers/{name}/{schema}")));
        }
    }
}

#[test]
fn a_written_record_is_what_it_was() {
    for (form, name) in FORMS {
        let mut office = Office::new("golden", form);
        office.write(&json!({"phase": "need"}));
        let change = office.write(&full()).remove(0);
        assert_eq!(HEXLOWER.encode(&change.bytes), golden(&format!("record/{name}")));
    }
}

#[test]
fn the_order_in_which_fields_are_declared_changes_nothing() {
    let mut backwards = FIELDS_2.to_vec();
    backwards.reverse();
    let backwards: &'static [Field] = backwards.leak();
    for (form, _) in FORMS {
        assert_eq!(containers(DOCUMENT, 2, form, backwards), containers(DOCUMENT, 2, form, FIELDS_2));
    }
}
