//! Changes: the scanner, and all of admission with tampered changes whose hashes are right again.

use std::sync::{Arc, OnceLock};

use automerge::Change;
use praksis_protocol::{
    admission::{Admission, admit},
    membership::roster::Roster,
    scan::{MAX_OPERATIONS, scan},
    wire::message::SignedChange,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    Entry,
    cast::{Writer, roster, shared_case},
};

pub(crate) const SCAN: &[Entry] = &[
    Entry { name: "chunk", read: agrees, examples: || honest().iter().map(chunk).collect() },
    // With a checksum that is right whatever stands inside.
    Entry {
        name: "chunk's contents",
        read: |contents| agrees(&seal(contents)),
        examples: || honest().iter().map(|change| contents(&change.change).to_vec()).collect(),
    },
];

pub(crate) const ADMISSION: &[Entry] = &[
    Entry {
        name: "tampered change",
        read: |bytes| admitted(&tampered(bytes)),
        // Each honest change, with nothing done to it.
        examples: || (0..honest().len()).map(|which| vec![which as u8]).collect(),
    },
    Entry {
        name: "any contents",
        read: |contents| admitted(&seal(contents)),
        examples: || honest().iter().map(|change| contents(&change.change).to_vec()).collect(),
    },
];

/// What passes is what Automerge reads too, and what it would have written itself.
fn agrees(chunk: &[u8]) -> bool {
    let Ok(header) = scan(chunk) else { return false };
    assert!(header.operations <= MAX_OPERATIONS);
    let change = Change::from_bytes(chunk.to_vec()).expect("what passes is a change to Automerge");
    assert_eq!(header.hash.0, change.hash().0);
    assert_eq!(header.operations as usize, change.len());
    assert_eq!(Change::from(change.decode()).raw_bytes(), chunk, "what passes is canonical");
    true
}

/// What Bergen's first office wrote, what it writes next, and what the second writes meanwhile.
struct World {
    roster: Arc<Roster>,
    held: Vec<SignedChange>,
    writer: Writer,
    meanwhile: SignedChange,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut writer = Writer::new(20);
        let mut held = writer.write(
            &[],
            json!({
                "title": {"nb": "Varsling fra pumpestasjoner"}, "need": "Vi oppdager det for sent.",
                "sector": ["water_waste_energy"], "lessons": [{"id": "a".repeat(26), "what": "Spør tidlig."}],
            }),
        );
        held.extend(writer.write(&held.clone(), json!({"phase": "need", "keywords": ["pumpe", "alarm"]})));
        let meanwhile = Writer::new(21).write(&held, json!({"title": {"nb": "Varsling", "en": "Alarms"}}));
        World { roster: roster(), held, writer, meanwhile: meanwhile.into_iter().next().expect("one change") }
    })
}

/// Changes that the first office may write on what is held: what they are made of is tampered with.
fn honest() -> &'static [SignedChange] {
    static HONEST: OnceLock<Vec<SignedChange>> = OnceLock::new();
    HONEST.get_or_init(|| {
        let world = world();
        let patches = [
            json!({"phase": "dialogue"}),
            json!({"keywords": ["alarm", "vann"], "need": "Vi vil vite det før beboerne."}),
            json!({
                "title": {"nn": "Varsling frå pumpestasjonar"}, "sector": ["ict_digital"],
                "lessons": [{"id": "a".repeat(26), "what": "Spør driften."}, {"id": "b".repeat(25) + "a", "why": "Fordi."}],
                "estimated_value": {"amount": "1250000", "currency": "NOK", "year": 2026},
            }),
            json!({"lessons": [], "title": {"nb": null}}),
        ];
        let write = |patch| world.writer.clone().write(&world.held, patch);
        patches.into_iter().flat_map(write).collect()
    })
}

/// An honest change with up to eight of its bytes changed: which one, then place, how and with what of each.
fn tampered(bytes: &[u8]) -> Vec<u8> {
    let (which, steps) = bytes.split_first().unwrap_or((&0, &[]));
    let mut body = contents(&honest()[usize::from(*which) % honest().len()].change).to_vec();
    for step in steps.chunks_exact(4).take(8) {
        let at = usize::from(u16::from_be_bytes([step[0], step[1]])) % body.len().max(1);
        match step[2] % 5 {
            0 => body.insert(at, step[3]),
            1 if at < body.len() => drop(body.remove(at)),
            2 if at < body.len() => body[at] = step[3],
            3 if at < body.len() => body[at] = body[at].wrapping_add(1),
            4 if at < body.len() => body[at] = body[at].wrapping_sub(1),
            _ => {}
        }
    }
    seal(&body)
}

/// Offers a chunk in the first office's name, then the second's honest change. Whether the chunk counts.
fn admitted(chunk: &[u8]) -> bool {
    let World { roster, held, writer, meanwhile } = world();
    // What does not scan goes no further; the scanner has a target of its own.
    let Ok(header) = scan(chunk) else { return false };
    let change = writer.clone().sign(header.hash, 0, chunk);
    let ask = |held: Vec<SignedChange>, incoming: Vec<SignedChange>| {
        admit(&Admission { genesis: shared_case(), held, incoming, roster: roster.clone() })
    };
    let first = ask(held.clone(), vec![change]);
    let outcomes = first.accepted.len() + first.waiting.len() + first.refused.len();
    assert_eq!(outcomes, 1, "one change, one outcome: {:?}", first.refused);
    let accepted: Vec<_> = first.accepted.iter().map(|(_, _, change)| change.clone()).collect();
    if accepted.is_empty() {
        return false;
    }
    // What counts can be kept, read again, and built upon.
    let kept = [held.clone(), accepted].concat();
    let again = ask(kept.clone(), vec![]);
    assert_eq!(again.refused, [], "what was taken is refused when it is read again");
    assert_eq!(again.state.map(|state| state.view.bytes()), first.state.map(|state| state.view.bytes()));
    let second = ask(kept, vec![meanwhile.clone()]);
    assert_eq!(second.refused, [], "an honest change is refused because of another's");
    assert_eq!(second.accepted.len(), 1, "an honest change waits because of another's");
    true
}

fn chunk(change: &SignedChange) -> Vec<u8> {
    change.change.to_vec()
}

/// What stands in a chunk after magic bytes, checksum, type and length.
fn contents(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).expect("a length ends");
    &chunk[9 + length + 1..]
}

/// Magic bytes, checksum, type and length around the contents.
fn seal(contents: &[u8]) -> Vec<u8> {
    let mut hashed = vec![1];
    let mut length = contents.len();
    while length > 0x7f {
        hashed.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    hashed.push(length as u8);
    hashed.extend(contents);
    let checksum = Sha256::digest(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &checksum[..4], &hashed].concat()
}
