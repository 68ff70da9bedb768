//! Every answer, byte for byte, but for what is drawn or measured: ids, keys, times, ports, bytes, milliseconds.
//!
//! They are also the examples of the description. `PRAKSIS_BLESS=1 cargo test -p praksis-node --test api golden`
//! writes them anew; look at the difference.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use praksis_protocol::{
    engine::{Command, Event},
    genesis::{About, Kind},
    id::{BASE32, DocumentId},
};
use serde_json::{Map, Value, json};

use crate::node::{BERGEN, KS, Node, TRONDHEIM, complete, heard, problem};

/// Compares answers with the files, or writes these.
#[derive(Default)]
struct Golden {
    /// What was drawn, by what stands in its place.
    drawn: BTreeMap<String, String>,
    differ: Vec<String>,
}

impl Golden {
    fn compare(&mut self, operation: &str, mut answer: Value) {
        self.settle("", &mut answer);
        let text = serde_json::to_string_pretty(&answer).unwrap() + "\n";
        let file =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/api/examples/{operation}.json"));
        if env::var_os("PRAKSIS_BLESS").is_some() {
            fs::write(file, text).unwrap();
        } else if fs::read_to_string(file).unwrap() != text {
            self.differ.push(format!("{operation} answers\n{text}"));
        }
    }

    /// Puts something that is always the same in the place of what is drawn or measured.
    fn settle(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.settle(name, item)),
            Value::Object(map) if name == "figures" => map.values_mut().for_each(|it| *it = json!(7)),
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| self.settle(name, value)),
            Value::String(text) => *text = self.settled(name, text),
            Value::Number(_) => match name {
                "took_ms" => *value = json!(1.5),
                // The words of what was written over count until the index has merged them away.
                "score" => *value = json!(7.5),
                "share" => *value = json!(value.as_f64().map(|share| (share * 100.0).round() / 100.0)),
                "bytes_in" | "bytes_out" => *value = json!(12_345),
                _ => {}
            },
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn settled(&mut self, name: &str, text: &str) -> String {
        let letters = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        match (name, text.len()) {
            ("at" | "since" | "updated_at" | "last_level_at" | "known_until", _) => {
                "2026-11-22T05:07:38Z".to_owned()
            }
            ("as_of", _) => "2026-11-22".to_owned(),
            (_, 26 | 52) if letters => self.drawn(text),
            ("invitation" | "grant" | "statements" | "request" | "admittance", _) => {
                format!("{}…", &text[..9])
            }
            _ if text.contains("/p2p/") => "/ip4/127.0.0.1/tcp/7421/p2p/12D3KooW…".to_owned(),
            _ if text.starts_with("/ip4/") => "/ip4/127.0.0.1/tcp/7421".to_owned(),
            // A conflict's field names the item.
            _ if text.contains('.') && !text.contains(' ') => text
                .split('.')
                .map(|part| if part.len() == 26 { self.drawn(part) } else { part.to_owned() })
                .collect::<Vec<_>>()
                .join("."),
            _ => text.to_owned(),
        }
    }

    fn drawn(&mut self, text: &str) -> String {
        let number = self.drawn.len() as u8;
        let stand_in = || {
            BASE32.encode(&[number.wrapping_mul(37).wrapping_add(11); 32])[..51.min(text.len())].to_owned()
        };
        let settled = self.drawn.entry(text.to_owned()).or_insert_with(|| {
            let mut id = stand_in();
            id.push_str(if text.len() == 52 { "a" } else { "" });
            id
        });
        settled.clone()
    }
}

/// Asks again, whenever the index was told something, until the answer is the last one. Scores count entries that were
/// replaced until they are written out of the index: first nothing of that is left.
async fn once(node: &Node, ask: impl AsyncFn() -> Value, is_last: impl Fn(&Value) -> bool) -> Value {
    loop {
        let mut followed = node.handle.followed();
        node.handle.search().settle().unwrap();
        let answer = ask().await;
        if is_last(&answer) {
            return answer;
        }
        followed.changed().await.unwrap();
    }
}

/// How the one other node stands with the document that the network reads.
fn in_the_network(answer: &mut Value) -> &mut Map<String, Value> {
    let documents = answer["documents"].as_array_mut().unwrap();
    let shared = documents.iter_mut().find(|document| document["audience"] == "network").unwrap();
    shared["peers"][0].as_object_mut().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_it_was() {
    let mut golden = Golden::default();
    let ks = Node::association().await;
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let invitation = ks.client.invite(BERGEN, None).await.unwrap();
    let ticket = invitation["invitation"].as_str().unwrap().to_owned();
    golden.compare("invite", invitation);
    golden.compare("join", bergen.client.join(&ticket, 30).await.unwrap());

    // A case in use elsewhere, with two values of one field, and changed since it was shared.
    let mut case = complete("Trygghetsalarm");
    case["lessons"] =
        json!([{"what": "De spurte brukerne først.", "advice": "Spør brukerne først.", "phase": "need"}]);
    case["external_ids"] = json!([{"scheme": "doffin", "id": "2026-100001"}]);
    let id = ks.client.create("case", &case).await.unwrap();
    golden.compare("cases_create", json!({"id": id}));
    golden.compare("cases_share", ks.client.share("case", &id).await.unwrap());
    let shown = ks.client.show("case", &id).await.unwrap();
    let subject: DocumentId = shown["shared"].as_str().unwrap().parse().unwrap();
    let step = json!({"id": "a".repeat(26), "kind": "adapted", "date": "2026-01", "implemented": "2026-06"});
    let response = json!({"schema_version": 1, "subject": subject, "reuse": [step]});
    bergen.client.sync(Some(30), |_| {}).await.unwrap();
    let mut events = ks.handle.events();
    bergen.handle.call(Command::Direct(Kind::Response, About::Subject(subject), response)).await.unwrap();
    heard(&mut events, |event| matches!(event, Event::RecordChanged(it) if it.kind == Some(Kind::Response)))
        .await;
    let synced = ks.client.sync(Some(30), |_| {}).await.unwrap();
    golden.compare("sync", synced);
    let heads = ks.heads(&id).await;
    ks.client.patch("case", &id, &heads, &json!({"phase": "dialogue"})).await.unwrap();
    ks.client.patch("case", &id, &heads, &json!({"phase": "prepare"})).await.unwrap();
    let mut contested = ks.client.show("case", &id).await.unwrap();
    // Which of two values is shown first hangs on drawn numbers.
    let values = contested["conflicts"][0]["values"].as_array_mut().unwrap();
    let take = values.iter().position(|value| value["value"] == "dialogue").unwrap() + 1;
    values.sort_by_key(|value| value["value"].to_string());
    contested["case"]["phase"] = json!("dialogue");
    golden.compare("cases_show", contested);
    let settled = ks.client.settle("case", &id, "phase", take).await.unwrap();
    assert_eq!(settled["conflicts"], json!([]));
    golden.compare("cases_list", ks.client.list("case", &[]).await.unwrap());
    let first = ks.client.history("case", &id, Some("shared")).await.unwrap();
    golden.compare("cases_history", first);

    let lacking = ks
        .client
        .create("case", &json!({"title": {"nb": "Vann"}, "embargo_until": "2199-01-01"}))
        .await
        .unwrap();
    let ids = [id.clone(), lacking.clone()];
    golden.compare(
        "cases_share_many",
        ks.client.share_many("case", Some(&ids), None, false, |_| {}).await.unwrap(),
    );
    let refused = problem(ks.client.create("case", &json!({"phase": "ned"})).await);
    golden.compare("problem", refused.body);

    let template = json!({"title": {"nb": "Behovsbeskrivelse"}, "kind": "need_description", "language": "nb",
        "sections": [{"heading": "Behovet", "body": "Hva er **problemet**?"}]});
    let template = ks.client.create("template", &template).await.unwrap();
    ks.client.share("template", &template).await.unwrap();
    golden.compare("templates_show", ks.client.show("template", &template).await.unwrap());
    golden.compare("templates_list", ks.client.list("template", &[]).await.unwrap());

    let is_last = |answer: &Value| {
        let first = &answer["hits"][0];
        let reused =
            first["why"].as_array().is_some_and(|why| why.iter().any(|part| part["kind"] == "reuse"));
        first["phase"] == "dialogue" && reused && answer["building"].is_null()
    };
    let similar = async || ks.client.similar(&[("q", "tryggleiksalarm")], None).await.unwrap();
    golden.compare("similar", once(&ks, similar, is_last).await);
    // As others see it: on a node that it is not the own case of.
    let start = async || bergen.client.start(&[], "Trygghetsalarm").await.unwrap();
    golden.compare("start", once(&bergen, start, is_last).await);
    golden.compare("lessons", ks.client.lessons(&[("phase", "need")]).await.unwrap());
    let lines = "{\"title\": \"Ny\", \"external_ids\": [{\"scheme\": \"doffin\", \"id\": \"2026-100001\"}]}\n{\"phase\": 3}\n";
    let imported = ks.client.import("cases.jsonl", lines.into(), |_| {}).await.unwrap();
    let list = json!({"45000000": {"en": "Construction work", "nob": "Bygge- og anleggsarbeid"}});
    let list = list.to_string().into_bytes();
    golden.compare("vocabulary_import", ks.client.import_vocabulary(list).await.unwrap());
    golden.compare("import", serde_json::to_value(imported).unwrap());
    let mut exported = Vec::new();
    bergen.client.export("json", None, &mut exported).await.unwrap();
    golden.compare("export", serde_json::from_slice(&exported).unwrap());

    golden.compare("org_show", bergen.client.org().await.unwrap());
    golden.compare("org_devices", bergen.client.devices().await.unwrap());
    golden.compare("members_list", bergen.client.members().await.unwrap());
    bergen.client.sync(Some(30), |_| {}).await.unwrap();
    golden.compare("peers_list", bergen.client.peers().await.unwrap());
    golden.compare("status", bergen.client.status().await.unwrap());
    golden.compare("report", bergen.client.report(None).await.unwrap());
    let bundle = tempfile::NamedTempFile::new().unwrap();
    ks.client.bundle_write(None, false, None, &mut bundle.as_file(), |_| {}).await.unwrap();
    let mut read = bergen.client.bundle_read(bundle.path(), |_| {}).await.unwrap();
    // How many there are follows what was done above; the stories of the command line count them.
    read["entries"] = json!(12);
    read["written_at"] = json!("2026-02-04T08:00:00Z");
    golden.compare("bundle_read", read);
    let office = tempfile::tempdir().unwrap();
    let (_, request) = praksis_node::folder::office(&office.path().join("node"), BERGEN).unwrap();
    golden.compare("org_device_add", bergen.client.device_add(&request).await.unwrap());
    // How far the peer stands at this moment is told by the stories of the command line.
    let mut why = ks.client.why(&id).await.unwrap();
    let shared = in_the_network(&mut why);
    shared.insert("state".to_owned(), json!("level"));
    shared.remove("known_until");
    golden.compare("why", why);
    golden.compare("association_show", ks.client.association().await.unwrap());
    golden.compare(
        "association_amend",
        ks.client.association_amend(&json!({"purge_delay_s": 3600})).await.unwrap(),
    );
    golden.compare("org_device_end", bergen.client.device_end("2", None, Some("Byttet ut.")).await.unwrap());
    let succeeded = ks.client.member_succeed(KS, BERGEN).await.unwrap();
    let statements = succeeded["statements"].as_str().unwrap().to_owned();
    // It may have come by itself before.
    let taken = bergen.client.take_in(&statements).await.unwrap();
    assert!(taken["taken_in"].as_u64().is_some_and(|count| count <= 1), "{taken}");
    golden.compare("take_in", json!({"taken_in": 1}));
    golden.compare("org_key_rotate", bergen.client.key_rotate(None).await.unwrap());
    golden.compare("org_key_reload", bergen.client.key_reload().await.unwrap());
    golden.compare("contacts_list", ks.client.contacts().await.unwrap());
    let with = [BERGEN.to_owned()];
    let joint = ks.client.create_jointly("case", &complete("Felles alarmer"), &with).await.unwrap();
    golden.compare("cases_co_owner_end", ks.client.co_owner_end("case", &joint, BERGEN).await.unwrap());
    golden.compare("cases_co_owner_add", ks.client.co_owner_add("case", &joint, BERGEN).await.unwrap());
    let mut confirmed = bergen.handle.events();
    ks.client.withdraw("case", &id, "Tallene var feil.", true).await.unwrap();
    heard(&mut confirmed, |event| matches!(event, Event::RecordGone(..))).await;
    loop {
        let mut shown = ks.client.show("case", &id).await.unwrap();
        // How far Bergen has written was told before it was withdrawn, and is known as soon as both have agreed again.
        let is_known = in_the_network(&mut shown).contains_key("known_until");
        if shown["withdrawn"]["erased"] == 1 && is_known {
            golden.compare("cases_withdraw", shown);
            break;
        }
        ks.client.sync(Some(1), |_| {}).await.unwrap();
    }
    let asks = Node::municipality(TRONDHEIM, "Trondheim (test)").await;
    let requests = ks.client.member_requests().await.unwrap();
    let at = [requests["addresses"][0].as_str().unwrap().to_owned()];
    golden.compare("join_ask", asks.client.join_ask(&at, 30).await.unwrap());
    let requests = ks.client.member_requests().await.unwrap();
    let key = requests["items"][0]["key"].as_str().unwrap().to_owned();
    golden.compare("members_requests", requests);
    golden.compare("members_decline", ks.client.member_decline(&key, Some("Ukjent nøkkel.")).await.unwrap());
    let request = asks.client.join_request().await.unwrap();
    let word = request["request"].as_str().unwrap().to_owned();
    golden.compare("join_request", request);
    golden.compare("members_admit", ks.client.member_admit(&word, None).await.unwrap());
    asks.stop().await;
    golden.compare("peers_add", bergen.client.peer_add("/ip4/127.0.0.1/tcp/1").await.unwrap());
    bergen.stop().await;
    ks.stop().await;
    assert!(golden.differ.is_empty(), "{}", golden.differ.join("\n"));
}
