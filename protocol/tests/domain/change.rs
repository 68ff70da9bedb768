//! Changing a record as JSON.

use praksis_protocol::{change, genesis::Kind, record::Problem};
use serde_json::{Map, Value, json};

use crate::{case, id, ids, map};

fn merged(old: &Map<String, Value>, patch: Value) -> Map<String, Value> {
    change::merge(Kind::Case, old, &patch, &mut ids()).unwrap()
}

fn set(old: &Map<String, Value>, expressions: &[&str]) -> Map<String, Value> {
    change::set(Kind::Case, old, expressions, &mut ids()).unwrap()
}

fn with(members: Value) -> Map<String, Value> {
    let mut case = case();
    case.extend(map(members));
    case
}

#[test]
fn a_patch_changes_what_it_names_and_null_clears() {
    let old = with(json!({"result": "Vi lærte", "title": {"nb": "Tittel", "nn": "Tittelen"}}));
    let new = merged(&old, json!({"title": {"nb": "Ny"}, "result": null, "phase": "prepare"}));
    assert_eq!(new["title"], json!({"nb": "Ny", "nn": "Tittelen"}));
    assert_eq!(new["phase"], "prepare");
    assert_eq!(new.get("result"), None);
    assert_eq!(new["need"], old["need"]);
}

#[test]
fn a_bare_text_in_a_patch_leaves_the_other_languages() {
    let old = with(json!({"content_lang": "nn", "title": {"nb": "Tittel", "nn": "Tittelen"}}));
    let new = merged(&old, json!({"title": "Ny tittel"}));
    assert_eq!(new["title"], json!({"nb": "Tittel", "nn": "Ny tittel"}));
}

#[test]
fn a_list_given_is_the_whole_list_matched_by_id() {
    let old = with(json!({"lessons": [
        {"id": id(8), "what": "åtte", "why": "fordi"},
        {"id": id(9), "what": "ni"},
    ]}));
    let new = merged(&old, json!({"lessons": [{"what": "ny"}, {"id": id(8), "what": "åtte!"}]}));
    assert_eq!(
        new["lessons"],
        json!([
            {"id": id(1), "what": "ny"},
            {"id": id(8), "what": "åtte!", "why": "fordi"},
        ])
    );
}

#[test]
fn money_is_whole_after_a_patch() {
    let old = with(json!({"contract_value": {"amount": "10.00", "currency": "EUR", "year": 2020}}));
    let new = merged(&old, json!({"contract_value": {"amount": 12}}));
    assert_eq!(new["contract_value"], json!({"amount": "12.00", "currency": "EUR", "year": 2020}));
    let wrong = change::merge(Kind::Case, &old, &json!({"contract_value": {"currency": null}}), &mut ids());
    assert_eq!(wrong.unwrap_err().faults[0].path, "contract_value.currency");
}

#[test]
fn what_a_newer_node_wrote_survives_the_edit_of_an_older_one() {
    let old = with(json!({
        "phase": "afterlife",
        "colour": {"red": 1},
        "lessons": [{"id": id(8), "what": "åtte", "theme": "astrology"}, {"id": id(9), "mood": "bad"}],
    }));
    // Another item comes first: the same faults now stand in other positions.
    let new = merged(
        &old,
        json!({
            "result": "Ferdig",
            "lessons": [{"what": "ny"}, {"id": id(8), "what": "åtte!"}, {"id": id(9)}],
        }),
    );
    assert_eq!(new["phase"], "afterlife");
    assert_eq!(new["colour"], json!({"red": 1}));
    assert_eq!(new["lessons"][1], json!({"id": id(8), "theme": "astrology", "what": "åtte!"}));
    assert_eq!(new["lessons"][2]["mood"], "bad");
    // What the edit itself brings is read strictly.
    let wrong = change::merge(Kind::Case, &old, &json!({"phase": "afterlif"}), &mut ids()).unwrap_err();
    assert_eq!(wrong.faults[0].problem, Problem::UnknownCode);
    let wrong = change::merge(Kind::Case, &old, &json!({"colour": 2}), &mut ids());
    assert!(wrong.is_err());
}

#[test]
fn expressions_put_add_and_take_away() {
    let old = with(json!({"keywords": ["gravefri", "vann"], "lessons": [{"id": id(9), "what": "ni"}]}));
    let lesson = format!("lessons.{}.advice=Spør tidlig", id(9));
    let new = set(
        &old,
        &[
            "title.nb=Ny tittel = bedre",
            "title.nn=Ny tittel på nynorsk",
            "keywords+=Avløp",
            "keywords-=Vann",
            "dates.notice=2026-03",
            "lessons+={\"what\":\"ti\",\"theme\":\"risk\"}",
            &lesson,
            "tenders_received=4",
            "demonstration=true",
            "estimated_value={\"amount\":100,\"currency\":\"NOK\"}",
            "reusable.advice=Spør oss",
            "need=",
        ],
    );
    assert_eq!(new["title"], json!({"nb": "Ny tittel = bedre", "nn": "Ny tittel på nynorsk"}));
    assert_eq!(new["keywords"], json!(["avløp", "gravefri"]));
    assert_eq!(new["dates"], json!({"notice": "2026-03"}));
    assert_eq!(
        new["lessons"],
        json!([
            {"id": id(9), "what": "ni", "advice": "Spør tidlig"},
            {"id": id(1), "theme": "risk", "what": "ti"},
        ])
    );
    assert_eq!(new["tenders_received"], 4);
    assert_eq!(new["demonstration"], true);
    assert_eq!(new["estimated_value"]["amount"], "100.00");
    assert_eq!(new["reusable"], json!({"advice": "Spør oss"}));
    assert_eq!(new.get("need"), None);
    let fewer = format!("lessons-={}", id(9));
    assert_eq!(set(&new, &[&fewer])["lessons"].as_array().unwrap().len(), 1);
}

#[test]
fn a_wrong_expression_is_refused_and_says_why() {
    for (expression, path, nearest) in [
        ("titel.nb=x", "titel.nb", Some("title")),
        ("title.no=x", "title.no", Some("nb")),
        ("dates.notise=2026", "dates.notise", Some("notice")),
        ("dates.notice=soon", "dates.notice", None),
        ("need.nb=x", "need.nb", None),
        ("need+=x", "need", None),
        ("keywords-=finnes ikke", "keywords", None),
        ("lessons.abc.what=x", "lessons.abc.what", None),
        ("title", "", None),
        ("tenders_received=fire", "tenders_received", None),
        ("phase=dialog", "phase", Some("dialogue")),
    ] {
        let invalid = change::set(Kind::Case, &case(), &[expression], &mut ids()).expect_err(expression);
        assert_eq!(invalid.faults.len(), 1, "{expression}: {invalid}");
        assert_eq!(invalid.faults[0].path, path, "{expression}");
        assert_eq!(invalid.faults[0].nearest.as_deref(), nearest, "{expression}: {invalid}");
    }
}

#[test]
fn every_wrong_expression_is_named_at_once() {
    let invalid = change::set(Kind::Case, &case(), &["a=1", "b=2"], &mut ids()).unwrap_err();
    assert_eq!(invalid.faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}
