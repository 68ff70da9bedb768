//! What the node reads beside the protocol: frames of the network, files, and what a request names.

use praksis_node::{
    api::read_heads,
    bundle::{self, Writer},
    intake::{self, form, json},
    net::{JOIN_MESSAGE, SYNC_MESSAGE, read_frame, write_frame},
    prose::{Format, TEXT_LIMIT, docx},
};
use praksis_protocol::{genesis::Kind, wire::bundle::Piece};

use crate::{Entry, messages::pieces};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        name: "frame",
        read: |bytes| {
            [JOIN_MESSAGE, SYNC_MESSAGE].into_iter().any(|limit| {
                read_frame(bytes, limit).is_ok_and(|message| {
                    assert!(message.len() <= limit.inflated);
                    // zstd has many spellings; the message is what counts.
                    if let Ok(frame) = write_frame(&message, limit) {
                        assert_eq!(read_frame(&frame, limit).ok(), Some(message));
                    }
                    true
                })
            })
        },
        examples: || {
            let frame = |message: &[u8]| write_frame(message, JOIN_MESSAGE).expect("within the limit");
            vec![frame(b"hello"), frame(&[7; 4000])]
        },
    },
    Entry {
        name: "bundle",
        read: |bytes| {
            bundle::pieces(bytes).is_ok_and(|pieces| {
                assert_eq!(bundle::pieces(&bundle_of(&pieces)), Ok(pieces.clone()));
                !pieces.is_empty()
            })
        },
        examples: || vec![bundle_of(&pieces()), bundle_of(&[&pieces()[..], &[Piece::End]].concat())],
    },
    Entry {
        name: "file",
        read: |bytes| {
            let names = ["-", "a.json", "a.jsonl", "a.toml"];
            names.into_iter().filter(|name| !intake::read(name, bytes).records.is_empty()).count() > 0
        },
        examples: || {
            vec![
                Kind::Case.example().into(),
                b"{\"title\": \"Vann\"}\n{\"title\": \"Vatn\", \"n\": 1.5}\n".to_vec(),
                b"[[case]]\ntitle = \"Vann\"\n[[case]]\nneed = '''\nto\nlinjer'''\n".to_vec(),
            ]
        },
    },
    Entry {
        name: "docx",
        read: |bytes| {
            docx::text(bytes).is_ok_and(|text| {
                assert!(text.len() <= TEXT_LIMIT);
                Format::of("need.docx", bytes).is_ok()
            })
        },
        examples: || vec![include_bytes!("../examples/need.docx").to_vec()],
    },
    Entry {
        name: "form",
        read: |bytes| std::str::from_utf8(bytes).is_ok_and(|text| form::read("form", text).is_ok()),
        examples: || vec![b"title = \"Vann\"\nneed = \"\"\"\nOrd\n\"\"\"\nphase = \"need\"\n".to_vec()],
    },
    Entry {
        name: "If-Match",
        read: |bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| read_heads(text).is_ok_and(|heads| !heads.is_empty()))
        },
        examples: || vec![format!("\"{0}.{0}\", {0}", "a".repeat(52)).into()],
    },
    Entry {
        name: "JSON",
        read: |bytes| std::str::from_utf8(bytes).is_ok_and(|text| json::value(text).is_ok()),
        examples: || vec![b"{\"set\": [\"keywords+=x\"], \"n\": -12.50, \"u\": \"\\u00e5\"}".to_vec()],
    },
];

fn bundle_of(pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::default();
    pieces.iter().flat_map(|piece| writer.piece(piece).expect("within the limit")).collect()
}
