//! Lists of records, page by page.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use praksis_protocol::{
    code::Code as _,
    engine::output::RecordRef,
    genesis::Kind,
    id::DocumentId,
    vocabulary::{Phase, Sector},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::{
    Api, ApiError,
    directory::{Names, PAGE},
    input::{codes, known_codes},
    record,
};

/// Items of a page when nobody says how many.
const LIMIT: usize = 50;
/// Most items of a page.
const LIMIT_MAX: usize = 500;
/// Most records looked at for one page: a filter that few pass gives short pages, not slow ones.
const SCAN_MAX: usize = 10_000;
/// Records whose state is asked for at a time.
const AT_ONCE: usize = 16;

/// What to list. Codes separated by commas: one of them must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Most items, 50 if absent, at most 500.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Language in which titles are preferred.
    lang: Option<String>,
    /// Codes of phases.
    phase: Option<String>,
    /// Codes of sectors.
    sector: Option<String>,
    /// Organisation numbers of owners.
    owner: Option<String>,
    /// `draft`, `shared`, `changed_since_shared`.
    state: Option<String>,
}

struct Filter {
    phase: Vec<String>,
    sector: Vec<String>,
    owner: Vec<String>,
    state: BTreeSet<String>,
}

/// `{"items", "next"}`. A page may be short although there is more: `next` tells.
pub(super) async fn list(api: &Api, kind: Kind, query: ListQuery) -> Result<Value, ApiError> {
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let filter = Filter {
        phase: known_codes("phase", query.phase.as_deref(), Phase::LIST)?,
        sector: known_codes("sector", query.sector.as_deref(), Sector::LIST)?,
        owner: codes(query.owner.as_deref()),
        state: codes(query.state.as_deref()).into_iter().collect(),
    };
    if let Some(state) = filter.state.iter().find(|state| !STATES.contains(&state.as_str())) {
        return Err(ApiError::Misuse(format!("state={state:.60}: expected {}", STATES.join(", "))));
    }
    let cursor = query.cursor.as_deref().map(str::parse::<DocumentId>).transpose();
    let mut after =
        cursor.map_err(|_| ApiError::Misuse("the cursor is not the next of a page".to_owned()))?;
    let names = api.directory.names(api).await?;
    let (mut items, mut looked_at) = (Vec::new(), 0);
    loop {
        let (records, next) = record::page(api, Some(kind), after, PAGE.min(limit)).await?;
        looked_at += records.len();
        let candidates = candidates(api, &records, &filter, &names)?;
        let states = stream::iter(candidates.into_iter().map(|(record, view)| async move {
            Ok::<_, ApiError>((state(api, &record).await?, record, view))
        }));
        let mut states = states.buffered(AT_ONCE);
        while let Some((state, record, view)) = states.try_next().await? {
            if filter.state.is_empty() || filter.state.contains(state) {
                let last = record.record;
                items.push(item(&record, &view, state, query.lang.as_deref(), &names));
                if items.len() == limit {
                    let more = next.is_some() || records.last().is_some_and(|record| record.record != last);
                    return Ok(answer(items, more.then_some(last)));
                }
            }
        }
        after = next;
        if after.is_none() || looked_at >= SCAN_MAX {
            return Ok(answer(items, after));
        }
    }
}

const STATES: [&str; 3] = ["draft", "shared", "changed_since_shared"];

fn answer(items: Vec<Value>, next: Option<DocumentId>) -> Value {
    json!({"items": items, "next": next})
}

/// Records that pass what can be told without asking the engine, as they read.
fn candidates(
    api: &Api,
    records: &[RecordRef],
    filter: &Filter,
    names: &Names,
) -> Result<Vec<(RecordRef, Value)>, ApiError> {
    let mut found = Vec::new();
    for record in records {
        if !filter.owner.is_empty() && !filter.owner.contains(&names.org(record.owner).0) {
            continue;
        }
        let Some(view) = record::present_view(api, record)? else { continue };
        let has = |field: &str, codes: &[String]| {
            codes.is_empty()
                || match &view.record[field] {
                    Value::String(code) => codes.contains(code),
                    Value::Array(all) => {
                        all.iter().filter_map(Value::as_str).any(|code| codes.iter().any(|c| c == code))
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
                }
        };
        if has("phase", &filter.phase) && has("sector", &filter.sector) {
            found.push((record.clone(), view.record));
        }
    }
    Ok(found)
}

/// Only where there are both documents does it take the engine to tell whether they differ.
async fn state(api: &Api, record: &RecordRef) -> Result<&'static str, ApiError> {
    match (record.draft, record.shared) {
        (Some(_), None) => Ok("draft"),
        (None, _) => Ok("shared"),
        (Some(_), Some(_)) => Ok(record::state(&record::show(api, record.record).await?)),
    }
}

fn item(record: &RecordRef, view: &Value, state: &str, lang: Option<&str>, names: &Names) -> Value {
    let mut item = heading(names, record, view, lang);
    item.insert("state".to_owned(), state.into());
    item.insert("updated_at".to_owned(), record::instant(record.updated_s).into());
    Value::Object(item)
}

/// What a record is told by: `{"id", "title", "lang", "phase", "owner"}`.
pub(super) fn heading(
    names: &Names,
    record: &RecordRef,
    view: &Value,
    lang: Option<&str>,
) -> Map<String, Value> {
    let mut item = Map::new();
    item.insert("id".to_owned(), record.record.to_string().into());
    if let Some((lang, title)) = title(view, lang) {
        item.insert("title".to_owned(), title.into());
        item.insert("lang".to_owned(), lang.into());
    }
    if let Some(phase) = view["phase"].as_str() {
        item.insert("phase".to_owned(), phase.into());
    }
    item.insert("owner".to_owned(), names.owner(record.owner));
    item
}

/// The title in the language asked for, else the record's own, nb, nn, en, se.
fn title<'a>(view: &'a Value, asked: Option<&str>) -> Option<(&'a str, &'a str)> {
    let titles = view["title"].as_object()?;
    let own = view["content_lang"].as_str().or(view["language"].as_str());
    let order = asked.into_iter().chain(own).chain(["nb", "nn", "en", "se"]);
    let (lang, title) = order.into_iter().find_map(|lang| titles.get_key_value(lang))?;
    Some((lang, title.as_str()?))
}

/// A record's title in its own language, if it has one.
pub(super) fn title_of(api: &Api, record: &RecordRef) -> Result<Option<String>, ApiError> {
    let view = record::present_view(api, record)?;
    Ok(view.and_then(|view| title(&view.record, None).map(|(_, title)| title.to_owned())))
}
