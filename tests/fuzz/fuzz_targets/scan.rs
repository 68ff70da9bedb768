//! The scanner under any bytes: as a whole chunk, and as the contents of one with a correct checksum.
//!
//! What passes must be what Automerge reads too and would write again; run it with
//! `-malloc_limit_mb=64` to see that nothing small becomes large.

#![no_main]

use automerge::Change;
use libfuzzer_sys::fuzz_target;
use praksis_protocol::scan::{MAX_OPERATIONS, scan};
use sha2::{Digest, Sha256};

fuzz_target!(|contents: &[u8]| {
    let _ = scan(contents);

    let chunk = seal(contents);
    let Ok(header) = scan(&chunk) else { return };
    assert!(header.operations <= MAX_OPERATIONS);
    let change = Change::from_bytes(chunk.clone()).expect("what passes is a change to Automerge");
    assert_eq!(header.hash.0, change.hash().0);
    assert_eq!(header.operations as usize, change.len());
    assert_eq!(Change::from(change.decode()).raw_bytes(), chunk, "what passes is canonical");
});

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
