//! Why a record is or is not there: here, and at every other node as far as this one can know.

use axum::{
    Json,
    extract::{Path, State},
};
use praksis_protocol::{
    engine::{
        Command, Reply,
        why::{Here, Stands, There, Why},
    },
    genesis::Genesis,
    id::DocumentId,
    membership::roster::Roster,
};
use serde_json::{Map, Value, json};

use super::{Api, ApiError, audience, directory::Names, ids, record};

/// Why a record is or is not there
///
/// `{"id", "documents": [{"document", "owner", "audience", "here": {"state"}, "waiting", "aside", "refused", "quota",
/// "peers": [{"org", "name", "slot", "device", "state", "known_until"}]}]}`, of any record, a withdrawn one too.
/// `here.state`: `there`, `nothing_counts`, `withdrawn`, `waiting`, `left_out`; a peer's: `level`, `fetching`, `behind`,
/// `not_in_audience`, and of what is withdrawn `hidden`, `purged`, `not_confirmed`. `aside` counts changes that are kept
/// and do not count, `refused` those that were refused, each by the name of the reason. With `quota` its owner has more
/// in this scope than others take.
#[utoipa::path(get, path = "/api/v1/why/{id}", operation_id = "why", tag = "network",
    params(("id" = String, Path, description = "Id, or its beginning")),
    responses((status = 200, description = "Where it is", body = Value),
        (status = 404, description = "Nothing of it is known here")))]
pub(super) async fn show(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let (record, document) = match ids::any(&api, &id).await {
        Ok(found) => (found.record, ids::of(&found)),
        Err(error @ ApiError::Ambiguous { .. }) => return Err(error),
        Err(error) => match (ids::hidden(&api, &id).await?, id.parse::<DocumentId>()) {
            (Some(genesis), _) => (genesis.record_id(), genesis.document()),
            // Of a document that waits for its first change, nothing but the whole id is known.
            (None, Ok(id)) => (id, id),
            (None, Err(_)) => return Err(error),
        },
    };
    present(&api, record, document).await.map(Json)
}

/// Every document of a record, and how it stands.
pub(super) async fn of(api: &Api, id: DocumentId) -> Result<Vec<Why>, ApiError> {
    let Reply::Why(whys) = api.handle.call(Command::Why(id)).await? else {
        return Err(record::unexpected());
    };
    Ok(whys)
}

/// The same as the interface shows it, of the record that has this document.
pub(super) async fn present(api: &Api, record: DocumentId, document: DocumentId) -> Result<Value, ApiError> {
    let whys = of(api, document).await?;
    Ok(json!({"id": record, "documents": documents(api, &whys).await?}))
}

async fn documents(api: &Api, whys: &[Why]) -> Result<Value, ApiError> {
    let names = api.directory.names(api).await?;
    let roster = audience::roster(api).await?;
    Ok(whys.iter().map(|why| document(&roster, &names, why)).collect())
}

/// A withdrawn record: what there is to know of it when its words are not to be seen.
pub(super) async fn withdrawn(api: &Api, genesis: &Genesis) -> Result<Value, ApiError> {
    let whys = of(api, genesis.document()).await?;
    let names = api.directory.names(api).await?;
    let mut json = Map::new();
    json.insert("id".to_owned(), genesis.record_id().to_string().into());
    json.insert("kind".to_owned(), genesis.kind().map_or("unknown", |kind| kind.code()).into());
    json.insert("owner".to_owned(), names.owner(genesis.owner));
    json.insert("state".to_owned(), "withdrawn".into());
    json.insert("withdrawn".to_owned(), summary(&whys));
    json.insert("documents".to_owned(), documents(api, &whys).await?);
    Ok(Value::Object(json))
}

/// `{"at", "why", "purged", "nodes", "hidden", "erased"}`: how many other nodes may have it, and have confirmed.
fn summary(whys: &[Why]) -> Value {
    let mut json = Map::new();
    let here = whys.iter().filter_map(|why| match &why.here {
        Here::Withdrawn { hidden_s, purged, cut_awaited: _, why } => Some((*hidden_s, *purged, why)),
        Here::There | Here::NothingCounts | Here::Waiting | Here::LeftOut => None,
    });
    let here: Vec<_> = here.collect();
    if let Some(at) = here.iter().map(|(at, ..)| *at).min() {
        json.insert("at".to_owned(), instant(at).into());
    }
    if let Some((.., why)) = here.iter().find(|(.., why)| !why.is_empty()) {
        json.insert("why".to_owned(), why.as_str().into());
    }
    json.insert("purged".to_owned(), here.iter().all(|(_, purged, _)| *purged).into());
    // A node that may read several of the documents counts once, as far as it is with the last of them.
    let mut nodes = std::collections::BTreeMap::new();
    for There { device, stands, .. } in whys.iter().flat_map(|why| &why.there) {
        let far = match stands {
            Stands::NotInAudience => continue,
            Stands::Hidden { purged: true } => 2,
            Stands::Hidden { purged: false } => 1,
            Stands::NotConfirmed | Stands::Level | Stands::Fetching | Stands::Behind(_) => 0,
        };
        let held = nodes.entry(*device).or_insert(far);
        *held = far.min(*held);
    }
    let count = |least: u8| nodes.values().filter(|far| **far >= least).count();
    json.insert("nodes".to_owned(), nodes.len().into());
    json.insert("hidden".to_owned(), count(1).into());
    json.insert("erased".to_owned(), count(2).into());
    Value::Object(json)
}

fn document(roster: &Roster, names: &Names, why: &Why) -> Value {
    let mut json = Map::new();
    json.insert("document".to_owned(), why.document.to_string().into());
    json.insert("owner".to_owned(), names.owner(why.owner));
    let scope = audience::of_scope(roster, names, why.scope);
    json.extend(scope.as_object().cloned().unwrap_or_default());
    json.insert("here".to_owned(), here(&why.here));
    let waiting = json!({"grant": why.waiting.for_grant, "cause": why.waiting.for_cause});
    json.insert("waiting".to_owned(), waiting);
    // By the names that `refused` of the status counts by.
    json.insert("aside".to_owned(), json!(why.aside));
    json.insert("refused".to_owned(), json!(why.refused));
    json.insert("quota".to_owned(), why.quota.into());
    json.insert("peers".to_owned(), why.there.iter().map(|there| peer(names, there)).collect());
    Value::Object(json)
}

fn here(here: &Here) -> Value {
    match here {
        Here::There => json!({"state": "there"}),
        Here::NothingCounts => json!({"state": "nothing_counts"}),
        Here::Waiting => json!({"state": "waiting"}),
        Here::LeftOut => json!({"state": "left_out"}),
        Here::Withdrawn { hidden_s, purged, cut_awaited, why } => {
            let mut json = json!({
                "state": "withdrawn", "at": instant(*hidden_s), "purged": purged, "cut_awaited": cut_awaited,
            });
            if !why.is_empty() {
                json["why"] = why.as_str().into();
            }
            json
        }
    }
}

fn peer(names: &Names, there: &There) -> Value {
    let mut json = Map::new();
    let (number, name) = names.org(there.org);
    json.insert("org".to_owned(), number.into());
    json.insert("name".to_owned(), name.into());
    if let Some(slot) = names.slot(there.device) {
        json.insert("slot".to_owned(), slot.into());
    }
    json.insert("device".to_owned(), there.device.to_string().into());
    let state = match there.stands {
        Stands::NotInAudience => "not_in_audience",
        Stands::Level => "level",
        Stands::Fetching => "fetching",
        Stands::Behind(_) => "behind",
        Stands::Hidden { purged: false } => "hidden",
        Stands::Hidden { purged: true } => "purged",
        Stands::NotConfirmed => "not_confirmed",
    };
    json.insert("state".to_owned(), state.into());
    if let Stands::Behind(Some(at)) = there.stands {
        json.insert("last_level_at".to_owned(), instant(at.seconds()).into());
    }
    if let Some(known) = there.known_s {
        json.insert("known_until".to_owned(), instant(known).into());
    }
    Value::Object(json)
}

fn instant(seconds: u64) -> String {
    record::instant(i64::try_from(seconds).unwrap_or(i64::MAX))
}
