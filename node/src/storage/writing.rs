//! One batch as sled takes it: the last write of each key, words sealed, long values in parts, and no part
//! left of what was there before.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::{PoisonError, RwLock},
};

use praksis_protocol::{
    id::DocumentId,
    store::{Batch, StoreError},
};

use super::{
    failure::{damaged, failed_io, reading},
    key_file::{KeyFile, Slot},
    keyspace::{Head, MAX_PART, OPEN, SEALED, SLOT, Write, key, of_document, part_key, words_of},
    reading::slot,
    seal::{self, Key},
};

/// What is to be applied.
pub(super) struct Prepared {
    pub(super) batch: ::sled::Batch,
    /// Keys that no document has once the batch is applied: to be overwritten when that is durable.
    pub(super) forgotten: Vec<Slot>,
}

/// Prepares batches, one at a time: what is prepared must be applied before the next, and nothing else may
/// change the tree.
pub(super) struct Preparing<'a> {
    pub(super) db: &'a ::sled::Db,
    pub(super) keys: &'a RwLock<Vec<Key>>,
    pub(super) file: &'a mut KeyFile,
}

impl Preparing<'_> {
    pub(super) fn prepare(&mut self, batch: &Batch) -> Result<Prepared, StoreError> {
        let mut prepared = Prepared { batch: ::sled::Batch::default(), forgotten: vec![] };
        // Slots of the documents of this batch: as it found them, and as it leaves them.
        let mut slots: BTreeMap<DocumentId, [Option<Slot>; 2]> = BTreeMap::new();
        let mut last: BTreeMap<Vec<u8>, Option<&[u8]>> = BTreeMap::new();
        for put in batch {
            match Write::of(put) {
                Write::One(key, value) => drop(last.insert(key, value)),
                write @ (Write::Erase(document) | Write::Drop(document)) => {
                    let mut kinds = SEALED.to_vec();
                    if matches!(write, Write::Drop(_)) {
                        kinds.extend(OPEN);
                    }
                    last.retain(|key, _| of_document(key, &kinds) != Some(document));
                    for key in self.held(document, &kinds)? {
                        last.insert(key, None);
                    }
                    slots.insert(document, [slot(self.db, document)?, None]);
                }
            }
        }
        // A document that is left without words leaves its key, too.
        let lessened: BTreeSet<_> =
            last.iter().filter(|(_, value)| value.is_none()).filter_map(|(key, _)| words_of(key)).collect();
        for document in lessened {
            if !slots.contains_key(&document)
                && self.words(document)?.iter().all(|key| last.get(key) == Some(&None))
            {
                slots.insert(document, [slot(self.db, document)?, None]);
            }
        }
        for (key, value) in last {
            let mut parts = 0;
            if let Some(value) = value {
                let value = match words_of(&key) {
                    Some(document) => Cow::Owned(seal::seal(&self.key(document, &mut slots)?, &key, value)),
                    None => Cow::Borrowed(value),
                };
                let head = Head::of(&key, &value);
                parts = head.parts();
                for (number, part) in (0..parts).zip(value.chunks(MAX_PART)) {
                    prepared.batch.insert(part_key(&key, number), part);
                }
                prepared.batch.insert(key.as_slice(), head.to_bytes());
            } else {
                prepared.batch.remove(key.as_slice());
            }
            let before = self.db.get(&key).map_err(|error| reading(&key, error))?;
            let parts_before = before.and_then(|head| Some(Head::from_bytes(&head)?.parts())).unwrap_or(0);
            for number in parts..parts_before {
                prepared.batch.remove(part_key(&key, number));
            }
        }
        for (document, [before, after]) in slots {
            if before == after {
                continue;
            }
            prepared.forgotten.extend(before);
            let name = key(SLOT, &[document.as_bytes()]);
            match after {
                Some(slot) => {
                    let head = Head::of(&name, &slot.to_be_bytes()).to_bytes();
                    prepared.batch.insert(name, head);
                }
                None => prepared.batch.remove(name),
            }
        }
        Ok(prepared)
    }

    /// The keys of all that is sealed of a document.
    fn words(&self, document: DocumentId) -> Result<Vec<Vec<u8>>, StoreError> {
        self.held(document, &SEALED)
    }

    /// The keys of these kinds of all that is kept of a document.
    fn held(&self, document: DocumentId, kinds: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let of_kind = |kind: &u8| self.db.scan_prefix(key(*kind, &[document.as_bytes()])).keys();
        let found = kinds.iter().flat_map(of_kind);
        found.map(|key| Ok(key.map_err(|error| reading(&[], error))?.to_vec())).collect()
    }

    /// The key of a document, which may be a new one.
    fn key(
        &mut self,
        document: DocumentId,
        slots: &mut BTreeMap<DocumentId, [Option<Slot>; 2]>,
    ) -> Result<Key, StoreError> {
        let [before, after] = match slots.get(&document) {
            Some(slots) => *slots,
            None => [slot(self.db, document)?; 2],
        };
        let slot = match after {
            Some(slot) => slot,
            None => {
                let taken =
                    self.file.take().map_err(|error| failed_io("writing the keys of documents", &error));
                let (slot, drawn) = taken?;
                install(self.keys, drawn);
                slot
            }
        };
        slots.insert(document, [before, Some(slot)]);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(slot as usize).copied().ok_or_else(|| damaged(&[SLOT]))
    }
}

/// Puts keys that were drawn where those who read find them.
pub(super) fn install(keys: &RwLock<Vec<Key>>, drawn: Vec<(Slot, Key)>) {
    let mut keys = keys.write().unwrap_or_else(PoisonError::into_inner);
    for (slot, key) in drawn {
        let slot = slot as usize;
        if keys.len() <= slot {
            keys.resize(slot + 1, Key::default());
        }
        keys[slot] = key;
    }
}
