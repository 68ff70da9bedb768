//! Templates: what an organisation wrote for others to adapt.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use praksis_protocol::{engine::Edit, genesis::Kind};
use serde_json::Value;

use super::{
    Api, ApiError,
    edit::{self, Expressions, HistoryQuery, Settlement},
    heads::At,
    input::{Asked, Document, Form, Params, Perhaps},
    list::{self, ListQuery},
    progress::{self, Wants},
    record,
    root::RootKey,
    share::{self, ShareMany, ShareOne},
    withdraw::{self, Withdraw},
};

const KIND: Kind = Kind::Template;

/// Lists templates, page by page
///
/// `{"items": [{"id", "title", "lang", "phase", "owner", "state", "updated_at"}], "next"}`. A page may be short
/// although there is more: `next` tells.
#[utoipa::path(get, path = "/api/v1/templates", operation_id = "templates_list", tag = "templates", params(ListQuery),
    responses((status = 200, description = "A page", body = Value)))]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    list::list(&api, KIND, query).await.map(Json)
}

/// Begins a draft
///
/// The body is a template as its fields are named; every fault of it is told at once. Answers with `{"id"}` and the
/// heads as ETag.
#[utoipa::path(post, path = "/api/v1/templates", operation_id = "templates_create", tag = "templates",
    request_body = Value,
    responses((status = 201, description = "Begun", body = Value), (status = 422, description = "Not valid")))]
pub(super) async fn create(State(api): State<Api>, Document(value): Document) -> Result<Response, ApiError> {
    edit::create(&api, KIND, value).await
}

/// One template with everything that stands beside it
///
/// The ETag is its heads: the draft's for its owner.
#[utoipa::path(get, path = "/api/v1/templates/{id}", operation_id = "templates_show", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning")),
    responses((status = 200, description = "The template", body = Value), (status = 404, description = "No such template"),
        (status = 409, description = "Several ids begin so")))]
pub(super) async fn show(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, ApiError> {
    record::one(&api, &id, KIND).await
}

/// Changes a template by a merge patch (RFC 7396)
///
/// `If-Match` names the heads it was read at; a change on older heads is merged with what came since. A list given is
/// the whole list, matched by `id`; `null` clears.
#[utoipa::path(patch, path = "/api/v1/templates/{id}", operation_id = "templates_change", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning"),
        ("If-Match" = String, Header, description = "The ETag it was read with")),
    request_body(content = Value, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "As it reads now", body = Value),
        (status = 412, description = "The heads are not in the document"), (status = 422, description = "Not valid"),
        (status = 428, description = "Without If-Match")))]
pub(super) async fn change(
    State(api): State<Api>,
    Path(id): Path<String>,
    at: At,
    Document(patch): Document,
) -> Result<Response, ApiError> {
    edit::change(&api, KIND, &id, &at, Edit::Merge(patch)).await
}

/// Changes a template by expressions
///
/// `{"set": ["title.nb=…", "keywords+=x", "keywords-=x", "lessons+={…}"]}`, with `If-Match` as for a patch.
#[utoipa::path(post, path = "/api/v1/templates/{id}/set", operation_id = "templates_set", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning"),
        ("If-Match" = String, Header, description = "The ETag it was read with")),
    request_body = Expressions,
    responses((status = 200, description = "As it reads now", body = Value),
        (status = 412, description = "The heads are not in the document"), (status = 422, description = "Not valid"),
        (status = 428, description = "Without If-Match")))]
pub(super) async fn set(
    State(api): State<Api>,
    Path(id): Path<String>,
    at: At,
    Form(expressions): Form<Expressions>,
) -> Result<Response, ApiError> {
    edit::change(&api, KIND, &id, &at, Edit::Set(expressions.set)).await
}

/// Settles a conflict on one of its values
#[utoipa::path(post, path = "/api/v1/templates/{id}/settle", operation_id = "templates_settle", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = Settlement,
    responses((status = 200, description = "As it reads now", body = Value),
        (status = 422, description = "No such conflict or value")))]
pub(super) async fn settle(
    State(api): State<Api>,
    Path(id): Path<String>,
    Form(settlement): Form<Settlement>,
) -> Result<Response, ApiError> {
    edit::settle(&api, KIND, &id, settlement).await
}

/// The changes of a template, oldest first
///
/// `{"items": [{"change", "at", "by", "fields", "deps"}]}`
#[utoipa::path(get, path = "/api/v1/templates/{id}/history", operation_id = "templates_history", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning"), HistoryQuery),
    responses((status = 200, description = "The changes", body = Value)))]
pub(super) async fn history(
    State(api): State<Api>,
    Path(id): Path<String>,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<Value>, ApiError> {
    edit::history(&api, KIND, &id, &query).await
}

/// Shares a draft with the network
///
/// `{"shared": [{"draft", "id"}], "refused": []}`. When it is refused, the problem carries `shared` and `refused`
/// too, with every field that is missing and, in `found`, every telephone number, e-mail address and national
/// identity number in the text: `[{"field", "kind", "at", "excerpt"}]`. The body may be absent.
#[utoipa::path(post, path = "/api/v1/templates/{id}/share", operation_id = "templates_share", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = Option<ShareOne>,
    responses((status = 200, description = "Shared", body = Value), (status = 422, description = "Something is missing, or personal"),
        (status = 409, description = "Under embargo"), (status = 403, description = "Not allowed")))]
pub(super) async fn share(
    State(api): State<Api>,
    Path(id): Path<String>,
    Asked(language): Asked,
    Perhaps(how): Perhaps<ShareOne>,
) -> Result<Response, ApiError> {
    share::one(&api, KIND, &id, how, language).await
}

/// Shares many drafts with the network
///
/// `{"ids": [..]}` or `{"all": true}`; what is refused does not hold back the rest.
#[utoipa::path(post, path = "/api/v1/templates/share", operation_id = "templates_share_many", tag = "templates",
    request_body = ShareMany,
    responses((status = 200, description = "What was shared and what was refused", body = Value)))]
pub(super) async fn share_many(
    State(api): State<Api>,
    wants: Wants,
    Form(which): Form<ShareMany>,
) -> Response {
    let language = wants.language;
    progress::answer(wants, |progress| share::many(api, KIND, which, language, progress)).await
}

/// Withdraws a template
///
/// Hidden at once here and wherever it is heard, with its draft; the bytes go after the network's delay, or at once
/// with `now`. Answers as the template is shown afterwards: how many nodes may have it, and have confirmed.
#[utoipa::path(post, path = "/api/v1/templates/{id}/withdraw", operation_id = "templates_withdraw", tag = "templates",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = Withdraw,
    responses((status = 200, description = "Withdrawn", body = Value), (status = 403, description = "Another's"),
        (status = 404, description = "No such template")))]
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
    root: RootKey,
    Form(what): Form<Withdraw>,
) -> Result<Json<Value>, ApiError> {
    withdraw::one(&api, KIND, &id, root, what).await
}
