//! Joint drafts: who writes in one besides its owner.

use praksis_protocol::{
    engine::Command,
    genesis::Kind,
    id::{DocumentId, OrgId},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{Api, ApiError, audience, directory::Names, ids::meant, input::codes, record};

/// Who writes in a new draft besides us.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct With {
    /// Organisation numbers separated by commas: they write in the draft too, and any of them shares it.
    with: Option<String>,
}

impl With {
    /// The numbers, if it is to be a joint draft.
    pub(super) fn numbers(&self) -> Option<Vec<String>> {
        self.with.as_deref().map(|with| codes(Some(with)))
    }
}

/// Whom to take in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CoOwner {
    /// Organisation number.
    org: String,
}

/// Takes an organisation in.
pub(super) async fn add(api: &Api, kind: Kind, id: &str, co_owner: &CoOwner) -> Result<Value, ApiError> {
    let record = meant(api, id, kind).await?;
    let org = audience::member(&*audience::roster(api).await?, &co_owner.org)?;
    api.handle.call(Command::CoOwn(record, org, true)).await?;
    answer(api, record).await
}

/// Ends its part.
pub(super) async fn end(api: &Api, kind: Kind, id: &str, org: &str) -> Result<Value, ApiError> {
    let record = meant(api, id, kind).await?;
    let number = org;
    let org = audience::member(&*audience::roster(api).await?, number)?;
    if !record::show(api, record).await?.writers.contains(&org) {
        return Err(ApiError::NotFound(format!("{number} does not write in {id}")));
    }
    api.handle.call(Command::CoOwn(record, org, false)).await?;
    answer(api, record).await
}

/// Those who write in a record besides its owner: `[{"org", "name"}]`.
pub(super) fn of(names: &Names, writers: &[OrgId]) -> Value {
    let others = writers.iter().skip(1);
    others.map(|org| names.owner(*org)).collect()
}

async fn answer(api: &Api, record: DocumentId) -> Result<Value, ApiError> {
    let writers = record::show(api, record).await?.writers;
    let names = api.directory.names(api).await?;
    Ok(json!({"id": record, "co_owners": of(&names, &writers)}))
}
