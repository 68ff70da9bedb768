//! One leg of the ranking: an OR of terms in one field, scored by BM25.

use tantivy::collector::TopDocs;
use tantivy::postings::Postings as _;
use tantivy::query::{
    Bm25StatisticsProvider, Bm25Weight, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet as _, Searcher, Term};

use super::plan::Planned;

/// The terms of a question in one field.
pub(super) struct Leg<'a> {
    pub(super) field: Field,
    pub(super) terms: &'a [Planned],
}

impl Leg<'_> {
    /// The documents with the highest scores, among those that pass the filter.
    pub(super) fn top(
        &self,
        searcher: &Searcher,
        filter: Option<&BooleanQuery>,
        limit: usize,
    ) -> tantivy::Result<Vec<DocAddress>> {
        if self.terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let any =
            BooleanQuery::new(self.terms.iter().map(|term| (Occur::Should, self.query(term))).collect());
        let query: Box<dyn Query> = match filter {
            None => Box::new(any),
            Some(filter) => {
                let filter = ConstScoreQuery::new(Box::new(filter.clone()), 0.0);
                Box::new(BooleanQuery::intersection(vec![Box::new(any), Box::new(filter)]))
            }
        };
        let top = searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
        Ok(top.into_iter().map(|(_, address)| address).collect())
    }

    fn query(&self, term: &Planned) -> Box<dyn Query> {
        let query =
            TermQuery::new(Term::from_field_text(self.field, &term.text), IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(query), term.weight))
    }

    /// What each term gives each document, by document, then term: the same numbers whose sum the engine ranks by.
    /// `documents` must be sorted.
    pub(super) fn contributions(
        &self,
        searcher: &Searcher,
        documents: &[DocAddress],
    ) -> tantivy::Result<Vec<Vec<f32>>> {
        let total = searcher.total_num_docs()?;
        let mut table = vec![vec![0.0; self.terms.len()]; documents.len()];
        if total == 0 {
            return Ok(table);
        }
        let average = searcher.total_num_tokens(self.field)? as f32 / total as f32;
        let weights: Vec<Bm25Weight> = self
            .terms
            .iter()
            .map(|term| {
                Bm25Weight::for_one_term_without_explain(term.doc_freq.min(total), total, average)
                    .boost_by(term.weight)
            })
            .collect();
        let mut from = 0;
        while from < documents.len() {
            let segment = documents[from].segment_ord;
            let to = from + documents[from..].partition_point(|document| document.segment_ord == segment);
            let reader = searcher.segment_reader(segment);
            let index = reader.inverted_index(self.field)?;
            let lengths = reader.get_fieldnorms_reader(self.field)?;
            for (at, (term, weight)) in self.terms.iter().zip(&weights).enumerate() {
                let term = Term::from_field_text(self.field, &term.text);
                let Some(mut postings) = index.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                for row in from..to {
                    let document = documents[row].doc_id;
                    if postings.doc() < document {
                        postings.seek(document);
                    }
                    if postings.doc() == document {
                        table[row][at] = weight.score(lengths.fieldnorm_id(document), postings.term_freq());
                    }
                }
            }
            from = to;
        }
        Ok(table)
    }
}
