//! English questions meet Norwegian records through a small table of our own, shown to the asker whenever it is used.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The table, as `english = norwegian, norwegian` a line.
const ENGLISH: &str = include_str!("english.txt");

/// Words in the longest phrase of the table.
const PHRASE_MAX_WORDS: usize = 3;

static TABLE: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    ENGLISH
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(english, norwegian)| (english.trim(), norwegian.split(',').map(str::trim).collect()))
        .collect()
});

/// A phrase of the question found in the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its first word, counted among the words given.
    pub(super) first: usize,
    /// How many words it has.
    pub(super) count: usize,
    /// What it is called in Norwegian.
    pub(super) norwegian: &'static [&'static str],
}

/// Finds the phrases of the table in a row of lower-case words, the longer before the shorter, none overlapping.
pub(super) fn find(words: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut first = 0;
    while first < words.len() {
        let longest = PHRASE_MAX_WORDS.min(words.len() - first);
        let hit = (1..=longest).rev().find_map(|count| {
            let norwegian = look_up(&words[first..first + count].join(" "))?;
            Some(Found { first, count, norwegian })
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
        .find_map(|form| TABLE.get(form.as_str()))
        .map(Vec::as_slice)
}
