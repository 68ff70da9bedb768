//! Signed facts: COSE_Sign1 (RFC 9052) with Ed25519 (RFC 9864, algorithm −19) over deterministic CBOR.
//!
//! Bytes from outside become a [`Signed<T>`] (right size, right shape) and then a [`Verified<T>`]
//! (the signature holds under the key that the payload names). Whether that key has the *right* to
//! say so is the roster's business. The kind's domain tag is COSE's external_aad, so a signature
//! under one kind is worth nothing under another.

pub mod encoding;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode, bytes::ByteVec};

use encoding::{DecodeError, from_slice, hash, to_vec};

/// The COSE protected header `{1: -19}`: Ed25519.
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x32];

/// What can be signed.
pub trait Payload: Encode<()> + for<'b> Decode<'b, ()> {
    /// Most bytes of the whole signed thing.
    const LIMIT: usize;

    /// The kind's domain tag, such as `praksis/envelope/1`.
    fn tag(&self) -> String;

    /// The Ed25519 public key that must have signed.
    fn signer(&self) -> [u8; 32];
}

/// Why bytes are not a signed fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// Too large, of another shape, or not canonical.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Another algorithm or another header than the one allowed.
    #[error("unexpected COSE header")]
    Header,
    /// The signer's key is not a point that signatures can be checked with.
    #[error("the signer's key is not a valid Ed25519 key")]
    Key,
    /// The signature does not hold under the signer's key.
    #[error("the signature does not hold")]
    Signature,
}

/// COSE_Sign1 = [protected, unprotected, payload, signature].
#[derive(Encode, Decode)]
struct Sign1 {
    #[n(0)]
    protected: ByteVec,
    #[n(1)]
    unprotected: EmptyMap,
    #[n(2)]
    payload: ByteVec,
    #[n(3)]
    signature: ByteVec,
}

/// The unprotected header: always empty.
#[derive(Encode, Decode)]
#[cbor(map)]
struct EmptyMap {}

/// Sig_structure of RFC 9052 §4.4.
fn to_be_signed(tag: &str, payload: &[u8]) -> Vec<u8> {
    to_vec(&(
        "Signature1",
        ByteVec::from(PROTECTED.to_vec()),
        ByteVec::from(tag.as_bytes().to_vec()),
        ByteVec::from(payload.to_vec()),
    ))
}

/// Of the right size and shape; nobody has checked who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<T> {
    payload: T,
    payload_bytes: Vec<u8>,
    signature: Signature,
    bytes: Vec<u8>,
}

impl<T: Payload> Signed<T> {
    /// Reads the COSE bytes: size, then shape.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedError> {
        let outer: Sign1 = from_slice(bytes, T::LIMIT)?;
        if outer.protected.as_slice() != PROTECTED {
            return Err(SignedError::Header);
        }
        let signature = Signature::from_slice(&outer.signature).map_err(|_| SignedError::Signature)?;
        let payload = from_slice(&outer.payload, T::LIMIT)?;
        Ok(Self { payload, payload_bytes: outer.payload.into(), signature, bytes: bytes.to_vec() })
    }

    /// Checks the signature, strictly (RFC 8032 without the malleable variants).
    pub fn verify(self) -> Result<Verified<T>, SignedError> {
        let key = VerifyingKey::from_bytes(&self.payload.signer()).map_err(|_| SignedError::Key)?;
        key.verify_strict(&to_be_signed(&self.payload.tag(), &self.payload_bytes), &self.signature)
            .map_err(|_| SignedError::Signature)?;
        Ok(Verified { payload: self.payload, bytes: self.bytes })
    }

    /// What is claimed, before anybody has checked it.
    pub fn claimed(&self) -> &T {
        &self.payload
    }
}

/// A fact whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    payload: T,
    bytes: Vec<u8>,
}

impl<T: Payload> Verified<T> {
    /// Signs a payload of our own.
    ///
    /// # Panics
    /// When `key` is not the key that the payload names as its signer.
    pub fn sign(payload: T, key: &SigningKey) -> Self {
        assert_eq!(payload.signer(), key.verifying_key().to_bytes(), "signed with another key than named");
        let payload_bytes = to_vec(&payload);
        let signature = key.sign(&to_be_signed(&payload.tag(), &payload_bytes));
        let bytes = to_vec(&Sign1 {
            protected: PROTECTED.to_vec().into(),
            unprotected: EmptyMap {},
            payload: payload_bytes.into(),
            signature: signature.to_bytes().to_vec().into(),
        });
        Self { payload, bytes }
    }

    /// Parses and verifies in one go.
    pub fn read(bytes: &[u8]) -> Result<Self, SignedError> {
        Signed::parse(bytes)?.verify()
    }

    /// Reads bytes that this node verified before it stored them.
    pub fn trusted(bytes: &[u8]) -> Result<Self, SignedError> {
        let signed = Signed::parse(bytes)?;
        Ok(Self { payload: signed.payload, bytes: signed.bytes })
    }

    /// The COSE bytes, as they are stored and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash that this signed thing is known by.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.payload.tag(), &(ByteVec::from(self.bytes.clone()),))
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.payload
    }
}

#[cfg(test)]
mod tests {
    use coset::{CborSerializable, CoseSign1};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
    #[cbor(map)]
    struct Note {
        #[n(0)]
        by: crate::id::DeviceId,
        #[n(1)]
        text: String,
    }

    impl Payload for Note {
        const LIMIT: usize = 1024;

        fn tag(&self) -> String {
            "praksis/note/1".into()
        }

        fn signer(&self) -> [u8; 32] {
            self.by.0
        }
    }

    fn signed() -> Verified<Note> {
        let key = SigningKey::from_bytes(&[1; 32]);
        let by = crate::id::DeviceId(key.verifying_key().to_bytes());
        Verified::sign(Note { by, text: "hei".into() }, &key)
    }

    #[test]
    fn another_implementation_of_cose_agrees() {
        let note = signed();
        let cose = CoseSign1::from_slice(note.bytes()).expect("coset reads it");
        let key = VerifyingKey::from_bytes(&note.by.0).expect("a key");
        cose.verify_signature(b"praksis/note/1", |signature, data| {
            key.verify_strict(data, &Signature::from_slice(signature).expect("64 bytes"))
        })
        .expect("the signature holds");
        assert_eq!(cose.to_vec().expect("writes"), note.bytes());
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let note = signed();
        assert_eq!(Verified::<Note>::read(note.bytes()).expect("reads"), note);
        for bit in 0..note.bytes().len() * 8 {
            let mut bytes = note.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Verified::<Note>::read(&bytes).is_err(), "bit {bit}");
        }
    }
}
