//! Keys on disk: a 32-byte seed as one line of base32, readable by its owner alone.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use praksis_protocol::id::BASE32;
use rand::{TryRng as _, rngs::SysRng};
use zeroize::Zeroizing;

use crate::platform;

/// The header that lends a root to one request of this machine's interface: its seed as base32.
pub(crate) const ROOT_HEADER: &str = "root-key";

/// Why a key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Others than its owner may read it.
    #[error("others than you can read {}: {mend}", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// The command that mends it.
        mend: String,
    },
    /// It does not hold a key.
    #[error("{} does not hold a key: expected 52 letters and digits of base32", path.display())]
    NotAKey {
        /// Which file.
        path: PathBuf,
    },
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

/// A new key, from the system's randomness.
///
/// # Errors
/// When the system gives none.
pub fn generate() -> io::Result<SigningKey> {
    let mut seed = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(&mut *seed).map_err(io::Error::other)?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Writes a key into a new file.
pub(crate) fn write(path: &Path, key: &SigningKey) -> Result<(), KeyError> {
    write_secret(path, &Zeroizing::new(BASE32.encode(&*Zeroizing::new(key.to_bytes()))))
}

/// Reads a key, unless others can read it too. `None` when there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<SigningKey>, KeyError> {
    let Some(text) = read_secret(path)? else { return Ok(None) };
    match read_seed(text.trim().as_bytes()) {
        Some(key) => Ok(Some(key)),
        None => Err(KeyError::NotAKey { path: path.to_owned() }),
    }
}

/// The key of a seed as base32, if it is one.
pub(crate) fn read_seed(text: &[u8]) -> Option<SigningKey> {
    let bytes = Zeroizing::new(BASE32.decode(text).ok()?);
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into().ok()?);
    Some(SigningKey::from_bytes(&seed))
}

/// Writes one line into a new file that only its owner can read.
pub(crate) fn write_secret(path: &Path, line: &str) -> Result<(), KeyError> {
    let write = || {
        let mut file = platform::create_private_file(path)?;
        writeln!(file, "{line}")?;
        file.sync_all()
    };
    write().map_err(|source| KeyError::Io { doing: "write", path: path.to_owned(), source })
}

/// Whether there is a file, which then only its owner can read.
pub(crate) fn is_guarded(path: &Path) -> Result<bool, KeyError> {
    let failed = |source| KeyError::Io { doing: "read", path: path.to_owned(), source };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    match platform::exposed(path, &metadata).map_err(failed)? {
        Some(mend) => Err(KeyError::Exposed { path: path.to_owned(), mend }),
        None => Ok(true),
    }
}

/// Reads such a file, if it is there.
pub(crate) fn read_secret(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    let failed = |source| KeyError::Io { doing: "read", path: path.to_owned(), source };
    if !is_guarded(path)? {
        return Ok(None);
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(KeyError::NotAKey { path: path.to_owned() })
        }
        Err(error) => Err(failed(error)),
    }
}
