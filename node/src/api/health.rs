//! Whether the node lives and serves, and its figures for a monitor.

use std::{sync::atomic::AtomicU64, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use praksis_protocol::engine::Status;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, ApiError};
use crate::figures::Figures;

/// Nodes whose figures are told one by one.
const DEVICES: usize = 64;

/// What is counted of requests.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
    status: u16,
}

/// See the module.
pub(super) struct Metrics {
    requests: Family<Route, Counter>,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { requests: Family::default(), seconds: Histogram::new(exponential_buckets(0.001, 4.0, 8)) }
    }
}

/// Routes that need no token: a supervisor has none.
pub(super) fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "health", security(()),
    responses((status = 200, description = "It does", body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the engine answers
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "health", security(()),
    responses((status = 200, description = "It does", body = String), (status = 503, description = "Not any more")))]
async fn readyz(State(api): State<Api>) -> Response {
    match api.status().await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the node is stopping\n").into_response(),
    }
}

/// Counts a request by its route, never by what was asked.
pub(super) async fn count(State(api): State<Api>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let route = Route { method, route, status: response.status().as_u16() };
    tracing::debug!(method = route.method, route = route.route, status = route.status, "answered");
    api.metrics.requests.get_or_create(&route).inc();
    api.metrics.seconds.observe(began.elapsed().as_secs_f64());
    response
}

/// Figures for Prometheus
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "health",
    responses((status = 200, description = "In OpenMetrics text", body = String)))]
pub(super) async fn metrics(State(api): State<Api>) -> Result<Response, ApiError> {
    let status = api.status().await?;
    let traffic = api.handle.traffic();
    let (figures, commits) = (api.handle.figures(), api.handle.figures().commits());
    let mut registry = Registry::with_prefix("praksis");
    registry.register("http_requests", "Requests answered", api.metrics.requests.clone());
    let seconds = api.metrics.seconds.clone();
    registry.register_with_unit("http_request_duration", "Time to an answer", Unit::Seconds, seconds);
    let documents = Family::<[(&str, &str); 1], Gauge>::default();
    for (kind, count) in &status.documents {
        documents.get_or_create(&[("kind", *kind)]).set(signed(*count as u64));
    }
    registry.register("records", "Records held, by kind", documents);
    let refused = Family::<[(String, String); 1], Counter>::default();
    for (reason, count) in &status.refused {
        refused.get_or_create(&[("reason".to_owned(), reason.clone())]).inc_by(*count);
    }
    registry.register("refused", "What was refused, by reason", refused);
    let connected = status.peers.iter().filter(|peer| peer.connected);
    for (name, help, value) in [
        ("shared_records", "Records shared with others", status.shared as u64),
        ("members", "Member organisations", status.members.len() as u64),
        ("peers_connected", "Nodes connected", connected.clone().count() as u64),
        ("peers_level", "Nodes that stand level", connected.filter(|peer| peer.level).count() as u64),
        ("changes_waiting", "Changes that wait for a grant or a cause", status.waiting as u64),
        ("index_waiting", "Changes that search has not been told of yet", figures.index_waiting()),
    ] {
        let gauge = Gauge::<i64>::default();
        gauge.set(signed(value));
        registry.register(name, help, gauge);
    }
    for (name, help, value) in [
        ("bytes_in", "Bytes read from other nodes", traffic.socket_in),
        ("bytes_out", "Bytes written to other nodes", traffic.socket_out),
        ("frame_bytes_in", "Bytes of messages read, as they travel", traffic.payload_in),
        ("frame_bytes_out", "Bytes of messages written, as they travel", traffic.payload_out),
        ("messages_in", "Messages from other nodes", figures.all().messages_in),
        ("messages_out", "Messages to other nodes", figures.all().messages_out),
        ("documents_in", "States of documents taken in from other nodes", status.pace.documents),
        ("comparisons", "Sets compared with a peer's", status.compared.comparisons),
        ("comparison_answers", "Answers that comparing took", status.compared.answers),
        ("comparison_symbols", "Coded symbols that comparing took", status.compared.symbols),
        ("comparison_lists", "Comparisons that read a list in the end", status.compared.lists),
        ("comparison_stalls", "Times that symbols did not decode", status.compared.stalls),
        ("commits", "Times that the disk was waited for", commits.commits),
        ("commit_batches", "Batches made durable", commits.batches),
    ] {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    let took = Counter::<f64, AtomicU64>::default();
    took.inc_by(commits.took.as_secs_f64());
    registry.register_with_unit("commit", "Time that commits took, with their fsync", Unit::Seconds, took);
    by_device(&mut registry, &status, api.handle.figures());
    let mut text = String::new();
    encode(&mut text, &registry)
        .map_err(|_| ApiError::Busy("the figures could not be written".to_owned()))?;
    let content = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content)], text).into_response())
}

/// Figures of those that are connected, by device: as many as a monitor should be asked to keep.
fn by_device(registry: &mut Registry, status: &Status, figures: &Figures) {
    type Labels = [(&'static str, String); 1];
    let counters: [Family<Labels, Counter>; 5] = Default::default();
    let rate = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    let (lacking, score): (Family<Labels, Gauge>, Family<Labels, Gauge>) = Default::default();
    let connected = status.peers.iter().filter(|peer| peer.connected);
    let devices = connected.filter_map(|peer| Some((peer.device?, peer))).take(DEVICES);
    for (device, peer) in devices {
        let (of, labels) = (figures.of(device), [("device", device.short())]);
        let values = [of.messages_in, of.messages_out, of.payload_in, of.payload_out, peer.pace.documents];
        for (counter, value) in counters.iter().zip(values) {
            counter.get_or_create(&labels).inc_by(value);
        }
        rate.get_or_create(&labels).set(peer.pace.per_second(status.now));
        lacking.get_or_create(&labels).set(signed(peer.lacking as u64));
        score.get_or_create(&labels).set(peer.score);
    }
    let names = [
        ("peer_messages_in", "Messages from a node"),
        ("peer_messages_out", "Messages to a node"),
        ("peer_payload_in", "Bytes of messages from a node, inflated"),
        ("peer_payload_out", "Bytes of messages to a node, inflated"),
        ("peer_documents_in", "States of documents taken in from a node"),
    ];
    for ((name, help), counter) in names.into_iter().zip(counters) {
        registry.register(name, help, counter);
    }
    registry.register("peer_documents_per_second", "Documents a second from a node, lately", rate);
    registry.register("peer_lacking", "Documents and statements known to be at a node and not here", lacking);
    registry.register("peer_score", "What a node's word is worth: 0, or less", score);
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
