//! How keys that vouch are replaced: an organisation's root, and the charter's.

use minicbor::{Decode, Encode};

use super::{Body, Said, Statement, StatementError};
use crate::{
    id::{Digest, OrgId},
    membership::charter::{CharterError, Parameters, check_roots},
};

/// An organisation's root gives way to another. Its id stays: the first root of all.
///
/// Said by the old key itself, or by a quorum of association roots in the same words, when it was lost or stolen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RootSuccession {
    /// The organisation, by its first root.
    #[n(0)]
    pub org: OrgId,
    /// The key that was its root.
    #[n(1)]
    pub old: OrgId,
    /// The key that is its root from now on.
    #[n(2)]
    pub new: OrgId,
    /// The last that the old key said in the roster that counts; absent: nothing.
    #[n(3)]
    pub last: Option<Said>,
    /// The same in the network's scope. In named scopes nothing of it counts any longer.
    #[n(4)]
    pub last_network: Option<Said>,
    /// The same in the organisation's own scope.
    #[n(5)]
    pub last_organisation: Option<Said>,
}

impl Body for RootSuccession {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let moves = self.old != self.new && self.new != self.org;
        if moves { Ok(()) } else { Err(StatementError::Bounds("new root")) }
    }
}

/// The charter as it is from now on. Holds when a quorum of the roots before it, recovery roots counted with
/// them, has said it in the same words.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CharterAmendment {
    /// What it amends: the network's id for the first, then the amendment before, by the hash of its
    /// [`body`](super::body_hash).
    #[n(0)]
    pub previous: Digest,
    /// Association roots, sorted.
    #[n(1)]
    pub roots: Vec<OrgId>,
    /// How many of them decide together: more than half.
    #[n(2)]
    pub quorum: u8,
    /// Keys kept offline that count as roots for amendments alone, sorted.
    #[n(3)]
    pub recovery: Vec<OrgId>,
    /// Numbers that every node goes by.
    #[n(4)]
    pub parameters: Parameters,
    /// The roots that go, sorted by key: exactly those that were there and are not any longer. They never come back.
    #[n(5)]
    pub removed: Vec<Removed>,
}

/// A root that goes, and what of its word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Removed {
    /// The root.
    #[n(0)]
    pub root: OrgId,
    /// The last that it said in the roster that counts; absent: nothing.
    #[n(1)]
    pub last: Option<Said>,
    /// The same in the network's scope.
    #[n(2)]
    pub last_network: Option<Said>,
}

impl Body for CharterAmendment {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let roots = check_roots(&self.roots, self.quorum, &self.recovery);
        roots.map_err(|_: CharterError| StatementError::Bounds("roots"))?;
        let ascending = self.removed.windows(2).all(|pair| pair[0].root < pair[1].root);
        let gone = self.removed.iter().all(|removed| self.roots.binary_search(&removed.root).is_err());
        if ascending && gone { Ok(()) } else { Err(StatementError::Bounds("removed roots")) }
    }
}
