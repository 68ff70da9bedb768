//! What differs between operating systems; nowhere else does the code ask which one it runs on.

use std::{io, path::Path};

/// Makes durable which files a folder holds, after one was created or renamed in it.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Windows writes a folder's entries together with the file; a folder cannot be opened to sync it.
#[cfg(windows)]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
