//! Who is let in: whoever shows the token, from a page or program that meant this machine.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq as _;

use super::{Api, ApiError};

/// How long a request without progress may take.
const QUICK: Duration = Duration::from_secs(60);

/// What programs of this machine show to be let in.
pub(super) struct Token(String);

impl Token {
    pub(super) fn new(token: &str) -> Self {
        Self(token.to_owned())
    }

    /// Whether the request shows it; how long the comparison takes tells nothing of where they differ.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(shown.as_bytes()))
    }
}

/// Lets requests with the token through.
pub(super) async fn token(State(api): State<Api>, request: Request, next: Next) -> Response {
    if api.token.is_shown(request.headers()) {
        next.run(request).await
    } else {
        ApiError::NoToken.into_response()
    }
}

/// Refuses requests that were meant for another host: a name somewhere else that was made to point to this
/// machine (DNS rebinding) is not ours.
pub(super) async fn host(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = named.and_then(|host| host.parse::<Authority>().ok()).or(request.uri().authority().cloned());
    let ours = named.is_none_or(|host| matches!(host.host(), "127.0.0.1" | "localhost" | "[::1]"));
    if ours { next.run(request).await } else { ApiError::OtherHost.into_response() }
}

/// Gives up on what takes too long.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(QUICK, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Busy("the node did not get to this in time".to_owned()).into_response(),
    }
}
