//! What devices say about one document: who writes in it, and that it is withdrawn.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::{Body, Statement, StatementError};
use crate::{
    envelope::ENVELOPE_LIMIT,
    genesis::GENESIS_LIMIT,
    id::{DocumentId, OrgId, StatementHash},
};

/// Most characters of a reason, of a withdrawal or an End.
pub const WHY_LIMIT: usize = 500;
/// Most bytes of the change in a [`Founding`]: it is empty.
pub const FOUNDING_LIMIT: usize = 1024;

/// Another organisation may write in a document. Said by a device of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CoOwnerGrant {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Who may.
    #[n(1)]
    pub org: OrgId,
    /// The End that it follows, when the organisation could before.
    #[n(2)]
    pub follows: Option<StatementHash>,
}

impl Body for CoOwnerGrant {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        Ok(())
    }
}

/// It may no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CoOwnerEnd {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Who may not.
    #[n(1)]
    pub org: OrgId,
    /// The grant that ends; absent: its place in the genesis.
    #[n(2)]
    pub grant: Option<StatementHash>,
}

impl Body for CoOwnerEnd {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        Ok(())
    }
}

/// The owner's first, empty change of what a joint draft will be shared as, so that a co-owner can publish it first.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Founding {
    /// How the shared document begins, canonical bytes.
    #[n(0)]
    pub genesis: ByteVec,
    /// The owner's envelope, COSE bytes.
    #[n(1)]
    pub envelope: ByteVec,
    /// The change that it answers for: an uncompressed Automerge chunk without operations.
    #[n(2)]
    pub change: ByteVec,
}

impl Body for Founding {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let fits = self.genesis.len() <= GENESIS_LIMIT
            && self.envelope.len() <= ENVELOPE_LIMIT
            && self.change.len() <= FOUNDING_LIMIT;
        if fits { Ok(()) } else { Err(StatementError::Bounds("founding")) }
    }
}

/// A document is withdrawn: hidden at once, its bytes gone after the charter's delay.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Withdrawal {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Why, for people; may be empty.
    #[n(1)]
    pub why: String,
}

impl Body for Withdrawal {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        reason(&self.why)
    }
}

/// Whether a reason is text of at most [`WHY_LIMIT`] characters.
pub(super) fn reason(why: &str) -> Result<(), StatementError> {
    let fits = why.chars().count() <= WHY_LIMIT && !why.chars().any(|c| c.is_control() && c != '\n');
    if fits { Ok(()) } else { Err(StatementError::Bounds("why")) }
}
