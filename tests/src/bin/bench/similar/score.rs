//! nDCG@10 with gain 2^grade-1, MRR@10 and recall@10, with bootstrap intervals.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::data::Query;

/// How many places count.
const PLACES: usize = 10;
/// Times that the questions are drawn again for an interval.
const DRAWS: usize = 1000;

/// What one question came to: nDCG, MRR, recall.
pub(crate) type Scored = [f64; 3];

/// Scores the documents found for a question, best first.
pub(crate) fn of(query: &Query, found: &[String]) -> Scored {
    let grades: Vec<u32> = found
        .iter()
        .filter(|name| query.own.as_ref() != Some(name))
        .take(PLACES)
        .map(|name| query.right.get(name).copied().unwrap_or(0))
        .collect();
    let mut ideal: Vec<u32> = query.right.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    ideal.truncate(PLACES);
    // Where grades go above 1, the lowest is only near.
    let relevant = if ideal.first().is_some_and(|best| *best >= 2) { 2 } else { 1 };
    let all = query.right.values().filter(|grade| **grade >= relevant).count().min(PLACES);
    let first = grades.iter().position(|grade| *grade >= relevant);
    let hits = grades.iter().filter(|grade| **grade >= relevant).count();
    [
        dcg(&grades) / dcg(&ideal),
        first.map_or(0.0, |at| 1.0 / (at + 1) as f64),
        hits as f64 / all.max(1) as f64,
    ]
}

fn dcg(grades: &[u32]) -> f64 {
    let gains = grades.iter().enumerate().map(|(at, grade)| {
        let gain = f64::from(2_u32.pow(*grade) - 1);
        gain / (at as f64 + 2.0).log2()
    });
    gains.sum()
}

/// Means over questions, and between what bounds 95 of 100 draws of them fall.
pub(crate) struct Figures {
    count: usize,
    means: Scored,
    low: Scored,
    high: Scored,
}

impl Figures {
    /// What the columns of [`Figures::line`] are.
    pub(crate) const HEAD: &'static str = "benchmark and group              n  nDCG@10             MRR@10              recall@10           \
         ms asked p50/p95  ms inside p50/p95";

    pub(crate) fn of(scored: &[Scored]) -> Option<Self> {
        if scored.is_empty() {
            return None;
        }
        let mean = |of: &[&Scored], at: usize| of.iter().map(|one| one[at]).sum::<f64>() / of.len() as f64;
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<Vec<&Scored>> = (0..DRAWS)
            .map(|_| (0..scored.len()).map(|_| &scored[chance.random_range(0..scored.len())]).collect())
            .collect();
        let (mut means, mut low, mut high) = ([0.0; 3], [0.0; 3], [0.0; 3]);
        for at in 0..3 {
            means[at] = mean(&scored.iter().collect::<Vec<_>>(), at);
            let mut drawn: Vec<f64> = draws.iter().map(|draw| mean(draw, at)).collect();
            drawn.sort_by(f64::total_cmp);
            (low[at], high[at]) = (drawn[DRAWS / 40], drawn[DRAWS - 1 - DRAWS / 40]);
        }
        Some(Self { count: scored.len(), means, low, high })
    }

    pub(crate) fn ndcg(&self) -> f64 {
        self.means[0]
    }

    pub(crate) fn line(&self, name: &str, asked: [f64; 2], inside: [f64; 2]) -> String {
        let figures =
            (0..3).map(|at| format!("{:.3} [{:.3}, {:.3}]", self.means[at], self.low[at], self.high[at]));
        let figures: Vec<String> = figures.collect();
        format!(
            "{name:<28} {:>5}  {}  {:>6.2} / {:>6.2}   {:>6.2} / {:>6.2}",
            self.count,
            figures.join("  "),
            asked[0],
            asked[1],
            inside[0],
            inside[1],
        )
    }
}

/// The median and what 95 of 100 stay under.
pub(crate) fn percentile(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [50, 95].map(|part| values.get(values.len() * part / 100).copied().unwrap_or_default())
}
