//! Needs as people have them: files of several kinds, and what can be wrong with them.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::praksis::{KS, Node};

/// Two kilobytes that inflate to two gigabytes.
const INFLATES: &[u8] = include_bytes!("../files/inflates.pdf");

/// A file of these objects, the first of which is the catalogue.
fn pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut places = vec![];
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| file.push_str(&format!("{place:010} 00000 n \n")));
    let size = objects.len() + 1;
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

/// One page that shows this.
fn page(content: &str) -> Vec<String> {
    let resources = "/Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >>";
    [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {resources} >>"),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] {resources} /Length 5 >>\nstream\n/X Do\nendstream"),
    ]
    .into()
}

fn text(words: &str) -> Vec<String> {
    page(&format!("BT /F1 12 Tf 72 700 Td ({words}) Tj ET"))
}

fn docx(paragraphs: &[&str]) -> Vec<u8> {
    let body: String =
        paragraphs.iter().map(|words| format!("<w:p><w:r><w:t>{words}</w:t></w:r></w:p>")).collect();
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    zip.start_file("word/document.xml", SimpleFileOptions::default()).expect("a part");
    write!(zip, "<w:document><w:body>{body}</w:body></w:document>").expect("it is in memory");
    zip.finish().expect("a zip").into_inner()
}

/// A node with a case of its own.
fn node() -> Node {
    let node = Node::served(KS, &[]);
    let case = json!({
        "title": "Digital trygghetsalarm",
        "need": "Hjemmeboende skal kunne varsle når de faller.",
        "cpv_main": "33195000",
        "lessons": [{"what": "De spurte brukerne først.", "theme": "need_users"}],
    });
    node.json(&["case", "new", "--file", &node.file("known.json", case.to_string())]).json();
    node.until(&["similar", "trygghetsalarm"], |found| found["hits"] != json!([]));
    node
}

fn first(found: &Value) -> &Value {
    &found["hits"][0]["title"]
}

#[test]
fn a_need_is_read_from_the_file_that_it_stands_in() {
    let node = node();
    let words = "Vi trenger trygghetsalarm for hjemmeboende";
    let case = json!({"title": words, "contact": "ny@prove.example"}).to_string();
    let files = [
        node.file("need.txt", words),
        node.file("need.md", format!("# Behov\n\n{words}")),
        node.file("need.docx", docx(&["Behov", words])),
        node.file("need.pdf", pdf(&text(words), "")),
        node.file("need.json", case),
        node.file("need", docx(&[words])),
    ];
    for file in &files {
        let found = node.json(&["similar", "--file", file]).json();
        assert_eq!(first(&found), "Digital trygghetsalarm", "{file}");
        assert_eq!(found["nothing_close"], false, "{file}: {found}");
    }
    let piped = node.told(&["similar", "--file", "-", "--json"], words).json();
    assert_eq!(first(&piped), "Digital trygghetsalarm");
}

#[test]
fn a_file_without_words_is_refused_with_its_reason() {
    let node = node();
    let whole = pdf(&text("Vi trenger trygghetsalarm for hjemmeboende"), "");
    let mut locked = text("Vi trenger trygghetsalarm for hjemmeboende");
    let (one, other) = ("11".repeat(32), "22".repeat(32));
    locked.push(format!("<< /Filter /Standard /V 1 /R 2 /Length 40 /P -44 /O <{one}> /U <{other}> >>"));
    let mut around = text("x");
    around[1] = "<< /Type /Pages /Kids [2 0 R] /Count 1 >>".to_owned();
    let id = "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";
    let refused = [
        (node.file("scanned.pdf", pdf(&page("q 0 0 100 100 re f Q"), "")), "fant ingen tekst"),
        (node.file("around.pdf", pdf(&around, "")), "fant ingen tekst"),
        (node.file("locked.pdf", pdf(&locked, &format!("/Encrypt 7 0 R {id}"))), "låst med passord"),
        (node.file("cut.pdf", &whole[..whole.len() / 2]), "kan ikke leses som PDF"),
        (node.file("deep.pdf", pdf(&page("/X Do"), "")), "for mye tid eller minne"),
        (node.file("inflates.pdf", INFLATES), "for mye tid eller minne"),
        (node.file("cut.docx", &docx(&["Behov"])[..60]), "kan ikke leses som DOCX"),
        (node.file("really.docx", &whole), "heter som DOCX, men er PDF"),
        (node.file("really.pdf", "Behov"), "heter som PDF, men er text"),
        (node.file("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "DOC-fil"),
        (node.file("latin.txt", b"Bl\xe5"), "ikke tekst i UTF-8"),
        (node.file("empty.docx", ""), "er tom"),
        (node.file("blank.docx", docx(&[" "])), "fant ingen tekst"),
    ];
    for (file, why) in &refused {
        for command in [&["similar", "--file", file][..], &["start", file]] {
            let told = node.run(command);
            assert_eq!(told.status, 1, "{file}: {told:?}");
            assert!(told.err.contains(why) && told.err.contains("Neste steg: "), "{file}: {told:?}");
        }
        assert_eq!(node.json(&["start", file]).kind(), "invalid", "{file}");
    }
    assert_eq!(node.json(&["start", "nowhere.docx"]).kind(), "not_found");
    // Nobody but the one who gave the file is the worse for it.
    assert_eq!(first(&node.json(&["similar", "trygghetsalarm"]).json()), "Digital trygghetsalarm");
}

#[test]
fn a_draft_is_begun_by_whoever_says_so_and_nobody_else() {
    let node = node();
    let file = node.file("behov.docx", docx(&["Behov for trygghetsalarm", "Mange faller hjemme."]));
    let drafts = || node.json(&["case", "list", "--state", "draft"]).json()["items"].as_array().map(Vec::len);
    let told = node.run(&["start", &file]);
    assert!(told.out.contains("De spurte brukerne først.") && told.out.contains("33195000"), "{told:?}");
    assert!(told.err.contains("--yes"), "{told:?}");
    let told = node.json(&["start", &file]).json();
    assert_eq!((&told["id"], &told["draft"]["title"]), (&Value::Null, &json!("Behov for trygghetsalarm")));
    assert_eq!(drafts(), Some(1), "the one that was there");

    let told = node.json(&["start", &file, "--yes"]).json();
    let id = told["id"].as_str().expect("it was begun");
    let case = node.json(&["case", "show", id]).json()["case"].clone();
    assert_eq!(case["need"], "Behov for trygghetsalarm\n\nMange faller hjemme.");
    assert_eq!((&case["phase"], &case["cpv_main"]), (&json!("need"), &json!("33195000")));
    assert_eq!(case["derived_from_cases"], json!([told["hits"][0]["id"]]));
    let told = node.run(&["start", "Trygghetsalarm", "--yes", "--lang", "nn"]);
    assert!(told.out.contains("Kladd: ") && told.out.contains("Liknande erfaringar"), "{told:?}");
    assert_eq!(drafts(), Some(3));

    let listed = node.json(&["lessons", "--theme", "need_users", "--phase", "need"]).json();
    assert_eq!(listed["items"][0]["lesson"]["what"], "De spurte brukerne først.");
    let words = node.run(&["lessons", "--phase", "need"]);
    assert!(
        words.out.contains("De spurte brukerne først.") && words.out.contains("Behov og brukere"),
        "{words:?}"
    );
    assert!(node.run(&["lessons", "--phase", "contract"]).out.contains("Ingen lærdommer"));
}
