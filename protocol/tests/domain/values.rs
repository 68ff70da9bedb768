//! Numbers, dates and codes of the outside world, parsed and never half valid.

use std::cmp::Ordering;

use praksis_protocol::{
    cpv::{Cpv, CpvError},
    date::{Day, PartialDate},
    decimal::{Amount, Decimal},
    genesis::Kind,
    language::Language,
    org_number::{OrgNumber, OrgNumberError},
};
use proptest::prelude::*;
use serde_json::json;

use crate::ids;

#[test]
fn an_organisation_number_has_a_check_digit() {
    // Those of the demonstration are made up; real ones begin with 8 or 9.
    for number in ["310000019", "310000027", "310000035", "310000043"] {
        assert_eq!(number.parse::<OrgNumber>().unwrap().to_string(), number);
    }
    assert_eq!("310 000 019".parse::<OrgNumber>().unwrap().to_string(), "310000019");
    assert_eq!("310000018".parse::<OrgNumber>(), Err(OrgNumberError::Check));
    for text in ["31000001", "3100000190", "31000001a", "", "३१००००१९०"] {
        assert_eq!(text.parse::<OrgNumber>(), Err(OrgNumberError::Digits), "{text}");
    }
}

#[test]
fn a_number_whose_check_digit_would_be_10_is_no_organisation() {
    // Of the numbers that share eight digits at most one is valid; of some, none.
    let valid = |eight: u32| (0..10).filter(|d| format!("{eight}{d}").parse::<OrgNumber>().is_ok()).count();
    let counts: Vec<_> = (31_000_000..31_000_011).map(valid).collect();
    assert_eq!(counts.iter().max(), Some(&1));
    assert!(counts.contains(&0));
}

#[test]
fn the_check_digit_of_a_cpv_code_is_dropped() {
    assert_eq!("33195000-3".parse::<Cpv>().unwrap().to_string(), "33195000");
    for text in ["33195", "331950000", "33195000-", "33195000-33", "3319500x", ""] {
        assert_eq!(text.parse::<Cpv>(), Err(CpvError::Digits), "{text}");
    }
    assert_eq!("99000000".parse::<Cpv>(), Err(CpvError::Division(99)));
}

#[test]
fn cpv_codes_are_alike_by_what_they_share_from_the_left() {
    let cpv = |text: &str| text.parse::<Cpv>().unwrap();
    assert_eq!(cpv("45331210").shared_digits(cpv("45331000")), 5);
    assert_eq!(cpv("45331210").shared_digits(cpv("45331210")), 8);
    assert_eq!(cpv("45331210").shared_digits(cpv("48000000")), 0);
    assert_eq!(cpv("45331210").wider(), Some(cpv("45331200")));
    assert_eq!(cpv("45331200").wider(), Some(cpv("45331000")));
    assert_eq!(cpv("45000000").wider(), None);
    assert_eq!(cpv("45331219").nearest_labels().get(Language::Nn), "Montering av ventilasjon");
    assert_eq!(cpv("45999999").nearest_labels().get(Language::Nb), "Bygge- og anleggsarbeid");
}

#[test]
fn dates_are_ordered_only_where_the_whole_interval_decides() {
    let date = |text: &str| text.parse::<PartialDate>().unwrap();
    assert_eq!(date("2016").compare(date("2017-02")), Some(Ordering::Less));
    assert_eq!(date("2016-03").compare(date("2016-02-29")), Some(Ordering::Greater));
    assert_eq!(date("2016").compare(date("2016-02")), None);
    assert_eq!(date("2016-02").compare(date("2016-02")), None);
    assert_eq!(date("2016-02-04").compare(date("2016-02-04")), Some(Ordering::Equal));
    assert_eq!(date("2016-02-04").days_until(date("2016-03-01")), (26, 26));
    assert_eq!(date("2016-02").days_until(date("2016-03")), (1, 59));
    assert_eq!(date("2016").days_until(date("2016")), (-365, 365));
}

#[test]
fn other_spellings_of_a_date_are_refused() {
    for text in [
        "2016-13",
        "2016-00",
        "2015-02-29",
        "2016-2",
        "16",
        "2016-02-4",
        "2016-02-04T00:00",
        "2016-",
        "-2016",
        "1899",
    ] {
        assert!(text.parse::<PartialDate>().is_err(), "{text}");
    }
    assert!("2016-02-29".parse::<Day>().is_ok());
    assert!("2016-02".parse::<Day>().is_err());
}

proptest! {
    #[test]
    fn days_are_counted_as_the_calendar_has_them(number in 0i64..80_000) {
        // Walk from 1 January 1970 by months, then by days.
        let start = Day::new(1970, 1, 1).unwrap();
        let months = number / 31;
        let day = start.months_later(months as u64);
        prop_assert!(day.number() <= number);
        prop_assert_eq!(start.number(), 0);
        prop_assert_eq!(day.to_string().parse::<Day>().unwrap(), day);
        let next = start.months_later(months as u64 + 1);
        prop_assert!((28..=31).contains(&(next.number() - day.number())));
    }

    #[test]
    fn a_decimal_is_exactly_what_was_written(whole in 0u64..1_000_000_000_000_000_000, part in 0u32..1_000_000, minus: bool) {
        let text = format!("{}{whole}.{part:06}", if minus { "-" } else { "" });
        let number: Decimal = text.parse().unwrap();
        prop_assert_eq!(number.millionths().unsigned_abs(), u128::from(whole) * 1_000_000 + u128::from(part));
        prop_assert_eq!(number.to_string().parse::<Decimal>().unwrap(), number);
    }

    #[test]
    fn sums_are_exact(amounts in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 0..50)) {
        let sum = amounts.iter().try_fold(Decimal::ZERO, |sum, cents| {
            let sign = if *cents < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
            sum.checked_add(text.parse().unwrap())
        });
        let expected: i64 = amounts.iter().sum();
        prop_assert_eq!(sum.unwrap().millionths(), i128::from(expected) * 10_000);
    }
}

#[test]
fn decimals_are_written_in_one_way() {
    for (text, written) in
        [("1250000", "1250000"), ("12.50", "12.5"), ("-0.000001", "-0.000001"), ("007", "7"), ("-0", "0")]
    {
        assert_eq!(text.parse::<Decimal>().unwrap().to_string(), written);
    }
    for text in ["", ".5", "5.", "1,5", "1e3", "+1", "1 000", "0.0000001", "1000000000000000000", "--1"] {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
    assert!(Amount::new("0.001".parse().unwrap()).is_none());
    assert!(Amount::new("-1".parse().unwrap()).is_none());
}

#[test]
fn money_is_a_decimal_string_and_never_a_float() {
    let money = |amount: serde_json::Value| {
        let record = json!({"contract_value": {"amount": amount, "currency": "NOK", "year": 2014}});
        Kind::Case.parse(&record, &mut ids()).map(|case| case["contract_value"]["amount"].clone())
    };
    assert_eq!(money(json!("1250000")).unwrap(), "1250000.00");
    assert_eq!(money(json!(1_250_000)).unwrap(), "1250000.00");
    assert_eq!(money(json!(9_007_199_254_740_993u64)).unwrap(), "9007199254740993.00");
    assert_eq!(money(json!("0.1")).unwrap(), "0.10");
    assert!(money(json!(0.1)).is_err());
    assert!(money(json!("0.001")).is_err());
}
