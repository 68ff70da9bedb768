//! What is asked, and what is answered.

use serde::Serialize;

use super::entry::{Entry, Lesson};
use super::weights::Weights;

/// A question to the index.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// What to find the like of.
    pub ask: Ask,
    /// How many hits at most; the answer holds no more than [`Query::LIMIT_MAX`].
    pub limit: usize,
    /// Which records may be hits.
    pub filters: Filters,
    /// What the asker knows of its own procurement. For a record, what is absent here is taken from it.
    pub about: About,
    /// A record that is no hit and has no vote, besides the one that asks.
    pub except: Option<String>,
    /// Language in which titles are preferred.
    pub lang: Option<String>,
    /// What the evidence weighs.
    pub weights: Weights,
}

/// What to find the like of.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Words someone typed, or a whole need in plain text.
    Text(String),
    /// A record that need not be in the index; an entry of the same record id is no hit.
    Record(Box<Entry>),
    /// A record of the index, by its id.
    Indexed(String),
}

impl Default for Ask {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Conditions a hit must meet; empty means any. Several codes of one condition: one of them must hold.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Codes of kinds of record: `case`, `template`, `collection`.
    pub kind: Vec<String>,
    /// Codes of phases.
    pub phase: Vec<String>,
    /// Codes of sectors.
    pub sector: Vec<String>,
    /// Organisation numbers of owners.
    pub owner: Vec<String>,
    /// CPV codes or their first two to eight digits.
    pub cpv: Vec<String>,
    /// Content languages.
    pub lang: Vec<String>,
    /// Counties of owners, as they write them.
    pub county: Vec<String>,
    /// Codes of procedures.
    pub procedure: Vec<String>,
    /// Years in which something of it happened.
    pub year: Vec<String>,
    /// Least and most value, in whole units of its currency.
    pub value: (Option<i64>, Option<i64>),
    /// Only with a measured gain.
    pub measured: bool,
    /// Only what ended without what was wanted.
    pub failed: bool,
}

/// Facts of the asker's procurement that hits are compared with.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Code of the phase the asker stands in: also decides which lessons are shown.
    pub phase: Option<String>,
    /// Code of the procedure.
    pub procedure: Option<String>,
    /// Code of the innovation kind.
    pub innovation_kind: Option<String>,
    /// CPV codes, eight digits.
    pub cpv: Vec<String>,
    /// Value in whole units of currency.
    pub value: Option<i64>,
}

impl Query {
    /// Most hits of one answer.
    pub const LIMIT_MAX: usize = 100;

    /// A typed question without conditions, ten hits.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { ask: Ask::Text(text.into()), limit: 10, ..Self::default() }
    }

    /// The like of a record, ten hits.
    #[must_use]
    pub fn record(entry: Entry) -> Self {
        Self { ask: Ask::Record(Box::new(entry)), limit: 10, ..Self::default() }
    }
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Similar {
    /// The words asked for; for a record its title.
    pub query: String,
    /// Words that were searched for besides those of the question.
    pub searched_also: Vec<String>,
    /// Time it took, in milliseconds.
    pub took_ms: f64,
    /// Whether no hit is near: those given are then the nearest, each marked far.
    pub nothing_close: bool,
    /// Whether the index is still being built, so that records may be missing; absent when it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub building: bool,
    /// The hits, best first.
    pub hits: Vec<Hit>,
}

/// One similar record.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// Record id.
    pub id: String,
    /// `case`, `template` or `collection`.
    pub kind: String,
    /// Title in the language of `lang`.
    pub title: String,
    /// Language of the title.
    pub lang: String,
    /// Who keeps it.
    pub owner: Owner,
    /// Code of its phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Orders the hits of one answer: the BM25 points of its words and parts, and the small weights beside. No
    /// percentage.
    pub score: f32,
    /// Whether too little of the question is in it to call it near.
    pub far: bool,
    /// What the score is made of, the largest share first. Shares sum to 1 over what is listed: at most
    /// [`Hit::PARTS_MAX`], the largest.
    pub why: Vec<Part>,
    /// The sentence of the record that carries most of the score.
    pub sentence: String,
    /// Its lessons that concern the asker's phase; without a phase, those that concern the words.
    pub lessons: Vec<Lesson>,
}

impl Hit {
    /// Most reasons listed for one hit.
    pub const PARTS_MAX: usize = 12;
    /// Most lessons shown beside one hit.
    pub const LESSONS_MAX: usize = 3;
}

/// Owner of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Organisation number.
    pub org: String,
    /// Name.
    pub name: String,
}

/// A part of a hit's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// What sort of reason.
    pub kind: PartKind,
    /// For words, the word of the record that matched; for codes, the code that is shared (of CPV its shared digits
    /// filled up with zeros); else empty.
    pub text: String,
    /// Its part of the score, of 1.
    pub share: f32,
}

/// A sort of reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// A word of the question, in any inflection and either written standard.
    Word,
    /// A word of the record that shares a part with one of the question.
    Part,
    /// A word that was searched for besides those of the question.
    Expansion,
    /// A word of the record that differs from one of the question in a letter or two.
    Spelling,
    /// Shared CPV level.
    Cpv,
    /// Same phase.
    Phase,
    /// Same procedure.
    Procedure,
    /// Same order of value.
    Value,
    /// Same kind of innovation.
    Innovation,
    /// Has a measured gain.
    Gains,
    /// Has lessons for the asker's phase.
    Lessons,
    /// Is in use elsewhere.
    Reuse,
}
