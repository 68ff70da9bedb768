//! Every record of the index looked at anew, a few at a time between what else there is to write, and analysed anew
//! where that makes a difference: its compounds are split otherwise than when it was written, or another version of the
//! program wrote it.

use std::collections::HashSet;

use tantivy::columnar::Column;
use tantivy::{DocAddress, Searcher};

use super::Batch;
use crate::search::schema::column;
use crate::search::{Error, load};

/// Records looked at before the queue is looked at again.
const CHUNK: usize = 50;

/// What is still to be done.
pub(super) struct Renewal {
    /// The index as it stood when this began.
    searcher: Searcher,
    /// How records were analysed, by segment.
    analysed: Vec<Column<u64>>,
    left: Vec<DocAddress>,
    /// Records that were written since: what stood there is older.
    pub(super) written: HashSet<String>,
}

impl Renewal {
    pub(super) fn of(searcher: Searcher) -> Result<Self, Error> {
        let columns =
            searcher.segment_readers().iter().map(|reader| reader.fast_fields().u64(column::ANALYSED));
        let analysed = columns.collect::<Result<_, _>>().map_err(Error::Read)?;
        let segments = (0..).zip(searcher.segment_readers());
        let left = segments.flat_map(|(segment, reader)| {
            reader.doc_ids_alive().map(move |document| DocAddress::new(segment, document))
        });
        Ok(Self { analysed, left: left.collect(), searcher, written: HashSet::new() })
    }
}

impl Batch {
    /// Looks at a few more, and ends after the last.
    pub(super) fn renew_some(&mut self) -> Result<(), Error> {
        let Some(renewal) = &mut self.renewal else { return Ok(()) };
        let mut entries = Vec::new();
        for _ in 0..CHUNK {
            let Some(address) = renewal.left.pop() else { break };
            let entry = load(&renewal.searcher, &self.fields, address)?;
            let before = renewal.analysed[address.segment_ord as usize].first(address.doc_id);
            if before != Some(self.compounds.analysed(&entry)) && !renewal.written.contains(&entry.key()) {
                entries.push(entry);
            }
        }
        if renewal.left.is_empty() {
            (self.renewal, self.renewed) = (None, true);
        }
        // Also when there are none: the way to idleness leads through a commit.
        self.write(&entries)
    }
}
