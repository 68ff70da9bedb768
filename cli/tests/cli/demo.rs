//! The demo, from its first line to its last.

use crate::praksis::{Node, run};

#[test]
fn four_nodes_share_real_cases_and_a_query_finds_the_right_ones() {
    let home = Node::nowhere();
    let told = home.json(&["demo", "--exit"]).json();
    assert_eq!(told["shared"], 22);
    assert_eq!(told["report"]["demonstrations"]["cases"]["value"], 22);
    assert_eq!(told["report"]["real"]["cases"]["value"], 0);
    let names: Vec<_> =
        told["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].as_str()).collect();
    assert_eq!(names, ["Trondheim (demo)", "Bergen (demo)", "Bærum (demo)", "KS (demo)"].map(Some));

    let hits = told["similar"]["hits"].as_array().expect("hits");
    let mut titles: Vec<_> = hits.iter().map(|hit| hit["title"].as_str().unwrap_or_default()).collect();
    titles.sort_unstable();
    let expected = [
        "Felles trygghetsteknologi og responssenter i Agder",
        "Tryggere hverdag: velferdsteknologi i hjemmet",
        "Velferdsteknologi i Omsorg+ (Kampen)",
    ];
    assert_eq!(titles, expected);
    assert!(hits.iter().all(|hit| hit["owner"]["name"] != "Bergen (demo)"), "the asker holds none itself");
    assert!(home.dir().join("bergen").join("version").exists(), "a folder that was named stays");
}

#[test]
fn the_demo_is_told_in_the_language_asked_for() {
    let told = run(&["demo", "--exit", "--lang", "nn"]);
    assert_eq!(told.status, 0, "{told:?}");
    assert!(told.out.contains("Det finst ingen sentral tenar."), "{told:?}");
    let before_the_hits = told.out.lines().take_while(|line| !line.starts_with("1. ")).count();
    assert!((8..=10).contains(&before_the_hits), "{told:?}");
}
