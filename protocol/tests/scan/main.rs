//! The scanner against Automerge: what Automerge writes passes, what nobody should write does not.

mod chunk;
mod honest;
mod hostile;
mod mutated;
mod people;
