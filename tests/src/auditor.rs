//! Reads the folder of a store as somebody would who has taken it away: every file, what sled holds as it
//! holds it, and every key that is anywhere in the folder.

pub mod index;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// First byte of the keys of what is sealed: changes, views, memories.
const SEALED: [u8; 3] = [5, 7, 8];
/// First byte of the keys of parts of long values.
const PART: u8 = 255;
/// Form and checksum, before a value or its length.
const HEAD: usize = 17;
const SEGMENT_BYTES: usize = 4 << 20;

/// A sealed value, by the key that it stood under.
pub type Sealed = BTreeMap<Vec<u8>, Vec<u8>>;

/// Everything sealed that sled would read from the folder now. It may be in use: a copy is read.
///
/// # Panics
/// When the copy cannot be made or read.
pub fn sealed(store: &Path) -> Sealed {
    let copy = tempfile::tempdir().expect("a folder");
    copy_folder(&store.join("sled"), copy.path());
    let config = sled::Config::new().path(copy.path()).segment_size(SEGMENT_BYTES);
    let tree = config.mode(sled::Mode::LowSpace).open().expect("sled reads the copy");
    let mut found = Sealed::new();
    for (key, head) in tree.range(..[PART]).map(|item| item.expect("sled reads")) {
        if !SEALED.contains(&key[0]) {
            continue;
        }
        let parts = tree.scan_prefix([&[PART], &*key].concat()).values();
        let mut value: Vec<u8> = parts.flat_map(|part| part.expect("sled reads").to_vec()).collect();
        if head[0] == 0 {
            value = head[HEAD..].to_vec();
        }
        found.insert(key.to_vec(), value);
    }
    found
}

/// What a sealed value says, if any key of the folder opens it.
///
/// # Panics
/// When there is no key file.
pub fn open(store: &Path, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    key_of(store, key, sealed).and_then(|of_document| open_with(&of_document, key, sealed))
}

/// The key that opens it, of all stretches of 32 bytes of the folder's key file.
///
/// # Panics
/// When there is no key file.
pub fn key_of(store: &Path, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let keys = fs::read(store.join("document-keys")).expect("a key file");
    let mut stretches = keys.chunks_exact(32);
    stretches.find(|stretch| open_with(stretch, key, sealed).is_some()).map(<[u8]>::to_vec)
}

fn open_with(of_document: &[u8], key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, of_document).expect("32 bytes"));
    let nonce = Nonce::try_assume_unique_for_key(&sealed[..NONCE_LEN]).expect("twelve bytes");
    let mut bytes = sealed[NONCE_LEN..].to_vec();
    cipher.open_in_place(nonce, Aad::from(key), &mut bytes).ok().map(|words| words.to_vec())
}

/// The files of a folder that have these bytes anywhere in them.
///
/// # Panics
/// When a file cannot be read.
pub fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if still_there(fs::read(&path)).is_some_and(|whole| contains(&whole, bytes)) {
            found.push(path);
        }
    }
    found
}

/// What came of a file that was listed; none when a node that runs has taken it away since.
fn still_there<T>(result: io::Result<T>) -> Option<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        done => Some(done.expect("a file can be read")),
    }
}

/// Whether these bytes stand in those.
pub fn contains(whole: &[u8], bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(next) = whole[at..].iter().position(|byte| *byte == bytes[0]) {
        at += next;
        if whole[at..].starts_with(bytes) {
            return true;
        }
        at += 1;
    }
    false
}

/// Copies every file of a folder, as a process that is killed now leaves them.
///
/// # Panics
/// When one cannot be copied.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            still_there(fs::copy(entry.path(), to));
        }
    }
}
