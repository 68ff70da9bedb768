//! `show`: one record with everything that stands beside it.

use serde_json::Value;

use super::{
    Name,
    list::{owner, state},
    withdraw,
};
use crate::{case::co_owner::co_owners, context::Context, failure::Failure, show, table, why};

/// Show a record with what stands beside it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters
    id: String,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.show(name.0, &args.id).await.map_err(|error| context.failed(error))?;
    context.show(&answer, || match answer["state"].as_str() {
        Some("withdrawn") => withdraw::words(context, &answer),
        Some(_) | None => words(context, name, &answer),
    })
}

/// What a record is known by, and who reads it.
pub(crate) fn heading(context: &Context, name: Name, answer: &Value) -> String {
    let record = &answer[name.0];
    let lang = record["content_lang"].as_str().or(record["language"].as_str());
    let lang = lang.and_then(|code| code.parse().ok()).unwrap_or_default();
    let title = show::by_language(&record["title"], context.language, lang);
    let lines = [Some(title), Some(table::text(&answer["id"])), shared_with(context, answer)];
    lines.into_iter().flatten().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Who reads what is shared.
fn shared_with(context: &Context, answer: &Value) -> Option<String> {
    let shares = answer["shared_with"].as_array().filter(|shares| !shares.is_empty())?;
    let readers: Vec<_> = shares.iter().map(|share| why::readers(context, share)).collect();
    Some(context.text("show-shared-with", &[("readers", readers.join("; ").into())]))
}

fn words(context: &Context, name: Name, answer: &Value) -> String {
    let record = &answer[name.0];
    let lang = record["content_lang"].as_str().or(record["language"].as_str());
    let lang = lang.and_then(|code| code.parse().ok()).unwrap_or_default();
    let head = [
        Some(show::by_language(&record["title"], context.language, lang)),
        Some(
            [owner(&answer["owner"]), state(context, answer)]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
        ),
        Some(table::text(&answer["id"])),
        co_owners(context, answer),
        shared_with(context, answer),
        missing(context, name, answer),
        used_by(context, answer),
    ];
    let head: Vec<_> = head.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    let body = show::record(context, name.kind().about(), record);
    let mut parts = vec![head.join("\n"), body];
    parts.extend(conflicts(context, answer));
    parts.join("\n\n")
}

/// What must be filled in before it can be shared.
fn missing(context: &Context, name: Name, answer: &Value) -> Option<String> {
    let fields = labels(context, name, answer["missing"].as_array()?);
    (!fields.is_empty()).then(|| context.text("show-missing", &[("fields", fields.join(", ").into())]))
}

/// Labels of fields by name.
pub(crate) fn labels(context: &Context, name: Name, fields: &[Value]) -> Vec<String> {
    let about = name.kind().about();
    let label = |field: &Value| {
        let field = table::text(field);
        let known = about.iter().find(|about| about.name == field);
        known.map_or(field, |about| about.labels.get(context.language).to_owned())
    };
    fields.iter().map(label).collect()
}

fn used_by(context: &Context, answer: &Value) -> Option<String> {
    let names: Vec<_> = answer["used_by"].as_array()?.iter().map(|user| table::text(&user["name"])).collect();
    (!names.is_empty()).then(|| context.text("show-used-by", &[("names", names.join(", ").into())]))
}

/// Values that stand against each other, numbered as `settle --take` takes them.
fn conflicts(context: &Context, answer: &Value) -> Option<String> {
    let conflicts = answer["conflicts"].as_array().filter(|conflicts| !conflicts.is_empty())?;
    let mut lines = vec![context.text("show-conflicts", &[])];
    for conflict in conflicts {
        lines.push(format!("  {}", table::text(&conflict["field"])));
        for (index, value) in conflict["values"].as_array().into_iter().flatten().enumerate() {
            let by = &value["by"];
            let by = [table::text(&by["name"]), table::moment(&value["at"])];
            let by: Vec<_> = by.into_iter().filter(|text| !text.is_empty()).collect();
            lines.push(format!("    {}. {} ({})", index + 1, table::text(&value["value"]), by.join(", ")));
        }
    }
    Some(lines.join("\n"))
}
