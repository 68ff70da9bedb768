//! Whether the node lives and serves, and its figures for a monitor.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
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
    ] {
        let gauge = Gauge::<i64>::default();
        gauge.set(signed(value));
        registry.register(name, help, gauge);
    }
    for (name, help, value) in [
        ("bytes_in", "Bytes read from other nodes", traffic.socket_in),
        ("bytes_out", "Bytes written to other nodes", traffic.socket_out),
    ] {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    let mut text = String::new();
    encode(&mut text, &registry)
        .map_err(|_| ApiError::Busy("the figures could not be written".to_owned()))?;
    let content = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content)], text).into_response())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
