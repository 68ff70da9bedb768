//! The demo's cases are cases: read by the same reader as any file, and fit to be shared as they stand.

use std::collections::BTreeSet;

use praksis_node::intake;
use praksis_protocol::{
    case::Case,
    id::ItemId,
    record::{Record, assign_ids},
    vocabulary::{Outcome, Phase, Provenance},
};
use serde_json::Value;

const FILES: [(&str, &[u8], usize); 4] = [
    ("trondheim.json", include_bytes!("../../cli/demo/trondheim.json"), 2),
    ("bergen.json", include_bytes!("../../cli/demo/bergen.json"), 3),
    ("baerum.json", include_bytes!("../../cli/demo/baerum.json"), 2),
    ("ks.json", include_bytes!("../../cli/demo/ks.json"), 15),
];

fn values(file: &str, bytes: &[u8]) -> Vec<Value> {
    let intake = intake::read(file, bytes);
    assert_eq!(intake.refused, []);
    intake.records.into_iter().map(|record| record.value).collect()
}

fn cases() -> Vec<Case> {
    let mut next = 0u128;
    let mut id = || {
        next += 1;
        ItemId(next.to_be_bytes())
    };
    let mut parse = |mut value: Value| {
        assign_ids(&mut value, Case::RECORD, &mut id);
        Case::parse(&value).unwrap_or_else(|invalid| panic!("{}: {invalid}", value["title"]["nb"]))
    };
    FILES.iter().flat_map(|(file, bytes, _)| values(file, bytes)).map(&mut parse).collect()
}

#[test]
fn each_file_holds_what_its_organisation_keeps() {
    for (file, bytes, count) in FILES {
        assert_eq!(values(file, bytes).len(), count, "{file}");
    }
}

#[test]
fn every_case_is_a_demonstration_told_on_behalf_with_its_sources() {
    let cases = cases();
    assert_eq!(cases.len(), 22);
    for case in &cases {
        assert_eq!((case.demonstration, &case.provenance), (Some(true), &Some(Provenance::OnBehalf)));
        assert!(!case.sources.is_empty() && case.sources.iter().all(|source| source.url.is_some()));
        assert!(
            case.confidence
                .as_ref()
                .is_some_and(|confidence| { confidence.note.contains("vår egen klassifisering") })
        );
    }
    let titles: BTreeSet<_> =
        cases.iter().flat_map(|case| case.title.iter().map(|(_, title)| title)).collect();
    assert_eq!(titles.len(), 44, "bokmål and English, each of its own");
}

#[test]
fn no_case_names_a_number_or_a_contact() {
    for case in cases() {
        assert!(case.buyers.iter().all(|buyer| buyer.org.is_none() && buyer.name.is_some()));
        assert!(case.suppliers.iter().all(|supplier| supplier.org.is_none() && supplier.name.is_some()));
        assert_eq!(case.contact, None, "the holder's default contact answers");
    }
}

#[test]
fn every_case_has_what_sharing_asks_for() {
    for case in cases() {
        let title = &case.title;
        assert!(!title.is_empty() && !case.need.is_empty() && !case.sector.is_empty(), "{title:?}");
        assert!(case.phase.is_some() && case.cpv_main.is_some() && case.procedure.is_some(), "{title:?}");
        let ended = matches!(
            case.outcome,
            Some(Outcome::DevelopedNotBought | Outcome::Cancelled | Outcome::AbandonedNeed)
        );
        if ended || case.phase == Some(Phase::Evaluated) {
            assert!(!case.result.is_empty() && !case.lessons.is_empty(), "{title:?}");
            assert!(case.gains_status.is_some(), "{title:?}");
        }
    }
}
