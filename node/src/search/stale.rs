//! What the index missed: after a crash between the store's commit and its own, or after being rebuilt in part.

use std::collections::HashMap;

use tantivy::Searcher;

use super::schema::{Fields, code_number, column, version_number};
use super::{Error, load};

/// What the index must be told to agree with the store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// Keys of what it lacks or has in another version: to be put in.
    pub changed: Vec<String>,
    /// Keys of what it has and the store has not: to be taken out.
    pub gone: Vec<String>,
}

/// Compares two columns of the index with the store: milliseconds for a hundred thousand records.
pub(super) fn compare<'a>(
    searcher: &Searcher,
    fields: &Fields,
    store: impl IntoIterator<Item = (&'a str, [u8; 32])>,
) -> Result<Stale, Error> {
    let mut indexed = HashMap::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        let records = reader.fast_fields().u64(column::KEY).map_err(Error::Read)?;
        let versions = reader.fast_fields().u64(column::VERSION).map_err(Error::Read)?;
        for document in reader.doc_ids_alive() {
            if let (Some(record), Some(version)) = (records.first(document), versions.first(document)) {
                indexed.insert(record, (version, tantivy::DocAddress::new(segment, document)));
            }
        }
    }
    let mut stale = Stale::default();
    for (record, version) in store {
        let same =
            indexed.remove(&code_number(record)).is_some_and(|(has, _)| has == version_number(&version));
        if !same {
            stale.changed.push(record.to_owned());
        }
    }
    for (_, address) in indexed.into_values() {
        stale.gone.push(load(searcher, fields, address)?.key());
    }
    stale.gone.sort_unstable();
    Ok(stale)
}
