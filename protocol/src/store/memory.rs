//! A store in memory that can lose what was not yet durable, for the simulator and for tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Batch, Put, Read, Store, StoreError};
use crate::id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tables {
    locals: BTreeMap<String, Vec<u8>>,
    statements: BTreeMap<StatementHash, Vec<u8>>,
    genesis: BTreeMap<DocumentId, Vec<u8>>,
    envelopes: BTreeMap<(DocumentId, EnvelopeHash), Vec<u8>>,
    changes: BTreeMap<(DocumentId, ChangeHash), Vec<u8>>,
    rows: BTreeMap<DocumentId, Vec<u8>>,
    views: BTreeMap<DocumentId, Vec<u8>>,
    memories: BTreeMap<(DocumentId, String), Vec<u8>>,
}

#[derive(Debug, Default)]
struct Inner {
    written: Tables,
    durable: Tables,
    /// Written and not yet durable.
    pending: Vec<Put>,
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
        for put in batch {
            inner.written.put(put);
        }
        inner.pending.extend(batch.iter().cloned());
    }

    /// Makes all that was written durable: the second half of a commit.
    pub fn sync(&self) {
        let mut inner = self.lock();
        for put in std::mem::take(&mut inner.pending) {
            inner.durable.put(&put);
        }
    }

    /// The machine stops: what was not durable is gone.
    pub fn crash(&self) {
        let mut inner = self.lock();
        inner.written = inner.durable.clone();
        inner.pending.clear();
    }

    /// All that is durable, as a store of its own: a backup.
    pub fn copy(&self) -> Self {
        let durable = self.lock().durable.clone();
        Self { inner: Mutex::new(Inner { written: durable.clone(), durable, pending: Vec::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn put(&mut self, put: &Put) {
        match put.clone() {
            Put::Local(name, Some(value)) => drop(self.locals.insert(name, value)),
            Put::Local(name, None) => drop(self.locals.remove(&name)),
            Put::Statement(hash, bytes) => drop(self.statements.insert(hash, bytes)),
            Put::Forget(hash) => drop(self.statements.remove(&hash)),
            Put::Genesis(document, bytes) => drop(self.genesis.insert(document, bytes)),
            Put::Envelope(document, hash, bytes) => drop(self.envelopes.insert((document, hash), bytes)),
            Put::Change(document, hash, bytes) => drop(self.changes.insert((document, hash), bytes)),
            Put::Row(document, bytes) => drop(self.rows.insert(document, bytes)),
            Put::View(document, bytes) => drop(self.views.insert(document, bytes)),
            Put::Memory(document, name, Some(value)) => drop(self.memories.insert((document, name), value)),
            Put::Memory(document, name, None) => drop(self.memories.remove(&(document, name))),
            Put::Erase(document) => self.erase(document),
            Put::Drop(document) => {
                self.erase(document);
                self.genesis.remove(&document);
                self.envelopes.retain(|(of, _), _| *of != document);
                self.rows.remove(&document);
            }
        }
    }

    fn erase(&mut self, document: DocumentId) {
        self.changes.retain(|(of, _), _| *of != document);
        self.views.remove(&document);
        self.memories.retain(|(of, _), _| *of != document);
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

    fn statements(&self) -> Result<Vec<(StatementHash, Vec<u8>)>, StoreError> {
        Ok(self.lock().written.statements.clone().into_iter().collect())
    }

    fn each_row(
        &self,
        each: &mut dyn FnMut(DocumentId, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rows = self.lock().written.rows.clone();
        rows.into_iter().try_for_each(|(document, row)| each(document, row))
    }

    fn row(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.rows.get(&document).cloned())
    }

    fn genesis(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().written.genesis.get(&document).cloned())
    }

    fn envelopes(&self, document: DocumentId) -> Result<Vec<(EnvelopeHash, Vec<u8>)>, StoreError> {
        let inner = self.lock();
        let range = (document, EnvelopeHash([0; 32]))..=(document, EnvelopeHash([0xff; 32]));
        Ok(inner.written.envelopes.range(range).map(|((_, hash), bytes)| (*hash, bytes.clone())).collect())
    }

    fn changes(&self, document: DocumentId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
        let inner = self.lock();
        let range = (document, ChangeHash([0; 32]))..=(document, ChangeHash([0xff; 32]));
        Ok(inner.written.changes.range(range).map(|((_, hash), bytes)| (*hash, bytes.clone())).collect())
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
