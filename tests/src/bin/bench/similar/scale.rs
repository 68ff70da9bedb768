//! `bench similar --cases 100000 --bench DIR`: how long answers take when there are many cases, and beside it tantivy
//! as it comes and SQLite FTS5, on the same cases and questions.
//!
//! The cases are made of real sentences of a benchmark, recombined. They go straight into an index: how long a node
//! takes to write so many documents is another figure.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use praksis_node::search::{Ask, Entry, FieldText, Index, Query as Question};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tantivy::{
    IndexWriter, TantivyDocument,
    collector::TopDocs,
    query::QueryParser,
    schema::{STORED, Schema, TEXT},
};

use super::{Options, data::Benchmark, score::percentile};
use crate::{Result, sync::resident_kb};

/// Questions of each kind.
const QUESTIONS: usize = 200;
/// Sentences of a case.
const SENTENCES: std::ops::RangeInclusive<usize> = 4..=12;

/// The same on SQLite, through the interpreter that most machines have: nobody's build carries it.
const FTS5: &str = r#"
import json, re, sqlite3, sys, time
lines = [json.loads(line) for line in sys.stdin]
cases, words, whole = (lines[0][name] for name in ("cases", "words", "whole"))
db = sqlite3.connect(sys.argv[1])
began = time.time()
db.execute("create virtual table t using fts5(title, text)")
db.executemany("insert into t values(?, ?)", cases)
db.commit()
print(f"SQLite FTS5            index {time.time() - began:6.1f} s", end="")
for name, asked in (("words", words), ("case", whole)):
    took = []
    for text in asked:
        terms = " OR ".join('"' + w + '"' for w in dict.fromkeys(re.findall(r"\w+", text.lower())))
        began = time.time()
        db.execute("select rowid from t where t match ? order by bm25(t, 3, 1) limit 10", (terms,)).fetchall()
        took.append((time.time() - began) * 1000)
    took.sort()
    print(f"  {name} p50 {took[len(took)//2]:8.2f} p95 {took[len(took)*95//100]:8.2f} ms", end="")
print()
"#;

struct Case {
    title: String,
    text: String,
}

/// Measures.
pub(super) fn run(count: usize, options: &Options) -> Result<()> {
    let (cases, words) = cases(count, options)?;
    let home = tempfile::tempdir()?;
    praksis(&cases, &words, &home.path().join("praksis"))?;
    plain(&cases, &words, &home.path().join("tantivy"))?;
    sqlite(&cases, &words, &home.path().join("fts5.db"))
}

fn cases(count: usize, options: &Options) -> Result<(Vec<Case>, Vec<String>)> {
    let (mut titles, mut sentences) = (Vec::new(), Vec::new());
    for benchmark in Benchmark::all(&options.bench)? {
        for document in benchmark.corpus {
            if !document.title.is_empty() {
                titles.push(document.title);
            }
            let parts = document.text.split_inclusive(['.', '\n']).map(str::trim);
            sentences.extend(parts.filter(|part| part.len() > 20).map(str::to_owned));
        }
    }
    if titles.is_empty() || sentences.is_empty() {
        return Err("the benchmark has no titles or no sentences to make cases of".into());
    }
    let mut chance = ChaCha8Rng::seed_from_u64(1);
    let mut pick = |from: &[String]| from[chance.random_range(0..from.len())].clone();
    let words = (0..QUESTIONS).map(|_| pick(&titles)).collect();
    let mut lengths = ChaCha8Rng::seed_from_u64(2);
    let made = (0..count).map(|_| {
        let text: Vec<String> = (0..lengths.random_range(SENTENCES)).map(|_| pick(&sentences)).collect();
        Case { title: pick(&titles), text: text.join(" ") }
    });
    Ok((made.collect(), words))
}

fn praksis(cases: &[Case], words: &[String], dir: &Path) -> Result<()> {
    let entry = |(number, case): (usize, &Case)| Entry {
        record: format!("case-{number}"),
        kind: "case".to_owned(),
        title: [("nb".to_owned(), case.title.clone())].into(),
        texts: vec![FieldText { field: "need".into(), lang: "nb".into(), text: case.text.clone() }],
        lang: "nb".to_owned(),
        ..Entry::default()
    };
    let began = Instant::now();
    let index = Index::open(dir)?.into_index();
    index.upsert(cases.iter().enumerate().map(entry).collect())?;
    index.commit()?;
    let written = began.elapsed().as_secs_f64();
    index.settle()?;
    let settled = began.elapsed().as_secs_f64();
    let took = |asks: Vec<Ask>| -> Result<[f64; 2]> {
        let mut took = Vec::new();
        for ask in asks {
            let began = Instant::now();
            index.similar(&Question { ask, limit: 10, ..Question::default() })?;
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(percentile(took))
    };
    let typed = took(words.iter().cloned().map(Ask::Text).collect())?;
    let whole = took(
        cases.iter().enumerate().take(QUESTIONS).map(|case| Ask::Record(Box::new(entry(case)))).collect(),
    )?;
    let (read, bytes) =
        (cases.iter().map(|case| case.title.len() + case.text.len()).sum::<usize>(), size(dir)?);
    println!("{} cases, {} MB of text", cases.len(), read >> 20);
    print("praksis, with reasons", settled, typed, whole);
    println!(
        "   found after {written:.1} s, compounds learnt and all renewed after {settled:.1} s; index {} MB; resident {} MB",
        bytes >> 20,
        resident_kb().unwrap_or_default() / 1024
    );
    Ok(())
}

fn plain(cases: &[Case], words: &[String], dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    let mut schema = Schema::builder();
    let (title, text) =
        (schema.add_text_field("title", TEXT | STORED), schema.add_text_field("text", TEXT | STORED));
    let began = Instant::now();
    let index = tantivy::Index::create_in_dir(dir, schema.build())?;
    let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(1, 20_000_000)?;
    for case in cases {
        writer.add_document(tantivy::doc!(title => case.title.as_str(), text => case.text.as_str()))?;
    }
    writer.commit()?;
    let written = began.elapsed().as_secs_f64();
    let searcher = index.reader()?.searcher();
    let mut parser = QueryParser::for_index(&index, vec![title, text]);
    parser.set_field_boost(title, 3.0);
    let took = |asked: Vec<String>| -> Result<[f64; 2]> {
        let mut took = Vec::new();
        for asked in asked {
            let began = Instant::now();
            let (query, _) = parser.parse_query_lenient(&asked);
            searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?;
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(percentile(took))
    };
    let clean = |text: &str| text.replace(|c: char| !c.is_alphanumeric(), " ");
    let typed = took(words.iter().map(|words| clean(words)).collect())?;
    let whole = cases.iter().take(QUESTIONS).map(|case| clean(&format!("{} {}", case.title, case.text)));
    print("tantivy, as it comes", written, typed, took(whole.collect())?);
    Ok(())
}

fn sqlite(cases: &[Case], words: &[String], file: &Path) -> Result<()> {
    let asked = Command::new("python3").args(["-c", FTS5]).arg(file).stdin(Stdio::piped()).spawn();
    let Ok(mut asked) = asked else {
        println!("SQLite FTS5: there is no python3 to ask it with");
        return Ok(());
    };
    let pairs: Vec<[&str; 2]> = cases.iter().map(|case| [case.title.as_str(), case.text.as_str()]).collect();
    // A whole case takes it seconds: a few tell enough.
    let whole: Vec<String> =
        cases.iter().take(QUESTIONS / 10).map(|case| format!("{} {}", case.title, case.text)).collect();
    let input = json!({"cases": pairs, "words": words, "whole": whole});
    let mut stdin = asked.stdin.take().ok_or("no input")?;
    stdin.write_all(input.to_string().as_bytes())?;
    drop(stdin);
    asked.wait()?;
    Ok(())
}

fn print(name: &str, written: f64, typed: [f64; 2], whole: [f64; 2]) {
    println!(
        "{name:<22} index {written:6.1} s  words p50 {:8.2} p95 {:8.2} ms  case p50 {:8.2} p95 {:8.2} ms",
        typed[0], typed[1], whole[0], whole[1]
    );
}

fn size(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(dir)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}
