//! Norwegian national identity numbers: six digits of a birth date, three to tell people apart, and
//! two check digits, modulo 11.
//!
//! In a D-number the day is 40 higher. The month is 40 higher in an H-number, and in made-up numbers
//! for tests 40 (the labour and welfare administration), 65 (the health network) or 80 (the tax
//! administration's Tenor). Source: the tax administration on the structure of the numbers.
//!
//! Deliberately absent: the health services' own numbers without a date, which cannot be told from
//! account numbers.

use std::ops::Range;

use super::run;
use crate::date::Day;

/// How the eleven digits are grouped, the year in two digits or, where they are thirteen, in four.
/// Each begins with a whole date: a bank account (4, 2, 5) or an amount (2, 3, 3, 3) is none.
const SHAPES: [&[usize]; 10] = [
    &[11],
    &[6, 5],
    &[6, 3, 2],
    &[6, 2, 3],
    &[2, 2, 2, 5],
    &[2, 2, 2, 3, 2],
    &[8, 5],
    &[8, 3, 2],
    &[2, 2, 4, 5],
    &[2, 2, 4, 3, 2],
];
/// The most characters between two groups: a dash with spaces around it.
const GAP_MAX: usize = 3;
/// What is added to the month.
const MONTHS: [u32; 4] = [0, 40, 65, 80];
/// What is added to the day.
const DAYS: [u32; 2] = [0, 40];
/// The weights of the first check digit, itself included.
const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
/// The weights of the second, itself included.
const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

pub(super) fn find(chars: &[char], runs: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in 0..runs.len() {
        if found.last().is_some_and(|last| runs[at].start < last.end) {
            continue;
        }
        let shaped = SHAPES.iter().find_map(|shape| {
            let taken = run::shaped(chars, &runs[at..], shape, is_gap)?;
            is_national_id(&run::digits(chars, taken)).then(|| run::span(taken))
        });
        found.extend(shaped);
    }
    found
}

fn is_gap(between: &[char]) -> bool {
    let part = |c: &char| run::is_space(*c) || run::is_dash(*c) || matches!(c, '.' | '/' | ',');
    between.len() <= GAP_MAX && between.iter().all(part)
}

fn is_national_id(digits: &[u32]) -> bool {
    let short;
    let digits = match digits {
        // The century is not part of the number.
        [d1, d2, m1, m2, 1, 8 | 9, rest @ ..] | [d1, d2, m1, m2, 2, 0, rest @ ..] if rest.len() == 7 => {
            short = [&[*d1, *d2, *m1, *m2], rest].concat();
            short.as_slice()
        }
        _ => digits,
    };
    digits.len() == 11 && is_date(digits) && checks(digits, &FIRST) && checks(digits, &SECOND)
}

fn checks(digits: &[u32], weights: &[u32]) -> bool {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
}

/// Whether the first six digits are a day of some century, however it is marked.
fn is_date(digits: &[u32]) -> bool {
    let pair = |at: usize| digits[at] * 10 + digits[at + 1];
    let (day, month, year) = (pair(0), pair(2), pair(4));
    let exists = |century: u32, day: u32, month: u32| {
        let (year, month, day) = ((century + year).try_into(), month.try_into(), day.try_into());
        matches!((year, month, day), (Ok(year), Ok(month), Ok(day)) if Day::new(year, month, day).is_some())
    };
    DAYS.iter().filter_map(|more| day.checked_sub(*more)).any(|day| {
        let months = MONTHS.iter().filter_map(|more| month.checked_sub(*more));
        months.into_iter().any(|month| exists(1900, day, month) || exists(2000, day, month))
    })
}
