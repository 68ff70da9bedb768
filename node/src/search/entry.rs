//! What the index is told about one record, and how a case gives it.

use std::collections::BTreeMap;

use praksis_protocol::{code::Code, vocabulary::Theme};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One record as the index sees it. A draft and what was shared from it are one record and so one entry: the caller
/// chooses the draft for its owner's nodes, else the shared document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The record id in its text form.
    pub record: String,
    /// `case`, `template` or `collection`.
    pub kind: String,
    /// Title by language.
    pub title: BTreeMap<String, String>,
    /// What is searched besides the title.
    pub texts: Vec<FieldText>,
    /// Content language.
    pub lang: String,
    /// Organisation number of the owner.
    pub owner_org: String,
    /// Name of the owner.
    pub owner_name: String,
    /// Id of the owner: with the record's the key of the entry, since another may have written our record's id on one
    /// of its own.
    pub owner: String,
    /// County of the owner.
    pub county: Option<String>,
    /// Years of its dates.
    pub years: Vec<i16>,
    /// Whether it ended without what was wanted.
    pub failed: bool,
    /// Code of the phase.
    pub phase: Option<String>,
    /// Code of the procedure.
    pub procedure: Option<String>,
    /// Code of the innovation kind.
    pub innovation_kind: Option<String>,
    /// CPV codes, eight digits, the main one first.
    pub cpv: Vec<String>,
    /// Codes of the sectors.
    pub sector: Vec<String>,
    /// Contract value, else the estimate, in whole units of its currency.
    pub value: Option<i64>,
    /// Whether a gain was measured.
    pub has_measured_gains: bool,
    /// What was learned.
    pub lessons: Vec<Lesson>,
    /// How many organisations use it.
    pub used_by: u32,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// Digest of the state it was made from: tells the entries that are out of date.
    pub version: [u8; 32],
}

/// A text of a record and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldText {
    /// Field of the record, as `need`.
    pub field: String,
    /// Language of the text.
    pub lang: String,
    /// The text.
    pub text: String,
}

/// A lesson, as it is shown beside a hit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Code of the phase it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phase: Option<String>,
    /// Code of its theme.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub theme: Option<String>,
    /// What happened, and what is advised.
    pub text: String,
}

impl Lesson {
    /// Codes of the phases in which it is of use: its own, else those in which its theme is decided.
    pub(super) fn phases(&self) -> Vec<&str> {
        match self.phase.as_deref() {
            Some(phase) if phase != "unknown" => vec![phase],
            Some(_) | None => {
                let theme = self.theme.as_deref().map(Theme::from_code);
                theme.map_or_else(Vec::new, |theme| theme.phases().iter().map(Code::code).collect())
            }
        }
    }
}

/// Fields of a case that are searched, in the order in which a sentence is looked for. `journal` is never among them.
const CASE_TEXTS: [&str; 12] = [
    "summary",
    "need",
    "result",
    "current_situation",
    "users_affected",
    "anchoring",
    "procedure_why",
    "requirements_approach",
    "supplier_view",
    "what_we_would_do_differently",
    "help_wanted",
    "keywords",
];

/// Texts inside the items of a case's lists.
const CASE_ITEM_TEXTS: [(&str, &[&str]); 5] = [
    ("lessons", &["what", "why", "advice", "applies_when"]),
    ("market_dialogue", &["summary"]),
    ("award_criteria", &["name", "text"]),
    ("gains", &["method"]),
    ("reusable", &["advice"]),
];

/// How a procurement ends that did not bring what was wanted.
const FAILURES: [&str; 3] = ["abandoned_need", "cancelled", "developed_not_bought"];

impl Entry {
    /// What the index knows it by.
    #[must_use]
    pub fn key(&self) -> String {
        Self::key_of(&self.record, &self.owner)
    }

    /// What the index knows the record of an owner by.
    #[must_use]
    pub fn key_of(record: &str, owner: &str) -> String {
        format!("{record}/{owner}")
    }

    /// Reads the searchable part of a case as the interface gives it (`{title, need, ..}`). The caller adds the
    /// record, owner, use, time and version. Never fails: what is absent or of another form is not searched.
    #[must_use]
    pub fn from_case(case: &Map<String, Value>) -> Self {
        let lang = code(case, "content_lang").unwrap_or_else(|| "nb".to_owned());
        let mut texts = Vec::new();
        for field in CASE_TEXTS {
            push_texts(&mut texts, field, &lang, case.get(field));
        }
        for (list, fields) in CASE_ITEM_TEXTS {
            for item in items(case.get(list)) {
                for field in fields {
                    push_texts(&mut texts, list, &lang, item.get(*field));
                }
            }
        }
        let title = match case.get("title") {
            Some(Value::String(title)) => BTreeMap::from([(lang.clone(), title.clone())]),
            Some(Value::Object(by_lang)) => by_lang
                .iter()
                .filter_map(|(lang, title)| Some((lang.clone(), title.as_str()?.to_owned())))
                .collect(),
            _ => BTreeMap::new(),
        };
        let mut cpv: Vec<String> = code(case, "cpv_main").into_iter().collect();
        cpv.extend(codes(case, "cpv_additional"));
        Self {
            kind: "case".to_owned(),
            title,
            texts,
            lang,
            phase: code(case, "phase"),
            procedure: code(case, "procedure"),
            innovation_kind: code(case, "innovation_kind"),
            cpv,
            sector: codes(case, "sector"),
            value: amount(case, "contract_value").or_else(|| amount(case, "estimated_value")),
            has_measured_gains: items(case.get("gains"))
                .any(|gain| gain.get("basis").and_then(Value::as_str) == Some("measured")),
            years: years(case),
            failed: code(case, "outcome").is_some_and(|outcome| FAILURES.contains(&outcome.as_str())),
            lessons: items(case.get("lessons")).filter_map(lesson).collect(),
            ..Self::default()
        }
    }

    /// The title in the language asked for, else the content language, else the first there is, with its language.
    pub(super) fn title_in(&self, lang: Option<&str>) -> (&str, &str) {
        lang.into_iter()
            .chain([self.lang.as_str(), "nb", "nn", "en", "se"])
            .find_map(|lang| self.title.get_key_value(lang))
            .or_else(|| self.title.iter().next())
            .map_or((self.lang.as_str(), ""), |(lang, title)| (lang, title))
    }
}

/// One text in the content language, one per language, or a list of words.
fn push_texts(texts: &mut Vec<FieldText>, field: &str, lang: &str, value: Option<&Value>) {
    let mut push = |lang: &str, text: &str| {
        texts.push(FieldText { field: field.to_owned(), lang: lang.to_owned(), text: text.to_owned() });
    };
    match value {
        Some(Value::String(text)) => push(lang, text),
        Some(Value::Object(by_lang)) => {
            for (lang, text) in by_lang {
                if let Some(text) = text.as_str() {
                    push(lang, text);
                }
            }
        }
        Some(Value::Array(words)) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            if !words.is_empty() {
                push(lang, &words.join(", "));
            }
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_)) | None => {}
    }
}

/// The maps of a list, or the one map of a map field.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let (list, single) = match value {
        Some(Value::Array(list)) => (list.as_slice(), None),
        Some(Value::Object(map)) => (&[][..], Some(map)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => (&[][..], None),
    };
    list.iter().filter_map(Value::as_object).chain(single)
}

fn lesson(item: &Map<String, Value>) -> Option<Lesson> {
    let parts: Vec<&str> =
        ["what", "advice"].iter().filter_map(|field| item.get(*field).and_then(Value::as_str)).collect();
    (!parts.is_empty()).then(|| Lesson {
        phase: code(item, "phase"),
        theme: code(item, "theme"),
        text: parts.join(" "),
    })
}

fn code(map: &Map<String, Value>, field: &str) -> Option<String> {
    map.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn codes(map: &Map<String, Value>, field: &str) -> Vec<String> {
    let list = map.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The years in `{"notice":"2019-04",..}`.
fn years(case: &Map<String, Value>) -> Vec<i16> {
    let dates = case.get("dates").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let mut years: Vec<i16> =
        dates.filter_map(|date| date.as_str()?.split('-').next()?.parse().ok()).collect();
    years.sort_unstable();
    years.dedup();
    years
}

/// Whole units of `{"amount":"1250000.00",..}`.
fn amount(map: &Map<String, Value>, field: &str) -> Option<i64> {
    let amount = map.get(field)?.get("amount")?.as_str()?;
    amount.split('.').next()?.parse().ok()
}
