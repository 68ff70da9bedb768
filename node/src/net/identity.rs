//! A device's key and its libp2p identity are one Ed25519 key, written in two ways.

use ed25519_dalek::{SigningKey, VerifyingKey};
use libp2p::{
    PeerId,
    identity::{Keypair, PublicKey, ed25519},
};
use praksis_protocol::id::DeviceId;

/// Multihash code of a peer id that carries its public key instead of a hash of it.
const INLINE: u64 = 0;

pub(super) fn keypair(key: &SigningKey) -> Keypair {
    let mut seed = key.to_bytes(); // wiped by the call
    Keypair::ed25519_from_bytes(&mut seed).expect("every 32 bytes are an Ed25519 seed")
}

/// The peer id of a device; `None` if the id is not a point of the curve.
pub(super) fn peer_of(device: &DeviceId) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(device.as_bytes()).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// The device behind a peer id; `None` for other kinds of keys, and for the weak ones for which
/// anybody can sign.
pub(super) fn device_of(peer: &PeerId) -> Option<DeviceId> {
    let hash = peer.as_ref();
    if hash.code() != INLINE {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?.try_into_ed25519().ok()?.to_bytes();
    let weak = VerifyingKey::from_bytes(&key).ok()?.is_weak();
    (!weak).then_some(DeviceId(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_again_from_its_peer_id() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let device = DeviceId(key.verifying_key().to_bytes());
        assert_eq!(peer_of(&device), Some(keypair(&key).public().to_peer_id()));
        assert_eq!(device_of(&peer_of(&device).unwrap()), Some(device));
    }

    #[test]
    fn peer_ids_that_are_no_device_are_refused() {
        let hashed: PeerId = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N".parse().unwrap();
        assert_eq!(device_of(&hashed), None);
        // The neutral element of the curve: any signature with S = 0 verifies under it.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let weak = PublicKey::from(ed25519::PublicKey::try_from_bytes(&neutral).unwrap()).to_peer_id();
        assert_eq!(device_of(&weak), None);
    }
}
