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
const DRAWN_AT_ONCE: u32 = 1024;

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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    fn file() -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("document-keys");
        (folder, path)
    }

    fn open(path: &Path, used: &[Slot]) -> Vec<Key> {
        KeyFile::open(path, &used.iter().copied().collect()).expect("it opens").1
    }

    fn refusal(path: &Path, used: &[Slot]) -> String {
        let before = fs::read(path).ok();
        let error = KeyFile::open(path, &used.iter().copied().collect()).expect_err("it does not open");
        assert_eq!(fs::read(path).ok(), before, "left as it was");
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
        error.to_string()
    }

    /// A file with keys for so many documents.
    fn taken(path: &Path, count: Slot) -> Vec<Key> {
        let (mut file, mut keys) = KeyFile::open(path, &BTreeSet::new()).expect("it opens");
        for expected in 0..count {
            let (slot, drawn) = file.take().expect("it is written");
            assert_eq!(slot, expected, "the lowest first");
            keys.extend(drawn.into_iter().map(|(_, key)| key));
        }
        keys
    }

    #[test]
    fn a_key_is_on_disk_before_it_is_taken_and_for_its_owner_alone() {
        let (_folder, path) = file();
        let keys = taken(&path, DRAWN_AT_ONCE + 1);
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 2 * DRAWN_AT_ONCE as usize, "all different");
        let used: Vec<Slot> = (0..DRAWN_AT_ONCE + 1).collect();
        assert_eq!(open(&path, &used)[..used.len()], keys[..used.len()]);
        let metadata = fs::metadata(&path).expect("it is there");
        assert_eq!(platform::exposed(&path, &metadata).expect("the system says"), None);
    }

    #[test]
    fn a_slot_is_stored_as_ever() {
        let bytes = stored(3, &[7; 32]);
        assert_eq!(bytes[..32], [7; 32]);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&bytes[32..]),
            "787fbc17fc6770a62aa8cc34aa27a6d2df7837099d33b9445a409f74021af347"
        );
    }

    #[test]
    fn a_start_draws_anew_what_no_document_has() {
        let (_folder, path) = file();
        let before = taken(&path, 3);
        let after = open(&path, &[0, 2]);
        assert_eq!((after[0], after[2]), (before[0], before[2]));
        let bytes = fs::read(&path).expect("it is there");
        let still_there = |key: &&Key| bytes.chunks(32).any(|stretch| stretch == key.as_slice());
        assert_eq!(before.iter().filter(still_there).count(), 2);
    }

    #[test]
    fn what_a_crash_left_half_written_is_drawn_anew() {
        let (_folder, path) = file();
        let keys = taken(&path, 1);
        let mut bytes = fs::read(&path).expect("it is there");
        bytes[SLOT + 5..SLOT + 40].fill(0xa5);
        bytes.truncate(4 * SLOT + 20);
        fs::write(&path, &bytes).expect("it is written");
        assert_eq!(open(&path, &[0])[0], keys[0]);
        let mended = fs::read(&path).expect("it is there");
        assert_eq!(mended.len(), 5 * SLOT);
        assert!(mended.chunks(SLOT).zip(0..).all(|(bytes, slot)| read(slot, bytes).is_some()));
    }

    #[test]
    fn damage_has_a_name_and_changes_nothing() {
        let (_folder, path) = file();
        taken(&path, 2);
        let whole = fs::read(&path).expect("it is there");
        for at in SLOT..2 * SLOT {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).expect("it is written");
            assert!(refusal(&path, &[0, 1]).contains("the key of a document is damaged, slot 1"));
        }
        // One key in the place of another; one that is not there; nothing at all.
        fs::write(&path, whole[..SLOT].repeat(2)).expect("it is written");
        assert!(refusal(&path, &[1]).contains("slot 1"));
        assert!(refusal(&path, &[0, 9]).contains("slot 9"));
        fs::remove_file(&path).expect("it goes");
        assert!(refusal(&path, &[0]).contains("the keys of its documents are missing"));
    }
}
