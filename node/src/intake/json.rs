//! JSON: one case, a list of them, `{"items": [..]}`.
//!
//! The list is first cut into its elements by brackets and quotes alone, so that one bad element is
//! refused by itself, on its line, and none is parsed before its size is known.

use std::{io, ops::Range};

use serde::{Serialize, ser::SerializeSeq};
use serde_json::Value;

use super::{LineCount, Problem, RECORD_LIMIT, Refusal, Sink, line_of, number::after_string, strict};

/// One record of an export: what [`read`](super::read) gives back as id and value.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Exported<'a> {
    /// The record id.
    pub id: &'a str,
    kind: &'static str,
    /// The case's fields.
    pub case: &'a Value,
}

impl<'a> Exported<'a> {
    /// A case to be written.
    pub fn case(id: &'a str, case: &'a Value) -> Self {
        Self { id, kind: "case", case }
    }
}

/// Writes records as one JSON list, as they come.
pub fn write<'a>(
    out: impl io::Write,
    records: impl IntoIterator<Item = Exported<'a>>,
) -> Result<(), serde_json::Error> {
    use serde::Serializer;

    let mut out = serde_json::Serializer::pretty(out);
    let mut list = out.serialize_seq(None)?;
    for record in records {
        list.serialize_element(&record)?;
    }
    list.end()
}

/// Parses one value that stands in no file, as strictly.
pub fn value(text: &str) -> Result<Value, Refusal> {
    strict::parse(text).map_err(|fault| Refusal {
        file: String::new(),
        line: Some(fault.line),
        field: fault.field,
        problem: fault.problem,
    })
}

/// Reads a whole file.
pub(super) fn read(text: &str, into: &mut Sink<'_>) {
    let start = text.len() - text.trim_ascii_start().len();
    let line = |offset| line_of(text.as_bytes(), offset);
    if !matches!(text.as_bytes()[start], b'[' | b'{') {
        return read_one(text, start..text.trim_ascii_end().len(), line(start), into);
    }
    let Some(outer) = cut(text, start) else {
        return into.refuse(Some(line(start)), None, Problem::Unclosed);
    };
    let rest = text[outer.end..].trim_ascii_start();
    if !rest.is_empty() {
        return into.refuse(Some(line(text.len() - rest.len())), None, Problem::Trailing);
    }
    if text.as_bytes()[start] == b'[' {
        return read_list(text, &outer, into);
    }
    match outer.pieces.iter().find_map(|piece| items(text, piece)) {
        None => read_one(text, start..outer.end, line(start), into),
        Some(list) => match cut(text, list) {
            Some(list) => read_list(text, &list, into),
            None => into.refuse(Some(line(list)), None, Problem::Unclosed),
        },
    }
}

/// Reads the record in `piece`, which begins on `line`.
pub(super) fn read_one(text: &str, piece: Range<usize>, line: usize, into: &mut Sink<'_>) {
    if piece.len() > RECORD_LIMIT {
        return into.refuse(Some(line), None, Problem::RecordTooLarge { bytes: piece.len() });
    }
    if piece.is_empty() {
        return into.refuse(Some(line), None, Problem::NotACase { found: "nothing" });
    }
    match strict::parse(&text[piece.clone()]) {
        Ok(value) => into.take(line, value),
        Err(mut fault) => {
            if let Problem::Json { column, .. } = &mut fault.problem
                && fault.line == 1
            {
                *column += piece.start - text[..piece.start].rfind('\n').map_or(0, |newline| newline + 1);
            }
            into.refuse(Some(line + fault.line.saturating_sub(1)), fault.field, fault.problem);
        }
    }
}

fn read_list(text: &str, list: &Cut, into: &mut Sink<'_>) {
    let mut lines = LineCount::new(text);
    for piece in &list.pieces {
        read_one(text, piece.clone(), lines.at(piece.start), into);
    }
}

/// A list or object cut at its commas.
struct Cut {
    /// What stands between the commas, without the blanks around it.
    pieces: Vec<Range<usize>>,
    /// The offset after the closing bracket.
    end: usize,
}

/// Cuts the list or object that opens at `start`; none when it is never closed.
fn cut(text: &str, start: usize) -> Option<Cut> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let (mut depth, mut from, mut at) = (0usize, start + 1, start);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = after_string(bytes, at);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    let last = trimmed(text, from..at);
                    if !(last.is_empty() && pieces.is_empty()) {
                        pieces.push(last);
                    }
                    return Some(Cut { pieces, end: at + 1 });
                }
            }
            b',' if depth == 1 => {
                pieces.push(trimmed(text, from..at));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset of the list when `member` of an object is `"items": [`.
fn items(text: &str, member: &Range<usize>) -> Option<usize> {
    let value = text[member.clone()].strip_prefix("\"items\"")?.trim_ascii_start().strip_prefix(':')?;
    let value = value.trim_ascii_start();
    value.starts_with('[').then_some(member.end - value.len())
}

fn trimmed(text: &str, piece: Range<usize>) -> Range<usize> {
    let part = &text[piece.clone()];
    let start = piece.start + (part.len() - part.trim_ascii_start().len());
    start..start + part.trim_ascii().len()
}
