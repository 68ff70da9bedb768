//! Two thousand cases from a file: at one node until they are shared, at both afterwards.

use std::{fmt::Write as _, time::Instant};

use serde_json::Value;

use crate::praksis::{BERGEN, KS, Node};

const CASES: usize = 2000;

/// Cases as JSON Lines: told apart by their number, recognised again by their external id.
fn lines(changed: Option<usize>) -> String {
    let subjects = ["pumpestasjoner", "skolebygg", "elbiler", "hjemmetjeneste", "veilys", "avfallsbeholdere"];
    let sectors = [
        "water_waste_energy",
        "education",
        "construction_transport",
        "health_care",
        "climate_env",
        "ict_digital",
    ];
    let mut lines = String::new();
    for number in 0..CASES {
        let (subject, sector) = (subjects[number % 6], sectors[number % 6]);
        let more = if changed == Some(number) { " Det er verre i år." } else { "" };
        writeln!(
            lines,
            r#"{{"title":{{"nb":"Anskaffelse {number}: varsling fra {subject}"}},"content_lang":"nb","need":"Behov {number}: vi oppdager for sent at noe har stoppet ved {subject}, og kjører ut for ofte.{more}","sector":["{sector}"],"phase":"need","keywords":["varsling","nummer {number}"],"external_ids":[{{"scheme":"archive","id":"2026/{number}"}}]}}"#
        )
        .expect("writing to memory");
    }
    lines
}

fn counts(imported: &Value) -> [u64; 3] {
    ["imported", "updated", "unchanged"].map(|name| imported[name].as_u64().expect("a number"))
}

fn cases(status: &Value) -> u64 {
    status["documents"]["case"].as_u64().unwrap_or_default()
}

#[test]
fn two_thousand_cases_go_from_a_file_to_another_member() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);

    let began = Instant::now();
    let file = bergen.file("cases.jsonl", lines(None));
    assert_eq!(counts(&bergen.json(&["import", &file]).json()), [CASES as u64, 0, 0]);
    println!("imported after {:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(counts(&bergen.json(&["import", &file]).json()), [0, 0, CASES as u64]);
    println!("imported again, nothing changed, after {:?}", began.elapsed());
    let changed = bergen.file("changed.jsonl", lines(Some(700)));
    assert_eq!(counts(&bergen.json(&["import", &changed]).json()), [0, 1, CASES as u64 - 1]);

    let mut wrong: Vec<String> = lines(None).lines().take(4).map(ToOwned::to_owned).collect();
    wrong[1] = wrong[1].replace("\"phase\":\"need\"", "\"phase\":\"later\"");
    wrong[2] = "{\"title\": ".to_owned();
    wrong[3] = wrong[3].replace("2026/3\"", "2026/3b\"").replace("Anskaffelse 3", "Anskaffelse 3b");
    let told = bergen.json(&["import", &bergen.file("wrong.jsonl", wrong.join("\n"))]);
    assert_eq!(told.status, 1, "{told:?}");
    let printed: Value = serde_json::from_str(&told.out).expect("the result is still printed");
    assert_eq!(counts(&printed), [1, 0, 1], "{printed}");
    let refused: Vec<(u64, &str)> = printed["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|refused| {
            (refused["line"].as_u64().expect("a line"), refused["why"].as_str().expect("a reason"))
        })
        .collect();
    assert_eq!(refused.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(printed["refused"][0]["field"], "phase");
    assert!(refused[0].1.contains("later"), "{refused:?}");

    // Drafts stay at home, however long the two have been level.
    let level = |status: &Value| {
        status["peers"].as_array().is_some_and(|all| all.iter().any(|one| one["level"] == true))
    };
    bergen.until(&["status"], level);
    assert_eq!(cases(&ks.until(&["status"], level)), 0);

    let before = bergen.json(&["status"]).json();
    let began = Instant::now();
    let shared = bergen.json(&["case", "share", "--all"]).json();
    assert_eq!(shared["shared"].as_array().map(Vec::len), Some(CASES + 1));
    println!("shared after {:?}", began.elapsed());
    let all = |status: &Value| cases(status) == CASES as u64 + 1 && level(status);
    ks.until(&["status"], all);
    println!("all at the other, and level, after {:?}", began.elapsed());
    let after = bergen.until(&["status"], level);
    let bytes =
        |name: &str| after[name].as_u64().unwrap_or_default() - before[name].as_u64().unwrap_or_default();
    println!("{} bytes out, {} in", bytes("bytes_out"), bytes("bytes_in"));
    for (name, node) in [("the importer", &bergen), ("the other", &ks)] {
        println!("{name}: {} MB resident", node.resident_mb());
    }
    let found = ks.until(&["similar", "Anskaffelse 1234 varsling fra hjemmetjeneste"], |found| {
        found["hits"][0]["title"].as_str().is_some_and(|title| title.contains("1234"))
    });
    println!("similar took {} ms", found["took_ms"]);
    assert_eq!(counts(&bergen.json(&["import", &changed]).json()), [0, 0, CASES as u64]);
}
