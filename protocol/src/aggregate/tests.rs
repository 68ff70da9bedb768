use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    code::Code,
    id::ItemId,
    record::{Dice, Record, assign_ids},
    vocabulary::{BuyerRole, Provenance},
};

const BERGEN: &str = "310000027";
const BAERUM: &str = "310000035";
const KS: &str = "310000043";

fn number(text: &str) -> OrgNumber {
    text.parse().expect("a made-up number with its check digit")
}

fn day() -> Day {
    Day::new(2026, 11, 22).expect("a day")
}

fn case(mut value: Value) -> Case {
    let mut next = 0u128;
    assign_ids(&mut value, Case::RECORD, &mut || {
        next += 1;
        ItemId(next.to_be_bytes())
    });
    Case::parse(&value).expect("a case of this test")
}

/// A report on cases with their owners, each under a record id of its own.
fn told(cases: &[(&str, Case)], members: &[&str]) -> Report {
    let entries: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(index, (owner, case))| Entry {
            record: DocumentId([index as u8; 32]),
            owner: number(owner),
            case,
        })
        .collect();
    report(&entries, &members.iter().map(|member| number(member)).collect(), day())
}

fn gain(metric: &str, unit: &str, low: &str, high: &str, basis: &str, scope: &str) -> Value {
    json!({ "category": "economic", "metric": metric, "unit": unit, "value_low": low, "value_high": high,
        "basis": basis, "scope": scope })
}

#[test]
fn cases_are_counted_by_what_they_say() {
    let one = case(json!({ "phase": "realise", "sector": ["admin", "education"], "procedure": "unknown" }));
    let two = case(json!({ "phase": "realise", "innovation_kind": "undecided" }));
    let report = told(&[(BERGEN, one), (BERGEN, two)], &[BERGEN, BAERUM, KS]);
    assert_eq!(report.as_of, "2026-11-22");
    let real = serde_json::to_value(&report.real).expect("plain data");
    assert_eq!(real["cases"]["value"], 2);
    assert_eq!(real["phase"]["value"], json!({ "by": { "realise": 2 }, "not_stated": 0 }));
    assert_eq!(real["sector"]["value"], json!({ "by": { "admin": 1, "education": 1 }, "not_stated": 1 }));
    assert_eq!(real["procedure"]["value"], json!({ "by": { "unknown": 1 }, "not_stated": 1 }));
    assert_eq!(
        real["kind"],
        json!({ "definition": "report-kind", "coverage": { "reporting": 1, "members": 3 },
            "as_of": "2026-11-22", "value": { "by": { "undecided": 1 }, "not_stated": 1 } })
    );
}

#[test]
fn coverage_counts_the_members_a_figure_rests_on() {
    let silent = case(json!({}));
    let gains = case(json!({ "gains": [{ "basis": "potential" }] }));
    let cases = [(BERGEN, silent.clone()), (BERGEN, gains.clone()), (BAERUM, silent), (KS, gains)];
    let real = told(&cases, &[BERGEN, BAERUM]).real;
    assert_eq!(real.cases.value, 4, "a case kept by someone who is no member counts");
    assert_eq!(real.cases.coverage, Coverage { reporting: 2, members: 2 });
    assert_eq!(real.gains.coverage, Coverage { reporting: 1, members: 2 });
    assert_eq!(real.phase.coverage, Coverage { reporting: 0, members: 2 });
}

#[test]
fn only_like_gains_that_were_seen_are_added() {
    let first = case(json!({ "gains": [
        gain("nok_saved", "nok", "0.1", "10000000", "measured", "own_org"),
        gain("nok_saved", "nok", "90000000", "90000000", "potential", "national_potential"),
        gain("nok_saved", "nok", "2250000", "8500000", "estimated", "own_org"),
        gain("supplier_jobs", "persons", "200", "200", "reported", "supplier"),
        gain("cost", "percent", "40", "40", "measured", "own_org"),
        { "basis": "measured", "scope": "own_org", "value_low": "7", "value_high": "7" },
    ] }));
    let second = case(json!({ "gains": [
        gain("nok_saved", "nok", "0.2", "12000000.5", "reported", "participants"),
        gain("nok_saved", "nok", "-1", "1", "potential", "national_potential"),
        gain("nok_saved", "hours", "5", "5", "measured", "own_org"),
        gain("cost", "percent", "30", "35", "measured", "own_org"),
        { "category": "economic", "metric": "nok_saved", "basis": "potential", "scope": "national_potential" },
    ] }));
    let gains = told(&[(BERGEN, first), (KS, second)], &[]).real.gains.value;
    let totals = serde_json::to_value(&gains.totals).expect("plain data");
    assert_eq!(
        totals,
        json!([
            { "category": "economic", "metric": "nok_saved", "unit": "hours", "low": "5", "high": "5", "gains": 1 },
            { "category": "economic", "metric": "nok_saved", "unit": "nok", "low": "0.3", "high": "22000000.5", "gains": 2 },
        ])
    );
    let apart: Vec<_> = gains
        .apart
        .iter()
        .map(|apart| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let span = |sum: Option<Sum>| sum.map(|sum| sum.to_string()).unwrap_or_default();
            format!(
                "{} {} {} {}..{} {} {}",
                text(&apart.measure.metric),
                text(&apart.measure.unit),
                text(&apart.basis),
                span(apart.lowest),
                span(apart.highest),
                apart.gains,
                apart.in_words
            )
        })
        .collect();
    assert_eq!(
        apart,
        [
            "  measured 7..7 1 0",
            "cost percent measured 30..40 2 0",
            "nok_saved  potential .. 1 1",
            "nok_saved nok estimated 2250000..8500000 1 0",
            "nok_saved nok potential -1..90000000 2 0",
            "supplier_jobs persons reported 200..200 1 0",
        ]
    );
}

#[test]
fn one_procurement_told_by_several_counts_once_and_the_leads_word_stands() {
    let told_by = |phase: &str, lead: &str, ids: Value| {
        case(json!({ "phase": phase, "provenance": "on_behalf", "external_ids": ids,
            "buyers": [{ "org": lead, "name": "x", "role": "lead" }] }))
    };
    let doffin = json!({ "scheme": "doffin", "value": "2026-1" });
    let ted = json!({ "scheme": "ted", "value": "7" });
    let cases = [
        (KS, told_by("need", BERGEN, json!([doffin]))),
        (BERGEN, told_by("realise", BERGEN, json!([doffin, ted]))),
        (BAERUM, told_by("dialogue", BERGEN, json!([ted]))),
        (BAERUM, told_by("prepare", BAERUM, json!([{ "scheme": "doffin", "value": "7" }]))),
    ];
    let real = told(&cases, &[]).real;
    assert_eq!(real.cases.value, 2, "the same number in another register is another procurement");
    assert_eq!(Vec::from_iter(real.phase.value.by.keys()), ["prepare", "realise"]);
}

#[test]
fn a_demonstration_hides_nothing_real() {
    let ids = json!([{ "scheme": "doffin", "value": "2026-1" }]);
    let shown = case(json!({ "demonstration": true, "external_ids": ids, "gains": [
        gain("nok_saved", "nok", "5", "5", "measured", "own_org")] }));
    let real = case(json!({ "external_ids": ids }));
    let report = told(&[(KS, shown), (BERGEN, real)], &[KS, BERGEN]);
    assert_eq!((report.real.cases.value, report.demonstrations.cases.value), (1, 1));
    assert_eq!(report.real.gains.value, Gains::default());
    assert_eq!(report.demonstrations.gains.value.totals[0].low.to_string(), "5");
    assert_eq!(report.demonstrations.cases.coverage, Coverage { reporting: 1, members: 2 });
}

/// Drawn cases, some of one procurement, some led by who keeps them, some shown only.
fn drawn(seed: u64, count: usize) -> Vec<(DocumentId, OrgNumber, Case)> {
    let mut dice = Dice::new(seed);
    let owners = [BERGEN, BAERUM, KS];
    let one = |index| {
        let mut case = Case::draw(&mut dice);
        let owner = number(owners[dice.below(3)]);
        case.demonstration = [None, Some(false), Some(true)][dice.below(3)];
        if dice.below(2) == 0 {
            let ids = json!([{ "scheme": "doffin", "value": dice.below(4).to_string() }]);
            case.external_ids = self::case(json!({ "external_ids": ids })).external_ids;
        }
        if dice.below(3) == 0 {
            let lead = json!([{ "org": owner.to_string(), "name": "x", "role": BuyerRole::Lead.code() }]);
            case.buyers = self::case(json!({ "buyers": lead })).buyers;
            case.provenance = Some(Provenance::Own);
        }
        (DocumentId([index as u8; 32]), owner, case)
    };
    (0..count).map(one).collect()
}

fn reported(cases: &[(DocumentId, OrgNumber, Case)]) -> Report {
    let entries: Vec<_> =
        cases.iter().map(|(record, owner, case)| Entry { record: *record, owner: *owner, case }).collect();
    report(&entries, &BTreeSet::from([number(BERGEN), number(KS)]), day())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_gives_the_same_report(seed: u64, count in 0usize..12, turn in 0usize..12) {
        let mut cases = drawn(seed, count);
        let before = reported(&cases);
        cases.reverse();
        let middle = cases.len().min(turn);
        cases.rotate_left(middle);
        prop_assert_eq!(reported(&cases), before);
    }

    #[test]
    fn a_total_is_the_exact_sum_of_gains_of_its_unit(seed: u64, count in 0usize..8) {
        let mut cases = drawn(seed, count);
        for (.., case) in &mut cases {
            case.external_ids = Default::default();
        }
        let report = reported(&cases);
        for (block, shown) in [(&report.real, false), (&report.demonstrations, true)] {
            let of_block = || cases.iter().filter(|(.., case)| (case.demonstration == Some(true)) == shown);
            prop_assert_eq!(block.cases.value, of_block().count());
            for total in &block.gains.value.totals {
                let of_total = || of_block().flat_map(|(.., case)| &case.gains).filter(|gain| {
                    let written = |value: Option<&str>, code: &Option<String>| value == code.as_deref();
                    written(gain.category.as_ref().map(Code::code), &total.measure.category)
                        && written(gain.metric.as_ref().map(Code::code), &total.measure.metric)
                        && written(gain.unit.as_ref().map(Code::code), &total.measure.unit)
                        && written(gain.period.as_ref().map(Code::code), &total.measure.period)
                        && ["measured", "reported"].contains(&gain.basis.as_ref().map_or("", Code::code))
                        && ["own_org", "participants"].contains(&gain.scope.as_ref().map_or("", Code::code))
                        && gain.value_low.is_some()
                });
                prop_assert_eq!(of_total().count(), total.gains);
                let low: i128 = of_total().filter_map(|gain| gain.value_low).map(|low| low.millionths()).sum();
                let high: i128 = of_total().filter_map(|gain| gain.value_high).map(|high| high.millionths()).sum();
                prop_assert_eq!((total.low.millionths(), total.high.millionths()), (low, high));
            }
            // Nothing is lost: every gain is in a total or apart.
            let counted = block.gains.value.totals.iter().map(|total| total.gains).sum::<usize>()
                + block.gains.value.apart.iter().map(|apart| apart.gains).sum::<usize>();
            prop_assert_eq!(counted, of_block().map(|(.., case)| case.gains.len()).sum::<usize>());
        }
    }

    #[test]
    fn a_demonstration_changes_no_real_figure(seed: u64, count in 0usize..8) {
        let mut cases = drawn(seed, count);
        let with = reported(&cases);
        cases.retain(|(.., case)| case.demonstration != Some(true));
        prop_assert_eq!(reported(&cases).real, with.real);
    }
}
