//! Who is let in, and how much may be brought.

use praksis_node::{
    api::{self, ServeError},
    client::{Client, ClientError},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::{BERGEN, Node, complete, problem};

async fn status_and_kind(response: reqwest::Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    (status, body["error"]["kind"].as_str().unwrap().to_owned())
}

fn is(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_the_token_or_by_another_name() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let (http, base) = (reqwest::Client::new(), node.client.address().to_owned());
    let stranger = Client::new(&base, "another").unwrap();
    let refused = problem(stranger.status().await);
    assert_eq!((refused.status, refused.kind.as_str()), (401, "not_allowed"));
    for path in ["/api/v1/openapi.json", "/metrics", "/api/v1/nowhere"] {
        let response = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(status_and_kind(response).await, is(401, "not_allowed"), "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        let response = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    let rebound =
        http.get(format!("{base}/healthz")).header("host", "evil.example:7420").send().await.unwrap();
    assert_eq!(status_and_kind(rebound).await, is(421, "not_allowed"));
    assert!(stranger.is_ready().await);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_told_to_a_monitor() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    node.case("Vann").await;
    let token = std::fs::read_to_string(node.path().join("token")).unwrap();
    let asked = reqwest::Client::new().get(format!("{}/metrics", node.client.address()));
    let text = asked.bearer_auth(token.trim()).send().await.unwrap().text().await.unwrap();
    let cases = "praksis_http_requests_total{method=\"POST\",route=\"/api/v1/cases\",status=\"201\"} 1";
    for line in [cases, "praksis_records{kind=\"case\"} 1", "praksis_members 0", "# EOF"] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_as_a_problem() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let token = std::fs::read_to_string(node.path().join("token")).unwrap();
    let (http, base) = (reqwest::Client::new(), node.client.address().to_owned());
    let send = |method: Method, path: &str, body: Vec<u8>| {
        http.request(method, format!("{base}{path}")).bearer_auth(token.trim()).body(body).send()
    };
    let get = |path: &str| send(Method::GET, path, vec![]);
    let post = |path: &str, body: &str| send(Method::POST, path, body.as_bytes().to_vec());
    for (sent, status, kind) in [
        (get("/api/v1/nowhere").await, 404, "not_found"),
        (send(Method::DELETE, "/api/v1/cases", vec![]).await, 405, "misuse"),
        (get("/api/v1/cases?colour=red").await, 400, "misuse"),
        (get("/api/v1/cases?limit=many").await, 400, "misuse"),
        (get("/api/v1/cases?cursor=x").await, 400, "misuse"),
        (get("/api/v1/cases?state=new").await, 400, "misuse"),
        (get("/api/v1/similar").await, 400, "misuse"),
        (get("/api/v1/similar?q=a&case=b").await, 400, "misuse"),
        (get("/api/v1/vocabulary?lang=de").await, 400, "misuse"),
        (get("/api/v1/report?as_of=2016").await, 400, "misuse"),
        (get("/api/v1/report?as_of=2016-01-01").await, 400, "misuse"),
        (post("/api/v1/cases", "").await, 422, "invalid"),
        (post("/api/v1/cases", "{\"need\": \"a\", \"need\": \"b\"}").await, 422, "invalid"),
        (post("/api/v1/cases", "[]").await, 422, "invalid"),
        (send(Method::POST, "/api/v1/cases", vec![0xff]).await, 422, "invalid"),
        (post("/api/v1/cases", &"x".repeat(600 << 10)).await, 413, "invalid"),
        (post("/api/v1/cases/share", "{}").await, 400, "misuse"),
        (post("/api/v1/cases/share", "{\"ids\": [], \"all\": true}").await, 400, "misuse"),
        (post("/api/v1/join", "{\"invitation\": \"x\", \"wait\": 1}").await, 422, "invalid"),
        (post("/api/v1/import?format=docx", "x").await, 400, "misuse"),
    ] {
        assert_eq!(status_and_kind(sent.unwrap()).await, is(status, kind));
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_what_was_asked_for_and_lead_on() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let mut begun = Vec::new();
    for n in 0..7 {
        let mut case = complete(&format!("Sak {n}"));
        case["phase"] = json!(if n < 5 { "dialogue" } else { "contract" });
        begun.push(node.client.create("case", &case).await.unwrap());
    }
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut query = vec![("limit", "3")];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let page = node.client.list("case", &query).await.unwrap();
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    begun.sort();
    seen.sort();
    assert_eq!(seen, begun, "each once");
    let some = node.client.list("case", &[("phase", "contract,realise"), ("state", "draft")]).await.unwrap();
    assert_eq!(ids(&some).len(), 2);
    assert_eq!(ids(&node.client.list("case", &[("state", "shared")]).await.unwrap()).len(), 0);
    assert_eq!(ids(&node.client.list("case", &[("owner", "310000043")]).await.unwrap()).len(), 0);
    assert_eq!(ids(&node.client.list("template", &[]).await.unwrap()).len(), 0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_with_an_example() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let description = node.client.openapi().await.unwrap();
    assert_eq!(description["info"]["title"], "Praksis");
    let paths = description["paths"].as_object().unwrap();
    for path in
        ["/api/v1/cases", "/api/v1/cases/{id}", "/api/v1/import", "/api/v1/similar", "/metrics", "/healthz"]
    {
        assert!(paths.contains_key(path), "{path}: {:?}", paths.keys().collect::<Vec<_>>());
    }
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says what it does");
            assert!(operation["responses"]["default"].is_object(), "{method} {path} tells of problems");
            let answers = operation["responses"].as_object().unwrap();
            let answer = answers.iter().find(|(status, _)| status.starts_with('2')).unwrap().1;
            let bare = [
                "/metrics",
                "/healthz",
                "/readyz",
                "/api/v1/vocabulary",
                "/api/v1/openapi.json",
                "/api/v1/bundles/write",
            ];
            if !bare.contains(&path.as_str()) {
                let example = &answer["content"]["application/json"]["example"];
                assert!(
                    example.as_object().is_none_or(|it| !it.is_empty()) && !example.is_null(),
                    "{method} {path}"
                );
            }
        }
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_no_node_serves_says_how_to_start_one() {
    let node = Node::municipality(BERGEN, "Bergen (test)").await;
    let (client, path) = (node.client.clone(), node.path());
    let _dir = node.stop().await;
    let Err(error) = Client::open(&path) else { panic!("no node serves it") };
    assert_eq!(error.kind(), "no_node");
    assert!(error.hint().contains("praksis run --dir"), "{}", error.hint());
    let Err(gone @ ClientError::NoNode { .. }) = client.status().await else { panic!("it is gone") };
    assert_eq!(gone.to_json()["error"]["kind"], json!("no_node"));
}

#[tokio::test]
async fn only_loopback_and_only_a_free_port() {
    let taken = api::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = api::bind(taken.local_addr().unwrap()).await.unwrap_err();
    assert!(matches!(error, ServeError::Taken(_)) && error.to_string().contains("--http"), "{error}");
    let open = api::bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert!(matches!(open, ServeError::NotLoopback(_)), "{open}");
}
