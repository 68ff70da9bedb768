//! What is written is what is read, and every refusal says its kind.

use praksis_node::handle::CallError;
use praksis_protocol::{
    engine::{Audience, Command, CommandError, Reply},
    genesis::{About, Kind},
    personal::Data,
    share::Terms,
};
use serde_json::json;

use crate::node::{BERGEN, Node, complete, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_begun_read_changed_and_shared() {
    let ks = Node::association().await;
    let id = ks.case("Trygghetsalarm").await;
    assert_eq!(id.len(), 52);

    let draft = ks.client.show("case", &id[..8]).await.unwrap();
    assert_eq!(draft["id"], json!(id));
    assert_eq!((&draft["kind"], &draft["state"]), (&json!("case"), &json!("draft")));
    assert_eq!(draft["draft"], json!(id), "a draft's own id is the record id");
    assert_eq!(draft.get("shared"), None);
    assert_eq!(draft["case"]["title"], json!({"nb": "Trygghetsalarm"}));
    assert_eq!(draft["missing"], json!([]), "the organisation's default contact goes along: {draft}");

    let heads = ks.heads(&id).await;
    let changed = ks.client.patch("case", &id, &heads, &json!({"keywords": ["varsling"]})).await.unwrap();
    assert_eq!(changed["case"]["keywords"], json!(["varsling"]));
    assert_ne!(changed["heads"], draft["heads"]);

    // Read before that change, written after: both stand.
    let merged = ks.client.set("case", &id, &heads, &["title.nn=Tryggleiksalarm".to_owned()]).await.unwrap();
    assert_eq!(merged["case"]["title"], json!({"nb": "Trygghetsalarm", "nn": "Tryggleiksalarm"}));
    assert_eq!(merged["case"]["keywords"], json!(["varsling"]));

    let shared = ks.client.share("case", &id).await.unwrap();
    assert_eq!(shared, json!({"shared": [{"draft": id, "id": id}], "refused": []}));
    let shared = ks.client.show("case", &id).await.unwrap();
    assert_eq!(shared["state"], json!("shared"));
    let document = shared["shared"].as_str().unwrap();
    assert_ne!(document, id);
    assert_eq!(ks.client.show("case", document).await.unwrap(), shared, "the shared id serves too");

    let heads = ks.heads(&id).await;
    let changed = ks.client.patch("case", &id, &heads, &json!({"help_wanted": "Alt"})).await.unwrap();
    assert_eq!(changed["state"], json!("changed_since_shared"));

    let list = ks.client.list("case", &[]).await.unwrap();
    assert_eq!(list["next"], json!(null));
    assert_eq!(list["items"][0]["title"], json!("Trygghetsalarm"));
    assert_eq!(list["items"][0]["state"], json!("changed_since_shared"));
    assert_eq!(list["items"][0]["owner"], json!({"org": "310000043", "name": "KS (test)"}));
    ks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_kinds() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let client = &node.client;
    let id = node.case("Vannmålere").await;
    let heads = node.heads(&id).await;

    let faulty = json!({"titel": "x", "phase": "ned", "sector": ["health_care"]});
    let invalid = problem(client.create("case", &faulty).await);
    assert_eq!((invalid.status, invalid.kind.as_str()), (422, "invalid"));
    let faults = invalid.rest["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!((&faults[0]["path"], &faults[0]["nearest"]), (&json!("titel"), &json!("title")));
    assert_eq!((&faults[1]["path"], &faults[1]["nearest"]), (&json!("phase"), &json!("need")));

    let told = problem(client.clone().in_language("nn").create("case", &faulty).await);
    let told = told.rest["faults"][0]["message"].as_str().unwrap().to_owned();
    assert!(told.contains("meinte du \"title\"?"), "{told}");

    let without = problem(client.patch("case", &id, &[], &json!({})).await);
    assert_eq!((without.status, without.kind.as_str()), (428, "misuse"));
    let stranger = "a".repeat(52);
    let stale = problem(
        client.patch("case", &id, std::slice::from_ref(&stranger), &json!({"phase": "dialogue"})).await,
    );
    assert_eq!((stale.status, stale.kind.as_str()), (412, "stale"));
    let nonsense = problem(client.patch("case", &id, &["X".to_owned()], &json!({})).await);
    assert_eq!((nonsense.status, nonsense.kind.as_str()), (400, "misuse"));

    let unknown = problem(client.show("case", &stranger).await);
    assert_eq!((unknown.status, unknown.kind.as_str()), (404, "not_found"));
    let short = problem(client.show("case", "abc").await);
    assert_eq!((short.status, short.kind.as_str()), (400, "misuse"));
    let other_kind = problem(client.show("template", &id).await);
    assert_eq!((other_kind.status, other_kind.kind.as_str()), (404, "not_found"));
    assert!(other_kind.message.contains("a case"), "{}", other_kind.message);

    let alone = problem(client.share("case", &id).await);
    assert_eq!((alone.status, alone.kind.as_str()), (403, "not_allowed"), "in no network yet");
    let nothing = problem(client.settle("case", &id, "title.nb", 1).await);
    assert_eq!((nothing.status, nothing.kind.as_str()), (422, "invalid"));
    assert_eq!(node.heads(&id).await, heads, "nothing was written");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_case_from_being_shared_is_told_at_once() {
    let ks = Node::association().await;
    let empty = ks.client.create("case", &json!({"title": "Tomt", "phase": "competition"})).await.unwrap();
    let refused = problem(ks.client.share("case", &empty).await);
    assert_eq!((refused.status, refused.kind.as_str()), (422, "missing"));
    let missing = json!(["sector", "cpv_main", "need", "procedure"]);
    assert_eq!(refused.rest["refused"][0]["missing"], missing, "{:?}", refused.rest);
    assert_eq!(refused.rest["shared"], json!([]));
    let shown = ks.client.show("case", &empty).await.unwrap();
    assert_eq!(shown["missing"], missing);
    assert_eq!(shown["case"]["title"], json!({"nn": "Tomt"}), "in the organisation's language");

    let mut later = complete("Senere");
    later["embargo_until"] = json!("2199-01-01");
    let later = ks.client.create("case", &later).await.unwrap();
    let embargoed = problem(ks.client.share("case", &later).await);
    assert_eq!((embargoed.status, embargoed.kind.as_str()), (409, "embargoed"));

    let mut called = complete("Ring");
    called["need"] = json!("Ring 22 33 44 55.");
    let called = ks.client.create("case", &called).await.unwrap();
    let personal = problem(ks.client.share("case", &called).await);
    assert_eq!((personal.status, personal.kind.as_str()), (422, "personal_data"));
    let found = json!([{"field": "need", "kind": "phone", "at": 5, "excerpt": "22 33 44 55"}]);
    assert_eq!(personal.rest["refused"][0]["found"], found, "{:?}", personal.rest);
    let called = std::slice::from_ref(&called);
    let allowed = ks.client.share_many("case", Some(called), None, true, |_| {}).await.unwrap();
    assert_eq!(allowed["refused"], json!([]));

    let whole = ks.case("Hel").await;
    let all = ks.client.share_many("case", None, None, false, |_| {}).await.unwrap();
    assert_eq!(all["shared"], json!([{"draft": whole, "id": whole}]));
    assert_eq!(all["refused"].as_array().unwrap().len(), 3);
    let some = [whole.clone(), "abc".to_owned(), later.clone()];
    let some = ks.client.share_many("case", Some(&some), None, false, |_| {}).await.unwrap();
    assert_eq!(some["shared"].as_array().unwrap().len(), 1);
    assert_eq!(some["refused"][0]["error"]["kind"], json!("misuse"));
    assert_eq!(some["refused"][1]["embargo_until"], json!("2199-01-01"));
    ks.stop().await;
}

/// Made up: the month is 80 too high, as in the tax administration's test population.
const NATIONAL_ID: &str = "01818010083";

#[tokio::test(flavor = "multi_thread")]
async fn a_national_identity_number_leaves_by_no_other_way_either() {
    let ks = Node::association().await;
    let found = |error: CallError| match error {
        CallError::Refused(CommandError::NotShareable(refused)) => {
            refused.found.iter().map(|found| (found.data, found.field.clone())).collect::<Vec<_>>()
        }
        CallError::Refused(_) | CallError::Stopped => panic!("{error}"),
    };
    // In a contact, which goes along with its case.
    let contact =
        json!({"schema_version": 1, "role": format!("Kari, {NATIONAL_ID}"), "mailbox": "post@ks.example"});
    let Reply::Written { record, .. } = ks.handle.call(Command::Draft(Kind::Contact, contact)).await.unwrap()
    else {
        panic!("a draft is written")
    };
    let mut case = complete("Ren");
    case["contact"] = json!(record);
    let case = ks.client.create("case", &case).await.unwrap().parse().unwrap();
    let share =
        Command::Share(case, Terms { today: ks.handle.today(), allow_found: true }, Audience::Network);
    let refused = ks.handle.call(share).await.unwrap_err();
    assert_eq!(found(refused), [(Data::NationalId, "contact.role".to_owned())]);

    // In a response, which is written straight into the network; a telephone number may stand there.
    let answer = |text: &str| {
        let question = json!([{"id": "a".repeat(26), "text": text}]);
        let response = json!({"schema_version": 1, "subject": case, "questions": question});
        Command::Direct(Kind::Response, About::Subject(case), response)
    };
    let refused = ks.handle.call(answer(&format!("Gjelder det {NATIONAL_ID}?"))).await.unwrap_err();
    assert_eq!(found(refused), [(Data::NationalId, "questions[0].text".to_owned())]);
    ks.handle.call(answer("Kan vi ringe 22 33 44 55?")).await.unwrap();
    ks.stop().await;
}
