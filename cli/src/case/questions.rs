//! The short form as questions on the terminal, for machines without an editor.

use std::io;

use praksis_node::intake::form::{self, Audience, Form};
use praksis_protocol::{
    code::Code as _,
    vocabulary::{InnovationKind, Phase, Sector},
};
use serde_json::{Value, json};

use super::file;
use crate::{context::Context, failure::Failure};

/// Entries that are lists: several answers, with commas between.
const LISTS: [&str; 2] = ["sector", "buyers"];

/// Asks one entry of the form after the other. An empty answer leaves what is there.
pub(crate) fn ask(
    context: &Context,
    case: &Value,
    audience: Audience,
    heads: &[String],
) -> Result<Form, Failure> {
    let mut answers = Vec::new();
    let mut heard_nothing = true;
    for field in form::FIELDS {
        let key = format!("ask-{}", field.replace(['.', '_'], "-"));
        context.note(&context.text(&key, &[("codes", codes(field).into())]));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map_err(|error| {
            let why = error.to_string();
            context.failure("storage", "file-unreadable", &[("file", "-".into()), ("why", why.into())])
        })?;
        if read == 0 {
            break;
        }
        heard_nothing = false;
        answers.push((field, answer.trim().to_owned()));
    }
    if heard_nothing {
        return Err(context.failure("misuse", "form-no-way", &[]));
    }
    let text = form::write(context.language, case, audience, heads);
    let mut form = form::read("form", &text)
        .map_err(|refusal| Failure::new("invalid", file::line(context, &refusal), ""))?;
    for (field, answer) in answers.into_iter().filter(|(_, answer)| !answer.is_empty()) {
        put(context, &mut form, field, &answer)?;
    }
    Ok(form)
}

/// The codes that an entry takes.
fn codes(field: &str) -> String {
    let list = match field {
        "sector" => Sector::LIST,
        "phase" => Phase::LIST,
        "innovation_kind" => InnovationKind::LIST,
        _ => return String::new(),
    };
    list.codes.join(", ")
}

fn put(context: &Context, form: &mut Form, field: &str, answer: &str) -> Result<(), Failure> {
    if field == "audience" {
        form.audience = Some(match answer {
            "organisation" => Audience::Organisation,
            "network" => Audience::Network,
            other => return Err(context.failure("invalid", "intake-audience", &[("found", other.into())])),
        });
        return Ok(());
    }
    let members = answer.split(',').map(str::trim).filter(|member| !member.is_empty());
    let value = match field {
        "buyers" => members.map(|name| json!({"name": name, "role": "participant"})).collect(),
        field if LISTS.contains(&field) => members.map(Value::from).collect(),
        _ => Value::from(answer),
    };
    match field.split_once('.') {
        None => {
            form.fields.insert(field.to_owned(), value);
        }
        Some((group, name)) => {
            let group = form.fields.entry(group).or_insert_with(|| json!({}));
            if !group.is_object() {
                *group = json!({});
            }
            group[name] = value;
        }
    }
    Ok(())
}
