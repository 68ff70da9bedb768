//! Answering a question: from what is asked to hits that say why.

use std::sync::atomic::Ordering;
use std::time::Instant;

use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Searcher};

use super::plan::{Plan, Source};
use super::query::{About, Ask, Hit, Owner, Query, Similar};
use super::rank::{Conditions, Ranked, rank};
use super::{Entry, Error, Index, explain, load, weights};

impl Index {
    /// Finds similar records.
    ///
    /// # Errors
    /// When the index cannot be read, or the query names a record it does not hold.
    pub fn similar(&self, query: &Query) -> Result<Similar, Error> {
        let began = Instant::now();
        let searcher = self.reader.searcher();
        let (asked, except, plan, about) = self.prepare(query, &searcher)?;
        let filter = query.filters.query(&self.fields);
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
