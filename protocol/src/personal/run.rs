//! Runs of digits, and runs that stand together as one number.

use std::ops::Range;

/// Every longest run of digits, as places of characters.
pub(super) fn all(chars: &[char]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| c.is_ascii_digit()) {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            Some(_) | None => runs.push(at..at + 1),
        }
    }
    runs
}

/// The runs from here on, if they are as long as the shape says and only such gaps part them.
pub(super) fn shaped<'a>(
    chars: &[char],
    runs: &'a [Range<usize>],
    shape: &[usize],
    gap: impl Fn(&[char]) -> bool,
) -> Option<&'a [Range<usize>]> {
    let taken = runs.get(..shape.len())?;
    let long = taken.iter().zip(shape).all(|(run, length)| run.len() == *length);
    let parted = taken.windows(2).all(|pair| gap(&chars[pair[0].end..pair[1].start]));
    (long && parted).then_some(taken)
}

/// From the first run's beginning to the last one's end.
pub(super) fn span(runs: &[Range<usize>]) -> Range<usize> {
    runs.first().map_or(0, |run| run.start)..runs.last().map_or(0, |run| run.end)
}

/// The digits of runs, each as a number.
pub(super) fn digits(chars: &[char], runs: &[Range<usize>]) -> Vec<u32> {
    runs.iter().flat_map(|run| &chars[run.clone()]).filter_map(|c| c.to_digit(10)).collect()
}

/// A space as people and word processors write it between digits.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

/// A hyphen or a dash.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{2014}' | '\u{2212}')
}
