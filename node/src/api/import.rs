//! Taking in a file of cases.
//!
//! A record is known again by its id, by any external id, or, without one, by the hash of its canonical form. What
//! was taken in last is remembered beside each record, so that importing again changes only what has changed in the
//! source since: three-way, and where both sides changed, ours stays and is listed.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

mod align;
mod known;
mod merge;

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use futures::{StreamExt as _, stream::FuturesUnordered};
use praksis_protocol::{
    engine::{Command, CommandError, Edit, Memory},
    genesis::Kind,
    id::DocumentId,
    language::Language,
    record::{Fault, Invalid},
    store::{Read as _, StoreError},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use self::known::{Key, Known};
use super::{
    Api, ApiError, edit, error,
    input::{Body, Params, new_id},
    org,
    progress::{self, Progress, Wants},
    record,
};
use crate::intake::{self, Record, Refusal};

/// Records that are written at a time: each is a job for a worker and a place in a batch.
const AT_ONCE: usize = 64;
/// Of longer names only the end is kept.
const NAME_MAX: usize = 200;

/// What the body is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The file's name, for refusals; its extension tells the format.
    file: Option<String>,
    /// `json`, `lines` or `toml`; otherwise the name or the text tells.
    format: Option<String>,
}

/// Takes in a file of cases
///
/// The body is the file: JSON, JSON Lines or TOML. What cannot be read is refused with its line, and the rest is in:
/// `{"imported", "updated", "unchanged", "refused": [{"file", "line", "field", "why"}], "kept": [{"id", "field"}]}`.
#[utoipa::path(post, path = "/api/v1/import", operation_id = "import", tag = "import", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, description = "What was taken in", body = Value), (status = 413, description = "Over 64 MiB")))]
pub(super) async fn take(
    State(api): State<Api>,
    Params(query): Params<ImportQuery>,
    wants: Wants,
    Body(bytes): Body,
) -> Result<Response, ApiError> {
    let file = query.file.unwrap_or_else(|| "-".to_owned());
    let file: String = file.chars().skip(file.chars().count().saturating_sub(NAME_MAX)).collect();
    let read_as = match query.format.as_deref() {
        None => file.clone(),
        Some("json") => "-.json".to_owned(),
        Some("lines") => "-.jsonl".to_owned(),
        Some("toml") => "-.toml".to_owned(),
        Some(other) => {
            return Err(ApiError::Misuse(format!("format={other:.60}: expected json, lines or toml")));
        }
    };
    // Parsing a large file takes its time: not on a thread that others' requests wait for.
    let read = tokio::task::spawn_blocking(move || intake::read(&read_as, &bytes)).await;
    let mut intake = read.map_err(|_| ApiError::NotJson("the file could not be read".to_owned()))?;
    intake.refused.iter_mut().for_each(|refusal| refusal.file.clone_from(&file));
    let language = wants.language;
    Ok(progress::answer(wants, |progress| run(api, file, intake.records, intake.refused, language, progress))
        .await)
}

/// What an import has come to.
#[derive(Default)]
struct Tally {
    imported: usize,
    updated: usize,
    unchanged: usize,
    refused: Vec<Value>,
    kept: Vec<Value>,
}

/// What one record came to.
enum Done {
    Imported(DocumentId),
    Updated(DocumentId, Vec<String>),
    Unchanged(DocumentId, Vec<String>),
}

async fn run(
    api: Api,
    file: String,
    records: Vec<Record>,
    refused: Vec<Refusal>,
    language: Language,
    progress: Progress,
) -> Result<Value, ApiError> {
    let refused = refused.into_iter().map(|refusal| json!(refusal)).collect();
    let mut tally = Tally { refused, ..Tally::default() };
    let own_language = org::language(&api).await?;
    let mut known = Known::read(&api).await?;
    let total = records.len();
    let mut under_way = FuturesUnordered::new();
    let mut keys_under_way = BTreeSet::new();
    for (index, record) in records.into_iter().enumerate() {
        let line = record.line;
        let incoming = match Incoming::parse(record, own_language.as_deref()) {
            Ok(incoming) => incoming,
            Err(invalid) => {
                tally.refused.push(not_valid(&file, line, &invalid.faults, language));
                continue;
            }
        };
        // What a record before it in the file becomes must be known first.
        let waits = incoming.keys.iter().any(|key| keys_under_way.contains(key));
        while under_way.len() >= AT_ONCE || (waits && !under_way.is_empty()) {
            let Some(done) = under_way.next().await else { break };
            tally.take(&file, language, done, &mut known)?;
        }
        if under_way.is_empty() {
            keys_under_way.clear();
        }
        let target = match known.find(&api, &incoming).await {
            Ok(target) => target,
            Err(why) => {
                tally.refused.push(refusal(&file, line, &why));
                continue;
            }
        };
        keys_under_way.extend(incoming.keys.iter().cloned());
        let api = &api;
        under_way.push(async move {
            let (line, keys) = (incoming.line, incoming.keys.clone());
            let done = match target {
                None => create(api, incoming).await,
                Some(own) => update(api, own, incoming).await,
            };
            (line, keys, done)
        });
        progress.tell(index + 1 - under_way.len(), total);
    }
    while let Some(done) = under_way.next().await {
        tally.take(&file, language, done, &mut known)?;
        progress.tell(total - under_way.len(), total);
    }
    tally.refused.sort_by_key(|refusal| refusal["line"].as_u64());
    Ok(json!({
        "imported": tally.imported,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "refused": tally.refused,
        "kept": tally.kept,
    }))
}

impl Tally {
    /// Counts what came of a record. What would befall every other record too ends the import.
    fn take(
        &mut self,
        file: &str,
        language: Language,
        (line, keys, done): (usize, Vec<Key>, Result<Done, ApiError>),
        known: &mut Known,
    ) -> Result<(), ApiError> {
        let kept = |id: DocumentId, fields: Vec<String>| {
            fields.into_iter().map(move |field| json!({"id": id, "field": field}))
        };
        match done {
            Ok(Done::Imported(id)) => {
                self.imported += 1;
                known.insert(keys, id);
            }
            Ok(Done::Updated(id, fields)) => {
                self.updated += 1;
                self.kept.extend(kept(id, fields));
                known.insert(keys, id);
            }
            Ok(Done::Unchanged(id, fields)) => {
                self.unchanged += 1;
                self.kept.extend(kept(id, fields));
            }
            Err(ApiError::Command(CommandError::Invalid(faults))) => {
                self.refused.push(not_valid(file, line, &faults, language));
            }
            Err(error @ ApiError::Command(CommandError::TooLarge | CommandError::Unwritable(_))) => {
                self.refused.push(refusal(file, line, &error.to_string()));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// A record of the file, strictly read.
///
/// One that does not say in which language it is written is in the organisation's when it is new, and stays in the
/// one it has when it is here: then it is read again.
struct Incoming {
    line: usize,
    /// What it is known again by.
    keys: Vec<Key>,
    record: Map<String, Value>,
    /// Ids of items that had none in the file.
    new_ids: BTreeSet<String>,
    /// As it stands in the file, if the language is not its own.
    without_language: Option<Value>,
}

impl Incoming {
    fn parse(record: Record, language: Option<&str>) -> Result<Self, Invalid> {
        let Record { line, id, value } = record;
        let without_language = value.get("content_lang").is_none().then(|| value.clone());
        let (record, new_ids) = parse(value, language)?;
        let keys = known::keys(id.as_deref(), &record);
        Ok(Self { line, keys, record, new_ids, without_language })
    }

    /// The same for a record that is here already.
    fn read_as(&mut self, ours: &Map<String, Value>) -> Result<(), Invalid> {
        let language = ours.get("content_lang");
        if self.record.get("content_lang") != language
            && let Some(value) = self.without_language.take()
        {
            (self.record, self.new_ids) = parse(value, language.and_then(Value::as_str))?;
        }
        Ok(())
    }
}

/// The canonical form, in this language if it names none, and the ids that items were given.
fn parse(
    mut value: Value,
    language: Option<&str>,
) -> Result<(Map<String, Value>, BTreeSet<String>), Invalid> {
    if let (Some(language), Some(map)) = (language, value.as_object_mut()) {
        map.entry("content_lang").or_insert_with(|| language.into());
    }
    let mut new_ids = BTreeSet::new();
    let mut counted = || {
        let id = new_id();
        new_ids.insert(id.to_string());
        id
    };
    Ok((Kind::Case.parse(&value, &mut counted)?, new_ids))
}

async fn create(api: &Api, incoming: Incoming) -> Result<Done, ApiError> {
    let record = Value::Object(incoming.record);
    let written = edit::write(api, Command::Draft(Kind::Case, record.clone())).await?;
    remember(api, known::Own { record: written.record, draft: written.document }, &record).await?;
    Ok(Done::Imported(written.record))
}

async fn update(api: &Api, own: known::Own, mut incoming: Incoming) -> Result<Done, ApiError> {
    let Some(view) = record::view(api, Some(own.draft))? else {
        return Err(StoreError::Damaged { what: format!("view of {}", own.draft.short()) }.into());
    };
    let ours = Kind::Case.read(&view.record);
    incoming.read_as(&ours)?;
    let base = base(api, own.draft)?;
    let fields = Kind::Case.record();
    align::align(fields, base.as_ref().unwrap_or(&ours), &mut incoming.record, &incoming.new_ids);
    let theirs = incoming.record;
    let merged = merge::three_way(fields, &base.clone().unwrap_or_default(), &theirs, &ours);
    let record = Value::Object(merged.record);
    let faults = Kind::Case.faults(&record);
    if !faults.is_empty() {
        return Err(CommandError::Invalid(faults).into());
    }
    let done = if Kind::Case.read(&record) == ours {
        Done::Unchanged(own.record, merged.kept)
    } else {
        let command = Command::Edit(own.record, Some(view.heads), Edit::Replace(record));
        edit::write(api, command).await?;
        Done::Updated(own.record, merged.kept)
    };
    if base.as_ref() != Some(&theirs) {
        remember(api, own, &Value::Object(theirs)).await?;
    }
    Ok(done)
}

/// Under which name what was taken in last is remembered of a draft.
const BASE: &str = "import";

/// What was taken in last of a record.
fn base(api: &Api, draft: DocumentId) -> Result<Option<Map<String, Value>>, ApiError> {
    let bytes = api.handle.store().memory(draft, BASE)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Remembers what was taken in, by which it is known again too, beside the draft that has its words.
async fn remember(api: &Api, own: known::Own, taken: &Value) -> Result<(), ApiError> {
    let words = taken.to_string().into_bytes();
    let memories = vec![Memory { of: Some(own.draft), name: BASE.to_owned(), value: Some(words) }];
    api.handle.call(Command::Remember(memories)).await?;
    Ok(())
}

fn refusal(file: &str, line: usize, why: &str) -> Value {
    json!({"file": file, "line": line, "why": why})
}

/// One refusal for a record, with all that is wrong with it.
fn not_valid(file: &str, line: usize, faults: &[Fault], language: Language) -> Value {
    let mut json = Map::new();
    json.insert("file".to_owned(), file.into());
    json.insert("line".to_owned(), line.into());
    if let Some(fault) = faults.iter().find(|fault| !fault.path.is_empty()) {
        json.insert("field".to_owned(), fault.path.clone().into());
    }
    let why: Vec<_> = faults.iter().map(|fault| fault.text(language)).collect();
    json.insert("why".to_owned(), why.join("; ").into());
    json.insert("faults".to_owned(), error::of_faults(faults, language));
    Value::Object(json)
}
