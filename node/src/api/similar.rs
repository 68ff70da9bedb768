//! Similar past cases.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use std::sync::{Arc, PoisonError};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use praksis_protocol::{
    code::Code as _,
    genesis::Kind,
    language::Language,
    org_number::OrgNumber,
    vocabulary::{Phase, Procedure, Sector},
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
use crate::search::{self, About, Ask, Entry, Filters, Query, Similar};

/// Hits when nobody says how many.
const LIMIT: usize = 10;

/// Kinds of record that are searched.
const KINDS: [&str; 3] = ["case", "template", "collection"];

/// Languages of content.
const CONTENT_LANGS: [&str; 4] = ["nb", "nn", "en", "se"];

/// Years that a case can be of.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2200;

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
    /// Counties of owners, as they write them.
    county: Option<String>,
    /// Codes of procedures.
    procedure: Option<String>,
    /// Years in which something of it happened, as `2019` or `2019-2021`.
    year: Option<String>,
    /// Least and most value in whole units of currency, as `500000-2000000`; either may be left out.
    value: Option<String>,
    /// Languages they are written in.
    content_lang: Option<String>,
    /// Only with a measured gain.
    measured: Option<bool>,
    /// Only those that ended without what was wanted.
    failed: Option<bool>,
    /// Code of the phase that the asker stands in: decides which lessons are shown. A case has its own.
    my_phase: Option<String>,
    /// A case's id, or its beginning: it is no hit.
    except: Option<String>,
}

/// Similar past cases, to words or to a case
///
/// `{"query", "searched_also", "took_ms", "nothing_close", "building", "hits"}`; each hit says why, in shares of its score.
/// `building` is there, and true, only while the index is being built after a start: cases may be missing.
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
    let except = match &query.except {
        Some(id) => Some(resolve(api, id, Kind::Case).await?.record.to_string()),
        None => None,
    };
    let filters = filters(api, &query)?;
    let about = About { phase: one_phase(query.my_phase.as_deref())?, ..About::default() };
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, Query::LIMIT_MAX);
    let lang = query.lang;
    let query = Query { ask, limit, filters, about, except, lang: lang.clone(), ..Query::default() };
    let similar = find(api, query).await?;
    let answer = serde_json::to_value(similar).map_err(|error| ApiError::Search(error.to_string()))?;
    let language = lang.as_deref().and_then(|lang| lang.parse().ok()).unwrap_or_default();
    Ok(labelled(api, answer, language))
}

/// Asks the index.
pub(super) async fn find(api: &Api, query: Query) -> Result<Similar, ApiError> {
    let index = Arc::clone(api.handle.search());
    // The index computes and reads files: not on a thread that others' requests wait for.
    let found = tokio::task::spawn_blocking(move || index.similar(&query)).await;
    let found = found.map_err(|_| ApiError::Search("the search failed".to_owned()))?;
    found.map_err(|error: search::Error| ApiError::Search(error.to_string()))
}

/// Shared CPV codes with what they are called.
fn labelled(api: &Api, mut answer: Value, language: Language) -> Value {
    let list = api.handle.0.cpv_list.read().unwrap_or_else(PoisonError::into_inner);
    let hits = answer["hits"].as_array_mut().into_iter().flatten();
    for part in hits.filter_map(|hit| hit["why"].as_array_mut()).flatten() {
        let code = part["text"].as_str().filter(|_| part["kind"] == "cpv").and_then(|code| code.parse().ok());
        if let Some(code) = code {
            part["label"] = list.label(code, language).into();
        }
    }
    answer
}

fn one_phase(code: Option<&str>) -> Result<Option<String>, ApiError> {
    let mut codes = known_codes("my_phase", code, Phase::LIST)?;
    if codes.len() > 1 {
        return Err(ApiError::Misuse("my_phase: expected one phase".to_owned()));
    }
    Ok(codes.pop())
}

/// The conditions of a question; each that no case can meet is an error.
fn filters(api: &Api, query: &SimilarQuery) -> Result<Filters, ApiError> {
    let filters = Filters {
        kind: among("kind", query.kind.as_deref(), &KINDS)?,
        phase: known_codes("phase", query.phase.as_deref(), Phase::LIST)?,
        sector: known_codes("sector", query.sector.as_deref(), Sector::LIST)?,
        owner: codes(query.owner.as_deref()),
        county: counties(api, query.county.as_deref())?,
        procedure: known_codes("procedure", query.procedure.as_deref(), Procedure::LIST)?,
        year: years(query.year.as_deref())?,
        value: query.value.as_deref().map_or(Ok((None, None)), value)?,
        measured: query.measured == Some(true),
        failed: query.failed == Some(true),
        cpv: cpv_beginnings(query.cpv.as_deref())?,
        lang: among("content_lang", query.content_lang.as_deref(), &CONTENT_LANGS)?,
    };
    if let Some(owner) = filters.owner.iter().find(|owner| owner.parse::<OrgNumber>().is_err()) {
        return Err(ApiError::Misuse(format!(
            "owner={owner:.60}: expected an organisation number of nine digits"
        )));
    }
    Ok(filters)
}

/// Codes of a short list.
fn among(name: &str, list: Option<&str>, known: &[&str]) -> Result<Vec<String>, ApiError> {
    let codes = codes(list);
    match codes.iter().find(|code| !known.contains(&code.as_str())) {
        Some(code) => Err(ApiError::Misuse(format!("{name}={code:.60}: expected {}", known.join(", ")))),
        None => Ok(codes),
    }
}

/// Counties that some owner of a case says it lies in: there is no list of them that stands still.
fn counties(api: &Api, list: Option<&str>) -> Result<Vec<String>, ApiError> {
    let asked = codes(list);
    if asked.is_empty() {
        return Ok(asked);
    }
    let known = api.handle.search().counties().map_err(|error| ApiError::Search(error.to_string()))?;
    match asked.iter().find(|county| !known.contains(&county.to_lowercase())) {
        Some(county) => {
            let known: Vec<String> = known.into_iter().collect();
            let expected = if known.is_empty() { "none here names one".to_owned() } else { known.join(", ") };
            Err(ApiError::Misuse(format!("county={county:.60}: expected the county of an owner: {expected}")))
        }
        None => Ok(asked),
    }
}

/// Years, each alone or from one to another.
fn years(list: Option<&str>) -> Result<Vec<String>, ApiError> {
    let mut years = Vec::new();
    for part in codes(list) {
        let (first, last) = part.split_once('-').unwrap_or((&part, &part));
        let year = |text: &str| text.parse::<u16>().ok().filter(|year| YEARS.contains(year));
        match (year(first), year(last)) {
            (Some(first), Some(last)) if first <= last => {
                years.extend((first..=last).map(|year| year.to_string()));
            }
            (Some(_) | None, Some(_) | None) => {
                let wrong = format!("year={part:.60}: expected a year, or two as 2019-2021");
                return Err(ApiError::Misuse(wrong));
            }
        }
    }
    Ok(years)
}

/// The least and the most, either left out.
fn value(text: &str) -> Result<(Option<i64>, Option<i64>), ApiError> {
    let wrong = || {
        ApiError::Misuse(format!("value={text:.60}: expected least and most, as 500000-2000000 or 500000-"))
    };
    let bound = |text: &str| match text.trim() {
        "" => Ok(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    };
    let (least, most) = text.split_once('-').ok_or_else(wrong)?;
    match (bound(least)?, bound(most)?) {
        (None, None) => Err(wrong()),
        (Some(least), Some(most)) if least > most => Err(wrong()),
        bounds => Ok(bounds),
    }
}
