//! A file is taken in once, however often it is given, and what was changed here stays.

use std::fs;

use praksis_node::{
    client::Imported,
    folder::{CONTACT, PENDING_CONTACT},
};
use praksis_protocol::store::Read as _;
use serde_json::{Value, json};

use crate::node::{BERGEN, KS, Node, TRONDHEIM, problem};

async fn import(node: &Node, file: &str, text: &str) -> Imported {
    node.client.import(file, text.as_bytes().to_vec(), |_| {}).await.unwrap()
}

fn counts(imported: &Imported) -> (u64, u64, u64, usize) {
    (imported.imported, imported.updated, imported.unchanged, imported.refused.len())
}

fn lines(cases: &[Value]) -> String {
    cases.iter().map(|case| format!("{case}\n")).collect()
}

fn case(title: &str, doffin: Option<&str>) -> Value {
    let mut case = json!({"title": {"nb": title}, "phase": "need", "lessons": [{"what": "Spør tidlig"}, {"what": "Mål"}]});
    if let Some(id) = doffin {
        case["external_ids"] = json!([{"scheme": "doffin", "id": id}]);
    }
    case
}

async fn only(node: &Node) -> Value {
    let list = node.client.list("case", &[]).await.unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    node.client.show("case", list["items"][0]["id"].as_str().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_again_changes_nothing() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let cases: Vec<_> = (0..120)
        .map(|n| case(&format!("Sak {n}"), (n % 2 == 0).then_some(&format!("2026-{n:06}")[..])))
        .collect();
    let text = lines(&cases);
    let mut told = Vec::new();
    let first =
        node.client.import("cases.jsonl", text.clone().into_bytes(), |now| told.push(now)).await.unwrap();
    assert_eq!(counts(&first), (120, 0, 0, 0), "{first:?}");
    // Where it is through before the first progress is due, none is told.
    assert!(told.windows(2).all(|two| two[0].done <= two[1].done) && told.iter().all(|now| now.total == 120));
    let again = import(&node, "cases.jsonl", &text).await;
    assert_eq!(counts(&again), (0, 0, 120, 0), "{again:?}");
    let twice =
        import(&node, "cases.jsonl", &lines(&[cases[0].clone(), cases[1].clone(), cases[0].clone()])).await;
    assert_eq!(counts(&twice), (0, 0, 3, 0));
    node.stop().await;
}

/// Else a document could not be erased; the index takes its words out by itself.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_folder_but_the_index_has_words_as_they_are() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let words = "Pumpehuset i Sandviken sviktet";
    let first = import(&node, "cases.jsonl", &lines(&[case(words, None)])).await;
    assert_eq!(counts(&first), (1, 0, 0, 0), "{first:?}");
    let again = import(&node, "cases.jsonl", &lines(&[case(words, None)])).await;
    assert_eq!(counts(&again), (0, 0, 1, 0), "what was taken in is remembered: {again:?}");
    // What init left has been drafted.
    let mut followed = node.handle.followed();
    while node.handle.store().memory(PENDING_CONTACT, CONTACT).unwrap().is_some() {
        followed.changed().await.unwrap();
    }
    let mut folders = vec![node.path()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.extend((!path.ends_with("index")).then_some(path));
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for words in [words, "innkjop@example.no"] {
                let found = bytes.windows(words.len()).any(|window| window == words.as_bytes());
                assert!(!found, "{} has {words:?}", path.display());
            }
            files += 1;
        }
    }
    assert!(files > 5, "keys, token, version, the store");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_line_is_refused_and_the_rest_is_in() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let text =
        format!("{}\n{{\"title\": \n{}\n{}\n", case("a", None), json!({"phase": "ned"}), case("b", None));
    let imported = import(&node, "cases.jsonl", &text).await;
    assert_eq!(counts(&imported), (2, 0, 0, 2));
    let [broken, faulty] = &imported.refused[..] else { panic!("{imported:?}") };
    assert_eq!((&broken["file"], &broken["line"]), (&json!("cases.jsonl"), &json!(2)));
    assert_eq!((&faulty["line"], &faulty["field"]), (&json!(3), &json!("phase")));
    assert!(faulty["why"].as_str().unwrap().contains("need"), "{faulty}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_here_stays_and_is_listed() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    assert_eq!(counts(&import(&node, "a.jsonl", &lines(&[case("Vann", Some("1"))])).await), (1, 0, 0, 0));
    let before = only(&node).await;
    let id = before["id"].as_str().unwrap();
    let heads = node.heads(id).await;
    let patch = json!({"title": {"nb": "Vårt vann"}, "help_wanted": "Alt"});
    node.client.patch("case", id, &heads, &patch).await.unwrap();

    let mut source = case("Vann og avløp", Some("1"));
    source["phase"] = json!("dialogue");
    source["lessons"][1]["what"] = json!("Mål før og etter");
    let imported = import(&node, "a.jsonl", &lines(&[source.clone()])).await;
    assert_eq!(counts(&imported), (0, 1, 0, 0));
    assert_eq!(imported.kept, [json!({"id": id, "field": "title.nb"})]);
    let after = only(&node).await;
    assert_eq!(after["case"]["title"]["nb"], json!("Vårt vann"));
    assert_eq!(after["case"]["help_wanted"], json!("Alt"));
    assert_eq!(after["case"]["phase"], json!("dialogue"));
    let ids = |case: &Value| -> Vec<Value> {
        case["case"]["lessons"].as_array().unwrap().iter().map(|lesson| lesson["id"].clone()).collect()
    };
    assert_eq!(ids(&after), ids(&before), "a lesson that was changed is the same lesson");
    assert_eq!(after["case"]["lessons"][1]["what"], json!("Mål før og etter"));

    let again = import(&node, "a.jsonl", &lines(&[source])).await;
    assert_eq!((counts(&again), again.kept), ((0, 0, 1, 0), vec![]), "settled once");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_an_external_id_is_known_by_its_form() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let source = lines(&[case("Skolemat", None)]);
    import(&node, "a.jsonl", &source).await;
    let id = only(&node).await["id"].as_str().unwrap().to_owned();
    let heads = node.heads(&id).await;
    node.client.patch("case", &id, &heads, &json!({"phase": "contract"})).await.unwrap();
    assert_eq!(counts(&import(&node, "a.jsonl", &source).await), (0, 0, 1, 0));
    assert_eq!(only(&node).await["case"]["phase"], json!("contract"));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_two_of_ours_is_refused() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    import(&node, "a.jsonl", &lines(&[case("En", Some("1")), case("To", Some("2"))])).await;
    let mut both = case("Begge", Some("1"));
    both["external_ids"] = json!([{"scheme": "doffin", "id": "1"}, {"scheme": "doffin", "id": "2"}]);
    let imported = import(&node, "a.jsonl", &lines(&[both])).await;
    assert_eq!(counts(&imported), (0, 0, 0, 1));
    assert!(imported.refused[0]["why"].as_str().unwrap().contains("several"), "{imported:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_known_again_here_and_new_elsewhere() {
    let (here, there) = (
        Node::municipality(BERGEN, "Bergen (test)").await,
        Node::municipality(TRONDHEIM, "Trondheim (test)").await,
    );
    let cases: Vec<_> = (0..230).map(|n| case(&format!("Sak {n}"), None)).collect();
    import(&here, "a.jsonl", &lines(&cases)).await;
    for (format, file) in [("json", "out.json"), ("lines", "out.jsonl")] {
        let mut exported = Vec::new();
        here.client.export(format, None, &mut exported).await.unwrap();
        let text = String::from_utf8(exported).unwrap();
        assert_eq!(counts(&import(&here, file, &text).await), (0, 0, 230, 0), "{format}");
        let new = if format == "json" { (230, 0, 0, 0) } else { (0, 0, 230, 0) };
        assert_eq!(counts(&import(&there, file, &text).await), new, "{format}");
    }
    let mut none = Vec::new();
    here.client.export("json", Some(KS), &mut none).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&none).unwrap(), json!([]));
    let wrong = problem(here.client.export("xml", None, &mut none).await);
    assert_eq!(wrong.kind, "misuse");
    here.stop().await;
    there.stop().await;
}
