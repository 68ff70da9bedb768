//! What administrators say, as words and files: taken in from elsewhere, and signed by one root after the other.

use axum::{Json, extract::State};
use praksis_protocol::{
    engine::{Command, Reply, Saying},
    membership::ticket::Ticket,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Api, ApiError, input::Form, record, root::RootKey};

/// Statements as a command printed them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Statements {
    /// One word of base32.
    statements: String,
}

impl Statements {
    fn ticket(&self) -> Result<Ticket, ApiError> {
        Ticket::from_text(&self.statements).map_err(|error| ApiError::Ticket(error.to_string()))
    }
}

/// Takes in statements that came as a file
///
/// As if another node had brought them. Answers with `{"taken_in"}`: how many were new.
#[utoipa::path(post, path = "/api/v1/statements", operation_id = "take_in", tag = "network",
    request_body = Statements,
    responses((status = 200, description = "Taken in", body = Value), (status = 422, description = "No statements")))]
pub(super) async fn take_in(
    State(api): State<Api>,
    Form(statements): Form<Statements>,
) -> Result<Json<Value>, ApiError> {
    let Reply::TakenIn(count) = api.handle.call(Command::TakeIn(statements.ticket()?)).await? else {
        return Err(record::unexpected());
    };
    Ok(Json(json!({"taken_in": count})))
}

/// Signs what another root has said
///
/// For what holds when several say it. Answers with `{"statements"}`: theirs and ours, to be handed on.
#[utoipa::path(post, path = "/api/v1/statements/countersign", operation_id = "countersign", tag = "network",
    request_body = Statements,
    responses((status = 200, description = "Signed", body = Value), (status = 403, description = "No root here"),
        (status = 422, description = "Nothing in it that several say")))]
pub(super) async fn countersign(
    State(api): State<Api>,
    root: RootKey,
    Form(statements): Form<Statements>,
) -> Result<Json<Value>, ApiError> {
    let Ticket::Statements(known) = statements.ticket()? else {
        return Err(praksis_protocol::engine::CommandError::NoStatements.into());
    };
    root.says(&api, Saying::Countersign(known)).await
}
