//! What associations say of organisations.

use minicbor::{Decode, Encode};

use super::{Body, NAME_LIMIT, Statement, StatementError, bounded, documents::reason, organisation_number};
use crate::id::{OrgId, StatementHash};

/// What an organisation is in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Municipality, county or company: shares, and counts in spread.
    #[n(0)]
    Member,
    /// Vouches for members and aggregates.
    #[n(1)]
    Association,
    /// Reads the network and writes on behalf; never counts in spread.
    #[n(2)]
    Partner,
}

impl Role {
    /// The word that commands and JSON use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Association => "association",
            Self::Partner => "partner",
        }
    }

    /// From the word that commands and JSON use.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Member, Self::Association, Self::Partner].into_iter().find(|role| role.code() == code)
    }
}

/// An association vouches: this organisation, known by this root, is one of us.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MembershipGrant {
    /// Nine-digit organisation number.
    #[n(0)]
    pub number: String,
    /// The organisation's name.
    #[n(1)]
    pub name: String,
    /// Its first root key, which is its id.
    #[n(2)]
    pub org: OrgId,
    /// What it is in the network.
    #[n(3)]
    pub role: Role,
    /// Valid from, seconds since 1970.
    #[n(4)]
    pub from_s: u64,
    /// Connecting stops after this, seconds since 1970; absent: open.
    #[n(5)]
    pub until_s: Option<u64>,
    /// The invitation that it answers, by the hash of its COSE bytes.
    #[n(6)]
    pub invitation: Option<StatementHash>,
    /// The End that it follows, when the organisation was a member before.
    #[n(7)]
    pub follows: Option<StatementHash>,
}

impl Body for MembershipGrant {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        organisation_number(&self.number)?;
        bounded(&self.name, NAME_LIMIT, "name")
    }
}

/// Takes a grant back, by hash: of a membership by an association's root, of a device by its organisation's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct End {
    /// The grant.
    #[n(0)]
    pub grant: StatementHash,
    /// Why, for people, if anybody has said.
    #[n(1)]
    pub why: Option<String>,
}

impl End {
    /// Of a grant, without a reason.
    pub fn of(grant: StatementHash) -> Self {
        Self { grant, why: None }
    }
}

impl Body for End {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        self.why.as_deref().map_or(Ok(()), reason)
    }
}

/// After a merger: the heir writes what the predecessor owned, and the old number still leads to it.
///
/// Holds when a quorum of association roots has said it in the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrganisationSuccession {
    /// The organisation that is no more.
    #[n(0)]
    pub predecessor: OrgId,
    /// The one that it became part of.
    #[n(1)]
    pub heir: OrgId,
}

impl Body for OrganisationSuccession {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        if self.predecessor == self.heir { Err(StatementError::Bounds("heir")) } else { Ok(()) }
    }
}
