//! Withdrawing a record: hidden at once wherever it is heard, its bytes gone after the network's delay.

use axum::Json;
use praksis_protocol::{
    engine::{Command, Reply},
    genesis::Kind,
    membership::statement::WHY_LIMIT,
    personal,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Api, ApiError, ids, record, root::RootKey, why};

/// What to say with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdraw {
    /// The reason, which everybody reads who could read the record; at most 500 characters.
    why: String,
    /// The bytes go without delay: the organisation's root says so, or a second device of it after a first.
    #[serde(default)]
    now: bool,
}

/// Withdraws a record everywhere that its owner has it, and answers with how far that has come.
pub(super) async fn one(
    api: &Api,
    kind: Kind,
    id: &str,
    root: RootKey,
    what: Withdraw,
) -> Result<Json<Value>, ApiError> {
    let text = checked(&what.why)?;
    let (record, again) = match ids::meant(api, id, kind).await {
        Ok(found) => (found, false),
        // Withdrawn before by another device: a second word lets the bytes go at once.
        Err(error) => match ids::hidden(api, id).await? {
            Some(genesis) if genesis.kind() == Some(kind) => (genesis.document(), true),
            Some(_) | None => return Err(error),
        },
    };
    // Where there is no root, only a second device's word makes it go at once.
    let as_root = what.now && (root.is_there(api).await? || !again);
    let command = root.lent(Command::Withdraw(record, text.to_owned(), as_root));
    let Reply::Withdrawn(_) = api.handle.call(command).await? else { return Err(record::unexpected()) };
    let genesis = ids::hidden(api, &record.to_string()).await?;
    match genesis {
        Some(genesis) => why::withdrawn(api, &genesis).await.map(Json),
        None => why::present(api, record, record).await.map(Json),
    }
}

/// A reason that others read, if one is given.
pub(super) fn reason(why: Option<String>) -> Result<Option<String>, ApiError> {
    why.map(|why| checked(&why).map(str::to_owned)).transpose()
}

fn checked(why: &str) -> Result<&str, ApiError> {
    let text = why.trim();
    let count = text.chars().count();
    if !(1..=WHY_LIMIT).contains(&count) || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(ApiError::Misuse(format!("why: expected 1 to {WHY_LIMIT} characters of text")));
    }
    if personal::find(text).is_empty() { Ok(text) } else { Err(ApiError::PersonalWhy) }
}
