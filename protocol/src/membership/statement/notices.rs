//! What a device says of its own copy. Of each only the newest is kept, and none is compared.

use minicbor::{Decode, Encode};

use super::{Body, Statement, StatementError};
use crate::id::{EnvelopeHash, OrgId, SessionId};

/// Most issuers in one [`Receipt`].
pub const MARKS_LIMIT: usize = 200;

/// What a device has done with an organisation's withdrawals in this scope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Whose documents were withdrawn.
    #[n(0)]
    pub owner: OrgId,
    /// How far, for each issuer of withdrawals, sorted by issuer.
    #[n(1)]
    pub marks: Vec<Mark>,
}

/// How far a device has followed one issuer's withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Mark {
    /// The device or root that withdrew.
    #[n(0)]
    pub issuer: OrgId,
    /// All of its withdrawals in this scope up to this number are hidden.
    #[n(1)]
    pub hidden: u64,
    /// All of them up to this number are hidden, and their bytes are gone.
    #[n(2)]
    pub purged: u64,
}

impl Body for Receipt {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let ascending = self.marks.windows(2).all(|pair| pair[0].issuer < pair[1].issuer);
        let hidden_first = self.marks.iter().all(|mark| mark.purged <= mark.hidden);
        let fits = ascending && hidden_first && self.marks.len() <= MARKS_LIMIT;
        if fits { Ok(()) } else { Err(StatementError::Bounds("marks")) }
    }
}

/// The newest of a device's own envelopes in this scope: "everything known of Bergen, as of Tuesday".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Head {
    /// Its session.
    #[n(0)]
    pub session: SessionId,
    /// The number within it.
    #[n(1)]
    pub sequence: u64,
    /// The envelope.
    #[n(2)]
    pub envelope: EnvelopeHash,
    /// When the device said so by its own clock, seconds since 1970.
    #[n(3)]
    pub time_s: u64,
}

impl Body for Head {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        Ok(())
    }
}
