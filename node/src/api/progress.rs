//! Long work that says how far it has come.
//!
//! Whoever accepts `application/x-ndjson` gets a line `{"progress": {"done", "total"}}` now and then and at last
//! `{"result": ..}` or `{"problem": ..}`; everybody else the result alone. The work is done while the answer is
//! read: whoever goes away stops it.

use std::{
    convert::Infallible,
    future::Future,
    time::{Duration, Instant},
};

use axum::{
    Json,
    body::Body,
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures::{FutureExt as _, StreamExt as _, stream};
use praksis_protocol::language::Language;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Api, ApiError, input::Asked};

/// How often progress is told at most.
const PACE: Duration = Duration::from_millis(100);
/// How often it is told at least, so that nobody takes long work for a dead node.
const PULSE: Duration = Duration::from_secs(10);

/// Whether the asker reads progress, and in which language.
pub(super) struct Wants {
    lines: bool,
    /// For faults.
    pub(super) language: Language,
}

impl FromRequestParts<Api> for Wants {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let lines = accepts.is_some_and(|accepts| accepts.contains("application/x-ndjson"));
        let Asked(language) = Asked::from_request_parts(parts, api).await?;
        Ok(Self { lines, language })
    }
}

/// Where work says how far it has come.
#[derive(Clone)]
pub(super) struct Progress(watch::Sender<(u64, u64)>);

impl Progress {
    pub(super) fn tell(&self, done: usize, total: usize) {
        self.0.send_replace((done as u64, total as u64));
    }
}

/// Runs work and answers with what comes of it.
pub(super) async fn answer<F>(wants: Wants, work: impl FnOnce(Progress) -> F) -> Response
where
    F: Future<Output = Result<Value, ApiError>> + Send + 'static,
{
    let (told, seen) = watch::channel((0, 0));
    let work = work(Progress(told));
    let Wants { lines, language } = wants;
    if !lines {
        return match work.await {
            Ok(value) => Json(value).into_response(),
            Err(error) => error.into_response(),
        };
    }
    let told = stream::unfold((seen, Instant::now()), |(mut seen, last)| async move {
        let next = tokio::time::timeout(PULSE, seen.changed()).await;
        if matches!(next, Ok(Err(_))) {
            return None;
        }
        tokio::time::sleep(PACE.saturating_sub(last.elapsed())).await;
        let (done, total) = *seen.borrow_and_update();
        Some((json!({"progress": {"done": done, "total": total}}), (seen, Instant::now())))
    });
    let result = work.map(move |result| match result {
        Ok(value) => json!({"result": value}),
        Err(error) => json!({"problem": error.to_json(language)}),
    });
    // What is told ends with the work, which holds the other end.
    let lines = stream::select(told.map(|line| (false, line)), result.into_stream().map(|line| (true, line)));
    let lines = lines.scan(false, |over, (last, line)| {
        let line = (!std::mem::replace(over, *over || last)).then(|| format!("{line}\n"));
        futures::future::ready(line)
    });
    let mut response = Body::from_stream(lines.map(Ok::<_, Infallible>)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}
