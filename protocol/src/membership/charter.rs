//! What a network is: the roots that vouch for members, and the parameters all of its nodes share.

use minicbor::{Decode, Encode};

use crate::{
    id::{NetworkId, OrgId},
    signed::encoding::{DecodeError, from_slice, hash, to_vec},
};

/// Most bytes of a charter: 64 roots of either sort and its parameters fit well.
pub const CHARTER_LIMIT: usize = 8 * 1024;
/// Most roots of either sort.
pub const ROOTS_LIMIT: usize = 64;

/// The founding document of a network. Its hash is the network's id for ever.
///
/// It travels as data in an invitation; there is no server to ask.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Charter {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// What the network calls itself.
    #[n(1)]
    pub name: String,
    /// Associations whose roots vouch for members, sorted.
    #[n(2)]
    pub roots: Vec<OrgId>,
    /// How many of the roots must sign an amendment: more than half.
    #[n(3)]
    pub quorum: u8,
    /// Keys kept offline that can replace a lost root, sorted.
    #[n(4)]
    pub recovery: Vec<OrgId>,
    /// Numbers that every node of the network goes by.
    #[n(5)]
    pub parameters: Parameters,
    /// Random, so that one association can found two networks.
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
}

/// Numbers that every node of a network goes by.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Parameters {
    /// How long a withdrawn document's bytes are kept, in seconds.
    #[n(0)]
    pub purge_delay_s: u64,
    /// Most documents of one organisation in one scope that others fetch.
    #[n(1)]
    pub quota_documents: u64,
    /// Most bytes of one organisation in one scope that others fetch.
    #[n(2)]
    pub quota_bytes: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { purge_delay_s: 24 * 3600, quota_documents: 20_000, quota_bytes: 1 << 30 }
    }
}

/// Why a charter founds no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharterError {
    /// Not canonical CBOR of this shape.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A version that this program does not know.
    #[error("charter version {0} is not known here; a newer program may read it")]
    Version(u8),
    /// Roots missing, unsorted or double, or a quorum that is no majority.
    #[error("a charter needs sorted roots and a quorum of more than half of them")]
    Roots,
}

impl Charter {
    /// The network that this charter founds.
    pub fn network(&self) -> NetworkId {
        NetworkId(hash("praksis/charter/1", &(self,)))
    }

    /// Reads and checks a charter from outside.
    pub fn read(bytes: &[u8]) -> Result<Self, CharterError> {
        let charter: Self = from_slice(bytes, CHARTER_LIMIT)?;
        if charter.version != 1 {
            return Err(CharterError::Version(charter.version));
        }
        check_roots(&charter.roots, charter.quorum, &charter.recovery)?;
        Ok(charter)
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }
}

/// Sorted roots, and a quorum of more than half of them.
pub(super) fn check_roots(roots: &[OrgId], quorum: u8, recovery: &[OrgId]) -> Result<(), CharterError> {
    let ascending = |keys: &[OrgId]| keys.windows(2).all(|pair| pair[0] < pair[1]);
    let bounded = !roots.is_empty() && roots.len() <= ROOTS_LIMIT && recovery.len() <= ROOTS_LIMIT;
    let majority = usize::from(quorum) * 2 > roots.len() && usize::from(quorum) <= roots.len();
    let fits = bounded && majority && ascending(roots) && ascending(recovery);
    if fits { Ok(()) } else { Err(CharterError::Roots) }
}
