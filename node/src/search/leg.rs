//! One leg of the ranking: an OR of terms in one field, scored by BM25.
//!
//! Every posting is read and added up in a row of scores, one for each document of a segment. That beats the engine's
//! own top-k search by three to ten times here: with fifty grams to a question, most documents have some, and deciding
//! which to skip costs more than adding. It also gives scores in both legs for every document, so none is lost that
//! only their sum would have brought up.
//!
//! Grams that many documents have are three quarters of all postings and find nothing: they are left out there, and
//! read only for the nearest ([`Leg::contributions`]), whose scores are exact.
//!
//! The plan says where the postings are ([`super::places`]).

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::Bm25StatisticsProvider as _;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, InvertedIndexReader, Searcher, SegmentReader};

use super::plan::{Planned, idf};
use super::weights::{Bm25, TELLING};

/// The terms of a question in one field.
pub(super) struct Leg<'a> {
    /// By segment.
    indexes: Vec<Arc<InvertedIndexReader>>,
    lengths: Vec<FieldNormReader>,
    terms: Vec<Term<'a>>,
    /// What a document's length adds to the times a term stands in it, by the number that the index has for lengths.
    dampings: [f32; 256],
    /// [`Leg::saturated`] of the first few times: most are among them, and dividing costs more than reading.
    few: Box<[[f32; 256]; FEW]>,
}

/// Times a term stands in a document that are worked out beforehand.
const FEW: usize = 8;

struct Term<'a> {
    planned: &'a Planned,
    weight: f32,
    /// Whether it is sought in all documents.
    seeks: bool,
}

impl<'a> Leg<'a> {
    pub(super) fn new(
        field: Field,
        planned: &'a [Planned],
        searcher: &Searcher,
        bm25: Bm25,
        common: f32,
    ) -> tantivy::Result<Self> {
        let segments = searcher.segment_readers();
        let total = searcher.total_num_docs()?;
        let average = (searcher.total_num_tokens(field)? as f32 / total as f32).max(1.0);
        let damping = |number: u8| {
            let length = FieldNormReader::id_to_fieldnorm(number) as f32;
            bm25.k1 * (1.0 - bm25.b + bm25.b * length / average)
        };
        let weight = |term: &Planned| term.weight * idf(term.doc_freq, total) * (bm25.k1 + 1.0);
        let dampings: [f32; 256] = std::array::from_fn(|number| damping(number as u8));
        let few = std::array::from_fn(|before| {
            let times = (before + 1) as f32;
            dampings.map(|damping| times / (times + damping))
        });
        let seeking = seeking(planned, total, common);
        let terms = planned.iter().zip(seeking);
        Ok(Self {
            indexes: segments.iter().map(|reader| reader.inverted_index(field)).collect::<Result<_, _>>()?,
            lengths: segments
                .iter()
                .map(|reader| reader.get_fieldnorms_reader(field))
                .collect::<Result<_, _>>()?,
            terms: terms.map(|(planned, seeks)| Term { planned, weight: weight(planned), seeks }).collect(),
            dampings,
            few: Box::new(few),
        })
    }

    /// The score of every document of a segment, by the terms that are sought in all.
    pub(super) fn scores(&self, segment: usize, reader: &SegmentReader) -> tantivy::Result<Vec<f32>> {
        let mut scores = vec![0.0; reader.max_doc() as usize];
        let lengths = &self.lengths[segment];
        let mut reused = None;
        for Term { planned, weight, .. } in self.terms.iter().filter(|term| term.seeks) {
            let Some(place) = &planned.places[segment] else { continue };
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

    /// What each term gives each of some documents; their sum is its whole score.
    pub(super) fn contributions(&self, documents: &[DocAddress]) -> tantivy::Result<Vec<Vec<f32>>> {
        let mut given = vec![vec![0.0; self.terms.len()]; documents.len()];
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_unstable_by_key(|at| documents[*at]);
        for within in order.chunk_by(|a, b| documents[*a].segment_ord == documents[*b].segment_ord) {
            let segment = documents[within[0]].segment_ord as usize;
            let mut reused = None;
            for (number, Term { planned, weight, .. }) in self.terms.iter().enumerate() {
                let Some(place) = &planned.places[segment] else { continue };
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
        let length = usize::from(length);
        match self.few.get((times as usize).wrapping_sub(1)) {
            Some(by_length) => by_length[length],
            None => times as f32 / (times as f32 + self.dampings[length]),
        }
    }
}

/// Which terms are sought in all documents: those that no more than such a part of them have, and of all at least the
/// rarer half, so that a question of common words is answered too.
fn seeking(planned: &[Planned], total: u64, common: f32) -> Vec<bool> {
    let mut frequencies: Vec<u64> = planned.iter().map(|term| term.doc_freq).collect();
    frequencies.sort_unstable();
    let half = frequencies.get(frequencies.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    let most = if total < TELLING { total } else { half.max((total as f32 * common) as u64) };
    planned.iter().map(|term| term.doc_freq <= most).collect()
}
