//! Every record of the index analysed anew, a few at a time between what else there is to write.

use std::collections::HashSet;

use tantivy::{DocAddress, Searcher};

use super::Batch;
use crate::search::{Error, load};

/// Records analysed before the queue is looked at again.
const CHUNK: usize = 50;

/// What is still to be done.
pub(super) struct Renewal {
    /// The index as it stood when this began.
    searcher: Searcher,
    left: Vec<DocAddress>,
    /// Records that were written since: what stood there is older.
    pub(super) written: HashSet<String>,
}

impl Renewal {
    pub(super) fn of(searcher: Searcher) -> Self {
        let segments = (0..).zip(searcher.segment_readers());
        let left = segments.flat_map(|(segment, reader)| {
            reader.doc_ids_alive().map(move |document| DocAddress::new(segment, document))
        });
        Self { left: left.collect(), searcher, written: HashSet::new() }
    }
}

impl Batch {
    /// Analyses a few more; whether that was all.
    pub(super) fn renew_some(&mut self) -> Result<bool, Error> {
        let Some(renewal) = &mut self.renewal else { return Ok(true) };
        let mut entries = Vec::with_capacity(CHUNK);
        while let Some(address) = renewal.left.pop() {
            let entry = load(&renewal.searcher, &self.fields, address)?;
            if !renewal.written.contains(&entry.key()) {
                entries.push(entry);
            }
            if entries.len() == CHUNK {
                break;
            }
        }
        let over = renewal.left.is_empty();
        self.write(&entries)?;
        Ok(over)
    }
}
