//! A question as terms for both legs, each remembering the words of the question it came from.

use std::collections::{BTreeMap, HashMap};

use tantivy::Searcher;
use tantivy::query::Bm25StatisticsProvider;

use super::analysis::{Word, grams, stem, words};
use super::compounds::Compounds;
use super::entry::Entry;
use super::places::{Dictionary, Places, Postings};
use super::schema::Fields;
use super::vocabulary::{Into, Translation, Vocabulary};
use super::weights::{TELLING, TITLE, Weights, repeated};

/// Text of a question beyond this many bytes is not read: a question is no archive.
const TEXT_MAX_BYTES: usize = 64 * 1024;

/// What will be searched for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) words: Vec<Asked>,
    pub(super) stems: Vec<Planned>,
    pub(super) grams: Vec<Planned>,
    /// What all terms of the question's own words weigh in each leg, known to the index or not.
    pub(super) stems_ideal: f32,
    pub(super) grams_ideal: f32,
    /// Expansions, for the asker to see.
    pub(super) searched_also: Vec<String>,
    by_norm: HashMap<String, usize>,
}

/// A distinct word of the question, or an expansion of some.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) norm: String,
    pub(super) stem: String,
    /// How often it stands in the question, a title counted [`TITLE`] times; less for an expansion.
    pub(super) weight: f32,
    /// The words of the question that an expansion stands for; empty for those words themselves.
    pub(super) stands_for: Vec<usize>,
    /// Whether only its stem is sought.
    pub(super) stem_only: bool,
    /// How much it says: weight times inverse document frequency.
    pub(super) information: f32,
}

/// A term of one leg.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) text: String,
    pub(super) doc_freq: u64,
    /// Where its postings are, by segment.
    pub(super) places: Postings,
    /// Factor on its BM25 score.
    pub(super) weight: f32,
    /// Indexes of the words it comes from.
    pub(super) words: Vec<usize>,
}

/// What a plan is made with.
pub(super) struct Source<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: &'a Fields,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) compounds: &'a Compounds,
    pub(super) weights: &'a Weights,
    pub(super) places: &'a Places,
}

impl Plan {
    /// A plan for typed text.
    pub(super) fn for_text(text: &str, source: &Source<'_>) -> tantivy::Result<Self> {
        let mut plan = Self::default();
        let asked: Vec<Word<'_>> = words(beginning(text, TEXT_MAX_BYTES)).collect();
        let at: Vec<usize> = asked.iter().map(|word| plan.ask(&word.norm, 1.0)).collect();
        plan.expand(&asked, &at, source);
        plan.choose_terms(source)?;
        Ok(plan)
    }

    /// A plan for the like of a record.
    pub(super) fn for_record(entry: &Entry, source: &Source<'_>) -> tantivy::Result<Self> {
        let mut plan = Self::default();
        let titles = entry.title.values().map(|title| (title, TITLE as f32));
        let texts = entry.texts.iter().map(|text| (&text.text, 1.0));
        let mut left = TEXT_MAX_BYTES;
        for (text, weight) in titles.chain(texts) {
            let text = beginning(text, left);
            left -= text.len();
            for word in words(text) {
                plan.ask(&word.norm, weight);
            }
        }
        plan.choose_terms(source)?;
        Ok(plan)
    }

    /// How many distinct words the question has, expansions aside.
    pub(super) fn asked(&self) -> usize {
        self.words.iter().filter(|word| word.stands_for.is_empty()).count()
    }

    fn ask(&mut self, norm: &str, weight: f32) -> usize {
        if let Some(at) = self.by_norm.get(norm) {
            self.words[*at].weight += weight;
            return *at;
        }
        self.by_norm.insert(norm.to_owned(), self.words.len());
        self.words.push(Asked {
            norm: norm.to_owned(),
            stem: stem(norm),
            weight,
            stands_for: Vec::new(),
            stem_only: false,
            information: 0.0,
        });
        self.words.len() - 1
    }

    /// Adds what words are called in the other language.
    fn expand(&mut self, asked: &[Word<'_>], at: &[usize], source: &Source<'_>) {
        let lower: Vec<String> = asked.iter().map(|word| word.surface.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        for found in source.vocabulary.find(&lower) {
            let stands_for: Vec<usize> = at[found.first..found.first + found.count].to_vec();
            let expansion = match found.into {
                Into::Norwegian => source.weights.expansion,
                Into::English => source.weights.to_english,
            };
            for Translation { word: phrase, probability } in &found.translations {
                let mut added = false;
                for word in words(phrase) {
                    if self.by_norm.contains_key(&word.norm) {
                        continue;
                    }
                    let new = self.ask(&word.norm, expansion * probability);
                    self.words[new].stands_for.clone_from(&stands_for);
                    self.words[new].stem_only = found.into == Into::English;
                    added = true;
                }
                if added {
                    self.searched_also.push(phrase.clone());
                }
            }
        }
    }

    /// The best terms of each leg by tf-idf, of those the index has at all.
    fn choose_terms(&mut self, source: &Source<'_>) -> tantivy::Result<()> {
        let Source { searcher, fields, weights, places, .. } = *source;
        let total = searcher.total_num_docs()?;
        let mut stems: BTreeMap<String, (f32, Vec<usize>)> = BTreeMap::new();
        let mut parts: BTreeMap<String, (f32, Vec<usize>)> = BTreeMap::new();
        for (at, word) in self.words.iter().enumerate() {
            add(&mut stems, word.stem.clone(), word.weight, at);
            for part in source.compounds.parts(&word.norm).iter() {
                add(&mut stems, part.clone(), word.weight * weights.parts, at);
            }
            if word.stem_only {
                continue;
            }
            for gram in grams(&word.norm) {
                add(&mut parts, gram, word.weight, at);
            }
        }
        let own = |words: &[usize]| words.iter().any(|word| self.words[*word].stands_for.is_empty());
        let (in_stems, in_grams) = (places.of(fields.stems, searcher)?, places.of(fields.grams, searcher)?);
        (self.stems, self.stems_ideal) = best(stems, weights.best_stems, &in_stems, total, own)?;
        (self.grams, self.grams_ideal) = best(parts, weights.best_grams, &in_grams, total, own)?;
        for word in &mut self.words {
            let known = self.stems.iter().find(|term| term.text == word.stem);
            let (doc_freq, total) = (known.map_or(0, |term| term.doc_freq), total.max(TELLING));
            word.information = word.weight * idf(doc_freq, total);
        }
        Ok(())
    }
}

fn add(terms: &mut BTreeMap<String, (f32, Vec<usize>)>, text: String, weight: f32, word: usize) {
    let (sum, from) = terms.entry(text).or_default();
    *sum += weight;
    if from.last() != Some(&word) {
        from.push(word);
    }
}

fn best(
    terms: BTreeMap<String, (f32, Vec<usize>)>,
    count: usize,
    dictionary: &Dictionary<'_>,
    total: u64,
    own: impl Fn(&[usize]) -> bool,
) -> tantivy::Result<(Vec<Planned>, f32)> {
    let mut planned = Vec::with_capacity(terms.len());
    for (text, (weight, words)) in terms {
        let places = dictionary.find(&text)?;
        let doc_freq = places.iter().flatten().map(|place| u64::from(place.doc_freq)).sum();
        planned.push(Planned { text, doc_freq, places, weight: repeated(weight), words });
    }
    planned.sort_by(|a, b| {
        let worth = |term: &Planned| term.weight * idf(term.doc_freq, total);
        worth(b).total_cmp(&worth(a)).then_with(|| a.text.cmp(&b.text))
    });
    let owned = planned.iter().filter(|term| own(&term.words)).take(count);
    let ideal = owned.map(|term| term.weight * idf(term.doc_freq, total)).sum();
    planned.retain(|term| term.doc_freq > 0);
    planned.truncate(count);
    Ok((planned, ideal))
}

/// Inverse document frequency, as BM25 has it.
pub(super) fn idf(doc_freq: u64, total: u64) -> f32 {
    let (with, all) = (doc_freq as f32, total as f32);
    (1.0 + ((all - with).max(0.0) + 0.5) / (with + 0.5)).ln()
}

/// At most `bytes` of a text, cut between letters.
fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
