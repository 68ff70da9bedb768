//! Each part of the ranking left out alone: what it is worth.

use praksis_node::search::{Ask, Entry, FieldText, Query as Question, Weights};

use super::{
    Options,
    data::{Benchmark, Query},
    score::{self, Figures},
    station::Station,
};
use crate::Result;

/// The parts, and the weights without each.
fn variants() -> Vec<(&'static str, Weights)> {
    let all = Weights::default;
    vec![
        ("everything", all()),
        ("without grams", Weights { grams: 0.0, ..all() }),
        ("without stems", Weights { stems: 0.0, stems_of_record: 0.0, ..all() }),
        ("stems of a record as of words", Weights { stems_of_record: all().stems, ..all() }),
        ("without parts of compounds asked", Weights { parts: 0.0, ..all() }),
        ("without expansions", Weights { expansion: 0.0, to_english: 0.0, ..all() }),
        ("without floor", Weights { floor: 0.0, ..all() }),
        ("without CPV", Weights { cpv: 0.0, ..all() }),
        ("additional CPV as main", Weights { cpv_additional: 1.0, ..all() }),
        ("one votes on CPV", Weights { cpv_voters: 1, ..all() }),
        (
            "without the facts",
            Weights {
                phase: 0.0,
                procedure: 0.0,
                innovation: 0.0,
                value: 0.0,
                gains: 0.0,
                lessons: 0.0,
                reuse: 0.0,
                ..all()
            },
        ),
        ("a record's grams as of words", Weights { grams_bm25_of_record: all().grams_bm25, ..all() }),
        ("a record's nearest as of words", Weights { candidates_of_record: all().candidates, ..all() }),
        ("common terms sought in all", Weights { common: 1.0, ..all() }),
        ("all terms of a record", Weights { best_stems: usize::MAX, best_grams: usize::MAX, ..all() }),
    ]
}

/// Prints nDCG@10 for each group of questions and each part left out.
pub(super) async fn run(options: &Options) -> Result<()> {
    let variants = variants();
    let (mut columns, mut rows) = (Vec::new(), vec![Vec::new(); variants.len()]);
    for benchmark in Benchmark::all(&options.bench)? {
        let station = Station::start().await?;
        if let Some(file) = &options.vocabulary {
            station.vocabulary(file).await?;
        }
        let names = station.load(&benchmark.corpus).await?;
        for group in benchmark.groups() {
            let asked = benchmark.queries.iter().filter(|query| query.group == group);
            let asked: Vec<&Query> = asked.filter(|query| options.split.has(&query.id)).collect();
            if asked.is_empty() {
                continue;
            }
            columns.push(format!("{} {group}", benchmark.name.trim_start_matches("doffin_")));
            for ((_, weights), row) in variants.iter().zip(&mut rows) {
                let mut scored = Vec::new();
                for query in &asked {
                    let own = query.own.as_ref();
                    let own = own.and_then(|own| names.iter().find(|(_, name)| *name == own));
                    let question = Question {
                        ask: ask(query),
                        except: own.map(|(id, _)| id.clone()),
                        limit: 11,
                        weights: weights.clone(),
                        ..Question::default()
                    };
                    let hits = station.handle().search().similar(&question)?.hits;
                    let found: Vec<String> =
                        hits.iter().filter_map(|hit| names.get(&hit.id)).cloned().collect();
                    scored.push(score::of(query, &found));
                }
                row.push(Figures::of(&scored).map_or(0.0, |figures| figures.ndcg()));
            }
        }
        station.stop().await?;
    }
    println!("nDCG@10, split `{}`: {}", options.split.name(), columns.join(" | "));
    for ((name, _), row) in variants.iter().zip(rows) {
        let figures: Vec<String> = row.iter().map(|figure| format!("{figure:.3}")).collect();
        println!("{name:<34} {}", figures.join("  "));
    }
    Ok(())
}

fn ask(query: &Query) -> Ask {
    let Some(title) = &query.title else { return Ask::Text(query.text.clone()) };
    let text =
        |field: &str, text: &str| FieldText { field: field.into(), lang: "nb".into(), text: text.into() };
    Ask::Record(Box::new(Entry {
        title: [("nb".to_owned(), title.clone())].into(),
        texts: vec![text("need", query.need())],
        lang: "nb".to_owned(),
        ..Entry::default()
    }))
}
