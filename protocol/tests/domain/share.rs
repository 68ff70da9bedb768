//! What of a draft others may read.

use praksis_protocol::{
    date::Day,
    genesis::Kind,
    id::DocumentId,
    share::{Prepared, Refused, Sharing, Terms, prepare},
};
use serde_json::{Map, Value, json};

use crate::{case, id, ids, map};

fn share(kind: Kind, draft: &Map<String, Value>, today: &str) -> Result<Prepared, Refused> {
    let today: Day = today.parse().unwrap();
    prepare(kind, draft, &Sharing { terms: Terms::on(today), reaches: &|id| id.0[0] == 1, before: None })
}

fn shared(members: Value) -> Prepared {
    let mut draft = case();
    draft.extend(map(members));
    let draft = Kind::Case.parse(&Value::Object(draft), &mut ids()).unwrap();
    share(Kind::Case, &draft, "2026-11-22").unwrap()
}

fn missing(members: Value) -> Vec<&'static str> {
    share(Kind::Case, &map(members), "2026-11-22").unwrap_err().missing
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    assert_eq!(missing(json!({})), ["title", "sector", "phase", "need", "contact"]);
    assert_eq!(
        missing(json!({"phase": "competition", "need": "x"})),
        ["title", "sector", "cpv_main", "procedure", "contact"]
    );
    assert_eq!(
        missing(json!({"phase": "evaluated"})),
        ["title", "sector", "cpv_main", "need", "procedure", "result", "gains_status", "lessons", "contact"]
    );
    let mut abandoned = case();
    abandoned.extend(map(json!({"outcome": "abandoned_need", "what_we_would_do_differently": "Spurt før"})));
    assert_eq!(share(Kind::Case, &abandoned, "2026-01-01").unwrap_err().missing, ["result", "gains_status"]);
}

#[test]
fn a_case_in_dialogue_needs_no_procedure() {
    assert_eq!(shared(json!({})).record["title"], case()["title"]);
}

#[test]
fn an_embargo_ends_when_its_day_begins() {
    let mut draft = case();
    draft.insert("embargo_until".to_owned(), json!("2027-01-15"));
    let refused = share(Kind::Case, &draft, "2027-01-14").unwrap_err();
    assert_eq!(refused.embargo_until, Day::new(2027, 1, 15));
    assert!(share(Kind::Case, &draft, "2027-01-15").is_ok());
    // What is missing and the embargo are told together.
    draft.remove("contact");
    let refused = share(Kind::Case, &draft, "2027-01-14").unwrap_err();
    assert_eq!((refused.missing.as_slice(), refused.embargo_until.is_some()), (&["contact"][..], true));
}

#[test]
fn the_journal_stays_at_home() {
    let prepared = shared(json!({"journal": [{"text": "Ringte leverandøren"}]}));
    assert!(!Value::Object(prepared.record).to_string().contains("Ringte"));
}

#[test]
fn what_competitors_must_not_know_is_held_back_until_the_competition_is_over() {
    let secrets = json!({
        "phase": "competition",
        "cpv_main": "45231000",
        "procedure": "open",
        "estimated_value": {"amount": 5, "currency": "NOK"},
        "contract_value": {"amount": 4, "currency": "NOK"},
        "suppliers": [{"name": "Hemmelig AS"}],
        "award_criteria": [{"name": "Kvalitet", "weight": 40, "text": "Slik scorer vi"}],
    });
    let before = shared(secrets.clone());
    assert_eq!(before.held_back, ["award_criteria", "estimated_value", "contract_value", "suppliers"]);
    assert_eq!(before.record["award_criteria"][0]["weight"], "40");
    for field in ["estimated_value", "contract_value", "suppliers"] {
        assert_eq!(before.record.get(field), None);
    }
    assert_eq!(before.record["award_criteria"][0].get("text"), None);
    for phase in ["develop", "contract", "realise", "unknown"] {
        let mut open = secrets.clone();
        open["phase"] = json!(phase);
        let after = shared(open);
        assert!(after.held_back.is_empty());
        assert_eq!(after.record["suppliers"][0]["name"], "Hemmelig AS", "{phase}");
    }
}

#[test]
fn a_summary_is_built_from_the_need_and_says_so() {
    let prepared = shared(json!({"need": "ord ".repeat(300), "content_lang": "nn"}));
    let summary = prepared.record["summary"]["nn"].as_str().unwrap();
    assert!(prepared.summary_built && summary.ends_with("ord…"));
    assert!((590..=601).contains(&summary.chars().count()));
    assert_eq!(prepared.record["summary_built"], json!(["nn"]));
    let written = shared(json!({"summary": {"nb": "Vår egen"}, "summary_built": ["nb"]}));
    assert!(!written.summary_built);
    assert_eq!(written.record.get("summary_built"), None);
}

#[test]
fn references_that_not_every_reader_can_follow_are_left_out() {
    let (wide, narrow) = (DocumentId([1; 32]), DocumentId([2; 32]));
    let section = json!({"template": narrow, "section": id(5)});
    let prepared = shared(json!({
        "templates_used": [wide, narrow],
        "derived_from_cases": [narrow],
        "lessons": [{"what": "x", "template_section": section}],
    }));
    assert_eq!(prepared.record["templates_used"], json!([wide]));
    assert_eq!(
        prepared.left_out,
        [("templates_used", narrow), ("derived_from_cases", narrow), ("lessons", narrow)]
    );
    assert!(!Value::Object(prepared.record).to_string().contains(&narrow.to_string()));
}

#[test]
fn a_template_is_numbered_when_something_in_it_is_new() {
    let draft = map(json!({
        "schema_version": 1, "title": {"nb": "Mal"}, "kind": "rfi", "language": "nb",
        "sections": [{"id": id(1), "heading": "Behov"}],
    }));
    let today = Day::new(2026, 1, 1).unwrap();
    let first = prepare(
        Kind::Template,
        &draft,
        &Sharing { terms: Terms::on(today), reaches: &|_| true, before: None },
    )
    .unwrap();
    assert_eq!(first.record["version"], 1);
    let again = Sharing { terms: Terms::on(today), reaches: &|_| true, before: Some(&first.record) };
    assert_eq!(prepare(Kind::Template, &draft, &again).unwrap().record["version"], 1);
    let mut changed = draft;
    changed.insert("version_note".to_owned(), json!("Nytt"));
    assert_eq!(prepare(Kind::Template, &changed, &again).unwrap().record["version"], 2);
}

#[test]
fn a_filled_template_never_leaves_the_house() {
    assert!(share(Kind::Filled, &Map::new(), "2026-01-01").unwrap_err().never);
}

#[test]
fn the_full_example_of_every_drafted_kind_can_be_shared() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_drafted() && *kind != Kind::Filled) {
        let example = map(serde_json::from_str(kind.example()).unwrap());
        let sharing =
            Sharing { terms: Terms::on(Day::new(2026, 11, 22).unwrap()), reaches: &|_| true, before: None };
        let prepared =
            prepare(kind, &example, &sharing).unwrap_or_else(|refused| panic!("{kind:?}: {refused}"));
        let again = kind.parse(&Value::Object(prepared.record.clone()), &mut ids()).unwrap();
        assert_eq!(again, prepared.record, "what is shared is a valid record");
    }
}
