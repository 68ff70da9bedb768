//! Similar past cases.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use praksis_protocol::{
    code::Code as _,
    genesis::Kind,
    vocabulary::{Phase, Sector},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::{
    Api, ApiError, contact, edit,
    ids::resolve,
    input::{Body, Params, codes, cpv_beginnings, json, known_codes},
    record, useful,
};
use crate::search::{self, Ask, Entry, Filters, Query, Similar};

/// Hits when nobody says how many.
const LIMIT: usize = 10;

/// What to find, and among what. Codes separated by commas: one of them must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SimilarQuery {
    /// Words.
    q: Option<String>,
    /// A case's id, or its beginning.
    case: Option<String>,
    /// Most hits, 10 if absent, at most 100.
    limit: Option<usize>,
    /// Language in which titles are preferred.
    lang: Option<String>,
    /// Kinds of record.
    kind: Option<String>,
    /// Codes of phases.
    phase: Option<String>,
    /// Codes of sectors.
    sector: Option<String>,
    /// Organisation numbers of owners.
    owner: Option<String>,
    /// CPV codes or their beginnings.
    cpv: Option<String>,
}

/// Similar past cases, to words or to a case
///
/// `{"query", "searched_also", "took_ms", "nothing_close", "hits"}`; each hit says why, in shares of its score.
/// To a case, each hit also names its `useful` fields, and near hits that have such fields or lessons for the phase in which
/// that case stands come before those that have none.
#[utoipa::path(get, path = "/api/v1/similar", operation_id = "similar", tag = "similar", params(SimilarQuery),
    responses((status = 200, description = "The hits, best first", body = Value)))]
pub(super) async fn by_query(
    State(api): State<Api>,
    Params(query): Params<SimilarQuery>,
) -> Result<Json<Value>, ApiError> {
    let mut phase = None;
    let ask = match (&query.q, &query.case) {
        (Some(words), None) if !words.trim().is_empty() => Ask::Text(words.clone()),
        (None, Some(id)) => {
            let reference = resolve(&api, id, Kind::Case).await?;
            let view = record::present_view(&api, &reference)?;
            let record = view.as_ref().and_then(|view| view.record.as_object());
            let entry = record.map(Entry::from_case).unwrap_or_default();
            phase = entry.phase.as_deref().map(Phase::from_code);
            Ask::Record(Box::new(Entry { record: reference.record.to_string(), ..entry }))
        }
        (Some(_) | None, Some(_) | None) => {
            return Err(ApiError::Misuse("expected either q, some words, or case, an id".to_owned()));
        }
    };
    let mut answer = answer(&api, ask, query).await?;
    if let (Some(phase), Some(hits)) = (phase, answer["hits"].as_array_mut()) {
        useful::first(&api, &phase, hits).await?;
    }
    Ok(Json(answer))
}

/// Similar past cases, to a whole text or to a case that is nowhere yet
///
/// The body is plain text, or a case as JSON.
#[utoipa::path(post, path = "/api/v1/similar", operation_id = "similar_to", tag = "similar", params(SimilarQuery),
    request_body(content((String = "text/plain"), (Value = "application/json"))),
    responses((status = 200, description = "The hits, best first", body = Value)))]
pub(super) async fn by_body(
    State(api): State<Api>,
    Params(query): Params<SimilarQuery>,
    headers: HeaderMap,
    Body(bytes): Body,
) -> Result<Json<Value>, ApiError> {
    if query.q.is_some() || query.case.is_some() {
        return Err(ApiError::Misuse("the body says what to find: leave out q and case".to_owned()));
    }
    let ask = match Described::read(&headers, &bytes)? {
        Described::Words(text) => Ask::Text(text),
        Described::Case(case) => Ask::Record(Box::new(Entry::from_case(&case))),
    };
    answer(&api, ask, query).await.map(Json)
}

/// What a body describes: a need in words, or a case that is nowhere yet.
pub(super) enum Described {
    /// Plain text.
    Words(String),
    /// A case, strictly read.
    Case(Map<String, Value>),
}

impl Described {
    /// By the content type: plain text unless it says JSON.
    pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, ApiError> {
        let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content.is_some_and(|content| content.starts_with("application/json")) {
            let mut case = json(bytes)?;
            let contact = contact::take_mailbox(&mut case)?;
            let mut case = edit::parse(Kind::Case, &case)?;
            case.extend(contact.map(|mailbox| ("contact".to_owned(), mailbox)));
            return Ok(Self::Case(case));
        }
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|_| ApiError::NotJson("the text is not UTF-8".to_owned()))?;
        if text.trim().is_empty() {
            return Err(ApiError::Misuse("the text is empty".to_owned()));
        }
        Ok(Self::Words(text.to_owned()))
    }
}

async fn answer(api: &Api, ask: Ask, query: SimilarQuery) -> Result<Value, ApiError> {
    let filters = Filters {
        kind: codes(query.kind.as_deref()),
        phase: known_codes("phase", query.phase.as_deref(), Phase::LIST)?,
        sector: known_codes("sector", query.sector.as_deref(), Sector::LIST)?,
        owner: codes(query.owner.as_deref()),
        cpv: cpv_beginnings(query.cpv.as_deref())?,
        lang: Vec::new(),
    };
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, Query::LIMIT_MAX);
    let similar = find(api, Query { ask, limit, filters, lang: query.lang, ..Query::default() }).await?;
    serde_json::to_value(similar).map_err(|error| ApiError::Search(error.to_string()))
}

/// Asks the index.
pub(super) async fn find(api: &Api, query: Query) -> Result<Similar, ApiError> {
    let index = Arc::clone(api.handle.search());
    // The index computes and reads files: not on a thread that others' requests wait for.
    let found = tokio::task::spawn_blocking(move || index.similar(&query)).await;
    let found = found.map_err(|_| ApiError::Search("the search failed".to_owned()))?;
    found.map_err(|error: search::Error| ApiError::Search(error.to_string()))
}
