//! From text to what the index holds: words, their stems, their 4-grams.
//!
//! The index, the question and the explanation all use these functions, so that what is explained is what was found.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};

use super::norwegian::{is_stop_word, normalise};

/// Letters in a gram. Four carries Norwegian compounds best; three finds too much, five too little.
const GRAM_CHARS: usize = 4;

/// Marks where a word begins and ends, so that `_tryg` is another gram than the middle of `utrygghet`.
const BOUNDARY: char = '_';

/// Longer runs of letters are no words (keys, encoded data), and would fill the index with grams.
const WORD_MAX_CHARS: usize = 60;

/// A word of a text that is not a stop word.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    /// As it stands in the text.
    pub(super) surface: &'a str,
    /// Lower case, letters folded, one spelling for both written standards.
    pub(super) norm: String,
    /// Bytes of the text it came from.
    pub(super) range: Range<usize>,
}

/// The words of a text that say something.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    runs(text).filter_map(move |range| {
        let surface = &text[range.clone()];
        if surface.chars().count() > WORD_MAX_CHARS {
            return None;
        }
        let lower = surface.to_lowercase();
        if is_stop_word(&lower) {
            return None;
        }
        Some(Word { surface, norm: normalise(&lower), range })
    })
}

/// The stem that inflections of a word share.
pub(super) fn stem(norm: &str) -> String {
    STEMMER.with(|stemmer| stemmer.stem(norm).into_owned())
}

thread_local! {
    static STEMMER: Stemmer = Stemmer::create(Algorithm::Norwegian);
}

/// The word between its boundaries, from which [`gram_ranges`] cuts.
pub(super) fn bounded(norm: &str) -> String {
    let mut bounded = String::with_capacity(norm.len() + 2);
    bounded.push(BOUNDARY);
    bounded.push_str(norm);
    bounded.push(BOUNDARY);
    bounded
}

/// Byte ranges of the 4-grams of a bounded word; a word of one or two letters is one shorter gram.
pub(super) fn gram_ranges(bounded: &str) -> impl Iterator<Item = Range<usize>> + use<> {
    let mut cuts: Vec<usize> = bounded.char_indices().map(|(at, _)| at).collect();
    cuts.push(bounded.len());
    let chars = cuts.len() - 1;
    let size = GRAM_CHARS.min(chars);
    (0..=chars - size).map(move |first| cuts[first]..cuts[first + size])
}

/// The 4-grams of a word.
pub(super) fn grams(norm: &str) -> Vec<String> {
    let bounded = bounded(norm);
    gram_ranges(&bounded).map(|range| bounded[range].to_owned()).collect()
}

/// Runs of letters and digits.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, _) = chars.by_ref().find(|(_, letter)| letter.is_alphanumeric())?;
        let mut end = text.len();
        while let Some((at, letter)) = chars.peek() {
            if !letter.is_alphanumeric() {
                end = *at;
                break;
            }
            chars.next();
        }
        Some(start..end)
    })
}

/// Byte ranges of the sentences of a text: cut at line ends, and after `.`, `!`, `?` before a space and a capital or
/// digit.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let (mut stopped, mut spaced) = (false, false);
    for (at, letter) in text.char_indices() {
        let begins = stopped && spaced && (letter.is_uppercase() || letter.is_numeric() || letter == '–');
        if begins || letter == '\n' {
            ranges.push(start..at);
            start = at;
        }
        spaced = letter.is_whitespace();
        stopped = matches!(letter, '.' | '!' | '?') || (stopped && spaced);
    }
    ranges.push(start..text.len());
    ranges.retain(|range| !text[range.clone()].trim().is_empty());
    ranges
}
