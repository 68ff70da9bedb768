//! How fast documents come, over the last seconds.

use std::time::Duration;

use super::{
    asking::Question,
    peers::Peer,
    pull::{Next, Pulling},
};
use crate::time::Timestamp;

/// Documents are counted over the present and the last stretch of this length.
const STRETCH: Duration = Duration::from_secs(5);

/// Counts documents as they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// All of them since the start.
    pub documents: u64,
    began: Timestamp,
    before: u64,
    present: u64,
}

impl Pace {
    pub(super) fn count(&mut self, now: Timestamp) {
        self.roll(now);
        self.documents += 1;
        self.present += 1;
    }

    /// Documents a second.
    pub fn per_second(mut self, now: Timestamp) -> f64 {
        self.roll(now);
        let present = Duration::from_millis(now.0.saturating_sub(self.began.0));
        let count = u32::try_from(self.before + self.present).unwrap_or(u32::MAX);
        f64::from(count) / (STRETCH + present).as_secs_f64()
    }

    fn roll(&mut self, now: Timestamp) {
        if now < self.began + STRETCH {
            return;
        }
        let follows = now < self.began + 2 * STRETCH;
        self.before = if follows { self.present } else { 0 };
        self.began = if follows { self.began + STRETCH } else { now };
        self.present = 0;
    }
}

impl Peer {
    /// Documents and statements known to be there and not here, as far as comparing has come; of a list that is being
    /// read, about how many.
    pub(super) fn lacking(&self) -> usize {
        let Some(pull) = &self.pull else { return 0 };
        let ahead = pull.steps.iter().map(|step| match step {
            Next::Compare(_) | Next::CompareDocuments => 0,
            Next::GoOn(_, comparison, _) => comparison.ahead(),
            Next::Resolve(_, items) => items.len(),
            Next::Fetch(_, fetches) => fetches.len(),
        });
        let asked = self.questions.values().map(|question| match question {
            Question::Pull(Pulling::Resolve(_, items)) => items.len(),
            Question::Pull(Pulling::Fetch(_, asked)) => asked.len(),
            Question::Pull(Pulling::Compare(_, comparison)) => comparison.ahead(),
            Question::Hello(_)
            | Question::Changed
            | Question::Graft
            | Question::Tell
            | Question::Introduce
            | Question::Apply
            | Question::AskIn => 0,
        });
        ahead.sum::<usize>() + asked.sum::<usize>() + pull.admitting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_of_the_last_seconds_and_a_count_of_all() {
        let mut pace = Pace::default();
        let at = |seconds: u64| Timestamp(1_800_000_000_000 + seconds * 1000);
        (0..50).for_each(|number| pace.count(at(number / 10)));
        assert_eq!(pace.documents, 50);
        assert!((pace.per_second(at(5)) - 10.0).abs() < 0.1, "{}", pace.per_second(at(5)));
        assert!(pace.per_second(at(8)) < 7.0);
        assert!(pace.per_second(at(60)).abs() < 0.01, "nothing came for a while");
        assert_eq!(pace.documents, 50);
    }
}
