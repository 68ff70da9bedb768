//! A store in memory that can lose what was not yet durable, for the simulator and for tests.
//!
//! Copies share what is the same in them, so that thousands of nodes that begin alike fit into one process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rpds::RedBlackTreeMapSync;

use super::{Batch, Put, Read, Store, StoreError, TakeStatement};
use crate::id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash};

/// An ordered map that costs nothing to copy.
type Table<K> = RedBlackTreeMapSync<K, Vec<u8>>;

#[derive(Debug, Clone, Default)]
struct Tables {
    locals: Table<String>,
    statements: Table<StatementHash>,
    genesis: Table<DocumentId>,
    envelopes: Table<(DocumentId, EnvelopeHash)>,
    changes: Table<(DocumentId, ChangeHash)>,
    rows: Table<DocumentId>,
    views: Table<DocumentId>,
    memories: Table<(DocumentId, String)>,
}

#[derive(Debug, Default)]
struct Inner {
    written: Tables,
    durable: Tables,
}

/// Keeps everything in ordered maps.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

impl MemoryStore {
    /// Writes without making it durable: the first half of a commit.
    pub fn write(&self, batch: &Batch) {
        let mut inner = self.lock();
        batch.iter().for_each(|put| inner.written.put(put));
    }

    /// Makes all that was written durable: the second half of a commit.
    pub fn sync(&self) {
        let mut inner = self.lock();
        inner.durable = inner.written.clone();
    }

    /// The machine stops: what was not durable is gone.
    pub fn crash(&self) {
        let mut inner = self.lock();
        inner.written = inner.durable.clone();
    }

    /// All that is durable, as a store of its own: a backup.
    pub fn copy(&self) -> Self {
        let durable = self.lock().durable.clone();
        Self { inner: Mutex::new(Inner { written: durable.clone(), durable }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn put(&mut self, put: &Put) {
        match put.clone() {
            Put::Local(name, Some(value)) => self.locals.insert_mut(name, value),
            Put::Local(name, None) => drop(self.locals.remove_mut(&name)),
            Put::Statement(hash, bytes) => self.statements.insert_mut(hash, bytes),
            Put::Forget(hash) => drop(self.statements.remove_mut(&hash)),
            Put::Genesis(document, bytes) => self.genesis.insert_mut(document, bytes),
            Put::Envelope(document, hash, bytes) => self.envelopes.insert_mut((document, hash), bytes),
            Put::Change(document, hash, bytes) => self.changes.insert_mut((document, hash), bytes),
            Put::Row(document, bytes) => self.rows.insert_mut(document, bytes),
            Put::View(document, bytes) => self.views.insert_mut(document, bytes),
            Put::Memory(document, name, Some(value)) => self.memories.insert_mut((document, name), value),
            Put::Memory(document, name, None) => drop(self.memories.remove_mut(&(document, name))),
            Put::Erase(document) => self.erase(document),
            Put::Drop(document) => {
                self.erase(document);
                self.genesis.remove_mut(&document);
                remove_of(&mut self.envelopes, document, EnvelopeHash([0; 32]));
                self.rows.remove_mut(&document);
            }
        }
    }

    fn erase(&mut self, document: DocumentId) {
        remove_of(&mut self.changes, document, ChangeHash([0; 32]));
        self.views.remove_mut(&document);
        remove_of(&mut self.memories, document, String::new());
    }
}

/// What a table has of a document, in order; `least` is the key that none comes before.
fn of<K: Ord>(
    table: &Table<(DocumentId, K)>,
    document: DocumentId,
    least: K,
) -> impl Iterator<Item = (&(DocumentId, K), &Vec<u8>)> {
    table.range((document, least)..).take_while(move |((of, _), _)| *of == document)
}

fn remove_of<K: Ord + Clone>(table: &mut Table<(DocumentId, K)>, document: DocumentId, least: K) {
    let keys: Vec<_> = of(table, document, least).map(|(key, _)| key.clone()).collect();
    for key in &keys {
        table.remove_mut(key);
    }
}

impl Read for MemoryStore {
    fn local(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.locals.get(name).cloned())
    }

    fn locals(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let inner = self.lock();
        let from_prefix = inner.written.locals.range(prefix.to_owned()..);
        let named = from_prefix.take_while(|(name, _)| name.starts_with(prefix));
        Ok(named.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn each_statement(&self, each: &mut TakeStatement<'_>) -> Result<(), StoreError> {
        let statements = self.lock().written.statements.clone();
        statements.iter().try_for_each(|(hash, bytes)| each(*hash, bytes))
    }

    fn each_row(
        &self,
        each: &mut dyn FnMut(DocumentId, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rows = self.lock().written.rows.clone();
        rows.iter().try_for_each(|(document, row)| each(*document, row.clone()))
    }

    fn row(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.rows.get(&document).cloned())
    }

    fn genesis(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.genesis.get(&document).cloned())
    }

    fn envelopes(&self, document: DocumentId) -> Result<Vec<(EnvelopeHash, Vec<u8>)>, StoreError> {
        let inner = self.lock();
        let envelopes = of(&inner.written.envelopes, document, EnvelopeHash([0; 32]));
        Ok(envelopes.map(|((_, hash), bytes)| (*hash, bytes.clone())).collect())
    }

    fn changes(&self, document: DocumentId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
        let inner = self.lock();
        let changes = of(&inner.written.changes, document, ChangeHash([0; 32]));
        Ok(changes.map(|((_, hash), bytes)| (*hash, bytes.clone())).collect())
    }

    fn view(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.views.get(&document).cloned())
    }

    fn memory(&self, document: DocumentId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.memories.get(&(document, name.to_owned())).cloned())
    }
}

impl Store for MemoryStore {
    fn commit(&self, batches: &[Batch]) -> Result<(), StoreError> {
        for batch in batches {
            self.write(batch);
        }
        self.sync();
        Ok(())
    }
}
