//! How the fields of a record are held and merged, as data.
//!
//! The domain describes each kind of record once, in its types; from that description the document
//! layer knows how to write a record into Automerge and read it back, without knowing any field by
//! name. Between the two stands plain JSON, exactly as people and programs see it.

/// How one value is held in a document, and what happens when two people write it at once.
///
/// The letters are those of the schema tables: R, T, S, L, M.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// **R**: one scalar that is replaced whole; concurrent values are all kept and shown. A JSON
    /// object (money, a review) or array is one scalar too: an amount never meets another
    /// office's currency.
    Register,
    /// **T**: text merged character by character in drafts, a register in what is shared.
    Text,
    /// **S**: a set of strings; JSON shows a sorted array without duplicates.
    Set,
    /// **L**: items with an `id` of their own, in an order that people chose. The `id` is not among
    /// the fields.
    List(&'static [Field]),
    /// **M**: values by language, phase or name; every key merges by itself.
    Map(&'static Shape, Keys),
    /// A fixed group of fields under one name, each with its own shape.
    Group(&'static [Field]),
}

/// Which keys a map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// `nb`, `nn`, `en`, `se`: texts under them have a container each from the genesis change.
    Language,
    /// Any of these; registers only.
    OneOf(&'static [&'static str]),
}

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, in JSON and in the document alike.
    pub name: &'static str,
    /// How it is held.
    pub shape: Shape,
    /// The schema version of its kind that brought it; 1 for all that were there from the start.
    pub since: u16,
}

/// The languages that texts may be written in, in the order they stand in containers.
pub const LANGUAGES: [&str; 4] = ["nb", "nn", "en", "se"];
