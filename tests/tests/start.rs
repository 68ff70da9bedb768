//! Help at the moment of need: for each of twenty needs, the lesson that must be shown first or second, among those for
//! now or those for later. Two needs have none.
//!
//! `questions/needs.json` was written before anybody looked at what came of it.

use praksis_tests::demo;
use serde_json::Value;
use tempfile::TempDir;

/// Needs for which it is not so. The list is exact, so that it tells of better answers too.
const NOT_SHOWN: &[&str] = &[];

#[tokio::test(flavor = "multi_thread")]
async fn each_need_is_told_the_lesson_that_it_must_hear() {
    let needs: Vec<Value> = serde_json::from_str(include_str!("../questions/needs.json")).unwrap();
    assert_eq!(needs.len(), 20);
    assert_eq!(needs.iter().filter(|need| need["lesson"].is_null()).count(), 2);
    let known: Vec<String> = demo::cases().iter().flat_map(lessons).collect();
    let home = TempDir::new().unwrap();
    let (node, client) = demo::node(&home.path().join("node")).await;
    let mut not_shown = Vec::new();
    for one in &needs {
        let need = one["need"].as_str().unwrap();
        let told = client.start(&[("lang", "nb")], need).await.unwrap();
        let all = told["lessons"].as_array().unwrap();
        // People read the first few: of those for now, and of those for later.
        let first = |now: bool| all.iter().filter(move |item| item["now"] == now).take(2);
        let shown: Vec<String> = first(true).chain(first(false)).map(|item| what(&item["lesson"])).collect();
        let right = match one["lesson"].as_str() {
            Some(lesson) => {
                assert_eq!(known.iter().filter(|what| what.starts_with(lesson)).count(), 1, "{lesson}");
                shown.iter().any(|what| what.starts_with(lesson))
            }
            None => shown.is_empty() && told["cpv"].is_null() && told["contacts"] == Value::Array(vec![]),
        };
        if !right {
            println!("{need}\n  {shown:#?}");
            not_shown.push(need);
        }
    }
    node.stop().await;
    assert_eq!(not_shown, NOT_SHOWN);
}

fn lessons(case: &Value) -> Vec<String> {
    case["lessons"].as_array().into_iter().flatten().map(what).collect()
}

fn what(lesson: &Value) -> String {
    lesson["what"].as_str().unwrap_or_default().to_owned()
}
