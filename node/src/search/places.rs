//! Where the postings of terms are: looking a term up in every segment costs as much as reading what it finds, and
//! questions share most of their grams, so it is remembered until the index changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::postings::TermInfo;
use tantivy::schema::Field;
use tantivy::{InvertedIndexReader, Searcher};

/// Terms remembered: some megabytes. The grams of Norwegian are about as many.
const TERMS_MAX: usize = 20_000;

/// Of one term, by segment.
pub(super) type Postings = Arc<[Option<TermInfo>]>;

/// Of the terms that were asked for.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// Which state of the index it is of.
    generation: u64,
    by_field: HashMap<Field, HashMap<String, Postings>>,
    count: usize,
}

/// One field of one state of the index.
pub(super) struct Dictionary<'a> {
    places: &'a Places,
    generation: u64,
    field: Field,
    segments: Vec<Arc<InvertedIndexReader>>,
}

impl Places {
    /// The terms of a field.
    pub(super) fn of(&self, field: Field, searcher: &Searcher) -> tantivy::Result<Dictionary<'_>> {
        let segments = searcher.segment_readers().iter().map(|reader| reader.inverted_index(field));
        let generation = searcher.generation().generation_id();
        Ok(Dictionary { places: self, generation, field, segments: segments.collect::<Result<_, _>>()? })
    }
}

impl Dictionary<'_> {
    /// Where the postings of a term are.
    pub(super) fn find(&self, term: &str) -> tantivy::Result<Postings> {
        if let Some(known) = self.remembered(|terms, _| terms.get(term).map(Arc::clone)) {
            return Ok(known);
        }
        let found = self.segments.iter().map(|index| index.terms().get(term));
        let found: Postings = found.collect::<Result<Vec<_>, _>>()?.into();
        self.remembered(|terms, count| {
            *count += usize::from(terms.insert(term.to_owned(), Arc::clone(&found)).is_none());
        });
        Ok(found)
    }

    fn remembered<T>(&self, act: impl FnOnce(&mut HashMap<String, Postings>, &mut usize) -> T) -> T {
        let mut remembered = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.generation != self.generation || remembered.count >= TERMS_MAX {
            *remembered = Remembered { generation: self.generation, ..Remembered::default() };
        }
        let Remembered { by_field, count, .. } = &mut *remembered;
        act(by_field.entry(self.field).or_default(), count)
    }
}
