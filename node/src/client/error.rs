//! What can go wrong between a client and its node.

use std::{io, path::PathBuf};

use serde_json::{Map, Value};

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No node serves the folder.
    #[error("no node serves {}", dir.display())]
    NoNode {
        /// The folder.
        dir: PathBuf,
    },
    /// A file of the folder could not be read.
    #[error("could not read {}: {source}", file.display())]
    Folder {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The node refused, and says why.
    #[error("{}", .0.message)]
    Refused(Box<Problem>),
    /// The connection failed.
    #[error("could not {doing} the node: {source}")]
    Http {
        /// What was attempted.
        doing: &'static str,
        /// What the system said.
        source: reqwest::Error,
    },
    /// The answer is not what this version of the interface gives.
    #[error("could not read the node's answer: {source}")]
    Answer {
        /// What the parser said.
        source: serde_json::Error,
    },
    /// What the node gave could not be written on.
    #[error("could not write what the node gave: {source}")]
    Output {
        /// What the system said.
        source: io::Error,
    },
    /// The answer ended before its result.
    #[error("the node's answer was cut short")]
    CutShort,
}

impl ClientError {
    /// The kind of error, one of those that the interface lists.
    pub fn kind(&self) -> &str {
        match self {
            Self::NoNode { .. } => "no_node",
            Self::Folder { .. } | Self::Output { .. } => "storage",
            Self::Refused(problem) => &problem.kind,
            Self::Http { .. } | Self::Answer { .. } | Self::CutShort => "offline",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoNode { dir } => {
                format!("start one: praksis run --dir {}", quoted(&dir.display().to_string()))
            }
            Self::Folder { .. } => "is the folder yours, and this the user who runs the node?".to_owned(),
            Self::Refused(problem) => problem.hint.clone(),
            Self::Output { .. } => "is there room on the disk?".to_owned(),
            Self::Http { .. } | Self::Answer { .. } | Self::CutShort => {
                "look at the node's log; does it run the same version?".to_owned()
            }
        }
    }

    /// What the node said, when it was the node that refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            Self::NoNode { .. }
            | Self::Folder { .. }
            | Self::Http { .. }
            | Self::Answer { .. }
            | Self::Output { .. }
            | Self::CutShort => None,
        }
    }

    /// As printed on standard error: `{"error": {"kind", "message", "hint"}}`, with the faults, candidates or
    /// other members that the node gave.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("kind".to_owned(), self.kind().into());
        error.insert("message".to_owned(), self.to_string().into());
        error.insert("hint".to_owned(), self.hint().into());
        if let Some(problem) = self.problem() {
            error.extend(problem.rest.clone());
        }
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))]))
    }
}

/// An answer of `application/problem+json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// One of the kinds that the interface lists.
    pub kind: String,
    /// What was refused, in a sentence.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// What else the node says: `faults`, `candidates`, `refused`, `shared`.
    pub rest: Map<String, Value>,
    /// The whole answer.
    pub body: Value,
}

/// Members of every problem; the others are about the one at hand.
const COMMON: [&str; 5] = ["type", "title", "status", "detail", "error"];

impl Problem {
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        Self::of(status, serde_json::from_slice(body).unwrap_or_default())
    }

    pub(super) fn of(status: u16, body: Value) -> Self {
        let text = |name: &str| body["error"][name].as_str().map(str::to_owned);
        let message = text("message").unwrap_or_else(|| format!("the node answered with status {status}"));
        let kind = text("kind").unwrap_or_else(|| "offline".to_owned());
        let hint = text("hint").unwrap_or_default();
        let mut rest = body.as_object().cloned().unwrap_or_default();
        rest.retain(|name, _| !COMMON.contains(&name.as_str()));
        Self { status, kind, message, hint, rest, body }
    }
}

fn quoted(path: &str) -> String {
    if path.contains(' ') { format!("\"{path}\"") } else { path.to_owned() }
}
