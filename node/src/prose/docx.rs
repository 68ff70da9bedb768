//! The text of a Word document: paragraphs, lists and tables of its main part.
//!
//! The document is a zip of XML (ECMA-376). Only elements that carry or divide text are known, by their local names:
//! `p` a paragraph, `t` text, `tab`, `br` and `cr`, `numPr` what makes it an item of a list, `tbl`, `tr` and `tc` a table.
//! What was deleted with changes tracked (`delText`) and the codes of fields (`instrText`) are no text.

use std::io::{BufReader, Cursor, Read};

use quick_xml::{Reader, events::Event};
use zip::{ZipArchive, result::ZipError};

use super::{Error, TEXT_LIMIT};

/// Most entries of the zip: Word writes a few dozen, and one for each picture.
const ENTRIES: usize = 10_000;
/// Most bytes that are inflated. A thousand pages with all their formatting are some twenty million.
const INFLATED: u64 = 64 * 1024 * 1024;
/// Deepest nesting of elements. Tables in tables in text boxes reach fifty.
const DEPTH: usize = 256;

/// How an entry of the central directory begins.
const ENTRY: &[u8] = b"PK\x01\x02";

/// The running text of a document; at most [`TEXT_LIMIT`] bytes of it.
///
/// # Errors
/// When it is none, is locked, or holds more than any document does.
pub fn text(bytes: &[u8]) -> Result<String, Error> {
    // Before anything is kept of each.
    if bytes.windows(ENTRY.len()).filter(|window| *window == ENTRY).nth(ENTRIES).is_some() {
        return Err(Error::TooMuch(format!("{ENTRIES} parts")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let part = main_part(&archive)?;
    let entry = archive.by_index(part).map_err(broken)?;
    let mut counted = entry.take(INFLATED);
    let read = Document::read(&mut counted);
    // Whatever it looked like then: it was cut off.
    if counted.limit() == 0 && !matches!(&read, Ok(text) if text.len() >= TEXT_LIMIT) {
        return Err(Error::TooMuch(format!("{} MiB of XML", INFLATED >> 20)));
    }
    read
}

fn broken(error: ZipError) -> Error {
    if matches!(error, ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED) {
        return Error::Encrypted;
    }
    Error::Damaged { format: "DOCX", why: error.to_string() }
}

/// The main part's place. Its name is a habit of Word's; others number it.
fn main_part(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<usize, Error> {
    let numbered = |name: &[u8]| name.starts_with(b"word/document") && name.ends_with(b".xml");
    let habit = archive.index_for_name_raw(b"word/document.xml");
    habit
        .or_else(|| archive.index_for_name_raw(archive.file_names_raw().find(|name| numbered(name))?))
        .ok_or_else(|| Error::Damaged { format: "DOCX", why: "it is a zip without a document".to_owned() })
}

/// What has been read so far.
#[derive(Default)]
struct Document {
    text: String,
    /// Open paragraphs: those of a text box stand inside another.
    paragraphs: Vec<Paragraph>,
    /// Open rows of tables, each with its cells.
    rows: Vec<Vec<String>>,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    is_item: bool,
}

impl Document {
    fn read(xml: impl Read) -> Result<String, Error> {
        let damaged = |why: String| Error::Damaged { format: "DOCX", why };
        let mut reader = Reader::from_reader(BufReader::new(xml));
        let (mut document, mut buffer, mut depth) = (Self::default(), Vec::new(), 0_usize);
        // Text stands in `t` alone; a fallback says again what its choice has said.
        let (mut in_text, mut fallback) = (false, None);
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(|error| damaged(error.to_string()))?;
            let skipped = fallback.is_some();
            match event {
                Event::Start(element) => {
                    depth += 1;
                    if depth > DEPTH {
                        return Err(Error::TooMuch(format!("{DEPTH} levels")));
                    }
                    let name = element.local_name();
                    match name.as_ref() {
                        "Fallback" if !skipped => fallback = Some(depth),
                        _ if skipped => {}
                        "t" => in_text = true,
                        name => document.opens(name),
                    }
                }
                Event::Empty(element) if !skipped => document.stands(element.local_name().as_ref()),
                Event::End(element) => {
                    if fallback == Some(depth) {
                        fallback = None;
                    } else if !skipped {
                        in_text = false;
                        document.closes(element.local_name().as_ref());
                    }
                    depth = depth.saturating_sub(1);
                }
                Event::Text(text) if in_text && !skipped => document.says(&text.xml10_content()),
                Event::CData(text) if in_text && !skipped => document.says(&text.xml10_content()),
                Event::GeneralRef(reference) if in_text && !skipped => {
                    let named = match &*reference.xml10_content() {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => reference.resolve_char_ref().map_err(|error| damaged(error.to_string()))?,
                    };
                    named.into_iter().for_each(|c| document.says(c.encode_utf8(&mut [0; 4])));
                }
                Event::DocType(_) => return Err(damaged("it declares a document type".to_owned())),
                Event::Eof if depth == 0 => return Ok(document.end()),
                Event::Eof => return Err(damaged("it ends in the middle".to_owned())),
                Event::Empty(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::GeneralRef(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_) => {}
            }
            if document.text.len() >= TEXT_LIMIT {
                return Ok(document.end());
            }
        }
    }

    fn opens(&mut self, name: &str) {
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "tr" => self.rows.push(Vec::new()),
            "tc" => self.rows.last_mut().into_iter().for_each(|row| row.push(String::new())),
            other => self.stands(other),
        }
    }

    /// An element that says all by being there.
    fn stands(&mut self, name: &str) {
        match name {
            "tab" => self.says("\t"),
            "br" | "cr" => self.says("\n"),
            "numPr" => self.paragraphs.last_mut().into_iter().for_each(|open| open.is_item = true),
            _ => {}
        }
    }

    fn says(&mut self, text: &str) {
        if let Some(open) = self.paragraphs.last_mut()
            && open.text.len() < TEXT_LIMIT
        {
            open.text.push_str(text);
        }
    }

    fn closes(&mut self, name: &str) {
        match name {
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.take(&paragraph);
                }
            }
            "tr" => {
                let cells = self.rows.pop().unwrap_or_default();
                let cells: Vec<_> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
                self.take(&Paragraph { text: cells.join(" | "), is_item: false });
            }
            _ => {}
        }
    }

    /// A whole paragraph goes into the cell that it stands in, else to the text.
    fn take(&mut self, paragraph: &Paragraph) {
        let text = paragraph.text.trim();
        if text.is_empty() {
            return;
        }
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            if cell.len() < TEXT_LIMIT {
                cell.push_str(if cell.is_empty() { "" } else { " " });
                cell.push_str(text);
            }
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(if paragraph.is_item { "- " } else { "" });
        self.text.push_str(text);
    }

    fn end(mut self) -> String {
        self.text.truncate(self.text.floor_char_boundary(TEXT_LIMIT));
        self.text
    }
}
