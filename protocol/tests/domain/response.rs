//! Spread counts only what is in use.

use praksis_protocol::{date::Day, record::Record, response::Response, vocabulary::ReuseKind};
use serde_json::{Value, json};

use crate::id;

fn response(steps: Value) -> Response {
    Response::parse(&json!({"reuse": steps})).unwrap()
}

#[test]
fn used_by_is_the_latest_step_that_is_implemented() {
    let steps = json!([
        {"id": id(1), "kind": "adapted", "date": "2025", "implemented": "2026-02"},
        {"id": id(2), "kind": "copied", "date": "2024", "implemented": "2024-05"},
        {"id": id(3), "kind": "joined_contract", "date": "2026-09"},
        {"id": id(4), "kind": "inspired", "date": "2026-10", "implemented": "2026-10"},
    ]);
    assert_eq!(response(steps).used_by().and_then(|step| step.kind.clone()), Some(ReuseKind::Adapted));
}

#[test]
fn looking_at_it_or_rejecting_it_is_not_use() {
    for kind in ["considered", "contacted", "inspired", "rejected"] {
        let steps = json!([{"id": id(1), "kind": kind, "implemented": "2026"}]);
        assert!(response(steps).used_by().is_none(), "{kind}");
    }
    assert!(response(json!([{"id": id(1), "kind": "copied"}])).used_by().is_none());
}

#[test]
fn totals_add_only_what_is_known_and_ours() {
    let counts = |basis: &str, scope: &str, high: Option<&str>| {
        let gain =
            json!({"id": id(1), "basis": basis, "scope": scope, "value_low": high, "value_high": high});
        response(json!([{"id": id(1), "gains": [gain]}])).reuse[0].gains[0].counts()
    };
    assert!(counts("measured", "own_org", Some("1")) && counts("reported", "participants", Some("1")));
    assert!(!counts("estimated", "own_org", Some("1")) && !counts("potential", "participants", Some("1")));
    assert!(
        !counts("measured", "national_potential", Some("1")) && !counts("measured", "supplier", Some("1"))
    );
    assert!(!counts("measured", "own_org", None), "a gain told in words adds nothing");
}

#[test]
fn follow_ups_are_due_6_12_and_24_months_after_first_use() {
    let steps = json!([{"id": id(1), "kind": "copied", "implemented": "2025-01-31"}]);
    let mut response = response(steps);
    let due = |response: &Response, day: &str| response.follow_ups_due(day.parse::<Day>().unwrap());
    assert_eq!(due(&response, "2025-07-30"), [0u64; 0]);
    assert_eq!(due(&response, "2025-07-31"), [6]);
    assert_eq!(due(&response, "2027-01-31"), [6, 12, 24]);
    let done = json!({"follow_ups": [{"id": id(2), "months": 6}]});
    response.follow_ups = Response::parse(&done).unwrap().follow_ups;
    assert_eq!(due(&response, "2026-02-01"), [12]);
}
