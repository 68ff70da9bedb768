//! What in another's case is of use to somebody in a phase: lessons, and the fields that tell how it was done there.

use praksis_protocol::{genesis::Kind, vocabulary::Phase};
use serde_json::Value;

use super::{Api, ApiError, record};

/// Fields of a case that somebody in this phase reads first. Our own reading of how a procurement goes.
fn fields(phase: &Phase) -> &'static [&'static str] {
    match phase {
        Phase::Need => &["users_affected", "current_situation", "anchoring", "joining"],
        Phase::Organise => &["anchoring", "process_cost", "funding"],
        Phase::Dialogue => &["market_dialogue", "supplier_view"],
        Phase::Prepare => {
            &["requirements_approach", "procedure_why", "award_criteria", "templates_used", "reusable"]
        }
        Phase::Competition => &["award_criteria", "tenders_received", "supplier_view"],
        Phase::Develop => &["supplier_view", "ipr_model", "what_we_would_do_differently"],
        Phase::Contract => &["contract_model", "ipr_model", "contract_value"],
        Phase::Realise => &["gains", "result", "what_we_would_do_differently"],
        Phase::Evaluated => &["gains", "gains_status", "result"],
        Phase::Unknown | Phase::Other(_) => &[],
    }
}

/// Tells with each hit which of its fields are of use in the phase (`useful`), and puts those near ones first that have
/// such fields or lessons for it; among these, and after them, the order stays.
pub(super) async fn first(api: &Api, phase: &Phase, hits: &mut [Value]) -> Result<(), ApiError> {
    for hit in hits.iter_mut() {
        let id = hit["id"].as_str().unwrap_or_default().to_owned();
        let found = record::find(api, &id).await?.into_iter().find(|record| record.kind == Some(Kind::Case));
        let Some(found) = found else { continue };
        let Some(view) = record::present_view(api, &found)? else { continue };
        let filled = fields(phase).iter().filter(|field| !view.record[**field].is_null());
        hit["useful"] = filled.copied().collect();
    }
    let has = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    hits.sort_by_key(|hit| {
        let of_use = has(&hit["useful"]) || has(&hit["lessons"]);
        (hit["far"] == true, hit["far"] == false && !of_use)
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use praksis_protocol::{case::Case, code::Code as _, record::Record as _};

    use super::*;

    #[test]
    fn every_phase_reads_fields_of_a_case() {
        for phase in Phase::LIST.codes.iter().map(|code| Phase::from_code(code)) {
            assert_eq!(fields(&phase).is_empty(), phase == Phase::Unknown);
            for name in fields(&phase) {
                assert!(Case::RECORD.iter().any(|field| field.name == *name), "{name}");
            }
        }
    }
}
