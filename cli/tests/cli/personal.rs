//! What of a person stands in a draft is told before it is shared, and the writer decides.

use serde_json::{Value, json};

use crate::praksis::{KS, Node};

/// Made up: the month is 80 too high, as in the tax administration's test population.
const NATIONAL_ID: &str = "018180 10083";

fn case(title: &str, need: &str) -> String {
    json!({"title": title, "need": need, "sector": ["ict_digital"], "phase": "need"}).to_string()
}

fn made(node: &Node, title: &str, need: &str) -> String {
    let answer = node.told(&["case", "new", "--file", "-", "--json"], &case(title, need)).json();
    answer["id"].as_str().expect("an id").to_owned()
}

fn printed(out: &str) -> Value {
    serde_json::from_str(out).expect("the result is printed, also when something was refused")
}

#[test]
fn a_draft_with_something_of_a_person_in_it_is_shared_only_when_that_is_meant() {
    let node = Node::served(KS, &["--association"]);
    let called = made(&node, "Varsling", "Ring 22 33 44 55, eller skriv til kari@eksempel.no.");

    let refused = node.json(&["case", "share", &called]);
    assert_eq!((refused.status, refused.kind().as_str()), (1, "personal_data"), "{refused:?}");
    assert_eq!(
        printed(&refused.out)["refused"][0]["found"],
        json!([
            {"field": "need", "kind": "phone", "at": 5, "excerpt": "22 33 44 55"},
            {"field": "need", "kind": "email", "at": 34, "excerpt": "kari@eksempel.no"},
        ])
    );
    for (lang, words) in [
        ("nb", ["Behov, tegn 6: telefonnummer (22 33 44 55)", "e-postadresse", "--allow-found"]),
        ("nn", ["Behov, teikn 6: telefonnummer (22 33 44 55)", "e-postadresse", "Skal det stå der"]),
        ("en", ["character 6: telephone number (22 33 44 55)", "e-mail address", "take it out"]),
    ] {
        let told = node.run(&["case", "share", &called, "--lang", lang]).err;
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    }

    assert_eq!(node.json(&["case", "share", &called, "--allow-found"]).status, 0);
    assert_eq!(node.json(&["case", "show", &called]).json()["state"], "shared");
    // What was let through once is no excuse for what is written later.
    node.json(&["case", "edit", &called, "--set", "help_wanted=Ring 91 23 45 67"]).json();
    assert_eq!(node.json(&["case", "show", &called]).json()["state"], "changed_since_shared");
    assert_eq!(node.json(&["case", "share", &called]).kind(), "personal_data");
}

#[test]
fn a_national_identity_number_is_never_shared_and_never_printed() {
    let node = Node::served(KS, &["--association"]);
    let id = made(&node, "Tjeneste", &format!("Bruker {NATIONAL_ID} ventet for lenge."));
    for command in [&["case", "share", &id][..], &["case", "share", &id, "--allow-found"]] {
        let refused = node.json(command);
        assert_eq!((refused.status, refused.kind().as_str()), (1, "personal_data"), "{refused:?}");
        let found = &printed(&refused.out)["refused"][0]["found"];
        let expected = json!([{"field": "need", "kind": "national_id", "at": 7, "excerpt": "01**** ***83"}]);
        assert_eq!(*found, expected);
        let told = node.run(command);
        assert!(told.err.contains("Fødselsnummer deles aldri"), "{told:?}");
        for text in [refused.out, refused.err, told.out, told.err] {
            assert!(!text.contains("10083"), "{text}");
        }
    }
    node.json(&["case", "edit", &id, "--set", "need=En bruker ventet for lenge."]).json();
    assert_eq!(node.json(&["case", "share", &id]).status, 0);
}

#[test]
fn of_many_drafts_each_refusal_is_listed_and_the_rest_is_shared() {
    let node = Node::served(KS, &["--association"]);
    let lines = [
        case("Ren", "Ingenting om noen."),
        case("Telefon", "Ring 22 33 44 55."),
        case("Nummer", &format!("Bruker {NATIONAL_ID}.")),
    ];
    let file = node.file("cases.jsonl", lines.join("\n"));
    assert_eq!(node.json(&["import", &file]).json()["imported"], 3, "a draft may say what it likes");

    let all = node.json(&["case", "share", "--all"]);
    assert_eq!((all.status, all.kind().as_str()), (1, "personal_data"), "{all:?}");
    let answer = printed(&all.out);
    assert_eq!(answer["shared"].as_array().map(Vec::len), Some(1));
    let mut kinds: Vec<&Value> = answer["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|refused| &refused["found"][0]["kind"])
        .collect();
    kinds.sort_by_key(|kind| kind.to_string());
    assert_eq!(kinds, ["national_id", "phone"]);
    assert_eq!(all.error()["faults"].as_array().map(Vec::len), Some(2));

    let answer = printed(&node.json(&["case", "share", "--all", "--allow-found"]).out);
    assert_eq!(answer["shared"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["refused"].as_array().map(Vec::len), Some(1));
}
