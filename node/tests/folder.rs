//! The data folder: made once, whole or not at all, and refused while others can read its keys.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use praksis_node::{
    folder::{self, Addresses, Beginning, CARD, CONTACT, Error, Folder, PENDING_CONTACT},
    key::KeyError,
    storage::SledStore,
};
use praksis_protocol::{
    engine::setup,
    id::{DeviceId, OrgId},
    membership::ticket::Ticket,
    store::Read as _,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

fn beginning() -> Beginning {
    let object = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    Beginning {
        number: "310000027".to_owned(),
        name: "Bergen (demo)".to_owned(),
        card: object(json!({"name": "Bergen (demo)"})),
        contact: Some(object(json!({"mailbox": "innkjop@bergen.example"}))),
    }
}

/// Every file below a folder with what stands in it.
fn contents(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn an_organisation_begins_with_keys_a_token_and_what_is_to_be_done_later() {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("deep").join("bergen");
    let made = folder::organisation(&dir, &beginning()).unwrap();
    assert_eq!(Folder::open(&dir).unwrap(), made);
    let keys = made.keys().unwrap();
    assert!(made.recovery_key().unwrap().is_none());
    assert_eq!(made.token().unwrap().len(), 64);
    assert_eq!(made.addresses().unwrap(), None);

    let store = SledStore::open(&made.store()).unwrap();
    let identity = setup::identity(&store).unwrap();
    assert_eq!(identity.org, Some(OrgId(keys.root.unwrap().verifying_key().to_bytes())));
    assert_eq!(identity.name, "Bergen (demo)");
    assert!(setup::charter(&store).unwrap().is_none());
    let json = |bytes: Option<Vec<u8>>| serde_json::from_slice::<Value>(&bytes.unwrap()).unwrap();
    assert_eq!(json(store.local(CARD).unwrap())["name"], "Bergen (demo)");
    let contact = json(store.memory(PENDING_CONTACT, CONTACT).unwrap());
    assert_eq!(contact["mailbox"], "innkjop@bergen.example");
}

#[test]
fn an_association_founds_a_network_that_its_recovery_key_can_save() {
    let home = TempDir::new().unwrap();
    let made = folder::association(&home.path().join("ks"), &beginning()).unwrap();
    let recovery = made.recovery_key().unwrap().unwrap();
    let charter = setup::charter(&SledStore::open(&made.store()).unwrap()).unwrap().unwrap();
    assert_eq!(charter.recovery, [OrgId(recovery.verifying_key().to_bytes())]);
    assert_ne!(charter.recovery, charter.roots);
    fs::remove_file(made.key("recovery")).unwrap();
    assert!(made.recovery_key().unwrap().is_none(), "moved offline, as it should be");
    made.keys().unwrap();
}

#[test]
fn an_office_holds_no_root_and_asks_to_be_granted() {
    let home = TempDir::new().unwrap();
    let (made, request) = folder::office(&home.path().join("office"), "310000027").unwrap();
    let keys = made.keys().unwrap();
    assert!(keys.root.is_none());
    let Ticket::Request(request) = Ticket::from_text(&request).unwrap() else { panic!("a request") };
    assert_eq!(request.device, DeviceId(keys.device.verifying_key().to_bytes()));
    assert_eq!(request.number, "310000027");
}

#[test]
fn what_is_there_is_never_touched() {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("bergen");
    folder::organisation(&dir, &beginning()).unwrap();
    let before = contents(&dir);
    assert!(matches!(folder::organisation(&dir, &beginning()), Err(Error::Exists { what: "a node", .. })));
    assert!(matches!(folder::office(&dir, "310000027"), Err(Error::Exists { .. })));
    assert_eq!(contents(&dir), before);

    let foreign = home.path().join("thesis");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("chapter-1.txt"), "years of work").unwrap();
    let before = contents(&foreign);
    assert!(matches!(
        folder::organisation(&foreign, &beginning()),
        Err(Error::Exists { what: "other files", .. })
    ));
    assert_eq!(contents(&foreign), before);

    let file = foreign.join("chapter-1.txt");
    assert!(folder::organisation(&file, &beginning()).is_err());
    assert!(folder::organisation(&file.join("below"), &beginning()).is_err());
    assert_eq!(contents(&foreign), before);
}

#[test]
fn an_empty_folder_such_as_a_mounted_disk_is_taken() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("lost+found")).unwrap();
    folder::organisation(home.path(), &beginning()).unwrap();
    Folder::open(home.path()).unwrap().keys().unwrap();
}

/// Whatever an interrupted `init` left: the node is not there, and the next `init` makes it.
#[test]
fn a_beginning_that_was_cut_off_is_begun_again() {
    let home = TempDir::new().unwrap();
    let whole = home.path().join("whole");
    folder::organisation(&whole, &beginning()).unwrap();
    // In the order in which they are written; the last round lacks only the version.
    let written = ["keys/root.key", "keys/device.key", "token", "store"];
    for count in 0..=written.len() {
        let dir = home.path().join(format!("cut-{count}"));
        fs::create_dir_all(dir.join("keys")).unwrap();
        fs::write(dir.join("unfinished"), "").unwrap();
        for name in &written[..count] {
            copy(&whole.join(name), &dir.join(name));
        }
        assert!(matches!(Folder::open(&dir), Err(Error::Missing { .. })));
        let made = folder::organisation(&dir, &beginning()).unwrap();
        assert_ne!(fs::read(made.key("root")).unwrap(), fs::read(whole.join("keys/root.key")).unwrap());
        assert!(!dir.join("unfinished").exists());
        let store = SledStore::open(&made.store()).unwrap();
        let root = made.keys().unwrap().root.unwrap();
        let identity = setup::identity(&store).unwrap();
        assert_eq!(identity.org, Some(OrgId(root.verifying_key().to_bytes())), "of one making");
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

#[test]
fn a_folder_of_a_newer_program_is_refused_and_one_that_says_nonsense_too() {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("bergen");
    folder::organisation(&dir, &beginning()).unwrap();
    fs::write(dir.join("version"), "praksis 2\n").unwrap();
    assert!(matches!(Folder::open(&dir), Err(Error::NewerVersion { found: 2, .. })));
    assert!(matches!(folder::organisation(&dir, &beginning()), Err(Error::Exists { .. })));
    fs::write(dir.join("version"), "praksis two\n").unwrap();
    assert!(matches!(Folder::open(&dir), Err(Error::Damaged { .. })));
    assert!(matches!(Folder::open(home.path()), Err(Error::Missing { .. })));
    assert!(matches!(Folder::open(&home.path().join("nowhere")), Err(Error::Missing { .. })));
}

#[test]
fn a_key_that_is_none_is_named() {
    let home = TempDir::new().unwrap();
    let made = folder::organisation(&home.path().join("bergen"), &beginning()).unwrap();
    fs::write(made.key("root"), "not a key").unwrap();
    let error = made.keys().err().unwrap();
    assert!(matches!(&error, Error::Key(KeyError::NotAKey { path }) if *path == made.key("root")));
    assert!(!error.to_string().contains("not a key"), "what stands in a key file is never shown");
    fs::remove_file(made.key("device")).unwrap();
    assert!(matches!(made.keys(), Err(Error::Missing { .. })));
}

#[cfg(unix)]
#[test]
fn a_token_that_was_lost_is_made_anew() {
    let home = TempDir::new().unwrap();
    let folder = folder::organisation(&home.path().join("node"), &beginning()).unwrap();
    let first = folder.token().unwrap();
    fs::remove_file(folder.path().join("token")).unwrap();
    let second = folder.token().unwrap();
    assert_ne!(first, second);
    assert_eq!(folder.token().unwrap(), second);
}

#[test]
fn keys_and_token_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = TempDir::new().unwrap();
    let made = folder::association(&home.path().join("ks"), &beginning()).unwrap();
    let token = made.path().join("token");
    for path in [made.key("device"), made.key("root"), made.key("recovery"), token.clone()] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(made.path()).unwrap().permissions().mode() & 0o777, 0o700);

    fs::set_permissions(made.key("root"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o604)).unwrap();
    let error = made.keys().err().unwrap();
    let mend = format!("chmod 600 '{}'", made.key("root").display());
    assert!(error.to_string().contains(&mend), "{error}");
    assert!(matches!(made.token(), Err(Error::Key(KeyError::Exposed { .. }))));
    fs::set_permissions(made.key("root"), fs::Permissions::from_mode(0o600)).unwrap();
    made.keys().unwrap();
}

#[test]
fn one_process_serves_a_folder_and_its_addresses_are_written_whole() {
    let home = TempDir::new().unwrap();
    let made = folder::organisation(&home.path().join("bergen"), &beginning()).unwrap();
    let lock = made.lock().unwrap();
    assert!(matches!(made.lock(), Err(Error::InUse { .. })));
    drop(lock);
    made.lock().unwrap();

    let addresses =
        Addresses { http: "127.0.0.1:7420".to_owned(), listen: vec![], device: DeviceId([7; 32]) };
    made.write_addresses(&addresses).unwrap();
    assert_eq!(made.addresses().unwrap(), Some(addresses));
    made.remove_addresses().unwrap();
    made.remove_addresses().unwrap();
    assert_eq!(made.addresses().unwrap(), None);
}
