//! The demo's cases are cases: read by the same reader as any file, and fit to be shared as they stand.

use std::collections::BTreeSet;

use praksis_node::intake;
use praksis_protocol::{
    aggregate::{self, Entry},
    case::Case,
    date::Day,
    genesis::Kind,
    id::{DocumentId, ItemId},
    record::{Record, assign_ids},
    share::{self, Sharing},
    vocabulary::Provenance,
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
fn every_case_is_shared_unchanged_with_its_holders_contact() {
    let contact = DocumentId([7; 32]);
    let today = Day::new(2026, 11, 22).expect("a day");
    for mut case in cases() {
        let title = case.title.clone();
        case.contact = Some(contact);
        let draft = case.write();
        let sharing =
            Sharing { terms: share::Terms::on(today), reaches: &|record| record == contact, before: None };
        let prepared = share::prepare(Kind::Case, &draft, &sharing)
            .unwrap_or_else(|refused| panic!("{title:?}: {refused}"));
        assert_eq!((prepared.held_back, prepared.left_out), (vec![], vec![]), "{title:?}");
        let lost: Vec<_> =
            draft.iter().filter(|(name, value)| prepared.record.get(*name) != Some(*value)).collect();
        assert_eq!(lost, [], "{title:?}");
    }
}

#[test]
fn the_files_are_written_as_export_writes_them() {
    for (file, bytes, _) in FILES {
        for value in values(file, bytes) {
            let fields: Vec<_> = value.as_object().expect("a case").keys().collect();
            let known: Vec<_> = Case::RECORD.iter().map(|field| field.name).collect();
            let order: Vec<_> =
                fields.iter().map(|name| known.iter().position(|known| known == name)).collect();
            assert!(order.is_sorted(), "{file}: {fields:?}");
        }
    }
}

#[test]
fn a_report_shows_them_as_demonstrations_and_adds_no_potential() {
    let cases = cases();
    let owner = "310000043".parse().expect("the number of KS (demo)");
    let entry = |(index, case)| Entry { record: DocumentId([index as u8; 32]), owner, case };
    let entries: Vec<_> = cases.iter().enumerate().map(entry).collect();
    let today = Day::new(2026, 11, 22).expect("a day");
    let report = aggregate::report(&entries, &[owner].into(), today);
    assert_eq!((report.real.cases.value, report.demonstrations.cases.value), (0, 22));
    let totals: Vec<_> = report
        .demonstrations
        .gains
        .value
        .totals
        .iter()
        .map(|total| {
            let metric = total.measure.metric.as_deref().unwrap_or_default();
            format!("{metric} {}..{}", total.low, total.high)
        })
        .collect();
    assert_eq!(
        totals,
        [
            "nok_avoided 10000000..12000000",
            "purchase_cost_vs_estimate 38750000..38750000",
            "diesel_equivalent 1000000..1000000",
        ]
    );
}
