//! Telephone numbers: eight Norwegian digits as people group them, and numbers with `+` or `00` and
//! the code of a country.
//!
//! Eight digits are many things in a procurement: a CPV code, a date, an amount. They count as a
//! telephone number where they are grouped like one or a word before says so, and not where the
//! words around say otherwise.

use std::ops::Range;

use super::run;
use crate::{date::Day, text::URL_MAX};

/// How people group a telephone number and hardly anything else.
const SURE: [&[usize]; 3] = [&[8], &[2, 2, 2, 2], &[3, 2, 3]];
/// How they also group it; an amount or two years look the same, so a word has to say what it is.
const WITH_WORD: [&[usize]; 6] = [&[4, 4], &[2, 3, 3], &[3, 3, 2], &[3, 5], &[5, 3], &[2, 6]];
/// The words that say it, as they begin.
const WORDS: [&str; 12] =
    ["tlf", "tel", "mob", "ring", "sms", "phone", "call", "cell", "vipps", "sentralbord", "vakt", "☎"];
/// How far before a number such a word may stand, in characters.
const WORD_REACH: usize = 24;
/// How far before a number "CPV" may stand: a list of codes shares one.
const CPV_REACH: usize = 120;
/// What stands before an amount.
const MONEY_BEFORE: [&str; 9] = ["kr", "kr.", "nok", "eur", "sek", "dkk", "usd", "€", "$"];
/// What stands after an amount, as it begins.
const MONEY_AFTER: [&str; 12] = ["kr", "nok", "mill", "mrd", "eur", "sek", "dkk", "usd", "€", "$", "%", ",-"];
/// Digits with the code of a country: at least the Faroes', at most what the ITU allows (E.164).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 9..=15;
/// After `00` at least as many as in Norway, so that a number filled up with zeros is none.
const AFTER_ZEROS_MIN: usize = 10;

pub(super) fn find(chars: &[char], runs: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in 0..runs.len() {
        if found.last().is_some_and(|last| runs[at].start < last.end) {
            continue;
        }
        let text = Around { chars, runs, at };
        let place = text.international().or_else(|| text.norwegian());
        found.extend(place.filter(|place| !text.in_url(place)));
    }
    found
}

/// A run of digits in its text.
struct Around<'a> {
    chars: &'a [char],
    runs: &'a [Range<usize>],
    at: usize,
}

impl Around<'_> {
    fn international(&self) -> Option<Range<usize>> {
        let run = &self.runs[self.at];
        let plus = run.start > 0 && self.chars[run.start - 1] == '+';
        let digits = &self.chars[run.clone()];
        let zeros = matches!(digits, ['0', '0', '1'..='9', ..]);
        let start = if plus { run.start - 1 } else { run.start };
        if !(plus || zeros) || self.before(start).is_some_and(char::is_alphanumeric) {
            return None;
        }
        let prefix = if plus { 0 } else { 2 };
        let norwegian = digits[prefix..].starts_with(&['4', '7']);
        // The longest that stands together; of a Norwegian number its eight digits.
        let (mut length, mut end, mut best) = (0, run.start, None);
        for next in &self.runs[self.at..] {
            let between = &self.chars[end..next.start];
            if !between.is_empty() && !is_wide_gap(between) {
                break;
            }
            length += next.len();
            end = next.end;
            let count = length - prefix;
            let fits = if norwegian { count == 10 } else { INTERNATIONAL.contains(&count) };
            if fits && (plus || count >= AFTER_ZEROS_MIN) {
                best = Some(start..end);
            }
        }
        best.filter(|place| !self.is_money(place))
    }

    fn norwegian(&self) -> Option<Range<usize>> {
        let here = &self.runs[self.at..];
        let first = self.chars[here[0].start];
        if matches!(first, '0' | '1') {
            return None;
        }
        let spoken = self.has_word(here[0].start);
        let shapes = SURE.iter().chain(WITH_WORD.iter().filter(|_| spoken));
        let taken = shapes.into_iter().find_map(|shape| run::shaped(self.chars, here, shape, is_gap))?;
        let place = run::span(taken);
        if self.is_part(&place, spoken) || self.is_money(&place) {
            return None;
        }
        let other = match taken.len() {
            1 => self.is_code(&place),
            4 => self.is_series(&place),
            _ => false,
        };
        (spoken || !other).then_some(place)
    }

    /// Whether it is part of a longer name or number: `2021/22334455`, `NO22334455`, `22334455,50`.
    fn is_part(&self, place: &Range<usize>, spoken: bool) -> bool {
        let joins = |c: char| run::is_dash(c) || matches!(c, '/' | '.' | ',' | '_' | '#' | '=' | '&' | '@');
        let before =
            match (self.before(place.start), place.start.checked_sub(1).and_then(|at| self.before(at))) {
                (Some(c), _) if c.is_alphanumeric() => true,
                (Some(c), Some(more)) if more.is_ascii_digit() => joins(c),
                // A sentence may end right before a number, and a word that says what it is may be tied to it.
                (Some(c), Some(more)) => {
                    joins(c) && more.is_alphabetic() && !spoken && !matches!(c, '.' | ',')
                }
                (Some(_) | None, _) => false,
            };
        let after = match (self.chars.get(place.end), self.chars.get(place.end + 1)) {
            (Some(c), _) if c.is_alphanumeric() => true,
            (Some(c), Some(more)) => joins(*c) && more.is_alphanumeric(),
            (Some(_) | None, _) => false,
        };
        before || after
    }

    /// Whether eight digits in one are something else: a date, a round amount, a CPV code.
    fn is_code(&self, place: &Range<usize>) -> bool {
        let text: String = self.chars[place.clone()].iter().collect();
        let day = |year: &str, month: &str, day: &str| {
            let day = Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?));
            day.and_then(|(year, month, day)| Day::new(year, month, day))
        };
        let is_date = day(&text[..4], &text[4..6], &text[6..]).is_some()
            || day(&text[4..], &text[2..4], &text[..2]).is_some();
        is_date || text.ends_with("00") || self.line_before(place.start, CPV_REACH).contains("cpv")
    }

    /// Whether pairs of digits go on before or after the four: a row of numbers.
    fn is_series(&self, place: &Range<usize>) -> bool {
        let beside = |one: &Range<usize>, other: &Range<usize>| {
            one.len() == 2 && is_gap(&self.chars[one.end.min(other.end)..one.start.max(other.start)])
        };
        let before = self.at.checked_sub(1).map(|at| &self.runs[at]);
        let after = self.runs.get(self.at + 4);
        before.is_some_and(|run| beside(run, place)) || after.is_some_and(|run| beside(run, place))
    }

    fn is_money(&self, place: &Range<usize>) -> bool {
        let before = self.line_before(place.start, 6);
        let word = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
        let after: String = self.chars[place.end..].iter().take(6).collect::<String>().to_lowercase();
        MONEY_BEFORE.contains(&word) || MONEY_AFTER.iter().any(|unit| after.trim_start().starts_with(unit))
    }

    /// Whether a word shortly before says that it is a telephone number.
    fn has_word(&self, start: usize) -> bool {
        let from = start.saturating_sub(WORD_REACH);
        let before: String = self.chars[from..start].iter().collect::<String>().to_lowercase();
        let words = before.split(|c: char| !c.is_alphanumeric() && c != '☎');
        words
            .into_iter()
            .any(|word| WORDS.iter().any(|known| word.starts_with(known)) || word.ends_with("telefon"))
    }

    fn in_url(&self, place: &Range<usize>) -> bool {
        let before = &self.chars[place.start.saturating_sub(URL_MAX)..place.start];
        let start = before.iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1);
        let token: String = before[start..].iter().collect();
        token.contains("://") || token.contains("www.")
    }

    fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).map(|at| self.chars[at])
    }

    /// What stands before on the same line, in lower case, at most so much of it.
    fn line_before(&self, start: usize, reach: usize) -> String {
        let before = &self.chars[start.saturating_sub(reach)..start];
        let line = before.iter().rposition(|c| *c == '\n').map_or(before, |at| &before[at + 1..]);
        line.iter().collect::<String>().to_lowercase()
    }
}

fn is_gap(between: &[char]) -> bool {
    matches!(between, [c] if run::is_space(*c) || run::is_dash(*c) || *c == '.')
}

/// Between the groups of a number with a country's code: also `(0)` and `/`.
fn is_wide_gap(between: &[char]) -> bool {
    let part = |c: &char| run::is_space(*c) || run::is_dash(*c) || matches!(c, '.' | '/' | '(' | ')');
    between.len() <= 2 && between.iter().all(part)
}
