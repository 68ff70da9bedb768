//! The store over sled 0.34.

use std::{
    any::Any,
    collections::BTreeMap,
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
    id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash},
    scan::change_hash,
    store::{Batch, Read, Store, StoreError},
};

use super::{
    Error,
    folder::Folder,
    keyspace::{
        CHANGE, ENVELOPE, GENESIS, Head, LOCAL, MAX_PART, PART, ROW, STATEMENT, VIEW, entry, key, part_key,
    },
};

/// A leaf of sixteen values of 32 KiB stays below a quarter of it. Part of the format: sled refuses to
/// open a folder with another one.
const SEGMENT_BYTES: usize = 4 << 20;
/// What sled keeps of the tree in memory; its own default is a gigabyte.
const CACHE_BYTES: u64 = 32 << 20;

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
    /// Held for writing while batches are applied, for reading during one read: a read sees a batch
    /// whole or not at all, and never half a long value.
    applying: RwLock<()>,
    folder: Folder,
}

#[derive(Debug)]
struct Writer {
    /// sled's file, open from the start: a write that fails in the background is reported here.
    file: File,
    blobs: PathBuf,
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
        folder.sync()?;
        let file_path = folder.sled().join("db");
        let file = File::options()
            .write(true)
            .open(&file_path)
            .map_err(|error| Error::from_io("open", &file_path, error))?;
        let writer = Writer { file, blobs: folder.sled().join("blobs"), failed: None };
        let inner = Inner { db, writer: Mutex::new(writer), applying: RwLock::new(()), folder };
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
        self.for_each(..[PART].as_slice(), |key, value| {
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

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _whole = self.0.applying.read().unwrap_or_else(PoisonError::into_inner);
        match self.0.db.get(key).map_err(|error| reading(key, error))? {
            Some(head) => self.read_value(key, &head).map(Some),
            None => Ok(None),
        }
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
        let _whole = self.0.applying.read().unwrap_or_else(PoisonError::into_inner);
        for item in self.0.db.range::<&[u8], _>(range) {
            let (key, head) = item.map_err(|error| reading(&[], error))?;
            each(&key, self.read_value(&key, &head)?)?;
        }
        Ok(())
    }

    /// Puts a value together and checks it.
    fn read_value(&self, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
        let head = Head::from_bytes(head).ok_or_else(|| damaged(key))?;
        let mut parts = vec![];
        for number in 0..head.parts() {
            let part = self.0.db.get(part_key(key, number)).map_err(|error| reading(key, error))?;
            parts.push(part.ok_or_else(|| damaged(key))?);
        }
        let value = head.value(key, &parts).ok_or_else(|| damaged(key))?;
        // A change is known by the hash of its chunk; nothing else is ever given to Automerge.
        if key[0] == CHANGE && !key.ends_with(change_hash(&value).as_bytes()) {
            return Err(damaged(key));
        }
        Ok(value)
    }

    /// One batch as sled takes it: the last write of each key, long values in parts, and no part left
    /// of what was there before.
    fn prepare(&self, batch: &Batch) -> Result<::sled::Batch, StoreError> {
        let mut prepared = ::sled::Batch::default();
        let last: BTreeMap<_, _> = batch.iter().map(entry).collect();
        for (key, value) in last {
            let mut parts = 0;
            if let Some(value) = value {
                let head = Head::of(&key, value);
                parts = head.parts();
                for (number, part) in (0..parts).zip(value.chunks(MAX_PART)) {
                    prepared.insert(part_key(&key, number), part);
                }
                prepared.insert(key.as_slice(), head.to_bytes());
            } else {
                prepared.remove(key.as_slice());
            }
            let before = self.0.db.get(&key).map_err(|error| reading(&key, error))?;
            let parts_before = before.and_then(|head| Some(Head::from_bytes(&head)?.parts())).unwrap_or(0);
            for number in parts..parts_before {
                prepared.remove(part_key(&key, number));
            }
        }
        Ok(prepared)
    }

    fn write(&self, batches: &[Batch], writer: &Writer) -> Result<(), StoreError> {
        for batch in batches {
            // Only this writer changes anything: what is prepared stays true.
            let prepared = self.prepare(batch)?;
            let _whole = self.0.applying.write().unwrap_or_else(PoisonError::into_inner);
            self.0.db.apply_batch(prepared).map_err(|error| failed("applying a batch", error))?;
        }
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
            catch_unwind(AssertUnwindSafe(|| self.write(batches, &writer))).unwrap_or_else(|panic| {
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

    fn statements(&self) -> Result<Vec<(StatementHash, Vec<u8>)>, StoreError> {
        self.list(&[STATEMENT], |hash| hash.try_into().ok())
    }

    fn rows(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        self.list(&[ROW], |document| document.try_into().ok())
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

/// The first key that is above all that begin with `prefix`.
fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while end.last() == Some(&255) {
        end.pop();
    }
    *end.last_mut().expect("a prefix begins with its kind, which is not 255") += 1;
    end
}

fn damaged(key: &[u8]) -> StoreError {
    let what = match key[0] {
        LOCAL => format!("local thing {}", String::from_utf8_lossy(&key[1..])),
        STATEMENT => "statement".to_owned(),
        GENESIS => "beginning of a document".to_owned(),
        ENVELOPE => "envelope".to_owned(),
        CHANGE => "change".to_owned(),
        ROW => "row".to_owned(),
        VIEW => "view".to_owned(),
        other => format!("thing of unknown kind {other}"),
    };
    StoreError::Damaged { what }
}

/// A read that failed: damage that sled found itself, or the system.
fn reading(key: &[u8], error: ::sled::Error) -> StoreError {
    if matches!(error, ::sled::Error::Io(_)) {
        return failed("reading", error);
    }
    if key.is_empty() { StoreError::Damaged { what: format!("data: {error}") } } else { damaged(key) }
}

fn failed(doing: &str, error: ::sled::Error) -> StoreError {
    if let ::sled::Error::Io(error) = error {
        return failed_io(doing, &error);
    }
    StoreError::Io { doing: doing.to_owned(), why: error.to_string() }
}

fn failed_io(doing: &str, error: &io::Error) -> StoreError {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { error.to_string() };
    StoreError::Io { doing: doing.to_owned(), why }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("sled panicked").to_owned()
}
