//! What of a peer's changes is admitted, what waits, what is refused and by which name; and what
//! counts in the end, whoever got what in which order.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod ages;
mod cast;
#[path = "../scan/chunk.rs"]
#[expect(dead_code, reason = "the scanner's tests use more of it")]
mod chunk;
mod culprits;
mod order;
mod refusals;
mod waiting;
