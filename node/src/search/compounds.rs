//! Compounds and what they are made of: `trygghetsalarm` is `trygghet` and `alarm`.
//!
//! A compound is split where both sides are words that stand alone somewhere: in a list of our own, in the labels that
//! somebody has imported, or in two records of this node. The parts are sought beside the whole, so that nothing is
//! lost by a wrong split. Measured beside the grams, which see parts too: English questions +.04, whose translations
//! are seldom the compound that stands in the record; bokmål and synonyms +.01; running text and notices the same.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use tantivy::Searcher;
use tantivy::schema::Field;

use super::analysis::{Word, stem, words};
use super::entry::Entry;
use super::schema::{ANALYSIS, code_number};
use super::vocabulary;

/// Letters of a part: shorter ones are found by chance, longer ones are compounds themselves.
const PART_CHARS: std::ops::RangeInclusive<usize> = 4..=12;
/// Letters of a compound.
const COMPOUND_CHARS_MIN: usize = 7;
/// Letters left on either side of a split, before a binding letter is taken off and the ending stemmed.
const SIDE_CHARS_MIN: usize = 3;
/// Splits within splits.
const DEPTH: usize = 3;
/// Records in which a word must stand.
const RECORDS_MIN: u64 = 2;
/// Words taken from the records of a node: bounds memory to some ten megabytes.
const WORDS_MAX: usize = 200_000;
/// Words whose parts are remembered.
const REMEMBERED_MAX: usize = 100_000;

static OURS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let stems = vocabulary::norwegian_words().flat_map(words).map(|word| stem(&word.norm));
    stems.filter(|stem| is_part(stem)).collect()
});

/// The parts of words, known to whoever indexes, asks and explains alike.
#[derive(Debug, Clone, Default)]
pub(super) struct Compounds(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Stems.
    words: HashSet<String>,
    /// What was split before.
    remembered: HashMap<String, Arc<[String]>>,
}

impl Compounds {
    /// Takes up the words of these records and labels, in place of what it knew.
    pub(super) fn learn(
        &self,
        searcher: &Searcher,
        stems: Field,
        labels: &HashSet<String>,
    ) -> tantivy::Result<()> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for reader in searcher.segment_readers() {
            let index = reader.inverted_index(stems)?;
            let mut terms = index.terms().stream()?;
            while terms.advance() {
                let Ok(stem) = std::str::from_utf8(terms.key()) else { continue };
                if is_part(stem) && (counts.len() < WORDS_MAX || counts.contains_key(stem)) {
                    *counts.entry(stem.to_owned()).or_default() += u64::from(terms.value().doc_freq);
                }
            }
        }
        let own = counts.into_iter().filter(|(_, records)| *records >= RECORDS_MIN).map(|(stem, _)| stem);
        let words = own.chain(labels.iter().filter(|stem| is_part(stem)).cloned()).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Known { words, remembered: HashMap::new() };
        Ok(())
    }

    /// The stems of the parts of a word; none where it is no compound.
    pub(super) fn parts(&self, norm: &str) -> Arc<[String]> {
        if norm.len() < COMPOUND_CHARS_MIN {
            return Arc::default();
        }
        if let Some(parts) = self.0.read().unwrap_or_else(PoisonError::into_inner).remembered.get(norm) {
            return Arc::clone(parts);
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let parts: Arc<[String]> = split(norm, &known.words, DEPTH).unwrap_or_default().into();
        if known.remembered.len() >= REMEMBERED_MAX {
            known.remembered.clear();
        }
        known.remembered.insert(norm.to_owned(), Arc::clone(&parts));
        parts
    }

    /// Tells two ways of analysing a record apart: the rules of the day, and how its words are split.
    pub(super) fn analysed(&self, entry: &Entry) -> u64 {
        let texts = entry.title.values().chain(entry.texts.iter().map(|text| &text.text));
        let split = |word: Word<'_>| {
            let parts = self.parts(&word.norm);
            if parts.is_empty() { 0 } else { code_number(&format!("{}={}", word.norm, parts.join("+"))) }
        };
        texts.flat_map(|text| words(text)).map(split).fold(ANALYSIS, u64::wrapping_add)
    }
}

/// The parts with the longest last one, which says what the thing is.
fn split(norm: &str, known: &HashSet<String>, depth: usize) -> Option<Vec<String>> {
    let cuts: Vec<usize> = norm.char_indices().map(|(at, _)| at).collect();
    if depth == 0 || cuts.len() < COMPOUND_CHARS_MIN {
        return None;
    }
    let is_known = |stem: &str| OURS.contains(stem) || known.contains(stem);
    cuts[SIDE_CHARS_MIN..=cuts.len() - SIDE_CHARS_MIN].iter().find_map(|cut| {
        let (first, last) = norm.split_at(*cut);
        let last = stem(last);
        if !is_known(&last) {
            return None;
        }
        // With a binding letter or without.
        let forms = [Some(first), first.strip_suffix('s'), first.strip_suffix('e')];
        forms.into_iter().flatten().find_map(|form| {
            let whole = stem(form);
            let mut parts = if is_known(&whole) { vec![whole] } else { split(form, known, depth - 1)? };
            parts.push(last.clone());
            Some(parts)
        })
    })
}

fn is_part(stem: &str) -> bool {
    PART_CHARS.contains(&stem.chars().count()) && stem.chars().all(char::is_alphabetic)
}
