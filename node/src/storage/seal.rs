//! Words as sled sees them: sealed with the key of their document.
//!
//! A sealed value is a nonce, the ciphertext and the tag (ChaCha20-Poly1305, RFC 8439). The nonce is drawn
//! anew for each write: there is no counter that a crash or a restored backup could turn back, and a
//! key seals one document only, so that two of its 12 bytes meet once in 2^57 documents of a million
//! writes each. The name under which a value stands is authenticated with it.

use rand::Rng as _;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Opens and seals what holds words of one document.
pub(super) type Key = [u8; 32];

/// Seals a value that is to stand under a name.
pub(super) fn seal(key: &Key, name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rand::rng().fill_bytes(&mut nonce);
    let mut sealed = Vec::with_capacity(NONCE_LEN + value.len() + CHACHA20_POLY1305.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(value);
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name),
            &mut sealed[NONCE_LEN..],
        )
        .expect("a value is far shorter than the cipher's limit of 256 GiB");
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

/// What was sealed; `None` when it was not with this key under this name, or is damaged.
pub(super) fn open(key: &Key, name: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
    let nonce = Nonce::assume_unique_for_key(*sealed.first_chunk()?);
    let length = cipher(key).open_within(nonce, Aad::from(name), &mut sealed, NONCE_LEN..).ok()?.len();
    sealed.truncate(length);
    Some(sealed)
}

fn cipher(key: &Key) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key of this cipher has 32 bytes"))
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

    /// Nonce, ciphertext, tag: what was written by any version is read by every later one.
    #[test]
    fn what_was_sealed_once_is_opened_for_ever() {
        let sealed = "000102030405060708090a0b7c009c53090dfecf5cc6d0b48ab86e5b37f5f1fdff";
        let bytes = data_encoding::HEXLOWER.decode(sealed.as_bytes()).expect("hexadecimal");
        assert_eq!(open(&KEY, b"name", bytes).as_deref(), Some(b"Pumpe".as_slice()));
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
