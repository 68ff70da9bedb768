//! What Praksis nodes agree on: identifiers, signed facts, documents, what differs and how it is
//! brought level. Nothing here does I/O, reads a clock or draws its own randomness: time and
//! entropy are arguments, so that a whole network can be replayed from one seed.
//!
//! Read the modules in this order.

#![warn(missing_docs)]

pub mod id;
pub mod time;

pub mod signed;

pub mod genesis;
pub mod shape;

// The domain: what people write, in plain Rust.
pub mod record;

pub mod code;
pub mod cpv;
pub mod date;
pub mod decimal;
pub mod language;
pub mod org_number;
pub mod text;
pub mod vocabulary;

pub mod case;
pub mod collection;
pub mod contact;
pub mod filled;
pub mod kind;
pub mod org_year;
pub mod organisation;
pub mod response;
pub mod template;

pub mod change;
pub mod personal;
pub mod share;

pub mod document;

// What an association makes of it.
pub mod aggregate;

// Trust: who may write what, and who did.
pub mod membership;

pub mod envelope;

pub mod scan;

pub mod admission;

// Bringing two nodes level.
pub mod reconcile;

pub mod wire;

pub mod store;

pub mod engine;
