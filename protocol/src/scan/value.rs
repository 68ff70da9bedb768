//! Values: a number for kind and length in one column, the bytes in another.

use super::{ScanError, reader::Reader};

/// The kinds of value, by the number in the lowest four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Unsigned,
    Signed,
    Float,
    Text,
    Bytes,
    Counter,
    Timestamp,
}

impl Kind {
    fn from_number(number: u64) -> Result<Self, ScanError> {
        Ok(match number {
            0 => Self::Null,
            1 => Self::False,
            2 => Self::True,
            3 => Self::Unsigned,
            4 => Self::Signed,
            5 => Self::Float,
            6 => Self::Text,
            7 => Self::Bytes,
            8 => Self::Counter,
            9 => Self::Timestamp,
            _ => return Err(ScanError::ValueKind),
        })
    }
}

/// Takes the next value's bytes, checks that they are what `meta` says, and tells its kind.
pub(super) fn read_value(meta: u64, values: &mut Reader<'_>) -> Result<Kind, ScanError> {
    let kind = Kind::from_number(meta & 0b1111)?;
    let bytes = values.take(meta >> 4).map_err(|_| ScanError::ValueLength)?;
    let mut number = Reader::new(bytes);
    let well_formed = match kind {
        Kind::Null | Kind::False | Kind::True => bytes.is_empty(),
        Kind::Unsigned => number.unsigned().is_ok() && number.is_empty(),
        Kind::Signed | Kind::Counter | Kind::Timestamp => number.signed().is_ok() && number.is_empty(),
        Kind::Float => bytes.len() == 8,
        Kind::Text => return std::str::from_utf8(bytes).map(|_| kind).map_err(|_| ScanError::NotText),
        Kind::Bytes => true,
    };
    if well_formed { Ok(kind) } else { Err(ScanError::ValueForm) }
}
