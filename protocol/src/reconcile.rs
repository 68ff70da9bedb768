//! Which documents differ: two nodes find out what one has and the other lacks.
//!
//! A scope is a set of 16-byte items, each the hash of a document and its state, so nothing is
//! opened to compare. A [`Comparison`] asks, the peer answers from its [`Encodings`], until the items
//! that only the peer has are known. Mostly by rateless coded symbols, whose cost follows the
//! difference (`sketch`); by a plain, resumable, sorted list on first contact, where more
//! than about a third differs, and where symbols fail (`list`). The one who is asked answers the first
//! question with the list if the sizes of the two sets say that it is cheaper.
//!
//! What a hostile peer can do: say what cannot be ([`Nonsense`]), be slow or never decode (bounded by
//! [`BUDGET`], the size it claims, and time; then one more salt, then the list), or name items that
//! lead to nothing ([`FOUND_LIMIT`] of them). None of it makes an honest answer wrong.

mod comparison;
mod encodings;
mod list;
mod mapping;
mod sketch;
mod symbol;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use minicbor::{Decode, Encode, bytes::ByteVec};

pub use comparison::{Comparison, Found, Step};
pub use encodings::Encodings;
pub use mapping::Salt;

use crate::{
    id::{Digest, Item},
    signed::encoding::hash,
};

/// Most items in one answer: 16 KiB. What is on a page is fetched before the next is read.
pub const PAGE: usize = 1024;
/// Most items that one comparison finds: what is beyond them is found by the next one.
pub const FOUND_LIMIT: usize = 256 * 1024;
/// Most symbols in one answer: 24 KiB.
pub const BATCH: u32 = 1024;
/// Most symbols of one encoding: enough for 190,000 differences.
pub const BUDGET: u32 = 256 * 1024;
/// Most items of a set that is compared by symbols; its count fits a symbol's.
pub const SIZE_LIMIT: u32 = 16 * 1024 * 1024;

/// Digest of a whole set: equal sets, equal digests.
pub fn set_digest(items: &BTreeSet<Item>) -> Digest {
    digest(items.iter())
}

/// The digest of items in their order.
fn digest<'a>(items: impl Iterator<Item = &'a Item>) -> Digest {
    let sorted: Vec<u8> = items.flat_map(|item| item.0).collect();
    Digest(hash("praksis/set/1", &(ByteVec::from(sorted),)))
}

/// What symbols are of: a set in one state, under one salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Edition {
    /// Keys the mapping and the checks.
    #[n(0)]
    pub salt: Salt,
    /// The first eight bytes of the set's digest: symbols of two states do not fit together.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub state: [u8; 8],
}

impl Edition {
    fn new(salt: Salt, digest: Digest) -> Self {
        let state = *digest.0.first_chunk().expect("a digest has more than eight bytes");
        Self { salt, state }
    }
}

/// A step of the one who wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// Your items after this one, in order; from the start if absent.
    #[n(0)]
    List(#[n(0)] Option<Item>),
    /// So many items I have; so many of your first symbols I want, under another salt than the one
    /// that did not do.
    #[n(1)]
    Begin(#[n(0)] u32, #[n(1)] u32, #[n(2)] Option<Salt>),
    /// Of this edition, from this index on, so many symbols.
    #[n(2)]
    More(#[n(0)] Edition, #[n(1)] u32, #[n(2)] u32),
    /// Your items after the first; but if those up to and including the second have this digest, those after the second.
    #[n(3)]
    ListPast(#[n(0)] Item, #[n(1)] Item, #[n(2)] Digest),
}

impl Ask {
    /// How many symbols are asked for.
    pub fn symbols(&self) -> u32 {
        match self {
            Self::List(_) | Self::ListPast(..) => 0,
            Self::Begin(_, count, _) | Self::More(_, _, count) => *count,
        }
    }
}

/// A step of the one who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// A page of items, ascending, and whether there are more. Where symbols were asked for, it is the
    /// first page of the list that goes on in their place.
    #[n(0)]
    Page(#[n(0)] Vec<Item>, #[n(1)] bool),
    /// Symbols of this edition, from this index on, of a set of so many items. Where symbols of another
    /// edition were asked for, the set has changed, and these are the first of the new one.
    #[n(1)]
    Symbols(#[n(0)] Edition, #[n(1)] u32, #[n(2)] u32, #[n(3)] ByteVec),
}

/// What an honest peer does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// A page out of order, too long or leading nowhere, or not what was asked for.
    #[error("the page of items is out of order, too long, or goes nowhere")]
    Page,
    /// Symbols cut short, more than were asked for, from the middle, or with counts that cannot be.
    #[error("the coded symbols are cut short, too many, out of place, or count what cannot be")]
    Symbols,
}

impl Nonsense {
    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "answer",
            Self::Symbols => "symbols",
        }
    }
}

/// What comparisons took so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Comparisons that were carried through.
    pub comparisons: u64,
    /// Items that they found.
    pub items: u64,
    /// Answers taken.
    pub answers: u64,
    /// Symbols taken.
    pub symbols: u64,
    /// Comparisons that read a list, in the end.
    pub lists: u64,
    /// Times that a peer's set changed under way.
    pub restarts: u64,
    /// Times that symbols did not decode.
    pub stalls: u64,
}

/// Whether the list costs less where so many differ: 16 bytes for each item, against about 36 for each that differs.
fn is_much(differ: u64, larger: u64) -> bool {
    differ.saturating_mul(3) > larger
}
