//! Being admitted without an invitation, over the connection: asking, who asks, and saying no.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
};
use praksis_protocol::{
    engine::{
        Command, Event, Reply, Status,
        applicants::Applicant,
        applying::{Answer, AskedAt, Asking},
    },
    genesis::Kind,
    id::DeviceId,
    membership::ticket::Ticket,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use utoipa::ToSchema;

use super::{
    Api, ApiError,
    input::{Form, Perhaps},
    members::{WAIT, WAIT_MAX, next_word},
    org, record,
    root::{RootKey, key_id},
    withdraw::reason,
};
use crate::net::{device_at, with_device};

/// Where to ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// Multiaddrs of an association's nodes, each with the node's name at its end:
    /// `/ip4/192.0.2.1/tcp/7421/p2p/12D3KooW…`.
    addresses: Vec<String>,
    /// Seconds to wait for the first answer, 30 if absent.
    wait: Option<u64>,
}

/// Why nobody is admitted.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Declining {
    /// What the organisation that asks is shown. At most 500 characters, and nobody's name.
    why: Option<String>,
}

/// Asks an association over the connection to be admitted
///
/// Answers once the request is kept there, `{"state": "waiting", "since", "nodes"}`, or at once with `"state": "member"`
/// where it was admitted before. The node asks again by itself until somebody has decided: `asking` in the status tells.
/// When nobody answers in time, 202 with a problem of the kind `offline`: the node goes on trying.
#[utoipa::path(post, path = "/api/v1/join/ask", operation_id = "join_ask", tag = "network", request_body = Ask,
    responses((status = 200, description = "Waiting, or a member", body = Value),
        (status = 202, description = "Still trying"), (status = 400, description = "Not such addresses"),
        (status = 403, description = "Refused or declined"), (status = 409, description = "In a network already")))]
pub(super) async fn ask(
    State(api): State<Api>,
    root: RootKey,
    Form(ask): Form<Ask>,
) -> Result<Json<Value>, ApiError> {
    let mut places: BTreeMap<DeviceId, Vec<String>> = BTreeMap::new();
    for text in &ask.addresses {
        let expected = "expected a multiaddr with the node's name, as /ip4/192.0.2.1/tcp/7421/p2p/12D3KooW…";
        let (device, address) =
            device_at(text).ok_or_else(|| ApiError::Misuse(format!("address {text:.200}: {expected}")))?;
        places.entry(device).or_default().push(address);
    }
    let wait = Duration::from_secs(ask.wait.unwrap_or(WAIT).min(WAIT_MAX));
    let card = Value::Object(org::card(&api).await?).to_string();
    // Listen first: it may be over before the answer is here.
    let events = api.handle.events();
    api.handle.call(root.lent(Command::AskIn(Some(card), places))).await?;
    match tokio::time::timeout(wait, answered(&api, events)).await {
        Ok(answer) => answer.map(Json),
        Err(_) => Err(ApiError::Offline("no node of an association has answered yet".to_owned())),
    }
}

/// Waits for an answer that is one: kept, admitted, or every node has said no.
async fn answered(api: &Api, mut events: Receiver<Event>) -> Result<Value, ApiError> {
    loop {
        let status = api.status().await?;
        let Some(asking) = &status.asking else {
            let network = status.network.map(|network| network.to_string());
            return Ok(json!({"state": "member", "network": network}));
        };
        if asking.at.values().all(|at| at.answer.is_some()) || is_kept(asking) {
            let answer = asking_json(asking);
            let why = || answer["why"].as_str().map_or_else(String::new, |why| format!(": {why}"));
            return match standing(asking) {
                "declined" => Err(ApiError::NotAdmitted(format!("the association has declined{}", why()))),
                "refused" => Err(ApiError::NotAdmitted(format!("the request was refused{}", why()))),
                _ => Ok(answer),
            };
        }
        next_word(&mut events).await?;
    }
}

fn is_kept(asking: &Asking) -> bool {
    asking.at.values().any(|at| at.answer == Some(Answer::Waiting))
}

/// How a request of ours stands, all nodes together.
fn standing(asking: &Asking) -> &'static str {
    let said = |wanted: &str| asking.at.values().any(|at| state(at) == wanted);
    ["waiting", "unanswered", "declined", "refused"]
        .into_iter()
        .find(|state| said(state))
        .unwrap_or("unanswered")
}

fn state(at: &AskedAt) -> &'static str {
    match &at.answer {
        None => "unanswered",
        Some(Answer::Waiting) => "waiting",
        Some(Answer::Declined(_)) => "declined",
        Some(Answer::Refused(_)) => "refused",
    }
}

/// Our own request, as people and programs see it.
pub(super) fn asking_json(asking: &Asking) -> Value {
    let why = |at: &AskedAt| match &at.answer {
        Some(Answer::Declined(why)) => why.clone(),
        Some(Answer::Refused(refusal)) => Some(refusal.to_string()),
        Some(Answer::Waiting) | None => None,
    };
    let state_of_all = standing(asking);
    let mut json = Map::new();
    json.insert("state".to_owned(), state_of_all.into());
    json.insert("since".to_owned(), instant(asking.since_s).into());
    if let Some(why) = asking.at.values().filter(|at| state(at) == state_of_all).find_map(why) {
        json.insert("why".to_owned(), why.into());
    }
    let nodes = asking.at.iter().map(|(device, at)| {
        json!({"device": device.to_string(), "address": at.addresses.first(), "state": state(at)})
    });
    json.insert("nodes".to_owned(), nodes.collect());
    Value::Object(json)
}

/// Organisations that ask to be admitted
///
/// `{"items": [{"org", "name", "key", "device", "since", "taken", "card", "request"}], "addresses"}`: `request` is what
/// `POST /api/v1/members` admits by, `taken` says that another member has the number, and `addresses` are where
/// others can ask this node. Anybody can ask in any name: the key is to be compared in another way.
#[utoipa::path(get, path = "/api/v1/members/requests", operation_id = "members_requests", tag = "network",
    responses((status = 200, description = "Who waits", body = Value)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let Reply::Applicants(applicants) = api.handle.call(Command::Applicants).await? else {
        return Err(record::unexpected());
    };
    let mut applicants: Vec<_> = applicants.iter().collect();
    applicants.sort_by_key(|applicant| (applicant.since_s, applicant.application.org));
    let items: Vec<Value> = applicants.into_iter().map(applicant).collect();
    Ok(Json(json!({"items": items, "addresses": addresses(&*api.status().await?)})))
}

fn applicant(applicant: &Applicant) -> Value {
    let application = &applicant.application;
    let mut json = json!({
        "org": applicant.number,
        "name": application.name,
        "key": application.org.to_string(),
        "device": applicant.device.to_string(),
        "since": instant(applicant.since_s),
        "taken": applicant.is_taken,
        "request": Ticket::Application(application.clone()).to_text(),
    });
    // A stranger wrote it: what is no card is not shown.
    let card = application.card.as_deref().and_then(|card| serde_json::from_str::<Value>(card).ok());
    if let Some(card) = card.filter(|card| Kind::Organisation.faults(card).is_empty()) {
        json["card"] = card;
    }
    json
}

/// Where others ask this node.
fn addresses(status: &Status) -> Vec<String> {
    status.addresses.iter().filter_map(|address| with_device(address, &status.device)).collect()
}

/// Says no to an organisation that asks to be admitted
///
/// It is told so, with the reason, and asks no longer. Answers with `{"key"}`.
#[utoipa::path(post, path = "/api/v1/members/requests/{key}/decline", operation_id = "members_decline", tag = "network",
    params(("key" = String, Path, description = "Its root key")), request_body = Option<Declining>,
    responses((status = 200, description = "Declined", body = Value), (status = 404, description = "Nobody waits with this key")))]
pub(super) async fn decline(
    State(api): State<Api>,
    Path(key): Path<String>,
    Perhaps(declining): Perhaps<Declining>,
) -> Result<Json<Value>, ApiError> {
    let org = key_id("key", &key)?;
    api.handle.call(Command::Decline(org, reason(declining.why)?)).await?;
    Ok(Json(json!({"key": org.to_string()})))
}

fn instant(seconds: u64) -> String {
    record::instant(i64::try_from(seconds).unwrap_or(i64::MAX))
}
