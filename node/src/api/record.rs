//! One record with everything that stands beside it, the same for every kind that is drafted and shared.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use praksis_protocol::{
    admission::state::{Conflict, View},
    document::Form,
    engine::{
        Command, Reply,
        output::{RecordRef, RecordView},
    },
    genesis::Kind,
    id::{ChangeHash, DeviceId, DocumentId, OrgId},
    store::{Read as _, StoreError},
};
use serde_json::{Map, Value, json};

use super::{Api, ApiError, audience, co_owners, directory::Names, heads, ids, why};

/// The record that an id leads to; of a withdrawn one what is left to say.
pub(super) async fn one(api: &Api, id: &str, kind: Kind) -> Result<Response, ApiError> {
    let shown = match ids::resolve(api, id, kind).await {
        Ok(found) => respond(api, ids::of(&found), StatusCode::OK).await,
        Err(error) => Err(error),
    };
    match shown {
        Ok(response) => Ok(response),
        // Perhaps withdrawn, a moment ago even.
        Err(error) => match ids::hidden(api, id).await?.filter(|genesis| genesis.kind() == Some(kind)) {
            Some(genesis) => Ok(Json(why::withdrawn(api, &genesis).await?).into_response()),
            None => Err(error),
        },
    }
}

/// The record as the interface shows it, with its heads as ETag.
pub(super) async fn respond(api: &Api, id: DocumentId, status: StatusCode) -> Result<Response, ApiError> {
    let view = show(api, id).await?;
    let heads = view.draft.as_ref().or(view.shared.as_ref()).map(|view| view.heads.clone());
    let body = present(api, view).await?;
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::ETAG, heads::etag(&heads.unwrap_or_default()));
    Ok(response)
}

/// The record as the engine has it.
pub(super) async fn show(api: &Api, id: DocumentId) -> Result<RecordView, ApiError> {
    let Reply::Record(view) = api.handle.call(Command::Show(id, api.handle.today())).await? else {
        return Err(unexpected());
    };
    Ok(*view)
}

/// A page of records, and after which one the next begins.
pub(super) async fn page(
    api: &Api,
    kind: Option<Kind>,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<(Vec<RecordRef>, Option<DocumentId>), ApiError> {
    let Reply::Records(records, next) = api.handle.call(Command::Records(kind, after, limit)).await? else {
        return Err(unexpected());
    };
    Ok((records, next))
}

/// Records whose id, or one of whose documents' ids, begins so.
pub(super) async fn find(api: &Api, beginning: &str) -> Result<Vec<RecordRef>, ApiError> {
    let Reply::Records(records, _) = api.handle.call(Command::Find(beginning.to_owned())).await? else {
        return Err(unexpected());
    };
    Ok(records)
}

/// A document as it reads, from the store.
pub(super) fn view(api: &Api, document: Option<DocumentId>) -> Result<Option<View>, ApiError> {
    let Some(document) = document else { return Ok(None) };
    let Some(bytes) = api.handle.store().view(document)? else { return Ok(None) };
    let damaged = || StoreError::Damaged { what: format!("view of {}", document.short()) };
    Ok(Some(View::read(&bytes).ok_or_else(damaged)?))
}

/// What people see of a record first: the draft on its owner's nodes, else what was shared.
pub(super) fn present_view(api: &Api, record: &RecordRef) -> Result<Option<View>, ApiError> {
    view(api, record.best())
}

/// `draft`, `shared` or `changed_since_shared`.
pub(super) fn state(view: &RecordView) -> &'static str {
    match (&view.draft, &view.shared) {
        (Some(_), None) => "draft",
        (Some(_), Some(_)) if view.differs => "changed_since_shared",
        (_, Some(_)) | (None, None) => "shared",
    }
}

async fn present(api: &Api, view: RecordView) -> Result<Value, ApiError> {
    let state = state(&view);
    let RecordView { reference, draft, shared, sharing, writers, .. } = view;
    let names = api.directory.names(api).await?;
    let kind = reference.kind.map_or("unknown", Kind::code);
    let drafted = draft.is_some();
    let conflicts = match &draft {
        Some(draft) => conflicts(api, &names, &reference, Form::Draft, &draft.conflicts).await?,
        None => Vec::new(),
    };
    let in_shared = match &shared {
        Some(shared) => conflicts_of_shared(api, &names, &reference, &shared.conflicts).await?,
        None => Vec::new(),
    };
    let used_by = match reference.shared {
        Some(subject) => api.directory.used_by(api, subject).await?,
        None => Vec::new(),
    };
    let missing = sharing.and_then(Result::err).map(|refused| refused.missing).unwrap_or_default();
    let Some(shown) = draft.or(shared) else {
        return Err(ApiError::NotFound(format!("nothing of {} is here", reference.record)));
    };
    let record = reference.kind.map(|kind| Value::Object(kind.read(&shown.record)));

    let mut json = Map::new();
    json.insert("id".to_owned(), reference.record.to_string().into());
    json.insert("kind".to_owned(), kind.into());
    json.insert("owner".to_owned(), names.owner(reference.owner));
    json.insert("co_owners".to_owned(), co_owners::of(&names, &writers));
    json.insert(kind.to_owned(), record.unwrap_or(shown.record));
    json.insert("state".to_owned(), state.into());
    if let Some(draft) = reference.draft {
        json.insert("draft".to_owned(), draft.to_string().into());
    }
    if let Some(shared) = reference.shared {
        json.insert("shared".to_owned(), shared.to_string().into());
    }
    json.insert("shared_with".to_owned(), audience::of_shares(api, &names, &reference.shares).await?);
    json.insert("heads".to_owned(), shown.heads.iter().map(ChangeHash::to_string).collect());
    let (conflicts, shared_conflicts) =
        if drafted { (conflicts, in_shared) } else { (in_shared, Vec::new()) };
    json.insert("conflicts".to_owned(), conflicts.into());
    json.insert("shared_conflicts".to_owned(), shared_conflicts.into());
    json.insert("used_by".to_owned(), used_by.into());
    json.insert("missing".to_owned(), missing.into());
    json.insert("updated_at".to_owned(), instant(reference.updated_s).into());
    Ok(Value::Object(json))
}

async fn conflicts_of_shared(
    api: &Api,
    names: &Names,
    reference: &RecordRef,
    conflicts_there: &[Conflict],
) -> Result<Vec<Value>, ApiError> {
    conflicts(api, names, reference, Form::Shared, conflicts_there).await
}

/// `[{"field", "values": [{"value", "by", "at"}]}]`; who wrote which value is in the history.
async fn conflicts(
    api: &Api,
    names: &Names,
    reference: &RecordRef,
    form: Form,
    conflicts: &[Conflict],
) -> Result<Vec<Value>, ApiError> {
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let history = history(api, ids::of(reference), form).await?;
    let draft_of = (form == Form::Draft).then_some(reference.owner);
    let written = |change: ChangeHash| history.iter().find(|(entry, _)| entry.hash == change);
    let conflict = |conflict: &Conflict| -> Value {
        let values = conflict.values.iter().map(|value| {
            let written = written(value.change);
            let mut json = json!({
                "value": value.value,
                "by": names.by(written.and_then(|(_, device)| *device), draft_of),
            });
            if let Some((entry, _)) = written {
                json["at"] = instant(entry.time).into();
            }
            json
        });
        json!({"field": conflict.field(), "values": values.collect::<Value>()})
    };
    Ok(conflicts.iter().map(conflict).collect())
}

type History = Vec<(praksis_protocol::document::HistoryEntry, Option<DeviceId>)>;

/// A document's changes, oldest first.
pub(super) async fn history(api: &Api, id: DocumentId, form: Form) -> Result<History, ApiError> {
    let Reply::History(entries) = api.handle.call(Command::History(id, form)).await? else {
        return Err(unexpected());
    };
    Ok(entries)
}

/// The changes as people see them: `{"items": [{"change", "at", "by", "fields", "deps"}]}`.
pub(super) async fn present_history(api: &Api, reference: &RecordRef, form: Form) -> Result<Value, ApiError> {
    let names = api.directory.names(api).await?;
    let draft_of: Option<OrgId> = (form == Form::Draft).then_some(reference.owner);
    let entries = history(api, ids::of(reference), form).await?;
    let item = |(entry, device): &(praksis_protocol::document::HistoryEntry, Option<DeviceId>)| {
        json!({
            "change": entry.hash,
            "at": instant(entry.time),
            "by": names.by(*device, draft_of),
            "fields": entry.fields,
            "deps": entry.deps,
        })
    };
    Ok(json!({"items": entries.iter().map(item).collect::<Value>()}))
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub(super) fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// The engine answered another question: a fault of this program.
pub(super) fn unexpected() -> ApiError {
    ApiError::Busy("the engine answered another question".to_owned())
}
