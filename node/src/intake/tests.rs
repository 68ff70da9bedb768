use praksis_protocol::{
    code::Code,
    language::Language,
    vocabulary::{InnovationKind, Phase, Sector},
};
use proptest::prelude::*;
use serde_json::json;

use super::{
    form::{self, Audience},
    json::Exported,
    *,
};

/// Line, field and problem of each refusal.
fn refused(intake: &Intake) -> Vec<(Option<usize>, Option<&str>, Problem)> {
    intake.refused.iter().map(|r| (r.line, r.field.as_deref(), r.problem.clone())).collect()
}

fn lines_of(intake: &Intake) -> Vec<usize> {
    intake.records.iter().map(|record| record.line).collect()
}

#[test]
fn a_list_gives_each_case_with_the_line_it_begins_on() {
    let intake = read(
        "cases.json",
        b"\n[\n  {\"title\": \"a\"},\n\n  {\n \"title\": \"b\" } , {\"title\":\"c\"}\n]\n",
    );
    assert_eq!(refused(&intake), []);
    assert_eq!(lines_of(&intake), [3, 5, 6]);
    assert_eq!(intake.records[2].value, json!({ "title": "c" }));
}

#[test]
fn one_case_a_list_and_items_are_all_json() {
    for text in [r#"{"title":"a"}"#, r#"[{"title":"a"}]"#, r#"{"next":null, "items" : [ {"title":"a"} ]}"#] {
        let intake = read("-", text.as_bytes());
        assert_eq!(intake.records, [Record { line: 1, id: None, value: json!({ "title": "a" }) }], "{text}");
        assert_eq!(refused(&intake), []);
    }
}

#[test]
fn a_bad_element_is_refused_on_its_line_and_the_rest_is_in() {
    let text = "[\n{\"a\":1},\n{\"a\":tru},\n7,\n{\"b\":\n {\"c\":1,\n \"c\":2}},\n{\"d\":[\"]},\"]},\n]";
    let intake = read("cases.json", text.as_bytes());
    assert_eq!(lines_of(&intake), [2, 7 + 1]);
    assert_eq!(intake.records[1].value, json!({ "d": ["]},"] }));
    let found = refused(&intake);
    assert!(matches!(&found[0], (Some(3), None, Problem::Json { column: 9, .. })), "{found:?}");
    assert_eq!(found[1], (Some(4), None, Problem::NotACase { found: "a number" }));
    assert_eq!(found[2], (Some(7), Some("b.c"), Problem::DuplicateKey { key: "c".to_owned() }));
    assert_eq!(found[3], (Some(9), None, Problem::NotACase { found: "nothing" }));
}

#[test]
fn a_file_cut_short_gives_nothing() {
    let intake = read("cases.json", b"[\n{\"a\":1},\n{\"b\":");
    assert_eq!(intake.records, []);
    assert_eq!(refused(&intake), [(Some(1), None, Problem::Unclosed)]);
    let intake = read("cases.json", b"{\"a\":1}\n{\"b\":2}");
    assert_eq!(refused(&intake), [(Some(2), None, Problem::Trailing)]);
}

#[test]
fn a_wrong_line_is_refused_with_its_number_and_the_rest_is_in() {
    let mut text = b"\xef\xbb\xbf{\"a\":1}\r\n\r\n{\"a\":\n".to_vec();
    text.extend(b"{\"b\":\"\xff\"}\n  {\"gains\":[{},{\"unit\":1,\"unit\":2}]}\n\"x\"\n{\"c\":3}");
    let intake = read("cases.jsonl", &text);
    assert_eq!(lines_of(&intake), [1, 7]);
    let found = refused(&intake);
    assert!(matches!(&found[0], (Some(3), None, Problem::Json { .. })), "{found:?}");
    assert_eq!(found[1], (Some(4), None, Problem::NotUtf8 { offset: 26 }));
    assert_eq!(text[26], 0xff);
    assert_eq!(found[2], (Some(5), Some("gains[1].unit"), Problem::DuplicateKey { key: "unit".to_owned() }));
    assert_eq!(found[3], (Some(6), None, Problem::NotACase { found: "a string" }));
}

#[test]
fn numbers_are_kept_as_written_or_refused() {
    let intake = read("-", br#"{"n":[0,-7,18446744073709551615,12.50,1e3,0.1,"123456789012345678901"]}"#);
    let kept = json!({ "n": [0, -7, 18446744073709551615u64, 12.5, 1000.0, 0.1, "123456789012345678901"] });
    assert_eq!(intake.records[0].value, kept);
    for number in ["18446744073709551616", "0.1234567890123456", "1e-400", "-12345678901234567.5"] {
        let problem = Problem::InexactNumber { number: number.to_owned() };
        let json = read("a.json", format!("{{\"s\":\"1e-400\",\n\"n\":{number}}}").as_bytes());
        assert_eq!(refused(&json), [(Some(2), None, problem.clone())]);
        let toml = read("a.toml", format!("s = 1.5\nn.m = [{number}]").as_bytes());
        assert_eq!(refused(&toml), [(Some(2), Some("n.m[0]"), problem)]);
    }
}

#[test]
fn tables_give_cases_with_their_lines() {
    let text = "# two\n[[case]]\ntitle = \"a\"\ndates.notice = 2016-02-04\n\n[[case]]\ntitle = \"b\"\n\
                [[case.gains]]\nvalue_low = \"1.5\"\n[[case.gains]]\nvalue_low = 7\n";
    let intake = read("cases.toml", text.as_bytes());
    assert_eq!(refused(&intake), []);
    assert_eq!(lines_of(&intake), [2, 6]);
    assert_eq!(intake.records[0].value, json!({ "dates": { "notice": "2016-02-04" }, "title": "a" }));
    assert_eq!(intake.records[1].value["gains"], json!([{ "value_low": "1.5" }, { "value_low": 7 }]));
}

#[test]
fn broken_tables_are_refused_with_the_line() {
    for (text, line) in [
        ("title = \"a\"\ntitle = \"b\"\n", 2),
        ("[[case]]\ntitle = \n", 2),
        ("note = 1\n[[case]]\ntitle = \"a\"\n", 1),
    ] {
        let intake = read("cases.toml", text.as_bytes());
        assert_eq!(intake.records, [], "{text}");
        assert!(
            matches!(refused(&intake)[..], [(Some(found), _, Problem::Toml { .. })] if found == line),
            "{text}"
        );
    }
}

#[test]
fn files_that_hold_nothing_to_read_say_so() {
    let whole = |file, bytes: &[u8]| refused(&read(file, bytes))[0].2.clone();
    assert_eq!(whole("cases.json", b""), Problem::Empty);
    assert_eq!(whole("cases.toml", b"\xef\xbb\xbf \n\n"), Problem::Empty);
    assert_eq!(whole("cases.json", b"[ ]"), Problem::NoCase);
    assert_eq!(whole("cases.json", b"\xff\xfe{\0}\0"), Problem::Utf16);
    assert_eq!(whole("cases.json", b"\xef\xbb\xbf{\"a\":\"\xe6\"}"), Problem::NotUtf8 { offset: 9 });
    assert_eq!(whole("cases.csv", b"title;need\na;b\n"), Problem::UnknownFormat);
    assert_eq!(
        whole("a.json", br#"{"kind":"template","template":{}}"#),
        Problem::OtherKind { kind: "template".to_owned() }
    );
}

#[test]
fn what_is_too_large_is_refused_unparsed() {
    let long = "x".repeat(RECORD_LIMIT);
    let too_large = |line, bytes| vec![(Some(line), None, Problem::RecordTooLarge { bytes })];
    let intake = read("a.jsonl", format!("{{\"a\":1}}\n{{\"a\":\"{long}\"}}\n{{\"b\":1}}").as_bytes());
    assert_eq!(lines_of(&intake), [1, 3]);
    assert_eq!(refused(&intake), too_large(2, RECORD_LIMIT + 8));
    let intake = read("a.json", format!("[{{}},\n{{\"a\":\"{long}\" ?}}]").as_bytes());
    assert_eq!(refused(&intake), too_large(2, RECORD_LIMIT + 10), "its size is known before it is parsed");
    let intake = read("a.toml", format!("[[case]]\na = 1\n[[case]]\na = \"{long}\"").as_bytes());
    assert_eq!(refused(&intake), too_large(3, RECORD_LIMIT + 8));

    let endless = std::io::repeat(b'x');
    assert!(matches!(load_from("-", endless), Err(LoadError::TooLarge { .. })));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sparse.json");
    File::create(&path).expect("a new file").set_len(FILE_LIMIT as u64 + 1).expect("a sparse file");
    assert!(matches!(load(&path), Err(LoadError::TooLarge { .. })));
    assert!(matches!(load(&folder.path().join("absent")), Err(LoadError::Io { .. })));
}

#[test]
fn a_deep_value_is_refused_and_not_followed() {
    for (file, text) in [
        ("a.json", format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000))),
        ("a.toml", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000))),
    ] {
        assert_eq!(read(file, text.as_bytes()).refused.len(), 1, "{file}");
    }
}

#[test]
fn a_refusal_reads_as_the_interface_says() {
    let intake = read("cases.jsonl", b"\n{\"a\":1,\"a\":2}");
    let shown = serde_json::to_value(&intake.refused).expect("as this test wrote it");
    assert_eq!(
        shown,
        json!([{ "file": "cases.jsonl", "line": 2, "field": "a", "why": "the key \"a\" stands twice" }])
    );
}

#[test]
fn the_blank_form_asks_ten_things_in_each_language_and_is_a_case() {
    let mut forms = Vec::new();
    for lang in [Language::Nb, Language::Nn, Language::En] {
        let text = form::write(lang, &json!({}), Audience::Organisation, &[]);
        let asked: Vec<_> = text
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.split_once(" = "))
            .map(|(f, _)| f)
            .collect();
        assert_eq!(asked, form::FIELDS);
        let read_back = form::read("form", &text).expect("as this test wrote it");
        let case = read_back.case();
        assert_eq!(Value::Object(case), json!({ "phase": "need", "innovation_kind": "undecided" }));
        assert_eq!((read_back.audience, read_back.heads), (Some(Audience::Organisation), vec![]));
        assert_eq!(read("form.toml", text.as_bytes()).records[0].value["phase"], "need");
        for (code, labels) in
            [Sector::LIST, Phase::LIST, InnovationKind::LIST].into_iter().flat_map(|list| list.entries())
        {
            assert!(text.contains(&format!(" {code} ({})", labels.get(lang))), "{code}");
        }
        forms.push(text);
    }
    forms.dedup();
    assert_eq!(forms.len(), 3);
}

#[test]
fn a_filled_form_comes_back_with_what_was_written() {
    let text = form::write(Language::Nb, &json!({}), Audience::Organisation, &[]);
    let text = text.replace("title = \"\"", "title = \"Nye alarmer\"");
    let text = text.replacen("\"\"\"\n\n\"\"\"", "\"\"\"\nEldre er utrygge.\n\nDe faller.\n\"\"\"", 1);
    let text = text.replace("buyers = []", "buyers = [\"Asker kommune\"]");
    let text = text.replace("expected_notice = \"\"", "expected_notice = \"2027-03\"");
    let text = text.replace("audience = \"organisation\"", "audience = \"network\"");
    let form = form::read("form", &text).expect("as this test wrote it");
    assert_eq!(form.audience, Some(Audience::Network));
    let case = json!({
        "title": "Nye alarmer",
        "need": "Eldre er utrygge.\n\nDe faller.",
        "phase": "need",
        "dates": { "expected_notice": "2027-03" },
        "buyers": [{ "name": "Asker kommune", "role": "participant" }],
        "innovation_kind": "undecided",
    });
    assert_eq!(Value::Object(form.case()), case);

    let bad = text.replace("audience = \"network\"", "audience = \"world\"");
    let refusal = form::read("form", &bad).expect_err("it is refused");
    assert_eq!(refusal.field.as_deref(), Some("audience"));
    assert_eq!(
        bad.lines().nth(refusal.line.expect("as this test wrote it") - 1),
        Some("audience = \"world\"")
    );
}

#[test]
fn the_form_of_a_case_that_exists_shows_it_and_clears_what_is_emptied() {
    let case = json!({
        "title": { "nb": "Alarmer \"nå\"", "en": "Alarms" },
        "need": "Første.\n\nAndre \\ linje \"\"\" her.",
        "sector": ["health_care", "ict_digital"],
        "buyers": [{ "id": "abc", "name": "Asker", "role": "lead" }],
        "help_wanted": "Alt",
    });
    let heads = ["h1".to_owned(), "h2".to_owned()];
    let text = form::write(Language::Nn, &case, Audience::Network, &heads);
    let form = form::read("form", &text).expect("as this test wrote it");
    assert_eq!(Value::Object(form.case()), case);
    assert_eq!(form.heads, heads);
    let emptied = form::read("form", &text.replace("help_wanted = \"Alt\"", "help_wanted = \"\""))
        .expect("as this test wrote it");
    assert_eq!(emptied.fields["help_wanted"], Value::Null);
    assert!(!emptied.case().contains_key("help_wanted"));
}

/// JSON as a case may hold it: every kind of value, keys and texts with quotes, brackets and newlines.
fn any_case() -> impl Strategy<Value = Value> {
    let text = "[a-zæøå{}\\[\\]\",:\\\\ \n]{0,8}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-99_999i32..99_999).prop_map(|n| Value::from(f64::from(n) / 100.0)),
        text.prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z_]{1,9}x", value, 0..5)
        .prop_map(|m| Value::Object(m.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_export_writes_import_reads(cases in prop::collection::vec(any_case(), 1..5)) {
        let ids: Vec<_> = (0..cases.len()).map(|index| format!("id{index}")).collect();
        let records = || ids.iter().zip(&cases).map(|(id, case)| Exported::case(id, case));
        let (mut list, mut lines) = (Vec::new(), Vec::new());
        json::write(&mut list, records()).expect("as this test wrote it");
        lines::write(&mut lines, records()).expect("as this test wrote it");
        for (file, bytes) in [("-", &list), ("-", &lines), ("a.json", &list), ("a.jsonl", &lines)] {
            let intake = read(file, bytes);
            prop_assert_eq!(&intake.refused, &[]);
            let back: Vec<_> = intake.records.iter().map(|r| (r.id.clone().expect("as this test wrote it"), r.value.clone())).collect();
            let wrote: Vec<_> = ids.iter().cloned().zip(cases.iter().cloned()).collect();
            prop_assert_eq!(back, wrote);
            for record in &intake.records {
                let begins = bytes.split(|b| *b == b'\n').nth(record.line - 1).expect("as this test wrote it");
                prop_assert_eq!(begins.trim_ascii_start().first(), Some(&b'{'));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        text in prop::collection::vec(prop_oneof![Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b','),
            Just(b':'), Just(b'\\'), Just(b'\n'), Just(b'='), Just(b'a'), Just(b'1'), Just(b'e'), Just(b'.'), Just(0xc3)], 0..60),
        file in prop_oneof![Just("a.json"), Just("a.jsonl"), Just("a.toml"), Just("-")],
    ) {
        let intake = read(file, &text);
        prop_assert!(!intake.records.is_empty() || !intake.refused.is_empty());
    }
}
