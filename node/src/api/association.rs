//! The network's charter as it stands, and other roots or numbers for it.

use axum::{Json, extract::State};
use praksis_protocol::{
    engine::{CommandError, Saying},
    id::OrgId,
    membership::{charter::Parameters, roster::Roster},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    Api, ApiError, audience,
    input::Form,
    root::{RootKey, key_id},
};

/// What is to be otherwise; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Amendment {
    /// Keys that vouch for members from now on: all of them.
    roots: Option<Vec<String>>,
    /// How many of them decide together.
    quorum: Option<u8>,
    /// Keys kept offline: all of them.
    recovery: Option<Vec<String>>,
    /// Seconds until the bytes of what was withdrawn go.
    purge_delay_s: Option<u64>,
    /// Most documents of one organisation in one scope that others fetch.
    quota_documents: Option<u64>,
    /// Most bytes of one organisation in one scope that others fetch.
    quota_bytes: Option<u64>,
}

/// The network's charter as it stands
///
/// `{"network", "roots": [{"key", "org", "name"}], "quorum", "recovery", "purge_delay_s", "quota_documents",
/// "quota_bytes"}`
#[utoipa::path(get, path = "/api/v1/association", operation_id = "association_show", tag = "network",
    responses((status = 200, description = "The charter", body = Value), (status = 403, description = "In no network")))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let roster = audience::roster(&api).await?;
    let network = roster.network().ok_or(CommandError::NoNetwork)?;
    let names = api.directory.names(&api).await?;
    let root = |key: OrgId| {
        let mut json = Map::new();
        json.insert("key".to_owned(), key.to_string().into());
        let owner = names.owner(roster.org_of_root(key));
        if owner["org"] != "" {
            json.extend(owner.as_object().cloned().unwrap_or_default());
        }
        Value::Object(json)
    };
    let Parameters { purge_delay_s, quota_documents, quota_bytes } = roster.parameters();
    Ok(Json(json!({
        "network": network,
        "roots": roster.roots().map(root).collect::<Value>(),
        "quorum": roster.quorum(),
        "recovery": roster.recovery().map(|key| key.to_string()).collect::<Vec<_>>(),
        "purge_delay_s": purge_delay_s,
        "quota_documents": quota_documents,
        "quota_bytes": quota_bytes,
    })))
}

/// Says that the charter is to be otherwise
///
/// It holds when as many roots and recovery keys as decide together have signed it: the others countersign.
/// Answers with `{"statements"}`.
#[utoipa::path(post, path = "/api/v1/association/amend", operation_id = "association_amend", tag = "network",
    request_body = Amendment,
    responses((status = 200, description = "Signed", body = Value), (status = 403, description = "No such root here")))]
pub(super) async fn amend(
    State(api): State<Api>,
    root: RootKey,
    Form(amendment): Form<Amendment>,
) -> Result<Json<Value>, ApiError> {
    let roster = audience::roster(&api).await?;
    let saying = saying(&roster, &amendment)?;
    root.says(&api, saying).await
}

fn saying(roster: &Roster, amendment: &Amendment) -> Result<Saying, ApiError> {
    let keys = |name: &str, given: &Option<Vec<String>>, now: Vec<OrgId>| match given {
        Some(keys) => keys.iter().map(|key| key_id(name, key)).collect(),
        None => Ok(now),
    };
    let roots = keys("roots", &amendment.roots, roster.roots().collect())?;
    let recovery = keys("recovery", &amendment.recovery, roster.recovery().collect())?;
    let quorum = match amendment.quorum {
        Some(quorum) => usize::from(quorum),
        None => roster.quorum().clamp(roots.len() / 2 + 1, roots.len().max(1)),
    };
    if roots.is_empty() || quorum <= roots.len() / 2 || quorum > roots.len() {
        let expected = format!("expected a quorum of more than half of the {} roots", roots.len());
        return Err(ApiError::Misuse(expected));
    }
    let now = roster.parameters();
    let parameters = Parameters {
        purge_delay_s: amendment.purge_delay_s.unwrap_or(now.purge_delay_s),
        quota_documents: amendment.quota_documents.unwrap_or(now.quota_documents),
        quota_bytes: amendment.quota_bytes.unwrap_or(now.quota_bytes),
    };
    let quorum = u8::try_from(quorum).map_err(|_| ApiError::Misuse("quorum: too many".to_owned()))?;
    Ok(Saying::Amend { roots, quorum, recovery, parameters })
}
