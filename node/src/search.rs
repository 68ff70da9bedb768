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
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tantivy::query::{BooleanQuery, Occur, Query as EngineQuery, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Value as _};
use tantivy::{DocAddress, IndexReader, Searcher, TantivyDocument, Term};

mod analysis;
mod compounds;
mod entry;
mod explain;
mod facts;
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
use plan::{Plan, Source};
use rank::{Conditions, Ranked, rank};
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

    /// Finds similar records.
    ///
    /// # Errors
    /// When the index cannot be read, or the query names a record it does not hold.
    pub fn similar(&self, query: &Query) -> Result<Similar, Error> {
        let began = Instant::now();
        let searcher = self.reader.searcher();
        let (asked, except, plan, about) = self.prepare(query, &searcher)?;
        let filter = self.filter(&query.filters);
        let is_record = except.is_some();
        let conditions = Conditions {
            filter: filter.as_ref(),
            except: [except.as_deref(), query.except.as_deref()],
            limit: query.limit.min(Query::LIMIT_MAX),
            record: is_record,
        };
        let ranking =
            rank(&plan, &about, &conditions, &searcher, &self.fields, &query.weights).map_err(Error::Read)?;
        let phase = about.phase.as_deref();
        let hits = ranking
            .hits
            .iter()
            .enumerate()
            .map(|(place, ranked)| {
                let entry = load(&searcher, &self.fields, ranked.address)?;
                let explanation = explain::explain(&plan, ranked, &entry, phase, &self.compounds);
                let next = ranking.next.filter(|_| place == 0);
                let far = !weights::is_near(explanation.covered, plan.asked(), next);
                Ok(hit(ranked, ranking.unit, entry, explanation, far, query.lang.as_deref()))
            })
            .collect::<Result<Vec<Hit>, Error>>()?;
        Ok(Similar {
            query: asked,
            searched_also: plan.searched_also,
            took_ms: began.elapsed().as_secs_f64() * 1000.0,
            nothing_close: hits.iter().all(|hit| hit.far),
            building: !self.level.load(Ordering::Relaxed),
            hits,
        })
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

    /// The words asked for, the record that asks, the plan, and what is known of the asker's procurement.
    fn prepare(
        &self,
        query: &Query,
        searcher: &Searcher,
    ) -> Result<(String, Option<String>, Plan, About), Error> {
        let source = Source {
            searcher,
            fields: &self.fields,
            vocabulary: &self.vocabulary.get(),
            compounds: &self.compounds,
            weights: &query.weights,
            places: &self.places,
        };
        let of_record = |entry: &Entry| {
            let plan = Plan::for_record(entry, &source).map_err(Error::Read)?;
            let title = entry.title_in(query.lang.as_deref()).1.to_owned();
            Ok((title, Some(entry.record.clone()), plan, query.about.completed(entry)))
        };
        match &query.ask {
            Ask::Text(text) => {
                let plan = Plan::for_text(text, &source).map_err(Error::Read)?;
                Ok((text.clone(), None, plan, query.about.clone()))
            }
            Ask::Record(entry) => of_record(entry),
            Ask::Indexed(record) => {
                let address = self.find(record, searcher).map_err(Error::Read)?;
                let address = address.ok_or_else(|| Error::UnknownRecord(record.clone()))?;
                of_record(&load(searcher, &self.fields, address)?)
            }
        }
    }

    fn find(&self, record: &str, searcher: &Searcher) -> tantivy::Result<Option<DocAddress>> {
        let query = TermQuery::new(self.fields.record_term(record), IndexRecordOption::Basic);
        let found = searcher.search(&query, &tantivy::collector::DocSetCollector)?;
        Ok(found.into_iter().next())
    }

    /// The conditions as a query of the engine; `None` when there are none.
    fn filter(&self, filters: &Filters) -> Option<BooleanQuery> {
        let conditions = [
            ("kind", &filters.kind),
            ("phase", &filters.phase),
            ("sector", &filters.sector),
            ("owner", &filters.owner),
            ("cpv", &filters.cpv),
            ("lang", &filters.lang),
            ("county", &filters.county.iter().map(|county| county.to_lowercase()).collect()),
            ("procedure", &filters.procedure),
            ("year", &filters.year),
            ("measured", &yes(filters.measured)),
            ("failed", &yes(filters.failed)),
        ];
        let mut all: Vec<(Occur, Box<dyn EngineQuery>)> = conditions
            .into_iter()
            .filter(|(_, codes)| !codes.is_empty())
            .map(|(name, codes)| {
                let any = codes.iter().map(|code| {
                    let term = self.fields.filter_term(name, code);
                    let query: Box<dyn EngineQuery> =
                        Box::new(TermQuery::new(term, IndexRecordOption::Basic));
                    query
                });
                let any: Box<dyn EngineQuery> = Box::new(BooleanQuery::union(any.collect()));
                (Occur::Must, any)
            })
            .collect();
        if filters.value != (None, None) {
            let bound = |value: Option<i64>| {
                let term = |value| Bound::Included(Term::from_field_i64(self.fields.value, value));
                value.map_or(Bound::Unbounded, term)
            };
            let within = RangeQuery::new(bound(filters.value.0), bound(filters.value.1));
            all.push((Occur::Must, Box::new(within)));
        }
        (!all.is_empty()).then(|| BooleanQuery::new(all))
    }
}

/// The condition that something holds; none when it is not asked for.
fn yes(asked: bool) -> Vec<String> {
    if asked { vec![schema::YES.to_owned()] } else { Vec::new() }
}

impl About {
    /// What is absent is taken from the record.
    fn completed(&self, entry: &Entry) -> Self {
        let or = |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone());
        Self {
            phase: or(&self.phase, &entry.phase),
            procedure: or(&self.procedure, &entry.procedure),
            innovation_kind: or(&self.innovation_kind, &entry.innovation_kind),
            cpv: if self.cpv.is_empty() { entry.cpv.clone() } else { self.cpv.clone() },
            value: self.value.or(entry.value),
        }
    }
}

fn hit(
    ranked: &Ranked,
    unit: f32,
    entry: Entry,
    explanation: explain::Explanation,
    far: bool,
    lang: Option<&str>,
) -> Hit {
    let (lang, title) = entry.title_in(lang);
    let (lang, title) = (lang.to_owned(), title.to_owned());
    Hit {
        id: entry.record,
        kind: entry.kind,
        title,
        lang,
        owner: Owner { org: entry.owner_org, name: entry.owner_name },
        phase: entry.phase,
        score: ranked.total * unit,
        far,
        why: explanation.parts,
        sentence: explanation.sentence,
        lessons: explanation.lessons,
    }
}

/// Reads the entry of a document.
fn load(searcher: &Searcher, fields: &Fields, address: DocAddress) -> Result<Entry, Error> {
    let document: TantivyDocument = searcher.doc(address).map_err(Error::Read)?;
    let json = document.get_first(fields.entry).and_then(|value| value.as_bytes()).unwrap_or_default();
    serde_json::from_slice(json).map_err(Error::Entry)
}
