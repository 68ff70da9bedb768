//! Beginning and changing a draft, the same for every kind.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use praksis_protocol::{
    document::Form as DocumentForm,
    engine::{Command, Edit, Reply},
    genesis::Kind,
    id::{ChangeHash, DocumentId},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api, ApiError, audience, contact, heads,
    ids::{meant, resolve},
    input::new_id,
    org, record,
};

/// `field=value` expressions, one after the other.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Expressions {
    /// `title.nb=…`, `keywords+=x`, `keywords-=x`, `dates.notice=2026-03`, `lessons+={…}`
    pub(super) set: Vec<String>,
}

/// Which value of a conflict is to stand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settlement {
    /// The field, as the conflict names it.
    pub(super) field: String,
    /// Which of its values, counted from 1 as they are shown.
    pub(super) take: usize,
}

/// Which document's changes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// `draft` or `shared`; the draft where there is one if absent.
    pub(super) of: Option<String>,
}

/// What a write came to.
pub(super) struct Written {
    pub(super) record: DocumentId,
    pub(super) document: DocumentId,
    pub(super) heads: Vec<ChangeHash>,
}

/// The canonical JSON of a new record, strictly read.
pub(super) fn parse(kind: Kind, value: &Value) -> Result<Map<String, Value>, ApiError> {
    Ok(kind.parse(value, &mut new_id)?)
}

/// Begins a draft.
///
/// What does not say in which language it is written is in its organisation's.
pub(super) async fn create(api: &Api, kind: Kind, value: Value) -> Result<Response, ApiError> {
    begin(api, kind, value, |record| Command::Draft(kind, record)).await
}

/// Begins a draft in which these members write as well, by their numbers.
pub(super) async fn create_jointly(
    api: &Api,
    kind: Kind,
    value: Value,
    with: &[String],
) -> Result<Response, ApiError> {
    let co_owners = audience::members(api, "with", with).await?;
    begin(api, kind, value, |record| Command::DraftJointly(kind, record, co_owners)).await
}

async fn begin(
    api: &Api,
    kind: Kind,
    mut value: Value,
    command: impl FnOnce(Value) -> Command,
) -> Result<Response, ApiError> {
    if let (Some(field), Some(record)) = (kind.language_field(), value.as_object_mut())
        && !record.contains_key(field)
        && let Some(language) = org::language(api).await?
    {
        record.insert(field.to_owned(), language.into());
    }
    contact::by_mailbox(api, kind, &mut value).await?;
    let record = parse(kind, &value)?;
    let written = write(api, command(Value::Object(record))).await?;
    let id = written.record.to_string();
    let location = format!("/api/v1/{}s/{id}", kind.code());
    let mut response = (StatusCode::CREATED, Json(json!({"id": id}))).into_response();
    response.headers_mut().insert(header::ETAG, heads::etag(&written.heads));
    let location = HeaderValue::from_str(&location).expect("letters and digits");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Changes a draft as it read at some heads, and answers with the record as it reads then.
pub(super) async fn change(
    api: &Api,
    kind: Kind,
    id: &str,
    at: &heads::At,
    mut edit: Edit,
) -> Result<Response, ApiError> {
    let at = at.heads()?;
    let record = meant(api, id, kind).await?;
    if let Edit::Merge(patch) = &mut edit {
        contact::by_mailbox(api, kind, patch).await?;
    }
    write(api, Command::Edit(record, Some(at), edit)).await?;
    record::respond(api, record, StatusCode::OK).await
}

/// Settles a conflict.
pub(super) async fn settle(
    api: &Api,
    kind: Kind,
    id: &str,
    settlement: Settlement,
) -> Result<Response, ApiError> {
    let record = meant(api, id, kind).await?;
    let take =
        settlement.take.checked_sub(1).ok_or(praksis_protocol::engine::CommandError::NothingToSettle)?;
    write(api, Command::Edit(record, None, Edit::Settle(settlement.field, take))).await?;
    record::respond(api, record, StatusCode::OK).await
}

/// A record's changes.
pub(super) async fn history(
    api: &Api,
    kind: Kind,
    id: &str,
    query: &HistoryQuery,
) -> Result<Json<Value>, ApiError> {
    let reference = resolve(api, id, kind).await?;
    let form = match query.of.as_deref() {
        Some("draft") => DocumentForm::Draft,
        Some("shared") => DocumentForm::Shared,
        None if reference.draft.is_some() => DocumentForm::Draft,
        None => DocumentForm::Shared,
        Some(other) => return Err(ApiError::Misuse(format!("of={other:.60}: expected draft or shared"))),
    };
    record::present_history(api, &reference, form).await.map(Json)
}

/// Gives a command that writes.
pub(super) async fn write(api: &Api, command: Command) -> Result<Written, ApiError> {
    let Reply::Written { record, document, heads, .. } = api.handle.call(command).await? else {
        return Err(record::unexpected());
    };
    Ok(Written { record, document, heads })
}
