//! Who reads what is shared: the network, or organisations by their numbers.

use std::collections::{BTreeMap, BTreeSet};

use praksis_protocol::{
    engine::{Audience, Command, Reply},
    genesis::Scope,
    id::{DocumentId, OrgId},
    membership::roster::Roster,
    org_number::OrgNumber,
};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Api, ApiError, directory::Names, record};

/// Most organisations in one request.
const ORGS_MAX: usize = 1000;

/// Who may do what, as the node has it now.
pub(super) async fn roster(api: &Api) -> Result<Arc<Roster>, ApiError> {
    let Reply::Roster(roster) = api.handle.call(Command::Roster).await? else {
        return Err(record::unexpected());
    };
    Ok(roster)
}

/// Whom a request means: without numbers the network.
pub(super) async fn asked_for(api: &Api, to: Option<&[String]>) -> Result<Audience, ApiError> {
    match to {
        Some(numbers) => members(api, "to", numbers).await.map(Audience::Organisations),
        None => Ok(Audience::Network),
    }
}

/// The members of these numbers; `name` is where they were given.
pub(super) async fn members(api: &Api, name: &str, numbers: &[String]) -> Result<BTreeSet<OrgId>, ApiError> {
    if numbers.is_empty() || numbers.len() > ORGS_MAX {
        return Err(ApiError::Misuse(format!("{name}: expected 1 to {ORGS_MAX} organisation numbers")));
    }
    let roster = roster(api).await?;
    numbers.iter().map(|number| member(&roster, number)).collect()
}

/// The member of this number, or whoever it was merged into.
pub(super) fn member(roster: &Roster, number: &str) -> Result<OrgId, ApiError> {
    let number: OrgNumber =
        number.parse().map_err(|error| ApiError::Misuse(format!("org {number:.20}: {error}")))?;
    let number = number.to_string();
    let member = roster.member_by_number(&number).ok_or(ApiError::NoSuchMember(number))?;
    Ok(member.membership.org)
}

/// Who reads a scope: `organisation`, `network`, or `named` with its members.
pub(super) fn of_scope(roster: &Roster, names: &Names, scope: Scope) -> Value {
    match scope {
        Scope::Organisation(_) => json!({"audience": "organisation"}),
        Scope::Network | Scope::Roster => json!({"audience": "network"}),
        Scope::Named(audience) => {
            let members = roster.audience(audience).map(|held| &held.members);
            let members = members.into_iter().flatten().map(|org| names.owner(*org));
            json!({"audience": "named", "members": members.collect::<Value>()})
        }
    }
}

/// Where a record is shared, and with whom: `[{"shared", "audience", "members"}]`.
pub(super) async fn of_shares(
    api: &Api,
    names: &Names,
    shares: &BTreeMap<Scope, DocumentId>,
) -> Result<Value, ApiError> {
    if shares.is_empty() {
        return Ok(json!([]));
    }
    let roster = roster(api).await?;
    let share = |(scope, document): (&Scope, &DocumentId)| {
        let mut json = json!({"shared": document});
        let of_scope = of_scope(&roster, names, *scope);
        json.as_object_mut()
            .expect("made an object")
            .extend(of_scope.as_object().cloned().unwrap_or_default());
        json
    };
    Ok(shares.iter().map(share).collect())
}
