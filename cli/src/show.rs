//! A record for people: every field that is filled in, by its label.

use praksis_protocol::{
    code::CodeList,
    cpv::Cpv,
    language::Language,
    record::{About, Content},
};
use serde_json::{Map, Value};

use crate::{context::Context, similar::label, table};

/// Fields under their labels, in the order of the domain.
pub(crate) fn record(context: &Context, about: &[About], record: &Value) -> String {
    let content_lang = record["content_lang"].as_str().and_then(|code| code.parse().ok()).unwrap_or_default();
    let shown = Shown { language: context.language, content_lang };
    let mut lines = Vec::new();
    shown.fields(about, record, 0, &mut lines);
    lines.join("\n")
}

/// A title or another text by language, as a reader of `asked` is shown it.
pub(crate) fn by_language(texts: &Value, asked: Language, content_lang: Language) -> String {
    let order = [asked, content_lang, Language::Nb, Language::Nn, Language::En, Language::Se];
    let found = order.into_iter().find_map(|language| texts[language.code()].as_str());
    found.or(texts.as_str()).unwrap_or_default().to_owned()
}

struct Shown {
    language: Language,
    content_lang: Language,
}

impl Shown {
    fn fields(&self, about: &[About], record: &Value, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        for field in about {
            let value = &record[field.name];
            if value.is_null() || field.name == "schema_version" {
                continue;
            }
            let label = field.labels.get(self.language);
            match field.content {
                Content::List(members) => {
                    lines.push(format!("{indent}{label}"));
                    for item in value.as_array().into_iter().flatten() {
                        let first = lines.len();
                        self.fields(members, item, depth + 2, lines);
                        // The first line of an item carries its mark.
                        if let Some(line) = lines.get_mut(first) {
                            let marked = format!("{}- {}", "  ".repeat(depth + 1), line.trim_start());
                            *line = marked;
                        }
                    }
                }
                Content::Object(members) => {
                    lines.push(format!("{indent}{label}"));
                    self.fields(members, value, depth + 1, lines);
                }
                Content::Text
                | Content::Line
                | Content::Keyword
                | Content::Url
                | Content::Mailbox
                | Content::Flag
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
                | Content::Code(_)
                | Content::Set(_)
                | Content::Languages(_)
                | Content::ByCode(..) => {
                    let text = self.value(&field.content, value);
                    if text.contains('\n') {
                        lines.push(format!("{indent}{label}:"));
                        lines.extend(text.lines().map(|line| format!("{indent}  {line}")));
                    } else {
                        lines.push(format!("{indent}{label}: {text}"));
                    }
                }
            }
        }
    }

    fn value(&self, content: &Content, value: &Value) -> String {
        match (content, value) {
            (Content::Code(list), Value::String(code)) => label(list, code, self.language),
            (Content::Language, Value::String(code)) => code
                .parse::<Language>()
                .map_or_else(|_| code.clone(), |language| language.labels().get(self.language).to_owned()),
            (Content::Cpv, Value::String(code)) => match code.parse::<Cpv>() {
                Ok(cpv) => format!("{code} {}", cpv.nearest_labels().get(self.language)),
                Err(_) => code.clone(),
            },
            (Content::Flag, Value::Bool(flag)) => yes_no(*flag, self.language).to_owned(),
            (Content::Set(member), Value::Array(members)) => {
                members.iter().map(|value| self.value(member, value)).collect::<Vec<_>>().join(", ")
            }
            (Content::Languages(_), texts) => by_language(texts, self.language, self.content_lang),
            (Content::ByCode(list, member), Value::Object(by_code)) => self.by_code(list, member, by_code),
            (_, value) => table::text(value),
        }
    }

    fn by_code(&self, list: &CodeList, member: &Content, by_code: &Map<String, Value>) -> String {
        let parts = by_code.iter().map(|(code, value)| {
            format!("{} {}", label(list, code, self.language), self.value(member, value))
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn yes_no(flag: bool, language: Language) -> &'static str {
    match (language, flag) {
        (Language::En, true) => "yes",
        (Language::En, false) => "no",
        (Language::Nb | Language::Nn | Language::Se, true) => "ja",
        (Language::Nb | Language::Se, false) => "nei",
        (Language::Nn, false) => "nei",
    }
}
