//! Bundles: what peers send each other, in one file, for networks without a network.
//!
//! A bundle is a row of [`Piece`]s, each in a frame with a checksum that covers all before it. Nothing in it is
//! believed that is not signed: a reader takes it in as if a peer had sent it, and the header only helps
//! people and programs to find their way. How the frames stand in a file is told in [`wire`](super).

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::message::{Delivery, MessageError, WANTS_LIMIT};
use crate::{
    genesis::Scope,
    id::{DeviceId, Item, NetworkId, OrgId},
    membership::statement::Known,
    signed::encoding::{from_slice, hash, to_vec},
};

/// The version of the format.
pub const VERSION: u16 = 1;
/// How a bundle begins.
pub const MAGIC: &[u8; 8] = b"praksis\x01";
/// Most bytes of a piece.
pub const PIECE_LIMIT: usize = super::message::MESSAGE_LIMIT;
/// Most statements in a piece.
pub const STATEMENTS_LIMIT: usize = super::message::ITEMS_LIMIT;
/// Most items in a [`Piece::Held`].
pub const HELD_LIMIT: usize = 16 * 1024;
/// Most scopes that a header names.
pub const SCOPES_LIMIT: usize = 16 * 1024;

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Header {
    /// [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// The network; all zeros where the writer is in none yet.
    #[n(1)]
    pub network: NetworkId,
    /// The node that wrote it.
    #[n(2)]
    pub writer: DeviceId,
    /// For whom: this organisation; absent for every member.
    #[n(3)]
    pub reader: Option<OrgId>,
    /// The scopes whose documents may be in it.
    #[n(4)]
    pub scopes: Vec<Scope>,
    /// When it was written, seconds since 1970 by the writer's clock.
    #[n(5)]
    pub written_s: u64,
    /// How many statements and documents are in it, for progress.
    #[n(6)]
    pub entries: u64,
}

/// A part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Piece {
    /// The first.
    #[n(0)]
    Header(#[n(0)] Header),
    /// Statements of a scope, COSE bytes.
    #[n(1)]
    Statements(#[n(0)] Scope, #[n(1)] Vec<ByteVec>),
    /// Documents of a scope, each with the item that names its state. One that has no room in a piece goes
    /// on in the next.
    #[n(2)]
    Documents(#[n(0)] Scope, #[n(1)] Vec<(Item, Delivery)>),
    /// What the writer holds of a scope and left out, since the reader has it.
    #[n(3)]
    Held(#[n(0)] Scope, #[n(1)] Vec<Item>),
    /// The last: without it the bundle was cut off.
    #[n(4)]
    End,
}

impl Piece {
    /// Reads a piece: size, shape, limits.
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let piece: Self = from_slice(bytes, PIECE_LIMIT)?;
        let (what, len, limit) = match &piece {
            Self::Header(header) => ("scopes", header.scopes.len(), SCOPES_LIMIT),
            Self::Statements(_, statements) => ("statements", statements.len(), STATEMENTS_LIMIT),
            Self::Documents(_, documents) => ("documents", documents.len(), WANTS_LIMIT),
            Self::Held(_, items) => ("items", items.len(), HELD_LIMIT),
            Self::End => return Ok(piece),
        };
        if len > limit { Err(MessageError::TooMany(what)) } else { Ok(piece) }
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }

    /// How many statements and documents it brings to their end.
    pub fn entries(&self) -> u32 {
        let count = match self {
            Self::Header(_) | Self::Held(..) | Self::End => 0,
            Self::Statements(_, statements) => statements.len(),
            Self::Documents(_, documents) => documents.iter().filter(|(_, it)| it.complete).count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What whoever holds this piece has of scopes' sets.
    pub fn items(&self) -> Vec<(Scope, Item)> {
        match self {
            Self::Header(_) | Self::End => Vec::new(),
            Self::Statements(scope, statements) => {
                let known = statements.iter().filter_map(|bytes| Known::read(bytes).ok());
                known.map(|known| (*scope, known.item())).collect()
            }
            Self::Documents(scope, documents) => {
                let whole = documents.iter().filter(|(_, delivery)| delivery.complete);
                whole.map(|(item, _)| (*scope, *item)).collect()
            }
            Self::Held(scope, items) => items.iter().map(|item| (*scope, *item)).collect(),
        }
    }
}

/// The checksum of a frame: of the one before it, of its number of entries and of what it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checksum(pub [u8; 16]);

impl Checksum {
    /// The next one; the first frame follows [`Checksum::default`].
    #[must_use]
    pub fn next(self, entries: u32, frame: &[u8]) -> Self {
        let previous = ByteVec::from(self.0.to_vec());
        let whole = hash("praksis/piece/1", &(previous, entries, ByteVec::from(frame.to_vec())));
        Self(whole[..16].try_into().expect("half of 32 bytes"))
    }
}
