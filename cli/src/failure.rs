//! Why a command failed, for people and for programs.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use praksis_node::locale;
use praksis_protocol::language::Language;
use serde_json::{Map, Value, json};

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One of the kinds that the interface lists.
    pub(crate) kind: String,
    /// What happened, in a sentence without a full stop.
    pub(crate) message: String,
    /// What to do next; empty when there is nothing to say.
    pub(crate) hint: String,
    /// What else there is to know: faults, candidates.
    pub(crate) rest: Box<Map<String, Value>>,
}

impl Failure {
    pub(crate) fn new(kind: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), hint: hint.into(), rest: Box::default() }
    }

    /// The command line is wrong.
    pub(crate) fn misuse(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("misuse", message, hint)
    }

    /// Tells it on standard error, and gives the exit status.
    pub(crate) fn report(self, json: bool, language: Language) -> ExitCode {
        let status = if self.kind == "misuse" { 2 } else { 1 };
        let text = if json {
            self.to_json().to_string()
        } else {
            let mut text = locale::text(language, "error", &[("message", self.message.into())]);
            text.extend(lines(&self.rest));
            if !self.hint.is_empty() {
                text.push('\n');
                text.push_str(&locale::text(language, "hint", &[("hint", self.hint.into())]));
            }
            text
        };
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{text}");
        ExitCode::from(status)
    }

    /// The message, or the faults where there are such: each in a sentence.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let faults = lines(&self.rest);
        if faults.is_empty() {
            vec![self.message.clone()]
        } else {
            faults.iter().map(|line| line.trim().to_owned()).collect()
        }
    }

    fn to_json(&self) -> Value {
        let mut error = json!({"kind": self.kind, "message": self.message, "hint": self.hint});
        error.as_object_mut().expect("made an object").extend(*self.rest.clone());
        json!({ "error": error })
    }
}

/// Faults and candidates, one a line.
fn lines(rest: &Map<String, Value>) -> Vec<String> {
    let items = ["faults", "candidates"].iter().filter_map(|name| rest.get(*name)?.as_array());
    items
        .flatten()
        .map(|item| {
            if let (Some(id), Some(title)) = (item["id"].as_str(), item["title"].as_str()) {
                // Two of one title are told apart by whose they are, and asked for by their ids.
                return format!("\n  {id}  {title}  {}", item["owner"]["name"].as_str().unwrap_or_default());
            }
            let text = ["text", "message", "why", "title", "id"].iter().find_map(|name| item[*name].as_str());
            format!("\n  {}", text.or(item.as_str()).map_or_else(|| item.to_string(), str::to_owned))
        })
        .collect()
}
