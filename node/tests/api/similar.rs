//! Questions with conditions, and the words that an imported list brings.

use serde_json::json;

use crate::node::{Node, complete, problem, strings};

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_and_each_is_an_error_when_it_is_none() {
    let ks = Node::association().await;
    let mut case = complete("Digital trygghetsalarm");
    case["procedure"] = json!("negotiated");
    case["outcome"] = json!("cancelled");
    case["dates"] = json!({"notice": "2019-04"});
    case["estimated_value"] = json!({"amount": "900000.00", "currency": "NOK", "year": 2019});
    case["lessons"] = json!([{"phase": "dialogue", "what": "Brukerne visste best."}]);
    let id = ks.client.create("case", &case).await.unwrap();
    let plain = ks.client.create("case", &complete("Enkel trygghetsalarm")).await.unwrap();
    ks.client.similar(&[("q", "alarm")], None).await.unwrap();
    let mut followed = ks.handle.followed();
    loop {
        ks.handle.search().commit().unwrap();
        if ks.handle.search().len() == 2 {
            break;
        }
        followed.changed().await.unwrap();
    }

    let found = async |condition: (&str, &str)| {
        let answer = ks.client.similar(&[("q", "trygghetsalarm"), condition], None).await.unwrap();
        let hits = answer["hits"].as_array().unwrap();
        hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(("limit", "10")).await.len(), 2);
    for condition in [
        ("procedure", "negotiated"),
        ("failed", "true"),
        ("year", "2018-2020"),
        ("value", "500000-900000"),
        ("value", "900000-"),
        ("except", &plain),
    ] {
        assert_eq!(found(condition).await, std::slice::from_ref(&id), "{condition:?}");
    }
    for condition in [("year", "2018"), ("value", "-899999"), ("measured", "true"), ("content_lang", "nn")] {
        assert!(found(condition).await.is_empty(), "{condition:?}");
    }
    let asked = [("q", "trygghetsalarm"), ("my_phase", "dialogue"), ("except", &plain)];
    let answer = ks.client.similar(&asked, None).await.unwrap();
    assert_eq!(answer["hits"][0]["lessons"][0]["text"], json!("Brukerne visste best."));

    for (name, wrong) in [
        ("phase", "neeed"),
        ("sector", "none"),
        ("procedure", "haggling"),
        ("kind", "cases"),
        ("content_lang", "no"),
        ("owner", "123456789"),
        ("cpv", "alarm"),
        ("county", "Atlantis"),
        ("year", "19"),
        ("year", "2021-2019"),
        ("value", "500000"),
        ("value", "-"),
        ("value", "9-1"),
        ("measured", "maybe"),
        ("failed", "1"),
        ("my_phase", "need,dialogue"),
        ("colour", "red"),
    ] {
        let refused = problem(ks.client.similar(&[("q", "alarm"), (name, wrong)], None).await);
        assert_eq!((refused.status, refused.kind.as_str()), (400, "misuse"), "{name}={wrong}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_list_brings_english_words_and_labels() {
    let ks = Node::association().await;
    let mut case = complete("Kvernstein til mølla");
    case["cpv_main"] = json!("43414000");
    let id = ks.client.create("case", &case).await.unwrap();
    let list = json!({
        "43414000": {"en": "Millstone", "nob": "Kvernstein"},
        "43414100": {"en": "Millstone parts", "nob": "Deler til kvernstein"},
    });
    let taken = ks.client.import_vocabulary(list.to_string().into_bytes()).await.unwrap();
    assert_eq!(taken["codes"], json!(2));
    ks.handle.search().settle().unwrap();

    let answer = ks.client.similar(&[("q", "millstone")], None).await.unwrap();
    assert!(strings(&answer["searched_also"]).contains(&"kvernstein".to_owned()), "{answer}");
    assert_eq!(answer["hits"][0]["id"], json!(id));
    assert_eq!(answer["hits"][0]["why"][0]["kind"], json!("expansion"));

    case["cpv_additional"] = json!([]);
    let like = ks.client.similar_to(&[("lang", "en")], &case).await.unwrap();
    let why = like["hits"][0]["why"].as_array().unwrap();
    let cpv = why.iter().find(|part| part["kind"] == json!("cpv")).unwrap_or_else(|| panic!("{like}"));
    assert!(cpv["label"].is_string(), "{cpv}");

    let wrong = problem(ks.client.import_vocabulary(br#"{"4341": {"en": "a", "nob": "b"}}"#.to_vec()).await);
    assert_eq!(wrong.kind, "invalid", "{wrong:?}");
}
