//! Peers that mean no good, as processes of their own on the real transport: they get nowhere, honest
//! nodes go on, and what was refused is counted by its name.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use praksis_node::client::{Client, ClientError, Problem};
use praksis_protocol::id::DocumentId;
use praksis_tests::{
    node::Node,
    process::{PATIENCE, Process},
    rogue::claim,
    sentence,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

const KS: &str = "310000043";
const BERGEN: &str = "310000027";
const TRONDHEIM: &str = "310000019";
const BAERUM: &str = "310000035";

/// An association and a member, with two cases that the member has shared.
async fn network(home: &TempDir) -> (Node, Node, String) {
    let ks = Node::association(&home.path().join(KS), KS).await;
    let bergen = Node::organisation(&home.path().join(BERGEN), BERGEN).await;
    let ticket = ks.invite(BERGEN, 3600).await;
    bergen.join(&ticket).await;
    for number in 1..=2 {
        let record = bergen.draft(sentence::case(number)).await;
        bergen.share(record).await;
    }
    // Two cases, a contact and a card of each.
    until_holds(&ks, 5).await;
    until_holds(&bergen, 5).await;
    level(&ks, &bergen).await;
    (ks, bergen, ticket)
}

async fn until_holds(node: &Node, shared: usize) {
    node.until("the shared documents", async |node| (node.status().await.shared == shared).then_some(()))
        .await;
}

async fn level(one: &Node, other: &Node) {
    one.until_level(other).await;
    other.until_level(one).await;
}

/// Everything that the store holds, as one hash.
fn export(node: &Node) -> [u8; 32] {
    node.handle().store().check().unwrap().digest
}

/// Nobody announces a refusal: asked for until it is there.
async fn until_refused(node: &Node, reason: &str, count: u64) {
    let mut again = interval(Duration::from_millis(5));
    let refused = async {
        while node.refused(reason).await < count {
            again.tick().await;
        }
    };
    if timeout(PATIENCE, refused).await.is_err() {
        panic!("{reason} is not counted: {:?}", node.status().await.refused);
    }
}

fn rogue(arguments: &[&str]) -> Process {
    Process::start(Command::new(env!("CARGO_BIN_EXE_rogue")).args(arguments))
}

/// All that a rogue prints before it ends, by name.
fn told(arguments: &[&str]) -> Vec<(String, String)> {
    let lines = rogue(arguments).until_end();
    lines
        .iter()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

/// A member that knows everybody, and whose node does not run.
async fn member_gone_bad(home: &TempDir, ks: &Node) -> PathBuf {
    let dir = home.path().join(TRONDHEIM);
    let trondheim = Node::organisation(&dir, TRONDHEIM).await;
    trondheim.join(&ks.invite(TRONDHEIM, 3600).await).await;
    until_holds(&trondheim, 6).await;
    level(&trondheim, ks).await;
    trondheim.stop().await;
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lies_gets_nowhere_and_each_lie_is_counted_by_its_name() {
    let home = TempDir::new().unwrap();
    let (ks, bergen, _) = network(&home).await;
    let dir = member_gone_bad(&home, &ks).await;
    let dir = dir.to_str().unwrap();
    for node in [&ks, &bergen] {
        until_holds(node, 6).await;
    }
    level(&ks, &bergen).await;

    let before = export(&ks);
    let members = ks.status().await.members;
    for (number, (name, reason)) in told(&["lies", dir]).into_iter().enumerate() {
        let count = ks.refused(&reason).await;
        let began = Instant::now();
        let device = ks.device().to_string();
        let mut rogue = rogue(&["tell", dir, &number.to_string(), &device, &ks.listen()[0]]);
        assert_eq!(rogue.line(), "told");
        if !reason.is_empty() {
            until_refused(&ks, &reason, count + 1).await;
        }
        // It serves others while the rogue is still there.
        let shown = bergen.status().await;
        assert_eq!(ks.status().await.documents["organisation"], shown.documents["organisation"]);
        rogue.kill();
        assert_eq!(ks.status().await.members, members, "{name}");
        if name == "a member by its own word" {
            // A statement of somebody who belongs is kept and passed on; it makes nobody a member.
            continue;
        }
        assert_eq!(export(&ks), before, "{name} left something behind");
        println!("{name}: {reason} after {:?}", began.elapsed());
    }

    let record = bergen.draft(sentence::case(3)).await;
    bergen.share(record).await;
    let there = ks.until("the case", async |node| node.show(record).await?.shared).await;
    assert_eq!(sentence::number(&there.record), Ok(3));
    level(&ks, &bergen).await;
    assert_eq!(bergen.status().await.members, members);
    println!("{:?}", ks.status().await.refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_reaches_the_join_protocol_alone_and_is_not_let_in() {
    let home = TempDir::new().unwrap();
    let (ks, bergen, used) = network(&home).await;
    let old = ks.invite(BAERUM, 0).await;
    // An invitation is good to the end of its second.
    let expires = ks.handle().now().seconds() + 1;
    let mut again = interval(Duration::from_millis(20));
    while ks.handle().now().seconds() <= expires {
        again.tick().await;
    }

    let before = export(&ks);
    let outcomes = told(&["guest", &ks.device().to_string(), &ks.listen()[0], &used, &old]);
    let outcomes: Vec<(&str, &str)> =
        outcomes.iter().map(|(what, word)| (what.as_str(), word.as_str())).collect();
    assert_eq!(
        outcomes,
        [
            ("/praksis/sync/1", "not offered"),
            ("/ipfs/id/1.0.0", "not offered"),
            ("/ipfs/id/push/1.0.0", "not offered"),
            ("/ipfs/ping/1.0.0", "not offered"),
            ("garbage", "join_malformed"),
            ("a sync message", "join_malformed"),
            ("half a message", "0 bytes"),
            ("a bomb of zeros", "0 bytes"),
            ("its own word", "not_member"),
            ("an invitation", "invitation_used"),
            ("an invitation", "invitation_expired"),
            ("a forged invitation", "invitation_unknown"),
        ]
    );
    assert_eq!(export(&ks), before);
    let refused = ks.status().await.refused;
    let counted: BTreeMap<&str, u64> =
        refused.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    for (reason, count) in [
        ("join_malformed", 2),
        ("truncated_message", 1),
        ("inflates_too_large", 1),
        ("not_member", 1),
        ("invitation_used", 1),
        ("invitation_expired", 1),
        ("invitation_unknown", 1),
    ] {
        assert_eq!(counted.get(reason), Some(&count), "{reason}: {counted:?}");
    }
    assert_eq!(ks.status().await.members.len(), 2);
    level(&ks, &bergen).await;
}

/// A record whose id a member gone bad claims for one of its own, and that claim as a file.
async fn claimed(home: &TempDir, ks: &Node) -> (DocumentId, PathBuf) {
    let dir = member_gone_bad(home, ks).await;
    let (record, bundle) = claim(&dir, "Et annet anlegg");
    let file = home.path().join("claim");
    std::fs::write(&file, bundle).unwrap();
    (record, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_records_under_one_id_whoever_asks_is_told_which_there_are() {
    let home = TempDir::new().unwrap();
    let (ks, bergen, _) = network(&home).await;
    let (record, file) = claimed(&home, &ks).await;
    let client = ks.serve().await;
    let id = record.to_string();
    let before = client.show("case", &id).await.unwrap();
    assert_eq!(before["owner"]["org"], BERGEN);

    let read = client.bundle_read(&file, |_| {}).await.unwrap();
    assert_eq!(read["complete"], true, "{read}");
    for ambiguous in [&id, &id[..6].to_owned()] {
        let refused = match client.show("case", ambiguous).await {
            Err(ClientError::Refused(problem)) => *problem,
            other => panic!("{other:?}"),
        };
        assert_eq!((refused.status, refused.kind.as_str()), (409, "ambiguous_id"), "{refused:?}");
        let mut owners = BTreeMap::new();
        for candidate in refused.rest["candidates"].as_array().unwrap() {
            // What each is called there leads to it alone.
            let meant = client.show("case", candidate["id"].as_str().unwrap()).await.unwrap();
            assert_eq!(meant["owner"], candidate["owner"]);
            owners.insert(meant["owner"]["org"].as_str().unwrap().to_owned(), candidate["title"].clone());
        }
        assert_eq!(owners.keys().collect::<Vec<_>>(), [TRONDHEIM, BERGEN], "{owners:?}");
        assert_eq!(owners[TRONDHEIM], "Et annet anlegg");
    }
    // At home one's own is meant.
    let own = bergen.serve().await.show("case", &id).await.unwrap();
    assert_eq!(own["owner"]["org"], BERGEN);
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Refused(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

fn heads(shown: &Value) -> Vec<String> {
    shown["heads"].as_array().unwrap().iter().map(|head| head.as_str().unwrap().to_owned()).collect()
}

/// Everything that a command may do to a record by an id; each refusal by its kind.
async fn refused_everything(client: &Client, id: &str) -> Vec<String> {
    let set = ["help_wanted=Nei".to_owned()];
    // Whoever cannot read it has read something else.
    let heads = match client.show("case", id).await {
        Ok(shown) => heads(&shown),
        Err(_) => vec!["a".repeat(52)],
    };
    let patch = json!({"help_wanted": "Nei"});
    vec![
        refusal(client.patch("case", id, &heads, &patch).await).kind,
        refusal(client.set("case", id, &heads, &set).await).kind,
        refusal(client.settle("case", id, "title", 1).await).kind,
        refusal(client.share("case", id).await).kind,
        refusal(client.co_owner_add("case", id, BERGEN).await).kind,
        refusal(client.withdraw("case", id, "Ikke vår.", false).await).kind,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_records_under_one_id_each_command_acts_on_the_one_that_is_meant() {
    let home = TempDir::new().unwrap();
    let (ks, bergen, _) = network(&home).await;
    let (record, file) = claimed(&home, &ks).await;
    let (id, at_ks, at_home) = (record.to_string(), ks.serve().await, bergen.serve().await);
    for client in [&at_ks, &at_home] {
        assert_eq!(client.bundle_read(&file, |_| {}).await.unwrap()["complete"], true);
    }
    let told = refusal(at_ks.show("case", &id).await);
    let candidates = told.rest["candidates"].as_array().unwrap();
    let of = |org: &str| {
        let candidate = candidates.iter().find(|candidate| candidate["owner"]["org"] == org).unwrap();
        candidate["id"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (of(BERGEN), of(TRONDHEIM));
    let owners = |why: &Value| -> Vec<String> {
        let documents = why["documents"].as_array().unwrap().iter();
        documents.map(|document| document["owner"]["org"].as_str().unwrap().to_owned()).collect()
    };

    // Where neither is one's own, the id alone is not enough, and both are others'.
    assert_eq!(refused_everything(&at_ks, &id).await, ["ambiguous_id"; 6]);
    assert_eq!(refusal(at_ks.why(&id).await).kind, "ambiguous_id");
    for (one, owner) in [(&ours, BERGEN), (&theirs, TRONDHEIM)] {
        assert_eq!(refused_everything(&at_ks, one).await, ["not_allowed"; 6]);
        let why = at_ks.why(one).await.unwrap();
        assert_eq!((&why["id"], owners(&why)), (&json!(id), vec![owner.to_owned()]));
    }

    // At home the other's is not taken for one's own.
    assert_eq!(refused_everything(&at_home, &id[..6]).await, ["ambiguous_id"; 6]);
    assert_eq!(refused_everything(&at_home, &theirs).await, ["not_allowed"; 6]);
    assert_eq!(owners(&at_home.why(&theirs).await.unwrap()), [TRONDHEIM]);
    assert_eq!(at_home.show("case", &id).await.unwrap()["state"], "shared", "nothing has happened to it");
    let why = at_home.why(&ours).await.unwrap();
    assert_eq!(owners(&why), [BERGEN, BERGEN], "its draft and what is shared of it");

    // Each of one's own ids leads to it.
    for (one, words) in [(&ours, "Ja"), (&id, "Jo")] {
        let shown = at_home.show("case", one).await.unwrap();
        let edited =
            at_home.patch("case", one, &heads(&shown), &json!({"help_wanted": words})).await.unwrap();
        assert_eq!((&edited["id"], &edited["case"]["help_wanted"]), (&json!(id), &json!(words)));
        let shared = at_home.share("case", one).await.unwrap();
        assert_eq!(shared["shared"], json!([{"draft": id, "id": id}]));
    }
    assert_eq!(at_home.withdraw("case", &ours, "Avsluttet.", false).await.unwrap()["state"], "withdrawn");
    let left = at_home.show("case", &theirs).await.unwrap();
    assert_eq!((&left["state"], &left["owner"]["org"]), (&json!("shared"), &json!(TRONDHEIM)));
    let gone = at_home.show("case", &ours).await.unwrap();
    assert_eq!((&gone["state"], &gone["owner"]["org"]), (&json!("withdrawn"), &json!(BERGEN)));
}
