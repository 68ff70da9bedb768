//! Organisations that nobody has invited ask over the connection, and somebody decides.

use serde_json::{Value, json};

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

/// Where others ask a node, as it says itself.
fn at(node: &Node) -> String {
    let answer = node.json(&["member", "requests"]).json();
    answer["addresses"][0].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn waiting(node: &Node) -> Vec<Value> {
    node.json(&["member", "requests"]).json()["items"].as_array().expect("a list").clone()
}

fn key(node: &Node) -> String {
    node.json(&["org", "show"]).json()["root"]["key"].as_str().expect("a key").to_owned()
}

#[test]
fn who_asks_is_listed_admitted_and_joins_by_itself() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let mut trondheim = Node::served(TRONDHEIM, &[]);
    let file = trondheim.file("case.toml", CASE);
    let id =
        trondheim.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();

    let asked = trondheim.json(&["join", "--request", &at(&ks)]).json();
    assert_eq!((&asked["state"], &asked["key"]), (&json!("waiting"), &json!(key(&trondheim))));
    assert_eq!(trondheim.json(&["status"]).json()["asking"]["state"], "waiting");
    let told = trondheim.run(&["status"]).out;
    assert!(told.contains("foreningen avgjør"), "{told}");

    let [one] = &waiting(&ks)[..] else { panic!("one waits") };
    assert_eq!((&one["org"], &one["key"], &one["taken"]), (&json!(TRONDHEIM), &asked["key"], &json!(false)));
    assert_eq!(one["card"]["org"], TRONDHEIM);
    assert_eq!(ks.json(&["status"]).json()["applicants"], 1);
    let told = ks.run(&["member", "requests"]).out;
    for part in [TRONDHEIM, &key(&trondheim), "member admit", "/p2p/"] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // It goes on after a fall, and the same request is one.
    trondheim.kill();
    trondheim.serve();
    assert_eq!(trondheim.json(&["status"]).json()["asking"]["state"], "waiting");
    assert_eq!(trondheim.json(&["join", "--request", &at(&ks)]).json()["state"], "waiting");
    assert_eq!(waiting(&ks), std::slice::from_ref(one));

    // Whoever admits is told whose key it is said to be.
    let asked = ks.run(&["member", "admit", TRONDHEIM]);
    assert_eq!(asked.status, 2, "{asked:?}");
    assert!(asked.err.contains(&key(&trondheim)), "{asked:?}");
    assert_eq!(ks.json(&["member", "admit", BERGEN, "--yes"]).kind(), "not_found");
    assert_eq!(ks.json(&["member", "admit", TRONDHEIM, "--yes"]).json()["org"], TRONDHEIM);
    assert_eq!(waiting(&ks), [] as [Value; 0]);

    trondheim.kill();
    trondheim.serve();
    trondheim.until(&["status"], |status| !status["network"].is_null());
    assert_eq!(trondheim.json(&["status"]).json()["asking"], Value::Null);
    assert_eq!(trondheim.json(&["join", "--request", &at(&ks)]).kind(), "exists");
    trondheim.json(&["case", "share", &id]).json();
    ks.until_found(&["case", "show", &id]);
    bergen.until_found(&["case", "show", &id]);
}

#[test]
fn who_is_declined_is_told_why_and_of_two_with_one_number_the_key_decides() {
    let mut ks = Node::served(KS, &["--association"]);
    let (one, other) = (Node::served(TRONDHEIM, &[]), Node::served(TRONDHEIM, &[]));
    for node in [&one, &other] {
        node.json(&["join", "--request", &at(&ks)]).json();
    }
    let before = waiting(&ks);
    assert_eq!(before.len(), 2);
    ks.kill();
    ks.serve();
    assert_eq!(waiting(&ks), before, "what was confirmed is kept");

    assert_eq!(ks.json(&["member", "admit", TRONDHEIM, "--yes"]).kind(), "ambiguous_id");
    assert_eq!(ks.json(&["member", "decline", TRONDHEIM]).kind(), "ambiguous_id");
    let declined = ks.json(&["member", "decline", &key(&one), "--why", "Dette er ikke deres nøkkel."]).json();
    let declined = &declined["items"][0];
    assert_eq!((&declined["org"], &declined["key"]), (&json!(TRONDHEIM), &json!(key(&one))));
    assert_eq!(ks.json(&["member", "decline", &key(&one)]).kind(), "not_found");
    ks.json(&["member", "admit", TRONDHEIM, "--yes"]).json();

    let refused = one.json(&["join", "--request", &at(&ks)]);
    assert_eq!(refused.kind(), "not_allowed");
    assert!(refused.err.contains("Dette er ikke deres nøkkel."), "{refused:?}");
    let asking = one.json(&["status"]).json()["asking"].clone();
    assert_eq!(
        (&asking["state"], &asking["why"]),
        (&json!("declined"), &json!("Dette er ikke deres nøkkel."))
    );
    assert_eq!(other.json(&["join", "--request", &at(&ks)]).json()["state"], "member");

    let third = Node::served(BERGEN, &[]);
    third.json(&["join", "--request", &at(&ks)]).json();
    let all = ks.json(&["member", "decline", "--all"]).json();
    assert_eq!((all["items"].as_array().map(Vec::len), &all["items"][0]["org"]), (Some(1), &json!(BERGEN)));
    assert_eq!(third.json(&["join", "--request", &at(&ks)]).kind(), "not_allowed");
}

#[test]
fn a_request_that_nobody_takes() {
    let bergen = Node::served(BERGEN, &[]);
    let trondheim = Node::served(TRONDHEIM, &[]);
    // Nobody is there.
    let peer = at(&bergen).rsplit_once('/').expect("a name at its end").1.to_owned();
    let nowhere = format!("/ip4/127.0.0.1/tcp/1/p2p/{peer}");
    let offline = trondheim.json(&["join", "--request", &nowhere, "--wait", "0"]);
    assert_eq!(offline.kind(), "offline");
    assert_eq!(trondheim.json(&["status"]).json()["asking"]["state"], "unanswered");

    let refused = trondheim.json(&["join", "--request", &at(&bergen)]);
    assert_eq!(refused.kind(), "not_allowed", "it is no association's");
    assert_eq!(trondheim.json(&["status"]).json()["asking"]["state"], "refused");
    assert_eq!(waiting(&bergen), [] as [Value; 0]);

    assert_eq!(trondheim.json(&["join", "--request", "/ip4/127.0.0.1/tcp/1"]).status, 2, "it names no node");
    assert_eq!(trondheim.json(&["join", "--request", &nowhere, "--out", "fil"]).status, 2);
    assert_eq!(trondheim.json(&["join", "--request", &at(&trondheim)]).kind(), "invalid", "that is itself");
}
