//! JSON values as canonical CBOR (RFC 8949 §4.2.1): one value, one sequence of bytes.
//!
//! Composite registers and the list items of the shared form are single scalars; two offices that
//! write the same value apart must write the same bytes, or they would see a conflict where there
//! is none. There are no floats: amounts are decimal strings. Tags are refused, so that a later
//! encoding can be told from this one by a tag.

use minicbor::{Decoder, Encoder, data::Type};
use serde_json::{Map, Value};

/// How deep arrays and objects may be nested, so that reading hostile bytes cannot exhaust the stack.
pub(super) const DEPTH: usize = 32;

/// The bytes of `value`, or nothing when it holds a float or is nested deeper than [`DEPTH`].
pub(super) fn encode(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out, DEPTH)?;
    Some(out)
}

/// The value of `bytes`, or nothing when they are not the one canonical encoding of a value.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, DEPTH)?;
    (encode(&value)? == bytes).then_some(value)
}

fn write(value: &Value, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let mut encoder = Encoder::new(&mut *out);
    match value {
        Value::Null => drop(encoder.null().ok()?),
        Value::Bool(b) => drop(encoder.bool(*b).ok()?),
        Value::Number(n) => match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => drop(encoder.u64(n).ok()?),
            (None, Some(n)) => drop(encoder.i64(n).ok()?),
            (None, None) => return None,
        },
        Value::String(s) => drop(encoder.str(s).ok()?),
        Value::Array(items) => {
            encoder.array(items.len() as u64).ok()?;
            for item in items {
                write(item, out, depth)?;
            }
        }
        Value::Object(members) => {
            encoder.map(members.len() as u64).ok()?;
            let mut sorted: Vec<_> = members.iter().collect();
            // The order of the encoded keys: the head of a text grows with its length.
            sorted.sort_by_key(|(key, _)| (key.len(), key.as_bytes()));
            for (key, member) in sorted {
                Encoder::new(&mut *out).str(key).ok()?;
                write(member, out, depth)?;
            }
        }
    }
    Some(())
}

fn read(decoder: &mut Decoder<'_>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match decoder.datatype().ok()? {
        Type::Null => {
            decoder.null().ok()?;
            Value::Null
        }
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::from(decoder.u64().ok()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => Value::from(decoder.i64().ok()?),
        Type::String => Value::from(decoder.str().ok()?),
        Type::Array => {
            // No capacity is reserved: the length is only a claim.
            let mut items = Vec::new();
            for _ in 0..decoder.array().ok()?? {
                items.push(read(decoder, depth)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let mut members = Map::new();
            for _ in 0..decoder.map().ok()?? {
                let key = decoder.str().ok()?.to_owned();
                members.insert(key, read(decoder, depth)?);
            }
            Value::Object(members)
        }
        Type::F16
        | Type::F32
        | Type::F64
        | Type::Int
        | Type::Simple
        | Type::Undefined
        | Type::Bytes
        | Type::BytesIndef
        | Type::StringIndef
        | Type::ArrayIndef
        | Type::MapIndef
        | Type::Tag
        | Type::Break
        | Type::Unknown(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_has_one_encoding_whatever_the_order_of_its_members() {
        let one = json!({"amount": "1250000.00", "currency": "NOK", "year": 2014});
        let two = json!({"year": 2014, "currency": "NOK", "amount": "1250000.00"});
        let bytes = encode(&one).expect("no floats");
        assert_eq!(encode(&two), Some(bytes.clone()));
        assert_eq!(
            data_encoding::HEXLOWER.encode(&bytes),
            "a364796561721907de66616d6f756e746a313235303030302e30306863757272656e6379634e4f4b"
        );
        assert_eq!(decode(&bytes), Some(one));
    }

    #[test]
    fn another_encoding_of_a_value_is_not_read() {
        assert_eq!(decode(&[0x18, 0x01]), None, "1 in two bytes");
        assert_eq!(decode(&[0x01, 0x01]), None, "a tail");
        assert_eq!(decode(&[0x9f, 0xff]), None, "indefinite length");
        assert_eq!(decode(&[0xa2, 0x61, b'a', 1, 0x61, b'a', 1]), None, "a key twice");
        assert_eq!(decode(&[0xa2, 0x61, b'b', 1, 0x61, b'a', 1]), None, "keys out of order");
        assert_eq!(decode(&[0xc1, 0x01]), None, "a tag");
        assert_eq!(decode(&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]), None, "a float");
        assert_eq!(decode(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]), None, "a false promise");
        assert_eq!(decode(&[0x81; 100_000]), None, "nested without end");
    }

    #[test]
    fn floats_are_not_written() {
        assert_eq!(encode(&json!({"amount": 1.5})), None);
        assert_eq!(encode(&json!([-1, 0, u64::MAX, i64::MIN])).and_then(|b| decode(&b)), {
            Some(json!([-1, 0, u64::MAX, i64::MIN]))
        });
    }
}
