//! Where the node stands.

use axum::{Json, extract::State};
use praksis_protocol::{
    engine::{Status, ended::Over, output::PeerStatus},
    genesis::Kind,
};
use serde_json::{Map, Value, json};

use super::{Api, ApiError, applicants::asking_json, directory::Names, record};
use crate::figures::Messages;

/// Where the node stands
///
/// `{"organisation", "device", "network", "documents", "shared", "members", "peers", "bytes_in", "bytes_out",
/// "figures", "refused"}`, and what waits. `ended`, `{"what": "device|membership", "why"}`, where this node has been ended. `asking`,
/// `{"state": "unanswered|waiting|declined|refused", "since", "why", "nodes"}`, where it has asked to be admitted; `applicants`, how many ask here. A draft and what was shared from it count once.
#[utoipa::path(get, path = "/api/v1/status", operation_id = "status", tag = "network",
    responses((status = 200, description = "Where it stands", body = Value)))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let names = api.directory.names(&api).await?;
    let status = api.status().await?;
    let traffic = api.handle.traffic();
    let mut json = Map::new();
    json.insert("organisation".to_owned(), json!({"org": status.number, "name": status.name}));
    json.insert("device".to_owned(), status.device.to_string().into());
    if let Some(slot) = status.slot {
        json.insert("slot".to_owned(), slot.into());
    }
    if let Some(network) = status.network {
        json.insert("network".to_owned(), network.to_string().into());
    }
    if let Some(ended) = &status.ended {
        let what = match ended.over {
            Over::Device => "device",
            Over::Membership => "membership",
        };
        json.insert(
            "ended".to_owned(),
            json!({"what": what, "why": ended.why.as_deref().unwrap_or_default()}),
        );
    }
    json.insert("documents".to_owned(), documents(&status));
    json.insert("shared".to_owned(), status.shared.into());
    json.insert("members".to_owned(), status.members.len().into());
    json.insert("peers".to_owned(), peers(&api, &status, &names));
    json.insert("bytes_in".to_owned(), traffic.socket_in.into());
    json.insert("bytes_out".to_owned(), traffic.socket_out.into());
    json.insert("figures".to_owned(), figures(&api, &status));
    json.insert("refused".to_owned(), json!(status.refused));
    json.insert("waiting".to_owned(), status.waiting.into());
    json.insert("invitations".to_owned(), status.invitations.into());
    json.insert("applicants".to_owned(), status.applicants.into());
    if let Some(asking) = &status.asking {
        json.insert("asking".to_owned(), asking_json(asking));
    }
    json.insert("alarms".to_owned(), json!(status.alarms));
    json.insert("addresses".to_owned(), json!(status.addresses));
    Ok(Json(Value::Object(json)))
}

/// Records by kind, of which there are none too.
fn documents(status: &Status) -> Value {
    let mut documents: Map<String, Value> =
        Kind::ALL.into_iter().map(|kind| (kind.code().to_owned(), 0.into())).collect();
    documents.extend(status.documents.iter().map(|(kind, count)| ((*kind).to_owned(), (*count).into())));
    Value::Object(documents)
}

/// Other nodes as people see them.
pub(super) fn peers(api: &Api, status: &Status, names: &Names) -> Value {
    let peer = |peer: &PeerStatus| {
        let mut json = Map::new();
        if let Some(org) = peer.org {
            let (number, name) = names.org(org);
            json.insert("org".to_owned(), number.into());
            json.insert("name".to_owned(), name.into());
        }
        if let Some(device) = peer.device {
            json.insert("device".to_owned(), device.to_string().into());
        }
        json.insert("connected".to_owned(), peer.connected.into());
        if let Some(address) = &peer.address {
            json.insert("address".to_owned(), address.as_str().into());
        }
        json.insert("level".to_owned(), peer.level.into());
        if let Some(at) = peer.last_level {
            let seconds = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
            json.insert("last_level_at".to_owned(), record::instant(seconds).into());
        }
        if let Some(device) = peer.device.filter(|_| peer.connected) {
            let mut figures = messages(api.handle.figures().of(device));
            figures.insert("documents".to_owned(), peer.pace.documents.into());
            figures.insert("documents_per_second".to_owned(), tenths(peer.pace.per_second(status.now)));
            figures.insert("lacking".to_owned(), peer.lacking.into());
            figures.insert("score".to_owned(), peer.score.into());
            json.insert("figures".to_owned(), Value::Object(figures));
        }
        Value::Object(json)
    };
    status.peers.iter().map(peer).collect()
}

/// What is measured, since the start.
fn figures(api: &Api, status: &Status) -> Value {
    let (figures, compared) = (api.handle.figures(), status.compared);
    let mut json = messages(figures.all());
    let commits = figures.commits();
    for (name, value) in [
        ("comparisons", compared.comparisons),
        ("comparison_answers", compared.answers),
        ("symbols", compared.symbols),
        ("documents", status.pace.documents),
        ("commits", commits.commits),
        ("batches", commits.batches),
        ("commit_ms", u64::try_from(commits.took.as_millis()).unwrap_or(u64::MAX)),
        ("index_waiting", figures.index_waiting()),
    ] {
        json.insert(name.to_owned(), value.into());
    }
    json.insert("documents_per_second".to_owned(), tenths(status.pace.per_second(status.now)));
    Value::Object(json)
}

fn messages(messages: Messages) -> Map<String, Value> {
    let Messages { messages_in, messages_out, payload_in, payload_out } = messages;
    let figures = [
        ("messages_in", messages_in),
        ("messages_out", messages_out),
        ("payload_in", payload_in),
        ("payload_out", payload_out),
    ];
    figures.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn tenths(number: f64) -> Value {
    ((number * 10.0).round() / 10.0).into()
}
