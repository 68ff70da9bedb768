//! Everything that can be wrong with an argument, command by command: the kind, a hint, the exit status,
//! and a store that holds the same afterwards.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

/// One wrong command with what is to come of it.
struct Wrong {
    command: Vec<String>,
    status: i32,
    kind: &'static str,
}

fn wrong(command: &[&str], status: i32, kind: &'static str) -> Wrong {
    Wrong { command: command.iter().map(ToString::to_string).collect(), status, kind }
}

fn misuse(command: &[&str]) -> Wrong {
    wrong(command, 2, "misuse")
}

fn refused(command: &[&str], kind: &'static str) -> Wrong {
    wrong(command, 1, kind)
}

/// All that a node holds, as it gives it out.
fn export(node: &Node) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for command in [
        &["export"][..],
        &["case", "list"],
        &["template", "list"],
        &["org", "show"],
        &["org", "device", "list"],
        &["member", "list"],
        &["report"],
    ] {
        let mut printed = node.json(command).json();
        // When the report was made.
        printed.as_object_mut().map(|object| object.remove("made_at"));
        all.insert(command.join(" "), printed.to_string());
    }
    all
}

/// Every file of a folder with what is in it.
fn files(folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.insert(path.display().to_string(), fs::read(&path).expect("it can be read"));
        }
    }
}

fn assert_same(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    let names = before.keys().chain(after.keys());
    let written: Vec<&String> = names.filter(|name| before.get(*name) != after.get(*name)).collect();
    assert!(written.is_empty(), "written: {written:?}");
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

/// Runs all of them and tells of each that came out otherwise.
fn try_all(node: &Node, table: &[Wrong]) {
    let mut otherwise = vec![];
    for wrong in table {
        let command: Vec<&str> = wrong.command.iter().map(String::as_str).collect();
        let words: Vec<String> = command.iter().map(|word| word.chars().take(60).collect()).collect();
        let Some(told) = node.json_at_last(&command) else {
            otherwise.push(format!("{words:?}: wanted {} {}, goes on", wrong.status, wrong.kind));
            continue;
        };
        let error = if told.status == 0 { Value::Null } else { told.error() };
        let hinted = error["hint"].as_str().is_some_and(|hint| !hint.is_empty());
        let said = error["message"].as_str().is_some_and(|message| !message.is_empty());
        if told.status != wrong.status || error["kind"] != wrong.kind || !hinted || !said {
            otherwise.push(format!(
                "{words:?}: wanted {} {}, got {} {error}",
                wrong.status, wrong.kind, told.status
            ));
        }
    }
    assert!(otherwise.is_empty(), "{} of {}:\n{}", otherwise.len(), table.len(), otherwise.join("\n"));
}

#[test]
fn wrong_input_is_refused_by_its_kind_and_changes_nothing() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    let used =
        ks.json(&["invite", "--org", BERGEN]).json()["invitation"].as_str().expect("one string").to_owned();
    bergen.json(&["join", &used]).json();
    let others = ks.json(&["invite", "--org", TRONDHEIM]).json()["invitation"]
        .as_str()
        .expect("one string")
        .to_owned();
    let theirs = ks.told(&["case", "new", "--file", "-", "--json"], CASE);
    let theirs = id(&theirs.json());
    ks.json(&["case", "share", &theirs]).json();
    bergen.until_found(&["case", "show", &theirs]);
    let own = id(&bergen.told(&["case", "new", "--file", "-", "--json"], CASE).json());
    let template = r#"{"title": {"nb": "Behovsbeskrivelse"}, "kind": "need_description"}"#;
    let template =
        id(&bergen.json(&["template", "new", "--file", &bergen.file("template.json", template)]).json());

    let (own, theirs, template) = (own.as_str(), theirs.as_str(), template.as_str());
    let ghost = "a".repeat(52);
    let long = "x".repeat(201);
    let longer = format!("need={}", "x".repeat(20_001));
    let huge = bergen.file("huge.json", "");
    let hole = fs::OpenOptions::new().write(true).open(&huge).expect("it was made");
    hole.set_len(200 << 20).expect("a file with a hole");
    let empty = bergen.file("empty.json", "");
    let latin = bergen.file("latin.json", b"{\"title\": \"Bl\xe5\"}");
    let record = bergen.file("record.json", format!("{{\"title\": \"{}\"}}", "x".repeat(600 << 10)));
    let deep = bergen.file("deep.json", "[".repeat(100_000));
    let folder = bergen.dir().display().to_string();
    let absent = "finnes-ikke.json";

    let mut table = vec![
        // Which record.
        misuse(&["case", "show"]),
        misuse(&["case", "show", "no"]),
        misuse(&["case", "show", "Æøå-æøå-æøå"]),
        misuse(&["case", "show", &"a".repeat(53)]),
        refused(&["case", "show", &ghost], "not_found"),
        refused(&["case", "show", template], "not_found"),
        refused(&["template", "show", own], "not_found"),
        refused(&["template", "share", own], "not_found"),
        refused(&["case", "share", template], "not_found"),
        refused(&["case", "history", template], "not_found"),
        refused(&["case", "edit", template, "--set", "phase=need"], "not_found"),
        refused(&["case", "history", &ghost], "not_found"),
        refused(&["case", "share", &ghost], "not_found"),
        refused(&["case", "edit", &ghost, "--set", "phase=need"], "not_found"),
        refused(&["case", "settle", &ghost, "phase", "--take", "1"], "not_found"),
        refused(&["similar", "--case", &ghost], "not_found"),
        refused(&["case", "edit", theirs, "--set", "phase=need"], "not_allowed"),
        refused(&["case", "share", theirs], "not_allowed"),
        refused(&["case", "settle", theirs, "phase", "--take", "1"], "not_allowed"),
        // What it should be.
        misuse(&["case", "edit", own, "--set"]),
        misuse(&["case", "edit", own, "--set", "phase=need", "--file", absent]),
        refused(&["case", "edit", own, "--set", "phase"], "invalid"),
        refused(&["case", "edit", own, "--set", "fase=need"], "invalid"),
        refused(&["case", "edit", own, "--set", "phase=later"], "invalid"),
        refused(&["case", "edit", own, "--set", "tenders_received=many"], "invalid"),
        refused(&["case", "edit", own, "--set", "tenders_received=-1"], "invalid"),
        refused(&["case", "edit", own, "--set", "dates.notice=2026-13"], "invalid"),
        refused(&["case", "edit", own, "--set", "dates.later=2026"], "invalid"),
        refused(&["case", "edit", own, "--set", "cpv_main=1234567"], "invalid"),
        refused(&["case", "edit", own, "--set", "estimated_value=1.5"], "invalid"),
        refused(&["case", "edit", own, "--set", "sector+=gardening"], "invalid"),
        refused(&["case", "edit", own, "--set", &format!("title.nb={long}")], "invalid"),
        refused(&["case", "edit", own, "--set", "title.de=Titel"], "invalid"),
        refused(&["case", "edit", own, "--set", &longer], "invalid"),
        refused(&["case", "edit", own, "--set", "id=2"], "invalid"),
        refused(&["case", "edit", own, "--set", "contact=a"], "invalid"),
        misuse(&["case", "edit", own, "--set", "phase=need", "--at", "no"]),
        refused(&["case", "edit", own, "--set", "phase=need", "--at", &ghost], "stale"),
        refused(&["case", "settle", own, "phase", "--take", "1"], "invalid"),
        misuse(&["case", "settle", own, "phase"]),
        misuse(&["case", "settle", own, "phase", "--take", "first"]),
        misuse(&["case", "list", "--limit", "none"]),
        misuse(&["case", "list", "--phase", "later"]),
        misuse(&["case", "list", "--owner", "12"]),
        misuse(&["case", "list", "--state", "lost"]),
        misuse(&["case", "list", "--cursor", "x"]),
        misuse(&["case", "history", own, "--of", "both"]),
        // Finding.
        misuse(&["similar"]),
        misuse(&["similar", ""]),
        misuse(&["similar", "vann", "--limit", "0"]),
        misuse(&["similar", "vann", "--limit", "many"]),
        misuse(&["similar", "vann", "--phase", "later"]),
        misuse(&["similar", "vann", "--cpv", "abc"]),
        misuse(&["similar", "vann", "--case", own]),
        misuse(&["start"]),
        misuse(&["start", ""]),
        misuse(&["start", "vann", "--limit", "11"]),
        misuse(&["lessons", "--theme", "later"]),
        misuse(&["lessons", "--phase", "later"]),
        misuse(&["lessons", "--kind", "later"]),
        misuse(&["lessons", "--owner", "12"]),
        misuse(&["lessons", "--cursor", "x"]),
        misuse(&["lessons", "--limit", "0"]),
        // Network and organisation.
        misuse(&["invite"]),
        misuse(&["invite", "--org", "310000001"]),
        misuse(&["invite", "--org", TRONDHEIM, "--role", "king"]),
        refused(&["invite", "--org", TRONDHEIM], "not_allowed"),
        misuse(&["join"]),
        refused(&["join", "abc"], "invalid"),
        refused(&["join", &used[..used.len() - 4]], "invalid"),
        refused(&["join", &others], "not_allowed"),
        misuse(&["org", "device", "add"]),
        refused(&["org", "device", "add", "abc"], "invalid"),
        refused(&["org", "device", "add", &others], "invalid"),
        misuse(&["org", "set"]),
        refused(&["org", "set", "inhabitants=many"], "invalid"),
        refused(&["org", "set", "mayor=Ola"], "invalid"),
        refused(&["org", "set", "org=310000043"], "invalid"),
        misuse(&["peer", "add"]),
        misuse(&["peer", "add", "somewhere"]),
        misuse(&["sync", "--wait", "soon"]),
        misuse(&["report", "--as-of", "yesterday"]),
        misuse(&["export", "--format", "xml"]),
        misuse(&["export", "--owner", "12"]),
        refused(&["export", "--out", "/nonexistent/folder/file"], "storage"),
        misuse(&["completions", "cmd"]),
        misuse(&["status", "--lang", "de"]),
        misuse(&["status", "more"]),
    ];
    // Files, for every command that reads one.
    for (file, kind) in [
        (absent, "not_found"),
        (&folder, "invalid"),
        (&empty, "invalid"),
        (&latin, "invalid"),
        (&huge, "invalid"),
        (&record, "invalid"),
        (&deep, "invalid"),
    ] {
        table.extend([
            refused(&["case", "new", "--file", file], kind),
            refused(&["template", "new", "--file", file], kind),
            refused(&["case", "edit", own, "--file", file], kind),
            refused(&["similar", "--file", file], kind),
            refused(&["start", file], kind),
            refused(&["import", file], kind),
        ]);
    }
    let before = [export(&ks), export(&bergen)];
    try_all(&bergen, &table);
    assert_eq!([export(&ks), export(&bergen)], before);
}

#[test]
fn a_folder_that_no_node_serves_stays_as_it_is() {
    let mut node = Node::served(KS, &["--association"]);
    let own = id(&node.told(&["case", "new", "--file", "-", "--json"], CASE).json());
    assert_eq!(node.terminate(), Some(0));
    let file = node.file("case.toml", CASE);
    let mut before = BTreeMap::new();
    files(&node.dir(), &mut before);

    let table = [
        refused(&["status"], "no_node"),
        refused(&["case", "new", "--file", &file], "no_node"),
        refused(&["case", "edit", &own, "--set", "phase=need"], "no_node"),
        refused(&["case", "share", "--all"], "no_node"),
        refused(&["import", &file], "no_node"),
        refused(&["export"], "no_node"),
        refused(&["invite", "--org", BERGEN], "no_node"),
        refused(&["init", "--org", BERGEN, "--name", "x"], "exists"),
        refused(&["init", "--org", KS, "--office"], "exists"),
        refused(&["demo", "--exit"], "exists"),
        misuse(&["run", "--http", "nowhere"]),
        misuse(&["run", "--listen", "nowhere"]),
        misuse(&["run", "--announce", "nowhere"]),
        misuse(&["run", "--peer", "nowhere"]),
        misuse(&["run", "--tls-cert", &file]),
        misuse(&["run", "--tls-cert", &file, "--tls-key", "nowhere"]),
        misuse(&["run", "--extra-ca", "nowhere"]),
        misuse(&["run", "--proxy", "socks5://ola:hemmelig@proxy:1080"]),
        refused(&["case", "edit", &own], "no_node"),
    ];
    try_all(&node, &table);
    let mut after = BTreeMap::new();
    files(&node.dir(), &mut after);
    assert_same(&before, &after);

    // A folder of a later version is refused before anything is opened in it.
    fs::write(node.dir().join("version"), "praksis 99\n").expect("the folder can be written");
    let mut before = BTreeMap::new();
    files(&node.dir(), &mut before);
    try_all(
        &node,
        &[
            refused(&["run", "--http", "127.0.0.1:0"], "storage"),
            refused(&["init", "--org", BERGEN, "--name", "x"], "exists"),
        ],
    );
    let mut after = BTreeMap::new();
    files(&node.dir(), &mut after);
    assert_same(&before, &after);
}
