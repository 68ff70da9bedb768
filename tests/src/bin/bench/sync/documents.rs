//! What is synced: two makes of documents.

use praksis_protocol::{
    case::Case,
    id::{DocumentId, ItemId},
    record::{Record as _, assign_ids},
};
use serde_json::{Value, json};

use crate::Result;

/// A make of documents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Make {
    /// Nine short fields, about 1.2 KB with envelope and genesis.
    Short,
    /// A real case with long texts, about 4 KB.
    Long,
}

impl Make {
    pub(crate) const ALL: [Self; 2] = [Self::Short, Self::Long];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
        }
    }

    pub(crate) fn read(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|make| make.name() == name).ok_or_else(|| format!("no make {name}").into())
    }

    /// The document of a number, as it reads after so many changes.
    pub(crate) fn case(self, number: usize, round: usize, contact: DocumentId) -> Value {
        match self {
            Self::Short => short(number, round, contact),
            Self::Long => long(number, round, contact),
        }
    }
}

fn short(number: usize, round: usize, contact: DocumentId) -> Value {
    json!({
        "schema_version": 1,
        "content_lang": "nb",
        "title": {"nb": format!("Anskaffelse nummer {number}: varsling fra pumpestasjoner")},
        "need": format!("Behov {number}.{round}: vi oppdager for sent at en pumpe har stoppet, og kjører ut for ofte."),
        "sector": ["water_waste_energy"],
        "phase": "need",
        "keywords": ["pumpestasjon", "varsling", format!("nummer-{number}")],
        "contact": contact.to_string(),
    })
}

/// The demo's case with the longest texts, under a name of its own each time; two others lend it a few sentences.
fn long(number: usize, round: usize, contact: DocumentId) -> Value {
    let mut cases = praksis_tests::demo::cases();
    cases.sort_by_key(|case| std::cmp::Reverse(case.to_string().len()));
    let texts: Vec<String> =
        cases[1..4].iter().filter_map(|case| Some(case["need"].as_str()?.to_owned())).collect();
    let mut case = cases.swap_remove(0);
    case["title"] = json!({"nb": format!("Anskaffelse nummer {number}")});
    let need = case["need"].as_str().unwrap_or_default().to_owned();
    case["need"] = format!("Behov {number}.{round}: {need}\n\n{}", texts.join("\n\n")).into();
    case["contact"] = contact.to_string().into();
    // The same ids in each round.
    let mut last = 0_u128;
    assign_ids(&mut case, Case::RECORD, &mut || {
        last += 1;
        ItemId(last.to_be_bytes())
    });
    case
}
