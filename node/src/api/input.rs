//! What requests bring, read with our own errors.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use praksis_protocol::{code::CodeList, id::ItemId, language::Language, record::RECORD_MAX};
use rand::Rng as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Api, ApiError, BODY_LIMIT};
use crate::intake;

/// How long a body may take to arrive; it comes from this machine.
const ARRIVAL: Duration = Duration::from_secs(60);

/// The query of a request; a name that it does not know is refused.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(query)| Self(query)).map_err(|error| ApiError::Misuse(error.body_text()))
    }
}

/// What of a body that is refused for its size is still read.
const DRAIN: usize = 4 << 20;

/// The whole body, within the route's limit.
pub(super) struct Body(pub(super) Bytes);

impl FromRequest<Api> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let file = request.uri().path().ends_with("/import");
        let limit = if file { intake::FILE_LIMIT } else { BODY_LIMIT };
        let told = request.headers().get(header::CONTENT_LENGTH);
        let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > limit as u64) {
            // Whoever is still sending reads the answer only once it is done: a little is let run in.
            let _ = axum::body::to_bytes(request.into_body(), DRAIN).await;
            return Err(ApiError::TooLarge { limit });
        }
        let read = tokio::time::timeout(ARRIVAL, Bytes::from_request(request, api)).await;
        match read.map_err(|_| ApiError::Misuse("the body did not arrive in time".to_owned()))? {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError::TooLarge { limit }),
                _ => Err(ApiError::Misuse("the body was cut off".to_owned())),
            },
        }
    }
}

/// A body that is one JSON value: a record, or part of one.
pub(super) struct Document(pub(super) Value);

impl FromRequest<Api> for Document {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let Body(bytes) = Body::from_request(request, api).await?;
        if bytes.len() > RECORD_MAX {
            return Err(ApiError::TooLarge { limit: RECORD_MAX });
        }
        Ok(Self(json(&bytes)?))
    }
}

/// A body that is a small JSON object of a known form.
pub(super) struct Form<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Api> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let Body(bytes) = Body::from_request(request, api).await?;
        let value = json(&bytes)?;
        serde_json::from_value(value).map(Self).map_err(|error| ApiError::Misuse(error.to_string()))
    }
}

/// As [`Form`], where a request without a body asks for nothing in particular.
pub(super) struct Perhaps<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<Api> for Perhaps<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let Body(bytes) = Body::from_request(request, api).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let value = json(&bytes)?;
        serde_json::from_value(value).map(Self).map_err(|error| ApiError::Misuse(error.to_string()))
    }
}

/// One JSON value in which no key stands twice and every number can be kept.
pub(super) fn json(bytes: &[u8]) -> Result<Value, ApiError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| ApiError::NotJson("the body is not UTF-8".to_owned()))?;
    if text.trim().is_empty() {
        return Err(ApiError::NotJson("the body is empty".to_owned()));
    }
    intake::json::value(text).map_err(|refusal| {
        let line = refusal.line.map(|line| format!(" (line {line})")).unwrap_or_default();
        ApiError::NotJson(format!("{}{line}", refusal.problem))
    })
}

/// Codes separated by commas.
pub(super) fn codes(list: Option<&str>) -> Vec<String> {
    let codes = list.unwrap_or_default().split(',').map(str::trim).filter(|code| !code.is_empty());
    codes.map(str::to_owned).collect()
}

/// As [`codes`], when all of them are in a list.
pub(super) fn known_codes(name: &str, list: Option<&str>, known: &CodeList) -> Result<Vec<String>, ApiError> {
    let codes = codes(list);
    match codes.iter().find(|code| !known.codes.contains(&code.as_str())) {
        Some(code) => {
            Err(ApiError::Misuse(format!("{name}={code:.60}: expected {}", known.codes.join(", "))))
        }
        None => Ok(codes),
    }
}

/// CPV codes or their beginnings.
pub(super) fn cpv_beginnings(list: Option<&str>) -> Result<Vec<String>, ApiError> {
    let codes = codes(list);
    let digits = |code: &String| code.len() <= 10 && code.chars().all(|c| c.is_ascii_digit() || c == '-');
    match codes.iter().find(|code| !digits(code)) {
        Some(code) => {
            Err(ApiError::Misuse(format!("cpv={code:.60}: expected a CPV code or its beginning, as 48")))
        }
        None => Ok(codes),
    }
}

/// Ids for items of lists that come without.
pub(super) fn new_id() -> ItemId {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    ItemId(bytes)
}

/// The language that the asker prefers for what people read; English if it says none that we speak.
#[derive(Clone, Copy)]
pub(super) struct Asked(pub(super) Language);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepts = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        // In the order given: what speaks to us does not weigh.
        let tags = accepts.unwrap_or_default().split(',').map(|tag| tag.trim().get(..2).unwrap_or_default());
        let known = tags.filter_map(|tag| if tag == "no" { Some(Language::Nb) } else { tag.parse().ok() });
        Ok(Self(known.into_iter().next().unwrap_or(Language::En)))
    }
}
