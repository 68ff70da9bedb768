//! English questions meet Norwegian records, and the other way round: through a small table of our own, and through
//! one learnt from a list of labels in both languages when somebody has imported it. What was added is shown.

mod learn;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rust_stemmers::{Algorithm, Stemmer};

use super::analysis::{stem, words};

/// The table of our own, as `english = norwegian, norwegian` a line.
const ENGLISH: &str = include_str!("english.txt");

/// Words in the longest phrase of it.
const PHRASE_MAX_WORDS: usize = 3;

/// A translation of our own is as good as certain.
const OWN: f32 = 1.0;

static OURS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    ENGLISH
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(english, norwegian)| (english.trim(), norwegian.split(',').map(str::trim).collect()))
        .collect()
});

/// What words are called in the other language.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// By stem of the English word.
    norwegian: HashMap<String, Vec<Translation>>,
    /// By stem of the Norwegian word.
    english: HashMap<String, Vec<Translation>>,
    /// Stems of the words of the Norwegian labels.
    labels: HashSet<String>,
}

/// The vocabulary of the day, for whoever asks and whoever indexes.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<RwLock<Arc<Vocabulary>>>);

impl Shared {
    pub(super) fn get(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, vocabulary: Vocabulary) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(vocabulary);
    }
}

/// A word of the other language, and how sure that is, of 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Translation {
    pub(super) word: String,
    pub(super) probability: f32,
}

/// A language that words are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    Norwegian,
    English,
}

/// Words of the question, and what they are called in the other language.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// Its first word, counted among the words given.
    pub(super) first: usize,
    /// How many words it has.
    pub(super) count: usize,
    /// The language of the translations.
    pub(super) into: Into,
    /// What it is called.
    pub(super) translations: Vec<Translation>,
}

impl Vocabulary {
    /// Learns from labels of the same things, English first.
    #[must_use]
    pub fn learn<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs: Vec<(Vec<Term>, Vec<Term>)> = labels
            .into_iter()
            .map(|(english, norwegian)| (english_terms(english), norwegian_terms(norwegian)))
            .collect();
        let turned: Vec<_> = pairs.iter().map(|(english, norwegian)| (norwegian, english)).collect();
        let straight: Vec<_> = pairs.iter().map(|(english, norwegian)| (english, norwegian)).collect();
        let labels =
            pairs.iter().flat_map(|(_, norwegian)| norwegian).map(|term| term.stem.clone()).collect();
        Self { norwegian: learn::table(&straight), english: learn::table(&turned), labels }
    }

    /// How many words it has learnt, of both languages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.norwegian.len() + self.english.len()
    }

    /// Whether it has learnt none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stems of the words of the Norwegian labels it was learnt from.
    pub(super) fn labels(&self) -> &HashSet<String> {
        &self.labels
    }

    /// Finds what a row of lower-case words is called in the other language: the phrases of our own table, the
    /// longer before the shorter, none overlapping, and what was learnt of each word.
    pub(super) fn find(&self, words: &[&str]) -> Vec<Found> {
        let mut found = ours(words);
        let english: Vec<_> = words.iter().map(|word| self.norwegian.get(&english_stem(word))).collect();
        let norwegian: Vec<_> = words.iter().map(|word| self.english.get(&norwegian_stem(word))).collect();
        // A word may be of both languages; what most of the question is in is what it is in.
        let known = |side: &[Option<&Vec<Translation>>]| side.iter().flatten().count();
        let mut into = Into::Norwegian;
        let side = if known(&norwegian) > known(&english) {
            into = Into::English;
            norwegian
        } else {
            english
        };
        for (first, translations) in side.into_iter().enumerate() {
            if let Some(translations) = translations {
                found.push(Found { first, count: 1, into, translations: translations.clone() });
            }
        }
        found
    }
}

/// The Norwegian words of our own table.
pub(super) fn norwegian_words() -> impl Iterator<Item = &'static str> {
    OURS.values().flatten().copied()
}

/// The phrases of our own table in a row of words.
fn ours(words: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut first = 0;
    while first < words.len() {
        let longest = PHRASE_MAX_WORDS.min(words.len() - first);
        let hit = (1..=longest).rev().find_map(|count| {
            let norwegian = look_up(&words[first..first + count].join(" "))?;
            let translations = norwegian.iter();
            let translations =
                translations.map(|word| Translation { word: (*word).to_owned(), probability: OWN }).collect();
            Some(Found { first, count, into: Into::Norwegian, translations })
        });
        first += hit.as_ref().map_or(1, |found| found.count);
        found.extend(hit);
    }
    found
}

/// A phrase as it stands, else in the singular.
fn look_up(phrase: &str) -> Option<&'static [&'static str]> {
    let singular = |end: &str, instead: &str| Some(format!("{}{instead}", phrase.strip_suffix(end)?));
    [Some(phrase.to_owned()), singular("ies", "y"), singular("es", ""), singular("s", "")]
        .into_iter()
        .flatten()
        .find_map(|form| OURS.get(form.as_str()))
        .map(Vec::as_slice)
}

/// A word of a label: what it is counted as, and how it is written.
pub(super) struct Term {
    pub(super) stem: String,
    pub(super) surface: String,
}

fn english_terms(label: &str) -> Vec<Term> {
    let terms = words(label).map(|word| word.surface.to_lowercase());
    terms.map(|surface| Term { stem: english_stem(&surface), surface }).collect()
}

fn norwegian_terms(label: &str) -> Vec<Term> {
    words(label).map(|word| Term { stem: stem(&word.norm), surface: word.surface.to_lowercase() }).collect()
}

fn english_stem(word: &str) -> String {
    thread_local! {
        static STEMMER: Stemmer = Stemmer::create(Algorithm::English);
    }
    STEMMER.with(|stemmer| stemmer.stem(word).into_owned())
}

fn norwegian_stem(word: &str) -> String {
    words(word).next().map(|word| stem(&word.norm)).unwrap_or_default()
}
