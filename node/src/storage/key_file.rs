//! The keys of documents, in a file where they can be overwritten.
//!
//! What sled has written stays in its file until that stretch happens to be used again; to erase words
//! is to forget the key that they were sealed with. The file is slots of 64 bytes, each with a key and a
//! checksum; none crosses a sector of the disk. Which document has which slot stands in sled.
//!
//! **Every slot always holds a key**: that of one document, or one that no byte was ever sealed with.
//! So a key is on disk before its document begins, and costs a commit nothing but a name for it in the
//! same batch. To erase is: the batch that takes the name away is made durable, then another key is
//! drawn over the old one and made durable, then the commit returns. A start draws anew all keys that no
//! document has: whatever a crash left — a slot torn in two, one whose erasure was not finished, one
//! that a lost batch had used — is gone before anything new is sealed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use rand::{TryRng as _, rngs::SysRng};

use super::{Error, seal::Key};
use crate::platform;

/// Bytes of a key with its checksum.
const SLOT: usize = 64;
/// Keys that are drawn at once: documents that begin wait for one sync out of so many.
const DRAWN_AT_ONCE: u32 = 256;

/// Which key of the file.
pub(super) type Slot = u32;

/// The file, open for writing; what reads has the keys in memory.
#[derive(Debug)]
pub(super) struct KeyFile {
    file: File,
    slots: Slot,
    /// Slots whose keys sealed nothing.
    free: Vec<Slot>,
}

impl KeyFile {
    /// Opens the file, or makes one where no document has a key. Also all keys that documents have, by slot.
    pub(super) fn open(path: &Path, used: &BTreeSet<Slot>) -> Result<(Self, Vec<Key>), Error> {
        let failed = |doing| move |error| Error::from_io(doing, path, error);
        let unreadable = |why: &str| Error::Unreadable {
            path: path.parent().unwrap_or(path).to_owned(),
            why: why.to_owned(),
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && used.is_empty() => {
                platform::create_private_file(path).map_err(failed("create"))?;
                vec![]
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(unreadable("the keys of its documents are missing"));
            }
            Err(error) => return Err(failed("read")(error)),
        };
        let mut keys = vec![Key::default(); bytes.len().div_ceil(SLOT)];
        for slot in used {
            let stored = bytes.chunks_exact(SLOT).nth(*slot as usize);
            let key = stored.and_then(|stored| read(*slot, stored));
            let damaged = || unreadable(&format!("the key of a document is damaged, slot {slot}"));
            let key = key.ok_or_else(damaged)?;
            keys[*slot as usize] = key;
        }
        let file = File::options().write(true).open(path).map_err(failed("open"))?;
        let slots = Slot::try_from(keys.len()).map_err(|_| unreadable("it has too many keys"))?;
        let mut opened = Self { file, slots, free: vec![] };
        let unused = (0..slots).filter(|slot| !used.contains(slot)).collect();
        for (slot, key) in opened.draw(unused).map_err(failed("write"))? {
            keys[slot as usize] = key;
        }
        Ok((opened, keys))
    }

    /// A slot for a document that begins, and keys that were drawn for that, by slot.
    pub(super) fn take(&mut self) -> io::Result<(Slot, Vec<(Slot, Key)>)> {
        let mut drawn = vec![];
        if self.free.is_empty() {
            let end = self.slots.checked_add(DRAWN_AT_ONCE).ok_or(io::ErrorKind::StorageFull)?;
            drawn = self.draw((self.slots..end).collect())?;
            self.slots = end;
        }
        let slot = self.free.pop().expect("some were drawn");
        Ok((slot, drawn))
    }

    /// Overwrites the keys in these slots with new ones, which may then be taken.
    pub(super) fn draw(&mut self, mut slots: Vec<Slot>) -> io::Result<Vec<(Slot, Key)>> {
        if slots.is_empty() {
            return Ok(vec![]);
        }
        slots.sort_unstable();
        let mut random = vec![Key::default(); slots.len()];
        SysRng.try_fill_bytes(random.as_flattened_mut()).map_err(io::Error::other)?;
        let drawn: Vec<_> = slots.into_iter().zip(random).collect();
        // Neighbours in one write.
        for run in drawn.chunk_by(|(one, _), (next, _)| one + 1 == *next) {
            let bytes: Vec<u8> = run.iter().flat_map(|(slot, key)| stored(*slot, key)).collect();
            self.file.seek(SeekFrom::Start(u64::from(run[0].0) * SLOT as u64))?;
            self.file.write_all(&bytes)?;
        }
        self.file.sync_all()?;
        // The lowest first.
        self.free.extend(drawn.iter().rev().map(|(slot, _)| *slot));
        Ok(drawn)
    }
}

/// A slot's bytes.
fn stored(slot: Slot, key: &Key) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    let (first, second) = bytes.split_at_mut(key.len());
    first.copy_from_slice(key);
    second.copy_from_slice(&checksum(slot, key));
    bytes
}

fn read(slot: Slot, bytes: &[u8]) -> Option<Key> {
    let (key, rest) = bytes.split_first_chunk()?;
    (rest == checksum(slot, key)).then_some(*key)
}

/// Over the number too: a key in another's place is damage.
fn checksum(slot: Slot, key: &Key) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("praksis 2026 key of a document, as stored");
    hasher.update(&slot.to_be_bytes()).update(key);
    *hasher.finalize().as_bytes()
}
