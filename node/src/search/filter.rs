//! What a record has to be to be an answer at all.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{BooleanQuery, Occur, Query as EngineQuery, RangeQuery, TermQuery};
use tantivy::schema::IndexRecordOption;

use super::query::Filters;
use super::schema::{Fields, YES};

impl Filters {
    /// The conditions as a query of the engine; `None` when there are none.
    pub(super) fn query(&self, fields: &Fields) -> Option<BooleanQuery> {
        let conditions = [
            ("kind", &self.kind),
            ("phase", &self.phase),
            ("sector", &self.sector),
            ("owner", &self.owner),
            ("cpv", &self.cpv),
            ("lang", &self.lang),
            ("county", &self.county.iter().map(|county| county.to_lowercase()).collect()),
            ("procedure", &self.procedure),
            ("year", &self.year),
            ("measured", &yes(self.measured)),
            ("failed", &yes(self.failed)),
        ];
        let mut all: Vec<(Occur, Box<dyn EngineQuery>)> = conditions
            .into_iter()
            .filter(|(_, codes)| !codes.is_empty())
            .map(|(name, codes)| {
                let any = codes.iter().map(|code| {
                    let term = fields.filter_term(name, code);
                    let query: Box<dyn EngineQuery> =
                        Box::new(TermQuery::new(term, IndexRecordOption::Basic));
                    query
                });
                let any: Box<dyn EngineQuery> = Box::new(BooleanQuery::union(any.collect()));
                (Occur::Must, any)
            })
            .collect();
        if self.value != (None, None) {
            let bound = |value: Option<i64>| {
                let term = |value| Bound::Included(Term::from_field_i64(fields.value, value));
                value.map_or(Bound::Unbounded, term)
            };
            let within = RangeQuery::new(bound(self.value.0), bound(self.value.1));
            all.push((Occur::Must, Box::new(within)));
        }
        (!all.is_empty()).then(|| BooleanQuery::new(all))
    }
}

/// The condition that something holds; none when it is not asked for.
fn yes(asked: bool) -> Vec<String> {
    if asked { vec![YES.to_owned()] } else { Vec::new() }
}
