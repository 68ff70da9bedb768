//! Cases that are recognised again: one number in every field, so that half a write shows.

use serde_json::{Value, json};

/// A number whose case is a long one: its values are split in the store.
const LONG: u64 = 96;

/// The case of a number.
pub fn case(number: u64) -> Value {
    json!({
        "schema_version": 1,
        "content_lang": "nb",
        "title": {"nb": format!("Sak {number}")},
        "need": need(number),
        "result": result(number),
        "sector": ["water_waste_energy"],
        "phase": "need",
        "keywords": [format!("nummer {number}")],
    })
}

fn need(number: u64) -> String {
    vec![format!("Vi trenger å vite når pumpe {number} svikter."); times(number)].join("\n\n")
}

fn result(number: u64) -> String {
    vec![format!("Vi vet det nå for pumpe {number}."); times(number)].join("\n\n")
}

fn times(number: u64) -> usize {
    if number.is_multiple_of(LONG) { 360 } else { 1 }
}

/// The number of a case that reads as [`case`] made it.
///
/// # Errors
/// What does not fit together.
pub fn number(record: &Value) -> Result<u64, String> {
    let title = record["title"]["nb"].as_str().and_then(|title| title.strip_prefix("Sak "));
    let number =
        title.and_then(|number| number.parse().ok()).ok_or_else(|| format!("no number: {record}"))?;
    for (field, value) in case(number).as_object().expect("an object") {
        if record[field] != *value {
            return Err(format!("case {number} has another {field}: {}", record[field]));
        }
    }
    Ok(number)
}
