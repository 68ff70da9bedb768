//! Which of our own cases a record of a file is.

use std::collections::{BTreeMap, BTreeSet};

use praksis_protocol::{genesis::Kind, id::DocumentId};
use serde_json::{Map, Value};

use super::Incoming;
use crate::api::{Api, ApiError, directory::PAGE, record};

/// What a record is known again by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The id that an export wrote.
    Id(String),
    /// Scheme and value of an external id.
    External(String, String),
    /// Hash of the canonical form, of a record without an external id.
    Form([u8; 32]),
}

/// A case of our own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) record: DocumentId,
    pub(super) draft: DocumentId,
}

/// All own cases by what they are known by.
pub(super) struct Known {
    by_key: BTreeMap<Key, BTreeSet<DocumentId>>,
    /// Which case a form became that has been changed here since: as what was taken in says, that is kept beside the
    /// draft and erased with it.
    taken: BTreeMap<Key, BTreeSet<DocumentId>>,
}

impl Known {
    /// Looks through the own drafts, page by page.
    pub(super) async fn read(api: &Api) -> Result<Self, ApiError> {
        let mut known = Self { by_key: BTreeMap::new(), taken: BTreeMap::new() };
        let mut after = None;
        loop {
            let (records, next) = record::page(api, Some(Kind::Case), after, PAGE).await?;
            for reference in records {
                if let Some(view) = record::view(api, reference.draft)?
                    && let Value::Object(case) = view.record
                {
                    known.insert(keys(None, &case), reference.record);
                }
                if let Some(draft) = reference.draft
                    && let Some(taken) = super::base(api, draft)?
                {
                    for key in keys(None, &taken) {
                        known.taken.entry(key).or_default().insert(reference.record);
                    }
                }
            }
            after = next;
            if after.is_none() {
                return Ok(known);
            }
        }
    }

    pub(super) fn insert(&mut self, keys: Vec<Key>, record: DocumentId) {
        for key in keys.into_iter().filter(|key| !matches!(key, Key::Id(_))) {
            self.by_key.entry(key).or_default().insert(record);
        }
    }

    /// The own case that a record is, none if it is new, or why it cannot be taken in.
    pub(super) async fn find(&self, api: &Api, incoming: &Incoming) -> Result<Option<Own>, String> {
        let mut found = BTreeSet::new();
        for key in &incoming.keys {
            match key {
                Key::Id(id) => {
                    let records = record::find(api, id).await.map_err(|error| error.to_string())?;
                    for reference in records {
                        if reference.draft.is_none() {
                            return Err(format!("the case {id} belongs to another organisation"));
                        }
                        found.insert(reference.record);
                    }
                }
                Key::External(..) => found.extend(self.by_key.get(key).into_iter().flatten()),
                Key::Form(_) => {
                    let records = self.by_key.get(key).or_else(|| self.taken.get(key));
                    found.extend(records.into_iter().flatten().take(1));
                }
            }
        }
        if found.len() > 1 {
            let ids: Vec<_> = found.iter().map(DocumentId::to_string).collect();
            return Err(format!("it matches several of the own cases: {}", ids.join(", ")));
        }
        let Some(record) = found.pop_first() else { return Ok(None) };
        let own = record::find(api, &record.to_string()).await.map_err(|error| error.to_string())?;
        let own = own.into_iter().find_map(|own| Some(Own { record: own.record, draft: own.draft? }));
        Ok(own)
    }
}

/// What a record is known by: its id in the file, its external ids, or else its form.
pub(super) fn keys(id: Option<&str>, case: &Map<String, Value>) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    keys.extend(id.filter(|id| id.parse::<DocumentId>().is_ok()).map(|id| Key::Id(id.to_owned())));
    let externals = case.get("external_ids").and_then(Value::as_array).into_iter().flatten();
    let external = |item: &Value| {
        let part = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Key::External(part("scheme")?, part("value")?))
    };
    let before = keys.len();
    keys.extend(externals.filter_map(external));
    if keys.len() == before {
        keys.push(Key::Form(form(case)));
    }
    keys
}

/// The hash of the canonical form without the ids of items, which are drawn anew each time.
fn form(case: &Map<String, Value>) -> [u8; 32] {
    let canonical = Value::Object(Kind::Case.read(&Value::Object(case.clone())));
    *blake3::hash(super::align::without_ids(&canonical).to_string().as_bytes()).as_bytes()
}
