//! E-mail addresses: a name, `@`, and a domain of at least two labels that ends in letters.

use std::ops::Range;

pub(super) fn find(chars: &[char]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        let from = found.last().map_or(0, |last| last.end);
        let start = chars[from..at].iter().rposition(|c| !is_local(*c)).map_or(from, |stop| from + stop + 1);
        // A full stop before a name is the end of a sentence.
        let start = (start..at).find(|start| chars[*start] != '.').unwrap_or(at);
        if start < at
            && let Some(end) = domain(chars, at + 1)
        {
            found.push(start..end);
        }
    }
    found
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'')
}

/// Where the domain that begins here ends: before the full stop of a sentence.
fn domain(chars: &[char], from: usize) -> Option<usize> {
    let label = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '.');
    let mut end = from + chars[from..].iter().take_while(|c| label(c)).count();
    while end > from && !chars[end - 1].is_alphanumeric() {
        end -= 1;
    }
    let text: String = chars[from..end].iter().collect();
    let labels: Vec<&str> = text.split('.').collect();
    let last =
        labels.last().is_some_and(|last| last.chars().count() >= 2 && last.chars().all(char::is_alphabetic));
    (labels.len() >= 2 && last && labels.iter().all(|label| !label.is_empty())).then_some(end)
}
