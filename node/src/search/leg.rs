//! One leg of the ranking: an OR of terms in one field, scored by BM25.
//!
//! Every posting is read and added up in a row of scores, one for each document of a segment. That beats the engine's
//! own top-k search by three to ten times here: with fifty grams to a question, most documents have some, and deciding
//! which to skip costs more than adding. It also gives exact scores in both legs for every document, so none is lost
//! that only their sum would have brought up.
//!
//! Looking a term up costs as much as reading its postings: the plan did it once, and says where they are.

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::Bm25StatisticsProvider as _;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, InvertedIndexReader, Searcher, SegmentReader};

use super::plan::{Planned, idf};
use super::weights::Bm25;

/// The terms of a question in one field.
pub(super) struct Leg<'a> {
    /// By segment.
    indexes: Vec<Arc<InvertedIndexReader>>,
    lengths: Vec<FieldNormReader>,
    terms: Vec<(&'a Planned, f32)>,
    /// What a document's length adds to the times a term stands in it, by the number that the index has for lengths.
    dampings: [f32; 256],
}

impl<'a> Leg<'a> {
    pub(super) fn new(
        field: Field,
        planned: &'a [Planned],
        searcher: &Searcher,
        bm25: Bm25,
    ) -> tantivy::Result<Self> {
        let segments = searcher.segment_readers();
        let total = searcher.total_num_docs()?;
        let average = (searcher.total_num_tokens(field)? as f32 / total as f32).max(1.0);
        let damping = |number: u8| {
            let length = FieldNormReader::id_to_fieldnorm(number) as f32;
            bm25.k1 * (1.0 - bm25.b + bm25.b * length / average)
        };
        let weight = |term: &Planned| term.weight * idf(term.doc_freq, total) * (bm25.k1 + 1.0);
        Ok(Self {
            indexes: segments.iter().map(|reader| reader.inverted_index(field)).collect::<Result<_, _>>()?,
            lengths: segments
                .iter()
                .map(|reader| reader.get_fieldnorms_reader(field))
                .collect::<Result<_, _>>()?,
            terms: planned.iter().map(|term| (term, weight(term))).collect(),
            dampings: std::array::from_fn(|number| damping(number as u8)),
        })
    }

    /// The score of every document of a segment.
    pub(super) fn scores(&self, segment: usize, reader: &SegmentReader) -> tantivy::Result<Vec<f32>> {
        let mut scores = vec![0.0; reader.max_doc() as usize];
        let lengths = &self.lengths[segment];
        let mut reused = None;
        for (term, weight) in &self.terms {
            let Some(place) = &term.places[segment] else { continue };
            let block = self.postings(segment, place, &mut reused)?;
            while block.block_len() > 0 {
                for (document, times) in block.docs().iter().zip(block.freqs()) {
                    scores[*document as usize] +=
                        weight * self.saturated(lengths.fieldnorm_id(*document), *times);
                }
                block.advance();
            }
        }
        Ok(scores)
    }

    /// What each term gives each of some documents: the same numbers whose sum is its score.
    pub(super) fn contributions(&self, documents: &[DocAddress]) -> tantivy::Result<Vec<Vec<f32>>> {
        let mut given = vec![vec![0.0; self.terms.len()]; documents.len()];
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_unstable_by_key(|at| documents[*at]);
        for within in order.chunk_by(|a, b| documents[*a].segment_ord == documents[*b].segment_ord) {
            let segment = documents[within[0]].segment_ord as usize;
            let mut reused = None;
            for (number, (term, weight)) in self.terms.iter().enumerate() {
                let Some(place) = &term.places[segment] else { continue };
                // Read once, from the first of the documents to the last.
                let block = self.postings(segment, place, &mut reused)?;
                for at in within {
                    let document = documents[*at].doc_id;
                    let here = block.seek(document);
                    if block.doc(here) == document {
                        let length = self.lengths[segment].fieldnorm_id(document);
                        given[*at][number] = weight * self.saturated(length, block.freq(here));
                    }
                }
            }
        }
        Ok(given)
    }

    /// The postings at a place, in the memory of those read before.
    fn postings<'b>(
        &self,
        segment: usize,
        place: &TermInfo,
        reused: &'b mut Option<BlockSegmentPostings>,
    ) -> tantivy::Result<&'b mut BlockSegmentPostings> {
        let index = &self.indexes[segment];
        if let Some(block) = reused {
            index.reset_block_postings_from_terminfo(place, block)?;
        } else {
            *reused = Some(index.read_block_postings_from_terminfo(place, IndexRecordOption::WithFreqs)?);
        }
        Ok(reused.as_mut().expect("it was put there above"))
    }

    /// How much standing there so many times says in a document of such a length, below one.
    fn saturated(&self, length: u8, times: u32) -> f32 {
        let times = times as f32;
        times / (times + self.dampings[usize::from(length)])
    }
}
