//! Heads as an ETag, and back from If-Match.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use praksis_protocol::id::ChangeHash;

use super::{Api, ApiError};

/// The heads as one strong ETag: `"<head>.<head>"`.
pub(super) fn etag(heads: &[ChangeHash]) -> HeaderValue {
    let heads: Vec<_> = heads.iter().map(ChangeHash::to_string).collect();
    HeaderValue::from_str(&format!("\"{}\"", heads.join("."))).expect("base32 and dots")
}

/// The heads that one If-Match names.
pub fn read_heads(text: &str) -> Result<Vec<ChangeHash>, ApiError> {
    let names = text.split([',', '.']).map(|head| head.trim().trim_matches('"'));
    let read = |head: &str| match head.parse() {
        Ok(head) => Ok(head),
        Err(_) if head == "*" => Err(ApiError::HeadsMissing),
        Err(_) => Err(ApiError::Misuse(format!("{head:.60} in If-Match is not a head"))),
    };
    names.filter(|head| !head.is_empty()).map(read).collect()
}

/// The heads that a change was read at, as If-Match names them.
pub(super) struct At(HeaderMap);

impl FromRequestParts<Api> for At {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Infallible> {
        let given = parts.headers.get_all(header::IF_MATCH);
        Ok(Self(given.into_iter().map(|value| (header::IF_MATCH, value.clone())).collect()))
    }
}

impl At {
    /// The heads. `*` names none: whoever writes over whatever stands there erases what a colleague wrote.
    pub(super) fn heads(&self) -> Result<Vec<ChangeHash>, ApiError> {
        let mut heads = Vec::new();
        for value in self.0.get_all(header::IF_MATCH) {
            heads.extend(read_heads(value.to_str().map_err(|_| ApiError::HeadsMissing)?)?);
        }
        if heads.is_empty() { Err(ApiError::HeadsMissing) } else { Ok(heads) }
    }
}
