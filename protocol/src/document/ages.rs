//! Nodes of different ages in one network: what an old one does not know survives it.

use serde_json::json;

use super::{EditError, Form, Replica, containers, sample::*};

const FORMS: [Form; 2] = [Form::Draft, Form::Shared];

/// What a node of the next version writes, with every field that version brought.
fn newer() -> serde_json::Value {
    let mut record = full();
    record["outlook"] = json!("Bedre.");
    record["audience"] = json!(["schools"]);
    record["risk"] = json!({"level": "low", "note": "Liten."});
    record["lessons"] = json!([{"id": id(6), "why": "Derfor."}]);
    record["reusable"]["price"] = json!(12);
    record["reusable"]["thanks"] = json!("Takk.");
    record["gains"][0]["doubt"] = json!("Litt.");
    record["gains"][0]["readers"] = json!(["x"]);
    record["gains"][0]["steps"][1]["tags"] = json!(["a", "b"]);
    record
}

#[test]
fn the_next_schemas_containers_depend_on_the_first() {
    for form in FORMS {
        let both = containers(DOCUMENT, 2, form, FIELDS_2);
        assert_eq!(both[..1], containers(DOCUMENT, 1, form, FIELDS)[..], "schema 1 is as it always was");
        assert_eq!(both[1].deps, [both[0].hash]);
        assert_eq!(Replica::new(DOCUMENT, form, FIELDS_2).heads(), [both[1].hash]);
    }
}

#[test]
fn an_edit_by_an_older_node_keeps_what_it_does_not_know() {
    for form in FORMS {
        let mut new = Office::knowing("new", form, FIELDS_2);
        new.write(&newer());
        assert_eq!(new.record(), newer());
        let mut old = Office::new("old", form);
        old.hear_newer(&new);
        let shown = old.record();
        assert_eq!((&shown["outlook"], &shown["risk"]["level"]), (&json!("Bedre."), &json!("low")));

        // A form of the old node knows nothing of them and leaves them out.
        let mut target = full();
        target["phase"] = json!("evaluated");
        target["gains"][0]["method"] = json!("Målt igjen.");
        target["reusable"]["advice"] = json!("Spør tidligere.");
        old.write(&target);
        new.hear(&old);
        let mut expected = newer();
        expected["phase"] = json!("evaluated");
        expected["gains"][0]["method"] = json!("Målt igjen.");
        expected["reusable"]["advice"] = json!("Spør tidligere.");
        expected["gains"][0]["steps"][1]["tags"] = json!(["a", "b"]);
        assert_eq!(new.record(), expected, "{form:?}");
        assert_eq!(new.replica.read().conflicts, []);
    }
}

#[test]
fn a_newer_text_in_an_item_that_was_there_is_a_register() {
    let mut old = Office::new("old", Form::Draft);
    old.set(json!({"gains": [{"id": id(1)}]}));
    let mut a = Office::knowing("a", Form::Draft, FIELDS_2);
    let mut b = Office::knowing("b", Form::Draft, FIELDS_2);
    a.hear(&old);
    b.hear(&old);
    a.set(
        json!({"gains": [{"id": id(1), "doubt": "Mye.", "readers": ["a"]}, {"id": id(2), "doubt": "Her: "}]}),
    );
    b.set(json!({"gains": [{"id": id(1), "doubt": "Lite.", "readers": ["a"]}]}));
    meet(&mut a, &mut b);
    let reading = a.replica.read();
    let fields: Vec<_> = reading.conflicts.iter().map(|conflict| conflict.field()).collect();
    assert_eq!(fields, [format!("gains.{}.doubt", id(1))], "two values, none lost, none mixed");
    assert_eq!(reading.record["gains"][0]["readers"], json!(["a"]));

    let conflict = reading.conflicts[0].clone();
    a.settle(&conflict, 1);
    assert_eq!(a.record()["gains"][0]["doubt"], conflict.values[1].value);
    assert_eq!(a.replica.read().conflicts, []);
}

#[test]
fn a_record_read_before_the_node_was_updated_can_still_be_saved() {
    let mut old = Office::new("office", Form::Draft);
    old.set(json!({"need": "Varme."}));
    let read = old.replica.heads();
    let mut updated = Office::knowing("office", Form::Draft, FIELDS_2);
    updated.hear(&old);
    updated.write_at(&read, &json!({"need": "Varme.", "outlook": "Godt."}));
    assert_eq!(updated.record(), json!({"need": "Varme.", "outlook": "Godt."}));
}

#[test]
fn what_an_older_node_was_told_of_a_newer_field_is_not_lost() {
    let mut old = Office::new("old", Form::Draft);
    old.write(&json!({"outlook": "Importert.", "risk": {"level": "high"}, "lessons": [{"id": id(1), "why": "Ja."}]}));
    let mut new = Office::knowing("new", Form::Draft, FIELDS_2);
    new.hear(&old);
    assert_eq!(new.record(), old.record());
    new.set(json!({"outlook": "Rettet."}));
    assert_eq!(new.record()["outlook"], "Rettet.");
    assert_eq!(new.replica.read().conflicts, []);
}

#[test]
fn an_older_node_can_change_and_remove_what_it_does_not_know() {
    for form in FORMS {
        let mut new = Office::knowing("new", form, FIELDS_2);
        new.write(&newer());
        let mut old = Office::new("old", form);
        old.hear_newer(&new);
        old.set(json!({"outlook": "Best.", "risk": null}));
        new.hear(&old);
        assert_eq!((&new.record()["outlook"], new.record().get("risk")), (&json!("Best."), None));
    }
}

#[test]
fn what_cannot_be_said_is_refused_and_changes_nothing() {
    let mut office = Office::new("office", Form::Draft);
    office.write(&full());
    let heads = office.replica.heads();
    for (target, field) in [
        (json!([]), ""),
        (json!({"need": 3}), "need"),
        (json!({"phase": 1.5}), "phase"),
        (json!({"sector": ["a", 1]}), "sector"),
        (json!({"sector": "a"}), "sector"),
        (json!({"title": "uten språk"}), "title"),
        (json!({"reusable": []}), "reusable"),
        (json!({"gains": {}}), "gains"),
        (json!({"gains": [{"category": "x"}]}), "gains"),
        (json!({"gains": [{"id": "x"}]}), "gains"),
        (json!({"gains": [{"id": id(1)}, {"id": id(1)}]}), "gains"),
        (json!({"gains": [{"id": id(1), "steps": [{"id": id(1), "why": true}]}]}), "why"),
        (json!({"#rank": "x"}), ""),
    ] {
        let author = super::Author { actor: &|branch| actor("office", branch), first_branch: 0, time: 0 };
        match office.replica.edit(&heads, &target, &author) {
            Err(EditError::Shape { field: named, .. }) => {
                assert!(named.ends_with(field), "{target}: {named}")
            }
            other => panic!("{target}: {other:?}"),
        }
    }
    assert_eq!(office.replica.heads(), heads);
}
