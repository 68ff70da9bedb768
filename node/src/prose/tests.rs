use std::{
    io::{Cursor, Write as _},
    time::Duration,
};

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// A document with this inside its body.
fn docx(body: &str) -> Vec<u8> {
    part(
        "word/document.xml",
        &format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>"),
    )
}

fn part(name: &str, xml: &str) -> Vec<u8> {
    zipped(&[("[Content_Types].xml", "<Types/>"), (name, xml)])
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn run(text: &str) -> String {
    format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}

fn paragraph(text: &str) -> String {
    format!("<w:p>{}</w:p>", run(text))
}

fn damaged(error: &Error) -> bool {
    matches!(error, Error::Damaged { .. })
}

#[test]
fn paragraphs_lists_and_tables_are_read_in_their_order() {
    let item = format!("<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/></w:numPr></w:pPr>{}</w:p>", run("fall"));
    let cell = |text: &str| format!("<w:tc>{}{}</w:tc>", paragraph(text), paragraph("og mer"));
    let table = format!("<w:tbl><w:tr>{}{}</w:tr><w:tr>{}</w:tr></w:tbl>", cell("a"), cell("b"), cell("c"));
    let split = format!("<w:p>{}{}</w:p>", run("Trygghets"), run("alarm &amp; mer &#248; &lt;"));
    let body = [paragraph("Behov"), split, item, table, paragraph(""), paragraph("slutt")].concat();
    assert_eq!(
        docx::text(&docx(&body)).unwrap(),
        "Behov\n\nTrygghetsalarm & mer ø <\n\n- fall\n\na og mer | b og mer\n\nc og mer\n\nslutt"
    );
}

#[test]
fn what_is_no_text_of_the_document_is_left_out() {
    let deleted = "<w:del><w:r><w:delText>slettet</w:delText></w:r></w:del>";
    let field = "<w:r><w:instrText>PAGE</w:instrText></w:r>";
    let boxed = |text: &str| format!("<w:txbxContent>{}</w:txbxContent>", paragraph(text));
    let choice = format!(
        "<mc:AlternateContent><mc:Choice>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
        boxed("i boks"),
        boxed("i boks")
    );
    let lines = "<w:r><w:t>en</w:t><w:br/><w:t>to</w:t><w:tab/><w:t>tre</w:t></w:r>";
    let body = format!("<w:p>{deleted}{field}{choice}{lines}</w:p> utenfor");
    assert_eq!(docx::text(&docx(&body)).unwrap(), "i boks\n\nen\nto\ttre");
    let other_name = part("word/document2.xml", &format!("<document>{}</document>", paragraph("funnet")));
    assert_eq!(docx::text(&other_name).unwrap(), "funnet");
}

#[test]
fn a_broken_document_says_so() {
    let whole = docx(&paragraph("Behov"));
    assert!(damaged(&docx::text(&whole[..whole.len() / 2]).unwrap_err()));
    assert!(damaged(&docx::text(&zipped(&[("notes.txt", "hei")])).unwrap_err()));
    for xml in ["<w:document><w:p>", "<w:document></w:p>", "<!DOCTYPE x><w:document/>"] {
        assert!(damaged(&docx::text(&part("word/document.xml", xml)).unwrap_err()), "{xml}");
    }
    // The bit that says encrypted, in the entry's own header and in the directory's.
    let mut locked = whole;
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<_> = (0..locked.len() - 4).filter(|at| locked[*at..].starts_with(mark)).collect();
        places.into_iter().for_each(|at| locked[at + flags] |= 1);
    }
    assert_eq!(docx::text(&locked), Err(Error::Encrypted));
}

#[test]
fn nothing_in_a_document_is_without_a_bound() {
    let inflated = docx(&" ".repeat(65 << 20));
    assert!(inflated.len() < 1 << 20);
    assert!(matches!(docx::text(&inflated), Err(Error::TooMuch(_))));
    let deep = docx(&format!("{}{}", "<w:a>".repeat(300), "</w:a>".repeat(300)));
    assert!(matches!(docx::text(&deep), Err(Error::TooMuch(_))));
    let names: Vec<String> = (0..10_001).map(|number| format!("{number}")).collect();
    let parts: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(matches!(docx::text(&zipped(&parts)), Err(Error::TooMuch(_))));
    let long = docx(&paragraph(&"lang tekst ".repeat(100)).repeat(1000));
    assert!(docx::text(&long).unwrap().len() <= TEXT_LIMIT);
    let one = docx(&paragraph(&"lang tekst ".repeat(100_000)));
    assert!(docx::text(&one).unwrap().len() <= TEXT_LIMIT);
    let never_closed = docx(&format!("<w:tbl><w:tr><w:tc>{}", paragraph("x").repeat(100_000)));
    assert!(damaged(&docx::text(&never_closed).unwrap_err()));
}

#[test]
fn a_file_is_what_its_bytes_say() {
    let word = docx("");
    let of = |file: &str, bytes: &[u8]| Format::of(file, bytes);
    assert_eq!(of("behov.docx", &word), Ok(Some(Format::Docx)));
    assert_eq!(of("behov", &word), Ok(Some(Format::Docx)));
    assert_eq!(of("behov.PDF", b"%PDF-1.7\n"), Ok(Some(Format::Pdf)));
    assert_eq!(of("behov.md", b"# Behov"), Ok(Some(Format::Text)));
    assert_eq!(of("-", b"Behov"), Ok(None));
    assert_eq!(of("behov.docx", b"%PDF-1.7\n"), Err(Error::Disguised { named: "DOCX", is: "PDF" }));
    assert_eq!(of("behov.pdf", &word), Err(Error::Disguised { named: "PDF", is: "DOCX" }));
    assert_eq!(of("behov.txt", &word), Err(Error::Disguised { named: "text", is: "DOCX" }));
    assert_eq!(of("behov.pdf", b"Behov"), Err(Error::Disguised { named: "PDF", is: "text" }));
    assert!(of("behov.docx", b"\xff\x00\xfe").is_err_and(|error| damaged(&error)));
    assert_eq!(of("behov.rtf", b"{\\rtf1 x}"), Err(Error::OtherFormat("RTF")));
    // Its first entry is not compressed, so that its type stands at a known place.
    let odt = [&b"PK\x03\x04"[..], &[0; 26], b"mimetypeapplication/vnd.oasis.opendocument.text"].concat();
    assert_eq!(of("behov.odt", &odt), Err(Error::OtherFormat("ODT")));
    let mut compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    assert_eq!(of("behov.doc", &compound), Err(Error::OtherFormat("DOC")));
    compound.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(of("behov.docx", &compound), Err(Error::Encrypted));
}

#[test]
fn text_is_read_as_editors_save_it() {
    assert_eq!(plain(b"\xef\xbb\xbfBl\xc3\xa5").unwrap(), "Blå");
    assert_eq!(plain(b"\xff\xfeB\0l\0\xe5\0").unwrap(), "Blå");
    assert_eq!(plain(b"\xfe\xff\0B\0l\0\xe5").unwrap(), "Blå");
    assert_eq!(plain(b"\xff\xfeB\0l"), Err(Error::NotUtf8));
    assert_eq!(plain(b"Bl\xe5"), Err(Error::NotUtf8));
    assert!(plain("å".repeat(TEXT_LIMIT).as_bytes()).unwrap().len() <= TEXT_LIMIT);
}

/// What stands in for the reader.
fn reader(program: &str, arguments: &[&str]) -> pdf::Reader {
    let arguments = arguments.iter().map(Into::into).collect();
    pdf::Reader { program: program.into(), arguments, patience: Duration::from_millis(200) }
}

#[tokio::test]
async fn a_reader_that_does_not_end_is_ended_and_one_that_is_not_there_is_told() {
    let slow = reader("sleep", &["1000"]).text(vec![0; 1 << 20]).await;
    assert_eq!(slow, Err(Error::TooHeavy));
    assert_eq!(reader("false", &[]).text(vec![0; 1 << 20]).await, Err(Error::TooHeavy));
    assert!(matches!(reader("/nowhere/praksis", &[]).text(vec![]).await, Err(Error::NoReader(_))));
    assert!(reader("echo", &["hei"]).text(vec![]).await.is_err_and(|error| damaged(&error)));
    let long = "a".repeat(30);
    let said = reader("echo", &["noise\n{\"text\":\"", &long, "\"}"]).text(vec![]).await;
    assert_eq!(said, Ok(format!(" {long} ")));
}

proptest! {
    /// Whatever the bytes: an answer, and no more text than there may be.
    #[test]
    fn no_document_is_too_much(change in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20)) {
        let mut bytes = docx(&paragraph("Behov for trygghet"));
        for (at, byte) in change {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(text) = docx::text(&bytes) {
            prop_assert!(text.len() <= TEXT_LIMIT);
        }
    }

    #[test]
    fn no_xml_is_too_much(xml in "(<(/)?(w:)?(p|t|tr|tc|tbl|numPr|br|Fallback)/?>|&amp;|&x;|[a-zæ ]{0,5}|]]>|<!--){0,40}") {
        let _ = docx::text(&docx(&xml));
    }
}
