//! What roots say of devices, and devices of themselves.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::{
    ADDRESS_LENGTH_LIMIT, ADDRESS_LIMIT, Accepted, Body, SLOTS, Statement, StatementError, bounded,
    organisation_number,
};
use crate::{
    id::{DeviceId, OrgId, StatementHash},
    signed::Payload,
};

/// A root makes a device its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceGrant {
    /// The organisation, by its first root.
    #[n(0)]
    pub org: OrgId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// 1 to [`SLOTS`]; one live grant per slot.
    #[n(2)]
    pub slot: u8,
    /// The device's own word that it belongs there: COSE bytes of an [`Acceptance`].
    #[n(3)]
    pub acceptance: ByteVec,
    /// The End that it follows, when the slot was used before.
    #[n(4)]
    pub follows: Option<StatementHash>,
}

/// A device says which organisation it is for. It says so once, for life.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Acceptance {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// Nine-digit organisation number.
    #[n(1)]
    pub number: String,
    /// The device that signs.
    #[n(2)]
    pub device: DeviceId,
}

impl Payload for Acceptance {
    const LIMIT: usize = 1024;

    fn tag(&self) -> String {
        "praksis/acceptance/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.device.0
    }
}

/// Where a device can be reached: the highest number of its device holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NodeAddress {
    /// Multiaddrs, at most [`ADDRESS_LIMIT`].
    #[n(0)]
    pub addresses: Vec<String>,
}

impl DeviceGrant {
    /// The device's own word, once everything about it holds.
    pub(super) fn accepted(&self, read: Accepted) -> Result<Acceptance, StatementError> {
        if !(1..=SLOTS).contains(&self.slot) {
            return Err(StatementError::Bounds("slot"));
        }
        let acceptance = read(&self.acceptance)?;
        if acceptance.device != self.device || acceptance.version != 1 {
            return Err(StatementError::Bounds("acceptance"));
        }
        organisation_number(&acceptance.number)?;
        Ok(Acceptance::clone(&acceptance))
    }
}

impl Body for NodeAddress {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        if self.addresses.len() > ADDRESS_LIMIT {
            return Err(StatementError::Bounds("number of addresses"));
        }
        self.addresses.iter().try_for_each(|address| bounded(address, ADDRESS_LENGTH_LIMIT, "address"))
    }
}
