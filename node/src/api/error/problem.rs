//! What is refused as problem details (RFC 9457), with its faults in the language of whoever asks.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use praksis_protocol::{
    engine::CommandError,
    language::Language,
    personal::Found,
    record::{Fault, Problem},
    share::Refused,
};
use serde_json::{Map, Value, json};

use super::{ApiError, ErrorKind};
use crate::api::input::Asked;

impl ApiError {
    /// The problem as JSON, with what it says of itself beside the common members; faults in this language.
    pub fn to_json(&self, language: Language) -> Value {
        let (kind, message) = (self.kind().code(), self.to_string());
        let mut problem = Map::new();
        problem.insert("type".to_owned(), format!("urn:praksis:error:{kind}").into());
        problem.insert("title".to_owned(), kind.replace('_', " ").into());
        problem.insert("status".to_owned(), self.status().as_u16().into());
        problem.insert("detail".to_owned(), message.clone().into());
        problem.insert("error".to_owned(), json!({"kind": kind, "message": message, "hint": self.hint()}));
        match self {
            Self::Ambiguous { candidates, .. } => {
                problem.insert("candidates".to_owned(), candidates.clone().into());
            }
            Self::Command(CommandError::Invalid(faults)) => {
                problem.insert("faults".to_owned(), of_faults(faults, language));
            }
            Self::NoSuchMember(number) => {
                problem.insert("member".to_owned(), number.as_str().into());
            }
            Self::Bundle(error) => {
                problem.insert("bundle".to_owned(), error.name().into());
                problem.extend(error.piece().map(|piece| ("piece".to_owned(), piece.into())));
            }
            Self::Command(CommandError::NotShareable(refused)) => problem.extend(refusal(refused, language)),
            Self::Misuse(_)
            | Self::NoSuchRoute(_)
            | Self::NoSuchMethod(_)
            | Self::NoToken
            | Self::OtherHost
            | Self::TooLarge { .. }
            | Self::NotJson(_)
            | Self::HeadsMissing
            | Self::NotFound(_)
            | Self::PersonalWhy
            | Self::OtherRoot
            | Self::Vouches(_)
            | Self::Folder(_)
            | Self::Command(_)
            | Self::Offline(_)
            | Self::JoinRefused(_)
            | Self::NotAdmitted(_)
            | Self::Ticket(_)
            | Self::Busy(_)
            | Self::Search(_) => {}
        }
        Value::Object(problem)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.kind() == ErrorKind::Storage {
            tracing::error!(error = %self, "a request failed");
        }
        let mut response = problem_response(self.status(), &self.to_json(Language::En));
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Tells a problem's faults in the language that the asker prefers.
pub(in crate::api) async fn in_language(language: Asked, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match response.extensions().get::<Arc<ApiError>>() {
        Some(error) if language.0 != Language::En => {
            problem_response(error.status(), &error.to_json(language.0))
        }
        Some(_) | None => response,
    }
}

/// A problem on its way.
pub(in crate::api) fn problem_response(status: StatusCode, problem: &Value) -> Response {
    let mut response = (status, problem.to_string()).into_response();
    let content = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content);
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        // What was not read of the body is in the way of the next request on this connection.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Faults with their places, for people and for programs.
pub(in crate::api) fn of_faults(faults: &[Fault], language: Language) -> Value {
    let fault = |fault: &Fault| {
        let mut json = json!({
            "path": fault.path,
            "problem": problem(fault.problem),
            "expected": fault.expected.text(language),
            "found": fault.found,
        });
        if let Some(nearest) = &fault.nearest {
            json["nearest"] = nearest.as_str().into();
        }
        json["message"] = fault.text(language).into();
        json
    };
    faults.iter().map(fault).collect()
}

/// What stands in the way of sharing, all of it.
pub(in crate::api) fn refusal(refused: &Refused, language: Language) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("missing".to_owned(), refused.missing.clone().into());
    if let Some(day) = refused.embargo_until {
        json.insert("embargo_until".to_owned(), day.to_string().into());
    }
    if !refused.faults.is_empty() {
        json.insert("faults".to_owned(), of_faults(&refused.faults, language));
    }
    if !refused.found.is_empty() {
        json.insert("found".to_owned(), refused.found.iter().map(of_found).collect());
    }
    json
}

fn of_found(found: &Found) -> Value {
    json!({"field": found.field, "kind": found.data.code(), "at": found.at, "excerpt": found.excerpt})
}

fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::UnknownField => "unknown_field",
        Problem::UnknownCode => "unknown_code",
        Problem::Missing => "missing",
        Problem::Type => "type",
        Problem::Value => "value",
        Problem::TooLong => "too_long",
        Problem::Rule => "rule",
    }
}
