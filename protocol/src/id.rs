//! Identifiers, each a type of its own.
//!
//! All of them are written as lower-case base32 (RFC 4648 §6) without padding: 32 bytes make 52
//! characters. Logs use [`short`](DocumentId::short) forms of eight.

use std::{fmt, str::FromStr, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} characters of lower-case base32 (a-z, 2-7)")]
pub struct IdError {
    /// How many characters this kind of identifier has.
    pub expected: usize,
}

/// Lower-case base32 without padding; nothing else is accepted.
pub static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    spec.encoding().expect("the alphabet has 32 distinct symbols")
});

/// Declares an identifier of `$len` bytes.
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The first eight characters, for logs and for people.
            pub fn short(&self) -> String {
                let mut text = self.to_string();
                text.truncate(8);
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE32.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = IdError { expected: ($len * 8usize).div_ceil(5) };
                let bytes = BASE32.decode(text.as_bytes()).map_err(|_| error.clone())?;
                bytes.try_into().map(Self).map_err(|_| error)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = IdError;

            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError { expected: ($len * 8usize).div_ceil(5) })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id_type! {
    /// One Automerge document: the hash of its canonical genesis.
    DocumentId, 32
}
id_type! {
    /// A network: the hash of its first charter. 32 zero bytes before an organisation has joined one.
    NetworkId, 32
}
id_type! {
    /// An organisation, by its *first* root key (Ed25519 public key).
    OrgId, 32
}
id_type! {
    /// A device: the Ed25519 public key that is also its libp2p identity.
    DeviceId, 32
}
id_type! {
    /// A named audience.
    AudienceId, 32
}
id_type! {
    /// A signed statement, by the hash of its COSE bytes.
    StatementHash, 32
}
id_type! {
    /// A signed envelope, by the hash of its COSE bytes.
    EnvelopeHash, 32
}
id_type! {
    /// An Automerge change, by Automerge's own SHA-256 hash.
    ChangeHash, 32
}
id_type! {
    /// A device's run of envelopes in one scope, random for each start.
    SessionId, 16
}
id_type! {
    /// What Automerge knows a writer by: bound to device, document, session and branch.
    ActorBytes, 16
}
id_type! {
    /// What a device writes under: half of the hash of its grant and its organisation's membership.
    Standing, 16
}
id_type! {
    /// One element of the set that a scope is compared by: hash of a document and its state.
    Item, 16
}
id_type! {
    /// Digest of a whole set, or of a document's counting heads.
    Digest, 32
}
id_type! {
    /// One item of a list inside a record (a lesson, a gain, a section).
    ItemId, 16
}

impl NetworkId {
    /// The network of an organisation that has not joined one, and of every draft.
    pub const NONE: Self = Self([0; 32]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = DocumentId(std::array::from_fn(|i| i as u8));
        let text = id.to_string();
        assert_eq!(text.len(), 52);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn other_spellings_of_an_id_are_refused() {
        let text = DocumentId([7; 32]).to_string();
        assert!(text.to_uppercase().parse::<DocumentId>().is_err());
        assert!(text[1..].parse::<DocumentId>().is_err());
        // The last character carries 5 bits of which 4 must be zero: a second spelling is refused.
        let mut other = text.clone();
        other.pop();
        other.push('7');
        assert!(other.parse::<DocumentId>().is_err());
    }
}
