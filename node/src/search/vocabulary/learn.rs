//! IBM model 1: which word of one language stands for which of the other, from pairs of labels alone.
//!
//! Brown et al., "The Mathematics of Statistical Machine Translation", 1993. Expectation and maximisation over all
//! pairs; each word of a label may also stand for none of the other's.

use std::collections::HashMap;

use super::{Term, Translation};

/// Times that the probabilities are counted anew; they hardly move after.
const ROUNDS: usize = 8;
/// Below this a translation is chance.
const PROBABILITY_MIN: f32 = 0.08;
/// Most translations of one word.
const TRANSLATIONS_MAX: usize = 4;

/// Words by number.
#[derive(Default)]
struct Words<'a> {
    numbers: HashMap<&'a str, u32>,
    stems: Vec<&'a str>,
    /// How often each way of writing it was seen.
    surfaces: Vec<HashMap<&'a str, u32>>,
}

impl<'a> Words<'a> {
    fn number(&mut self, term: &'a Term) -> u32 {
        let number = *self.numbers.entry(&term.stem).or_insert_with(|| {
            self.stems.push(&term.stem);
            self.surfaces.push(HashMap::new());
            self.stems.len() as u32 - 1
        });
        *self.surfaces[number as usize].entry(&term.surface).or_default() += 1;
        number
    }

    /// The way it is written most often, of several the first by letters.
    fn surface(&self, number: u32) -> &'a str {
        let seen = self.surfaces[number as usize].iter();
        seen.max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map_or("", |(surface, _)| surface)
    }
}

/// The likely translations of each word on the left of the pairs, the likeliest first.
pub(super) fn table(pairs: &[(&Vec<Term>, &Vec<Term>)]) -> HashMap<String, Vec<Translation>> {
    let (mut from, mut to) = (Words::default(), Words::default());
    let numbered: Vec<(Vec<u32>, Vec<u32>)> = pairs
        .iter()
        .map(|(left, right)| {
            let left = left.iter().map(|term| from.number(term)).collect();
            (left, right.iter().map(|term| to.number(term)).collect())
        })
        .collect();
    let nothing = from.stems.len() as u32;
    let mut probability: HashMap<(u32, u32), f32> = HashMap::new();
    for (left, right) in &numbered {
        for source in left.iter().chain([&nothing]) {
            right.iter().for_each(|target| _ = probability.insert((*source, *target), 1.0));
        }
    }
    for _ in 0..ROUNDS {
        let mut counts: HashMap<(u32, u32), f32> = HashMap::with_capacity(probability.len());
        let mut totals = vec![0.0_f32; from.stems.len() + 1];
        for (left, right) in &numbered {
            for target in right {
                let sources = || left.iter().chain([&nothing]);
                let all: f32 = sources().map(|source| probability[&(*source, *target)]).sum();
                for source in sources() {
                    let part = probability[&(*source, *target)] / all;
                    *counts.entry((*source, *target)).or_default() += part;
                    totals[*source as usize] += part;
                }
            }
        }
        for ((source, target), value) in &mut probability {
            *value = counts.get(&(*source, *target)).copied().unwrap_or(0.0) / totals[*source as usize];
        }
    }
    let mut table: HashMap<String, Vec<Translation>> = HashMap::new();
    for ((source, target), probability) in probability {
        // The same word on both sides adds nothing to a question.
        let same = source != nothing && from.surface(source) == to.surface(target);
        if source != nothing && probability >= PROBABILITY_MIN && !same {
            let word = to.surface(target).to_owned();
            let translations = table.entry(from.stems[source as usize].to_owned()).or_default();
            translations.push(Translation { word, probability });
        }
    }
    for translations in table.values_mut() {
        translations
            .sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.word.cmp(&b.word)));
        translations.truncate(TRANSLATIONS_MAX);
    }
    table
}
