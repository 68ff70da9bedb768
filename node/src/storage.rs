//! What a node keeps on disk: sled behind the protocol's [`Store`](praksis_protocol::store::Store).
//!
//! A store is a folder with a `version`, a `lock`, `document-keys` and sled's own folder `sled`. Everything
//! stands in one tree (see `keyspace`): only within one tree does sled apply a batch whole.
//!
//! **Erased means the key is gone.** sled's file keeps old bytes until it is rewritten, so whatever holds
//! words of a document is sealed with a random key of that document before sled sees it (see `seal`), and
//! the key is overwritten where it stands (see `key_file`). On disk a document's words are as lost as
//! the 32 bytes of its key: a disk that keeps what was overwritten, a snapshot and a backup still have both.
//!
//! **Durable means fsync.** sled's `flush` is `sync_file_range` on Linux, which is none, and the
//! errors of its fsync in the background are only logged. So a commit is: batches, flush, then
//! `sync_all` on a handle of sled's file that is open from the start — the system reports a failed
//! write to every handle that was open when it failed. After a failure nothing is retried: what the
//! disk holds is not known any more, the store refuses further commits and the node stops.
//!
//! A folder that cannot be opened is never deleted and never repaired in place: [`set_aside`] moves it
//! away whole, and the node is rebuilt from snapshots and peers.

pub mod conformance;
mod failure;
mod folder;
mod key_file;
mod keyspace;
mod pages;
mod reading;
mod seal;
mod sled;
mod writing;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use self::{
    folder::{VERSION, set_aside},
    sled::{Contents, SledStore},
};

/// Why a store's folder could not be opened. Nothing in it has been lost or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A newer program wrote it.
    #[error("the store in {} is of version {found}, this program knows {VERSION}", path.display())]
    NewerVersion {
        /// The store's folder.
        path: PathBuf,
        /// The version it is of.
        found: u32,
    },
    /// Another node serves it.
    #[error("the store in {} is in use by another node", path.display())]
    InUse {
        /// The store's folder.
        path: PathBuf,
    },
    /// It is there and cannot be understood; see [`set_aside`].
    #[error("the store in {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The store's folder.
        path: PathBuf,
        /// What was found instead.
        why: String,
    },
    /// The folder belongs to somebody else, or may not be written to.
    #[error("not allowed to {doing} {}: does the folder belong to another user?", path.display())]
    NotOurs {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
    },
    /// The disk takes no writes.
    #[error("cannot {doing} {}: the disk is read-only", path.display())]
    ReadOnly {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
    },
    /// There is no room left.
    #[error("cannot {doing} {}: the disk is full", path.display())]
    Full {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
    },
    /// Anything else that the system says.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    fn from_io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.to_owned();
        let kind = source.kind();
        if kind == Kind::PermissionDenied {
            Self::NotOurs { doing, path }
        } else if kind == Kind::ReadOnlyFilesystem {
            Self::ReadOnly { doing, path }
        } else if matches!(kind, Kind::StorageFull | Kind::QuotaExceeded) {
            Self::Full { doing, path }
        } else {
            Self::Io { doing, path, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_has_a_name_of_its_own() {
        let text = |kind: io::ErrorKind| Error::from_io("write", Path::new("store"), kind.into()).to_string();
        assert!(text(io::ErrorKind::PermissionDenied).contains("belong to another user"));
        assert!(text(io::ErrorKind::ReadOnlyFilesystem).contains("read-only"));
        assert!(text(io::ErrorKind::StorageFull).contains("the disk is full"));
        assert!(text(io::ErrorKind::QuotaExceeded).contains("the disk is full"));
        assert_eq!(text(io::ErrorKind::Other), "cannot write store");
    }
}
