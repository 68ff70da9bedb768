//! Three folders, three processes, and what remains when two of them are killed.

use serde_json::Value;

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

/// Whether every peer that is connected stands level, and so many are.
fn level(status: &Value, connected: usize) -> bool {
    let peers = status["peers"].as_array().expect("a list");
    let level = peers.iter().filter(|peer| peer["connected"] == true && peer["level"] == true);
    level.count() == connected
}

#[test]
fn two_of_three_nodes_are_killed_and_stand_level_again() {
    let ks = Node::served(KS, &["--association"]);
    let mut bergen = Node::served(BERGEN, &[]);
    let mut trondheim = Node::served(TRONDHEIM, &[]);
    bergen.joins(&ks, BERGEN);
    trondheim.joins(&ks, TRONDHEIM);

    let others = [
        "Samkjøp av elbiler med ladeplasser",
        "Rammeavtale for renhold av skoler",
        "Nytt ventilasjonsanlegg i svømmehall",
    ];
    for title in others {
        let case = format!(
            "title = \"{title}\"\nneed = \"{title}.\"\nsector = [\"building_property\"]\nphase = \"need\""
        );
        bergen.json(&["case", "new", "--file", &bergen.file("other.toml", case)]).json();
    }
    let file = bergen.file("case.toml", CASE);
    let id = bergen.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();
    let shared = bergen.json(&["case", "share", "--all"]).json();
    assert_eq!(shared["shared"].as_array().map(Vec::len), Some(4));
    let first = |found: &Value| found["hits"][0]["id"] == id.as_str();
    trondheim.until(&["similar", "drikkevann som lekker uten at noen ser det"], first);

    // Both write at the moment they are killed; what was acknowledged is there afterwards.
    let set = ["case", "edit", &id, "--set", "help_wanted=Hvem har målt svinnet før?"];
    bergen.json(&set).json();
    bergen.json(&["case", "share", &id]).json();
    let own = trondheim.file("own.toml", CASE.replace("Digital", "Smart"));
    let own =
        trondheim.json(&["case", "new", "--file", &own]).json()["id"].as_str().expect("an id").to_owned();
    trondheim.json(&["case", "share", &own]).json();
    bergen.kill();
    trondheim.kill();
    bergen.serve();
    trondheim.serve();

    for (node, other) in [(&bergen, &own), (&trondheim, &id)] {
        node.until(&["status"], |status| level(status, 2) && status["shared"].as_u64() > Some(5));
        let case =
            node.until(&["case", "list"], |list| list["items"].as_array().is_some_and(|all| all.len() == 5));
        assert!(case["items"].as_array().expect("a list").iter().any(|item| item["id"] == other.as_str()));
    }
    let case = trondheim.until(&["case", "show", &id], |case| case["case"].get("help_wanted").is_some());
    assert_eq!(case["case"]["help_wanted"], "Hvem har målt svinnet før?");
    trondheim.until(&["similar", "drikkevann som lekker uten at noen ser det"], |found| {
        found["hits"].as_array().is_some_and(|hits| hits.len() >= 2)
    });
    ks.until(&["status"], |status| level(status, 2));
}
