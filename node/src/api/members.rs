//! The network's members, and how one becomes one.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use praksis_protocol::{
    engine::{Command, CommandError, Event, Reply, Saying},
    id::OrgId,
    membership::{joining::Refusal, statement::Role, ticket::Ticket},
    org_number::OrgNumber,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::ToSchema;

use super::{
    Api, ApiError, audience,
    input::{Form, Perhaps},
    org, record,
    root::{RootKey, key_id},
    withdraw::reason,
};

/// Days that an invitation can be used when nobody says.
const DAYS: u64 = 14;
const DAYS_MAX: u64 = 366;
const DAY_S: u64 = 24 * 60 * 60;
/// Seconds to wait for the network when nobody says.
pub(super) const WAIT: u64 = 30;
pub(super) const WAIT_MAX: u64 = 3600;

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    /// Organisation number.
    org: String,
    /// `member`, `association` or `partner`; `member` if absent.
    role: Option<String>,
    /// Days until it expires, 14 if absent.
    days: Option<u64>,
}

/// Whom to admit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admission {
    /// The organisation's request, which `join --request` made there.
    request: String,
    /// `member`, `association` or `partner`; `member` if absent.
    role: Option<String>,
}

/// An invitation, an admittance, or an office's grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    /// What `invite`, `member admit` or `org device add` printed.
    invitation: String,
    /// Seconds to wait for the network, 30 if absent.
    wait: Option<u64>,
}

/// The member organisations
///
/// `{"items": [{"org", "name", "role", "devices"}]}`; `devices` are slots.
#[utoipa::path(get, path = "/api/v1/members", operation_id = "members_list", tag = "network",
    responses((status = 200, description = "The members", body = Value)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let status = api.status().await?;
    let members = status.members.iter().map(|member| {
        let mut slots: Vec<u8> = member.devices.iter().map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        json!({"org": member.number, "name": member.name, "role": name(member.role), "devices": slots})
    });
    let mut items: Vec<Value> = members.collect();
    items.sort_by_key(|item| item["org"].as_str().unwrap_or_default().to_owned());
    Ok(Json(json!({"items": items})))
}

/// Signs an invitation
///
/// Answers with `{"invitation"}`: one word, to be given to that organisation alone.
#[utoipa::path(post, path = "/api/v1/invitations", operation_id = "invite", tag = "network",
    request_body = NewInvitation,
    responses((status = 201, description = "Signed", body = Value), (status = 403, description = "Not an association"),
        (status = 409, description = "A member already")))]
pub(super) async fn invite(
    State(api): State<Api>,
    Form(invitation): Form<NewInvitation>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let number: OrgNumber = invitation
        .org
        .parse()
        .map_err(|error| ApiError::Misuse(format!("org {:.20}: {error}", invitation.org)))?;
    let role = role(invitation.role.as_deref())?;
    let days = invitation.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::Misuse(format!("days {days}: expected 1 to {DAYS_MAX}")));
    }
    let command = Command::Invite(number.to_string(), role, days * DAY_S);
    let Reply::Ticket(invitation) = api.handle.call(command).await? else {
        return Err(record::unexpected());
    };
    Ok((StatusCode::CREATED, Json(json!({"invitation": invitation}))))
}

/// How a membership ends.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    /// Why: every member reads it. At most 500 characters, and nobody's name.
    why: Option<String>,
}

/// Who writes on for an organisation that was merged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Heir {
    /// Its organisation number.
    heir: String,
}

/// The key that speaks for an organisation which lost its root.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoot {
    /// Public half of the new key.
    key: String,
}

/// Ends a membership
///
/// What this node has of the organisation still counts; its devices are let in no longer. Answers with `{"statements"}`.
#[utoipa::path(post, path = "/api/v1/members/{org}/end", operation_id = "members_end", tag = "network",
    params(("org" = String, Path, description = "Organisation number")), request_body = Option<Ending>,
    responses((status = 200, description = "Ended", body = Value), (status = 403, description = "Not an association"),
        (status = 404, description = "No such member")))]
pub(super) async fn end(
    State(api): State<Api>,
    Path(org): Path<String>,
    root: RootKey,
    Perhaps(ending): Perhaps<Ending>,
) -> Result<Json<Value>, ApiError> {
    let org = audience::member(&*audience::roster(&api).await?, &org)?;
    root.says(&api, Saying::EndMembership { org, why: reason(ending.why)? }).await
}

/// Says that an organisation was merged into another
///
/// The heir writes on what the other kept, once as many association roots as decide together have said it and the
/// other's membership has ended. Answers with `{"statements"}`.
#[utoipa::path(post, path = "/api/v1/members/{org}/succeed", operation_id = "members_succeed", tag = "network",
    params(("org" = String, Path, description = "Organisation number of the one that is no more")), request_body = Heir,
    responses((status = 200, description = "Signed", body = Value), (status = 403, description = "Not an association"),
        (status = 404, description = "No such member")))]
pub(super) async fn succeed(
    State(api): State<Api>,
    Path(org): Path<String>,
    root: RootKey,
    Form(heir): Form<Heir>,
) -> Result<Json<Value>, ApiError> {
    let roster = audience::roster(&api).await?;
    let (predecessor, heir) = (audience::member(&roster, &org)?, audience::member(&roster, &heir.heir)?);
    if predecessor == heir {
        return Err(ApiError::Misuse("an organisation is not merged into itself".to_owned()));
    }
    root.says(&api, Saying::Merge { predecessor, heir }).await
}

/// Gives an organisation that lost its root a new one
///
/// Holds once as many association roots as decide together have said it. Answers with `{"statements"}`.
#[utoipa::path(post, path = "/api/v1/members/{org}/root", operation_id = "members_root", tag = "network",
    params(("org" = String, Path, description = "Organisation number")), request_body = NewRoot,
    responses((status = 200, description = "Signed", body = Value), (status = 403, description = "Not an association"),
        (status = 404, description = "No such member")))]
pub(super) async fn new_root(
    State(api): State<Api>,
    Path(org): Path<String>,
    root: RootKey,
    Form(new): Form<NewRoot>,
) -> Result<Json<Value>, ApiError> {
    let org = audience::member(&*audience::roster(&api).await?, &org)?;
    root.says(&api, Saying::SucceedRoot { org, new: key_id("key", &new.key)? }).await
}

/// Joins a network, or as a second office an organisation
///
/// Waits until the grant is stored: `{"network", "org", "name"}`. When that takes longer, 202 with a problem of the
/// kind `offline`: the node goes on trying.
#[utoipa::path(post, path = "/api/v1/join", operation_id = "join", tag = "network", request_body = Join,
    responses((status = 200, description = "Joined", body = Value), (status = 202, description = "Still trying"),
        (status = 403, description = "Refused"), (status = 409, description = "In a network already")))]
pub(super) async fn join(State(api): State<Api>, Form(join): Form<Join>) -> Result<Json<Value>, ApiError> {
    let ticket = Ticket::from_text(&join.invitation).map_err(|error| ApiError::Ticket(error.to_string()))?;
    let office = match &ticket {
        Ticket::Office(grant) => Some(grant.org),
        Ticket::Invitation(_)
        | Ticket::Request(_)
        | Ticket::Statements(_)
        | Ticket::Application(_)
        | Ticket::Admittance(_) => None,
    };
    let wait = Duration::from_secs(join.wait.unwrap_or(WAIT).min(WAIT_MAX));
    // Listen first: it may be over before the answer is here.
    let events = api.handle.events();
    api.handle.call(Command::Join(ticket)).await?;
    match tokio::time::timeout(wait, joined(&api, events, office)).await {
        Ok(result) => result?,
        Err(_) => {
            let why = "nobody who can admit this node has answered yet";
            return Err(ApiError::Offline(why.to_owned()));
        }
    }
    let status = api.status().await?;
    let mut json = Map::new();
    if let Some(network) = status.network {
        json.insert("network".to_owned(), network.to_string().into());
    }
    json.insert("org".to_owned(), status.number.clone().into());
    json.insert("name".to_owned(), status.name.clone().into());
    Ok(Json(Value::Object(json)))
}

/// Waits for the network; an office of an organisation without one is done when it belongs to that.
async fn joined(api: &Api, mut events: Receiver<Event>, office: Option<OrgId>) -> Result<(), ApiError> {
    loop {
        let status = api.status().await?;
        let in_organisation = status.slot.is_some() && office.is_some() && status.org == office;
        if status.network.is_some() || in_organisation {
            return Ok(());
        }
        if let Some(refusal) = next_word(&mut events).await? {
            return Err(ApiError::JoinRefused(refusal.to_string()));
        }
    }
}

/// Waits until something may have come of joining, or of asking to be admitted; a join's refusal, if that is what came.
pub(super) async fn next_word(events: &mut Receiver<Event>) -> Result<Option<Refusal>, ApiError> {
    loop {
        match events.recv().await {
            Ok(Event::Asking | Event::Joined(_) | Event::RosterChanged) | Err(RecvError::Lagged(_)) => {
                return Ok(None);
            }
            Ok(Event::JoinRefused(refusal)) => return Ok(Some(refusal)),
            Ok(
                Event::Ended(_)
                | Event::RecordChanged(_)
                | Event::RecordGone(..)
                | Event::LetGo(..)
                | Event::Level(..)
                | Event::Failed(_),
            ) => {}
            Err(RecvError::Closed) => return Err(ApiError::Busy("the node has stopped".to_owned())),
        }
    }
}

/// Asks to be admitted without an invitation
///
/// Answers with `{"request"}`: one word with this organisation's number, card, root key and device, signed by its root.
/// An association's node admits by it; nothing is sent.
#[utoipa::path(post, path = "/api/v1/join/request", operation_id = "join_request", tag = "network",
    responses((status = 200, description = "To be handed to an association", body = Value),
        (status = 403, description = "No root here"), (status = 409, description = "In a network already")))]
pub(super) async fn join_request(State(api): State<Api>, root: RootKey) -> Result<Json<Value>, ApiError> {
    let card = Value::Object(org::card(&api).await?).to_string();
    let Reply::Ticket(request) = api.handle.call(root.lent(Command::Apply(Some(card)))).await? else {
        return Err(record::unexpected());
    };
    Ok(Json(json!({"request": request})))
}

/// Admits an organisation that asks without an invitation
///
/// Whoever admits has made sure that the key in the request is that organisation's: anybody can write a number. Answers
/// with `{"org", "name", "admittance"}`; the last is one word, which its node joins with. The same request again gets
/// the same membership.
#[utoipa::path(post, path = "/api/v1/members", operation_id = "members_admit", tag = "network",
    request_body = Admission,
    responses((status = 201, description = "Admitted", body = Value), (status = 403, description = "Not an association"),
        (status = 409, description = "The number is another member's"), (status = 422, description = "Not a request")))]
pub(super) async fn admit(
    State(api): State<Api>,
    root: RootKey,
    Form(admission): Form<Admission>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let ticket =
        Ticket::from_text(&admission.request).map_err(|error| ApiError::Ticket(error.to_string()))?;
    let asks = match &ticket {
        Ticket::Application(application) => {
            application.asks_itself().map(|(_, number)| (number, &application.name))
        }
        Ticket::Invitation(_)
        | Ticket::Request(_)
        | Ticket::Office(_)
        | Ticket::Statements(_)
        | Ticket::Admittance(_) => None,
    };
    let (number, name) = asks.ok_or(CommandError::BadTicket)?;
    let mut answer = json!({"org": number, "name": name});
    let command = Command::Admit(ticket.clone(), role(admission.role.as_deref())?);
    let Reply::Ticket(admittance) = api.handle.call(root.lent(command)).await? else {
        return Err(record::unexpected());
    };
    answer["admittance"] = admittance.into();
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A role by its code; a member's if none is given.
fn role(code: Option<&str>) -> Result<Role, ApiError> {
    let Some(code) = code else { return Ok(Role::Member) };
    let expected = || ROLES.map(name).join(", ");
    let role = ROLES.into_iter().find(|role| name(*role) == code);
    role.ok_or_else(|| ApiError::Misuse(format!("role {code:.20}: expected {}", expected())))
}

const ROLES: [Role; 3] = [Role::Member, Role::Association, Role::Partner];

fn name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Association => "association",
        Role::Partner => "partner",
    }
}
