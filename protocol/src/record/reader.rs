//! Walks through the JSON of a record, knows where it is, and collects what is wrong.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Expected, Fault, Invalid, Part, Problem, RECORD_MAX, Record, Unknown};
use crate::{code::Code, id::ItemId, language::Language};

/// The most faults that one record reports; a file of another format would report thousands.
pub(crate) const FAULTS_MAX: usize = 100;

/// Reads one record. [`Part::read`] is its visitor.
#[derive(Debug)]
pub struct Reader {
    mode: Mode,
    path: Vec<Step>,
    faults: Vec<Fault>,
    content_lang: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Ours or older: every name is known.
    Strict,
    /// Strict on values, but written by a newer version: its names are kept.
    Newer,
    /// From sync: nothing is refused.
    Tolerant,
}

#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Item(usize, Option<String>),
}

impl Reader {
    /// Reads strictly; every fault counts.
    pub(crate) fn parse<R: Record>(
        value: &Value,
        read: impl FnOnce(&Value, &mut Self) -> Option<R>,
    ) -> Result<R, Invalid> {
        let newer = value["schema_version"].as_u64().is_some_and(|version| version > u64::from(R::SCHEMA));
        let mut reader = Self::new::<R>(value, if newer { Mode::Newer } else { Mode::Strict });
        let record = read(value, &mut reader);
        if let Some(record) = record
            && reader.faults.is_empty()
        {
            let length = Value::Object(record.write()).to_string().len();
            if length <= RECORD_MAX {
                return Ok(record);
            }
            reader.refuse::<()>(Problem::TooLong, Expected::Bytes(RECORD_MAX), &Value::from(length));
        }
        Err(Invalid { faults: reader.faults })
    }

    /// Reads what another node wrote; what cannot be read is kept aside.
    pub(crate) fn tolerant<R: Record>(value: &Value, read: impl FnOnce(&Value, &mut Self) -> Option<R>) -> R {
        let mut reader = Self::new::<R>(value, Mode::Tolerant);
        read(value, &mut reader).unwrap_or_default()
    }

    fn new<R: Record>(value: &Value, mode: Mode) -> Self {
        let content_lang = R::LANGUAGE_FIELD
            .and_then(|field| value[field].as_str())
            .and_then(|code| code.parse().ok())
            .unwrap_or_default();
        Self { mode, path: Vec::new(), faults: Vec::new(), content_lang }
    }

    /// The language of a text that stands without one.
    pub fn content_lang(&self) -> Language {
        self.content_lang
    }

    /// Reports a fault at this place.
    pub fn refuse<T>(&mut self, problem: Problem, expected: Expected, found: &Value) -> Option<T> {
        self.report(Fault::new(problem, "", expected, found));
        None
    }

    /// Reports a code that is not in the list, with the nearest one that is.
    pub fn refuse_code<T>(&mut self, found: &str, known: &'static [&'static str]) -> Option<T> {
        let fault = Fault::new(Problem::UnknownCode, "", Expected::Code(known), &Value::from(found));
        self.report(fault.with_nearest(nearest(found, known)));
        None
    }

    /// Reports values that do not fit together, under a member of this place.
    pub fn break_rule(&mut self, name: &str, expected: Expected, found: &str) {
        self.inside(name, |at| at.report(Fault::new(Problem::Rule, "", expected, &Value::from(found))));
    }

    /// Whether codes that this version does not know are kept.
    pub fn keeps_unknown_codes(&self) -> bool {
        self.mode != Mode::Strict
    }

    /// A string, else a fault.
    pub fn string<'v>(&mut self, value: &'v Value, expected: Expected) -> Option<&'v str> {
        match value.as_str() {
            Some(text) => Some(text),
            None => self.refuse(Problem::Type, expected, value),
        }
    }

    /// An object, else a fault.
    pub fn object<'v>(&mut self, value: &'v Value, expected: Expected) -> Option<&'v Map<String, Value>> {
        match value.as_object() {
            Some(map) => Some(map),
            None => self.refuse(Problem::Type, expected, value),
        }
    }

    /// An array of at most `max`, else a fault.
    pub fn array<'v>(&mut self, value: &'v Value, max: usize) -> Option<&'v [Value]> {
        let Some(items) = value.as_array() else {
            return self.refuse(Problem::Type, Expected::List, value);
        };
        if items.len() > max && self.mode != Mode::Tolerant {
            let found = Value::from(items.len());
            return self.refuse(Problem::TooLong, Expected::Items(max), &found);
        }
        Some(items)
    }

    /// Checks the length of a text and that it holds no control characters.
    pub fn characters(&mut self, text: &str, max: usize) -> Option<()> {
        if self.mode == Mode::Tolerant {
            return Some(());
        }
        let count = text.chars().count();
        if count > max {
            let found = Value::String(format!("{count} characters"));
            return self.refuse(Problem::TooLong, Expected::Characters(max), &found);
        }
        if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
            let found = Value::String(format!("U+{:04X}", control as u32));
            return self.refuse(Problem::Value, Expected::PlainText, &found);
        }
        Some(())
    }

    /// Does something one name further in.
    pub fn inside<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Step::Name(name.to_owned()));
        let result = work(self);
        self.path.pop();
        result
    }

    /// Does something at an item of a list that has been read.
    pub fn inside_item(&mut self, list: &str, index: usize, id: ItemId, work: impl FnOnce(&mut Self)) {
        self.inside(list, |at| {
            at.path.push(Step::Item(index, Some(id.to_string())));
            work(at);
            at.path.pop();
        });
    }

    /// Reads one item of a list.
    pub fn item<T>(
        &mut self,
        index: usize,
        value: &Value,
        read: impl FnOnce(&Value, &mut Self) -> Option<T>,
    ) -> Option<T> {
        let id = value["id"].as_str().map(str::to_owned);
        self.path.push(Step::Item(index, id));
        let result = read(value, self);
        self.path.pop();
        result
    }

    /// Reads a member that is there; what cannot be read goes to `unknown`.
    pub(crate) fn member<T: Part>(&mut self, name: &str, value: &Value, unknown: &mut Unknown) -> Option<T> {
        if is_cleared(value) {
            return None;
        }
        let read = self.inside(name, |at| T::read(value, at));
        if read.is_none() && self.mode == Mode::Tolerant {
            unknown.keep(name, value);
        }
        read
    }

    /// Reads a declared field, there or not. `None` only when one that must be there is not.
    pub(crate) fn field<T: Part>(
        &mut self,
        map: &Map<String, Value>,
        name: &str,
        unknown: &mut Unknown,
    ) -> Option<T> {
        let faults = self.faults.len();
        let value = map.get(name).and_then(|value| self.member(name, value, unknown));
        let silent = faults == self.faults.len();
        let field = value.or_else(T::absent);
        if field.is_none() && silent && self.mode != Mode::Tolerant {
            self.inside(name, |at| {
                at.report(Fault::new(Problem::Missing, "", Expected::Present, &Value::Null))
            });
        }
        field
    }

    /// Every name in `map` that is not declared: a fault, or kept.
    pub(crate) fn unknown_fields(
        &mut self,
        map: &Map<String, Value>,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Unknown {
        let mut unknown = Unknown::default();
        for (name, value) in map {
            if !known.clone().any(|field| field == name) {
                self.unknown_name(name, value, known.clone(), &mut unknown);
            }
        }
        unknown
    }

    /// A name that is not declared: a fault, or kept.
    pub(crate) fn unknown_name(
        &mut self,
        name: &str,
        value: &Value,
        known: impl IntoIterator<Item = &'static str>,
        unknown: &mut Unknown,
    ) {
        if self.mode != Mode::Strict {
            unknown.keep(name, value);
            return;
        }
        let known: Vec<_> = known.into_iter().collect();
        let nearest = nearest(name, &known);
        let fault = Fault::new(Problem::UnknownField, "", Expected::Field(known), value);
        self.inside(name, |at| at.report(fault.with_nearest(nearest)));
    }

    /// A key of a map by code. In sync an unknown one is a key like another.
    pub(crate) fn key<K: Code>(&mut self, name: &str, value: &Value) -> Option<K> {
        let key = K::from_code(name);
        if !key.is_known() && !self.keeps_unknown_codes() {
            self.unknown_name(name, value, K::LIST.codes.iter().copied(), &mut Unknown::default());
            return None;
        }
        Some(key)
    }

    fn report(&mut self, fault: Fault) {
        if self.mode != Mode::Tolerant && self.faults.len() < FAULTS_MAX {
            let (path, place) = (self.path_text(false), self.path_text(true));
            self.faults.push(fault.at(path, place));
        }
    }

    fn path_text(&self, by_id: bool) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Name(name) if text.is_empty() => text.push_str(name),
                Step::Name(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Step::Item(_, Some(id)) if by_id => {
                    text.push_str("[#");
                    text.push_str(id);
                    text.push(']');
                }
                Step::Item(index, _) => {
                    write!(text, "[{index}]").expect("a String takes everything");
                }
            }
        }
        text
    }
}

/// Whether a value says that there is none. A form sends an empty string where a program sends null.
pub(super) fn is_cleared(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The known name nearest to one that is not known, if any is near: at least half of it is the same.
pub(crate) fn nearest(name: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .rev() // of two that are as near, the first
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
