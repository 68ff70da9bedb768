//! Named audiences: an object that one organisation keeps, known to its members alone.

use minicbor::{Decode, Encode};

use super::{Body, NAME_LIMIT, Statement, StatementError, bounded};
use crate::{
    genesis::Scope,
    id::{AudienceId, OrgId, StatementHash},
    signed::encoding::hash,
};

/// The id of an audience.
pub fn audience_id(owner: OrgId, nonce: [u8; 32]) -> AudienceId {
    AudienceId(hash("praksis/audience/1", &(owner, crate::id::Digest(nonce))))
}

/// Begins an audience. Said by a device of its owner, in the scope that it begins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AudienceOpen {
    /// Who keeps it.
    #[n(0)]
    pub owner: OrgId,
    /// Random.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// What people call it.
    #[n(2)]
    pub name: String,
}

impl Body for AudienceOpen {
    fn check(&self, statement: &Statement) -> Result<(), StatementError> {
        if statement.scope != Some(Scope::Named(audience_id(self.owner, self.nonce))) {
            return Err(StatementError::Bounds("scope"));
        }
        bounded(&self.name, NAME_LIMIT, "name")
    }
}

/// Takes an organisation into the audience that the statement lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AudienceAdd {
    /// The organisation.
    #[n(0)]
    pub org: OrgId,
    /// The End that it follows, when the organisation was there before.
    #[n(1)]
    pub follows: Option<StatementHash>,
}

impl Body for AudienceAdd {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        Ok(())
    }
}

/// Takes it out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AudienceEnd {
    /// The Add.
    #[n(0)]
    pub add: StatementHash,
}

impl Body for AudienceEnd {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        Ok(())
    }
}
