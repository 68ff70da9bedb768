//! Similar past cases.
//!
//! Two legs find them: Norwegian stems, and per-word 4-grams, which carry compounds, inflections, nynorsk and
//! misspellings without a dictionary. Each leg is BM25; their scores, each divided by its best, are added, and CPV
//! and a few facts of the procurement weigh in beside, visibly small (`weights`). Every hit says why it is one, from
//! the numbers it was ranked by (`explain`).
//!
//! The index is a cache of the store: it holds one entry per record, can be thrown away at any time, and is brought up
//! to date by comparing versions ([`Index::held`]). Only this module knows the engine behind it, tantivy.
//!
//! Deliberately absent: phrases, fields to search in, a query language. People describe a need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::schema::Value as _;
use tantivy::{DocAddress, IndexReader, Searcher, TantivyDocument};

mod analysis;
mod answer;
mod compounds;
mod entry;
mod explain;
mod facts;
mod filter;
mod folder;
mod leg;
mod norwegian;
mod places;
mod plan;
mod query;
mod rank;
mod schema;
mod stale;
mod tokens;
mod vocabulary;
mod weights;
mod writer;

#[cfg(test)]
mod tests;

pub use entry::{Entry, FieldText, Lesson};
pub use folder::Unusable;
pub use query::{About, Ask, Filters, Hit, Owner, Part, PartKind, Query, Similar};
pub use stale::Held;
pub use vocabulary::Vocabulary;
pub use weights::{Bm25, Weights};

use compounds::Compounds;
use places::Places;
use schema::Fields;
use vocabulary::Shared;
use writer::Writer;

/// Between these stand the counties among the terms of filters.
const COUNTIES: &[u8] = b"county=";
const COUNTIES_END: &[u8] = b"county>";

/// What went wrong with the index.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder could not be emptied or made.
    #[error("could not prepare the folder {dir} for the search index: {source}")]
    Folder {
        /// Which folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Writing failed; what was not written is found stale later.
    #[error("could not write to the search index: {0}")]
    Write(#[source] tantivy::TantivyError),
    /// Reading failed: the index is damaged and should be opened anew, which rebuilds it.
    #[error("could not read the search index: {0}")]
    Read(#[source] tantivy::TantivyError),
    /// An entry could not be written as JSON or read back.
    #[error("could not convert an entry of the search index: {0}")]
    Entry(#[source] serde_json::Error),
    /// The system gave no thread.
    #[error("could not start the writer of the search index: {0}")]
    Thread(#[source] std::io::Error),
    /// The writing thread has ended.
    #[error("could not reach the writer of the search index: it has ended")]
    Ended,
    /// The query names a record that the index does not hold.
    #[error("could not find the record {0} in the search index")]
    UnknownRecord(String),
}

/// An index that was opened.
#[derive(Debug)]
pub enum Opened {
    /// It holds what was committed to it; [`Index::held`] tells what it missed.
    Ready(Index),
    /// It is new and empty, and why. Give it every entry of the store; should that be interrupted, the next opening
    /// is `Ready` and [`Index::held`] tells the rest.
    NeedsRebuild(Index, Unusable),
}

impl Opened {
    /// The index, whatever its state: `held` treats both alike.
    #[must_use]
    pub fn into_index(self) -> Index {
        match self {
            Self::Ready(index) | Self::NeedsRebuild(index, _) => index,
        }
    }
}

/// The index of similar records. All methods take `&self`, may be called from several threads and block: reads for
/// milliseconds and never for a writer, writes when the queue is full.
pub struct Index {
    fields: Fields,
    reader: IndexReader,
    writer: Writer,
    vocabulary: Shared,
    compounds: Compounds,
    places: Places,
    level: AtomicBool,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("records", &self.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in a folder of its own. What cannot be used, of another version or damaged, is removed and
    /// replaced by an empty one.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process has the index open.
    pub fn open(dir: &Path) -> Result<Opened, Error> {
        let fields = Fields::new();
        let compounds = Compounds::default();
        match folder::open(dir, &fields, &compounds) {
            Ok((engine, reader)) => Ok(Opened::Ready(Self::start(dir, engine, fields, reader, compounds)?)),
            Err(why) => {
                let (engine, reader) = folder::create(dir, &fields, &compounds)?;
                Ok(Opened::NeedsRebuild(Self::start(dir, engine, fields, reader, compounds)?, why))
            }
        }
    }

    fn start(
        dir: &Path,
        engine: tantivy::Index,
        fields: Fields,
        reader: IndexReader,
        compounds: Compounds,
    ) -> Result<Self, Error> {
        let vocabulary = Shared::default();
        compounds.learn(&reader.searcher(), fields.stems, vocabulary.get().labels()).map_err(Error::Read)?;
        let shared = (compounds.clone(), vocabulary.clone());
        let writer = Writer::start(dir, engine, fields.clone(), reader.clone(), shared)?;
        Ok(Self {
            fields,
            reader,
            writer,
            vocabulary,
            compounds,
            places: Places::default(),
            level: AtomicBool::new(false),
        })
    }

    /// Puts entries in, each in place of the one of the same record. They are found within about a tenth of a second
    /// after the last, or at once after [`Index::commit`].
    ///
    /// # Errors
    /// When the writer has ended. A failure to write is logged, and the entry stays stale.
    pub fn upsert(&self, entries: Vec<Entry>) -> Result<(), Error> {
        self.writer.upsert(entries)
    }

    /// Takes entries out, by their keys ([`Entry::key`]). They are hidden within a tenth of a second, or at once after
    /// [`Index::commit`]; when [`Index::settle`] returns, no file of the index holds a word of them that others do not
    /// have.
    ///
    /// # Errors
    /// When the writer has ended.
    pub fn remove(&self, keys: Vec<String>) -> Result<(), Error> {
        self.writer.remove(keys)
    }

    /// Returns when nothing is under way any more that the index does by itself: renewing, and writing anew what
    /// holds words that were taken out, or that were replaced: these too count in scores as long as they are there.
    ///
    /// # Errors
    /// When the writer has ended.
    pub fn settle(&self) -> Result<(), Error> {
        self.writer.settle()
    }

    /// Says that it holds what the store holds. Until then each answer says that it is being built: after it was opened,
    /// records may be missing that the store has.
    pub fn is_level(&self) {
        self.level.store(true, Ordering::Relaxed);
    }

    /// Whether something could not be written since this was last asked, as on a full disk: then the versions are to
    /// be compared again.
    #[must_use]
    pub fn take_missed(&self) -> bool {
        self.writer.take_missed()
    }

    /// Returns when all that was put in or taken out before is on disk and seen by queries.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn commit(&self) -> Result<(), Error> {
        self.writer.commit()
    }

    /// How many records the index holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it holds, to be compared with every key and version of the store: milliseconds for a hundred thousand
    /// records.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn held(&self) -> Result<Held, Error> {
        Held::read(self.reader.searcher(), self.fields.clone())
    }

    /// Takes up what words are called in the other language and what compounds are made of, in place of what it knew.
    /// Records that are there are split by it only once they are [renewed](Self::renew).
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn learn(&self, vocabulary: Vocabulary) -> Result<(), Error> {
        self.compounds
            .learn(&self.reader.searcher(), self.fields.stems, vocabulary.labels())
            .map_err(Error::Read)?;
        self.vocabulary.set(vocabulary);
        Ok(())
    }

    /// Analyses every record anew, beside everything else: each is found as before until it is found as now.
    ///
    /// # Errors
    /// When the writer has ended.
    pub fn renew(&self) -> Result<(), Error> {
        self.writer.renew()
    }

    /// The counties of owners, in small letters.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn counties(&self) -> Result<BTreeSet<String>, Error> {
        let mut counties = BTreeSet::new();
        for reader in self.reader.searcher().segment_readers() {
            let index = reader.inverted_index(self.fields.filter).map_err(Error::Read)?;
            let from = index.terms().range().ge(COUNTIES).lt(COUNTIES_END);
            let mut terms = from.into_stream().map_err(|error| Error::Read(error.into()))?;
            while terms.advance() {
                let term = std::str::from_utf8(&terms.key()[COUNTIES.len()..]);
                counties.extend(term.map(str::to_owned).ok());
            }
        }
        Ok(counties)
    }
}

/// Reads the entry of a document.
fn load(searcher: &Searcher, fields: &Fields, address: DocAddress) -> Result<Entry, Error> {
    let document: TantivyDocument = searcher.doc(address).map_err(Error::Read)?;
    let json = document.get_first(fields.entry).and_then(|value| value.as_bytes()).unwrap_or_default();
    serde_json::from_slice(json).map_err(Error::Entry)
}
