//! What holds of every question.

use proptest::prelude::*;

use super::super::{Filters, PartKind, Query, Vocabulary};
use super::{CASES, Library, entry};
use crate::search::analysis::words;
use crate::search::{About, Entry, Lesson};

/// Words of the cases, which are worth asking for.
fn vocabulary() -> Vec<String> {
    let texts = CASES.iter().flat_map(|case| [case[2], case[3]]);
    let mut all: Vec<String> = texts.flat_map(words).map(|word| word.surface.to_lowercase()).collect();
    all.sort();
    all.dedup();
    all
}

fn library() -> &'static Library {
    static LIBRARY: std::sync::LazyLock<Library> = std::sync::LazyLock::new(|| {
        let library = Library::full();
        let labels = [("alarm", "trygghetsalarm"), ("school", "skole"), ("ferry", "ferge")];
        library.index.learn(Vocabulary::learn(labels)).expect("learnt");
        library
    });
    &LIBRARY
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_explains_a_hit_contributed_to_it(asked in prop::sample::subsequence(vocabulary(), 1..6)) {
        let question = asked.join(" ");
        let similar = library().ask(&question);
        for hit in &similar.hits {
            let sum: f32 = hit.why.iter().map(|part| part.share).sum();
            prop_assert!((sum - 1.0).abs() < 1e-3, "{question}: {sum}");
            let of_case = CASES.iter().find(|case| case[0] == hit.id).expect("a case");
            let text = format!("{} {}", of_case[2], of_case[3]).to_lowercase();
            for part in &hit.why {
                prop_assert!(part.share > 0.0, "{question}: {part:?}");
                prop_assert!(text.contains(&part.text), "{question}: {part:?} is not in {text}");
            }
        }
    }

    #[test]
    fn without_a_word_that_explains_it_a_hit_scores_less(asked in prop::sample::subsequence(vocabulary(), 2..6)) {
        let score = |words: &[String], id: &str| {
            let hits = library().answer(&Query { limit: 100, ..Query::text(words.join(" ")) }).hits;
            hits.into_iter().find(|hit| hit.id == id).map_or(0.0, |hit| hit.score)
        };
        for hit in library().ask(&asked.join(" ")).hits.into_iter().take(3) {
            for part in hit.why.iter().filter(|part| part.kind == PartKind::Word) {
                let fewer: Vec<String> = asked.iter().filter(|word| **word != part.text).cloned().collect();
                if fewer.len() < asked.len() {
                    let less = score(&fewer, &hit.id);
                    prop_assert!(less < hit.score, "{asked:?} without {part:?}: {less} of {}", hit.score);
                }
            }
        }
    }
}

#[test]
fn each_filter_holds() {
    let one = |id: &str, change: fn(&mut Entry)| {
        let mut one = Entry { record: id.to_owned(), ..entry(CASES[0]) };
        change(&mut one);
        one
    };
    let library = Library::of(vec![
        one("plain", |_| {}),
        one("vestland", |case| case.county = Some("Vestland".to_owned())),
        one("negotiated", |case| case.procedure = Some("negotiated".to_owned())),
        one("years", |case| case.years = vec![2019, 2021]),
        one("value", |case| case.value = Some(900_000)),
        one("measured", |case| case.has_measured_gains = true),
        one("failed", |case| case.failed = true),
    ]);
    let found = |filters: Filters| {
        let hits = library.answer(&Query { filters, ..Query::text("trygghetsalarm") }).hits;
        hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(found(Filters::default()).len(), 7);
    let code = |code: &str| vec![code.to_owned()];
    assert_eq!(found(Filters { county: code("vestLand"), ..Filters::default() }), ["vestland"]);
    assert_eq!(found(Filters { procedure: code("negotiated"), ..Filters::default() }), ["negotiated"]);
    assert_eq!(found(Filters { year: code("2021"), ..Filters::default() }), ["years"]);
    assert!(found(Filters { year: code("2020"), ..Filters::default() }).is_empty());
    assert_eq!(found(Filters { value: (Some(500_000), None), ..Filters::default() }), ["value"]);
    assert_eq!(found(Filters { value: (None, Some(900_000)), ..Filters::default() }), ["value"]);
    assert!(found(Filters { value: (Some(900_001), Some(2_000_000)), ..Filters::default() }).is_empty());
    assert_eq!(found(Filters { measured: true, ..Filters::default() }), ["measured"]);
    assert_eq!(found(Filters { failed: true, ..Filters::default() }), ["failed"]);
    assert_eq!(library.index.counties().expect("read").into_iter().collect::<Vec<_>>(), ["vestland"]);
    let left_out = Query { except: Some("plain".to_owned()), ..Query::text("trygghetsalarm") };
    assert_eq!(library.answer(&left_out).hits.len(), 6);
}

#[test]
fn an_equal_case_with_more_to_learn_from_stands_first() {
    let plain = Entry { record: "a".to_owned(), ..entry(CASES[0]) };
    let lesson = Lesson { phase: Some("need".to_owned()), theme: None, text: "Spør brukerne.".to_owned() };
    let richer = [
        Entry { record: "measured".to_owned(), has_measured_gains: true, ..plain.clone() },
        Entry { record: "lessons".to_owned(), lessons: vec![lesson], ..plain.clone() },
        Entry { record: "used".to_owned(), used_by: 1, ..plain.clone() },
    ];
    for better in richer {
        let id = better.record.clone();
        let library = Library::of(vec![plain.clone(), better]);
        let about = About { phase: Some("need".to_owned()), ..About::default() };
        let similar = library.answer(&Query { about, ..Query::text("trygghetsalarm") });
        assert_eq!(similar.hits[0].id, id);
    }
}
