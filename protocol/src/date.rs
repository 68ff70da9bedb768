//! Days, and dates of which only the month or the year is known.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde_json::Value;

use crate::{
    record::{Content, Dice, Expected, Part, Problem, Reader},
    shape::Shape,
};

/// Text that is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a date: 2016, 2016-02 or 2016-02-04")]
pub struct DateError;

/// A day of the Gregorian calendar, in whatever place its field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// `None` when the calendar has no such day, or the year is outside 1900 to 2200.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1900..=2200).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// Days since 1970-01-01.
    ///
    /// After Howard Hinnant, "chrono-compatible low-level date algorithms".
    pub fn number(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, of_era) = (year / 400, year % 400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The same day some months later, or the last day of a shorter month.
    pub fn months_later(self, months: u64) -> Self {
        let months = u64::from(self.year) * 12 + u64::from(self.month) - 1 + months;
        let (year, month) = ((months / 12) as u16, (months % 12) as u8 + 1);
        Self { year, month, day: self.day.min(days_in(year, month)) }
    }

    /// Its year.
    pub fn year(self) -> u16 {
        self.year
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        match text.parse()? {
            PartialDate::Day(day) => Ok(day),
            PartialDate::Month(..) | PartialDate::Year(_) => Err(DateError),
        }
    }
}

/// A date as it is known: a year, a month or a day.
///
/// It stands for every day within it, so it is not ordered: `2016` is neither before nor after
/// `2016-02`. See [`PartialDate::compare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// `2016`.
    Year(u16),
    /// `2016-02`.
    Month(u16, u8),
    /// `2016-02-04`.
    Day(Day),
}

impl PartialDate {
    /// The first day it may be.
    pub fn first(self) -> Day {
        match self {
            Self::Year(year) => Day { year, month: 1, day: 1 },
            Self::Month(year, month) => Day { year, month, day: 1 },
            Self::Day(day) => day,
        }
    }

    /// The last day it may be.
    pub fn last(self) -> Day {
        match self {
            Self::Year(year) => Day { year, month: 12, day: 31 },
            Self::Month(year, month) => Day { year, month, day: days_in(year, month) },
            Self::Day(day) => day,
        }
    }

    /// Which comes first, where the whole interval decides; `None` where it cannot be known.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        if self.last() < other.first() {
            Some(Ordering::Less)
        } else if self.first() > other.last() {
            Some(Ordering::Greater)
        } else if let (Self::Day(one), Self::Day(two)) = (self, other) {
            Some(one.cmp(&two))
        } else {
            None
        }
    }

    /// The least and the most days from this date until another; negative when it is earlier.
    pub fn days_until(self, other: Self) -> (i64, i64) {
        (other.first().number() - self.last().number(), other.last().number() - self.first().number())
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl FromStr for PartialDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let digits = |part: &str, length: usize| -> Result<u16, DateError> {
            let right = part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
            if right { part.parse().map_err(|_| DateError) } else { Err(DateError) }
        };
        let parts: Vec<_> = text.split('-').collect();
        let year = digits(parts[0], 4)?;
        let date = match parts[1..] {
            [] => Day::new(year, 1, 1).map(|_| Self::Year(year)),
            [month] => {
                let month = digits(month, 2)? as u8;
                Day::new(year, month, 1).map(|_| Self::Month(year, month))
            }
            [month, day] => Day::new(year, digits(month, 2)? as u8, digits(day, 2)? as u8).map(Self::Day),
            [..] => None,
        };
        date.ok_or(DateError)
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12.. | 0 => 31,
    }
}

impl Part for PartialDate {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Date;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        // A bare year is often typed as a number.
        let text = value.as_u64().map(|year| year.to_string());
        match text.as_deref().or(value.as_str()).and_then(|text| text.trim().parse().ok()) {
            Some(date) => Some(date),
            None => at.refuse(Problem::Value, Expected::Date, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        let day = Day::draw(dice);
        match dice.below(3) {
            0 => Self::Year(day.year),
            1 => Self::Month(day.year, day.month),
            2.. => Self::Day(day),
        }
    }
}

impl Part for Day {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Day;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match value.as_str().and_then(|text| text.trim().parse().ok()) {
            Some(day) => Some(day),
            None => at.refuse(Problem::Value, Expected::Day, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        let (year, month) = (2000 + dice.below(40) as u16, 1 + dice.below(12) as u8);
        Self { year, month, day: 1 + dice.below(usize::from(days_in(year, month))) as u8 }
    }
}
