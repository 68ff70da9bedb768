//! Making a node: keys, store, token.
//!
//! Everything is written into the folder itself, which may be a mounted disk that cannot be renamed.
//! A file `unfinished` is the first and `version` the last: what was cut off half-way is known by the
//! one without the other, has never been seen by anybody, and is begun again from nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use praksis_protocol::{
    engine::setup,
    id::OrgId,
    membership::ticket::Ticket,
    store::{Batch, Put, Store as _},
};
use rand::{
    TryRng as _,
    rngs::{StdRng, SysRng},
};
use serde_json::{Map, Value};

use super::{
    CARD, CONTACT, Error, Folder, Lock, PENDING_CONTACT, VERSION, VERSION_FILE, VERSION_TEXT, lock,
    read_version, replace_file,
};
use crate::{
    clock,
    key::{self, KeyError},
    platform::{create_private_folder, sync_folder},
    storage::SledStore,
};

const UNFINISHED: &str = "unfinished";

/// An organisation's first node.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Nine digits; whoever calls has checked them.
    pub number: String,
    /// The organisation's name.
    pub name: String,
    /// Its public card, to be written when it joins a network.
    pub card: Map<String, Value>,
    /// Its default contact, to be drafted at the first start.
    pub contact: Option<Map<String, Value>>,
}

/// Makes the first node of an organisation.
///
/// # Errors
/// [`Error::Exists`] when there is anything in the folder; otherwise what the system said.
pub fn organisation(path: &Path, beginning: &Beginning) -> Result<Folder, Error> {
    let begun = Begun::new(path)?;
    let (root, device) = (begun.new_key("root")?, begun.new_key("device")?);
    let batch = setup::organisation(&root, &device, &beginning.number, &beginning.name);
    begun.finish(batch, later(beginning))
}

/// Makes an association, which founds a network. Its `keys/recovery.key` should be moved offline.
///
/// # Errors
/// As for [`organisation`].
pub fn association(path: &Path, beginning: &Beginning) -> Result<Folder, Error> {
    let begun = Begun::new(path)?;
    let (root, device) = (begun.new_key("root")?, begun.new_key("device")?);
    let recovery = OrgId(begun.new_key("recovery")?.verifying_key().to_bytes());
    let batch = setup::association(
        &root,
        &device,
        &beginning.number,
        &beginning.name,
        vec![recovery],
        clock::now(),
        &mut rand::make_rng::<StdRng>(),
    );
    begun.finish(batch, later(beginning))
}

/// Makes a second office of an organisation, and its request for the root's node to grant.
///
/// # Errors
/// As for [`organisation`].
pub fn office(path: &Path, number: &str) -> Result<(Folder, String), Error> {
    let begun = Begun::new(path)?;
    let device = begun.new_key("device")?;
    let request = Ticket::Request(setup::acceptance(&device, number)).to_text();
    Ok((begun.finish(setup::office(number), vec![])?, request))
}

/// What the running node makes of the beginning.
fn later(beginning: &Beginning) -> Batch {
    let json = |value: &Map<String, Value>| serde_json::to_vec(value).expect("JSON of plain values");
    let mut batch = vec![Put::Local(CARD.to_owned(), Some(json(&beginning.card)))];
    let contact = |contact| Put::Memory(PENDING_CONTACT, CONTACT.to_owned(), Some(json(contact)));
    batch.extend(beginning.contact.iter().map(contact));
    batch
}

/// A folder in which a node is being made.
struct Begun {
    path: PathBuf,
    lock: Lock,
}

impl Begun {
    fn new(path: &Path) -> Result<Self, Error> {
        if read_version(path)?.is_some() {
            return Err(Error::Exists { path: path.to_owned(), what: "a node" });
        }
        let failed = |doing| move |source| Error::Io { doing, path: path.to_owned(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("create"))?;
        }
        match create_private_folder(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("create")(error));
            }
            Ok(()) | Err(_) => {}
        }
        if !path.is_dir() {
            return Err(Error::Exists { path: path.to_owned(), what: "a file" });
        }
        let unfinished = path.join(UNFINISHED);
        if !unfinished.exists() && !is_empty(path).map_err(failed("read"))? {
            return Err(Error::Exists { path: path.to_owned(), what: "other files" });
        }
        fs::write(&unfinished, "praksis init was here and did not get to the end\n")
            .and_then(|()| sync_folder(path))
            .map_err(failed("write into"))?;
        let begun = Self { path: path.to_owned(), lock: lock(path)? };
        // A program that finished in between has removed its mark.
        if read_version(path)?.is_some() {
            fs::remove_file(&unfinished).map_err(failed("clean up"))?;
            return Err(Error::Exists { path: path.to_owned(), what: "a node" });
        }
        begun.clear().map_err(failed("clean up"))?;
        create_private_folder(&path.join("keys")).map_err(failed("create keys in"))?;
        Ok(begun)
    }

    /// Removes what a beginning that was cut off left behind.
    fn clear(&self) -> io::Result<()> {
        for name in ["keys", "store", "index"] {
            absent_is_fine(fs::remove_dir_all(self.path.join(name)))?;
        }
        absent_is_fine(fs::remove_file(self.path.join("token")))
    }

    fn new_key(&self, name: &str) -> Result<SigningKey, Error> {
        let path = self.path.join("keys").join(format!("{name}.key"));
        let key = key::generate().map_err(|source| KeyError::Io {
            doing: "draw randomness for",
            path: path.clone(),
            source,
        })?;
        key::write(&path, &key)?;
        Ok(key)
    }

    fn finish(self, mut batch: Batch, later: Batch) -> Result<Folder, Error> {
        let path = self.path.clone();
        let failed = |doing| {
            let path = path.clone();
            move |source| Error::Io { doing, path, source }
        };
        new_token(&path)?;
        batch.extend(later);
        SledStore::open(&path.join("store"))?.commit(&[batch])?;
        sync_folder(&path.join("keys")).and_then(|()| sync_folder(&path)).map_err(failed("sync"))?;
        replace_file(&path, VERSION_FILE, &format!("{VERSION_TEXT}{VERSION}\n"))?;
        fs::remove_file(path.join(UNFINISHED)).map_err(failed("finish"))?;
        drop(self.lock);
        Ok(Folder { path: self.path })
    }
}

fn is_empty(path: &Path) -> io::Result<bool> {
    // A file system may keep its own folder at the top of a disk.
    let mut names = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name()));
    names.try_fold(true, |empty, name| Ok(empty && name? == "lost+found"))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a new token: what was known of the one before is worth nothing.
pub(super) fn new_token(path: &Path) -> Result<String, Error> {
    let mut token = [0; 32];
    SysRng.try_fill_bytes(&mut token).map_err(io::Error::other).map_err(|source| Error::Io {
        doing: "draw randomness for",
        path: path.to_owned(),
        source,
    })?;
    let token = HEXLOWER.encode(&token);
    key::write_secret(&path.join("token"), &token)?;
    Ok(token)
}
