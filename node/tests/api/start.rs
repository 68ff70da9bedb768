//! Help at the moment of need, and lessons across cases.

use std::time::Duration;

use praksis_node::client::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::node::{BERGEN, Node, complete, problem};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().unwrap()
}

/// Asks until a case that was shared elsewhere is here and in the index.
async fn found(node: &Node, title: &str) -> Value {
    loop {
        let mut followed = node.handle.followed();
        node.handle.search().commit().unwrap();
        let told = node.client.start(&[("lang", "nb")], title).await.unwrap();
        if told["hits"].as_array().unwrap().iter().any(|hit| hit["title"] == title) {
            return told;
        }
        timeout(PATIENCE, followed.changed()).await.expect("it comes").unwrap();
    }
}

async fn shared(client: &Client, kind: &str, record: &Value) -> String {
    let id = client.create(kind, record).await.unwrap();
    client.share(kind, &id).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_is_told_what_the_network_knows_and_keeps_what_inspired_it() {
    let ks = Node::association().await;
    let bergen = Node::municipality(BERGEN, "Bergen (test)").await;
    let invitation = ks.client.invite(BERGEN, None).await.unwrap();
    bergen.client.join(invitation["invitation"].as_str().unwrap(), 30).await.unwrap();

    let template = json!({"title": {"nb": "Behovsbeskrivelse"}, "kind": "need_description", "language": "nb",
        "sections": [{"heading": "Behovet", "body": "Hva er problemet?"}]});
    let template = shared(&ks.client, "template", &template).await;
    let mut bought = complete("Digital trygghetsalarm");
    bought["phase"] = "realise".into();
    bought["procedure"] = "open".into();
    bought["cpv_main"] = "33195000".into();
    bought["templates_used"] = json!([template]);
    bought["lessons"] = json!([
        {"what": "Avtalen glemte batteriene.", "theme": "contract_ipr"},
        {"what": "De spurte brukerne først.", "theme": "need_users"},
    ]);
    let bought = shared(&ks.client, "case", &bought).await;
    let mut soon = complete("Trygghetsalarm til hjemmeboende");
    soon["joining"] = json!({"possible": "yes", "until": "2027-02", "how": "Skriv til oss."});
    soon["dates"] = json!({"expected_notice": "2027-03"});
    let soon = shared(&ks.client, "case", &soon).await;

    found(&bergen, "Digital trygghetsalarm").await;
    let told = found(&bergen, "Trygghetsalarm til hjemmeboende").await;
    assert_eq!((&told["phase"], &told["nothing_close"]), (&json!("need"), &json!(false)));
    let lessons: Vec<_> = told["lessons"].as_array().unwrap().iter().collect();
    let told_of: Vec<_> = lessons.iter().map(|item| (&item["lesson"]["what"], &item["now"])).collect();
    let (early, late) = (json!("De spurte brukerne først."), json!("Avtalen glemte batteriene."));
    assert_eq!(told_of, [(&early, &json!(true)), (&late, &json!(false))]);
    assert_eq!(lessons[0]["id"], *bought);
    assert_eq!(lessons[0]["owner"]["name"], "KS (test)");
    let templates = told["templates"].as_array().unwrap();
    assert_eq!((&templates[0]["id"], &templates[0]["used_in"]), (&json!(template), &json!([bought])));
    let contacts = told["contacts"].as_array().unwrap();
    assert_eq!(contacts.len(), 1, "{contacts:?}");
    assert_eq!(contacts[0]["contact"], json!({"role": "Innkjøp", "mailbox": "innkjop@example.no"}));
    assert_eq!(contacts[0]["cases"].as_array().map(Vec::len), Some(2));
    let joining = told["joining"].as_array().unwrap();
    assert_eq!((joining.len(), &joining[0]["id"]), (1, &json!(soon)));
    assert_eq!(
        (&joining[0]["joining"]["until"], &joining[0]["expected_notice"]),
        (&json!("2027-02"), &json!("2027-03"))
    );
    assert_eq!((&told["cpv"]["code"], &told["cpv"]["voters"]), (&json!("33195000"), &json!([bought])));

    // The draft is begun as proposed, and shared with what inspired it.
    assert_eq!(items(&bergen.client.list("case", &[("state", "draft")]).await.unwrap()).len(), 0);
    let mine = bergen.client.create("case", &told["draft"]).await.unwrap();
    let shown = bergen.client.show("case", &mine).await.unwrap();
    assert_eq!(shown["case"]["title"], json!({"nn": "Trygghetsalarm til hjemmeboende"}));
    assert_eq!((&shown["case"]["phase"], &shown["case"]["cpv_main"]), (&json!("need"), &json!("33195000")));
    let mut inspired_by = vec![bought, soon];
    inspired_by.sort();
    assert_eq!(shown["case"]["derived_from_cases"], json!(inspired_by));
    let heads = bergen.heads(&mine).await;
    bergen.client.patch("case", &mine, &heads, &json!({"sector": ["health_care"]})).await.unwrap();
    bergen.client.share("case", &mine).await.unwrap();

    let own_words =
        json!({"title": "Trygghetsalarm til hjemmeboende", "phase": "contract", "cpv_main": "33600000"});
    let told = bergen.client.start_from(&[], &own_words).await.unwrap();
    assert_eq!(told["lessons"][0]["lesson"]["what"], late, "what helps in the phase comes first");
    assert_eq!(
        (&told["draft"]["phase"], &told["draft"]["cpv_main"]),
        (&json!("contract"), &json!("33600000"))
    );

    let told = bergen.client.start(&[], "zwxqv").await.unwrap();
    assert_eq!((&told["nothing_close"], &told["cpv"]), (&json!(true), &Value::Null));
    for nothing in ["lessons", "templates", "contacts", "joining"] {
        assert_eq!(told[nothing], json!([]), "{nothing}");
    }
    assert_eq!(told["draft"], json!({"title": "zwxqv", "need": "zwxqv", "phase": "need"}));
    bergen.stop().await;
    ks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_are_listed_across_cases_page_by_page() {
    let node = Node::association().await;
    for number in 0..3 {
        let lessons = [
            json!({"what": format!("{number} a"), "theme": "need_users", "kind": "success"}),
            json!({"what": format!("{number} b"), "theme": "need_users", "phase": "contract", "kind": "warning"}),
            json!({"what": format!("{number} c"), "theme": "contract_ipr", "kind": "warning"}),
        ];
        let mut case = complete(&format!("Sak {number}"));
        case["lessons"] = json!(lessons);
        case["cpv_main"] = if number == 0 { "48000000" } else { "33195000" }.into();
        node.client.create("case", &case).await.unwrap();
    }
    let all = node.client.lessons(&[]).await.unwrap();
    assert_eq!((items(&all).len(), &all["next"]), (9, &Value::Null));
    assert!(items(&all).iter().all(|item| item["title"].as_str().unwrap().starts_with("Sak ")));

    let (mut paged, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "2")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = node.client.lessons(&query).await.unwrap();
        assert!(items(&page).len() <= 2);
        paged.extend(items(&page).to_vec());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, items(&all), "each once, also where a page ended inside a case");

    let count = async |query: &[(&str, &str)]| items(&node.client.lessons(query).await.unwrap()).len();
    assert_eq!(count(&[("theme", "need_users")]).await, 6);
    assert_eq!(count(&[("theme", "need_users"), ("phase", "need")]).await, 3);
    assert_eq!(count(&[("phase", "contract")]).await, 6, "from the phase, or decided in it");
    assert_eq!(count(&[("kind", "warning"), ("cpv", "33")]).await, 4);
    assert_eq!(count(&[("sector", "culture")]).await, 0);
    assert_eq!(count(&[("owner", BERGEN)]).await, 0);
    for wrong in
        [("theme", "x"), ("phase", "x"), ("kind", "x"), ("cpv", "x"), ("cursor", "x"), ("cursor", "x.y")]
    {
        assert_eq!(problem(node.client.lessons(&[wrong]).await).kind, "misuse", "{wrong:?}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_only_asked_about_may_name_its_contact_by_the_mailbox() {
    let node = Node::association().await;
    node.case("Trygghetsalarm").await;
    node.until_indexed(1).await;
    let before = node.client.status().await.unwrap()["documents"].clone();
    let case = json!({"title": "Trygghetsalarm", "contact": "ny@example.no"});
    let found = node.client.similar_to(&[], &case).await.unwrap();
    assert_eq!(found["hits"][0]["title"], "Trygghetsalarm");
    let told = node.client.start_from(&[], &case).await.unwrap();
    assert_eq!(told["draft"]["contact"], "ny@example.no", "the draft keeps it");
    assert_eq!(node.client.status().await.unwrap()["documents"], before, "nothing was begun");
    let wrong = json!({"title": "Trygghetsalarm", "contact": "ny@"});
    assert_eq!(problem(node.client.similar_to(&[], &wrong).await).kind, "invalid");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_case_in_this_phase_can_use_comes_first() {
    let node = Node::association().await;
    let mut mine = complete("Digital trygghetsalarm til hjemmeboende");
    mine["phase"] = "dialogue".into();
    let mine = node.client.create("case", &mine).await.unwrap();
    // Nearer by its words, and with nothing about the dialogue.
    node.case("Digital trygghetsalarm til hjemmeboende brukere").await;
    let mut told = complete("Trygghetsalarm");
    told["market_dialogue"] = json!([{"kind": "conference", "summary": "Tolv leverandører kom."}]);
    told["lessons"] = json!([
        {"what": "Batteriene ble glemt.", "phase": "contract"},
        {"what": "Ett møte var nok.", "theme": "supplier_sme"},
    ]);
    node.client.create("case", &told).await.unwrap();
    node.until_indexed(3).await;

    let title = |found: &Value, at: usize| found["hits"][at]["title"].as_str().unwrap().to_owned();
    let words = node.client.similar(&[("q", "Digital trygghetsalarm til hjemmeboende")], None).await.unwrap();
    assert_ne!(title(&words, 0), "Trygghetsalarm");
    let found = node.client.similar(&[("case", &mine)], None).await.unwrap();
    assert_eq!(title(&found, 0), "Trygghetsalarm");
    assert_eq!(found["hits"][0]["useful"], json!(["market_dialogue"]));
    assert_eq!(found["hits"][0]["lessons"][0]["text"], "Ett møte var nok.");
    assert_eq!(found["hits"][0]["lessons"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["hits"][1]["useful"], json!([]));
    node.stop().await;
}
