//! At the edge everything that is wrong is named, with its place and the nearest known name.

use praksis_protocol::{
    genesis::Kind,
    record::{Fault, Problem},
};
use serde_json::{Value, json};

use crate::{case, id, ids};

fn faults(kind: Kind, value: Value) -> Vec<Fault> {
    kind.parse(&value, &mut ids()).expect_err("this is not a valid record").faults
}

fn one(kind: Kind, value: Value) -> Fault {
    let mut faults = faults(kind, value);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

fn parsed(value: Value) -> Value {
    Value::Object(Kind::Case.parse(&value, &mut ids()).unwrap())
}

#[test]
fn an_unknown_field_is_named_with_the_nearest_one() {
    let fault = one(Kind::Case, json!({"titel": "Gravefritt"}));
    assert_eq!((fault.problem, fault.path.as_str()), (Problem::UnknownField, "titel"));
    assert_eq!(fault.nearest.as_deref(), Some("title"));
}

#[test]
fn an_unknown_code_is_named_with_its_place() {
    let value = json!({"lessons": [{"what": "a"}, {"what": "b"}, {"theme": "leadershp"}]});
    let fault = one(Kind::Case, value);
    assert_eq!((fault.problem, fault.path.as_str()), (Problem::UnknownCode, "lessons[2].theme"));
    assert_eq!(fault.nearest.as_deref(), Some("leadership"));
    assert_eq!(
        fault.to_string().split(", ").next().unwrap(),
        "lessons[2].theme: expected one of leadership",
        "{fault}"
    );
    assert!(fault.to_string().ends_with("found \"leadershp\"; did you mean \"leadership\"?"), "{fault}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let value = json!({
        "title": {"nb": "x", "sv": "y"},
        "phase": "needs",
        "cpv_main": "123",
        "estimated_value": {"amount": 12.5, "currency": "NOK"},
        "dates": {"notice": "2026-13", "notised": "2026"},
        "buyers": [{"org": "974698995", "colour": 1}],
        "tenders_received": -1,
        "reusable": {"documents_free": "yes"},
        "gains": [{"value_low": "2", "value_high": "1"}],
    });
    let paths: Vec<_> = faults(Kind::Case, value).into_iter().map(|fault| fault.path).collect();
    assert_eq!(
        paths,
        [
            "title.sv",
            "cpv_main",
            "buyers[0].colour",
            "buyers[0].org",
            "phase",
            "estimated_value.amount",
            "tenders_received",
            "dates.notice",
            "dates.notised",
            "gains[0].value_high",
            "reusable.documents_free",
        ]
    );
}

#[test]
fn a_value_that_must_be_there_is_asked_for() {
    let fault = one(Kind::Case, json!({"contract_value": {"amount": "10.00"}}));
    assert_eq!((fault.problem, fault.path.as_str()), (Problem::Missing, "contract_value.currency"));
}

#[test]
fn another_type_is_refused_whatever_it_is() {
    for wrong in [json!(1), json!("text"), json!([1]), json!({"a": 1}), json!(true)] {
        let refused = Kind::Case
            .about()
            .iter()
            .filter(|field| Kind::Case.parse(&json!({field.name: wrong}), &mut ids()).is_err());
        // No type fits more than a part of the fields.
        assert!(refused.count() > Kind::Case.about().len() / 2, "{wrong}");
    }
    assert_eq!(one(Kind::Case, json!([])).problem, Problem::Type);
}

#[test]
fn nothing_is_kept_of_what_is_cleared_or_blank() {
    let value =
        json!({"title": {"nb": "  ", "nn": null}, "need": null, "result": "", "keywords": [], "phase": ""});
    assert_eq!(parsed(value), json!({"schema_version": 1}));
}

#[test]
fn a_bare_text_is_in_the_language_of_the_record() {
    assert_eq!(parsed(json!({"title": "Tittel"}))["title"], json!({"nb": "Tittel"}));
    let nynorsk = parsed(json!({"title": "Tittel", "content_lang": "nn"}));
    assert_eq!(nynorsk["title"], json!({"nn": "Tittel"}));
    let template = Kind::Template.parse(&json!({"title": "Title", "language": "en"}), &mut ids()).unwrap();
    assert_eq!(template["title"], json!({"en": "Title"}));
}

#[test]
fn text_is_composed_and_its_lines_end_alike() {
    let value = parsed(json!({"need": "A\u{30a} se\r\nto\rlinjer", "title": " Blåba\u{308}r "}));
    assert_eq!(value["need"], "Å se\nto\nlinjer");
    assert_eq!(value["title"]["nb"], "Blåbär");
}

#[test]
fn sets_are_sorted_and_say_nothing_twice() {
    let value = parsed(json!({"keywords": ["vann", "Avløp", "vann"], "sector": ["planning", "admin"]}));
    assert_eq!(value["keywords"], json!(["avløp", "vann"]));
    assert_eq!(value["sector"], json!(["admin", "planning"]));
}

#[test]
fn items_without_an_id_get_one_and_keep_their_order() {
    let value = parsed(json!({"lessons": [{"what": "a"}, {"id": id(9), "what": "b"}, {"what": "c"}]}));
    let ids: Vec<_> = value["lessons"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&json!(id(1)), &json!(id(9)), &json!(id(2))]);
    let twice = json!({"lessons": [{"id": id(9)}, {"id": id(9)}]});
    assert_eq!(one(Kind::Case, twice).path, "lessons[1].id");
}

#[test]
fn an_external_id_may_be_written_as_people_write_it() {
    let value = parsed(json!({"external_ids": [{"scheme": "doffin", "id": "2022-384756"}]}));
    assert_eq!(value["external_ids"], json!([{"id": id(1), "scheme": "doffin", "value": "2022-384756"}]));
}

#[test]
fn there_are_limits_on_everything() {
    let long = |count: usize| "å".repeat(count);
    assert_eq!(one(Kind::Case, json!({"title": long(201)})).problem, Problem::TooLong);
    assert_eq!(one(Kind::Case, json!({"need": long(20_001)})).problem, Problem::TooLong);
    parsed(json!({"title": long(200), "need": long(20_000)}));
    let items = |count: usize| json!({"lessons": vec![json!({"what": "x"}); count]});
    parsed(json!({"lessons": vec![json!({"what": "x"}); 200]}));
    let mut number = 0u8;
    let mut next = || {
        number = number.wrapping_add(1);
        praksis_protocol::id::ItemId([number; 16])
    };
    let faults = Kind::Case.parse(&items(201), &mut next).unwrap_err().faults;
    assert_eq!(faults[0].problem, Problem::TooLong);
    // 30 texts of 20,000 characters are each allowed, together too many.
    let lessons = vec![json!({"what": long(20_000)}); 30];
    assert_eq!(one(Kind::Case, json!({"lessons": lessons})).problem, Problem::TooLong);
    assert_eq!(one(Kind::Case, json!({"need": "a\u{7}b"})).problem, Problem::Value);
    assert_eq!(one(Kind::Case, json!({"title": "to\nlinjer"})).problem, Problem::Value);
}

#[test]
fn sections_stand_at_most_three_deep_and_after_what_they_stand_in() {
    let section = |number: u8, parent: Option<u8>| json!({"id": id(number), "parent": parent.map(id)});
    let deep = |parents: &[Option<u8>]| {
        let sections: Vec<_> = (1..).zip(parents).map(|(number, parent)| section(number, *parent)).collect();
        Kind::Template.parse(&json!({"sections": sections}), &mut ids())
    };
    assert!(deep(&[None, Some(1), Some(2), Some(1)]).is_ok());
    let too_deep = deep(&[None, Some(1), Some(2), Some(3)]).unwrap_err();
    assert_eq!(too_deep.faults[0].path, "sections[3].parent");
    let before = deep(&[Some(2), None]).unwrap_err();
    assert_eq!(
        (before.faults[0].problem, before.faults[0].path.as_str()),
        (Problem::Rule, "sections[0].parent")
    );
}

#[test]
fn a_newer_record_may_have_fields_and_codes_we_do_not_know() {
    let newer = json!({
        "schema_version": 2,
        "colour": "red",
        "phase": "afterlife",
        "lessons": [{"id": id(1), "what": "x", "mood": {"a": [1]}}],
    });
    assert_eq!(
        parsed(newer.clone()),
        json!({
            "schema_version": 2,
            "phase": "afterlife",
            "lessons": [{"id": id(1), "what": "x", "mood": {"a": [1]}}],
            "colour": "red",
        })
    );
    let mut wrong = newer;
    wrong["tenders_received"] = json!("three");
    assert_eq!(one(Kind::Case, wrong).path, "tenders_received");
}

#[test]
fn a_case_that_is_right_is_taken_as_it_is() {
    assert_eq!(parsed(Value::Object(case())), Value::Object(case()));
}
