//! The organisation's root key: kept in the folder, lent for one request, or handed over to a new one.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use ed25519_dalek::SigningKey;
use praksis_protocol::{
    engine::{Command, Reply, Saying},
    id::OrgId,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::{Api, ApiError, audience, input::Perhaps, record};
use crate::key::{ROOT_HEADER, read_seed};

/// What stands in the folder and what the engine holds are changed together.
static CHANGING: Mutex<()> = Mutex::const_new(());

/// A root that the request brings, if it does.
pub(super) struct RootKey(Option<SigningKey>);

impl FromRequestParts<Api> for RootKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        let Some(text) = parts.headers.get(ROOT_HEADER) else { return Ok(Self(None)) };
        let key = read_seed(text.as_bytes());
        let key =
            key.ok_or_else(|| ApiError::Misuse(format!("{ROOT_HEADER}: expected 52 characters of base32")))?;
        Ok(Self(Some(key)))
    }
}

impl RootKey {
    /// A command with this key as the root, or with the one that the node keeps.
    pub(super) fn lent(&self, command: Command) -> Command {
        match &self.0 {
            Some(key) => Command::AsRoot(Box::new(key.clone()), Box::new(command)),
            None => command,
        }
    }

    /// Whether there is a root to speak with: lent, or in the folder.
    pub(super) async fn is_there(&self, api: &Api) -> Result<bool, ApiError> {
        Ok(self.0.is_some() || kept(api)?.is_some())
    }

    /// Has the root say something; the statements, to be handed on.
    pub(super) async fn says(&self, api: &Api, saying: Saying) -> Result<Json<Value>, ApiError> {
        let Reply::Ticket(statements) = api.handle.call(self.lent(Command::Say(saying))).await? else {
            return Err(record::unexpected());
        };
        Ok(Json(json!({"statements": statements})))
    }
}

/// Which key is to speak next.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotate {
    /// Public half of a key that is kept elsewhere; without, the node makes a new one and keeps it.
    new: Option<String>,
}

/// Hands the root over to a new key
///
/// The old key signs that the new one speaks for the organisation from now on. Answers with `{"root", "statements"}`.
#[utoipa::path(post, path = "/api/v1/org/key/rotate", operation_id = "org_key_rotate", tag = "org",
    request_body = Option<Rotate>,
    responses((status = 200, description = "Handed over", body = Value), (status = 403, description = "No root here")))]
pub(super) async fn rotate(
    State(api): State<Api>,
    root: RootKey,
    Perhaps(rotate): Perhaps<Rotate>,
) -> Result<Json<Value>, ApiError> {
    let _one = CHANGING.lock().await;
    let folder = api.handle.folder();
    let new = match &rotate.new {
        Some(text) => key_id("new", text)?,
        // One that was made before and is not known to be in force is taken up again.
        None => folder.next_root().map_err(folder_failed)?,
    };
    // The charter names keys, not organisations: whoever vouches would do so no longer, and nobody could mend it.
    let roster = audience::roster(&api).await?;
    let old = api.status().await?.org.map(|own| roster.root_of(own));
    let vouches = |key: OrgId| roster.roots().any(|it| it == key);
    if old.is_some_and(vouches) && !vouches(new) {
        return Err(ApiError::Vouches(new.to_string()));
    }
    let Json(mut answer) = root.says(&api, Saying::RotateRoot(new)).await?;
    if rotate.new.is_none() {
        folder.take_next_root().map_err(folder_failed)?;
        hold(&api).await?;
    }
    answer["root"] = new.to_string().into();
    Ok(Json(answer))
}

/// Reads the root from the folder again
///
/// After it was put there or taken away. Answers with `{"root", "here"}`: the key that speaks for the organisation,
/// and whether this node keeps it. Another organisation's key is refused.
#[utoipa::path(post, path = "/api/v1/org/key/reload", operation_id = "org_key_reload", tag = "org",
    responses((status = 200, description = "Read", body = Value), (status = 403, description = "Another key")))]
pub(super) async fn reload(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let _one = CHANGING.lock().await;
    hold(&api).await?;
    let root = present(&api).await?.ok_or_else(record::unexpected)?;
    let kept = kept(&api)?.map(|key| OrgId(key.verifying_key().to_bytes()));
    if kept.is_some_and(|kept| kept.to_string() != root) {
        return Err(ApiError::OtherRoot);
    }
    Ok(Json(json!({"root": root, "here": kept.is_some()})))
}

/// The key that speaks for the own organisation now.
pub(super) async fn present(api: &Api) -> Result<Option<String>, ApiError> {
    let own = api.status().await?.org;
    let roster = audience::roster(api).await?;
    Ok(own.map(|own| roster.root_of(own).to_string()))
}

/// A public key as people hand it on.
pub(super) fn key_id(name: &str, text: &str) -> Result<OrgId, ApiError> {
    text.trim()
        .parse()
        .map_err(|_| ApiError::Misuse(format!("{name}: expected a key, 52 characters of base32")))
}

async fn hold(api: &Api) -> Result<(), ApiError> {
    api.handle.call(Command::Hold(kept(api)?.map(Box::new))).await?;
    Ok(())
}

/// The root that lies in the folder.
pub(super) fn kept(api: &Api) -> Result<Option<SigningKey>, ApiError> {
    api.handle.folder().root_key().map_err(folder_failed)
}

fn folder_failed(error: crate::folder::Error) -> ApiError {
    ApiError::Folder(error.to_string())
}
