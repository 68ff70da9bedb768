//! What the network's cases say together.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use praksis_protocol::{
    aggregate::{self, Entry},
    case::Case,
    date::Day,
    genesis::Kind,
    org_number::OrgNumber,
    record::Record as _,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Api, ApiError, directory::PAGE, input::Params, record};

/// Which day, and what to count.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// The day that the report is for, today if absent. Past days cannot be counted yet.
    as_of: Option<String>,
    /// `true`: own drafts that were never shared are counted too.
    #[serde(default)]
    drafts: bool,
}

/// What the network's cases say together
///
/// Counts by phase, sector, procedure and kind, and gains; each figure with its definition, coverage and day.
/// Demonstrations stand in a block of their own.
#[utoipa::path(get, path = "/api/v1/report", operation_id = "report", tag = "report", params(ReportQuery),
    responses((status = 200, description = "The report", body = Value)))]
pub(super) async fn show(
    State(api): State<Api>,
    Params(query): Params<ReportQuery>,
) -> Result<Json<Value>, ApiError> {
    let today = api.handle.today();
    match query.as_of.as_deref().map(str::parse::<Day>) {
        None => {}
        Some(Ok(day)) if day == today => {}
        Some(Ok(day)) => {
            let why = format!("as_of {day}: only today, {today}, can be counted by this version");
            return Err(ApiError::Misuse(why));
        }
        Some(Err(error)) => return Err(ApiError::Misuse(format!("as_of: {error}"))),
    }
    let names = api.directory.names(&api).await?;
    let number = |text: &str| text.parse::<OrgNumber>().ok();
    let status = api.status().await?;
    let mut members: BTreeSet<OrgNumber> =
        status.members.iter().filter_map(|member| number(&member.number)).collect();
    if members.is_empty() {
        members.extend(number(&status.number));
    }
    let (mut cases, mut after) = (Vec::new(), None);
    loop {
        let (records, next) = record::page(&api, Some(Kind::Case), after, PAGE).await?;
        for reference in records {
            let document = reference.shared.or(reference.draft.filter(|_| query.drafts));
            let view = record::view(&api, document)?;
            if let (Some(view), Some(owner)) = (view, number(&names.org(reference.owner).0)) {
                cases.push((reference.record, owner, Case::read(&view.record)));
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let computed = tokio::task::spawn_blocking(move || {
        let entries: Vec<_> = cases
            .iter()
            .map(|(record, owner, case)| Entry { record: *record, owner: *owner, case })
            .collect();
        serde_json::to_value(aggregate::report(&entries, &members, today))
    });
    match computed.await {
        Ok(Ok(report)) => Ok(Json(report)),
        Ok(Err(_)) | Err(_) => Err(ApiError::Busy("the report could not be computed".to_owned())),
    }
}
