//! Lists for people: aligned, no lines, headings in the reader's language.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::context::Context;

/// A list with its headings; the message `none` when it is empty.
pub(crate) fn list(
    context: &Context,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    none: &str,
) -> String {
    let mut table = bare();
    table.set_header(columns.iter().map(|key| Cell::new(context.text(key, &[]).to_uppercase())));
    table.add_rows(rows);
    if table.is_empty() { context.text(none, &[]) } else { trimmed(&table) }
}

/// What is called what, one a line.
pub(crate) fn pairs(rows: impl IntoIterator<Item = (String, String)>) -> String {
    let mut table = bare();
    table.add_rows(rows.into_iter().map(|(name, value)| [name, value]));
    trimmed(&table)
}

/// The items of a list as the interface gives them.
pub(crate) fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map_or(&[], Vec::as_slice)
}

/// A value as people read it; absent is nothing.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A day and the minute, without what makes an instant hard to read.
pub(crate) fn moment(value: &Value) -> String {
    text(value).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<_> =
        table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n")
}
