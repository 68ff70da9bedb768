//! The store over sled 0.34.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io,
    ops::RangeBounds,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use praksis_protocol::{
    id::{ChangeHash, DocumentId, EnvelopeHash},
    store::{Batch, Read, Store, StoreError, TakeStatement},
};

use super::{
    Error,
    failure::{damaged, failed, failed_io, panic_text},
    folder::Folder,
    key_file::{KeyFile, Slot},
    keyspace::{CHANGE, ENVELOPE, GENESIS, LOCAL, MEMORY, ROW, SLOT, STATEMENT, VIEW, key},
    pages,
    reading::{Reader, slot_from},
    seal::Key,
    writing::{Preparing, install},
};

/// A leaf of sixteen values of 32 KiB stays below a quarter of it. Part of the format: sled refuses to
/// open a folder with another one.
const SEGMENT_BYTES: usize = 4 << 20;
/// What sled keeps of the tree in memory; its own default is a gigabyte.
const CACHE_BYTES: u64 = 8 << 20;

/// Of what is read in order, pages are let go of after so many entries.
const LET_GO_AFTER: usize = 32 * 1024;

/// How long to wait for a store that this process closed before.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_PAUSE: Duration = Duration::from_millis(2);

/// A store in a folder. Clones are handles of the same one, for the threads that read.
#[derive(Debug, Clone)]
pub struct SledStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    // Closed in this order: the folder is let go of last.
    db: ::sled::Db,
    writer: Mutex<Writer>,
    /// The keys of documents, by slot. Held for writing while batches are applied, for reading during one
    /// read: a read sees a batch whole or not at all, never half a long value, and no value with
    /// another's key.
    keys: RwLock<Vec<Key>>,
    folder: Folder,
}

#[derive(Debug)]
struct Writer {
    /// sled's file, open from the start: a write that fails in the background is reported here.
    file: File,
    blobs: PathBuf,
    keys: KeyFile,
    /// The first failure. After it nothing is written.
    failed: Option<StoreError>,
}

/// What a whole store holds; see [`SledStore::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// How many things.
    pub entries: u64,
    /// Their bytes together, keys not counted.
    pub bytes: u64,
    /// BLAKE3 over keys and values in order: equal stores hold the same.
    pub digest: [u8; 32],
}

impl SledStore {
    /// Opens the store in a folder, or makes one where there is none.
    ///
    /// # Errors
    /// See [`Error`]; the folder is then as it was, except for what sled itself recovers.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        wait_until_closed(&folder)?;
        let unreadable = |why: String| Error::Unreadable { path: path.to_owned(), why };
        let config = ::sled::Config::new()
            .path(folder.sled())
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(CACHE_BYTES)
            .mode(::sled::Mode::LowSpace);
        // sled panics on some damaged files.
        let db = match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => db,
            Ok(Err(::sled::Error::Io(error))) => return Err(Error::from_io("open", &folder.sled(), error)),
            Ok(Err(error)) => return Err(unreadable(error.to_string())),
            Err(panic) => return Err(unreadable(panic_text(&*panic))),
        };
        let (key_file, keys) = KeyFile::open(&folder.keys(), &used_slots(&db).map_err(unreadable)?)?;
        folder.sync()?;
        let file_path = folder.sled().join("db");
        let file = File::options()
            .write(true)
            .open(&file_path)
            .map_err(|error| Error::from_io("open", &file_path, error))?;
        let writer = Writer { file, blobs: folder.sled().join("blobs"), keys: key_file, failed: None };
        let inner = Inner { db, writer: Mutex::new(writer), keys: RwLock::new(keys), folder };
        Ok(Self(Arc::new(inner)))
    }

    /// The folder that it stands in.
    pub fn path(&self) -> &Path {
        self.0.folder.path()
    }

    /// Reads everything and checks it.
    ///
    /// # Errors
    /// The first thing that is damaged or cannot be read.
    pub fn check(&self) -> Result<Contents, StoreError> {
        let mut contents = Contents { entries: 0, bytes: 0, digest: [0; 32] };
        let mut hasher = blake3::Hasher::new();
        self.for_each(..[SLOT].as_slice(), |key, value| {
            contents.entries += 1;
            contents.bytes += value.len() as u64;
            for bytes in [key, &value] {
                hasher.update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
            }
            Ok(())
        })?;
        contents.digest = *hasher.finalize().as_bytes();
        Ok(contents)
    }

    /// Lets go of what was read and is still in memory, beyond what the cache may hold. Takes some 15 ms: to be called now
    /// and then while much is read or written, and after that.
    ///
    /// # Errors
    /// Those of reading.
    pub fn let_go(&self) -> Result<(), StoreError> {
        pages::let_go(&self.0.db).map_err(|error| failed("letting go of pages", error))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        Reader::new(&self.0.db, &keys).get(key)
    }

    /// Everything whose key begins so, by what comes after that.
    fn list<K>(
        &self,
        prefix: &[u8],
        name: impl Fn(&[u8]) -> Option<K>,
    ) -> Result<Vec<(K, Vec<u8>)>, StoreError> {
        let mut found = vec![];
        let end = after_prefix(prefix);
        self.for_each(prefix..end.as_slice(), |key, value| {
            let name = name(&key[prefix.len()..]).ok_or_else(|| damaged(key))?;
            found.push((name, value));
            Ok(())
        })?;
        Ok(found)
    }

    fn for_each<'k>(
        &self,
        range: impl RangeBounds<&'k [u8]>,
        mut each: impl FnMut(&[u8], Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut read = 0_usize;
        Reader::new(&self.0.db, &keys).for_each(range, |key, value| {
            read += 1;
            if read.is_multiple_of(LET_GO_AFTER) {
                self.let_go()?;
            }
            each(key, value)
        })
    }

    fn write(&self, batches: &[Batch], writer: &mut Writer) -> Result<(), StoreError> {
        let mut forgotten = vec![];
        for batch in batches {
            let mut preparing = Preparing { db: &self.0.db, keys: &self.0.keys, file: &mut writer.keys };
            let prepared = preparing.prepare(batch)?;
            forgotten.extend(prepared.forgotten);
            let _whole = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
            self.0.db.apply_batch(prepared.batch).map_err(|error| failed("applying a batch", error))?;
        }
        self.make_durable(writer)?;
        // Only now: had the batch been lost, its documents would have lost their words unasked.
        let drawn = writer.keys.draw(forgotten).map_err(|error| failed_io("overwriting keys", &error))?;
        install(&self.0.keys, drawn);
        Ok(())
    }

    fn make_durable(&self, writer: &Writer) -> Result<(), StoreError> {
        self.0.db.flush().map_err(|error| failed("flushing", error))?;
        writer.file.sync_all().map_err(|error| failed_io("making a commit durable", &error))?;
        // A leaf in a file of its own would not be synced.
        match fs::read_dir(&writer.blobs).map(|mut blobs| blobs.next().is_some()) {
            Ok(false) => Ok(()),
            Ok(true) => Err(StoreError::Io {
                doing: "making a commit durable".to_owned(),
                why: "sled wrote a leaf outside its file, where it is not synced".to_owned(),
            }),
            Err(error) => Err(failed_io("looking for leaves outside sled's file", &error)),
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SledStore {
    fn commit(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut writer = self.writer();
        if let Some(failed) = &writer.failed {
            return Err(failed.clone());
        }
        let written =
            catch_unwind(AssertUnwindSafe(|| self.write(batches, &mut writer))).unwrap_or_else(|panic| {
                Err(StoreError::Io { doing: "committing".to_owned(), why: panic_text(&*panic) })
            });
        if let Err(error) = &written {
            writer.failed = Some(error.clone());
        }
        written
    }
}

impl Read for SledStore {
    fn local(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(LOCAL, &[name.as_bytes()]))
    }

    fn locals(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let named = |rest: &[u8]| Some(format!("{prefix}{}", std::str::from_utf8(rest).ok()?));
        self.list(&key(LOCAL, &[prefix.as_bytes()]), named)
    }

    fn each_statement(&self, each: &mut TakeStatement<'_>) -> Result<(), StoreError> {
        let end = after_prefix(&[STATEMENT]);
        self.for_each([STATEMENT].as_slice()..end.as_slice(), |key, statement| {
            each(key[1..].try_into().map_err(|_| damaged(key))?, &statement)
        })
    }

    fn each_row(
        &self,
        each: &mut dyn FnMut(DocumentId, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let end = after_prefix(&[ROW]);
        self.for_each([ROW].as_slice()..end.as_slice(), |key, row| {
            each(key[1..].try_into().map_err(|_| damaged(key))?, row)
        })
    }

    fn row(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(ROW, &[document.as_bytes()]))
    }

    fn genesis(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(GENESIS, &[document.as_bytes()]))
    }

    fn envelopes(&self, document: DocumentId) -> Result<Vec<(EnvelopeHash, Vec<u8>)>, StoreError> {
        self.list(&key(ENVELOPE, &[document.as_bytes()]), |hash| hash.try_into().ok())
    }

    fn changes(&self, document: DocumentId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
        self.list(&key(CHANGE, &[document.as_bytes()]), |hash| hash.try_into().ok())
    }

    fn view(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(VIEW, &[document.as_bytes()]))
    }

    fn memory(&self, document: DocumentId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(MEMORY, &[document.as_bytes(), name.as_bytes()]))
    }
}

/// A store that this process closed a moment ago may still have sled's file open: sled lets go of it when
/// no thread of any of its databases can be reading any more, and tells nobody.
fn wait_until_closed(folder: &Folder) -> Result<(), Error> {
    let path = folder.sled().join("db");
    let file = match File::options().write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::from_io("open", &path, error)),
    };
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(Error::from_io("lock", &path, error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > CLOSE_LIMIT => {
                return Err(Error::InUse { path: folder.path().to_owned() });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(CLOSE_PAUSE),
        }
    }
}

/// The slots that documents have, or what is wrong with them.
fn used_slots(db: &::sled::Db) -> Result<BTreeSet<Slot>, String> {
    let mut used = BTreeSet::new();
    for item in db.scan_prefix([SLOT]) {
        let (name, head) = item.map_err(|error| error.to_string())?;
        let slot = slot_from(&name, &head).ok_or("the place of a document's key is damaged")?;
        if !used.insert(slot) {
            return Err(format!("two documents have the key of slot {slot}"));
        }
    }
    Ok(used)
}

/// The first key that is above all that begin with `prefix`.
fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while end.last() == Some(&255) {
        end.pop();
    }
    *end.last_mut().expect("a prefix begins with its kind, which is not 255") += 1;
    end
}
