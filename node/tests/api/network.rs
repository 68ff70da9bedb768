//! Two organisations meet, and each sees of the other what it should.

use praksis_protocol::{engine::Event, genesis::Kind};
use serde_json::json;

use crate::node::{BERGEN, KS, Node, TRONDHEIM, heard, problem};

#[tokio::test(flavor = "multi_thread")]
async fn two_organisations_meet_share_and_find() {
    let ks = Node::association().await;
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let invitation = ks.client.invite(BERGEN, None).await.unwrap();
    let invitation = invitation["invitation"].as_str().unwrap();
    let joined = bergen.client.join(invitation, 30).await.unwrap();
    assert_eq!((&joined["org"], &joined["name"]), (&json!(BERGEN), &json!("Bergen (test)")));
    assert_eq!(bergen.client.join(invitation, 30).await.unwrap(), joined, "once more does no harm");

    let id = bergen.case("Trygghetsalarm til hjemmeboende").await;
    let mut events = ks.handle.events();
    bergen.client.share("case", &id).await.unwrap();
    heard(&mut events, |event| matches!(event, Event::RecordChanged(it) if it.kind == Some(Kind::Case)))
        .await;
    let synced = bergen.client.sync(Some(30), |_| {}).await.unwrap();
    assert_eq!(synced["level"], json!(true), "{synced}");
    let seen = ks.client.show("case", &id).await.unwrap();
    assert_eq!((&seen["id"], &seen["state"]), (&json!(id), &json!("shared")));
    assert_eq!(seen.get("draft"), None, "drafts stay at home");
    assert_eq!(seen["owner"], json!({"org": BERGEN, "name": "Bergen (test)"}));
    let heads = ks.heads(&id).await;
    let foreign = problem(ks.client.patch("case", &id, &heads, &json!({"phase": "dialogue"})).await);
    assert_eq!((foreign.status, foreign.kind.as_str()), (403, "not_allowed"));

    ks.until_indexed(1).await;
    let similar = ks.client.similar(&[("q", "tryggleiksalarm for heimebuande")], None).await.unwrap();
    assert_eq!(similar["hits"][0]["id"], json!(id), "{similar}");
    let case = json!({"title": "Alarm", "need": "Trygghet for hjemmeboende"});
    let like = ks.client.similar_to(&[], &case).await.unwrap();
    assert_eq!(like["hits"][0]["id"], json!(id));
    let long =
        ks.client.similar(&[("limit", "1")], Some("Hjemmeboende faller og trenger hjelp.")).await.unwrap();
    assert_eq!(long["hits"].as_array().unwrap().len(), 1);
    let itself = bergen.client.similar(&[("case", &id)], None).await.unwrap();
    assert_eq!(itself["hits"], json!([]), "a case is not similar to itself");

    assert_eq!(ks.client.sync(Some(30), |_| {}).await.unwrap()["level"], json!(true));
    every_figure_is_explained(&ks).await;
    let status = ks.client.status().await.unwrap();
    assert_eq!(status["organisation"], json!({"org": KS, "name": "KS (test)"}));
    assert_eq!((&status["members"], &status["peers"][0]["org"]), (&json!(2), &json!(BERGEN)));
    assert_eq!((&status["documents"]["case"], &status["peers"][0]["level"]), (&json!(1), &json!(true)));
    let report = ks.client.report(None).await.unwrap();
    assert_eq!(report["real"]["cases"]["value"], json!(1));
    assert_eq!(report["real"]["cases"]["coverage"], json!({"reporting": 1, "members": 2}));
    bergen.stop().await;
    ks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_nobody_answers_goes_on() {
    let ks = Node::association().await;
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let invitation = ks.client.invite(BERGEN, Some("partner")).await.unwrap();
    let invitation = invitation["invitation"].as_str().unwrap().to_owned();
    ks.stop().await;
    let offline = problem(bergen.client.join(&invitation, 0).await);
    assert_eq!((offline.status, offline.kind.as_str()), (202, "offline"));
    let cut = problem(bergen.client.join(&invitation[..100], 0).await);
    assert_eq!((cut.status, cut.kind.as_str()), (422, "invalid"));
    let trondheim = Node::municipality(TRONDHEIM, "Trondheim (test)").await;
    let other = problem(trondheim.client.join(&invitation, 0).await);
    assert_eq!((other.status, other.kind.as_str()), (403, "not_allowed"));
    bergen.stop().await;
    trondheim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_association_invites_and_nobody_twice() {
    let ks = Node::association().await;
    let number = problem(ks.client.invite("310000028", None).await);
    assert_eq!((number.status, number.kind.as_str()), (400, "misuse"), "its check digit is wrong");
    let role = problem(ks.client.invite(BERGEN, Some("boss")).await);
    assert_eq!(role.kind, "misuse");
    let taken = problem(ks.client.invite(KS, None).await);
    assert_eq!((taken.status, taken.kind.as_str()), (409, "exists"));
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let refused = problem(bergen.client.invite(TRONDHEIM, None).await);
    assert_eq!((refused.status, refused.kind.as_str()), (403, "not_allowed"));
    bergen.stop().await;
    ks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_is_changed_before_and_after_joining() {
    let ks = Node::association().await;
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let early = bergen.client.org_set(&["inhabitants=293000".to_owned()]).await.unwrap();
    assert_eq!((&early["organisation"]["inhabitants"], &early["slot"]), (&json!(293000), &json!(1)));
    let wrong = problem(bergen.client.org_patch(&json!({"inhabitant": 1})).await);
    assert_eq!(wrong.rest["faults"][0]["nearest"], json!("inhabitants"));

    let invitation = ks.client.invite(BERGEN, None).await.unwrap();
    bergen.client.join(invitation["invitation"].as_str().unwrap(), 30).await.unwrap();
    let late = bergen.client.org_patch(&json!({"county": "Vestland"})).await.unwrap();
    assert_eq!(late["organisation"]["inhabitants"], json!(293000));
    assert_eq!(late["organisation"]["county"], json!("Vestland"));
    assert_eq!(late["devices"], json!([{"device": late["device"], "slot": 1, "this": true}]));
    let members = ks.client.members().await.unwrap();
    assert_eq!(members["items"][0]["org"], json!(BERGEN));
    assert_eq!(members["items"][0]["role"], json!("member"));

    let wrong = problem(bergen.client.peer_add("192.0.2.1:7421").await);
    assert_eq!((wrong.status, wrong.kind.as_str()), (400, "misuse"));
    bergen.client.peer_add("/ip4/127.0.0.1/tcp/1").await.unwrap();
    let peers = bergen.client.peers().await.unwrap();
    let added =
        peers["items"].as_array().unwrap().iter().find(|peer| peer["address"] == "/ip4/127.0.0.1/tcp/1");
    assert_eq!(added, Some(&json!({"connected": false, "address": "/ip4/127.0.0.1/tcp/1", "level": false})));
    bergen.stop().await;
    ks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_office_is_granted_and_reads_the_drafts() {
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let (office, request) = Node::office(BERGEN).await;
    let early = problem(office.client.create("case", &json!({"title": "For tidlig"})).await);
    assert_eq!((early.status, early.kind.as_str()), (403, "not_allowed"));
    let grant = bergen.client.device_add(&request).await.unwrap();
    let joined = office.client.join(grant["grant"].as_str().unwrap(), 30).await.unwrap();
    assert_eq!(
        joined,
        json!({"org": BERGEN, "name": "Bergen (test)"}),
        "in no network, but in its organisation"
    );
    assert_eq!(office.client.org().await.unwrap()["slot"], json!(2));

    let mut events = office.handle.events();
    let id = bergen.case("Vannmålere").await;
    heard(&mut events, |event| matches!(event, Event::RecordChanged(it) if it.record.to_string() == id))
        .await;
    let heads = office.heads(&id).await;
    let edited = office.client.patch("case", &id, &heads, &json!({"phase": "dialogue"})).await.unwrap();
    assert_eq!((&edited["state"], &edited["case"]["phase"]), (&json!("draft"), &json!("dialogue")));
    let history = office.client.history("case", &id, None).await.unwrap();
    let last = history["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["by"], &last["fields"]), (&json!({"org": BERGEN, "slot": 2}), &json!(["phase"])));
    office.stop().await;
    bergen.stop().await;
}

/// What a monitor is told stands in the table for whoever keeps the node up.
async fn every_figure_is_explained(node: &Node) {
    let token = std::fs::read_to_string(node.path().join("token")).unwrap();
    let asked = reqwest::Client::new().get(format!("{}/metrics", node.client.address()));
    let text = asked.bearer_auth(token.trim()).send().await.unwrap().text().await.unwrap();
    let table = include_str!("../../README.md");
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let names: std::collections::BTreeSet<_> = names.collect();
    for name in &names {
        assert!(table.contains(&format!("`{name}")), "node/README.md does not say what {name} means");
    }
    for of_a_peer in ["praksis_peer_messages_in", "praksis_peer_documents_per_second", "praksis_peer_lacking"]
    {
        assert!(names.contains(of_a_peer), "{of_a_peer} is not told: {text}");
    }
    let came = text.lines().find_map(|line| line.strip_prefix("praksis_documents_in_total "));
    assert!(came.is_some_and(|came| came.parse::<u64>().unwrap() > 0), "{text}");
}
