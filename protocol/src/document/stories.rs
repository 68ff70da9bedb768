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

#[test]
fn sharing_again_settles_even_on_the_value_that_is_shown() {
    let (mut a, mut b) = (Office::new("a", Form::Shared), Office::new("b", Form::Shared));
    a.set(json!({"need": "Varme.", "gains": [{"id": id(1), "method": "Målt."}]}));
    b.set(json!({"need": "Lys.", "gains": [{"id": id(1), "method": "Anslått."}]}));
    meet(&mut a, &mut b);
    let conflicts: Vec<_> = a.replica.read().conflicts.iter().map(|conflict| conflict.field()).collect();
    assert_eq!(conflicts, ["need", &format!("gains.{}", id(1))]);
    let shown = a.record();
    assert!(a.write(&shown).is_empty(), "an edit that changes nothing settles nothing");
    assert_eq!(a.share(&shown).len(), 1);
    assert_eq!(a.replica.read().conflicts, []);
    assert_eq!(a.record(), shown);
    meet(&mut a, &mut b);
    assert!(a.share(&shown).is_empty());
}

#[test]
fn an_item_deleted_while_it_was_edited_is_gone_from_a_draft_and_kept_in_what_is_shared() {
    for (form, kept) in [(Form::Draft, false), (Form::Shared, true)] {
        let mut a = Office::new("a", form);
        a.set(json!({"gains": [{"id": id(1), "method": "Målt."}, {"id": id(2)}]}));
        let mut b = Office::new("b", form);
        b.hear(&a);
        a.set(json!({"gains": [{"id": id(2)}]}));
        b.set(json!({"gains": [{"id": id(1), "method": "Målt to ganger."}, {"id": id(2)}]}));
        meet(&mut a, &mut b);
        assert_eq!(a.record().to_string().contains("Målt to ganger."), kept);
    }
}

#[test]
fn a_stale_form_does_not_delete_an_item_that_came_since() {
    for form in FORMS {
        let mut office = Office::new("office", form);
        office.set(json!({"gains": [{"id": id(1)}], "sector": ["health_care"]}));
        let (read, stale) = (office.replica.heads(), office.record());
        office.set(json!({"gains": [{"id": id(1)}, {"id": id(2)}], "sector": ["health_care", "admin"]}));
        let mut stale = stale;
        stale["gains"] = json!([{"id": id(3)}, {"id": id(1), "category": "climate"}]);
        stale["sector"] = json!(["culture", "health_care"]);
        office.write_at(&read, &stale);
        let record = office.record();
        assert_eq!(
            record["gains"],
            json!([{"id": id(3)}, {"id": id(1), "category": "climate"}, {"id": id(2)}])
        );
        assert_eq!(record["sector"], json!(["admin", "culture", "health_care"]));
    }
}

#[test]
fn items_stand_in_the_order_that_was_chosen_last() {
    for form in FORMS {
        let mut a = Office::new("a", form);
        let order =
            |ids: &[u8]| json!({"gains": ids.iter().map(|n| json!({"id": id(*n)})).collect::<Vec<_>>()});
        a.set(order(&[5, 1, 3]));
        a.set(order(&[3, 5, 1]));
        a.set(order(&[3, 4, 5, 2, 1]));
        assert_eq!(a.record(), order(&[3, 4, 5, 2, 1]));
        let mut b = Office::new("b", form);
        b.hear(&a);
        a.set(order(&[3, 9, 4, 5, 2, 1]));
        b.set(order(&[3, 8, 4, 5, 2, 1]));
        meet(&mut a, &mut b);
        assert_eq!(a.record(), order(&[3, 8, 9, 4, 5, 2, 1]));
        assert_eq!(a.replica.read().conflicts, []);
        a.set(order(&[3, 8, 7, 9, 4, 5, 2, 1]));
        assert_eq!(a.record(), order(&[3, 8, 7, 9, 4, 5, 2, 1]), "between two of equal rank");
    }
}

#[test]
fn a_write_at_old_heads_takes_the_next_branch() {
    let mut office = Office::new("office", Form::Draft);
    let empty = office.replica.heads();
    let first = office.set(json!({"phase": "need"}));
    assert_eq!((first[0].branch, first[0].seq), (0, 1));
    let stale = office.write_at(&empty, &json!({"tenders": 1}));
    assert_eq!((stale[0].branch, stale[0].seq, stale[0].actor), (1, 1, actor("office", 1)));
    assert_eq!(stale[0].deps, empty);
    let third = office.write_at(&empty, &json!({"tenders": 2}));
    assert_eq!(third[0].branch, 2);
    let merged = office.set(json!({"phase": "organise"}));
    assert_eq!((merged[0].branch, merged[0].seq), (0, 2), "these heads cover all three");
    assert_eq!(office.replica.heads(), [merged[0].hash]);
    let mut elsewhere = Office::new("elsewhere", Form::Draft);
    elsewhere.hear(&office);
    assert_eq!(elsewhere.replica.read(), office.replica.read());
    let actors: Vec<_> = office.replica.history().iter().map(|entry| entry.actor).collect();
    assert!(actors.iter().all(|one| (0..3).any(|branch| *one == actor("office", branch))));
}

#[test]
fn a_long_text_goes_into_several_changes() {
    let mut office = Office::new("office", Form::Draft);
    let long = "Æ".repeat(25_000);
    let changes = office.set(json!({"need": long, "result": "kort"}));
    assert_eq!(changes.len(), 3);
    assert!(changes.iter().all(|change| change.bytes[8] == 1 && change.branch == 0));
    assert_eq!(office.record()["need"], long);
    let mut elsewhere = Office::new("elsewhere", Form::Draft);
    elsewhere.hear(&office);
    assert_eq!(elsewhere.record(), office.record());
    assert_eq!(office.set(json!({"need": null})).len(), 3);
    assert_eq!(office.record(), json!({"result": "kort"}));
}

#[test]
fn history_names_writers_and_fields() {
    let mut office = Office::new("office", Form::Draft);
    office.set(json!({"need": "Varme", "gains": [{"id": id(1)}]}));
    let added = office.set(json!({"gains": [{"id": id(1), "steps": [{"id": id(2), "why": "Fordi."}]}]}));
    let history = office.replica.history();
    let fields: Vec<Vec<_>> = history.iter().map(|entry| entry.fields.iter().collect()).collect();
    assert_eq!(fields, [vec!["gains", "need"], vec!["gains"]]);
    assert_eq!((history[1].hash, history[1].seq), (added[0].hash, 2));
    assert_eq!((history[1].actor, history[1].time), (actor("office", 0), 1_700_000_000));
}

#[test]
fn what_came_before_is_still_there() {
    let mut office = Office::new("office", Form::Draft);
    office.write(&full());
    let (before, record) = (office.replica.heads(), office.record());
    office.write(&json!({"need": "Noe annet."}));
    assert_eq!(office.replica.read_at(&before).expect("these heads are here"), record);
}

#[test]
fn no_field_is_forgotten() {
    assert_eq!(unmatched(FIELDS, &[&full()], ""), Vec::<String>::new());
    // A field without a place is not lost, but it merges as a stranger: two values instead of one text.
    for form in FORMS {
        let mut office = Office::knowing("office", form, &FIELDS[..FIELDS.len() - 1]);
        office.write(&full());
        assert_eq!(unmatched(&FIELDS[..FIELDS.len() - 1], &[&office.record()], ""), ["gains is unknown"]);
    }
}
