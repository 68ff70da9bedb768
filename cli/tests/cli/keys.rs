//! Root keys as people handle them: in a file under a passphrase, away from the node, lent, handed over.

use std::{fs, path::Path};

use crate::praksis::{BERGEN, CASE, KS, Node};

const PHRASE: &str = "hest batteri stift riktig\n";

#[cfg(unix)]
fn mode(path: impl AsRef<Path>, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

fn case(node: &Node) -> String {
    let file = node.file("case.toml", CASE);
    let id = node.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();
    node.json(&["case", "share", &id]).json();
    id
}

#[test]
#[cfg(unix)]
fn a_root_key_leaves_the_node_is_lent_comes_back_and_is_handed_over() {
    let ks = Node::served(KS, &["--association"]);
    let mut node = Node::served(BERGEN, &[]);
    node.joins(&ks, BERGEN);
    let (first, second, third) = (case(&node), case(&node), case(&node));
    let phrase = node.file("phrase", PHRASE);
    let short = node.file("short", "kort\n");
    [&phrase, &short].into_iter().for_each(|file| mode(file, 0o600));
    let file = Path::new(&phrase).with_file_name("root.txt").display().to_string();
    let with = ["--passphrase-file", phrase.as_str()];

    let refused = node.json(&["org", "key", "export", &file, "--passphrase-file", &short]);
    assert_eq!(refused.kind(), "invalid", "{refused:?}");
    assert_eq!(node.json(&["org", "key", "export", &file]).kind(), "misuse", "nobody to ask");
    mode(&phrase, 0o644);
    let exposed = node.json(&[&["org", "key", "export", &file][..], &with].concat());
    assert_eq!(exposed.kind(), "not_allowed", "{exposed:?}");
    assert!(exposed.error()["hint"].as_str().is_some_and(|hint| hint.contains("chmod 600")), "{exposed:?}");
    mode(&phrase, 0o600);

    let root = node.json(&["org", "show"]).json()["root"].clone();
    assert_eq!(root["here"], true);
    let moved = node.json(&[&["org", "key", "export", &file, "--remove"][..], &with].concat()).json();
    assert_eq!((&moved["key"], &moved["removed"]), (&root["key"], &true.into()));
    assert!(!node.dir().join("keys/root.key").exists());
    let again = node.json(&[&["org", "key", "export", &file][..], &with].concat());
    assert_eq!(again.kind(), "not_found", "{again:?}");
    assert!(fs::read_to_string(&file).expect("text").starts_with("praksis key 1\n"));

    // The node that runs has forgotten it, and takes it for one command.
    let now = |id: &str, more: &[&str]| {
        let words = ["case", "withdraw", id, "--why", "Prøve.", "--now", "--yes"];
        node.json(&[&words[..], more].concat())
    };
    assert_eq!(now(&first, &[]).kind(), "not_allowed");
    assert_eq!(node.json(&["case", "show", &first]).json()["state"], "shared");
    let wrong = node.file("wrong", "hest batteri stift feil\n");
    mode(&wrong, 0o600);
    assert_eq!(now(&first, &["--key", &file, "--passphrase-file", &wrong]).kind(), "not_allowed");
    now(&first, &["--key", &file, with[0], with[1]]).json();
    node.until(&["case", "show", &first], |it| it["withdrawn"]["purged"] == true);
    assert_eq!(now(&second, &[]).kind(), "not_allowed", "and forgets it again");

    // Another's key is not taken.
    let other = Path::new(&phrase).with_file_name("other.txt").display().to_string();
    node.json(&[&["org", "key", "new", &other][..], &with].concat()).json();
    let import = |file: &str| node.json(&[&["org", "key", "import", file][..], &with].concat());
    assert_eq!(import(&other).kind(), "not_allowed");
    assert_eq!(node.json(&["org", "show"]).json()["root"]["here"], false);
    import(&file).json();
    assert_eq!(node.json(&["org", "show"]).json()["root"]["here"], true);
    assert_eq!(import(&file).kind(), "exists");

    assert_eq!(ks.json(&["org", "key", "rotate"]).kind(), "not_allowed", "the charter names it");
    let rotated = node.json(&["org", "key", "rotate"]).json();
    assert_ne!(rotated["root"], root["key"]);
    assert_eq!(node.json(&["org", "show"]).json()["root"]["key"], rotated["root"]);
    // The old key says nothing any longer; the new one does, after a start too.
    let old = now(&second, &["--key", &file, with[0], with[1]]);
    assert_eq!(old.status, 1, "{old:?}");
    node.terminate();
    node.serve();
    let words = ["case", "withdraw", &third, "--why", "Prøve.", "--now", "--yes"];
    node.json(&words).json();
    node.until(&["case", "show", &third], |it| it["withdrawn"]["purged"] == true);
}

#[test]
#[cfg(unix)]
fn a_key_or_token_that_others_can_read_is_refused_and_the_command_that_mends_it_named() {
    let mut node = Node::served(BERGEN, &[]);
    node.terminate();
    for name in ["keys/device.key", "keys/root.key", "token", "store/document-keys"] {
        let path = node.dir().join(name);
        mode(&path, 0o640);
        let refused = node.json(&["run", "--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"]);
        assert_eq!((refused.status, refused.kind().as_str()), (1, "not_allowed"), "{name}: {refused:?}");
        let hint = refused.error()["hint"].as_str().unwrap_or_default().to_owned();
        assert!(hint.contains(&format!("chmod 600 '{}'", path.display())), "{hint}");
        mode(&path, 0o600);
    }
}
