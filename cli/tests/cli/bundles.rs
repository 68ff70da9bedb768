//! Networks without a network: a node that only ever reads bundles, and whose own bundles are carried back.

use std::fs;

use praksis_protocol::{genesis::Scope, wire::bundle::Piece};
use serde_json::Value;

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

/// Documentation addresses, where nobody is: what a node announces cannot be dialled.
const NOWHERE: &[&str] = &["--announce", "/ip4/192.0.2.1/tcp/9"];

/// Serves a node at another port, where nobody finds it by what it announces; gives where that is.
fn serve_apart(node: &mut Node) -> String {
    let ready = node.serve_with(NOWHERE);
    ready["listen"][0].as_str().expect("an address").to_owned()
}

fn path(node: &Node, name: &str) -> String {
    node.dir().parent().expect("a home").join(name).display().to_string()
}

fn shared(node: &Node, title: &str) -> String {
    let case = node.file("case.toml", CASE.replace("Digital vannmåler", title));
    let id = node.json(&["case", "new", "--file", &case]).json()["id"].as_str().expect("an id").to_owned();
    node.json(&["case", "share", &id]).json();
    id
}

fn read(node: &Node, bundle: &str) -> Value {
    let answer = node.json(&["bundle", "read", bundle]).json();
    assert_eq!(answer["complete"], true, "{answer}");
    assert_eq!(answer["waiting"], 0, "{answer}");
    assert_eq!(answer["refused"], serde_json::json!({}), "{answer}");
    answer
}

/// Every scope that a bundle says anything of.
fn scopes(file: &str) -> Vec<Scope> {
    let of = |piece| match piece {
        Piece::Header(header) => header.scopes,
        Piece::Statements(scope, _) | Piece::Documents(scope, _) | Piece::Held(scope, _) => vec![scope],
        Piece::End => vec![],
    };
    let bytes = fs::read(file).expect("it was written");
    praksis_node::bundle::pieces(&bytes).expect("a bundle").into_iter().flat_map(of).collect()
}

fn is_for_all(scope: &Scope) -> bool {
    matches!(scope, Scope::Roster | Scope::Network)
}

#[test]
fn a_node_that_only_reads_bundles_holds_everything_and_is_heard() {
    let mut ks = Node::served(KS, &["--association"]);
    let mut bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let mut island = Node::served(TRONDHEIM, &[]);
    island.joins(&ks, TRONDHEIM);
    let all_three = |list: &Value| list["items"].as_array().is_some_and(|items| items.len() == 3);
    bergen.until(&["member", "list"], all_three);
    // From here on nobody reaches the island: all are elsewhere, and announce where nobody is.
    for node in [&mut island, &mut ks, &mut bergen] {
        assert_eq!(node.terminate(), Some(0));
    }
    serve_apart(&mut island);
    let there = serve_apart(&mut ks);
    serve_apart(&mut bergen);
    bergen.json(&["peer", "add", &there]).json();
    let first = shared(&bergen, "Måler");
    let draft = bergen.file("draft.toml", CASE.replace("Digital", "Hemmelig"));
    let draft = bergen.json(&["case", "new", "--file", &draft]).json()["id"].clone();
    // What is for the island alone is in no bundle for somebody else.
    let alone = bergen.file("alone.toml", CASE.replace("Digital vannmåler", "Bare for øya"));
    let alone =
        bergen.json(&["case", "new", "--file", &alone]).json()["id"].as_str().expect("an id").to_owned();
    bergen.json(&["case", "share", &alone, "--to", TRONDHEIM]).json();
    let all = path(&bergen, "all");
    bergen.json(&["bundle", "write", &all, "--all"]).json();
    for (name, options) in [
        ("everybody", &[][..]),
        ("ks", &["--for", KS]),
        ("everybody-since", &["--since", &all]),
        ("ks-since", &["--for", KS, "--since", &all]),
    ] {
        let file = path(&bergen, name);
        bergen.json(&[&["bundle", "write", &file], options].concat()).json();
        // Not even what was left out is named.
        assert_eq!(scopes(&file).into_iter().find(|scope| !is_for_all(scope)), None, "{name}");
        read(&ks, &file);
        assert_eq!(ks.json(&["case", "show", &alone]).kind(), "not_found", "{name}");
    }

    let stick = path(&bergen, "stick");
    let written = bergen.json(&["bundle", "write", &stick, "--for", TRONDHEIM]).json();
    assert!(written["entries"].as_u64() > Some(3), "{written}");
    assert!(!fs::exists(format!("{stick}.part")).expect("a folder"));
    read(&island, &stick);
    island.json(&["case", "show", &first]).json();
    island.json(&["case", "show", &alone]).json();
    assert_eq!(island.json(&["case", "show", draft.as_str().expect("an id")]).kind(), "not_found");

    // What the island writes goes back, without what it was brought.
    let second = shared(&island, "Pumpe");
    let back = path(&island, "back");
    let answer = island.json(&["bundle", "write", &back, "--since", &stick]).json();
    let all = island.json(&["bundle", "write", &path(&island, "all")]).json();
    assert!(answer["entries"].as_u64() < all["entries"].as_u64(), "{answer} {all}");
    read(&bergen, &back);
    bergen.json(&["case", "show", &second]).json();

    ks.until_found(&["case", "show", &second]);

    // Now each has what the other has, and there is nothing left to carry.
    let again = path(&bergen, "again");
    bergen.json(&["bundle", "write", &again, "--for", TRONDHEIM]).json();
    read(&island, &again);
    let left = island.json(&["bundle", "write", &path(&island, "left"), "--since", &again]).json();
    assert_eq!(left["entries"], 0, "{left}");

    // What is withdrawn is gone with the next one, and the first brings it back no more.
    bergen.json(&["case", "withdraw", &first, "--why", "Feil tall", "--yes"]).json();
    let withdrawn = path(&bergen, "withdrawn");
    bergen.json(&["bundle", "write", &withdrawn, "--for", TRONDHEIM, "--since", &again]).json();
    read(&island, &withdrawn);
    for _ in 0..2 {
        let shown = island.json(&["case", "show", &first]).json();
        assert_eq!((&shown["state"], &shown["case"]), (&"withdrawn".into(), &Value::Null), "{shown}");
        island.json(&["bundle", "read", &stick]).json();
    }
    island.json(&["case", "show", &alone]).json();

    let status = island.json(&["status"]).json();
    let peers = status["peers"].as_array().expect("a list");
    assert!(peers.iter().all(|peer| peer["connected"] == false), "{status}");
    assert_eq!(status["bytes_in"], 0, "{status}");
}

#[test]
fn a_bundle_that_was_cut_off_is_read_on_and_another_s_is_refused() {
    let mut ks = Node::made(KS, &["--association"]);
    ks.serve_with(NOWHERE);
    let line = |number| {
        serde_json::json!({
            "title": format!("Måler {number}"), "need": "Vannet renner bort. ".repeat(40),
            "sector": ["water_waste_energy"], "phase": "need",
        })
        .to_string()
    };
    let lines: Vec<String> = (0..20).map(line).collect();
    let file = ks.file("cases.jsonl", lines.join("\n"));
    let imported = ks.json(&["import", &file]).json();
    assert_eq!(imported["imported"], 20, "{imported}");
    let mut office = Node::nowhere();
    let request = office.run(&["init", "--org", KS, "--office"]).out;
    let request = office.file("request", request.lines().last().expect("a request"));
    let grant = path(&ks, "grant");
    assert_eq!(ks.run(&["org", "device", "add", &request, "--out", &grant]).status, 0);
    let stick = path(&ks, "stick");
    ks.json(&["bundle", "write", &stick, "--all"]).json();

    // Before it is in the network, it has no way to judge what is in it.
    office.serve_with(NOWHERE);
    let refused = office.json(&["bundle", "read", &stick]);
    assert_eq!((refused.status, refused.kind()), (1, "invalid".to_owned()), "{refused:?}");
    assert_eq!(office.json(&["status"]).json()["refused"]["bundle_network"], 1);
    let grant = fs::read_to_string(&grant).expect("it was written");
    let grant = office.file("grant", grant);
    office.json(&["join", &grant]).json();

    let whole = fs::read(&stick).expect("it was written");
    let half = office.file("half", &whole[..whole.len() - 60]);
    let told = office.json(&["bundle", "read", &half]);
    assert_eq!((told.status, told.kind()), (1, "invalid".to_owned()), "{told:?}");
    let part: Value = serde_json::from_str(&told.out).expect("the result so far");
    assert_eq!(part["complete"], false);
    let came = part["new"].as_u64().expect("a number");
    assert!(came >= 20, "{part}");

    let mut damaged = whole.clone();
    let last = damaged.len() - 60;
    damaged[last] ^= 1;
    let damaged = office.file("damaged", damaged);
    assert_eq!(office.json(&["bundle", "read", &damaged]).kind(), "invalid");

    office.terminate();
    office.serve_with(NOWHERE);
    let rest = read(&office, &stick);
    assert!(rest["skipped"].as_u64() >= Some(came) && rest["new"].as_u64() > Some(0), "{rest}");
    let status = office.json(&["status"]).json();
    assert_eq!(status["documents"]["case"], 20, "{status}");
    // Read once more, all of it is known.
    assert_eq!(read(&office, &stick)["new"], 0);

    let other = Node::served(BERGEN, &["--association"]);
    assert_eq!(other.json(&["bundle", "read", &stick]).kind(), "invalid");
    assert_eq!(other.json(&["bundle", "write", &stick, "--for", "310000019"]).kind(), "invalid");
    let nothing = other.json(&["bundle", "read", &other.file("text", "praksis er noe annet")]);
    assert_eq!(nothing.kind(), "invalid", "{nothing:?}");
}

#[test]
fn what_is_no_bundle_is_told_apart_with_what_to_do_and_nothing_is_lost() {
    let ks = Node::served(KS, &["--association"]);
    shared(&ks, "Måler");
    let stick = path(&ks, "stick");
    ks.json(&["bundle", "write", &stick, "--all"]).json();
    let whole = fs::read(&stick).expect("it was written");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let folder = path(&ks, "folder");
    fs::create_dir(&folder).expect("a new name");
    let files = [
        ("missing", path(&ks, "nowhere"), "not_found"),
        ("folder", folder, "invalid"),
        ("empty", ks.file("empty", ""), "invalid"),
        ("short", ks.file("short", &whole[..7]), "invalid"),
        ("text", ks.file("text", "praksis er noe annet"), "invalid"),
        ("flipped", ks.file("flipped", flipped), "invalid"),
        #[cfg(unix)]
        ("pipe", pipe(path(&ks, "pipe")), "invalid"),
    ];
    for (name, file, kind) in &files {
        for read in [vec!["bundle", "read", file], vec!["bundle", "write", "unwritten", "--since", file]] {
            // What begins as a bundle and is cut off before anything is in it leaves nothing out.
            if (*name, read[1]) == ("short", "write") {
                continue;
            }
            let told = ["nb", "nn", "en"].map(|language| {
                let error = ks.json(&[&["--lang", language][..], &read].concat()).error();
                assert_eq!(error["kind"], *kind, "{name}: {error}");
                (error["message"].to_string(), error["hint"].to_string())
            });
            assert!(
                told.iter().all(|(message, hint)| message.len() > 8 && hint.len() > 8),
                "{name}: {told:?}"
            );
            assert!(told[0] != told[2] && told[1] != told[2], "{name}: in words of one's own: {told:?}");
            assert!(!fs::exists("unwritten").expect("a folder"), "{name}");
        }
    }
    let refused = &ks.json(&["status"]).json()["refused"];
    assert!(
        refused["bundle_beginning"].as_u64() > Some(0) && refused["bundle_checksum"].as_u64() > Some(0),
        "{refused}"
    );
    assert_eq!(read(&ks, &stick)["new"], 0, "all that was there is there");
}

/// A pipe that nobody writes into: whoever opened it would wait for ever.
#[cfg(unix)]
fn pipe(path: String) -> String {
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("the system has it");
    assert!(made.success());
    path
}
