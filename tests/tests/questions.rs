//! What officers ask of the real cases, and the case that should come first.
//!
//! `questions/demo.json` was written before anybody looked at what the search made of it, and the search is not tuned
//! by it. A question without a case has no right answer among them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const FILES: [&str; 4] = [
    include_str!("../../cli/demo/trondheim.json"),
    include_str!("../../cli/demo/bergen.json"),
    include_str!("../../cli/demo/baerum.json"),
    include_str!("../../cli/demo/ks.json"),
];

struct Question {
    text: String,
    lang: String,
    misspelt: bool,
    /// The Bokmål title of the case that should come first.
    case: Option<String>,
}

fn questions() -> Vec<Question> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../questions/demo.json")).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    all.iter()
        .map(|one| Question {
            text: text(&one["question"]).expect("a question"),
            lang: text(&one["lang"]).expect("its language"),
            misspelt: one["misspelt"].as_bool().unwrap_or_default(),
            case: text(&one["case"]),
        })
        .collect()
}

fn cases() -> Vec<Value> {
    FILES.iter().flat_map(|file| serde_json::from_str::<Vec<Value>>(file).unwrap()).collect()
}

/// All that five letters in a row of its words can be.
fn fives(text: &str) -> BTreeSet<Vec<char>> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).map(|word| word.chars().collect::<Vec<_>>());
    words.flat_map(|word| word.windows(5).map(<[char]>::to_vec).collect::<Vec<_>>()).collect()
}

#[test]
fn the_questions_are_as_varied_as_people() {
    let questions = questions();
    let titles: BTreeMap<String, String> = cases()
        .iter()
        .map(|case| {
            let title = |lang: &str| case["title"][lang].as_str().unwrap().to_owned();
            (title("nb"), format!("{} {}", title("nb"), title("en")))
        })
        .collect();
    let distinct: BTreeSet<_> = questions.iter().map(|question| &question.text).collect();
    assert_eq!(distinct.len(), questions.len());
    let answered: Vec<_> = questions.iter().filter(|question| question.case.is_some()).collect();
    assert!(answered.len() >= 40);
    assert!(questions.len() - answered.len() >= 6, "some have no right answer");
    let asked: BTreeSet<_> = answered.iter().filter_map(|question| question.case.clone()).collect();
    assert_eq!(asked, titles.keys().cloned().collect(), "each case is asked for");
    let count = |lang: &str| answered.iter().filter(|question| question.lang == lang).count();
    assert!(count("nn") >= 10 && count("en") >= 10, "{} nn, {} en", count("nn"), count("en"));
    assert!(answered.iter().filter(|question| question.misspelt).count() >= 5);
    let apart = answered.iter().filter(|question| {
        let title = &titles[question.case.as_ref().unwrap()];
        fives(&question.text).is_disjoint(&fives(title))
    });
    assert!(2 * apart.count() >= answered.len(), "half share no five letters in a row with the title");
}
