//! The keys in a folder: the device's, and an organisation's root and an association's recovery key as long as they lie
//! here.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use ed25519_dalek::SigningKey;
use praksis_protocol::{engine::Keys, id::OrgId};

use super::{Error, Folder};
use crate::{key, platform::sync_folder};

const ROOT: &str = "root";
const RECOVERY: &str = "recovery";
const NEXT_ROOT: &str = "root-next";

impl Folder {
    /// The keys that are there.
    ///
    /// # Errors
    /// When the device's is not, or others than the owner can read one.
    pub fn keys(&self) -> Result<Keys, Error> {
        let path = self.key("device");
        let device = key::read(&path)?.ok_or(Error::Missing { path })?;
        Ok(Keys { device, root: self.root_key()? })
    }

    /// Refuses a folder of which others can read a key or the token.
    ///
    /// # Errors
    /// Which file, and the command that mends it.
    pub fn guard(&self) -> Result<(), Error> {
        let keys = ["device", ROOT, NEXT_ROOT, RECOVERY].map(|name| self.key(name));
        for path in keys.into_iter().chain([self.path.join("token"), self.store().join("document-keys")]) {
            key::is_guarded(&path)?;
        }
        Ok(())
    }

    /// The organisation's root key, if this node keeps it.
    ///
    /// # Errors
    /// As for [`keys`](Self::keys).
    pub fn root_key(&self) -> Result<Option<SigningKey>, Error> {
        Ok(key::read(&self.key(ROOT))?)
    }

    /// Puts the root key here, where there is none.
    ///
    /// # Errors
    /// When there is one, or it cannot be written.
    pub fn put_root_key(&self, root: &SigningKey) -> Result<(), Error> {
        let path = self.key(ROOT);
        if path.exists() {
            return Err(Error::Exists { path, what: "a root key" });
        }
        key::write(&path, root)?;
        self.sync_keys()
    }

    /// Takes the root key away: written over, then removed. What a flash disk has moved aside, and backups, keep it.
    ///
    /// # Errors
    /// When it cannot be written or removed.
    pub fn remove_root_key(&self) -> Result<(), Error> {
        self.remove_key(ROOT)
    }

    /// Takes the recovery key away, in the same way.
    ///
    /// # Errors
    /// As for [`remove_root_key`](Self::remove_root_key).
    pub fn remove_recovery_key(&self) -> Result<(), Error> {
        self.remove_key(RECOVERY)
    }

    fn remove_key(&self, name: &str) -> Result<(), Error> {
        let path = self.key(name);
        let remove = || {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.write_all(&[b'0'; 53])?;
            file.sync_all()?;
            fs::remove_file(&path)
        };
        remove().map_err(|source| Error::Io { doing: "remove", path: path.clone(), source })?;
        self.sync_keys()
    }

    /// The root that is to speak next: made, or made before. It is on disk when this comes back.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn next_root(&self) -> Result<OrgId, Error> {
        let path = self.key(NEXT_ROOT);
        let next = match key::read(&path)? {
            Some(next) => next,
            None => {
                let made = key::generate();
                let next = made.map_err(|source| Error::Io { doing: "make", path: path.clone(), source })?;
                key::write(&path, &next)?;
                self.sync_keys()?;
                next
            }
        };
        Ok(OrgId(next.verifying_key().to_bytes()))
    }

    /// Whether there is a root that may be the one that speaks by now.
    ///
    /// # Errors
    /// As for [`keys`](Self::keys).
    pub fn next_root_made(&self) -> Result<Option<OrgId>, Error> {
        Ok(key::read(&self.key(NEXT_ROOT))?.map(|next| OrgId(next.verifying_key().to_bytes())))
    }

    /// The next root speaks now: it takes the place of the old one.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub fn take_next_root(&self) -> Result<(), Error> {
        let (next, path) = (self.key(NEXT_ROOT), self.key(ROOT));
        fs::rename(next, &path).map_err(|source| Error::Io { doing: "replace", path, source })?;
        self.sync_keys()
    }

    fn sync_keys(&self) -> Result<(), Error> {
        let path = self.path.join("keys");
        sync_folder(&path).map_err(|source| Error::Io { doing: "write into", path, source })
    }

    /// An association's recovery key, as long as it lies here.
    ///
    /// # Errors
    /// As for [`keys`](Self::keys).
    pub fn recovery_key(&self) -> Result<Option<SigningKey>, Error> {
        Ok(key::read(&self.key(RECOVERY))?)
    }

    /// Where a key is.
    pub fn key(&self, name: &str) -> PathBuf {
        self.path.join("keys").join(format!("{name}.key"))
    }
}
