//! Reading files of cases, and writing them: bytes to records with the line each began on.
//!
//! Three formats, told apart by the file's extension, else by how the text begins: JSON (one case,
//! a list, `{"items": [..]}`, or what [`json::write`] wrote), JSON Lines, and TOML (`[[case]]`, or one
//! case at the top, which is also what the editor's [`form`] is). A record that cannot be read is
//! refused with its line and the rest is in; a file that cannot be read is one refusal.
//!
//! Nothing is known here of a case's fields: what a record must hold is the domain's to say. What this
//! module does promise is that the value handed on is the one written. Keys that stand twice are
//! refused, since a reader would silently keep one of them. A number arrives as an integer of 64 bits or
//! as a float, and one that neither holds exactly is refused; `arbitrary_precision` of serde_json
//! would keep it, at the price of changing how every crate of the program reads numbers.

use std::{fs::File, io::Read, path::Path};

use serde::{Serialize, Serializer};
use serde_json::Value;

pub mod form;
pub mod json;
pub mod lines;
mod number;
mod strict;
pub mod toml;

/// The most that is read of one file, in bytes.
pub const FILE_LIMIT: usize = 64 * 1024 * 1024;

/// The most that one record may take in its file, in bytes.
pub const RECORD_LIMIT: usize = praksis_protocol::record::RECORD_MAX;

/// One case as a file has it, not yet checked by the domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The physical line it begins on, from 1.
    pub line: usize,
    /// The record id, when the file is an export.
    pub id: Option<String>,
    /// The case's fields: always a JSON object.
    pub value: Value,
}

/// A record, or a whole file, that could not be read.
///
/// As JSON it is `{"file", "line", "field", "why"}`, what is not known left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file as the caller names it.
    pub file: String,
    /// The physical line, from 1; none when it concerns the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The field, as a path (`gains[0].unit`), when it is one field's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong; as JSON its English sentence.
    #[serde(rename = "why", serialize_with = "as_sentence")]
    pub problem: Problem,
}

/// What a file held: the records that could be read, in the file's order, and the refusals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intake {
    /// What could be read.
    pub records: Vec<Record>,
    /// What could not.
    pub refused: Vec<Refusal>,
}

/// Why a file or a record could not be read. The sentence is for logs and programs;
/// [`key`](Self::key) finds the same in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// Over [`FILE_LIMIT`].
    #[error("the file is larger than 64 MiB")]
    FileTooLarge,
    /// Over [`RECORD_LIMIT`].
    #[error("the record takes {bytes} bytes, more than 512 KiB")]
    RecordTooLarge {
        /// How many it takes.
        bytes: usize,
    },
    /// The first byte that is not UTF-8.
    #[error("not UTF-8 at byte {offset} of the file")]
    NotUtf8 {
        /// Counted from 0.
        offset: usize,
    },
    /// As some programs for Windows save text.
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    /// Neither the extension nor the text tells the format.
    #[error("neither JSON, JSON Lines nor TOML")]
    UnknownFormat,
    /// Not JSON, in the parser's words.
    #[error("not valid JSON at column {column}: {message}")]
    Json {
        /// From 1, in bytes.
        column: usize,
        /// What the parser expected.
        message: String,
    },
    /// Not TOML, in the parser's words.
    #[error("not valid TOML: {message}")]
    Toml {
        /// What the parser expected.
        message: String,
    },
    /// A list or an object runs to the end of the file.
    #[error("what opens here is never closed")]
    Unclosed,
    /// More than one value in a JSON file.
    #[error("more follows after the end; one case a line is JSON Lines (.jsonl)")]
    Trailing,
    /// A key stands twice in one object.
    #[error("the key {key:?} stands twice")]
    DuplicateKey {
        /// Which.
        key: String,
    },
    /// A number with more digits than can be kept.
    #[error("the number {number} cannot be kept exactly; write it as a string")]
    InexactNumber {
        /// As written.
        number: String,
    },
    /// Something else where a case was expected.
    #[error("expected a case (an object), found {found}")]
    NotACase {
        /// What kind of value.
        found: &'static str,
    },
    /// A record of another kind than a case.
    #[error("expected a case, found a record of the kind {kind:?}")]
    OtherKind {
        /// As written.
        kind: String,
    },
    /// A well-formed file without a single case.
    #[error("the file holds no case")]
    NoCase,
    /// The form's `audience` is neither of its two codes.
    #[error("expected organisation or network, found {found}")]
    Audience {
        /// As written.
        found: String,
    },
}

/// Why a file's bytes could not be had at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Over [`FILE_LIMIT`]; nothing beyond it was read.
    #[error("{file} is larger than 64 MiB")]
    TooLarge {
        /// As the caller names it.
        file: String,
    },
    /// The operating system refused.
    #[error("could not read {file}")]
    Io {
        /// As the caller names it.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The formats that cases come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One value.
    Json,
    /// One object a line.
    Lines,
    /// Tables.
    Toml,
}

/// Reads every record of a file. `file` is its name as people know it, `-` for standard input.
pub fn read(file: &str, bytes: &[u8]) -> Intake {
    let mut intake = Intake::default();
    let mut into = Sink { file, intake: &mut intake };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        into.refuse(None, None, Problem::Utf16);
    } else if bytes.len() > FILE_LIMIT {
        into.refuse(None, None, Problem::FileTooLarge);
    } else {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        into.read(text, bytes.len() - text.len());
    }
    intake
}

/// The bytes of the file at `path`. One that is too large is refused by its size, unread.
pub fn load(path: &Path) -> Result<Vec<u8>, LoadError> {
    let file = path.display().to_string();
    let io = |source| LoadError::Io { file: file.clone(), source };
    let opened = File::open(path).map_err(io)?;
    if opened.metadata().map_err(io)?.len() > FILE_LIMIT as u64 {
        return Err(LoadError::TooLarge { file });
    }
    load_from(&file, opened)
}

/// The bytes of a stream such as standard input, up to the limit.
pub fn load_from(file: &str, source: impl Read) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    source
        .take(FILE_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| LoadError::Io { file: file.to_owned(), source })?;
    if bytes.len() > FILE_LIMIT {
        return Err(LoadError::TooLarge { file: file.to_owned() });
    }
    Ok(bytes)
}

/// Where a reader of one format puts what it finds.
struct Sink<'a> {
    file: &'a str,
    intake: &'a mut Intake,
}

impl Sink<'_> {
    /// `skipped`: bytes of the file before `bytes`, so that offsets are the file's.
    fn read(&mut self, bytes: &[u8], skipped: usize) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return self.refuse(None, None, Problem::Empty);
        }
        match Format::of(self.file, bytes) {
            None => self.refuse(None, None, Problem::UnknownFormat),
            Some(Format::Lines) => lines::read(bytes, skipped, self),
            Some(format @ (Format::Json | Format::Toml)) => match std::str::from_utf8(bytes) {
                Err(error) => {
                    let offset = error.valid_up_to();
                    let line = line_of(bytes, offset);
                    self.refuse(Some(line), None, Problem::NotUtf8 { offset: skipped + offset });
                }
                Ok(text) if format == Format::Json => json::read(text, self),
                Ok(text) => toml::read(text, self),
            },
        }
        if self.intake.records.is_empty() && self.intake.refused.is_empty() {
            self.refuse(None, None, Problem::NoCase);
        }
    }

    fn refuse(&mut self, line: Option<usize>, field: Option<String>, problem: Problem) {
        self.intake.refused.push(Refusal { file: self.file.to_owned(), line, field, problem });
    }

    /// Takes a value that stands where a case should: itself, or wrapped as an export writes it.
    fn take(&mut self, line: usize, value: Value) {
        let Value::Object(mut object) = value else {
            return self.refuse(Some(line), None, Problem::NotACase { found: name_of(&value) });
        };
        if let Some(Value::String(kind)) = object.get("kind")
            && kind != "case"
        {
            return self.refuse(
                Some(line),
                Some("kind".to_owned()),
                Problem::OtherKind { kind: kind.clone() },
            );
        }
        let (id, value) = match object.get("case") {
            Some(Value::Object(_)) => (
                object.get("id").and_then(Value::as_str).map(str::to_owned),
                object.swap_remove("case").expect("it was just there"),
            ),
            Some(_) | None => (None, Value::Object(object)),
        };
        self.intake.records.push(Record { line, id, value });
    }
}

impl Format {
    /// By the extension, else by how the text begins; none when that tells nothing.
    pub fn of(file: &str, bytes: &[u8]) -> Option<Self> {
        let extension = Path::new(file).extension().map(|text| text.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("json") => Some(Self::Json),
            Some("jsonl" | "ndjson") => Some(Self::Lines),
            Some("toml") => Some(Self::Toml),
            Some(_) | None => Self::sniff(bytes.trim_ascii_start()),
        }
    }

    fn sniff(bytes: &[u8]) -> Option<Self> {
        let after_first = bytes.get(1..).unwrap_or_default().trim_ascii_start();
        match bytes.first()? {
            b'{' => {
                let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                let whole = lines.next().is_some_and(|first| first.ends_with(b"}"));
                let another = lines.any(|line| line.starts_with(b"{"));
                Some(if whole && another { Self::Lines } else { Self::Json })
            }
            b'[' if matches!(after_first.first(), None | Some(b'{' | b']')) => Some(Self::Json),
            b'[' | b'#' => Some(Self::Toml),
            _ => {
                let first_line = bytes.split(|byte| *byte == b'\n').next()?;
                first_line.contains(&b'=').then_some(Self::Toml)
            }
        }
    }
}

impl Problem {
    /// The same for every wording: what the translations are found by.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Empty => "intake-empty",
            Self::FileTooLarge => "intake-file-too-large",
            Self::RecordTooLarge { .. } => "intake-record-too-large",
            Self::NotUtf8 { .. } => "intake-not-utf8",
            Self::Utf16 => "intake-utf16",
            Self::UnknownFormat => "intake-unknown-format",
            Self::Json { .. } => "intake-json",
            Self::Toml { .. } => "intake-toml",
            Self::Unclosed => "intake-unclosed",
            Self::Trailing => "intake-trailing",
            Self::DuplicateKey { .. } => "intake-duplicate-key",
            Self::InexactNumber { .. } => "intake-inexact-number",
            Self::NotACase { .. } => "intake-not-a-case",
            Self::OtherKind { .. } => "intake-other-kind",
            Self::NoCase => "intake-no-case",
            Self::Audience { .. } => "intake-audience",
        }
    }
}

fn as_sentence<S: Serializer>(problem: &Problem, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(problem)
}

/// The physical line that the byte at `offset` stands on, from 1.
fn line_of(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset].iter().filter(|byte| **byte == b'\n').count()
}

/// The lines of offsets that only grow, counted onward and not from the top each time.
struct LineCount<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
}

impl<'a> LineCount<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), offset: 0, line: 1 }
    }

    fn at(&mut self, offset: usize) -> usize {
        self.line += line_of(&self.bytes[self.offset..], offset - self.offset) - 1;
        self.offset = offset;
        self.line
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
