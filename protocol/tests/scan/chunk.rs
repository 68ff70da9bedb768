//! Chunks put together by hand, with a correct length and checksum around whatever is inside.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The columns' numbers.
pub(crate) const OBJECT_ACTOR: u64 = 0x01;
pub(crate) const OBJECT_COUNTER: u64 = 0x02;
pub(crate) const ELEMENT_ACTOR: u64 = 0x11;
pub(crate) const ELEMENT_COUNTER: u64 = 0x13;
pub(crate) const KEY: u64 = 0x15;
pub(crate) const INSERT: u64 = 0x34;
pub(crate) const ACTION: u64 = 0x42;
pub(crate) const VALUE_META: u64 = 0x56;
pub(crate) const VALUE: u64 = 0x57;
pub(crate) const PREDECESSOR_COUNT: u64 = 0x70;
pub(crate) const PREDECESSOR_ACTOR: u64 = 0x71;
pub(crate) const PREDECESSOR_COUNTER: u64 = 0x73;
pub(crate) const EXPAND: u64 = 0x94;
pub(crate) const MARK_NAME: u64 = 0xa5;

/// A change, field by field. Begins as one that puts `true` under the key `a` of the root.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) kind: u8,
    pub(crate) deps: Vec<[u8; 32]>,
    pub(crate) actor: Vec<u8>,
    pub(crate) seq: Vec<u8>,
    pub(crate) start_op: Vec<u8>,
    pub(crate) time: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) other_actors: Vec<Vec<u8>>,
    pub(crate) columns: BTreeMap<u64, Vec<u8>>,
    pub(crate) extra: Vec<u8>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            kind: 1,
            deps: vec![],
            actor: vec![1; 16],
            seq: vec![1],
            start_op: vec![1],
            time: vec![0],
            message: vec![],
            other_actors: vec![],
            columns: BTreeMap::from([
                (KEY, vec![0x7f, 1, b'a']),
                (INSERT, vec![1]),
                (ACTION, vec![0x7f, 1]),
                (VALUE_META, vec![0x7f, 2]),
                (PREDECESSOR_COUNT, vec![0x7f, 0]),
            ]),
            extra: vec![],
        }
    }
}

impl Chunk {
    /// With these columns put in the place of their like; an empty one is taken out.
    pub(crate) fn with(mut self, columns: &[(u64, &[u8])]) -> Self {
        for (number, data) in columns {
            if data.is_empty() {
                self.columns.remove(number);
            } else {
                self.columns.insert(*number, data.to_vec());
            }
        }
        self
    }

    /// Its own earlier change, at counter 9, is there to refer to.
    pub(crate) fn second(mut self) -> Self {
        self.deps = vec![[3; 32]];
        self.seq = vec![2];
        self.start_op = vec![10];
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let table: Vec<_> = self.columns.iter().map(|(number, data)| (*number, data.as_slice())).collect();
        self.bytes_with_table(&table)
    }

    /// With a table in an order, or with columns, that the map cannot hold.
    pub(crate) fn bytes_with_table(&self, table: &[(u64, &[u8])]) -> Vec<u8> {
        let mut body = unsigned(self.deps.len());
        body.extend(self.deps.iter().flatten());
        body.extend(prefixed(&self.actor));
        body.extend([&self.seq[..], &self.start_op, &self.time].concat());
        body.extend(prefixed(&self.message));
        body.extend(unsigned(self.other_actors.len()));
        body.extend(self.other_actors.iter().flat_map(|actor| prefixed(actor)));
        body.extend(unsigned(table.len()));
        for (number, data) in table {
            body.extend(unsigned(*number as usize));
            body.extend(unsigned(data.len()));
        }
        body.extend(table.iter().flat_map(|(_, data)| *data));
        body.extend(&self.extra);
        seal(self.kind, &body)
    }
}

/// Magic bytes, checksum, type and length around a body.
pub(crate) fn seal(kind: u8, body: &[u8]) -> Vec<u8> {
    let hashed = [&[kind], &unsigned(body.len())[..], body].concat();
    let checksum = Sha256::digest(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &checksum[..4], &hashed].concat()
}

/// The body inside a chunk that somebody else sealed.
pub(crate) fn body(chunk: &[u8]) -> &[u8] {
    let length_bytes = chunk[9..].iter().take_while(|byte| *byte & 0x80 != 0).count() + 1;
    &chunk[9 + length_bytes..]
}

pub(crate) fn unsigned(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number > 0x7f {
        bytes.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A run's count. Positive counts need a bit more than unsigned ones: their sign.
pub(crate) fn run(count: usize) -> Vec<u8> {
    let mut bytes = unsigned(count);
    let last = bytes.last_mut().expect("a number has a byte");
    if *last & 0x40 != 0 {
        *last |= 0x80;
        bytes.push(0);
    }
    bytes
}

pub(crate) fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [unsigned(bytes.len()), bytes.to_vec()].concat()
}
