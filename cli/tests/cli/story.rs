//! The commands as people use them, from an empty folder to a case found at another member.

use crate::praksis::{BERGEN, CASE, KS, Node};
use serde_json::Value;

#[test]
fn a_case_written_at_one_member_is_found_at_another() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);

    let invitation = ks.json(&["invite", "--org", BERGEN]).json();
    let invitation = invitation["invitation"].as_str().expect("one string").to_owned();
    bergen.json(&["join", &invitation]).json();
    let members = bergen
        .until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 2));
    assert_eq!(members["items"][1]["role"], "association");

    let file = bergen.file("case.toml", CASE);
    let id = bergen.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(id.len(), 52);
    assert_eq!(ks.json(&["case", "list"]).json()["items"].as_array().map(Vec::len), Some(0));

    let shared = bergen.json(&["case", "share", &id[..8]]).json();
    assert_eq!(shared["shared"][0]["id"], id.as_str());
    // In nynorsk, of a case in bokmål.
    let found = ks.until(&["similar", "vassmålar som varslar om lekkasje"], |answer| {
        answer["hits"].as_array().is_some_and(|hits| !hits.is_empty())
    });
    assert_eq!(found["hits"][0]["id"], id.as_str());
    let shares =
        found["hits"][0]["why"].as_array().expect("reasons").iter().map(|part| part["share"].as_f64());
    let sum: f64 = shares.map(Option::unwrap_or_default).sum();
    assert!((sum - 1.0).abs() < 1e-3, "{found}");

    let words = ks.run(&["similar", "vassmålar som varslar om lekkasje"]);
    assert!(words.out.starts_with("1. Digital vannmåler med lekkasjevarsling\n"), "{words:?}");
    assert!(words.out.contains("Fordi: "), "{words:?}");
    assert!(words.out.contains(" %"), "{words:?}");

    let level = |status: &Value| {
        status["peers"].as_array().is_some_and(|peers| peers.iter().all(|peer| peer["level"] == true))
    };
    let status = bergen.until(&["status"], level);
    assert_eq!(status["members"], 2);
    assert_eq!(status["organisation"]["org"], BERGEN);
    assert_eq!(bergen.json(&["peer", "list"]).json()["items"][0]["connected"], true);

    let report = ks.json(&["report"]).json();
    assert_eq!(report["real"]["cases"]["value"], 1);
    assert_eq!(report["real"]["phase"]["value"]["by"]["need"], 1);
    let report = ks.run(&["report", "--lang", "nn"]);
    assert!(report.out.contains("Vatn, avløp"), "{report:?}");
}

#[test]
fn a_draft_is_edited_shown_and_shared_when_it_is_ready() {
    let node = Node::served(KS, &["--association"]);
    let case = r#"{"title": "Utslippsfri maskin", "phase": "need"}"#;
    let id = node.told(&["case", "new", "--file", "-", "--json"], case).json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    let refused = node.json(&["case", "share", &id]);
    assert_eq!((refused.status, refused.kind().as_str()), (1, "missing"), "{refused:?}");
    let printed: Value = serde_json::from_str(&refused.out).expect("the result is still printed");
    assert_eq!(printed["refused"][0]["missing"], serde_json::json!(["sector", "need"]));
    assert!(node.run(&["case", "share", &id]).err.contains("Fagområde, Behov"));

    let set = [
        "case",
        "edit",
        &id,
        "--set",
        "need=Maskinene bråker.",
        "sector+=climate_env",
        "summary.nb=Kort sagt.",
    ];
    assert_eq!(node.json(&set).json()["state"], "draft");
    assert_eq!(node.json(&["case", "share", "--all"]).json()["shared"].as_array().map(Vec::len), Some(1));

    let before = node.json(&["case", "show", &id]).json();
    let heads = before["heads"][0].as_str().expect("a head").to_owned();
    node.json(&["case", "edit", &id, "--set", "title.nn=Utsleppsfri maskin"]).json();
    let patch = node.file("patch.json", r#"{"keywords": ["anleggsplass"], "summary": null}"#);
    let after = node.json(&["case", "edit", &id, "--file", &patch, "--at", &heads]).json();
    assert_eq!(after["state"], "changed_since_shared");
    assert_eq!(after["case"]["title"]["nn"], "Utsleppsfri maskin");
    assert_eq!(after["case"]["keywords"], serde_json::json!(["anleggsplass"]));
    assert_eq!(after["case"].get("summary"), None);

    let stale = "a".repeat(52);
    let unknown = node.json(&["case", "edit", &id, "--set", "phase=need", "--at", &stale]);
    assert_eq!((unknown.status, unknown.kind().as_str()), (1, "stale"), "{unknown:?}");

    assert!(
        node.json(&["case", "history", &id]).json()["items"].as_array().is_some_and(|all| all.len() >= 4)
    );
    let shown = node.run(&["case", "show", &id, "--lang", "en"]);
    assert!(shown.out.contains("changed since shared"), "{shown:?}");
    let shown = node.run(&["case", "show", &id, "--lang", "nn"]);
    assert!(shown.out.starts_with("Utsleppsfri maskin\n"), "{shown:?}");
}

#[test]
fn the_node_stops_on_a_signal_and_says_that_it_is_gone() {
    let mut node = Node::made(KS, &["--association"]);
    let ready = node.serve();
    assert!(ready["http"].as_str().is_some_and(|http| http.starts_with("127.0.0.1:")));
    assert_eq!(ready["device"].as_str().map(str::len), Some(52));
    let second = node.json(&["run", "--http", "127.0.0.1:0"]);
    assert_eq!((second.status, second.kind().as_str()), (1, "busy"), "{second:?}");

    assert_eq!(node.terminate(), Some(0));
    assert!(!node.dir().join("addresses.json").exists());
    assert_eq!(node.json(&["status"]).kind(), "no_node");

    let other = Node::made(BERGEN, &[]);
    let http = node.serve()["http"].as_str().expect("an address").to_owned();
    let taken = other.json(&["run", "--http", &http, "--listen", "/ip4/127.0.0.1/tcp/0"]);
    assert_eq!((taken.status, taken.kind().as_str()), (1, "busy"), "{taken:?}");
    assert!(taken.error()["message"].as_str().is_some_and(|message| message.contains("--http")), "{taken:?}");
}
