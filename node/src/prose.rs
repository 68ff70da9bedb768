//! Needs as people write them: plain text, Markdown, Word and PDF, each to running text.
//!
//! What a file is, its bytes say; a name that says something else is refused, since one of them is a mistake.
//! Everything is bounded: the file, what is inflated of it, how deep it nests, and the text that is taken from it. A PDF is
//! read in a process of its own ([`pdf`]). Deliberately absent: pictures, headers, footnotes and formatting.

pub mod docx;
pub mod pdf;

use std::path::Path;

/// The most that is read of one file, in bytes: a need description with many pictures.
pub const FILE_LIMIT: usize = 32 * 1024 * 1024;

/// The most text that is taken from one file, in bytes; what follows is not read. Above what a search looks at.
pub const TEXT_LIMIT: usize = 384 * 1024;

/// What a file of prose is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text or Markdown.
    Text,
    /// Word since 2007.
    Docx,
    /// PDF.
    Pdf,
}

/// Why no text could be taken from a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Larger than [`FILE_LIMIT`].
    #[error("could not read the file: it is larger than {} MiB", FILE_LIMIT >> 20)]
    FileTooLarge,
    /// Called one thing, and another.
    #[error("could not read the file as {named}: it is {is}")]
    Disguised {
        /// What the extension says.
        named: &'static str,
        /// What the bytes say.
        is: &'static str,
    },
    /// A form of document that is not read.
    #[error("could not read the file: {0} is not read here")]
    OtherFormat(&'static str),
    /// It opens with a password only.
    #[error("could not read the file: it is encrypted")]
    Encrypted,
    /// Not what its form should be.
    #[error("could not read the file as {format}: {why}")]
    Damaged {
        /// The form.
        format: &'static str,
        /// What is wrong, for whoever looks closer.
        why: String,
    },
    /// More inside than any description has, or deeper nested.
    #[error("could not read the file: it holds more than {0}")]
    TooMuch(String),
    /// Text in no encoding that is read.
    #[error("could not read the file: it is not text in UTF-8")]
    NotUtf8,
    /// Pictures of text, or nothing.
    #[error("could not find any text in the file")]
    NoText,
    /// The reader was stopped at its limits of time or memory.
    #[error("could not read the file: it takes too much time or memory")]
    TooHeavy,
    /// The reader could not be started.
    #[error("could not start the reader: {0}")]
    NoReader(String),
}

impl Error {
    /// The same for every wording: what the translations are found by.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::FileTooLarge => "prose-file-too-large",
            Self::Disguised { .. } => "prose-disguised",
            Self::OtherFormat(_) => "prose-other-format",
            Self::Encrypted => "prose-encrypted",
            Self::Damaged { .. } => "prose-damaged",
            Self::TooMuch(_) => "prose-too-much",
            Self::NotUtf8 => "prose-not-utf8",
            Self::NoText => "prose-no-text",
            Self::TooHeavy => "prose-too-heavy",
            Self::NoReader(_) => "prose-no-reader",
        }
    }
}

impl Format {
    /// What a file is. `None` when it is none of these by its name, nor by its bytes: a case, perhaps.
    ///
    /// # Errors
    /// When the name says something else than the bytes, and when it is a document that is not read.
    pub fn of(file: &str, bytes: &[u8]) -> Result<Option<Self>, Error> {
        let extension = Path::new(file).extension().map(|text| text.to_string_lossy().to_lowercase());
        let named = match extension.as_deref() {
            Some("txt" | "text" | "md" | "markdown") => Some(Self::Text),
            Some("docx" | "docm" | "dotx") => Some(Self::Docx),
            Some("pdf") => Some(Self::Pdf),
            Some(_) | None => None,
        };
        let is = Self::sniff(bytes)?;
        match (named, is) {
            (Some(named), Some(is)) if named == is => Ok(Some(is)),
            (Some(Self::Text), None) => Ok(Some(Self::Text)),
            (Some(named), None) if std::str::from_utf8(bytes).is_err() => {
                Err(Error::Damaged { format: named.name(), why: "it does not begin as one".to_owned() })
            }
            (Some(named), is) => {
                let is = is.unwrap_or(Self::Text);
                Err(Error::Disguised { named: named.name(), is: is.name() })
            }
            (None, is) => Ok(is),
        }
    }

    /// By the first bytes alone; plain text has none that tell.
    fn sniff(bytes: &[u8]) -> Result<Option<Self>, Error> {
        const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
        // Word puts the zip of a document with a password into the older container, under this name.
        let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        if bytes.starts_with(COMPOUND_FILE) {
            let word_with_password = holds(bytes, &encrypted);
            return Err(if word_with_password { Error::Encrypted } else { Error::OtherFormat("DOC") });
        }
        if bytes.starts_with(b"{\\rtf") {
            return Err(Error::OtherFormat("RTF"));
        }
        if bytes.starts_with(b"PK\x03\x04") {
            // The first entry of an OpenDocument file is its type, uncompressed.
            let beginning = &bytes[..bytes.len().min(200)];
            let open_document = holds(beginning, b"application/vnd.oasis.opendocument");
            return if open_document { Err(Error::OtherFormat("ODT")) } else { Ok(Some(Self::Docx)) };
        }
        Ok(holds(&bytes[..bytes.len().min(1024)], b"%PDF-").then_some(Self::Pdf))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Docx => "DOCX",
            Self::Pdf => "PDF",
        }
    }
}

/// The running text of a file, paragraphs apart by blank lines; at most [`TEXT_LIMIT`] bytes of it. `reader` reads a PDF.
///
/// # Errors
/// When there is none that can be read.
pub async fn text(format: Format, bytes: Vec<u8>, reader: &pdf::Reader) -> Result<String, Error> {
    if bytes.len() > FILE_LIMIT {
        return Err(Error::FileTooLarge);
    }
    let text = match format {
        Format::Text => plain(&bytes)?,
        Format::Docx => docx::text(&bytes)?,
        Format::Pdf => reader.text(bytes).await?,
    };
    if text.chars().any(char::is_alphanumeric) { Ok(text) } else { Err(Error::NoText) }
}

/// Text as editors save it: UTF-8 with or without a mark, or UTF-16 with one.
fn plain(bytes: &[u8]) -> Result<String, Error> {
    let utf16 = |read: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes[2..].as_chunks::<2>();
        let text = char::decode_utf16(units.iter().map(|unit| read(*unit))).collect::<Result<String, _>>();
        text.ok().filter(|_| rest.is_empty()).ok_or(Error::NotUtf8)
    };
    let text = match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes)?,
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes)?,
        bytes => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map_err(|_| Error::NotUtf8)?.to_owned()
        }
    };
    Ok(text[..text.floor_char_boundary(TEXT_LIMIT)].to_owned())
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[cfg(test)]
mod tests;
