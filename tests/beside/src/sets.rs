//! What differs of 100,000, found by both methods: bytes of all messages, both ways.

use std::ops::Range;

use negentropy::{Id, Negentropy, NegentropyStorageVector};

use crate::Result;

const SIZE: usize = 100_000;
/// Most bytes of one message, as relays of its kind set it.
const FRAME: u64 = 60_000;

/// Prints the table of what we took, by number of differences. One run of negentropy tells its side what it lacks and
/// what the other lacks; ours tells one side, so of ours both ask.
pub(crate) fn print(ours: &[(usize, u64)]) -> Result<()> {
    println!("\nfinding d of {SIZE}; half of them only here, half only there");
    println!("      d  ours bytes  negentropy bytes     times");
    for (d, bytes) in ours {
        let other = ranges(0..SIZE - d / 2, d.div_ceil(2)..SIZE, d / 2 + d.div_ceil(2))?;
        println!("{d:>7}  {bytes:>10}  {other:>16}  {:>8.1}", other as f64 / (*bytes).max(1) as f64);
    }
    Ok(())
}

fn ranges(ours: Range<usize>, theirs: Range<usize>, d: usize) -> Result<usize> {
    let (ours, theirs) = (stored(ours)?, stored(theirs)?);
    let mut asking = Negentropy::borrowed(&ours, FRAME)?;
    let mut answering = Negentropy::borrowed(&theirs, FRAME)?;
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    let mut question = Some(asking.initiate()?);
    while let Some(asked) = question {
        let answer = answering.reconcile(&asked)?;
        bytes += asked.len() + answer.len();
        question = asking.reconcile_with_ids(&answer, &mut have, &mut need)?;
    }
    assert_eq!(have.len() + need.len(), d, "it finds every difference");
    Ok(bytes)
}

/// The items of these numbers. It sorts by time first: all of one time, as documents are that have none to go by.
fn stored(numbers: Range<usize>) -> Result<NegentropyStorageVector> {
    let mut stored = NegentropyStorageVector::with_capacity(numbers.len());
    for number in numbers {
        stored.insert(0, Id::from_byte_array(*blake3::hash(&number.to_be_bytes()).as_bytes()))?;
    }
    stored.seal()?;
    Ok(stored)
}
