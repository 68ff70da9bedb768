//! Why a record is a hit, from the very numbers it was ranked by.
//!
//! Grams mean nothing to a reader, so each is led back to the words of the question it was cut from and on to the word
//! of the record that holds it. What a word or fact is credited with is the sum of what its terms gave the score.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::analysis::{Word, bounded, gram_ranges, grams, sentences, stem, words};
use super::compounds::Compounds;
use super::entry::{Entry, Lesson};
use super::plan::Plan;
use super::query::{Hit, Part, PartKind};
use super::rank::Ranked;
use super::weights;

/// Longest sentence shown; a longer one is cut.
const SENTENCE_MAX_CHARS: usize = 300;

/// Bytes of a record that are read to explain it: more than all but a handful have, and a bound on the time.
const READ_MAX_BYTES: usize = 64 * 1024;

/// The reasons of one hit.
#[derive(Debug)]
pub(super) struct Explanation {
    pub(super) parts: Vec<Part>,
    pub(super) sentence: String,
    pub(super) lessons: Vec<Lesson>,
    /// How much of the question is in the record, of 1.
    pub(super) covered: f32,
}

/// The words of a record, read once.
struct Reading<'a> {
    /// The distinct words that share a term with the question.
    met: Vec<Met<'a>>,
    /// Where these stand in each of the record's texts: the byte where the word begins, and which it is.
    places: Vec<Vec<(usize, usize)>>,
    /// Every word seen, and which of `met` it is.
    known: HashMap<String, Option<usize>>,
}

/// A word of the record that shares terms with the question.
struct Met<'a> {
    surface: &'a str,
    norm: String,
    stem: String,
    /// Stems of its parts, if it is a compound.
    parts: Arc<[String]>,
    /// Indexes of the grams of the plan it holds.
    grams: Vec<usize>,
}

/// Explains a hit.
pub(super) fn explain(
    plan: &Plan,
    hit: &Ranked,
    entry: &Entry,
    phase: Option<&str>,
    compounds: &Compounds,
) -> Explanation {
    let reading = Reading::of(entry, plan, compounds);
    let met = reading.met.as_slice();
    let credits = credit(plan, hit, met);

    let mut by_word = vec![0.0; met.len()];
    // A word of the record is shown once, as what it is to the word of the question that gives it most.
    let mut closest: BTreeMap<usize, (f32, PartKind)> = BTreeMap::new();
    for ((asked, at), amount) in &credits {
        by_word[*at] += amount;
        let kind = kind(plan, *asked, &met[*at]);
        let most = closest.entry(*at).or_insert((*amount, kind));
        if *amount > most.0 {
            *most = (*amount, kind);
        }
    }
    let mut amounts: BTreeMap<(PartKind, String), f32> = BTreeMap::new();
    for (at, (_, kind)) in closest {
        *amounts.entry((kind, met[at].surface.to_lowercase())).or_default() += by_word[at];
    }
    for fact in &hit.facts {
        *amounts.entry((fact.kind, fact.text.clone())).or_default() += fact.amount;
    }
    Explanation {
        parts: shares(amounts),
        sentence: best_sentence(entry, &reading, &by_word),
        lessons: lessons(entry, phase, &reading, &by_word),
        covered: covered(plan, hit, met),
    }
}

impl Met<'_> {
    fn has_stem(&self, stem: &str) -> bool {
        self.stem == stem || self.parts.iter().any(|part| part == stem)
    }
}

/// The terms of a plan, as a record's words are looked up in them.
struct Terms<'a> {
    grams: HashMap<&'a str, usize>,
    stems: HashSet<&'a str>,
    /// Stemming only cuts endings: a word whose beginning is no stem's beginning has none of the stems.
    beginnings: HashSet<&'a str>,
    compounds: &'a Compounds,
}

impl<'a> Terms<'a> {
    fn of(plan: &'a Plan, compounds: &'a Compounds) -> Self {
        let stems: HashSet<&str> = plan.stems.iter().map(|term| term.text.as_str()).collect();
        Self {
            grams: plan.grams.iter().enumerate().map(|(at, term)| (term.text.as_str(), at)).collect(),
            beginnings: stems.iter().map(|stem| beginning(stem)).collect(),
            stems,
            compounds,
        }
    }

    /// What a word of a record shares with the plan.
    fn meet<'w>(&self, word: &Word<'w>) -> Option<Met<'w>> {
        let bounded = bounded(&word.norm);
        let grams: Vec<usize> =
            gram_ranges(&bounded).filter_map(|gram| self.grams.get(&bounded[gram]).copied()).collect();
        let begins = self.beginnings.contains(beginning(&word.norm));
        let stem = if begins { stem(&word.norm) } else { String::new() };
        let parts = self.compounds.parts(&word.norm);
        let shared = |stem: &String| self.stems.contains(stem.as_str());
        let meets = !grams.is_empty() || shared(&stem) || parts.iter().any(shared);
        meets.then(|| Met { surface: word.surface, norm: word.norm.clone(), stem, parts, grams })
    }
}

impl<'a> Reading<'a> {
    fn of(entry: &'a Entry, plan: &Plan, compounds: &Compounds) -> Self {
        let terms = Terms::of(plan, compounds);
        let mut reading = Self { met: Vec::new(), places: Vec::new(), known: HashMap::new() };
        for title in entry.title.values() {
            reading.read(title, &terms);
        }
        let mut left = READ_MAX_BYTES;
        for text in &entry.texts {
            let text = &text.text[..text.text.floor_char_boundary(left)];
            left -= text.len();
            let places = reading.read(text, &terms);
            reading.places.push(places);
        }
        reading
    }

    fn read(&mut self, text: &'a str, terms: &Terms<'_>) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for word in words(text) {
            let met = match self.known.get(&word.norm) {
                Some(met) => *met,
                None => {
                    let met = terms.meet(&word).map(|met| {
                        self.met.push(met);
                        self.met.len() - 1
                    });
                    self.known.insert(word.norm, met);
                    met
                }
            };
            places.extend(met.map(|met| (word.range.start, met)));
        }
        places
    }
}

/// The first two letters.
fn beginning(word: &str) -> &str {
    word.char_indices().nth(2).map_or(word, |(end, _)| &word[..end])
}

/// What each pair of a question's word and a record's word is credited with.
///
/// A term's score is divided among the words of the question it was cut from; each of these gives its part to the one
/// word of the record that has the term and shares most with it.
fn credit(plan: &Plan, hit: &Ranked, met: &[Met<'_>]) -> BTreeMap<(usize, usize), f32> {
    let mut holders: Vec<Vec<usize>> = vec![Vec::new(); plan.grams.len()];
    for (at, word) in met.iter().enumerate() {
        for gram in &word.grams {
            holders[*gram].push(at);
        }
    }
    let mut overlap: BTreeMap<(usize, usize), f32> = BTreeMap::new();
    for (gram, term) in plan.grams.iter().enumerate() {
        for asked in &term.words {
            for at in &holders[gram] {
                *overlap.entry((*asked, *at)).or_default() += hit.grams[gram];
            }
        }
    }
    let by_stem =
        |text: &str| -> Vec<usize> { (0..met.len()).filter(|at| met[*at].has_stem(text)).collect() };
    for (at, term) in plan.stems.iter().enumerate() {
        for asked in &term.words {
            for word in by_stem(&term.text) {
                *overlap.entry((*asked, word)).or_default() += hit.stems[at];
            }
        }
    }

    let mut credits: BTreeMap<(usize, usize), f32> = BTreeMap::new();
    let mut give = |words: &[usize], candidates: &[usize], amount: f32| {
        if amount <= 0.0 {
            return;
        }
        for asked in words {
            let best = candidates.iter().copied().max_by(|a, b| {
                let shared = |word: usize| overlap.get(&(*asked, word)).copied().unwrap_or(0.0);
                shared(*a).total_cmp(&shared(*b)).then(b.cmp(a))
            });
            if let Some(best) = best {
                *credits.entry((*asked, best)).or_default() += amount / words.len() as f32;
            }
        }
    };
    for (at, term) in plan.stems.iter().enumerate() {
        give(&term.words, &by_stem(&term.text), hit.stems[at]);
    }
    for (at, term) in plan.grams.iter().enumerate() {
        give(&term.words, &holders[at], hit.grams[at]);
    }
    credits
}

/// What sort of match a word of the question and one of the record are.
fn kind(plan: &Plan, asked: usize, met: &Met<'_>) -> PartKind {
    let asked = &plan.words[asked];
    if !asked.stands_for.is_empty() {
        PartKind::Expansion
    } else if asked.stem == met.stem {
        PartKind::Word
    } else if is_misspelt(&asked.norm, &met.norm) {
        PartKind::Spelling
    } else {
        PartKind::Part
    }
}

/// Whether two words differ so little that one of them was meant as the other: a letter in five, at most two.
fn is_misspelt(a: &str, b: &str) -> bool {
    let longest = a.chars().count().max(b.chars().count());
    let allowed = (longest / 5).min(2);
    distance(a, b, allowed) <= allowed
}

/// Letters to insert, remove, replace or swap with their neighbour to get from one word to the other; `limit + 1`
/// when their lengths differ by more than `limit`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The largest amounts as shares of what is listed.
fn shares(amounts: BTreeMap<(PartKind, String), f32>) -> Vec<Part> {
    let mut parts: Vec<Part> = amounts
        .into_iter()
        .filter(|(_, amount)| *amount > 0.0)
        .map(|((kind, text), share)| Part { kind, text, share })
        .collect();
    parts.sort_by(|a, b| b.share.total_cmp(&a.share));
    parts.truncate(Hit::PARTS_MAX);
    let sum: f32 = parts.iter().map(|part| part.share).sum();
    for part in &mut parts {
        part.share /= sum;
    }
    parts
}

/// What some words carry of the score, each counted once.
fn carried(mut met: Vec<usize>, by_word: &[f32]) -> f32 {
    met.sort_unstable();
    met.dedup();
    met.into_iter().map(|met| by_word[met]).sum()
}

/// The sentence of the texts that carries most; the first one where only the title matched.
fn best_sentence(entry: &Entry, reading: &Reading<'_>, by_word: &[f32]) -> String {
    let mut best: Option<(f32, &str)> = None;
    for (text, places) in entry.texts.iter().zip(&reading.places) {
        for range in sentences(&text.text) {
            let inside = places.iter().filter(|(at, _)| range.contains(at)).map(|(_, met)| *met);
            let weight = carried(inside.collect(), by_word);
            if best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, text.text[range].trim()));
            }
        }
    }
    let Some((_, sentence)) = best else { return String::new() };
    match sentence.char_indices().nth(SENTENCE_MAX_CHARS) {
        None => sentence.to_owned(),
        Some((end, _)) => format!("{} …", sentence[..end].trim_end()),
    }
}

/// The lessons of the asker's phase, else those that carry something of the score; those that carry most first.
fn lessons(entry: &Entry, phase: Option<&str>, reading: &Reading<'_>, by_word: &[f32]) -> Vec<Lesson> {
    let weight = |lesson: &Lesson| {
        let met = words(&lesson.text).filter_map(|word| reading.known.get(&word.norm).copied().flatten());
        carried(met.collect(), by_word)
    };
    let mut lessons: Vec<(f32, &Lesson)> = entry
        .lessons
        .iter()
        .map(|lesson| (weight(lesson), lesson))
        .filter(|(weight, lesson)| match phase {
            Some(phase) => lesson.phases().contains(&phase),
            None => *weight > 0.0,
        })
        .collect();
    lessons.sort_by(|a, b| b.0.total_cmp(&a.0));
    lessons.into_iter().take(Hit::LESSONS_MAX).map(|(_, lesson)| lesson.clone()).collect()
}

/// How much of the question, by information, the record holds: a word wholly by its stem, partly by the grams of it
/// that one word of the record holds, or by an expansion that stands for it.
fn covered(plan: &Plan, hit: &Ranked, met: &[Met<'_>]) -> f32 {
    let mut by_word = vec![0.0_f32; plan.words.len()];
    for (at, term) in plan.stems.iter().enumerate() {
        if hit.stems[at] > 0.0 {
            for word in &term.words {
                let whole = &plan.words[*word];
                // A part covers as much of its compound as it has letters.
                let part =
                    if whole.stem == term.text { 1.0 } else { letters(&term.text) / letters(&whole.norm) };
                by_word[*word] = by_word[*word].max(part);
            }
        }
    }
    for ((asked, _), shared) in shared_grams(plan, met) {
        by_word[asked] = by_word[asked].max(gram_cover(shared, &plan.words[asked].norm));
    }
    for (at, asked) in plan.words.iter().enumerate() {
        for stood_for in &asked.stands_for {
            by_word[*stood_for] = by_word[*stood_for].max(by_word[at]);
        }
    }
    let asked = plan.words.iter().enumerate().filter(|(_, word)| word.stands_for.is_empty());
    let (mut has, mut all) = (0.0, 0.0);
    for (at, word) in asked {
        has += by_word[at] * word.information;
        all += word.information;
    }
    if all > 0.0 { has / all } else { 0.0 }
}

fn letters(word: &str) -> f32 {
    word.chars().count() as f32
}

/// How many grams each word of the question shares with each word of the record.
fn shared_grams(plan: &Plan, met: &[Met<'_>]) -> BTreeMap<(usize, usize), usize> {
    let mut shared = BTreeMap::new();
    for (at, word) in met.iter().enumerate() {
        for asked in word.grams.iter().flat_map(|gram| &plan.grams[*gram].words) {
            *shared.entry((*asked, at)).or_default() += 1;
        }
    }
    shared
}

/// What part of a word that many of its grams cover, less what chance gives.
fn gram_cover(shared: usize, norm: &str) -> f32 {
    let part = (shared as f32 / grams(norm).len() as f32).min(1.0);
    ((part - weights::GRAM_COVER_FROM) / (1.0 - weights::GRAM_COVER_FROM)).max(0.0)
}
