//! The own organisation: its public card and its devices.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use praksis_protocol::{
    change,
    engine::{Command, Memory, Reply, Saying, output::RecordRef, sharing::DEFAULT_CONTACT},
    genesis::{About, Kind},
    id::{DeviceId, OrgId},
    membership::ticket::Ticket,
    record::{Expected, Fault, Invalid, Problem},
    store::Read as _,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::{
    Api, ApiError, audience,
    directory::PAGE,
    edit::{self, Expressions},
    input::{Document, Form, Perhaps, new_id},
    record,
    root::{self, RootKey},
    withdraw::reason,
};
use crate::folder::CARD;

/// The card is read, changed and written whole: one change at a time.
static CHANGING: Mutex<()> = Mutex::const_new(());

/// A new office's request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceRequest {
    /// What `praksis init --office` printed.
    request: String,
}

/// The own organisation
///
/// `{"org", "name", "device", "slot", "root": {"key", "here"}, "organisation", "devices"}`; `organisation` is its card,
/// `root` the key that speaks for it and whether this node keeps it.
#[utoipa::path(get, path = "/api/v1/org", operation_id = "org_show", tag = "org",
    responses((status = 200, description = "The organisation", body = Value)))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    present(&api).await.map(Json)
}

/// Changes the own organisation's card by a merge patch
///
/// The card is one register a field: what another office writes at the same time shows as a conflict.
#[utoipa::path(patch, path = "/api/v1/org", operation_id = "org_change", tag = "org",
    request_body(content = Value, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "As it reads now", body = Value), (status = 422, description = "Not valid")))]
pub(super) async fn change(
    State(api): State<Api>,
    Document(patch): Document,
) -> Result<Json<Value>, ApiError> {
    let _one = CHANGING.lock().await;
    let old = card(&api).await?;
    let new = change::merge(Kind::Organisation, &old, &patch, &mut new_id)?;
    write(&api, new).await?;
    present(&api).await.map(Json)
}

/// Changes the own organisation's card by expressions
#[utoipa::path(post, path = "/api/v1/org/set", operation_id = "org_set", tag = "org", request_body = Expressions,
    responses((status = 200, description = "As it reads now", body = Value), (status = 422, description = "Not valid")))]
pub(super) async fn set(
    State(api): State<Api>,
    Form(expressions): Form<Expressions>,
) -> Result<Json<Value>, ApiError> {
    let _one = CHANGING.lock().await;
    let old = card(&api).await?;
    let new = change::set(Kind::Organisation, &old, &expressions.set, &mut new_id)?;
    write(&api, new).await?;
    present(&api).await.map(Json)
}

/// The own organisation's devices
///
/// `{"items": [{"device", "slot", "this"}]}`
#[utoipa::path(get, path = "/api/v1/org/devices", operation_id = "org_devices", tag = "org",
    responses((status = 200, description = "The devices", body = Value)))]
pub(super) async fn devices(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({"items": of_status(&*api.status().await?)})))
}

/// Grants a second office's device
///
/// Answers with `{"grant"}`, which that office's node joins with.
#[utoipa::path(post, path = "/api/v1/org/devices", operation_id = "org_device_add", tag = "org",
    request_body = DeviceRequest,
    responses((status = 201, description = "Granted", body = Value), (status = 403, description = "Not from here")))]
pub(super) async fn device_add(
    State(api): State<Api>,
    root: RootKey,
    Form(request): Form<DeviceRequest>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let ticket = Ticket::from_text(&request.request).map_err(|error| ApiError::Ticket(error.to_string()))?;
    let Reply::Ticket(grant) = api.handle.call(root.lent(Command::GrantOffice(ticket))).await? else {
        return Err(record::unexpected());
    };
    Ok((StatusCode::CREATED, Json(json!({"grant": grant}))))
}

/// How a device ends.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lost {
    /// Why: every member reads it, and whoever has the device. At most 500 characters, and nobody's name.
    why: Option<String>,
    /// Instant, `2026-11-20T08:00:00Z`: what it withdrew since is undone.
    lost_since: Option<String>,
}

/// Ends a device of the own organisation
///
/// By its slot or its id. What this node has of it still counts, and nothing that it writes from now on. Answers with
/// `{"device", "statements"}`.
#[utoipa::path(post, path = "/api/v1/org/devices/{device}/end", operation_id = "org_device_end", tag = "org",
    params(("device" = String, Path, description = "Slot, or id")), request_body = Option<Lost>,
    responses((status = 200, description = "Ended", body = Value), (status = 403, description = "No root here"),
        (status = 404, description = "No such device")))]
pub(super) async fn device_end(
    State(api): State<Api>,
    Path(device): Path<String>,
    root: RootKey,
    Perhaps(lost): Perhaps<Lost>,
) -> Result<Json<Value>, ApiError> {
    let own = api.status().await?.org;
    let roster = audience::roster(&api).await?;
    let is_it = |id: &DeviceId, slot: u8| {
        device.parse() == Ok(slot) || (device.len() >= 6 && id.to_string().starts_with(&device))
    };
    let mut found = roster.devices().filter(|(id, it)| Some(it.org) == own && is_it(id, it.slot));
    let Some((found, _)) = found.next() else {
        return Err(ApiError::NotFound(format!("no device {device:.60} of ours")));
    };
    let Lost { why, lost_since } = lost;
    let lost = lost_since.as_deref().map(str::parse::<jiff::Timestamp>).transpose();
    let lost = lost.map_err(|_| {
        ApiError::Misuse("lost_since: expected an instant, as 2026-11-20T08:00:00Z".to_owned())
    })?;
    let why = reason(why)?;
    let lost_s = lost.map(|at| u64::try_from(at.as_second()).unwrap_or_default());
    let Json(mut answer) = root.says(&api, Saying::EndDevice { device: *found, lost_s, why }).await?;
    answer["device"] = found.to_string().into();
    Ok(Json(answer))
}

/// The language that the own organisation writes in, as its card says.
pub(super) async fn language(api: &Api) -> Result<Option<String>, ApiError> {
    Ok(card(api).await?.get("language").and_then(Value::as_str).map(str::to_owned))
}

async fn present(api: &Api) -> Result<Value, ApiError> {
    let status = api.status().await?;
    let mut json = Map::new();
    json.insert("org".to_owned(), status.number.clone().into());
    json.insert("name".to_owned(), status.name.clone().into());
    json.insert("device".to_owned(), status.device.to_string().into());
    if let Some(slot) = status.slot {
        json.insert("slot".to_owned(), slot.into());
    }
    if let Some(key) = root::present(api).await? {
        let kept = root::kept(api)?.map(|key| OrgId(key.verifying_key().to_bytes()).to_string());
        let here = kept.as_ref() == Some(&key);
        json.insert("root".to_owned(), json!({"key": key, "here": here}));
    }
    json.insert("organisation".to_owned(), Value::Object(card(api).await?));
    json.insert("devices".to_owned(), of_status(&status));
    Ok(Value::Object(json))
}

fn of_status(status: &praksis_protocol::engine::Status) -> Value {
    let member = status.members.iter().find(|member| Some(member.org) == status.org);
    let mut devices = member.map(|member| member.devices.clone()).unwrap_or_default();
    if let Some(slot) = status.slot
        && devices.iter().all(|(device, _)| *device != status.device)
    {
        devices.push((status.device, slot));
    }
    devices.sort_by_key(|(_, slot)| *slot);
    let device = |(device, slot)| json!({"device": device, "slot": slot, "this": device == status.device});
    devices.into_iter().map(device).collect()
}

/// The card: in the network once there is one, until then what waits to be written there.
pub(super) async fn card(api: &Api) -> Result<Map<String, Value>, ApiError> {
    let names = api.directory.names(api).await?;
    let shared = match names.own {
        Some(own) => own_card(api, own).await?,
        None => None,
    };
    let view = record::view(api, shared.and_then(|card| card.shared))?;
    let value = match view {
        Some(view) => view.record,
        None => api
            .handle
            .store()
            .local(CARD)?
            .and_then(|card| serde_json::from_slice(&card).ok())
            .unwrap_or_default(),
    };
    Ok(Kind::Organisation.read(&value))
}

async fn own_card(api: &Api, own: OrgId) -> Result<Option<RecordRef>, ApiError> {
    let mut after = None;
    loop {
        let (records, next) = record::page(api, Some(Kind::Organisation), after, PAGE).await?;
        if let Some(card) = records.into_iter().find(|record| record.owner == own) {
            return Ok(Some(card));
        }
        after = next;
        if after.is_none() {
            return Ok(None);
        }
    }
}

async fn write(api: &Api, card: Map<String, Value>) -> Result<(), ApiError> {
    // Whose card it is stands in what the association signed.
    let status = api.status().await?;
    let number = Value::from(status.number.as_str());
    if let Some(other) = card.get("org").filter(|org| **org != number) {
        let fault = Fault::new(Problem::Rule, "org", Expected::OwnNumber, other);
        return Err(Invalid { faults: vec![fault] }.into());
    }
    if let Some(contact) = card.get("contact").and_then(Value::as_str) {
        remember(api, DEFAULT_CONTACT, contact.as_bytes().to_vec()).await?;
    }
    if status.network.is_some() {
        edit::write(api, Command::Direct(Kind::Organisation, About::Itself, Value::Object(card))).await?;
    } else {
        let json = serde_json::to_vec(&card).expect("JSON of plain values");
        remember(api, CARD, json).await?;
    }
    Ok(())
}

async fn remember(api: &Api, name: &str, value: Vec<u8>) -> Result<(), ApiError> {
    let name = name.trim_start_matches("node/").to_owned();
    api.handle.call(Command::Remember(vec![Memory { of: None, name, value: Some(value) }])).await?;
    Ok(())
}
