//! What is refused, as problem details (RFC 9457): one enum for the whole interface.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use praksis_protocol::{
    engine::{CommandError, ended::Over},
    language::Language,
    personal::{Data, Found},
    record::{Fault, Invalid, Problem},
    share::Refused,
    store::StoreError,
};
use serde_json::{Map, Value, json};

use super::input::Asked;
use crate::{bundle::BundleError, handle::CallError};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// The request itself is not one that the interface knows.
    #[error("{0}")]
    Misuse(String),
    /// Not there, by address.
    #[error("there is nothing at {0}")]
    NoSuchRoute(String),
    /// There, but not so.
    #[error("{0} is not done there")]
    NoSuchMethod(String),
    /// The token is missing or wrong.
    #[error("the request does not show this node's token")]
    NoToken,
    /// The request names another host.
    #[error("the request is meant for another host")]
    OtherHost,
    /// The body is longer than may be.
    #[error("the body is larger than {} KiB", .limit >> 10)]
    TooLarge {
        /// The most, in bytes.
        limit: usize,
    },
    /// The body is not JSON in which no key stands twice.
    #[error("{0}")]
    NotJson(String),
    /// A change that does not say at which heads it was read.
    #[error("a change names the heads it was read at")]
    HeadsMissing,
    /// Nothing has this id, or nothing of this kind.
    #[error("{0}")]
    NotFound(String),
    /// Several records' ids begin so.
    #[error("several records begin with {beginning}")]
    Ambiguous {
        /// What was given.
        beginning: String,
        /// Their ids with their titles, at most ten.
        candidates: Vec<Value>,
    },
    /// The engine refused.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Nobody in the network has this number.
    #[error("{0} is no member of the network")]
    NoSuchMember(String),
    /// The reason of a withdrawal names somebody.
    #[error("the reason holds a telephone number, an e-mail address or a national identity number")]
    PersonalWhy,
    /// The key is not the one that speaks for the organisation now.
    #[error("the key is not the organisation's root")]
    OtherRoot,
    /// The root stands in the network's charter, and the new one does not.
    #[error("the root key vouches for members in the charter; {0}, its successor, does not yet")]
    Vouches(String),
    /// A file of the node's folder.
    #[error("{0}")]
    Folder(String),
    /// Others could not be reached in time.
    #[error("{0}")]
    Offline(String),
    /// The join was refused by the one who would admit.
    #[error("the join was refused: {0}")]
    JoinRefused(String),
    /// A request to be admitted was declined or refused.
    #[error("{0}")]
    NotAdmitted(String),
    /// Not an invitation, request or grant.
    #[error("{0}")]
    Ticket(String),
    /// A bundle that cannot be read on; what stood before that is in.
    #[error("{0}")]
    Bundle(BundleError),
    /// The node cannot now.
    #[error("{0}")]
    Busy(String),
    /// The search index failed.
    #[error("{0}")]
    Search(String),
}

/// The kinds of error that the interface lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is not one.
    Misuse,
    /// A value cannot be.
    Invalid,
    /// Fields must be filled in first.
    Missing,
    /// Nothing has this id.
    NotFound,
    /// Several things have it.
    AmbiguousId,
    /// Not for you, or not in this state.
    NotAllowed,
    /// Read at heads that are not in the document.
    Stale,
    /// Something of a person stands in the text.
    PersonalData,
    /// Not before a day.
    Embargoed,
    /// The node cannot now.
    Busy,
    /// There already.
    Exists,
    /// Others cannot be reached.
    Offline,
    /// The disk.
    Storage,
}

impl ErrorKind {
    /// Its name in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Misuse => "misuse",
            Self::Invalid => "invalid",
            Self::Missing => "missing",
            Self::NotFound => "not_found",
            Self::AmbiguousId => "ambiguous_id",
            Self::NotAllowed => "not_allowed",
            Self::Stale => "stale",
            Self::PersonalData => "personal_data",
            Self::Embargoed => "embargoed",
            Self::Busy => "busy",
            Self::Exists => "exists",
            Self::Offline => "offline",
            Self::Storage => "storage",
        }
    }
}

impl ApiError {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Misuse(_) | Self::NoSuchMethod(_) | Self::HeadsMissing => ErrorKind::Misuse,
            Self::NoSuchRoute(_) | Self::NotFound(_) | Self::NoSuchMember(_) => ErrorKind::NotFound,
            Self::NoToken
            | Self::OtherHost
            | Self::JoinRefused(_)
            | Self::NotAdmitted(_)
            | Self::OtherRoot
            | Self::Vouches(_) => ErrorKind::NotAllowed,
            Self::PersonalWhy => ErrorKind::PersonalData,
            Self::TooLarge { .. } | Self::NotJson(_) | Self::Ticket(_) | Self::Bundle(_) => {
                ErrorKind::Invalid
            }
            Self::Ambiguous { .. } => ErrorKind::AmbiguousId,
            Self::Command(error) => of_command(error),
            Self::Offline(_) => ErrorKind::Offline,
            Self::Busy(_) => ErrorKind::Busy,
            Self::Search(_) | Self::Folder(_) => ErrorKind::Storage,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::NoSuchMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadsMissing => StatusCode::PRECONDITION_REQUIRED,
            Self::TooLarge { .. } | Self::Command(CommandError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            // The node goes on trying.
            Self::Offline(_) => StatusCode::ACCEPTED,
            Self::Misuse(_)
            | Self::NoSuchRoute(_)
            | Self::NotJson(_)
            | Self::NotFound(_)
            | Self::Ambiguous { .. }
            | Self::NoSuchMember(_)
            | Self::PersonalWhy
            | Self::OtherRoot
            | Self::Vouches(_)
            | Self::Folder(_)
            | Self::Command(_)
            | Self::JoinRefused(_)
            | Self::NotAdmitted(_)
            | Self::Ticket(_)
            | Self::Bundle(_)
            | Self::Busy(_)
            | Self::Search(_) => match self.kind() {
                ErrorKind::Misuse => StatusCode::BAD_REQUEST,
                ErrorKind::Invalid | ErrorKind::Missing | ErrorKind::PersonalData => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                ErrorKind::NotFound => StatusCode::NOT_FOUND,
                ErrorKind::NotAllowed => StatusCode::FORBIDDEN,
                ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
                ErrorKind::AmbiguousId | ErrorKind::Embargoed | ErrorKind::Exists => StatusCode::CONFLICT,
                ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
                ErrorKind::Offline => StatusCode::GATEWAY_TIMEOUT,
                ErrorKind::Storage => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Misuse(_) | Self::NoSuchRoute(_) | Self::NoSuchMethod(_) => {
                "/api/v1/openapi.json describes every request"
            }
            Self::NoToken => {
                "send Authorization: Bearer with what stands in the file token of the node's folder"
            }
            Self::OtherHost => "speak to 127.0.0.1, localhost or [::1]",
            Self::TooLarge { .. } => "a record takes at most 512 KiB, a file 64 MiB: split it",
            Self::NotJson(_) => "send one JSON object, encoded as UTF-8",
            Self::HeadsMissing => "send If-Match with the ETag, the heads, of the record as you read it",
            Self::NotFound(_) => "list shows the ids of what is there",
            Self::Ambiguous { .. } => "give more characters of the id",
            Self::NoSuchMember(_) => "member list shows the members of the network",
            Self::PersonalWhy => "say it without naming anybody: everybody reads the reason",
            Self::OtherRoot => "use the key that org show names as the root",
            Self::Vouches(_) => {
                "put the new key into the charter first: praksis association amend --add-root KEY --remove-root OLD"
            }
            Self::Folder(_) => "is the folder whole, and yours alone?",
            Self::Command(error) => hint_of(error),
            Self::Offline(_) => "the node goes on trying; status shows where it stands",
            Self::JoinRefused(_) => "ask the association for a new invitation",
            Self::NotAdmitted(_) => "ask the association why; join --request ADDRESS asks again",
            Self::Ticket(_) => hint_of(&CommandError::BadTicket),
            Self::Bundle(BundleError::OtherNetwork) => "have it written by a node of this network",
            Self::Bundle(_) => "copy it again from where it was written; what stood before is in",
            Self::Busy(_) => "try again in a while",
            Self::Search(_) => "the index is made anew when the node starts again",
        }
    }

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
            | Self::Bundle(_)
            | Self::Busy(_)
            | Self::Search(_) => {}
        }
        Value::Object(problem)
    }
}

fn of_command(error: &CommandError) -> ErrorKind {
    match error {
        CommandError::NotFound | CommandError::NoSuchApplicant(_) => ErrorKind::NotFound,
        CommandError::UnknownHeads => ErrorKind::Stale,
        CommandError::NotShareable(refused) => of_refusal(refused),
        CommandError::Invalid(_)
        | CommandError::Unwritable(_)
        | CommandError::NothingToSettle
        | CommandError::TooLarge
        | CommandError::BadTicket
        | CommandError::NoSuchMember(_)
        | CommandError::NoSuchNumber(_)
        | CommandError::NoSuchDevice(_)
        | CommandError::NobodyNamed
        | CommandError::NobodyToAsk
        | CommandError::TooManyAudiences
        | CommandError::NoStatements => ErrorKind::Invalid,
        CommandError::NotOwner
        | CommandError::HasLeft
        | CommandError::NotJoint
        | CommandError::OwnerFirst
        | CommandError::Withdrawn
        | CommandError::NoNetwork
        | CommandError::Ended(_)
        | CommandError::NoRoot
        | CommandError::NotForUs
        | CommandError::Expired
        | CommandError::NotGranted => ErrorKind::NotAllowed,
        CommandError::InNetwork | CommandError::Taken => ErrorKind::Exists,
        CommandError::Store(_) => ErrorKind::Storage,
    }
}

/// What a refusal to share is called: what is missing comes before what stands there and should not, and
/// both before what is only a matter of time.
pub(super) fn of_refusal(refused: &Refused) -> ErrorKind {
    if refused.never {
        ErrorKind::NotAllowed
    } else if !refused.faults.is_empty() {
        ErrorKind::Invalid
    } else if !refused.missing.is_empty() {
        ErrorKind::Missing
    } else if !refused.found.is_empty() {
        ErrorKind::PersonalData
    } else {
        ErrorKind::Embargoed
    }
}

fn hint_of(error: &CommandError) -> &'static str {
    match error {
        CommandError::NotFound => "list shows the ids of what is there",
        CommandError::NotOwner => "only its owner changes a record; others answer with a response",
        CommandError::HasLeft => {
            "what was written stands; to write again, ask its owner to add this organisation again"
        }
        CommandError::NotJoint => "begin a joint one with the same content: case new --with ORG",
        CommandError::OwnerFirst => "ask its owner to share it first; then every co-owner can share it again",
        CommandError::Withdrawn => {
            "it is hidden here and everywhere it is heard; a new record takes its place"
        }
        CommandError::NoSuchMember(_) | CommandError::NoSuchNumber(_) => {
            "member list shows the members of the network"
        }
        CommandError::NoSuchApplicant(_) => "member requests shows who waits",
        CommandError::NobodyToAsk => {
            "name the address of an association's node, which member requests shows there"
        }
        CommandError::NoSuchDevice(_) => "org device list shows the devices",
        CommandError::NobodyNamed => "name the organisations to share with, or share with the network",
        CommandError::TooManyAudiences => {
            "share with members who have an audience already, or with the network"
        }
        CommandError::NoStatements => "take the file as it was written, whole",
        CommandError::UnknownHeads => "read the record again, and make the change on what stands there now",
        CommandError::Invalid(_) => "each fault names its field and what is expected there",
        CommandError::NotShareable(refused) if refused.never => "it stays in the organisation",
        CommandError::NotShareable(refused) if of_refusal(refused) == ErrorKind::Embargoed => {
            "share it on that day, or change embargo_until"
        }
        CommandError::NotShareable(refused) if of_refusal(refused) == ErrorKind::PersonalData => {
            if refused.found.iter().any(|found| found.data == Data::NationalId) {
                "take the national identity numbers out of the text; they are never shared"
            } else {
                "take them out of the text, or share with allow_found what is meant to be there"
            }
        }
        CommandError::NotShareable(_) => "fill in the fields that are missing, and share again",
        CommandError::Unwritable(_) => "a node of a newer version can change it",
        CommandError::NothingToSettle => {
            "show lists the conflicts with their fields and values, counted from 1"
        }
        CommandError::TooLarge => "a record takes at most 512 KiB: shorten its texts",
        CommandError::NoNetwork => "join a network first: praksis join INVITATION",
        CommandError::Ended(Over::Device) => {
            "whoever keeps the root key can let it in again: praksis org device add REQUEST"
        }
        CommandError::Ended(Over::Membership) => "ask the association; to come back: praksis join --request",
        CommandError::InNetwork => "a folder belongs to one network; another needs a folder of its own",
        CommandError::NoRoot => "do it on the node that holds the organisation's root key",
        CommandError::NotForUs => "ask for one made for this organisation and device",
        CommandError::Taken => "member list shows who has it",
        CommandError::Expired => "ask for a new one",
        CommandError::BadTicket => "copy it whole, from the first character to the last",
        CommandError::NotGranted => "have it granted where the root key is: praksis org device add REQUEST",
        CommandError::Store(_) => {
            "look at the node's log and the disk; nothing that was acknowledged is lost"
        }
    }
}

/// Faults with their places, for people and for programs.
pub(super) fn of_faults(faults: &[Fault], language: Language) -> Value {
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
pub(super) fn refusal(refused: &Refused, language: Language) -> Map<String, Value> {
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

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(error) => Self::Command(error),
            CallError::Stopped => Self::Busy(error.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Command(CommandError::Store(error))
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::Command(invalid.into())
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
pub(super) async fn in_language(language: Asked, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match response.extensions().get::<Arc<ApiError>>() {
        Some(error) if language.0 != Language::En => {
            problem_response(error.status(), &error.to_json(language.0))
        }
        Some(_) | None => response,
    }
}

/// A problem on its way.
pub(super) fn problem_response(status: StatusCode, problem: &Value) -> Response {
    let mut response = (status, problem.to_string()).into_response();
    let content = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content);
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        // What was not read of the body is in the way of the next request on this connection.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// For addresses that nothing answers at.
pub(super) async fn no_such_route(uri: axum::http::Uri) -> ApiError {
    ApiError::NoSuchRoute(uri.path().to_owned())
}

/// For methods that an address does not know.
pub(super) async fn no_such_method(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    ApiError::NoSuchMethod(format!("{method} {}", uri.path()))
}
