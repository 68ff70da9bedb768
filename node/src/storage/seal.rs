//! Words as sled sees them: sealed with the key of their document.
//!
//! A sealed value is a nonce, the ciphertext and the tag. The nonce is drawn anew for each write: with 24
//! bytes none comes twice, and there is no counter that a crash or a restored backup could turn back.
//! The name under which a value stands is authenticated with it.

use chacha20poly1305::{AeadInPlace as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use rand::Rng as _;

/// Opens and seals what holds words of one document.
pub(super) type Key = [u8; 32];

const NONCE: usize = 24;
const TAG: usize = 16;

/// Seals a value that is to stand under a name.
pub(super) fn seal(key: &Key, name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let mut sealed = Vec::with_capacity(NONCE + value.len() + TAG);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(value);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_in_place_detached(&XNonce::from(nonce), name, &mut sealed[NONCE..])
        .expect("a value is far shorter than the cipher's limit of 256 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

/// What was sealed; `None` when it was not with this key under this name, or is damaged.
pub(super) fn open(key: &Key, name: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
    let tag: [u8; TAG] = *sealed.last_chunk()?;
    sealed.truncate(sealed.len() - TAG);
    let nonce: [u8; NONCE] = *sealed.first_chunk()?;
    sealed.drain(..NONCE);
    XChaCha20Poly1305::new(key.into())
        .decrypt_in_place_detached(&XNonce::from(nonce), name, &mut sealed, &Tag::from(tag))
        .ok()?;
    Some(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    #[test]
    fn what_is_sealed_is_opened_again() {
        for length in [0, 1, 100_000] {
            let value: Vec<u8> = (0..length).map(|n| n as u8).collect();
            assert_eq!(open(&KEY, b"name", seal(&KEY, b"name", &value)), Some(value));
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        assert_ne!(seal(&KEY, b"name", b"value"), seal(&KEY, b"name", b"value"));
    }

    #[test]
    fn another_key_another_name_or_damage_opens_nothing() {
        let sealed = seal(&KEY, b"name", b"value");
        assert_eq!(open(&[8; 32], b"name", sealed.clone()), None);
        assert_eq!(open(&KEY, b"another", sealed.clone()), None);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(open(&KEY, b"name", damaged), None, "byte {at}");
            assert_eq!(open(&KEY, b"name", sealed[..at].to_vec()), None, "{at} bytes of it");
        }
    }
}
