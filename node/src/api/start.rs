//! Help at the moment of need: what the network knows when somebody is about to buy.
//!
//! Reads only. The draft that it proposes is begun by posting it to `/api/v1/cases`; it remembers in
//! `derived_from_cases` what inspired it. All advice comes from cases that are near; when none is, there is none.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

mod advice;
mod draft;

use axum::{Json, extract::State, http::HeaderMap};
use praksis_protocol::{
    case::Case, code::Code as _, engine::output::RecordRef, genesis::Kind, record::Record as _,
    vocabulary::Phase,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use self::advice::Advice;
use super::{
    Api, ApiError,
    directory::Names,
    input::{Body, Params},
    record,
    similar::{self, Described},
};
use crate::search::{About, Ask, Entry, Filters, Hit, Query};

/// Hits shown when nobody says how many.
const LIMIT: usize = 5;
/// Hits whose lessons, templates and codes are looked at.
const NEAREST: usize = 10;
/// Most cases told of that are about to buy the same.
const JOINING: usize = 5;

/// How to answer.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StartQuery {
    /// Most hits shown, 5 if absent, at most 10.
    limit: Option<usize>,
    /// Language in which titles and labels are preferred.
    lang: Option<String>,
}

/// A case that is near, as it reads.
struct Near {
    hit: Hit,
    record: RecordRef,
    view: Value,
    case: Case,
}

/// What the network knows of a need
///
/// The body is the need as plain text, or a case as JSON. Answers with `{"query", "phase", "nothing_close", "hits",
/// "lessons", "templates", "contacts", "joining", "draft", "cpv"}`: `hits` as from similar; `lessons` of the near ones,
/// those first that are of use in the phase (`now`); `templates` that they used; `contacts` to ask; `joining`, cases that
/// are about to buy the same; `draft`, a case to post to `/api/v1/cases`; and `cpv`, the code that the nearest vote for,
/// absent where none of them has one. `building` as from similar.
#[utoipa::path(post, path = "/api/v1/start", operation_id = "start", tag = "similar", params(StartQuery),
    request_body(content((String = "text/plain"), (Value = "application/json"))),
    responses((status = 200, description = "What there is", body = Value)))]
pub(super) async fn advise(
    State(api): State<Api>,
    Params(query): Params<StartQuery>,
    headers: HeaderMap,
    Body(bytes): Body,
) -> Result<Json<Value>, ApiError> {
    let described = Described::read(&headers, &bytes)?;
    let (ask, draft) = match described {
        Described::Words(text) => (Ask::Text(text.clone()), draft::of_words(&text)),
        Described::Case(case) => (Ask::Record(Box::new(Entry::from_case(&case))), case),
    };
    let phase = draft.get("phase").and_then(Value::as_str).map_or(Phase::Need, Phase::from_code);
    let about = About { phase: Some(phase.code().to_owned()), ..About::default() };
    let asked = Query { ask, limit: NEAREST, about, lang: query.lang.clone(), ..Query::default() };
    let soon = Query { limit: JOINING, filters: about_to_buy(), ..asked.clone() };
    let mut similar = similar::find(&api, asked).await?;
    let names = api.directory.names(&api).await?;
    let near = near(&api, &names, &similar.hits).await?;
    let buying = self::near(&api, &names, &similar::find(&api, soon).await?.hits).await?;

    let advice = Advice { api: &api, names: &names, lang: query.lang.as_deref(), phase: &phase };
    let lessons = advice.lessons(&near);
    let templates = advice.templates(&near).await?;
    let contacts = advice.contacts(&near).await?;
    let joining = advice.joining(&buying);
    let cpv = draft::vote(&near);
    let draft = draft::completed(draft, &phase, cpv.as_ref(), &near);
    similar.hits.truncate(query.limit.unwrap_or(LIMIT).clamp(1, NEAREST));
    let mut told = json!({
        "query": similar.query,
        "phase": phase.code(),
        "nothing_close": similar.nothing_close,
        "hits": similar.hits,
        "lessons": lessons,
        "templates": templates,
        "contacts": contacts,
        "joining": joining,
        "draft": draft,
    });
    if similar.building {
        told["building"] = true.into();
    }
    if let Some(vote) = cpv {
        told["cpv"] = vote.told(query.lang.as_deref());
    }
    Ok(Json(told))
}

/// Cases whose notice is still to come.
fn about_to_buy() -> Filters {
    let phases = [Phase::Need, Phase::Organise, Phase::Dialogue];
    Filters { phase: phases.map(|phase| phase.code().to_owned()).into(), ..Filters::default() }
}

/// The cases behind the hits that are near.
async fn near(api: &Api, names: &Names, hits: &[Hit]) -> Result<Vec<Near>, ApiError> {
    let mut near = Vec::new();
    for hit in hits.iter().filter(|hit| !hit.far) {
        let mut found = record::find(api, &hit.id).await?;
        found.retain(|record| record.kind == Some(Kind::Case));
        // Another member may have written the same id on a record of its own.
        found.sort_by_key(|record| names.org(record.owner).0 != hit.owner.org);
        let Some(record) = found.into_iter().next() else { continue };
        let Some(view) = record::present_view(api, &record)? else { continue };
        near.push(Near { hit: hit.clone(), record, case: Case::read(&view.record), view: view.record });
    }
    Ok(near)
}

type Object = Map<String, Value>;
