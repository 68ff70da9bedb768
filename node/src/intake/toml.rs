//! TOML: `[[case]]` tables, or one case at the top of the file. The second is also how the editor's
//! [`form`] reads: its blank entries are left out.

use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{LineCount, Problem, RECORD_LIMIT, Sink, form, line_of, number, strict::Fault};

/// Reads a whole file. TOML does not say where a broken table ends, so it is read whole or not at all.
pub(super) fn read(text: &str, into: &mut Sink<'_>) {
    let cases = match cases(text) {
        Ok(cases) => cases,
        Err(fault) => return into.refuse(Some(fault.line), fault.field, fault.problem),
    };
    for (line, case) in cases {
        let bytes = case.to_string().len();
        if bytes > RECORD_LIMIT {
            into.refuse(Some(line), None, Problem::RecordTooLarge { bytes });
        } else {
            into.take(line, case);
        }
    }
}

/// The one table of a file.
pub(super) fn table(text: &str) -> Result<Map<String, Value>, Fault> {
    object(&parse(text)?, &Place { text, field: String::new() })
}

fn cases(text: &str) -> Result<Vec<(usize, Value)>, Fault> {
    let root = parse(text)?;
    let place = Place { text, field: String::new() };
    let line = |value: &Spanned<DeValue<'_>>| line_of(text.as_bytes(), value.span().start);
    let list = match root.get("case").map(|value| (value, value.get_ref())) {
        Some((_, DeValue::Array(list))) => list.iter().collect(),
        Some((value, _)) => vec![value],
        None => {
            let form = form::Form::of(object(&root, &place)?, text).map_err(|problem| Fault {
                line: root.get("audience").map_or(1, line),
                field: Some("audience".to_owned()),
                problem,
            })?;
            let first = root.values().map(|value| value.span().start).min().unwrap_or(0);
            return Ok(vec![(line_of(text.as_bytes(), first), Value::Object(form.case()))]);
        }
    };
    if let Some((key, value)) = root.iter().find(|(key, _)| key.get_ref() != "case") {
        let message = "expected nothing beside [[case]]".to_owned();
        let field = Some(key.get_ref().to_string());
        return Err(Fault { line: line(value), field, problem: Problem::Toml { message } });
    }
    let mut lines = LineCount::new(text);
    list.into_iter().map(|case| Ok((lines.at(case.span().start), json(case, &place)?))).collect()
}

fn parse(text: &str) -> Result<DeTable<'_>, Fault> {
    DeTable::parse(text).map(Spanned::into_inner).map_err(|error| Fault {
        line: line_of(text.as_bytes(), error.span().map_or(0, |span| span.start.min(text.len()))),
        field: None,
        problem: Problem::Toml { message: error.message().to_owned() },
    })
}

/// The same value as JSON. Dates become strings, as the domain writes them.
fn json(value: &Spanned<DeValue<'_>>, place: &Place<'_>) -> Result<Value, Fault> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Number(integer.into()),
            Err(_) => return Err(place.inexact(value.span())),
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(read) if number::is_exact(float.as_str()) => Value::Number(read),
            Some(_) | None => return Err(place.inexact(value.span())),
        },
        DeValue::Array(list) => {
            let items = list.iter().enumerate().map(|(index, item)| json(item, &place.index(index)));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Object(object(table, place)?),
    })
}

fn object(table: &DeTable<'_>, place: &Place<'_>) -> Result<Map<String, Value>, Fault> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<_>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        Ok((key.to_string(), json(value, &place.key(key))?))
    };
    table.iter().map(entry).collect()
}

/// Where in the file's value we are.
struct Place<'a> {
    text: &'a str,
    field: String,
}

impl<'a> Place<'a> {
    fn key(&self, key: &str) -> Self {
        let dot = if self.field.is_empty() { "" } else { "." };
        Self { text: self.text, field: format!("{}{dot}{key}", self.field) }
    }

    fn index(&self, index: usize) -> Self {
        Self { text: self.text, field: format!("{}[{index}]", self.field) }
    }

    fn inexact(&self, span: Range<usize>) -> Fault {
        let number = self.text.get(span.clone()).unwrap_or_default().to_owned();
        Fault {
            line: line_of(self.text.as_bytes(), span.start),
            field: Some(self.field.clone()),
            problem: Problem::InexactNumber { number },
        }
    }
}
