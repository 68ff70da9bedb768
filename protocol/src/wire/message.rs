//! The messages of the sync protocol, `/praksis/sync/1`: requests, each with one response.
//!
//! Canonical CBOR like everything else. Every list has a limit, so that reading a message costs
//! what its size says.

use minicbor::{Decode, Encode, bytes::ByteVec};

use crate::{
    genesis::Scope,
    id::{Digest, DocumentId, EnvelopeHash, Item, NetworkId, OrgId},
    reconcile::{Answer, Ask, BATCH},
    signed::encoding::{DecodeError, from_slice, to_vec},
};

/// Most bytes of one message, inflated.
pub const MESSAGE_LIMIT: usize = 8 * 1024 * 1024;
/// A response stops taking in more once it has this many bytes.
pub const RESPONSE_TARGET: usize = 1024 * 1024;
/// Most items in one [`Request::Resolve`].
pub const ITEMS_LIMIT: usize = 1024;
/// Most documents in one [`Request::Pull`].
pub const WANTS_LIMIT: usize = 512;
/// Most statements in one [`Request::Tell`].
pub const TELL_LIMIT: usize = 256;
/// Most envelope hashes in one [`Want`].
pub const HAVE_LIMIT: usize = 256;
/// Most entries in one [`Request::Changed`].
pub const HINTS_LIMIT: usize = 64;

/// Where two nodes stand: equal digests mean that nothing needs saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// Version of the protocol that the sender speaks: 1.
    #[n(0)]
    pub version: u16,
    /// The sender's network.
    #[n(1)]
    pub network: NetworkId,
    /// Digest of the statements.
    #[n(2)]
    pub roster: Digest,
    /// Digest over the document scopes that both may read.
    #[n(3)]
    pub documents: Digest,
    /// What the sender holds of the receipts and heads that the other would tell it, in short: equal, and
    /// none of them needs telling.
    #[n(4)]
    pub notices: u64,
}

impl Hello {
    /// Whether both stand at the same place, whatever notices they hold.
    pub fn agrees(&self, other: &Self) -> bool {
        self.network == other.network && self.roster == other.roster && self.documents == other.documents
    }
}

/// What a node asks for of one document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Want {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// The counting heads that it has: nothing at or before them is sent.
    #[n(1)]
    pub have: Vec<EnvelopeHash>,
}

/// A change with the envelope that answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedChange {
    /// COSE bytes; empty for containers, which every node that knows their schema computes itself.
    #[n(0)]
    pub envelope: ByteVec,
    /// An uncompressed Automerge change chunk.
    #[n(1)]
    pub change: ByteVec,
}

impl SignedChange {
    /// The change that makes the containers of a schema, for those who do not know the schema.
    pub fn containers(change: Vec<u8>) -> Self {
        Self { envelope: Vec::new().into(), change: change.into() }
    }

    /// What it takes, in bytes.
    pub fn size(&self) -> usize {
        self.envelope.len() + self.change.len()
    }

    /// Whether nobody answers for it, because everybody who knows its schema computes it.
    pub fn is_containers(&self) -> bool {
        self.envelope.is_empty()
    }
}

/// What a node is sent of one document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Delivery {
    /// How the document began, canonical bytes.
    #[n(0)]
    pub genesis: ByteVec,
    /// What the asker lacks, causes before effects.
    #[n(1)]
    pub changes: Vec<SignedChange>,
    /// False when there was no room for all: ask again.
    #[n(2)]
    pub complete: bool,
}

/// What is behind items of one scope's set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Resolved {
    /// Documents, each with the item that names its state and with its owner: of whom there is enough already, no more
    /// is fetched. The document itself shows whether the owner is right.
    #[n(0)]
    pub documents: Vec<(Item, DocumentId, OrgId)>,
    /// COSE bytes of the statements themselves.
    #[n(1)]
    pub statements: Vec<ByteVec>,
    /// False when there was no room for all statements: ask again for those.
    #[n(2)]
    pub complete: bool,
}

/// What one member asks or tells another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// Where I stand.
    #[n(0)]
    Hello(#[n(0)] Hello),
    /// A step in finding out what differs.
    #[n(1)]
    Compare(#[n(0)] Scope, #[n(1)] Ask),
    /// Which documents are behind these items, and which statements?
    #[n(2)]
    Resolve(#[n(0)] Scope, #[n(1)] Vec<Item>),
    /// Send me what I lack of these documents. Of none: I hear of nothing otherwise, so tell me what is new.
    #[n(3)]
    Pull(#[n(0)] Scope, #[n(1)] Vec<Want>),
    /// These documents are in these states here now.
    #[n(4)]
    Changed(#[n(0)] Scope, #[n(1)] Vec<(DocumentId, Item)>),
    /// Statements that nobody asked for, COSE bytes: what makes a named scope known to a member of
    /// it, receipts, heads.
    #[n(5)]
    Tell(#[n(0)] Vec<ByteVec>),
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Response {
    /// Where I stand.
    #[n(0)]
    Hello(#[n(0)] Hello),
    /// The answer to [`Request::Compare`].
    #[n(1)]
    Compared(#[n(0)] Answer),
    /// What is behind the items that are still current.
    #[n(2)]
    Resolved(#[n(0)] Resolved),
    /// What was asked for, as far as there was room.
    #[n(3)]
    Documents(#[n(0)] Vec<Delivery>),
    /// Heard.
    #[n(4)]
    Heard,
    /// Not for you, or not readable. An unknown and a forbidden scope answer alike.
    #[n(5)]
    Refused,
    /// I stand where you said that you do; and what I hold of your notices, see [`Hello::notices`].
    #[n(6)]
    Level(#[n(0)] u64),
    /// All that you told of was here or on its way: others tell me.
    #[n(7)]
    HeardBefore,
}

/// Why a message was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Too large, of another shape, or not canonical.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// More in a list than its limit.
    #[error("the message has too many {0}")]
    TooMany(&'static str),
}

impl MessageError {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Decode(DecodeError::TooLarge { .. }) => "message_size",
            Self::Decode(DecodeError::Shape(_)) => "message_shape",
            Self::Decode(DecodeError::NotCanonical) => "message_not_canonical",
            Self::TooMany(_) => "message_too_many",
        }
    }
}

impl Request {
    /// Reads a request: size, shape, limits.
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let request: Self = from_slice(bytes, MESSAGE_LIMIT)?;
        let (what, len, limit) = match &request {
            Self::Hello(_) => return Ok(request),
            Self::Compare(_, ask) => ("symbols", ask.symbols() as usize, BATCH as usize),
            Self::Resolve(_, items) => ("items", items.len(), ITEMS_LIMIT),
            Self::Pull(_, wants) => {
                if wants.iter().any(|want| want.have.len() > HAVE_LIMIT) {
                    return Err(MessageError::TooMany("heads"));
                }
                ("documents", wants.len(), WANTS_LIMIT)
            }
            Self::Changed(_, entries) => ("hints", entries.len(), HINTS_LIMIT),
            Self::Tell(statements) => ("statements", statements.len(), TELL_LIMIT),
        };
        if len > limit { Err(MessageError::TooMany(what)) } else { Ok(request) }
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }
}

impl Response {
    /// Reads a response: size, shape, limits.
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let response: Self = from_slice(bytes, MESSAGE_LIMIT)?;
        let (what, len, limit) = match &response {
            Self::Hello(_)
            | Self::Compared(_)
            | Self::Heard
            | Self::Refused
            | Self::Level(_)
            | Self::HeardBefore => {
                return Ok(response);
            }
            Self::Resolved(resolved) => {
                let both = resolved.documents.len() + resolved.statements.len();
                ("items", both, ITEMS_LIMIT)
            }
            Self::Documents(deliveries) => ("documents", deliveries.len(), WANTS_LIMIT),
        };
        if len > limit { Err(MessageError::TooMany(what)) } else { Ok(response) }
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }
}
