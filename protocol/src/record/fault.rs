//! What is wrong with a record, and where.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;

use super::Expected;
use crate::language::{Labels, Language};

/// How much of a refused value a message shows, in characters.
const FOUND_MAX: usize = 60;

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The record has no such field.
    UnknownField,
    /// The list of codes has no such code.
    UnknownCode,
    /// A value that must be there is not.
    Missing,
    /// A value of another type.
    Type,
    /// Of the right type, but not such a value.
    Value,
    /// More characters, items or bytes than there may be.
    TooLong,
    /// Each value is right, but they do not fit together.
    Rule,
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub problem: Problem,
    /// Where: `lessons[2].theme`; empty for the record itself.
    pub path: String,
    /// What would have been right.
    pub expected: Expected,
    /// What was there, shortened.
    pub found: String,
    /// The known name that is nearest to an unknown one.
    pub nearest: Option<String>,
    /// The same place by the ids of items, which outlive their positions.
    place: String,
    /// The whole value that was there, as a digest.
    value: u64,
}

impl Fault {
    /// A fault outside the reading of a record, such as in an expression or on a line of a file.
    pub fn new(problem: Problem, path: &str, expected: Expected, found: &Value) -> Self {
        Self {
            problem,
            path: path.to_owned(),
            expected,
            found: excerpt(found),
            nearest: None,
            place: path.to_owned(),
            value: digest(found),
        }
    }

    /// The same fault, with the known name that is nearest to what was found.
    pub(crate) fn with_nearest(self, nearest: Option<String>) -> Self {
        Self { nearest, ..self }
    }

    /// Whether an older state of the record had this fault already: same place, same value.
    pub(crate) fn is_same_as(&self, before: &Self) -> bool {
        (self.problem, &self.place, self.value) == (before.problem, &before.place, before.value)
    }

    /// The fault in words: place, what was expected, what was found, and what may have been meant.
    pub fn text(&self, language: Language) -> String {
        const EXPECTED: Labels = Labels { nb: "ventet", nn: "venta", en: "expected" };
        const FOUND: Labels = Labels { nb: "fant", nn: "fann", en: "found" };
        const MEANT: Labels = Labels { nb: "mente du", nn: "meinte du", en: "did you mean" };
        let place = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        let meant = self.nearest.as_ref().map(|name| format!("; {} \"{name}\"?", MEANT.get(language)));
        format!(
            "{place}{} {}, {} {}{}",
            EXPECTED.get(language),
            self.expected.text(language),
            FOUND.get(language),
            self.found,
            meant.unwrap_or_default()
        )
    }

    /// The same fault, with its place told by the ids of items.
    pub(super) fn at(self, path: String, place: String) -> Self {
        Self { path, place, ..self }
    }
}

/// Tells values apart; it never leaves this process.
fn digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

/// A value as a message shows it.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(FOUND_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

/// A record that cannot be taken in, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.faults))]
pub struct Invalid {
    /// At least one, in the order of the record.
    pub faults: Vec<Fault>,
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}
