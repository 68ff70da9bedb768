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

pub mod record;

pub mod language;

pub mod code;

pub mod text;

pub mod date;

pub mod decimal;

pub mod org_number;

pub mod cpv;

pub mod vocabulary;

pub mod case;

pub mod template;

pub mod filled;

pub mod response;

pub mod collection;

pub mod contact;

pub mod org_year;

pub mod organisation;

pub mod kind;

pub mod change;

pub mod share;

pub mod membership;

pub mod envelope;

pub mod store;

pub mod reconcile;

pub mod wire;
