//! Two offices of one municipality: apart, stale, and together again.

use serde_json::Value;

use crate::praksis::{BERGEN, Node};

/// Every text of a case, one after another.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_draft_edited_in_two_offices_while_apart_has_every_sentence_in_both() {
    let mut first = Node::served(BERGEN, &[]);
    let mut second = Node::nowhere();
    let request = second.json(&["init", "--org", BERGEN, "--office"]).json();
    let request = request["request"].as_str().expect("one string").to_owned();
    let grant = first.json(&["org", "device", "add", &request]).json();
    let grant = grant["grant"].as_str().expect("one string").to_owned();
    second.serve();
    second.json(&["join", &grant]).json();

    let case = r#"{"title": "Varsling fra pumpestasjoner", "need": "Vi ser det for sent.", "phase": "need"}"#;
    let id = first.told(&["case", "new", "--file", "-", "--json"], case).json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let read = second.until_found(&["case", "show", &id]);
    let heads = read["heads"].as_array().expect("heads").iter().map(|head| head.as_str().expect("a head"));
    let heads = heads.collect::<Vec<_>>().join(",");

    // Apart: one is not served while the other writes.
    second.terminate();
    first.json(&["case", "edit", &id, "--set", "summary.nn=Fyrste kontor på nynorsk."]).json();
    first
        .json(&[
            "case",
            "edit",
            &id,
            "--set",
            "need=Vi ser det for sent. Første kontor føyer til.",
            "lessons+={\"what\":\"Første lærdom.\"}",
        ])
        .json();
    first.terminate();
    second.serve();
    // Fields and languages that neither had filled; and twice on what was read at the start.
    second
        .json(&[
            "case",
            "edit",
            &id,
            "--set",
            "summary.nn=Andre kontor på nynorsk.",
            "summary.en=Second office in English.",
        ])
        .json();
    let stale = [
        "--set",
        "need=Andre kontor begynner. Vi ser det for sent.",
        "lessons+={\"what\":\"Andre lærdom.\"}",
    ];
    second.json(&[&["case", "edit", &id, "--at", &heads][..], &stale].concat()).json();
    second
        .json(&["case", "edit", &id, "--at", &heads, "--set", "result=Skrevet på gammelt grunnlag."])
        .json();
    // Both listen elsewhere now, and one of them has to be told.
    let ready = first.serve();
    second.json(&["peer", "add", ready["listen"][0].as_str().expect("an address")]).json();

    let sentences = [
        "Fyrste kontor på nynorsk.",
        "Andre kontor på nynorsk.",
        "Second office in English.",
        "Første kontor føyer til.",
        "Andre kontor begynner.",
        "Vi ser det for sent.",
        "Første lærdom.",
        "Andre lærdom.",
        "Skrevet på gammelt grunnlag.",
    ];
    let whole = |case: &Value| {
        let mut all = vec![];
        texts(&case["case"], &mut all);
        sentences.iter().all(|sentence| all.iter().any(|text| text.contains(sentence)))
    };
    let here = first.until(&["case", "show", &id], whole);
    let there = second.until(&["case", "show", &id], whole);
    assert_eq!(here["case"], there["case"]);
    assert_eq!(here["heads"], there["heads"]);
    let mut all = vec![];
    texts(&here["case"], &mut all);
    for sentence in sentences {
        let times: usize = all.iter().map(|text| text.matches(sentence).count()).sum();
        assert_eq!(times, 1, "{sentence}: {}", here["case"]);
    }
}
