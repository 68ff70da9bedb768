//! What is refused: one enum for the whole interface.

mod hint;
mod problem;

use axum::http::StatusCode;
use praksis_protocol::{engine::CommandError, record::Invalid, share::Refused, store::StoreError};
use serde_json::Value;

pub(super) use self::problem::{in_language, of_faults, problem_response, refusal};
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

/// For addresses that nothing answers at.
pub(super) async fn no_such_route(uri: axum::http::Uri) -> ApiError {
    ApiError::NoSuchRoute(uri.path().to_owned())
}

/// For methods that an address does not know.
pub(super) async fn no_such_method(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    ApiError::NoSuchMethod(format!("{method} {}", uri.path()))
}
