//! The folder around sled's own: which version wrote it, who has it open, moving it away whole.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Error;
use crate::platform::sync_folder;

/// The version of what stands in a store's folder: keys, values, settings of sled.
pub const VERSION: u32 = 2;

/// What the file `version` says before its number.
const VERSION_TEXT: &str = "praksis store ";

/// A folder that this process alone has open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Locked as long as it is open; the system lets go of it however the process ends.
    _lock: File,
}

impl Folder {
    /// Opens the folder, or makes a new one where there is none. A folder of a newer version, or
    /// one that is not a store, is left exactly as it was.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let version = read_version(path)?;
        if version.is_none() {
            create_folder(path)?;
        }
        let folder = Self { path: path.to_owned(), _lock: lock(path)? };
        if version.is_none() {
            folder.write_version()?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn sled(&self) -> PathBuf {
        self.path.join("sled")
    }

    /// Where the keys of documents are.
    pub(super) fn keys(&self) -> PathBuf {
        self.path.join("document-keys")
    }

    /// Makes durable that sled's files are there: sled itself does not.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let sled = self.sled();
        let conf = sled.join("conf");
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        sync(&conf).map_err(|error| Error::from_io("sync", &conf, error))?;
        sync_folder(&sled).map_err(|error| Error::from_io("sync", &sled, error))?;
        sync_folder(&self.path).map_err(|error| Error::from_io("sync", &self.path, error))
    }

    /// Written beside and renamed: a version is there whole or not at all.
    fn write_version(&self) -> Result<(), Error> {
        let (beside, version) = (self.path.join("version.new"), self.path.join("version"));
        let write = || {
            let mut file = File::create(&beside)?;
            writeln!(file, "{VERSION_TEXT}{VERSION}")?;
            file.sync_all()?;
            fs::rename(&beside, &version)?;
            sync_folder(&self.path)
        };
        write().map_err(|error| Error::from_io("write", &version, error))
    }
}

/// Moves a store that cannot be read out of the way, whole, and says where it is now. Nothing is
/// deleted; the name it had is free for a new store.
///
/// # Errors
/// [`Error::InUse`] when a node has it open; otherwise what the system said, and it stays where it was.
pub fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    // Whoever holds the lock is still writing there.
    drop(lock(path)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut number = 1;
    let aside = loop {
        let aside = path.with_file_name(format!("{name}.damaged-{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    let parent = parent(path);
    fs::rename(path, &aside)
        .and_then(|()| sync_folder(parent))
        .map_err(|error| Error::from_io("move away", path, error))?;
    tracing::warn!(from = %path.display(), to = %aside.display(), "set a damaged store aside");
    Ok(aside)
}

/// The version of the store that is there; none when there is nothing, or what a first start left that
/// was stopped at once.
fn read_version(path: &Path) -> Result<Option<u32>, Error> {
    let unreadable = |why: String| Error::Unreadable { path: path.to_owned(), why };
    let text = match fs::read(path.join("version")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if holds_nothing(path)? { Ok(None) } else { Err(unreadable("it has no version".into())) };
        }
        Err(error) => return Err(Error::from_io("read", path, error)),
    };
    let number = std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.strip_prefix(VERSION_TEXT)?.strip_suffix('\n')?.parse().ok())
        .ok_or_else(|| unreadable("its version is not one".into()))?;
    match number {
        VERSION => Ok(Some(VERSION)),
        found if found > VERSION => Err(Error::NewerVersion { path: path.to_owned(), found }),
        1 => Err(unreadable("version 1 kept words that cannot be erased, begin a new store".into())),
        found => Err(unreadable(format!("no program ever wrote version {found}"))),
    }
}

fn holds_nothing(path: &Path) -> Result<bool, Error> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(Error::from_io("read", path, error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| Error::from_io("read", path, error))?.file_name();
        if name != "lock" && name != "version.new" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn create_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path)
        .and_then(|()| sync_folder(parent(path)))
        .map_err(|error| Error::from_io("create", path, error))
}

fn lock(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("lock"))
        .map_err(|error| Error::from_io("lock", path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::from_io("lock", path, error)),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
