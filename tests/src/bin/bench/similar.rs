//! `bench similar --bench DIR`: how well similar cases are found.
//!
//! A benchmark folder (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`), or each of a folder of them, is imported into a
//! real node through its interface, and every question is asked through it. Printed are nDCG@10, MRR@10 and recall@10
//! with intervals, and how long the answers took.

mod data;
mod far;
mod parts;
mod scale;
mod score;
mod station;

use std::{collections::HashMap, fmt::Write as _, fs, path::PathBuf, time::Instant};

use serde_json::{Value, json};

use self::{
    data::{Benchmark, Query, Split},
    score::{Figures, percentile},
    station::Station,
};
use crate::Result;

const USAGE: &str = "usage: bench similar --bench DIR [--split dev|held|all] [--vocabulary FILE] [--runs DIR] [--what all|parts|far] \
     [--cases N]";

/// Hits asked for: ten, and one for the question's own record.
const LIMIT: &str = "11";

struct Options {
    bench: PathBuf,
    split: Split,
    /// A CPV list to import first.
    vocabulary: Option<PathBuf>,
    /// Where run files are written.
    runs: Option<PathBuf>,
    what: What,
    /// Cases to make of the sentences of the benchmarks.
    cases: Option<usize>,
}

/// What is measured.
#[derive(Clone, Copy)]
enum What {
    /// Each group of questions.
    All,
    /// The same with each part left out.
    Parts,
    /// Whether "nothing is close" is right.
    Far,
}

impl Options {
    fn read(arguments: &[&str]) -> Result<Self> {
        let (mut bench, mut split, mut vocabulary, mut runs) = (None, Split::All, None, None);
        let (mut what, mut cases) = (What::All, None);
        for pair in arguments.chunks(2) {
            match *pair {
                ["--bench", dir] => bench = Some(PathBuf::from(dir)),
                ["--split", name] => split = Split::named(name)?,
                ["--vocabulary", file] => vocabulary = Some(PathBuf::from(file)),
                ["--runs", dir] => runs = Some(PathBuf::from(dir)),
                ["--what", "all"] => what = What::All,
                ["--what", "parts"] => what = What::Parts,
                ["--what", "far"] => what = What::Far,
                ["--cases", count] => cases = Some(count.parse()?),
                [..] => return Err(USAGE.into()),
            }
        }
        Ok(Self { bench: bench.ok_or(USAGE)?, split, vocabulary, runs, what, cases })
    }
}

/// Measures.
pub(crate) async fn run(arguments: &[&str]) -> Result<()> {
    let options = Options::read(arguments)?;
    if let Some(count) = options.cases {
        return scale::run(count, &options);
    }
    match options.what {
        What::All => {}
        What::Parts => return parts::run(&options).await,
        What::Far => return far::run(&options).await,
    }
    println!("questions of the split `{}`", options.split.name());
    println!("{}", Figures::HEAD);
    for benchmark in Benchmark::all(&options.bench)? {
        measure(&benchmark, &options).await?;
    }
    Ok(())
}

async fn measure(benchmark: &Benchmark, options: &Options) -> Result<()> {
    let station = Station::start().await?;
    if let Some(file) = &options.vocabulary {
        station.vocabulary(file).await?;
    }
    let names = station.load(&benchmark.corpus).await?;
    let mut runs = Vec::new();
    for query in benchmark.queries.iter().filter(|query| options.split.has(&query.id)) {
        let began = Instant::now();
        let answer = ask(&station, query, &names).await?;
        let ms = began.elapsed().as_secs_f64() * 1000.0;
        let hits = answer["hits"].as_array().into_iter().flatten();
        let found: Vec<String> = hits.filter_map(|hit| names.get(hit["id"].as_str()?)).cloned().collect();
        runs.push((query, found, ms, answer["took_ms"].as_f64().unwrap_or_default()));
    }
    if let Some(dir) = &options.runs {
        let mut file = String::new();
        for (query, found, ms, _) in &runs {
            for name in found {
                writeln!(file, "{}\t{name}\t{ms:.3}", query.id)?;
            }
        }
        fs::write(dir.join(format!("{}.tsv", benchmark.name)), file)?;
    }
    for group in benchmark.groups() {
        let of_group = || runs.iter().filter(|(query, ..)| query.group == group);
        let scored: Vec<_> = of_group().map(|(query, found, ..)| score::of(query, found)).collect();
        if let Some(figures) = Figures::of(&scored) {
            let asked = percentile(of_group().map(|(_, _, ms, _)| *ms).collect());
            let inside = percentile(of_group().map(|(.., ms)| *ms).collect());
            println!("{}", figures.line(&format!("{} {group}", benchmark.name), asked, inside));
        }
    }
    station.stop().await
}

/// Words as words; what has a title and a text as a case that nobody has written down yet.
async fn ask(station: &Station, query: &Query, names: &HashMap<String, String>) -> Result<Value> {
    let client = station.client();
    let Some(title) = &query.title else {
        return Ok(client.similar(&[("limit", LIMIT)], Some(&query.text)).await?);
    };
    let need = query.need();
    let mut case = json!({"title": {"nb": title}, "content_lang": "nb"});
    if !need.is_empty() {
        case["need"] = need.into();
    }
    // It must have no vote on its own CPV.
    let own = query.own.as_ref().and_then(|own| names.iter().find(|(_, name)| *name == own));
    let mut with = vec![("limit", LIMIT)];
    with.extend(own.map(|(id, _)| ("except", id.as_str())));
    Ok(client.similar_to(&with, &case).await?)
}
