//! Sharing one draft, or many.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use praksis_protocol::{
    engine::{Audience, Command, CommandError, output::RecordRef},
    genesis::Kind,
    id::DocumentId,
    language::Language,
    share::Terms,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    Api, ApiError, audience,
    directory::PAGE,
    edit,
    error::refusal,
    ids::{self, resolve},
    progress::Progress,
    record,
};

/// Drafts that are shared at a time: each is a job for a worker and a place in a batch.
const AT_ONCE: usize = 64;
/// Most ids in one request.
const IDS_MAX: usize = 10_000;

/// How to share a draft.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareOne {
    /// With these organisations alone, by their numbers; with the network if absent.
    to: Option<Vec<String>>,
    /// Let telephone numbers and e-mail addresses through; national identity numbers never are.
    #[serde(default)]
    allow_found: bool,
}

/// Which drafts to share.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareMany {
    /// These.
    ids: Option<Vec<String>>,
    /// Every draft of the organisation.
    #[serde(default)]
    all: bool,
    /// With these organisations alone, by their numbers; with the network if absent.
    to: Option<Vec<String>>,
    /// Let telephone numbers and e-mail addresses through; national identity numbers never are.
    #[serde(default)]
    allow_found: bool,
}

/// Shares one draft; refused, the problem says so in the same shape.
pub(super) async fn one(
    api: &Api,
    kind: Kind,
    id: &str,
    how: ShareOne,
    language: Language,
) -> Result<Response, ApiError> {
    let record = resolve(api, id, kind).await?;
    let audience = audience::asked_for(api, how.to.as_deref()).await?;
    match share(api, &record, how.allow_found, audience).await {
        Ok(()) => Ok(Json(json!({"shared": [shared(record.record)], "refused": []})).into_response()),
        Err(error) => {
            let mut problem = error.to_json(language);
            problem["shared"] = json!([]);
            problem["refused"] = json!([refused(&record.record.to_string(), &error, language)]);
            Ok(super::error::problem_response(error.status(), &problem))
        }
    }
}

/// Shares many, as many at a time as the workers keep up with.
pub(super) async fn many(
    api: Api,
    kind: Kind,
    which: ShareMany,
    language: Language,
    progress: Progress,
) -> Result<Value, ApiError> {
    let (mut taken, mut refusals) = (Vec::new(), Vec::new());
    let audience = audience::asked_for(&api, which.to.as_deref()).await?;
    match (which.ids, which.all) {
        (Some(ids), false) if ids.len() <= IDS_MAX => {
            for id in ids {
                match resolve(&api, &id, kind).await {
                    Ok(record) => taken.push(record),
                    Err(error) => refusals.push(refused(&id, &error, language)),
                }
            }
        }
        (None, true) => taken = drafts(&api, kind).await?,
        (Some(_), _) | (None, false) => {
            let expected = format!("expected either ids, at most {IDS_MAX}, or all: true");
            return Err(ApiError::Misuse(expected));
        }
    }
    let total = taken.len() + refusals.len();
    let mut done = refusals.len();
    let mut results = stream::iter(taken.into_iter().map(|record| {
        let (api, audience) = (&api, audience.clone());
        async move { (record.record, share(api, &record, which.allow_found, audience).await) }
    }))
    .buffered(AT_ONCE);
    let mut all_shared = Vec::new();
    while let Some((id, result)) = results.next().await {
        match result {
            Ok(()) => all_shared.push(shared(id)),
            Err(ApiError::Busy(why)) => return Err(ApiError::Busy(why)),
            Err(error) => refusals.push(refused(&id.to_string(), &error, language)),
        }
        done += 1;
        progress.tell(done, total);
    }
    Ok(json!({"shared": all_shared, "refused": refusals}))
}

async fn share(api: &Api, record: &RecordRef, allow_found: bool, audience: Audience) -> Result<(), ApiError> {
    let terms = Terms { today: api.handle.today(), allow_found };
    edit::write(api, Command::Share(ids::of(record), terms, audience)).await.map(drop)
}

async fn drafts(api: &Api, kind: Kind) -> Result<Vec<RecordRef>, ApiError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (records, next) = record::page(api, Some(kind), after, PAGE).await?;
        all.extend(records.into_iter().filter(|record| record.draft.is_some()));
        after = next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// A draft's own id is the record id.
fn shared(record: DocumentId) -> Value {
    json!({"draft": record, "id": record})
}

fn refused(id: &str, error: &ApiError, language: Language) -> Value {
    let mut json = Map::new();
    json.insert("id".to_owned(), id.into());
    if let ApiError::Command(CommandError::NotShareable(why)) = error {
        json.extend(refusal(why, language));
    } else {
        json.insert("missing".to_owned(), json!([]));
    }
    let error = error.to_json(language);
    json.insert("error".to_owned(), error["error"].clone());
    Value::Object(json)
}
