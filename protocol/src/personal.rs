//! What of a person may have slipped into a text: national identity numbers, telephone numbers and
//! e-mail addresses, with the place of each.
//!
//! It is asked before a draft is shared, because what is shared cannot be called back. A national
//! identity number is known by its date and both check digits and is hardly ever anything else; it
//! never leaves. Telephone numbers and e-mail addresses are told, and the writer decides.
//!
//! Deliberately absent: names and addresses of people, which no rule tells from other words.

mod email;
mod national_id;
mod phone;
mod run;

use std::ops::Range;

use serde_json::{Map, Value};

use crate::{
    genesis::Kind,
    record::{About, Content},
};

/// How much of what was found is shown, in characters.
const EXCERPT_MAX: usize = 40;
/// How many places are told; a list of names and numbers is one fault, not thousands.
const FOUND_MAX: usize = 100;
/// Fields whose numbers are another register's: only a national identity number is looked for there.
const IDENTIFIERS: [&str; 1] = ["external_ids"];

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Data {
    /// A national identity number (fødselsnummer), a D-number or one of their stand-ins.
    NationalId,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
}

impl Data {
    /// Its name in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NationalId => "national_id",
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }
}

/// One place where something of a person stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// Which field: `need`, `title.nb`, `lessons[2].what`.
    pub field: String,
    /// What it is.
    pub data: Data,
    /// Where in the field's text it begins, in characters from 0.
    pub at: usize,
    /// What stands there, at most 40 characters; of a national identity number only the first and
    /// the last two digits.
    pub excerpt: String,
}

// Logs never show what people wrote.
impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {} at {}", self.data.code(), self.field, self.at)
    }
}

/// Everything of a person in the texts of a record, in the order of its fields, at most 100.
/// `allowed`: telephone numbers and e-mail addresses are passed over.
///
/// A contact is there to be written to and called: of it only national identity numbers are told.
pub fn search(kind: Kind, record: &Map<String, Value>, allowed: bool) -> Vec<Found> {
    let mut search = Search { only_ids: allowed || kind == Kind::Contact, found: Vec::new() };
    search.fields("", kind.about(), record);
    search.found.truncate(FOUND_MAX);
    search.found
}

/// What of a person stands in a text: what it is, and which characters.
pub fn find(text: &str) -> Vec<(Data, Range<usize>)> {
    let chars: Vec<char> = text.chars().collect();
    let runs = run::all(&chars);
    let ids = national_id::find(&chars, &runs);
    let free = |place: &Range<usize>| !ids.iter().any(|id| id.start < place.end && place.start < id.end);
    let emails: Vec<_> = email::find(&chars).into_iter().filter(free).collect();
    let apart = |place: &Range<usize>| !emails.iter().any(|it| it.start < place.end && place.start < it.end);
    let phones = phone::find(&chars, &runs).into_iter().filter(|place| free(place) && apart(place));
    let phones: Vec<_> = phones.map(|place| (Data::Phone, place)).collect();
    let mut all = phones;
    all.extend(emails.into_iter().map(|place| (Data::Email, place)));
    all.extend(ids.into_iter().map(|place| (Data::NationalId, place)));
    all.sort_by_key(|(_, place)| place.start);
    all
}

struct Search {
    only_ids: bool,
    found: Vec<Found>,
}

impl Search {
    fn fields(&mut self, path: &str, fields: &[About], record: &Map<String, Value>) {
        for field in fields {
            let Some(value) = record.get(field.name) else { continue };
            let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
            let before = self.only_ids;
            self.only_ids |= IDENTIFIERS.contains(&field.name);
            self.content(&path, &field.content, value);
            self.only_ids = before;
        }
    }

    fn content(&mut self, path: &str, content: &Content, value: &Value) {
        // Enough was found; the rest of a long list is not read.
        if self.found.len() >= FOUND_MAX {
            return;
        }
        match content {
            Content::Text | Content::Line | Content::Keyword | Content::Url => self.text(path, value, None),
            Content::Mailbox => self.text(path, value, Some(Data::Email)),
            Content::Set(inner) => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.content(&format!("{path}[{index}]"), inner, value);
                }
            }
            Content::List(members) => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    item.as_object().into_iter().for_each(|item| {
                        self.fields(&format!("{path}[{index}]"), members, item);
                    });
                }
            }
            Content::Languages(inner) | Content::ByCode(_, inner) => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    self.content(&format!("{path}.{key}"), inner, value);
                }
            }
            Content::Object(members) => {
                value.as_object().into_iter().for_each(|value| self.fields(path, members, value));
            }
            // Nothing that people write freely.
            Content::Flag
            | Content::Count
            | Content::Decimal
            | Content::Date
            | Content::Day
            | Content::Cpv
            | Content::OrgNumber
            | Content::MunicipalityNumber
            | Content::RecordId
            | Content::ItemId
            | Content::Language
            | Content::Code(_) => {}
        }
    }

    fn text(&mut self, path: &str, value: &Value, meant: Option<Data>) {
        let Some(text) = value.as_str() else { return };
        for (data, place) in find(text) {
            if Some(data) == meant || (self.only_ids && data != Data::NationalId) {
                continue;
            }
            let there: String = text.chars().skip(place.start).take(place.len()).collect();
            let excerpt = match data {
                Data::NationalId => masked(&there),
                Data::Phone | Data::Email => shortened(there),
            };
            self.found.push(Found { field: path.to_owned(), data, at: place.start, excerpt });
        }
    }
}

/// The number with all but its first and last two digits hidden.
fn masked(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let mut nth = 0;
    let hidden = number.chars().map(|c| {
        nth += usize::from(c.is_ascii_digit());
        if c.is_ascii_digit() && nth > 2 && nth + 1 < digits { '*' } else { c }
    });
    hidden.collect()
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(EXCERPT_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
