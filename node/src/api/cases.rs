//! Cases: what an organisation learned from one procurement.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use praksis_protocol::{engine::Edit, genesis::Kind};
use serde_json::Value;

use super::{
    Api, ApiError,
    co_owners::{self, CoOwner, With},
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

const KIND: Kind = Kind::Case;

/// Lists cases, page by page
///
/// `{"items": [{"id", "title", "lang", "phase", "owner", "state", "updated_at"}], "next"}`. A page may be short
/// although there is more: `next` tells.
#[utoipa::path(get, path = "/api/v1/cases", operation_id = "cases_list", tag = "cases", params(ListQuery),
    responses((status = 200, description = "A page", body = Value)))]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    list::list(&api, KIND, query).await.map(Json)
}

/// Begins a draft
///
/// The body is a case as its fields are named; every fault of it is told at once. Answers with `{"id"}` and the
/// heads as ETag.
#[utoipa::path(post, path = "/api/v1/cases", operation_id = "cases_create", tag = "cases",
    params(With), request_body = Value,
    responses((status = 201, description = "Begun", body = Value), (status = 404, description = "No such member"),
        (status = 422, description = "Not valid")))]
pub(super) async fn create(
    State(api): State<Api>,
    Params(with): Params<With>,
    Document(value): Document,
) -> Result<Response, ApiError> {
    match with.numbers() {
        Some(with) => edit::create_jointly(&api, KIND, value, &with).await,
        None => edit::create(&api, KIND, value).await,
    }
}

/// One case with everything that stands beside it
///
/// The ETag is its heads: the draft's for its owner. `co_owners` are the others who write in it. `shared_with` says who reads it: `[{"shared", "audience",
/// "members"}]`. Of a withdrawn one: `{"id", "kind", "owner", "state": "withdrawn", "withdrawn": {"at", "why",
/// "purged", "nodes", "hidden", "erased"}, "documents"}`, and no ETag.
#[utoipa::path(get, path = "/api/v1/cases/{id}", operation_id = "cases_show", tag = "cases",
    params(("id" = String, Path, description = "Id, or its beginning")),
    responses((status = 200, description = "The case", body = Value), (status = 404, description = "No such case"),
        (status = 409, description = "Several ids begin so")))]
pub(super) async fn show(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, ApiError> {
    record::one(&api, &id, KIND).await
}

/// Changes a case by a merge patch (RFC 7396)
///
/// `If-Match` names the heads it was read at; a change on older heads is merged with what came since. A list given is
/// the whole list, matched by `id`; `null` clears.
#[utoipa::path(patch, path = "/api/v1/cases/{id}", operation_id = "cases_change", tag = "cases",
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

/// Changes a case by expressions
///
/// `{"set": ["title.nb=…", "keywords+=x", "keywords-=x", "lessons+={…}"]}`, with `If-Match` as for a patch.
#[utoipa::path(post, path = "/api/v1/cases/{id}/set", operation_id = "cases_set", tag = "cases",
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
#[utoipa::path(post, path = "/api/v1/cases/{id}/settle", operation_id = "cases_settle", tag = "cases",
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

/// The changes of a case, oldest first
///
/// `{"items": [{"change", "at", "by", "fields", "deps"}]}`
#[utoipa::path(get, path = "/api/v1/cases/{id}/history", operation_id = "cases_history", tag = "cases",
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
#[utoipa::path(post, path = "/api/v1/cases/{id}/share", operation_id = "cases_share", tag = "cases",
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
#[utoipa::path(post, path = "/api/v1/cases/share", operation_id = "cases_share_many", tag = "cases",
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

/// Takes another organisation into a joint draft
///
/// From its owner: it reads the draft with its history, writes in it and in what is shared of it, and shares it.
/// Answers with `{"id", "co_owners": [{"org", "name"}]}`.
#[utoipa::path(post, path = "/api/v1/cases/{id}/co_owners", operation_id = "cases_co_owner_add", tag = "cases",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = CoOwner,
    responses((status = 200, description = "It writes too", body = Value),
        (status = 403, description = "Another's, or not begun as a joint draft"), (status = 404, description = "No such member")))]
pub(super) async fn co_owner_add(
    State(api): State<Api>,
    Path(id): Path<String>,
    Form(co_owner): Form<CoOwner>,
) -> Result<Json<Value>, ApiError> {
    co_owners::add(&api, KIND, &id, &co_owner).await.map(Json)
}

/// Ends an organisation's part in a joint draft
///
/// From its owner. What it wrote stands; it writes nothing more and hears no more of the draft. Answers with `{"id",
/// "co_owners"}`.
#[utoipa::path(post, path = "/api/v1/cases/{id}/co_owners/{org}/end", operation_id = "cases_co_owner_end", tag = "cases",
    params(("id" = String, Path, description = "Id, or its beginning"),
        ("org" = String, Path, description = "Organisation number")),
    responses((status = 200, description = "It writes no more", body = Value), (status = 403, description = "Another's"),
        (status = 404, description = "It does not write in it")))]
pub(super) async fn co_owner_end(
    State(api): State<Api>,
    Path((id, org)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    co_owners::end(&api, KIND, &id, &org).await.map(Json)
}

/// Withdraws a case
///
/// Hidden at once here and wherever it is heard, with its draft; the bytes go after the network's delay, or at once
/// with `now`. Answers as the case is shown afterwards: how many nodes may have it, and have confirmed.
#[utoipa::path(post, path = "/api/v1/cases/{id}/withdraw", operation_id = "cases_withdraw", tag = "cases",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = Withdraw,
    responses((status = 200, description = "Withdrawn", body = Value), (status = 403, description = "Another's"),
        (status = 404, description = "No such case")))]
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
    root: RootKey,
    Form(what): Form<Withdraw>,
) -> Result<Json<Value>, ApiError> {
    withdraw::one(&api, KIND, &id, root, what).await
}
