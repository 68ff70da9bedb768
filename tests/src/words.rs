//! Documents of a store that are recognised by their number, each with one sentence wherever words can be.

use praksis_protocol::{
    id::{ChangeHash, DocumentId},
    scan::change_hash,
    store::{Batch, Put, Read, StoreError},
};

/// A number whose document has values that are split in the store.
const LONG: u64 = 16;
/// The name of its memory.
const MEMORY: &str = "memory";

/// The document of a number.
pub fn document(number: u64) -> DocumentId {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    DocumentId(id)
}

/// The number of a document.
pub fn number(document: DocumentId) -> u64 {
    u64::from_be_bytes(*document.0.first_chunk().expect("32 bytes"))
}

/// What the document of a number says.
pub fn sentence(number: u64) -> String {
    format!("Pumpe {number:06} sviktet i mars, og ingen visste hvorfor.")
}

/// Writes all of it.
pub fn batch(number: u64) -> Batch {
    let (document, (change, hash)) = (document(number), change(number));
    vec![
        Put::Row(document, vec![1]),
        Put::Change(document, hash, change),
        Put::View(document, text(number)),
        Put::Memory(document, MEMORY.into(), Some(text(number))),
    ]
}

/// Whether the document of a number is there; an error when it is neither whole nor gone.
///
/// # Errors
/// What the store says, or that only some of it is there.
pub fn is_whole(store: &impl Read, number: u64) -> Result<bool, StoreError> {
    let id = document(number);
    let found = (store.changes(id)?, store.view(id)?, store.memory(id, MEMORY)?);
    if found == (vec![], None, None) {
        return Ok(false);
    }
    let (change, hash) = change(number);
    let whole = found == (vec![(hash, change)], Some(text(number)), Some(text(number)));
    whole.then_some(true).ok_or(StoreError::Damaged { what: format!("document {number}: half of it") })
}

fn text(number: u64) -> Vec<u8> {
    let times = if number.is_multiple_of(LONG) { 700 } else { 1 };
    sentence(number).repeat(times).into_bytes()
}

/// Bytes in the place of a change's chunk: stores look at its hash and at nothing else.
fn change(number: u64) -> (Vec<u8>, ChangeHash) {
    let chunk = [b"\x85\x6f\x4a\x83....\x01".as_slice(), &text(number)].concat();
    let hash = change_hash(&chunk);
    (chunk, hash)
}
