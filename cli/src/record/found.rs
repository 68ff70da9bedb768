//! What of a person stood in a draft: where, for people, and what to do about it.

use praksis_protocol::record::About;
use serde_json::Value;

use super::Name;
use crate::{context::Context, table};

/// Everything that was found in one refused draft, each in a sentence.
pub(super) fn sentences(context: &Context, name: Name, refused: &Value) -> Vec<String> {
    let sentence = |found: &Value| {
        // A newer node may find what this one has no word for.
        let known = found["kind"].as_str().map(|kind| format!("found-{}", kind.replace('_', "-")));
        let field = place(context, name.kind().about(), &table::text(&found["field"]));
        let arguments = [
            ("field", field.into()),
            ("at", (found["at"].as_u64().unwrap_or(0) + 1).into()),
            ("excerpt", table::text(&found["excerpt"]).into()),
        ];
        context.text(known.as_deref().unwrap_or("found-phone"), &arguments)
    };
    all(refused).iter().map(sentence).collect()
}

/// Whether anything of a person was found.
pub(super) fn is_any(refused: &Value) -> bool {
    !all(refused).is_empty()
}

/// What to do about it.
pub(super) fn hint(context: &Context, refused: &Value, id: String) -> String {
    let never = all(refused).iter().any(|found| found["kind"] == "national_id");
    context.text(if never { "share-take-out-id" } else { "share-take-out" }, &[("id", id.into())])
}

fn all(refused: &Value) -> &[Value] {
    refused["found"].as_array().map_or(&[], Vec::as_slice)
}

/// A place such as `lessons[1].what` by its labels, items counted from 1.
fn place(context: &Context, fields: &'static [About], path: &str) -> String {
    let (mut fields, mut labels) = (Some(fields), Vec::new());
    for step in path.split('.') {
        let (name, item) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let known = fields.and_then(|fields| fields.iter().find(|field| field.name == name));
        let label = known.map_or(name, |field| field.labels.get(context.language));
        labels.push(item.map_or_else(|| label.to_owned(), |index| format!("{label} {}", index + 1)));
        fields = known.and_then(|field| field.content.members());
    }
    labels.join(" › ")
}
