//! What gains add up to, and what must not be added.
//!
//! A total holds only what was measured or reported within the own organisation or the participants,
//! alike in category, metric, unit and period. A potential for the whole country, an estimate or a
//! supplier's growth is shown apart with its span, never as a sum. Nor are shares and scores added:
//! 40 per cent in one place and 30 in another are not 70.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

use super::Entry;
use crate::{
    case::Gain,
    code::Code,
    decimal::Decimal,
    vocabulary::{GainBasis, GainMetric, GainScope, GainUnit},
};

/// The gains of a lot of cases.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Gains {
    /// What may be added, added.
    pub totals: Vec<Total>,
    /// What may not, with how far it spans.
    pub apart: Vec<Apart>,
}

/// A sum of like gains, lowest and highest values apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Of what, in what, for how long.
    #[serde(flatten)]
    pub measure: Measure,
    /// The lowest values together.
    pub low: Sum,
    /// The highest values together.
    pub high: Sum,
    /// How many gains were added.
    pub gains: usize,
}

/// Like gains that are not added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// Of what, in what, for how long.
    #[serde(flatten)]
    pub measure: Measure,
    /// What they rest on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Whose they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The lowest value of any; absent when all are told in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest: Option<Sum>,
    /// The highest value of any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highest: Option<Sum>,
    /// How many gains, those in words included.
    pub gains: usize,
    /// How many of them are told in words.
    pub in_words: usize,
}

/// What makes gains alike. Absent is a value of its own here: it is like nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Measure {
    /// What kind of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// In what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// For what time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
}

/// An exact sum of decimal numbers, in millionths. As JSON a decimal string.
///
/// The largest number of a record is below 10²⁴ millionths, so 10¹⁴ of them fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sum(i128);

impl Gains {
    /// Of each gain of each case.
    pub(super) fn of(cases: &[Entry<'_>]) -> Self {
        let mut totals: BTreeMap<Measure, Total> = BTreeMap::new();
        let mut apart: BTreeMap<(Measure, Option<String>, Option<String>), Apart> = BTreeMap::new();
        for gain in cases.iter().flat_map(|entry| &entry.case.gains) {
            let measure = Measure::of(gain);
            match summand(gain) {
                Some((low, high)) => {
                    let empty = Total { measure: measure.clone(), low: Sum(0), high: Sum(0), gains: 0 };
                    totals.entry(measure).or_insert(empty).add(low, high);
                }
                None => {
                    let (basis, scope) = (code(&gain.basis), code(&gain.scope));
                    let key = (measure.clone(), basis.clone(), scope.clone());
                    let empty =
                        Apart { measure, basis, scope, lowest: None, highest: None, gains: 0, in_words: 0 };
                    apart.entry(key).or_insert(empty).show(gain);
                }
            }
        }
        Self { totals: totals.into_values().collect(), apart: apart.into_values().collect() }
    }
}

/// The lowest and highest value of a gain that may be added to its like.
fn summand(gain: &Gain) -> Option<(Decimal, Decimal)> {
    let known = matches!(gain.basis, Some(GainBasis::Measured | GainBasis::Reported));
    let ours = matches!(gain.scope, Some(GainScope::OwnOrg | GainScope::Participants));
    // Without these three nobody can say what is being added.
    let named = gain.category.is_some() && gain.metric.is_some() && gain.unit.is_some();
    let relative = matches!(gain.unit, Some(GainUnit::Percent | GainUnit::Points))
        || gain.metric == Some(GainMetric::Satisfaction);
    (known && ours && named && !relative).then_some((gain.value_low?, gain.value_high?))
}

impl Measure {
    fn of(gain: &Gain) -> Self {
        Self {
            category: code(&gain.category),
            metric: code(&gain.metric),
            unit: code(&gain.unit),
            period: code(&gain.period),
        }
    }
}

impl Total {
    fn add(&mut self, low: Decimal, high: Decimal) {
        self.low.0 += low.millionths();
        self.high.0 += high.millionths();
        self.gains += 1;
    }
}

impl Apart {
    fn show(&mut self, gain: &Gain) {
        let sum = |value: Decimal| Sum(value.millionths());
        let (low, high) = (gain.value_low.map(sum), gain.value_high.map(sum));
        self.lowest = [self.lowest, low, high].into_iter().flatten().min();
        self.highest = [self.highest, low, high].into_iter().flatten().max();
        self.gains += 1;
        self.in_words += usize::from(low.or(high).is_none());
    }
}

impl Sum {
    /// In millionths.
    pub fn millionths(self) -> i128 {
        self.0
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MILLION: u128 = 1_000_000;
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / MILLION, self.0.unsigned_abs() % MILLION);
        let part = format!("{part:06}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            part => write!(f, "{sign}{whole}.{part}"),
        }
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn code<C: Code>(value: &Option<C>) -> Option<String> {
    value.as_ref().map(|value| value.code().to_owned())
}
