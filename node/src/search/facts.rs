//! What can be compared besides words: CPV codes and the small facts, each as a visible part of the score.

use std::collections::BTreeMap;

use tantivy::columnar::Column;
use tantivy::{DocAddress, DocId, Searcher, SegmentReader};

use super::query::{About, PartKind};
use super::schema::{CPV_LEVELS, code_number, column, cpv_number};
use super::weights::Weights;

/// What one fact adds to a hit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    pub(super) kind: PartKind,
    pub(super) text: String,
    pub(super) amount: f32,
}

/// The columns of one segment.
pub(super) struct Columns {
    cpv: Column<u64>,
    phase: Column<u64>,
    procedure: Column<u64>,
    innovation_kind: Column<u64>,
    value: Column<i64>,
    measured: Column<bool>,
    used_by: Column<u64>,
    lesson_phase: Column<u64>,
}

impl Columns {
    /// Opens the columns of every segment, in the order of segments.
    pub(super) fn open(searcher: &Searcher) -> tantivy::Result<Vec<Self>> {
        searcher.segment_readers().iter().map(Self::of).collect()
    }

    fn of(reader: &SegmentReader) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        Ok(Self {
            cpv: columns.u64(column::CPV)?,
            phase: columns.u64(column::PHASE)?,
            procedure: columns.u64(column::PROCEDURE)?,
            innovation_kind: columns.u64(column::INNOVATION_KIND)?,
            value: columns.i64(column::VALUE)?,
            measured: columns.bool(column::MEASURED)?,
            used_by: columns.u64(column::USED_BY)?,
            lesson_phase: columns.u64(column::LESSON_PHASE)?,
        })
    }

    /// What a document shares with the asker's procurement, largest weights first.
    pub(super) fn compare(
        &self,
        document: DocId,
        about: &About,
        cpv: &CpvLikeness,
        weights: &Weights,
    ) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut add = |kind, text: &str, amount: f32| {
            if amount > 0.0 {
                facts.push(Fact { kind, text: text.to_owned(), amount });
            }
        };
        let (likeness, shared) = cpv.of(self.cpv.values_for_doc(document), weights);
        add(PartKind::Cpv, &shared, weights.cpv * likeness);
        let same = |column: &Column<u64>, code: &Option<String>| {
            code.as_ref()
                .filter(|code| column.values_for_doc(document).any(|has| has == code_number(code)))
                .cloned()
        };
        if let Some(code) = same(&self.phase, &about.phase) {
            add(PartKind::Phase, &code, weights.phase);
        }
        if let Some(code) = same(&self.procedure, &about.procedure) {
            add(PartKind::Procedure, &code, weights.procedure);
        }
        if let Some(code) = same(&self.innovation_kind, &about.innovation_kind) {
            add(PartKind::Innovation, &code, weights.innovation);
        }
        if let Some(code) = same(&self.lesson_phase, &about.phase) {
            add(PartKind::Lessons, &code, weights.lessons);
        }
        if let (Some(asked), Some(has)) = (about.value, self.value.first(document)) {
            add(PartKind::Value, "", weights.value * value_likeness(asked, has));
        }
        if self.measured.first(document) == Some(true) {
            add(PartKind::Gains, "", weights.gains);
        }
        let used_by = self.used_by.first(document).unwrap_or(0) as f32;
        add(PartKind::Reuse, "", weights.reuse * used_by / (used_by + 1.0));
        facts
    }
}

/// 1 for equal values, 0 from a factor of ten on.
fn value_likeness(a: i64, b: i64) -> f32 {
    if a <= 0 || b <= 0 {
        return 0.0;
    }
    (1.0 - (a as f32 / b as f32).log10().abs()).max(0.0)
}

/// How much each beginning of a CPV code counts: 1 where the query has it, a share of the votes where the nearest
/// decided.
#[derive(Debug, Default)]
pub(super) struct CpvLikeness {
    by_level: [BTreeMap<u64, f32>; CPV_LEVELS.len()],
}

impl CpvLikeness {
    /// The codes of the query itself.
    pub(super) fn given(codes: &[String], weights: &Weights) -> Self {
        let mut likeness = Self::default();
        likeness.count(codes.iter().filter_map(|code| cpv_number(code)), 1.0, weights);
        likeness
    }

    /// The codes of the nearest, each with a vote as large as its score. `voters` are best first.
    pub(super) fn voted(
        nearest: impl Iterator<Item = (DocAddress, f32)>,
        columns: &[Columns],
        weights: &Weights,
    ) -> Self {
        let voters: Vec<(DocAddress, f32)> = nearest.take(weights.cpv_voters).collect();
        let all: f32 = voters.iter().map(|(_, score)| score).sum();
        let mut likeness = Self::default();
        for (voter, score) in voters {
            let codes = columns[voter.segment_ord as usize].cpv.values_for_doc(voter.doc_id);
            likeness.count(codes, score / all, weights);
        }
        likeness
    }

    /// Adds a vote to every beginning of the codes, of which the first is the main one: once however many codes have
    /// it, and as the best of them.
    fn count(&mut self, codes: impl Iterator<Item = u64>, vote: f32, weights: &Weights) {
        let codes: Vec<(u64, f32)> = ranked(codes, weights).collect();
        for (level, votes) in CPV_LEVELS.into_iter().zip(&mut self.by_level) {
            let mut best: BTreeMap<u64, f32> = BTreeMap::new();
            for (code, rank) in &codes {
                let most = best.entry(prefix(*code, level)).or_insert(0.0);
                *most = most.max(*rank);
            }
            for (prefix, rank) in best {
                *votes.entry(prefix).or_insert(0.0) += vote * rank;
            }
        }
    }

    /// How like a document's codes are, of 1, and the deepest level shared, as eight digits.
    fn of(&self, codes: impl Iterator<Item = u64>, weights: &Weights) -> (f32, String) {
        let codes: Vec<(u64, f32)> = ranked(codes, weights).collect();
        let mut likeness = 0.0;
        let mut shared = String::new();
        for (at, level) in CPV_LEVELS.into_iter().enumerate() {
            let best = codes
                .iter()
                .filter_map(|(code, rank)| {
                    let prefix = prefix(*code, level);
                    self.by_level[at].get(&prefix).map(|vote| (vote * rank, prefix))
                })
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((vote, prefix)) = best else { break };
            likeness += vote * weights.cpv_by_level[at];
            shared = format!("{:0<8}", format!("{prefix:0level$}"));
        }
        (likeness, shared)
    }
}

/// Codes with what each says: the first what a procurement is, the others what else belongs to it.
fn ranked(codes: impl Iterator<Item = u64>, weights: &Weights) -> impl Iterator<Item = (u64, f32)> {
    codes.enumerate().map(|(at, code)| (code, if at == 0 { 1.0 } else { weights.cpv_additional }))
}

/// The first digits of an eight-digit code.
fn prefix(code: u64, digits: usize) -> u64 {
    code / 10_u64.pow(8 - digits as u32)
}
