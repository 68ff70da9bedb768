//! The short form that the editor opens for a case: ten fields in TOML, explained in comments.
//!
//! It asks what an officer knows on the first day. An entry left blank is not known; on an edit it
//! clears the field. The texts stand in `form/{nb,nn,en}.toml`, whole, as people see them.

use std::fmt::Write as _;

use praksis_protocol::{
    code::{Code, CodeList},
    language::Language,
    vocabulary::{InnovationKind, Phase, Sector},
};
use serde_json::{Map, Value, json};

use super::{Problem, Refusal, toml};

/// The entries, in the form's order; `dates.expected_notice` is a field of `dates`.
pub const FIELDS: [&str; 10] = [
    "title",
    "need",
    "sector",
    "phase",
    "dates.expected_notice",
    "buyers",
    "innovation_kind",
    "help_wanted",
    "contact",
    "audience",
];

/// What marks the line that remembers the heads the form was made from.
const HEADS: &str = "# heads: ";

/// What opens and closes a text of several lines.
const QUOTES: &str = "\"\"\"";

/// What begins the line of a template where a list of codes is to stand, `#   {sector}`.
const CODES: &str = "#   {";

/// The longest line of a list of codes, in characters.
const LINE_LENGTH: usize = 100;

/// Who may see the case once it is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Only the own organisation: it stays a draft.
    Organisation,
    /// The whole network: it is shared.
    Network,
}

/// A form that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Every entry that stood there; a blank one is `null`, as in a merge patch. `contact` is an id or
    /// a role mailbox.
    pub fields: Map<String, Value>,
    /// Who may see it, when it says.
    pub audience: Option<Audience>,
    /// The heads it was made from; empty for a new case.
    pub heads: Vec<String>,
}

/// The form in a language, with what `case` already holds. `heads` are those it was read at, none for
/// a new case.
pub fn write(language: Language, case: &Value, audience: Audience, heads: &[String]) -> String {
    let template = match language {
        Language::Nn => include_str!("form/nn.toml"),
        Language::En => include_str!("form/en.toml"),
        Language::Nb | Language::Se => include_str!("form/nb.toml"),
    };
    let editing = !heads.is_empty();
    let mut form = String::new();
    let mut lines = template.lines();
    while let Some(line) = lines.next() {
        let Some((field, blank)) = line.split_once(" = ").filter(|(field, _)| FIELDS.contains(field)) else {
            match line.strip_prefix(CODES).and_then(|name| code_list(name.trim_end_matches('}'))) {
                Some(list) => write_codes(&mut form, list, language),
                None => writeln!(form, "{line}").expect("a string takes all"),
            }
            continue;
        };
        let mut blank = blank.to_owned();
        if blank == QUOTES {
            for line in lines.by_ref().take_while(|line| *line != QUOTES) {
                blank = format!("{blank}\n{line}");
            }
            blank = format!("{blank}\n{QUOTES}");
        } else if editing && blank.starts_with('"') {
            // What a new case is taken to be is no answer of a case that exists.
            "\"\"".clone_into(&mut blank);
        }
        let held = case.pointer(&format!("/{}", field.replace('.', "/")));
        let value = match field {
            "audience" => in_toml(&Value::from(audience.code())),
            _ => held.and_then(in_toml),
        };
        writeln!(form, "{field} = {}", value.unwrap_or(blank)).expect("a string takes all");
    }
    if editing {
        writeln!(form, "\n{HEADS}{}", heads.join(" ")).expect("a string takes all");
    }
    form
}

/// Reads a form that came back from the editor. `file` is its name, for the refusal.
pub fn read(file: &str, text: &str) -> Result<Form, Refusal> {
    let refusal = |line, field, problem| Refusal { file: file.to_owned(), line, field, problem };
    let table = toml::table(text).map_err(|fault| refusal(Some(fault.line), fault.field, fault.problem))?;
    let line = text.lines().position(|line| line.starts_with("audience")).map(|index| index + 1);
    Form::of(table, text).map_err(|problem| refusal(line, Some("audience".to_owned()), problem))
}

impl Form {
    /// The entries of a form, from its table; `text` is where the heads are remembered.
    pub(super) fn of(table: Map<String, Value>, text: &str) -> Result<Self, Problem> {
        let mut fields: Map<_, _> = table.into_iter().map(|(key, value)| (key, tidy(value))).collect();
        if let Some(Value::Array(buyers)) = fields.get_mut("buyers") {
            for buyer in buyers.iter_mut().filter(|buyer| buyer.is_string()) {
                *buyer = json!({ "name": buyer.take(), "role": "participant" });
            }
        }
        let audience = match fields.remove("audience") {
            None | Some(Value::Null) => None,
            Some(Value::String(code)) => Some(Audience::of(&code)?),
            Some(other) => return Err(Problem::Audience { found: other.to_string() }),
        };
        let heads = text.lines().filter_map(|line| line.strip_prefix(HEADS));
        let heads = heads.flat_map(str::split_whitespace).map(str::to_owned).collect();
        Ok(Self { fields, audience, heads })
    }

    /// The fields of a new case: what is blank is absent.
    pub fn case(&self) -> Map<String, Value> {
        known(&self.fields)
    }
}

impl Audience {
    /// As the form writes it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Network => "network",
        }
    }

    fn of(code: &str) -> Result<Self, Problem> {
        [Self::Organisation, Self::Network]
            .into_iter()
            .find(|audience| audience.code() == code)
            .ok_or_else(|| Problem::Audience { found: format!("{code:?}") })
    }
}

fn code_list(name: &str) -> Option<&'static CodeList> {
    [Sector::LIST, Phase::LIST, InnovationKind::LIST].into_iter().find(|list| list.name == name)
}

/// Comment lines with every code and what it means.
fn write_codes(form: &mut String, list: &CodeList, language: Language) {
    let mut line = String::from("#  ");
    let last = list.codes.len() - 1;
    for (index, (code, labels)) in list.entries().enumerate() {
        let entry = format!(" {code} ({}){}", labels.get(language), if index < last { "," } else { "" });
        if line.chars().count() + entry.chars().count() > LINE_LENGTH {
            writeln!(form, "{line}").expect("a string takes all");
            "#  ".clone_into(&mut line);
        }
        line.push_str(&entry);
    }
    writeln!(form, "{line}").expect("a string takes all");
}

/// Texts without the blanks around them, and `null` for whatever is empty then.
fn tidy(value: Value) -> Value {
    match value {
        Value::String(text) if text.trim().is_empty() => Value::Null,
        Value::String(text) => Value::String(text.trim().to_owned()),
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().map(tidy).filter(|item| !item.is_null()).collect();
            if items.is_empty() { Value::Null } else { Value::Array(items) }
        }
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, tidy(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn known(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut known_fields = Map::new();
    for (key, value) in fields {
        match value {
            Value::Null => {}
            Value::Object(inner) => {
                let inner = known(inner);
                if !inner.is_empty() {
                    known_fields.insert(key.clone(), Value::Object(inner));
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                known_fields.insert(key.clone(), value.clone());
            }
        }
    }
    known_fields
}

/// A value on the right of `=`; a text of several lines becomes a text of several lines.
fn in_toml(value: &Value) -> Option<String> {
    ::toml::Value::try_from(value).ok().map(|value| value.to_string())
}
