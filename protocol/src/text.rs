//! Text as it is stored: composed (NFC), lines ended by LF, without control characters.

use std::{fmt, ops::Deref};

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::{
    record::{Content, Dice, Expected, Part, Problem, Reader},
    shape::Shape,
};

/// The longest text, in characters: a need description of ten pages.
pub const TEXT_MAX: usize = 20_000;
/// The longest title, name or other single line, in characters.
pub const LINE_MAX: usize = 200;
/// The longest address of a web page, in characters.
pub const URL_MAX: usize = 2_000;

/// Running text; a blank line parts paragraphs. Empty means absent.
///
/// In a template's sections it may carry a small subset of Markdown: `**bold**`, `*italics*`,
/// lists (`- ` and `1. `) and `[links](https://…)`; everywhere else it is plain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(String);

impl Text {
    /// Composes the text and ends its lines with LF; nothing else changes.
    pub fn new(text: &str) -> Self {
        Self(normal(text))
    }

    /// Whether nothing but white space is written.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl Part for Text {
    const SHAPE: Shape = Shape::Text;
    const CONTENT: Content = Content::Text;

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = normal(at.string(value, Expected::Text)?);
        at.characters(&text, TEXT_MAX)?;
        Some(Self(text))
    }

    fn write(&self) -> Option<Value> {
        (!self.is_blank()).then(|| Value::String(self.0.clone()))
    }

    fn draw(dice: &mut Dice) -> Self {
        let words = dice.below(30);
        let mut text = String::new();
        for _ in 0..words {
            text.push_str(dice.word());
            text.push_str([" ", " ", " ", ", ", ".\n\n"][dice.below(5)]);
        }
        Self(text.trim_end().to_owned())
    }
}

/// A title, a name, a role: one line without white space around it. Never empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(String);

impl Line {
    /// Composes and trims; `None` when nothing is left, when it has more than one line or more
    /// than [`LINE_MAX`] characters.
    pub fn new(text: &str) -> Option<Self> {
        let line = normal(text.trim());
        let fits = !line.is_empty() && !line.contains(char::is_control) && line.chars().count() <= LINE_MAX;
        fits.then_some(Self(line))
    }
}

impl Part for Line {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Line;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = at.string(value, Expected::Line)?;
        let line = normal(text.trim());
        at.characters(&line, LINE_MAX)?;
        match Self::new(&line) {
            Some(line) => Some(line),
            None => at.refuse(Problem::Value, Expected::Line, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }

    fn draw(dice: &mut Dice) -> Self {
        let words: Vec<_> = (0..=dice.below(6)).map(|_| dice.word()).collect();
        Self(words.join(" "))
    }
}

/// The address of a web page: `http://…` or `https://…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Url(String);

impl Url {
    /// `None` when it is not an address of the web.
    pub fn new(text: &str) -> Option<Self> {
        let url = text.trim();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '<' && c != '>' && c != '"';
        let fits = rest.starts_with(char::is_alphanumeric) && url.chars().all(plain);
        (fits && url.chars().count() <= URL_MAX).then(|| Self(normal(url)))
    }
}

impl Part for Url {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Url;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = at.string(value, Expected::Url)?;
        match Self::new(text) {
            Some(url) => Some(url),
            None => at.refuse(Problem::Value, Expected::Url, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(format!("https://www.example.no/{}", dice.below(10_000)))
    }
}

/// An e-mail address, of a role rather than a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mailbox(String);

impl Mailbox {
    /// `None` when it cannot be an e-mail address.
    pub fn new(text: &str) -> Option<Self> {
        let address = text.trim();
        let (local, domain) = address.rsplit_once('@')?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\",;@".contains(c);
        let named = !local.is_empty() && local.chars().all(plain);
        let placed = domain.split('.').count() >= 2
            && domain
                .split('.')
                .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
        (named && placed && address.chars().count() <= LINE_MAX).then(|| Self(normal(address)))
    }
}

impl Part for Mailbox {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Mailbox;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = at.string(value, Expected::Mailbox)?;
        match Self::new(text) {
            Some(mailbox) => Some(mailbox),
            None => at.refuse(Problem::Value, Expected::Mailbox, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(format!("postmottak{}@kommune.example", dice.below(400)))
    }
}

/// A keyword or a key that people choose: one line in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyword(String);

impl Keyword {
    /// Composes, trims and lowers; `None` as for [`Line::new`].
    pub fn new(text: &str) -> Option<Self> {
        Line::new(&text.to_lowercase()).map(|line| Self(line.0))
    }
}

impl Part for Keyword {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Keyword;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let Line(line) = Line::read(value, at)?;
        Some(Self(normal(&line.to_lowercase())))
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(dice.word().to_lowercase())
    }
}

macro_rules! reads_as_str {
    ($($name:ident)*) => {$(
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        // Logs never show what people wrote, only how much.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} characters)", stringify!($name), self.0.chars().count())
            }
        }
    )*};
}

reads_as_str! { Text Line Url Mailbox Keyword }

/// Composed, with LF alone at the end of lines. The one form in which text is stored and compared.
pub fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect()
}
