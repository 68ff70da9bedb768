//! The two kinds of store, as the stories want them.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
};

use praksis_node::storage::{SledStore, conformance::Factory};
use praksis_protocol::store::memory::MemoryStore;
use tempfile::TempDir;

pub(crate) struct InMemory;

impl Factory for InMemory {
    type Store = MemoryStore;

    fn create(&self) -> MemoryStore {
        MemoryStore::default()
    }

    fn reopen(&self, store: MemoryStore) -> MemoryStore {
        store
    }

    fn crash(&self, store: MemoryStore) -> MemoryStore {
        store.crash();
        store
    }
}

/// Stores in folders that go away with it.
pub(crate) struct OnDisk {
    folder: TempDir,
    made: Cell<u32>,
}

impl OnDisk {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), made: Cell::new(0) }
    }

    fn new_path(&self) -> PathBuf {
        self.made.set(self.made.get() + 1);
        self.folder.path().join(format!("store-{}", self.made.get()))
    }

    /// What is on disk at this moment, as a process that is killed leaves it, opened elsewhere.
    pub(crate) fn as_killed_now(&self, store: &SledStore) -> SledStore {
        let path = self.new_path();
        copy_folder(store.path(), &path);
        SledStore::open(&path).unwrap()
    }
}

impl Factory for OnDisk {
    type Store = SledStore;

    fn create(&self) -> SledStore {
        SledStore::open(&self.new_path()).unwrap()
    }

    fn reopen(&self, store: SledStore) -> SledStore {
        let path = store.path().to_owned();
        drop(store);
        SledStore::open(&path).unwrap()
    }

    fn crash(&self, store: SledStore) -> SledStore {
        self.as_killed_now(&store)
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
