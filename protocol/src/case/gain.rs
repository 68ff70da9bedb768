//! One measured, reported or expected effect.

use crate::{
    date::PartialDate,
    decimal::Decimal,
    record::{Expected, Reader, record},
    text::{Line, Text},
    vocabulary::{GainBasis, GainCategory, GainMetric, GainPeriod, GainScope, GainUnit},
};

record! {
    /// An effect, with what it rests on and whose it is: totals add only basis measured or reported
    /// within own_org or participants, per category, metric, unit and period.
    pub item Gain {
        category: Option<GainCategory> = "Type gevinst", "Type gevinst", "Kind of gain";
        metric: Option<GainMetric> = "Hva som er målt", "Kva som er målt", "What is counted";
        unit: Option<GainUnit> = "Enhet", "Eining", "Unit of measure";
        /// Absent for a gain told in words; positive is better.
        value_low: Option<Decimal> = "Verdi, lavest", "Verdi, lågast", "Value, lowest";
        /// Equal to the lowest when there is one number.
        value_high: Option<Decimal> = "Verdi, høyest", "Verdi, høgast", "Value, highest";
        baseline_value: Option<Decimal> = "Verdi før", "Verdi før", "Value before";
        baseline_date: Option<PartialDate> = "Målt før, dato", "Målt før, dato", "Measured before on";
        period: Option<GainPeriod> = "Gjelder for", "Gjeld for", "Time it is for";
        basis: Option<GainBasis> = "Grunnlag", "Grunnlag", "Basis of the figure";
        scope: Option<GainScope> = "Hvem gevinsten gjelder", "Kven gevinsten gjeld", "Whose gain";
        measured_on: Option<PartialDate> = "Målt når", "Målt når", "Measured when";
        /// How it was measured, or the gain itself where it is told in words.
        method: Text = "Hvordan det er målt", "Korleis det er målt", "How it was measured";
        source: Option<Line> = "Kilde", "Kjelde", "Source of the figure";
    }
    rules in_order, drawn put_in_order
}

impl Gain {
    /// Whether totals may add it: a number that is measured or reported, within the organisation or
    /// those who take part. Everything else is shown apart.
    pub fn counts(&self) -> bool {
        let is_known = match self.basis {
            Some(GainBasis::Measured | GainBasis::Reported) => true,
            Some(
                GainBasis::Estimated
                | GainBasis::Expected
                | GainBasis::Potential
                | GainBasis::Planned
                | GainBasis::Unknown
                | GainBasis::Other(_),
            )
            | None => false,
        };
        let is_ours = match self.scope {
            Some(GainScope::OwnOrg | GainScope::Participants) => true,
            Some(
                GainScope::Supplier | GainScope::NationalPotential | GainScope::Unknown | GainScope::Other(_),
            )
            | None => false,
        };
        is_known && is_ours && self.value_low.is_some() && self.value_high.is_some()
    }
}

/// A range has both its ends, the lower one first.
fn in_order(gain: &Gain, at: &mut Reader) {
    match (gain.value_low, gain.value_high) {
        (Some(low), Some(high)) if low > high => {
            at.break_rule("value_high", Expected::NotBelowLow, &high.to_string());
        }
        (Some(low), None) => at.break_rule("value_high", Expected::BothEnds, &low.to_string()),
        (None, Some(high)) => at.break_rule("value_low", Expected::BothEnds, &high.to_string()),
        (Some(_), Some(_)) | (None, None) => {}
    }
}

fn put_in_order(gain: &mut Gain) {
    let (low, high) = (gain.value_low.or(gain.value_high), gain.value_high.or(gain.value_low));
    (gain.value_low, gain.value_high) = (low.min(high), low.max(high));
}
