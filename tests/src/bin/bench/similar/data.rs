//! A benchmark folder, and the halves into which its questions are split.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::Result;

/// Documents, and questions with what is right.
pub(crate) struct Benchmark {
    pub(crate) name: String,
    pub(crate) corpus: Vec<Document>,
    pub(crate) queries: Vec<Query>,
}

pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) lang: String,
    pub(crate) cpv: Vec<String>,
}

pub(crate) struct Query {
    pub(crate) id: String,
    /// Questions that are reported together.
    pub(crate) group: String,
    pub(crate) text: String,
    /// Where the question is a record.
    pub(crate) title: Option<String>,
    /// The record it was made from: no hit.
    pub(crate) own: Option<String>,
    /// Grade by document.
    pub(crate) right: BTreeMap<String, u32>,
}

/// Half of the questions, by hash of their id. What is chosen is chosen on `dev`, what is reported is `held`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    Dev,
    Held,
    All,
}

impl Split {
    pub(crate) fn named(name: &str) -> Result<Self> {
        [Self::Dev, Self::Held, Self::All]
            .into_iter()
            .find(|split| split.name() == name)
            .ok_or_else(|| format!("--split {name}: expected dev, held or all").into())
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Held => "held",
            Self::All => "all",
        }
    }

    /// Whether a question belongs to it.
    pub(crate) fn has(self, id: &str) -> bool {
        let dev = blake3::hash(id.as_bytes()).as_bytes()[0] < 128;
        match self {
            Self::Dev => dev,
            Self::Held => !dev,
            Self::All => true,
        }
    }
}

impl Query {
    /// The text without the title that stands before it.
    pub(crate) fn need(&self) -> &str {
        let text = self.title.as_ref().and_then(|title| self.text.strip_prefix(title.as_str()));
        text.unwrap_or(&self.text).trim_start_matches(['.', ' '])
    }
}

impl Benchmark {
    /// The one in a folder, or those in its folders.
    pub(crate) fn all(dir: &Path) -> Result<Vec<Self>> {
        if dir.join("queries.jsonl").is_file() {
            return Ok(vec![Self::read(dir)?]);
        }
        let mut dirs = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.join("queries.jsonl").is_file() {
                dirs.push(path);
            }
        }
        dirs.sort();
        if dirs.is_empty() {
            return Err(format!("{} holds no benchmark: no queries.jsonl", dir.display()).into());
        }
        dirs.iter().map(|dir| Self::read(dir)).collect()
    }

    fn read(dir: &Path) -> Result<Self> {
        let mut right: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        let judged = fs::read_to_string(dir.join("qrels.tsv"))?;
        for line in judged.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [query, document, grade] = columns[..] else {
                return Err(format!("qrels.tsv: {line}").into());
            };
            right.entry(query.to_owned()).or_default().insert(document.to_owned(), grade.parse()?);
        }
        let corpus = lines(&dir.join("corpus.jsonl"))?.into_iter().map(|line| Document {
            id: text(&line, "id"),
            title: text(&line, "title"),
            text: text(&line, "text"),
            lang: text(&line, "lang"),
            cpv: line["cpv"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(Into::into)
                .collect(),
        });
        let queries = lines(&dir.join("queries.jsonl"))?.into_iter().map(|line| Query {
            group: line["group"].as_str().or(line["lang"].as_str()).unwrap_or("all").to_owned(),
            text: text(&line, "text"),
            title: line["title"].as_str().map(Into::into),
            own: line["self"].as_str().map(Into::into),
            right: right.remove(&text(&line, "id")).unwrap_or_default(),
            id: text(&line, "id"),
        });
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, corpus: corpus.collect(), queries: queries.collect() })
    }

    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        self.queries.iter().map(|query| query.group.as_str()).collect()
    }
}

fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path)?;
    Ok(text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

fn text(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}
