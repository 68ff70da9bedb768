//! One read: values put together from their parts, opened and checked.

use std::ops::RangeBounds;

use praksis_protocol::{id::DocumentId, scan::change_hash, store::StoreError};

use super::{
    failure::{damaged, reading},
    key_file::Slot,
    keyspace::{CHANGE, Head, SLOT, key, part_key, words_of},
    seal::{self, Key},
};

/// Reads with the keys as they are now: whoever makes one sees to it that nothing is applied meanwhile.
pub(super) struct Reader<'a> {
    db: &'a ::sled::Db,
    /// By slot.
    keys: &'a [Key],
    /// The document whose words were read last, and its key.
    last: Option<(DocumentId, Key)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(db: &'a ::sled::Db, keys: &'a [Key]) -> Self {
        Self { db, keys, last: None }
    }

    pub(super) fn get(mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.db.get(key).map_err(|error| reading(key, error))? {
            Some(head) => self.value(key, &head).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn for_each<'k>(
        mut self,
        range: impl RangeBounds<&'k [u8]>,
        mut each: impl FnMut(&[u8], Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for item in self.db.range::<&[u8], _>(range) {
            let (key, head) = item.map_err(|error| reading(&[], error))?;
            each(&key, self.value(&key, &head)?)?;
        }
        Ok(())
    }

    fn value(&mut self, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
        let head = Head::from_bytes(head).ok_or_else(|| damaged(key))?;
        let mut parts = vec![];
        for number in 0..head.parts() {
            let part = self.db.get(part_key(key, number)).map_err(|error| reading(key, error))?;
            parts.push(part.ok_or_else(|| damaged(key))?);
        }
        let mut value = head.value(key, &parts).ok_or_else(|| damaged(key))?;
        if let Some(document) = words_of(key) {
            let opened = match self.key(document)? {
                Some(of_document) => seal::open(&of_document, key, value),
                None => None,
            };
            value = opened.ok_or_else(|| damaged(key))?;
        }
        // A change is known by the hash of its chunk; nothing else is ever given to Automerge.
        if key[0] == CHANGE && !key.ends_with(change_hash(&value).as_bytes()) {
            return Err(damaged(key));
        }
        Ok(value)
    }

    fn key(&mut self, document: DocumentId) -> Result<Option<Key>, StoreError> {
        if let Some((last, key)) = self.last
            && last == document
        {
            return Ok(Some(key));
        }
        let Some(slot) = slot(self.db, document)? else { return Ok(None) };
        let key = self.keys.get(slot as usize).copied();
        self.last = key.map(|key| (document, key));
        Ok(key)
    }
}

/// Where the key of a document stands, if it has one.
pub(super) fn slot(db: &::sled::Db, document: DocumentId) -> Result<Option<Slot>, StoreError> {
    let name = key(SLOT, &[document.as_bytes()]);
    let Some(head) = db.get(&name).map_err(|error| reading(&name, error))? else { return Ok(None) };
    slot_from(&name, &head).map(Some).ok_or_else(|| damaged(&name))
}

/// The slot that stands under a document's name.
pub(super) fn slot_from(name: &[u8], head: &[u8]) -> Option<Slot> {
    let value = Head::from_bytes(head)?.value(name, &[[0; 0]; 0])?;
    Some(Slot::from_be_bytes(value.try_into().ok()?))
}
