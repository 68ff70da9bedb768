//! The scanner against Automerge: what Automerge writes passes, what nobody should write does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod chunk;
mod honest;
mod hostile;
mod mutated;
mod people;
