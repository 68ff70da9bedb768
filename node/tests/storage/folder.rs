//! Folders that cannot be opened, each with its error and left as it was.

use std::{collections::BTreeMap, fs, path::Path};

use praksis_node::storage::{Error, SledStore, VERSION, set_aside};
use praksis_protocol::{
    id::{ChangeHash, DocumentId},
    store::{Put, Read, Store, StoreError},
};
use tempfile::TempDir;

fn filled(path: &Path) {
    let store = SledStore::open(path).unwrap();
    let things = (0..200).map(|n| Put::Local(format!("thing {n}"), Some(vec![7; 500])));
    store.commit(&[things.collect()]).unwrap();
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    filled(folder.path());
    fs::write(folder.path().join("version"), format!("praksis store {}\n", VERSION + 1)).unwrap();
    let before = files(folder.path());
    let error = SledStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::NewerVersion { found, .. } if found == VERSION + 1), "{error}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("thesis.odt"), "years of work").unwrap();
    let before = files(folder.path());
    let error = SledStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_version_that_is_none_is_not_guessed_at() {
    let folder = TempDir::new().unwrap();
    filled(folder.path());
    for text in
        ["", "praksis store 2", "praksis store 0\n", "praksis store 1\n", "praksis store x\n", "1\n", "\u{0}"]
    {
        fs::write(folder.path().join("version"), text).unwrap();
        let error = SledStore::open(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{text:?}: {error}");
    }
}

#[test]
fn two_nodes_do_not_share_a_folder() {
    let folder = TempDir::new().unwrap();
    let first = SledStore::open(folder.path()).unwrap();
    let reader = first.clone();
    assert!(matches!(SledStore::open(folder.path()), Err(Error::InUse { .. })));
    assert!(matches!(set_aside(folder.path()), Err(Error::InUse { .. })));
    drop(first);
    assert!(matches!(SledStore::open(folder.path()), Err(Error::InUse { .. })), "a clone has it open");
    drop(reader);
    SledStore::open(folder.path()).unwrap();
}

#[test]
fn a_folder_is_free_as_soon_as_it_is_closed() {
    let folder = TempDir::new().unwrap();
    for round in 0..30_u8 {
        let store = SledStore::open(folder.path()).unwrap();
        store.commit(&[vec![Put::Local("round".into(), Some(vec![round]))]]).unwrap();
    }
    assert_eq!(SledStore::open(folder.path()).unwrap().local("round"), Ok(Some(vec![29])));
}

#[test]
fn a_first_start_that_was_stopped_at_once_is_made_good() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("lock"), "").unwrap();
    fs::write(path.join("version.new"), "praksis st").unwrap();
    filled(&path);
    // Between the version and sled's first file.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("version"), format!("praksis store {VERSION}\n")).unwrap();
    filled(&other);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    fs::write(&path, "not a folder").unwrap();
    assert!(matches!(SledStore::open(&path), Err(Error::Io { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"not a folder");
}

#[test]
fn a_damaged_store_is_set_aside_whole_and_a_new_one_begun() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    for round in 1..=2 {
        filled(&path);
        fs::write(path.join("sled").join("conf"), vec![0x5a; 64]).unwrap();
        let error = SledStore::open(&path).unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
        let before = files(&path).into_values().collect::<Vec<_>>();
        let aside = set_aside(&path).unwrap();
        assert_eq!(aside, folder.path().join(format!("store.damaged-{round}")));
        assert_eq!(files(&aside).into_values().collect::<Vec<_>>(), before);
        assert!(!path.exists());
    }
}

/// Whatever is done to sled's file: an error, or exactly what was there; never something else, never a
/// panic.
#[test]
fn a_damaged_file_is_noticed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let whole = SledStore::open(&path).unwrap().check().unwrap();
    let db = path.join("sled").join("db");
    let bytes = fs::read(&db).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for at in (0..=written).step_by(written / 20) {
        let copy = folder.path().join(format!("copy-{at}"));
        crate::stores::copy_folder(&path, &copy);
        let mut damaged = bytes.clone();
        damaged[at..(at + 64).min(bytes.len())].fill(0xa5);
        fs::write(copy.join("sled").join("db"), damaged).unwrap();
        if let Ok(store) = SledStore::open(&copy) {
            match store.check() {
                Ok(contents) => {
                    assert!(contents == whole || contents.entries < whole.entries, "{contents:?}")
                }
                Err(StoreError::Damaged { .. } | StoreError::Io { .. }) => {}
            }
        }
    }
}

#[test]
fn a_change_under_another_hash_is_never_handed_out() {
    let folder = TempDir::new().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let document = DocumentId([1; 32]);
    store.commit(&[vec![Put::Change(document, ChangeHash([2; 32]), vec![0; 40])]]).unwrap();
    assert_eq!(store.changes(document), Err(StoreError::Damaged { what: "change".into() }));
    assert_eq!(store.check(), Err(StoreError::Damaged { what: "change".into() }));
}
