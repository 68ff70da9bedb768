//! Statements, the roster they fold into, and a node among peers that mean it no good.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod applicants;
mod beside;
mod bundles;
mod cast;
mod decoders;
mod desk;
mod ends;
mod fold;
mod joining;
mod keeping;
mod peers;
mod quotas;
mod roster;
mod scribe;
mod statements;
