//! Reading what the command line names: a file, or standard input.

use std::{io, path::Path};

use praksis_node::intake::{self, Intake, LoadError};
use serde_json::{Value, json};

use crate::{context::Context, failure::Failure};

/// The bytes of a file, or of standard input for `-`; a clear refusal otherwise.
pub(crate) fn load(context: &Context, path: &Path) -> Result<Vec<u8>, Failure> {
    let file = path.display().to_string();
    let loaded = if file == "-" {
        intake::load_from(&file, io::stdin().lock())
    } else if path.is_dir() {
        return Err(context.failure("invalid", "file-is-folder", &[("file", file.into())]));
    } else {
        intake::load(path)
    };
    loaded.map_err(|error| match error {
        LoadError::TooLarge { file } => {
            context.failure("invalid", "file-too-large", &[("file", file.into())])
        }
        LoadError::Io { file, source } if source.kind() == io::ErrorKind::NotFound => {
            context.failure("not_found", "file-missing", &[("file", file.into())])
        }
        LoadError::Io { file, source } => {
            let why = source.to_string();
            context.failure("storage", "file-unreadable", &[("file", file.into()), ("why", why.into())])
        }
    })
}

/// Bytes as text.
pub(crate) fn utf8(context: &Context, file: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(context.failure("invalid", "file-empty", &[("file", file.into())]));
    }
    String::from_utf8(bytes)
        .map_err(|_| context.failure("invalid", "file-not-utf8", &[("file", file.into())]))
}

/// The one case of a file.
pub(crate) fn one(context: &Context, mut intake: Intake) -> Result<Value, Failure> {
    if !intake.refused.is_empty() {
        return Err(refused(context, &intake));
    }
    match (intake.records.pop(), intake.records.is_empty()) {
        (Some(record), true) => Ok(record.value),
        _ => Err(context.failure("invalid", "file-many", &[])),
    }
}

/// What could not be read, each with its line and why.
fn refused(context: &Context, intake: &Intake) -> Failure {
    let faults: Vec<Value> = intake
        .refused
        .iter()
        .map(|refusal| {
            let mut fault = json!(refusal);
            fault["message"] = line(context, refusal).into();
            fault
        })
        .collect();
    let mut failure = context.failure("invalid", "file-refused", &[]);
    failure.rest.insert("faults".to_owned(), faults.into());
    failure
}

/// `file:line: field: why`, in the reader's language.
pub(crate) fn line(context: &Context, refusal: &intake::Refusal) -> String {
    let line = refusal.line.map_or_else(String::new, |line| format!(":{line}"));
    let field = refusal.field.as_ref().map_or_else(String::new, |field| format!("{field}: "));
    format!("{}{line}: {field}{}", refusal.file, why(context, &refusal.problem))
}

fn why(context: &Context, problem: &intake::Problem) -> String {
    use intake::Problem as P;
    let arguments = match problem {
        P::RecordTooLarge { bytes } => vec![("bytes", (*bytes).into())],
        P::NotUtf8 { offset } => vec![("offset", (*offset).into())],
        P::Json { column, message } => {
            vec![("column", (*column).into()), ("message", message.as_str().into())]
        }
        P::Toml { message } => vec![("message", message.as_str().into())],
        P::DuplicateKey { key } => vec![("key", key.as_str().into())],
        P::InexactNumber { number } => vec![("number", number.as_str().into())],
        P::NotACase { found } => vec![("found", (*found).into())],
        P::OtherKind { kind } => vec![("kind", kind.as_str().into())],
        P::Audience { found } => vec![("found", found.as_str().into())],
        P::Empty | P::FileTooLarge | P::Utf16 | P::UnknownFormat | P::Unclosed | P::Trailing | P::NoCase => {
            vec![]
        }
    };
    context.text(problem.key(), &arguments)
}
