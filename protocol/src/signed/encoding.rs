//! Deterministic CBOR (RFC 8949 §4.2): one encoding per value, so that bytes can be signed and hashed.
//!
//! minicbor writes this form but reads more than it writes, so what is read is encoded again and
//! compared. Hashes are BLAKE3 in key-derivation mode over a canonical CBOR array, never over bare
//! concatenations, each kind under a tag of its own.

use minicbor::{Decode, Encode};

/// Why bytes are not the canonical encoding of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than this kind of value may have.
    #[error("{len} bytes where at most {limit} are allowed")]
    TooLarge {
        /// How many bytes came.
        len: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Not CBOR of this shape.
    #[error("not of the expected shape: {0}")]
    Shape(String),
    /// The right shape, spelled in another way than the one allowed, or with bytes after it.
    #[error("not in canonical form")]
    NotCanonical,
}

/// The canonical encoding.
pub fn to_vec<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory cannot fail")
}

/// Reads a value of at most `limit` bytes; refuses every spelling but the canonical one.
pub fn from_slice<T>(bytes: &[u8], limit: usize) -> Result<T, DecodeError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge { len: bytes.len(), limit });
    }
    let value: T = minicbor::decode(bytes).map_err(|error| DecodeError::Shape(error.to_string()))?;
    if to_vec(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// BLAKE3 in key-derivation mode over the canonical encoding of `value`, an array or a map.
pub fn hash<T: Encode<()>>(tag: &str, value: &T) -> [u8; 32] {
    blake3::derive_key(tag, &to_vec(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_is_read() {
        assert_eq!(from_slice::<(u8, u8)>(&[0x82, 1, 2], 10), Ok((1, 2)));
        // 1 written in two bytes, an indefinite array, a byte after the end.
        assert_eq!(from_slice::<(u8, u8)>(&[0x82, 0x18, 1, 2], 10), Err(DecodeError::NotCanonical));
        assert!(from_slice::<(u8, u8)>(&[0x9f, 1, 2, 0xff], 10).is_err());
        assert_eq!(from_slice::<(u8, u8)>(&[0x82, 1, 2, 0], 10), Err(DecodeError::NotCanonical));
        assert_eq!(from_slice::<(u8, u8)>(&[0x82, 1, 2], 2), Err(DecodeError::TooLarge { len: 3, limit: 2 }));
    }

    #[test]
    fn tags_keep_hashes_apart() {
        assert_ne!(hash("praksis/a/1", &(1u8, 2u8)), hash("praksis/b/1", &(1u8, 2u8)));
    }
}
