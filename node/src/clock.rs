//! What time it is: the one place that reads a clock for the protocol.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::{Zoned, tz::TimeZone};
use praksis_protocol::{date::Day, time::Timestamp};

/// Embargoes end at midnight there.
const ZONE: &str = "Europe/Oslo";

/// Now, by this machine's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The day it is in Oslo.
pub fn today() -> Day {
    day_of(&Zoned::now().with_time_zone(TimeZone::get(ZONE).expect("the time zones are built in")))
}

fn day_of(moment: &Zoned) -> Day {
    let date = moment.date();
    let part = |part: i8| u8::try_from(part).expect("months and days are positive");
    let year = u16::try_from(date.year()).unwrap_or_default();
    Day::new(year, part(date.month()), part(date.day())).expect("the clock says a year after 1900")
}

/// A clock that never steps back: when the machine's does, it goes on at a second a second. Timers
/// would otherwise wait as long as the step was.
#[derive(Debug)]
pub(crate) struct Clock {
    last: (Timestamp, Instant),
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { last: (now(), Instant::now()) }
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        self.reading(now(), Instant::now())
    }

    fn reading(&mut self, wall: Timestamp, instant: Instant) -> Timestamp {
        let (time, at) = self.last;
        let now = wall.max(time + instant.saturating_duration_since(at));
        self.last = (now, instant);
        now
    }

    /// How long until then.
    pub(crate) fn until(&mut self, then: Timestamp) -> Duration {
        then.since(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_oslo_summer_and_winter() {
        let day = |instant: &str| {
            let instant: jiff::Timestamp = instant.parse().expect("an instant");
            day_of(&instant.to_zoned(TimeZone::get(ZONE).expect("built in"))).to_string()
        };
        assert_eq!(day("2026-01-31T22:59:59Z"), "2026-01-31");
        assert_eq!(day("2026-01-31T23:00:00Z"), "2026-02-01");
        assert_eq!(day("2026-06-30T21:59:59Z"), "2026-06-30");
        assert_eq!(day("2026-06-30T22:00:00Z"), "2026-07-01");
    }

    #[test]
    fn a_clock_that_steps_back_goes_on_all_the_same() {
        let begin = Instant::now();
        let mut clock = Clock { last: (Timestamp(1_000_000), begin) };
        let second = |n: u64| begin + Duration::from_secs(n);
        assert_eq!(clock.reading(Timestamp(1_001_000), second(1)), Timestamp(1_001_000));
        assert_eq!(clock.reading(Timestamp(500_000), second(2)), Timestamp(1_002_000));
        assert_eq!(clock.reading(Timestamp(9_000_000), second(3)), Timestamp(9_000_000));
    }
}
