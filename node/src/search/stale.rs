//! What the index missed: after a crash between the store's commit and its own, or after being rebuilt in part.

use std::collections::HashMap;

use tantivy::{DocAddress, Searcher};

use super::schema::{Fields, code_number, column, version_number};
use super::{Error, load};

/// What the index holds, and in which versions, for a walk through the store: two columns of the index, 24 bytes a record.
pub struct Held {
    searcher: Searcher,
    fields: Fields,
    versions: HashMap<u64, (u64, DocAddress)>,
}

impl Held {
    pub(super) fn read(searcher: Searcher, fields: Fields) -> Result<Self, Error> {
        let mut versions = HashMap::new();
        for (segment, reader) in (0..).zip(searcher.segment_readers()) {
            let records = reader.fast_fields().u64(column::KEY).map_err(Error::Read)?;
            let states = reader.fast_fields().u64(column::VERSION).map_err(Error::Read)?;
            for document in reader.doc_ids_alive() {
                if let (Some(record), Some(state)) = (records.first(document), states.first(document)) {
                    versions.insert(record, (state, DocAddress::new(segment, document)));
                }
            }
        }
        Ok(Self { searcher, fields, versions })
    }

    /// Takes out a record of the store; whether it was there in this version.
    pub fn take(&mut self, key: &str, version: &[u8; 32]) -> bool {
        self.versions.remove(&code_number(key)).is_some_and(|(has, _)| has == version_number(version))
    }

    /// Keys of what was never taken out: the store has it no longer. Sorted.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn left(self) -> Result<Vec<String>, Error> {
        let keys =
            self.versions.into_values().map(|(_, at)| Ok(load(&self.searcher, &self.fields, at)?.key()));
        let mut keys = keys.collect::<Result<Vec<String>, Error>>()?;
        keys.sort_unstable();
        Ok(keys)
    }
}
