//! Bytes that somebody has tampered with, the checksum made right again.

use automerge::Change;
use praksis_protocol::scan::scan;
use proptest::{prelude::*, sample::Index};

use crate::{chunk, honest, people};

/// What is done to one byte: taken out, put in, or replaced.
#[derive(Debug, Clone)]
enum Tamper {
    Remove(Index),
    Insert(Index, u8),
    Replace(Index, u8),
    Nudge(Index, i8),
    Swap(Index, Index),
}

fn tampering() -> impl Strategy<Value = Vec<Tamper>> {
    let one = prop_oneof![
        any::<Index>().prop_map(Tamper::Remove),
        any::<(Index, u8)>().prop_map(|(at, byte)| Tamper::Insert(at, byte)),
        any::<(Index, u8)>().prop_map(|(at, byte)| Tamper::Replace(at, byte)),
        (any::<Index>(), -2..=2_i8).prop_map(|(at, by)| Tamper::Nudge(at, by)),
        any::<(Index, Index)>().prop_map(|(a, b)| Tamper::Swap(a, b)),
    ];
    prop::collection::vec(one, 1..4)
}

fn tamper(body: &mut Vec<u8>, tampering: &[Tamper]) {
    for step in tampering {
        if body.is_empty() {
            return;
        }
        match step {
            Tamper::Remove(at) => drop(body.remove(at.index(body.len()))),
            Tamper::Insert(at, byte) => body.insert(at.index(body.len()), *byte),
            Tamper::Replace(at, byte) => *at.get_mut(body) = *byte,
            Tamper::Nudge(at, by) => {
                let byte = at.get_mut(body);
                *byte = byte.wrapping_add_signed(*by);
            }
            Tamper::Swap(a, b) => {
                let (a, b) = (a.index(body.len()), b.index(body.len()));
                body.swap(a, b);
            }
        }
    }
}

/// What passes is what Automerge reads too, and what Automerge would have written itself.
fn agrees_with_automerge(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(header) = scan(bytes) else { return Ok(()) };
    let change = match Change::from_bytes(bytes.to_vec()) {
        Ok(change) => change,
        Err(error) => return Err(TestCaseError::fail(format!("passes, but Automerge says: {error}"))),
    };
    prop_assert_eq!(header, honest::header(&change));
    let written_again = Change::from(change.decode());
    prop_assert_eq!(written_again.raw_bytes(), bytes);
    Ok(())
}

proptest! {
    #[test]
    fn tampered_changes_are_refused_or_canonical(
        steps in people::steps(),
        tampering in prop::collection::vec((any::<Index>(), tampering()), 24),
    ) {
        let changes = people::changes_of(&steps);
        for (which, tampering) in &tampering {
            let Some(change) = changes.get(which.index(changes.len().max(1))) else { continue };
            let mut body = chunk::body(change.raw_bytes()).to_vec();
            tamper(&mut body, tampering);
            agrees_with_automerge(&chunk::seal(1, &body))?;
        }
    }

    #[test]
    fn any_bytes_are_refused_or_canonical(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(scan(&bytes).is_err());
        agrees_with_automerge(&chunk::seal(1, &bytes))?;
    }
}
