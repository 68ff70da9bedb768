//! What of a person is found in a text, and what is not taken for it. Every number here is made up: dates
//! of birth with a month above 80, as in the tax administration's test population, unless the row is about that.

use praksis_protocol::{
    genesis::Kind,
    personal::{Data, find, search},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::map;

fn found(text: &str) -> Vec<(Data, String)> {
    let there = |place: std::ops::Range<usize>| text.chars().skip(place.start).take(place.len()).collect();
    find(text).into_iter().map(|(data, place)| (data, there(place))).collect()
}

/// Each text holds exactly this, of this kind.
fn all_found(data: Data, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(found(text), [(data, (*expected).to_owned())], "{text}");
    }
}

fn none_found(rows: &[&str]) {
    for text in rows {
        assert_eq!(found(text), [], "{text}");
    }
}

/// A number with both check digits, if this date and these three digits have one.
fn number(date: &str, individual: u32) -> Option<String> {
    let mut digits: Vec<u32> =
        format!("{date}{individual:03}").chars().filter_map(|c| c.to_digit(10)).collect();
    for weights in [&[3, 7, 6, 1, 8, 9, 4, 5, 2][..], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]] {
        let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        digits.push(match sum % 11 {
            0 => 0,
            1 => return None,
            rest => 11 - rest,
        });
    }
    Some(digits.iter().map(ToString::to_string).collect())
}

/// The first number of a date that there is.
fn first(date: &str) -> String {
    (100..).find_map(|individual| number(date, individual)).expect("most have one")
}

#[test]
fn national_identity_numbers_are_found_as_people_write_them() {
    let id = first("018180");
    let (date, rest) = id.split_at(6);
    let (day, month, year) = (&date[..2], &date[2..4], &date[4..]);
    for spelled in [
        id.clone(),
        format!("{date} {rest}"),
        format!("{date}\u{a0}{rest}"),
        format!("{date}-{rest}"),
        format!("{date} – {rest}"),
        format!("{date} {} {}", &rest[..3], &rest[3..]),
        format!("{day} {month} {year} {rest}"),
        format!("{day}.{month}.{year}-{rest}"),
        format!("{day}.{month}.19{year}, {rest}"),
        format!("{day}{month}19{year} {rest}"),
    ] {
        all_found(
            Data::NationalId,
            &[
                (&spelled, &spelled),
                (&format!("Brukeren ({spelled}) ringte."), &spelled),
                (&format!("fnr:{spelled}"), &spelled),
                (&format!("Sak 2021/123, {spelled}"), &spelled),
                (&format!("12 {spelled} 7"), &spelled),
                (&format!("https://eksempel.no/{spelled}?q=1"), &spelled),
            ],
        );
    }
}

#[test]
fn every_kind_of_national_identity_number_is_found() {
    let kinds = ["010180", "410180", "014180", "016680", "018180", "418180", "298200", "318212"];
    for date in ["010180", "410180", "014180", "016680", "018180", "418180", "298200", "319912"] {
        let id = first(date);
        // The thirty-first of the month 99 (19 of the tax administration's) is no day.
        assert_eq!(found(&id).len(), usize::from(kinds.contains(&date)), "{date}");
    }
}

#[test]
fn what_has_no_date_or_no_check_digits_is_no_national_identity_number() {
    for date in ["328180", "008180", "018080", "019380", "728180", "308280", "298299", "001380"] {
        assert_eq!(found(&first(date)), [], "{date}");
    }
    let id = first("018180");
    for at in 0..11 {
        // Either check digit catches any one wrong digit.
        let wrong: String = id
            .chars()
            .enumerate()
            .map(|(index, c)| if index == at { char::from(b'0' + (c as u8 - b'0' + 1) % 10) } else { c })
            .collect();
        assert_eq!(found(&wrong), [], "{wrong}");
    }
    none_found(&[
        &format!("{id}0"),
        &format!("1{id}"),
        // A bank account and an amount with the same digits.
        &format!("{}.{}.{}", &id[..4], &id[4..6], &id[6..]),
        &format!("{} {} {} {}", &id[..2], &id[2..5], &id[5..8], &id[8..]),
        &format!("{}\n{}", &id[..6], &id[6..]),
    ]);
}

#[test]
fn telephone_numbers_are_found_as_people_write_them() {
    all_found(
        Data::Phone,
        &[
            ("Ring 22 33 44 55.", "22 33 44 55"),
            ("Kontakt Kari på 22 33 44 55 i dag", "22 33 44 55"),
            ("Kontakt Kari, 912 34 567", "912 34 567"),
            ("Kontakt Kari\u{a0}912\u{a0}34\u{a0}567", "912\u{a0}34\u{a0}567"),
            ("mobil 91234567", "91234567"),
            ("Spør Ola (91234567) om det", "91234567"),
            ("tlf.: 22334400", "22334400"),
            ("Telefon 2233 4455", "2233 4455"),
            ("Sentralbordtelefon 22 334 455", "22 334 455"),
            ("tlf 815 00 200", "815 00 200"),
            ("+4791234567", "+4791234567"),
            ("+47 912 34 567, så ringer vi", "+47 912 34 567"),
            ("(+47) 91 23 45 67", "+47) 91 23 45 67"),
            ("+47 22334400", "+47 22334400"),
            ("0047 91234567", "0047 91234567"),
            ("004791234567", "004791234567"),
            ("Ring +46 8 123 456 78", "+46 8 123 456 78"),
            ("+44 (0)20 7946 0958", "+44 (0)20 7946 0958"),
            ("+45 12345678", "+45 12345678"),
            ("+354 555 1234", "+354 555 1234"),
            ("+1-202-555-0147", "+1-202-555-0147"),
            ("I 2021 svarte 912 34 567", "912 34 567"),
        ],
    );
    assert_eq!(found("22 33 44 55 / 912 34 567").len(), 2);
    assert_eq!(found("22334455, 91234567").len(), 2);
}

#[test]
fn e_mail_addresses_are_found() {
    all_found(
        Data::Email,
        &[
            ("Skriv til kari.nordmann@eksempel.no.", "kari.nordmann@eksempel.no"),
            ("<ola@post.eksempel.kommune.no>", "ola@post.eksempel.kommune.no"),
            ("mailto:ola-n+sak@eksempel.no?subject=x", "ola-n+sak@eksempel.no"),
            ("Åse.Ødegård@blåbær.example, takk", "Åse.Ødegård@blåbær.example"),
            ("Slutt.. ola@eksempel.no", "ola@eksempel.no"),
        ],
    );
    assert_eq!(found("ola@eksempel.no;kari@eksempel.no").len(), 2);
    none_found(&["@kommunen", "ola@", "ola@kontoret", "4 stk @ 20 kr", "a@b.1", "@ola.nordmann.no", "x@.no"]);
}

#[test]
fn numbers_of_other_kinds_are_left_alone() {
    none_found(&[
        "Organisasjonsnummer 310 000 027",
        "org.nr. 310000027, NO 310 000 027 MVA",
        "33195110-3 og CPV 33195110",
        "CPV: 48000000, 33195110, 42512510-8",
        "Kode 45231000",
        "Kunngjort 20210504, frist 24.12.2021 kl. 12:00",
        "fra 2019-2020 til 2021 2022",
        "24122021",
        "2021/S 123-456789",
        "Doffin 2026-100001, TED 123456-2021",
        "Arkivsak 21/12345 og 2021/22334455",
        "kr 12 500 000, 45 231 000 kroner, 22 345 678",
        "22334455 kr",
        "NOK 22334455",
        "22334455,50",
        "kr. 22 33 44 55",
        "+12 500 000 kr",
        "22334455 kroner",
        "https://eksempel.no/sak/22334455",
        "www.eksempel.no/22334455?tlf=91234567",
        "ocds-213czf-22334455",
        "3d5f22334455",
        "22334455-1a2b",
        "v22334455",
        "NO082, NUTS NO0A2, gnr. 45 bnr. 234",
        "22 30 40 50 60 70",
        "poeng 22 30 40 50 60",
        "59.912730, 10.746090",
        "1234.56.78903",
        "0012345678",
        "112",
        "02820",
        "12 34 56 78",
        "01 23 45 67",
        "ISBN 978-82-1234567-8",
        "3+22334455x",
        "",
    ]);
}

#[test]
fn every_text_of_a_record_is_searched_and_each_place_is_told() {
    let id = first("018180");
    let record = json!({
        "title": {"nb": "Ring 22 33 44 55", "en": "Fine"},
        "need": format!("Bruker ☂ {id} ble glemt."),
        "keywords": ["a@eksempel.no"],
        "lessons": [{"what": "Greit"}, {"what": "x", "advice": format!("Spør {} {}", &id[..6], &id[6..])}],
        "market_dialogue": [{"summary": "ola@eksempel.no"}],
        "reusable": {"advice": "tlf 912 34 567"},
        "external_ids": [{"scheme": "archive", "value": "91234567"}, {"scheme": "archive", "value": id}],
        "dates": {"notice": "2021-05-04"},
        "sources": [{"title": "x", "url": "https://eksempel.no/91234567"}],
    });
    let masked = format!("{}*******{}", &id[..2], &id[9..]);
    let told = |allowed| -> Vec<(String, &str, usize, String)> {
        let found = search(Kind::Case, &map(record.clone()), allowed).into_iter();
        found.map(|found| (found.field, found.data.code(), found.at, found.excerpt)).collect()
    };
    let mut all = told(false);
    all.sort();
    let row = |field: &str, data, at, excerpt: &str| (field.to_owned(), data, at, excerpt.to_owned());
    let apart = format!("{}**** ***{}", &id[..2], &id[9..]);
    let ids = [
        row("external_ids[1].value", "national_id", 0, &masked),
        row("lessons[1].advice", "national_id", 5, &apart),
        row("need", "national_id", 9, &masked),
    ];
    let mut expected = vec![
        row("keywords[0]", "email", 0, "a@eksempel.no"),
        row("market_dialogue[0].summary", "email", 0, "ola@eksempel.no"),
        row("reusable.advice", "phone", 4, "912 34 567"),
        row("title.nb", "phone", 5, "22 33 44 55"),
    ];
    expected.extend(ids.clone());
    expected.sort();
    assert_eq!(all, expected);
    let mut strict = told(true);
    strict.sort();
    assert_eq!(strict, ids, "national identity numbers are never allowed");
}

#[test]
fn a_contact_may_be_written_to_and_called() {
    let contact =
        json!({"role": "Innkjøp, 22 33 44 55", "mailbox": "innkjop@eksempel.no", "phone": "22 33 44 55"});
    assert_eq!(search(Kind::Contact, &map(contact), false), []);
    let contact = json!({"role": "Innkjøp", "mailbox": format!("{}@eksempel.no", first("018180"))});
    let found = search(Kind::Contact, &map(contact), true);
    assert_eq!((found[0].field.as_str(), found[0].data), ("mailbox", Data::NationalId));
}

#[test]
fn what_is_found_is_never_printed_whole() {
    let id = first("018180");
    let text = format!("{id} {}@eksempel.no", "a".repeat(100));
    let found = search(Kind::Case, &map(json!({"need": text})), false);
    assert_eq!(found.len(), 2);
    assert!(found[1].excerpt.chars().count() == 41 && found[1].excerpt.ends_with('…'));
    assert!(!format!("{found:?}").contains("aaa") && !format!("{found:?}").contains(&id[2..9]));
    let many = search(Kind::Case, &map(json!({"need": "a@eksempel.no ".repeat(1000)})), false);
    assert_eq!(many.len(), 100);
}

/// Texts that do not touch a number between them: a digit would make it a longer one.
fn words() -> impl Strategy<Value = String> {
    "(\\PC|\n){0,40}".prop_map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned())
}

proptest! {
    #[test]
    fn a_number_is_found_in_any_text(
        before in words(),
        after in words(),
        day in 1..29u32, month in 1..13u32, year in 0..100u32, individual in 0..1000u32,
        more_days in prop::sample::select(vec![0, 40]),
        more_months in prop::sample::select(vec![0, 40, 65, 80]),
        gap in prop::sample::select(vec!["", " ", "-", "\u{a0}", " - "]),
    ) {
        let date = format!("{:02}{:02}{year:02}", day + more_days, month + more_months);
        let Some(id) = number(&date, individual) else { return Ok(()) };
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let spelled = format!("{}{gap}{}", &id[..6], &id[6..]);
        let text = format!("{before}{spelled}{after}");
        let start = before.chars().count();
        let place = start..start + spelled.chars().count();
        let found = find(&text);
        prop_assert!(found.contains(&(Data::NationalId, place)), "{text:?}: {found:?}");
    }

    #[test]
    fn any_text_is_searched_and_places_lie_in_it(text in "([0-9+ .@-]|\\PC){0,80}") {
        let length = text.chars().count();
        let mut end = 0;
        for (_, place) in find(&text) {
            prop_assert!(end <= place.start && place.start < place.end && place.end <= length);
            end = place.end;
        }
    }
}

#[test]
fn sharing_is_refused_until_it_is_taken_out_or_allowed() {
    use praksis_protocol::share::{Sharing, Terms, prepare};
    let mut draft = crate::case();
    draft.insert("need".to_owned(), json!("Ring 22 33 44 55."));
    draft.insert("journal".to_owned(), json!([{"id": crate::id(1), "text": "ola@eksempel.no"}]));
    let today = praksis_protocol::date::Day::new(2026, 11, 22).unwrap();
    let share = |draft: &serde_json::Map<String, Value>, allow_found| {
        let terms = Terms { today, allow_found };
        prepare(Kind::Case, draft, &Sharing { terms, reaches: &|_| true, before: None })
    };
    let refused = share(&draft, false).unwrap_err();
    // Once, although the summary is built from the need; and what stays home may say what it likes.
    let fields: Vec<_> = refused.found.iter().map(|found| found.field.as_str()).collect();
    assert_eq!((fields, refused.missing.len()), (vec!["need"], 0));
    assert!(!refused.to_string().contains("22 33"));
    assert!(share(&draft, true).is_ok());
    draft.insert("need".to_owned(), json!(format!("Bruker {}.", first("018180"))));
    assert_eq!(share(&draft, true).unwrap_err().found[0].data, Data::NationalId);
}
