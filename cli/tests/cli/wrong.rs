//! Wrong input: the right kind, a hint, and the right exit status.

use crate::praksis::{CASE, KS, Node, run};

#[test]
fn a_wrong_command_line_is_told_with_two() {
    let wrong: [&[&str]; 10] = [
        &["nonsense"],
        &["init", "--org", "310000044", "--name", "x"],
        &["init", "--org", "12", "--name", "x"],
        &["init", "--org", KS],
        &["init", "--org", KS, "--name", "x", "--contact", "innkjop"],
        &["similar"],
        &["case", "share"],
        &["case", "share", "--all", "abcdef"],
        &["case", "settle", "abcdef", "title", "--take", "0"],
        &["run", "--http", "nowhere"],
    ];
    for arguments in wrong {
        let told = run(&[arguments, &["--dir", "/nonexistent/praksis", "--json"]].concat());
        assert_eq!((told.status, told.kind().as_str()), (2, "misuse"), "{arguments:?}: {told:?}");
        assert!(told.out.is_empty(), "{told:?}");
    }
    assert_eq!(run(&["--help"]).status, 0);
    assert_eq!(run(&["case", "--lang", "de", "list"]).status, 2);
}

#[test]
fn without_a_node_each_command_says_how_to_start_one() {
    let node = Node::made(KS, &["--association"]);
    let file = node.file("case.toml", CASE);
    let commands: [&[&str]; 16] = [
        &["status"],
        &["invite", "--org", KS],
        &["join", "abc"],
        &["member", "list"],
        &["org", "show"],
        &["case", "list"],
        &["case", "new", "--file", &file],
        &["case", "show", "abcdef"],
        &["case", "share", "--all"],
        &["similar", "vann"],
        &["start", "vann"],
        &["lessons"],
        &["import", &file],
        &["peer", "list"],
        &["sync"],
        &["report"],
    ];
    for arguments in commands {
        let told = node.json(arguments);
        assert_eq!((told.status, told.kind().as_str()), (1, "no_node"), "{arguments:?}: {told:?}");
        let hint = told.error()["hint"].as_str().unwrap_or_default().to_owned();
        assert!(hint.contains("praksis run --dir "), "{told:?}");
    }
    let told = node.run(&["status", "--lang", "en"]);
    assert!(told.err.starts_with("Error: no node serves "), "{told:?}");
    assert!(told.err.contains("\nNext: start it"), "{told:?}");
}

#[test]
fn a_folder_is_refused_before_anything_in_it_is_touched() {
    let node = Node::made(KS, &[]);
    let again = node.json(&["init", "--org", KS, "--name", "x"]);
    assert_eq!((again.status, again.kind().as_str()), (1, "exists"), "{again:?}");
    let demo = node.json(&["demo", "--exit"]);
    assert_eq!((demo.status, demo.kind().as_str()), (1, "exists"), "{demo:?}");
    let address = node.json(&["run", "--http", "127.0.0.1:0", "--listen", "7421"]);
    assert_eq!((address.status, address.kind().as_str()), (2, "misuse"), "{address:?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().expect("bound").port());
    let taken = node.json(&["run", "--http", "127.0.0.1:0", "--listen", &listen]);
    assert_eq!((taken.status, taken.kind().as_str()), (1, "busy"), "{taken:?}");
    assert!(
        taken.error()["message"].as_str().is_some_and(|message| message.contains("--listen")),
        "{taken:?}"
    );
    let empty = Node::nowhere().json(&["run"]);
    assert_eq!((empty.status, empty.kind().as_str()), (1, "not_found"), "{empty:?}");

    std::fs::write(node.dir().join("version"), "praksis 99\n").expect("the folder can be written");
    let newer = node.json(&["run"]);
    assert_eq!((newer.status, newer.kind().as_str()), (1, "storage"), "{newer:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_what_is_wrong() {
    let node = Node::served(KS, &[]);
    let folder = node.dir().display().to_string();
    let large = node.file("large.json", "");
    let sparse = std::fs::OpenOptions::new().write(true).open(&large).expect("it was made");
    sparse.set_len(200 * 1024 * 1024).expect("a file with a hole");
    let wrong = [
        ("finnes-ikke.json".to_owned(), "not_found"),
        (folder, "invalid"),
        (node.file("empty.json", ""), "invalid"),
        (node.file("latin1.toml", b"title = \"Bl\xe5\"\n"), "invalid"),
        (large, "invalid"),
        (node.file("broken.json", "{\"title\": "), "invalid"),
        (node.file("two.jsonl", "{\"title\":\"a\"}\n{\"title\":\"b\"}\n"), "invalid"),
        (node.file("field.json", r#"{"titel": "x"}"#), "invalid"),
        (node.file("code.json", r#"{"title": "x", "phase": "later"}"#), "invalid"),
    ];
    for (file, kind) in &wrong {
        let told = node.json(&["case", "new", "--file", file]);
        assert_eq!((told.status, told.kind().as_str()), (1, *kind), "{file}: {told:?}");
        assert!(!told.error()["hint"].as_str().unwrap_or_default().is_empty(), "{file}: {told:?}");
    }
    let told = node.run(&["case", "new", "--file", &wrong[7].0]);
    assert!(told.err.contains("titel: ventet") && told.err.contains("title"), "{told:?}");
    assert_eq!(node.json(&["case", "list"]).json()["items"].as_array().map(Vec::len), Some(0));

    assert_eq!(node.json(&["case", "show", &"a".repeat(52)]).kind(), "not_found");
    assert_eq!(node.json(&["case", "show", "no"]).status, 2);
    assert_eq!(node.json(&["join", "abc"]).kind(), "invalid");
    assert_eq!(node.json(&["case", "list", "--cursor", "x"]).status, 2);

    let told = node.run(&["case", "show", &"a".repeat(52), "--lang", "nn"]);
    assert!(told.err.starts_with("Feil: ") && told.err.contains("ikkje"), "{told:?}");
    let told = node.run(&["invite", "--org", KS]);
    assert!(told.err.contains("Neste steg: "), "{told:?}");
}
