//! The keys of the one tree and the form of its values.
//!
//! | first byte | then | holds |
//! | --- | --- | --- |
//! | 1 | name | a local thing |
//! | 2 | statement hash | a statement |
//! | 3 | document | how it began |
//! | 4 | document, envelope hash | an envelope |
//! | 5 | document, change hash | a change |
//! | 6 | document | its row |
//! | 7 | document | its view |
//! | 8 | document, name | a memory of it |
//! | 254 | document | which key seals its words |
//! | 255 | one of these keys, number | a part of its value |
//!
//! Numbers are big-endian, so that keys sort as what they name. A value is a [`Head`], and its parts
//! where it is long: sled writes about sixteen values to a leaf, and a leaf that outgrows a quarter of
//! a segment goes into a file of its own that is never synced.
//!
//! Changes, views and memories are sealed (see [`seal`](super::seal)) before anything else is done with
//! them: heads, checksums and parts are of what is sealed.
//!
//! Prefixes 9 to 253 are free. A change of meaning is a new [`VERSION`](super::VERSION).

use praksis_protocol::{
    id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash},
    store::Put,
};

/// Most bytes of one value in sled, its head included.
pub(super) const MAX_PART: usize = 32 * 1024;
/// Bytes of a head before an inline value: its form and the checksum.
const HEAD: usize = 1 + CHECKSUM;
/// Longest value that stands in its head.
const MAX_INLINE: usize = MAX_PART - HEAD;
const CHECKSUM: usize = 16;

pub(super) const LOCAL: u8 = 1;
pub(super) const STATEMENT: u8 = 2;
pub(super) const GENESIS: u8 = 3;
pub(super) const ENVELOPE: u8 = 4;
pub(super) const CHANGE: u8 = 5;
pub(super) const ROW: u8 = 6;
pub(super) const VIEW: u8 = 7;
pub(super) const MEMORY: u8 = 8;
pub(super) const SLOT: u8 = 254;
pub(super) const PART: u8 = 255;

/// What holds words of a document.
pub(super) const SEALED: [u8; 3] = [CHANGE, VIEW, MEMORY];

/// What else is kept of a document: hashes.
pub(super) const OPEN: [u8; 3] = [GENESIS, ENVELOPE, ROW];

const INLINE: u8 = 0;
const SPLIT: u8 = 1;

/// What something is stored under.
pub(super) fn key(kind: u8, name: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    name.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// What a write does to the tree.
pub(super) enum Write<'a> {
    /// A value under a key; `None` removes it.
    One(Vec<u8>, Option<&'a [u8]>),
    /// Everything sealed of a document goes.
    Erase(DocumentId),
    /// Everything of a document goes.
    Drop(DocumentId),
}

impl<'a> Write<'a> {
    pub(super) fn of(put: &'a Put) -> Self {
        match put {
            Put::Local(name, value) => Self::One(key(LOCAL, &[name.as_bytes()]), value.as_deref()),
            Put::Statement(StatementHash(hash), bytes) => Self::One(key(STATEMENT, &[hash]), Some(bytes)),
            Put::Forget(StatementHash(hash)) => Self::One(key(STATEMENT, &[hash]), None),
            Put::Genesis(DocumentId(document), bytes) => Self::One(key(GENESIS, &[document]), Some(bytes)),
            Put::Envelope(DocumentId(document), EnvelopeHash(hash), bytes) => {
                Self::One(key(ENVELOPE, &[document, hash]), Some(bytes))
            }
            Put::Change(DocumentId(document), ChangeHash(hash), bytes) => {
                Self::One(key(CHANGE, &[document, hash]), Some(bytes))
            }
            Put::Row(DocumentId(document), bytes) => Self::One(key(ROW, &[document]), Some(bytes)),
            Put::View(DocumentId(document), bytes) => Self::One(key(VIEW, &[document]), Some(bytes)),
            Put::Memory(DocumentId(document), name, value) => {
                Self::One(key(MEMORY, &[document, name.as_bytes()]), value.as_deref())
            }
            Put::Erase(document) => Self::Erase(*document),
            Put::Drop(document) => Self::Drop(*document),
        }
    }
}

/// The document whose words stand under a key; none where no words are.
pub(super) fn words_of(key: &[u8]) -> Option<DocumentId> {
    of_document(key, &SEALED)
}

/// The document that a key of one of these kinds is about.
pub(super) fn of_document(key: &[u8], kinds: &[u8]) -> Option<DocumentId> {
    let (kind, rest) = key.split_first()?;
    if !kinds.contains(kind) {
        return None;
    }
    Some(DocumentId(*rest.first_chunk()?))
}

/// Where one part of a long value stands.
pub(super) fn part_key(key: &[u8], number: u32) -> Vec<u8> {
    [&[PART], key, &number.to_be_bytes()].concat()
}

/// What stands under a key: the value, or how long it is when it stands in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    checksum: [u8; CHECKSUM],
    body: Body<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Body<'a> {
    Inline(&'a [u8]),
    Split { length: u32 },
}

impl<'a> Head<'a> {
    pub(super) fn of(key: &[u8], value: &'a [u8]) -> Self {
        let body = if value.len() <= MAX_INLINE {
            Body::Inline(value)
        } else {
            Body::Split { length: u32::try_from(value.len()).expect("a value is at most some megabytes") }
        };
        Self { checksum: checksum(key, value), body }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length;
        let (form, body) = match &self.body {
            Body::Inline(value) => (INLINE, *value),
            Body::Split { length: number } => {
                length = number.to_be_bytes();
                (SPLIT, length.as_slice())
            }
        };
        [&[form], self.checksum.as_slice(), body].concat()
    }

    /// `None` when the bytes are not a head.
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let (checksum, body) = rest.split_first_chunk()?;
        let body = match *form {
            INLINE => Body::Inline(body),
            SPLIT => Body::Split { length: u32::from_be_bytes(body.try_into().ok()?) },
            _ => return None,
        };
        Some(Self { checksum: *checksum, body })
    }

    /// How many parts the value has; none when it stands in its head.
    pub(super) fn parts(&self) -> u32 {
        match self.body {
            Body::Inline(_) => 0,
            Body::Split { length } => length.div_ceil(MAX_PART as u32),
        }
    }

    /// The value, put together from its head and its parts; `None` when it is not what was written.
    pub(super) fn value(&self, key: &[u8], parts: &[impl AsRef<[u8]>]) -> Option<Vec<u8>> {
        let value = match self.body {
            Body::Inline(value) => value.to_vec(),
            Body::Split { length } => {
                let value: Vec<u8> = parts.iter().flat_map(AsRef::as_ref).copied().collect();
                (value.len() == length as usize).then_some(value)?
            }
        };
        (checksum(key, &value) == self.checksum).then_some(value)
    }
}

/// Over the key too: a value found under another key is damage.
fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(value);
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(value: &[u8]) -> Option<Vec<u8>> {
        let bytes = Head::of(b"k", value).to_bytes();
        assert!(bytes.len() <= MAX_PART);
        let head = Head::from_bytes(&bytes)?;
        let parts: Vec<_> = value.chunks(MAX_PART).take(head.parts() as usize).collect();
        head.value(b"k", &parts)
    }

    #[test]
    fn a_value_survives_whatever_its_length() {
        for length in [0, 1, MAX_INLINE, MAX_INLINE + 1, MAX_PART, MAX_PART + 1, 5 * MAX_PART] {
            let value: Vec<u8> = (0..length).map(|n| n as u8).collect();
            assert_eq!(round_trip(&value), Some(value));
        }
    }

    #[test]
    fn damage_is_seen() {
        let bytes = Head::of(b"k", b"value").to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            let read = Head::from_bytes(&damaged).and_then(|head| head.value(b"k", &[[0; 0]; 0]));
            assert_eq!(read, None, "byte {at}");
        }
        let head = Head::from_bytes(&bytes).expect("just made");
        assert_eq!(head.value(b"another key", &[[0; 0]; 0]), None);
    }

    #[test]
    fn keys_sort_as_what_they_name() {
        let document = |n: u8| DocumentId([n; 32]);
        let key_of = |put: &Put| match Write::of(put) {
            Write::One(key, _) => key,
            Write::Erase(document) | Write::Drop(document) => panic!("{document} is erased"),
        };
        let envelope = |n, m| key_of(&Put::Envelope(document(n), EnvelopeHash([m; 32]), vec![]));
        assert!(envelope(1, 255) < envelope(2, 0));
        assert!(envelope(255, 255) < key_of(&Put::Change(document(0), ChangeHash([0; 32]), vec![])));
        assert!(key_of(&Put::Memory(document(255), "å".repeat(64), None)) < key(SLOT, &[&[0; 32]]));
        assert!(key(SLOT, &[&[255; 32]]) < part_key(&[], 0));
    }
}
