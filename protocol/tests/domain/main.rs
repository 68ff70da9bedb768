//! The domain through its public interface: what is written is what was read, what is wrong is
//! named, and what people see is there in every language.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod change;
mod document;
mod examples;
mod labels;
mod parse;
mod personal;
mod response;
mod share;
mod tolerant;
mod values;

use praksis_protocol::id::ItemId;
use serde_json::{Map, Value, json};

/// Ids in the order 1, 2, 3, so that a test can name them.
fn ids() -> impl FnMut() -> ItemId {
    let mut next = 0;
    move || {
        next += 1;
        ItemId([next; 16])
    }
}

fn id(number: u8) -> String {
    ItemId([number; 16]).to_string()
}

/// The members of an object.
fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// A case with all that a procurement under way is asked for.
fn case() -> Map<String, Value> {
    map(json!({
        "schema_version": 1,
        "title": {"nb": "Gravefri tilkobling av stikkledninger"},
        "sector": ["water_waste_energy"],
        "phase": "dialogue",
        "need": "Koble private stikkledninger til uten å grave opp gata.",
        "contact": praksis_protocol::id::DocumentId([7; 32]).to_string(),
    }))
}
