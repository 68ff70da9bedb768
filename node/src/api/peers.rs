//! Other nodes, and being level with them.

use std::time::{Duration, Instant};

use axum::{Json, extract::State, http::StatusCode, response::Response};
use praksis_protocol::engine::{Command, Event, Status};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::{
    Api, ApiError,
    input::Form,
    progress::{self, Progress, Wants},
    status,
};
use crate::config::is_address;

/// How often to look again while nothing is told: that a connection stands is no event.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const WAIT_MAX: u64 = 24 * 3600;

/// Where another node is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPeer {
    /// Multiaddr, `/ip4/192.0.2.1/tcp/7421`.
    address: String,
}

/// Whether to wait.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sync {
    /// Seconds to wait until every connected peer is level; without, the answer comes at once.
    wait: Option<u64>,
}

/// Other nodes
///
/// `{"items": [{"org", "name", "device", "connected", "address", "level", "last_level_at"}]}`
#[utoipa::path(get, path = "/api/v1/peers", operation_id = "peers_list", tag = "network",
    responses((status = 200, description = "The peers", body = Value)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let names = api.directory.names(&api).await?;
    Ok(Json(json!({"items": status::peers(&api, &*api.status().await?, &names)})))
}

/// Dials an address, and goes on trying
#[utoipa::path(post, path = "/api/v1/peers", operation_id = "peers_add", tag = "network", request_body = NewPeer,
    responses((status = 201, description = "Being dialled", body = Value),
        (status = 400, description = "Not an address")))]
pub(super) async fn add(
    State(api): State<Api>,
    Form(peer): Form<NewPeer>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    if !is_address(&peer.address) {
        let expected = "expected a multiaddr with a port, as /ip4/192.0.2.1/tcp/7421";
        return Err(ApiError::Misuse(format!("address {:.100}: {expected}", peer.address)));
    }
    api.handle.call(Command::AddPeer(vec![peer.address.clone()])).await?;
    Ok((StatusCode::CREATED, Json(json!({"address": peer.address}))))
}

/// Says hello to every peer again
///
/// With `wait`, comes back when every connected peer is level, or when the time is over: `{"level", "peers"}`.
#[utoipa::path(post, path = "/api/v1/sync", operation_id = "sync", tag = "network", request_body = Sync,
    responses((status = 200, description = "Where it stands", body = Value)))]
pub(super) async fn sync(State(api): State<Api>, wants: Wants, Form(sync): Form<Sync>) -> Response {
    progress::answer(wants, |progress| run(api, sync.wait, progress)).await
}

async fn run(api: Api, wait: Option<u64>, progress: Progress) -> Result<Value, ApiError> {
    let wait = Duration::from_secs(wait.unwrap_or_default().min(WAIT_MAX));
    let until = Instant::now() + wait;
    let mut events = api.handle.events();
    let before = api.status().await?.pace.documents;
    api.handle.call(Command::Sync).await?;
    loop {
        let status = api.status().await?;
        let (level, connected) = standing(&status);
        // Documents that came and that are known to be lacking, beside the peers.
        let came = usize::try_from(status.pace.documents - before).unwrap_or(usize::MAX);
        let lacking: usize = status.peers.iter().map(|peer| peer.lacking).sum();
        progress.tell(level + came, connected + came + lacking);
        let all = connected > 0 && level == connected;
        let left = until.saturating_duration_since(Instant::now());
        if all || left.is_zero() {
            let names = api.directory.names(&api).await?;
            return Ok(json!({"level": all, "peers": status::peers(&api, &status, &names)}));
        }
        let told = async {
            loop {
                match events.recv().await {
                    Ok(Event::Level(..) | Event::RosterChanged | Event::Joined(_)) => return true,
                    Ok(
                        Event::RecordChanged(_)
                        | Event::RecordGone(..)
                        | Event::LetGo(..)
                        | Event::JoinRefused(_)
                        | Event::Asking
                        | Event::Ended(_)
                        | Event::Failed(_),
                    ) => {}
                    Err(RecvError::Lagged(_)) => return true,
                    Err(RecvError::Closed) => return false,
                }
            }
        };
        if matches!(tokio::time::timeout(left.min(LOOK_AGAIN), told).await, Ok(false)) {
            return Err(ApiError::Busy("the node has stopped".to_owned()));
        }
    }
}

/// How many peers are level, of how many that are connected.
fn standing(status: &Status) -> (usize, usize) {
    let connected = || status.peers.iter().filter(|peer| peer.connected);
    (connected().filter(|peer| peer.level).count(), connected().count())
}
