//! The data folder: keys, store, index, and how programs of this machine reach the node.
//!
//! ```text
//! DIR/version          which program wrote it; written last, so that a folder without is unfinished
//!     keys/device.key  who this node is in the network
//!     keys/root.key    who the organisation is; on one node, and in a safe
//!     keys/root-next.key  while it is handed over
//!     keys/recovery.key  an association's: replaces a lost root; to be moved offline
//!     store/           everything else (storage)
//!     index/           search; can be thrown away
//!     token            whoever can read it may speak to the node
//!     lock             held by the one node that serves the folder
//!     addresses.json   where that node is reached; gone when it has stopped
//! ```

mod init;
mod keys;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use praksis_protocol::id::{DeviceId, DocumentId};
use serde::{Deserialize, Serialize};

pub use self::init::{Beginning, association, office, organisation};
use crate::{
    key::{self, KeyError},
    platform::sync_folder,
    storage,
};

/// The version of what stands in a folder.
pub const VERSION: u32 = 1;

/// Where the organisation's card stands until it has joined a network, as JSON: a local thing's name.
pub const CARD: &str = "node/card";

/// Whose memory the contact is that `init` leaves to be drafted at the first start, as JSON. No document has
/// this id: it is no hash.
pub const PENDING_CONTACT: DocumentId = DocumentId(*b"what init keeps of a new contact");

/// What it is called there.
pub const CONTACT: &str = "contact";

/// What `vocabulary import` took in.
const CPV_LIST: &str = "cpv.json";
const VERSION_FILE: &str = "version";
const VERSION_TEXT: &str = "praksis ";

/// Why a folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no node in it.
    #[error("there is no node in {}", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// There is something in it already; nothing was touched.
    #[error("there is something in {} already: {what}", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
        /// What was found.
        what: &'static str,
    },
    /// A newer program wrote it; nothing was touched.
    #[error("{} is of version {found}, this program knows {VERSION}", path.display())]
    NewerVersion {
        /// The folder.
        path: PathBuf,
        /// The version it is of.
        found: u32,
    },
    /// A node serves it, or another program makes one in it.
    #[error("{} is in use by another node", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Something in it is not what it should be.
    #[error("cannot understand {}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A key or the token.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] storage::Error),
    /// The store took the first batch badly.
    #[error(transparent)]
    Write(#[from] praksis_protocol::store::StoreError),
    /// The system's word.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Where a node is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// By programs of this machine, as `127.0.0.1:7420`.
    pub http: String,
    /// By other nodes: multiaddresses.
    pub listen: Vec<String>,
    /// Which device.
    pub device: DeviceId,
}

/// A folder with a node in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// Held by the one process that serves a folder; the system lets go of it however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Folder {
    /// Finds the node in a folder.
    ///
    /// # Errors
    /// When there is none, or one of a newer version.
    pub fn open(path: &Path) -> Result<Self, Error> {
        match read_version(path)? {
            Some(VERSION) => Ok(Self { path: path.to_owned() }),
            Some(found) => Err(Error::NewerVersion { path: path.to_owned(), found }),
            None => Err(Error::Missing { path: path.to_owned() }),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Where the search index is.
    pub fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    /// What programs of this machine show to be let in; a new one if it was lost.
    ///
    /// # Errors
    /// When others than the owner can read it, or a new one cannot be written.
    pub fn token(&self) -> Result<String, Error> {
        match key::read_secret(&self.path.join("token"))? {
            Some(token) => Ok(token.trim().to_owned()),
            None => init::new_token(&self.path),
        }
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<Lock, Error> {
        lock(&self.path)
    }

    /// Where the node that serves this folder is reached; `None` when none has said so.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn addresses(&self) -> Result<Option<Addresses>, Error> {
        let path = self.path.join("addresses.json");
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| Error::Damaged { path, why: error.to_string() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io { doing: "read", path, source }),
        }
    }

    /// Says where the node is reached: whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_addresses(&self, addresses: &Addresses) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(addresses).expect("JSON of plain values");
        replace_file(&self.path, "addresses.json", &text)
    }

    /// The CPV list that was imported, as it was kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn cpv_list(&self) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path.join(CPV_LIST);
        match fs::read(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io { doing: "read", path, source }),
        }
    }

    /// Keeps an imported CPV list: whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_cpv_list(&self, text: &str) -> Result<(), Error> {
        replace_file(&self.path, CPV_LIST, text)
    }

    /// Says that no node serves the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove_addresses(&self) -> Result<(), Error> {
        let path = self.path.join("addresses.json");
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Io { doing: "remove", path, source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The version of the node that is there, if one was ever finished.
fn read_version(path: &Path) -> Result<Option<u32>, Error> {
    let file = path.join(VERSION_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(Error::Io { doing: "read", path: file, source }),
    };
    match text.strip_prefix(VERSION_TEXT).and_then(|number| number.trim_end().parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(Error::Damaged { path: file, why: "it does not name a version".to_owned() }),
    }
}

fn lock(path: &Path) -> Result<Lock, Error> {
    let failed = |source| Error::Io { doing: "lock", path: path.to_owned(), source };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Written beside and renamed, so that whoever reads finds it whole or not at all.
fn replace_file(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    let (beside, path) = (folder.join(format!("{name}.new")), folder.join(name));
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        sync_folder(folder)
    };
    write().map_err(|source| Error::Io { doing: "write", path, source })
}
