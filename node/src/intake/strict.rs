//! One JSON value in which no key stands twice. serde_json alone would keep the last.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Problem, number};

/// A value that is not what its text seems to say, with the line (from 1 within the text) and field.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) field: Option<String>,
    pub(super) problem: Problem,
}

/// Parses one value and nothing after it.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    let twice = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict { at: &At::Top, twice: &twice }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    let value = parsed.map_err(|error| match twice.take() {
        Some((field, key)) => {
            Fault { line: error.line(), field: Some(field), problem: Problem::DuplicateKey { key } }
        }
        None => {
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            let problem = Problem::Json { column: error.column(), message: message[..end].to_owned() };
            Fault { line: error.line(), field: None, problem }
        }
    })?;
    match number::first_inexact(text) {
        None => Ok(value),
        Some((offset, number)) => Err(Fault {
            line: super::line_of(text.as_bytes(), offset),
            field: None,
            problem: Problem::InexactNumber { number: number.to_owned() },
        }),
    }
}

/// Where in the value we are, from the inside out.
enum At<'a> {
    Top,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Key(Self::Top, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Reads a value at `at`; the path and name of a key that stands twice go to `twice`, because an
/// error of the parser can only carry words.
#[derive(Clone, Copy)]
struct Strict<'a> {
    at: &'a At<'a>,
    twice: &'a RefCell<Option<(String, String)>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) =
            list.next_element_seed(Strict { at: &At::Index(self.at, values.len()), twice: self.twice })?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let at = At::Key(self.at, &key);
            if values.contains_key(&key) {
                self.twice.replace(Some((at.to_string(), key.clone())));
                return Err(A::Error::custom("a key stands twice"));
            }
            let value = object.next_value_seed(Strict { at: &at, twice: self.twice })?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}
