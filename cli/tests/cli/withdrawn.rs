//! A withdrawn case's words are nowhere: in no node's store, index or other file, and not in a backup that is restored.

use std::{fs, path::Path, time::Instant};

use praksis_tests::auditor::{self, Sealed, copy_folder, files_with, index};
use serde_json::Value;

use crate::praksis::{BERGEN, KS, Node, PATIENCE, TRONDHEIM};

/// In title and need, and in no other text of these tests.
const WORD: &str = "kvartspendel";
const WRITTEN: &str = r#"
title = "Kvartspendel i pumpestasjonene"
need = "En kvartspendel maaler nivaaet i hver pumpestasjon."
sector = ["water_waste_energy"]
phase = "need"
"#;

/// What a folder holds of the case.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    /// Sealed values that a key in the folder opens, of those that stood there before.
    opened: usize,
    /// Whether the index has the word.
    indexed: bool,
    /// Files that have the word as it is.
    files: usize,
}

const NOTHING: Held = Held { opened: 0, indexed: false, files: 0 };

/// Reads every file, through the key of every document that is still there and the compression of the index.
fn held(folder: &Path, sealed: &Sealed) -> Held {
    let store = folder.join("store");
    let opened = sealed.iter().filter(|(key, value)| auditor::open(&store, key, value).is_some()).count();
    let indexed = index::everything(&folder.join("index")).to_lowercase().contains(WORD);
    Held { opened, indexed, files: files_with(folder, WORD.as_bytes()).len() }
}

/// Everything sealed of these documents.
fn sealed_of(folder: &Path, documents: &[String]) -> Sealed {
    let mut sealed = auditor::sealed(&folder.join("store"));
    let of = |key: &[u8]| data_encoding_base32(&key[1..33]);
    sealed.retain(|key, _| documents.contains(&of(key)));
    sealed
}

fn data_encoding_base32(bytes: &[u8]) -> String {
    let id: [u8; 32] = bytes.try_into().expect("32 bytes");
    praksis_protocol::id::DocumentId(id).to_string()
}

/// Reads a folder again until nothing is left: the index is written anew in the background.
fn until_nothing(folder: &Path, sealed: &Sealed) {
    let began = Instant::now();
    loop {
        let held = held(folder, sealed);
        if held == NOTHING {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{}: {held:?}", folder.display());
    }
}

fn is_withdrawn(answer: &Value) -> bool {
    answer["state"] == "withdrawn" && answer["withdrawn"]["purged"] == true
}

#[test]
fn the_words_of_a_withdrawn_case_are_in_no_folder_and_come_back_with_no_backup() {
    let ks = Node::served(KS, &["--association"]);
    let (bergen, mut trondheim) = (Node::served(BERGEN, &[]), Node::served(TRONDHEIM, &[]));
    bergen.joins(&ks, BERGEN);
    trondheim.joins(&ks, TRONDHEIM);
    let file = bergen.file("case.toml", WRITTEN);
    let id = bergen.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();
    bergen.json(&["case", "share", &id]).json();
    for node in [&ks, &bergen, &trondheim] {
        node.until(&["similar", WORD], |answer| {
            answer["hits"].as_array().is_some_and(|hits| !hits.is_empty())
        });
    }
    let shown = bergen.json(&["case", "show", &id]).json();
    let documents: Vec<String> = ["draft", "shared"]
        .iter()
        .map(|name| shown[name].as_str().expect("both are there").to_owned())
        .collect();
    fs::remove_file(&file).expect("it is there");

    // A backup of a folder, as an operator makes one: the node stopped, everything copied.
    trondheim.terminate();
    let backup = tempfile::TempDir::new().expect("a folder");
    copy_folder(&trondheim.dir(), backup.path());
    trondheim.serve();
    trondheim.until(&["status"], |status| {
        status["peers"].as_array().is_some_and(|peers| peers.iter().all(|peer| peer["level"] == true))
    });

    // The auditor finds the words everywhere before it is to find them nowhere.
    let folders = [ks.dir(), bergen.dir(), trondheim.dir()];
    let sealed: Vec<Sealed> = folders.iter().map(|folder| sealed_of(folder, &documents)).collect();
    for (folder, sealed) in folders.iter().zip(&sealed) {
        let held = held(folder, sealed);
        assert!(
            held.opened >= 2 && held.opened == sealed.len() && held.indexed,
            "{}: {held:?}",
            folder.display()
        );
    }
    let of_backup = sealed_of(backup.path(), &documents);
    assert!(held(backup.path(), &of_backup).opened >= 2);

    let asked = ["case", "withdraw", &id[..10], "--why", "Tallene var feil.", "--now"];
    assert_eq!(bergen.json(&asked).kind(), "misuse", "there is nobody to ask");
    assert_eq!(ks.json(&[&asked[..], &["--yes"]].concat()).kind(), "not_allowed", "it is Bergen's");
    let answer = bergen.json(&[&asked[..], &["--yes"]].concat()).json();
    assert_eq!(answer["state"], "withdrawn", "{answer}");
    assert_eq!(answer["withdrawn"]["why"], "Tallene var feil.");
    let all = bergen.until(&["case", "show", &id], |answer| {
        is_withdrawn(answer) && answer["withdrawn"]["erased"] == answer["withdrawn"]["nodes"]
    });
    assert_eq!(all["withdrawn"]["nodes"], 2, "{all}");
    for (folder, sealed) in folders.iter().zip(&sealed) {
        until_nothing(folder, sealed);
    }
    for node in [&ks, &trondheim] {
        assert!(is_withdrawn(&node.json(&["case", "show", &id]).json()));
        let hits = node.json(&["similar", WORD]).json();
        assert!(hits["hits"].as_array().is_none_or(Vec::is_empty), "{hits}");
        assert_eq!(node.json(&["case", "list"]).json()["items"].as_array().map(Vec::len), Some(0));
    }
    let told = trondheim.run(&["case", "show", &id[..10], "--lang", "en"]);
    assert!(told.out.contains("Tallene var feil."), "{told:?}");
    let told = bergen.run(&["why", &id]);
    assert!(told.out.contains("bekreftet slettet"), "{told:?}");

    // The backup brings the words into the folder, and the network takes them out again.
    trondheim.terminate();
    fs::remove_dir_all(trondheim.dir()).expect("it goes");
    copy_folder(backup.path(), &trondheim.dir());
    assert!(held(&trondheim.dir(), &of_backup).opened >= 2, "they are there again");
    trondheim.serve();
    trondheim.until(&["case", "show", &id], is_withdrawn);
    until_nothing(&trondheim.dir(), &of_backup);
    until_nothing(&ks.dir(), &sealed[0]);
    assert!(is_withdrawn(&ks.json(&["case", "show", &id]).json()), "and nobody has it from there");
}
