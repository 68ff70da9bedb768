//! What happens to people's words.

use serde_json::{Value, json};

use super::{Form, sample::*};

const FORMS: [Form; 2] = [Form::Draft, Form::Shared];

#[test]
fn what_is_written_is_read() {
    for form in FORMS {
        let mut office = Office::new("Bergen", form);
        assert_eq!(office.record(), json!({}));
        office.write(&full());
        let mut expected = full();
        expected["gains"][0]["steps"][1]["tags"] = json!(["a", "b"]);
        assert_eq!(office.record(), expected, "{form:?}");
        assert!(office.write(&expected).is_empty(), "nothing differs");
        assert!(!office.write(&json!({})).is_empty());
        assert_eq!(office.record(), json!({}));
    }
}

#[test]
fn two_offices_that_first_fill_a_language_apart_keep_every_sentence() {
    let mut town_hall = Office::new("town hall", Form::Draft);
    let mut school = Office::new("school", Form::Draft);
    town_hall.set(json!({"summary": {"nn": "Rådhuset skreiv."}, "need": "Fyrst."}));
    school.set(json!({"summary": {"nn": "Skulen skreiv."}, "result": "Etterpå."}));
    meet(&mut town_hall, &mut school);
    let record = school.record();
    let summary = record["summary"]["nn"].as_str().expect("both wrote it");
    assert!(summary.contains("Rådhuset skreiv.") && summary.contains("Skulen skreiv."), "{summary}");
    assert_eq!((&record["need"], &record["result"]), (&json!("Fyrst."), &json!("Etterpå.")));
    assert_eq!(school.replica.read().conflicts, []);
}

#[test]
fn a_stale_form_does_not_erase_a_colleagues_sentence() {
    let mut office = Office::new("office", Form::Draft);
    office.set(json!({"need": "Vi trenger varme."}));
    let (read, form) = (office.replica.heads(), office.record());
    let mut colleague = Office::new("colleague", Form::Draft);
    colleague.hear(&office);
    colleague.set(json!({"need": "Vi trenger varme. Og lys."}));
    meet(&mut office, &mut colleague);

    let mut stale: Value = form;
    stale["need"] = json!("I Bergen: Vi trenger varme.");
    office.write_at(&read, &stale);
    meet(&mut office, &mut colleague);
    assert_eq!(office.record()["need"], "I Bergen: Vi trenger varme. Og lys.");
}

#[test]
fn concurrent_registers_are_all_shown_until_someone_settles_them() {
    for form in FORMS {
        let mut a = Office::new("a", form);
        a.set(json!({"value": {"amount": "100", "currency": "NOK"}}));
        let mut b = Office::new("b", form);
        b.hear(&a);
        a.set(json!({"value": {"amount": "200", "currency": "NOK"}}));
        b.set(json!({"value": {"amount": "100", "currency": "EUR"}}));
        meet(&mut a, &mut b);
        let reading = a.replica.read();
        let [conflict] = &reading.conflicts[..] else { panic!("one conflict: {reading:?}") };
        assert_eq!(conflict.field(), "value");
        assert_eq!(conflict.values.len(), 2);
        assert_eq!(conflict.values[0].value, reading.record["value"], "the first is shown");
        for value in &conflict.values {
            let name = if value.value["currency"] == "EUR" { "b" } else { "a" };
            assert_eq!(value.actor, actor(name, 0), "values stay whole");
            assert!(
                a.changes.iter().any(|change| change.hash == value.change && change.actor == value.actor)
            );
        }
        // Both settle, each on the value of the other: still nothing is lost.
        let choice = |office: &mut Office, n: usize| {
            let conflict = office.replica.read().conflicts[0].clone();
            office.settle(&conflict, n);
            assert_eq!(office.replica.read().conflicts, []);
        };
        choice(&mut a, 0);
        choice(&mut b, 1);
        meet(&mut a, &mut b);
        assert_eq!(a.replica.read().conflicts.len(), 1);
        choice(&mut a, 1);
        meet(&mut a, &mut b);
        assert_eq!(b.replica.read().conflicts, []);
    }
}

#[test]
fn equal_values_written_apart_are_no_conflict() {
    for form in FORMS {
        let (mut a, mut b) = (Office::new("a", form), Office::new("b", form));
        a.set(json!({"phase": "need", "title": {"nb": "Lys"}, "value": {"amount": "1"}}));
        b.set(json!({"phase": "need", "title": {"nb": "Lys"}, "value": {"amount": "1"}}));
        meet(&mut a, &mut b);
        assert_eq!(a.replica.read().conflicts, []);
    }
}

#[test]
fn one_draft_shared_from_two_offices_doubles_no_sentence() {
    let draft = full();
    let (mut a, mut b) = (Office::new("a", Form::Shared), Office::new("b", Form::Shared));
    let mut more = draft.clone();
    more["gains"].as_array_mut().expect("a list").push(json!({"id": id(8), "method": "Sist."}));
    more["need"] = json!("Bygget er kaldt og mørkt.");
    a.write(&draft);
    b.write(&more);
    meet(&mut a, &mut b);
    let reading = a.replica.read();
    assert_eq!(reading.record["gains"], b.with(&json!({}))["gains"]);
    assert_eq!(reading.record["gains"].as_array().map(Vec::len), Some(4));
    let fields: Vec<_> = reading.conflicts.iter().map(|conflict| conflict.field()).collect();
    assert_eq!(fields, ["need"], "the one that differs");
    b.write(&more);
    a.hear(&b);
    // Sharing again at the present heads settles what differs from what is shown.
    let shown = a.record();
    let mut settled = shown.clone();
    settled["need"] = json!("Bygget er kaldt, mørkt og fuktig.");
    a.write(&settled);
    assert_eq!(a.replica.read().conflicts, []);
}

#[test]
fn a_change_of_shared_form_is_one_change() {
    let mut office = Office::new("a", Form::Shared);
    assert_eq!(office.write(&full()).len(), 1);
}
