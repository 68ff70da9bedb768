//! The short form: in an editor, and as questions.

use crate::praksis::{Answer, KS, Node};

/// Runs a command with an editor that is a script: `$1` is the form.
fn edited(node: &Node, arguments: &[&str], script: &str) -> Answer {
    let script = node.file("editor.sh", script);
    let mut command = node.command(arguments);
    command.env("EDITOR", format!("sh \"{script}\""));
    command.output().expect("the binary runs").into()
}

fn titles(node: &Node) -> Vec<String> {
    let list = node.json(&["case", "list"]).json();
    let items = list["items"].as_array().expect("items").iter();
    items.map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_form_with_a_fault_comes_back_with_the_fault_above_it_and_nothing_lost() {
    let node = Node::served(KS, &[]);
    let script = r##"
if grep -q '^#! .*phase' "$1"; then
    grep -q '^title = "Ny bro"' "$1" || exit 1
    sed -i 's/^phase = .*/phase = "dialogue"/' "$1"
else
    sed -i -e 's/^title = .*/title = "Ny bro"/' -e 's/^phase = .*/phase = "snart"/' "$1"
fi
"##;
    let made = edited(&node, &["case", "new", "--json"], script);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let case = node.json(&["case", "show", &id]).json();
    assert_eq!(
        (&case["case"]["title"]["nb"], &case["case"]["phase"]),
        (&"Ny bro".into(), &"dialogue".into())
    );

    let changed =
        edited(&node, &["case", "edit", &id], "sed -i 's/^title = .*/title = \"Ny gangbro\"/' \"$1\"");
    assert_eq!(changed.status, 0, "{changed:?}");
    assert_eq!(titles(&node), ["Ny gangbro"]);
    assert_eq!(node.json(&["case", "show", &id]).json()["case"]["phase"], "dialogue");
}

#[test]
fn a_form_that_is_given_up_is_kept_or_leaves_nothing() {
    let node = Node::served(KS, &[]);
    let unchanged = edited(&node, &["case", "new", "--json"], "true");
    assert_eq!((unchanged.status, unchanged.kind().as_str()), (1, "invalid"), "{unchanged:?}");

    // The fault is not mended: the second time the form is closed as it came.
    let script = "grep -q '^#!' \"$1\" || sed -i 's/^phase = .*/phase = \"snart\"/' \"$1\"";
    let given_up = edited(&node, &["case", "new", "--json"], script);
    assert_eq!((given_up.status, given_up.kind().as_str()), (1, "invalid"), "{given_up:?}");
    let hint = given_up.error()["hint"].as_str().unwrap_or_default().to_owned();
    let kept = hint.split_whitespace().last().expect("the hint names the file");
    assert!(std::fs::read_to_string(kept).expect("it is kept").contains("phase = \"snart\""));
    std::fs::remove_file(kept).expect("it is ours");

    let broken = edited(&node, &["case", "new", "--json"], "exit 3");
    assert_eq!((broken.status, broken.kind().as_str()), (1, "storage"), "{broken:?}");
    assert!(titles(&node).is_empty());
}

#[test]
fn without_an_editor_the_form_is_asked() {
    let node = Node::served(KS, &["--association"]);
    let answers = "Ny ferje\nØya trenger ei ferje.\nconstruction_transport\nneed\n2027-03\nAskøy kommune\n\n\nferje@prove.example\nnetwork\n";
    let made = node.told(&["case", "new"], answers);
    assert_eq!(made.status, 0, "{made:?}");
    assert!(made.err.contains("Behovet: hva er problemet"), "{made:?}");
    let item = node.json(&["case", "list"]).json()["items"][0].clone();
    assert_eq!((&item["title"], &item["state"]), (&"Ny ferje".into(), &"shared".into()));
    let case = node.json(&["case", "show", item["id"].as_str().expect("an id")]).json();
    assert_eq!(case["case"]["buyers"][0]["name"], "Askøy kommune");
    assert_eq!(case["case"]["dates"]["expected_notice"], "2027-03");
    assert_eq!(case["case"]["contact"].as_str().map(str::len), Some(52), "the contact with that mailbox");

    let silent = node.json(&["case", "new"]);
    assert_eq!((silent.status, silent.kind().as_str()), (2, "misuse"), "{silent:?}");
}
