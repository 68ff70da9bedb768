//! Candidates of both legs, scored exactly, with the facts beside.

use tantivy::query::BooleanQuery;
use tantivy::{DocAddress, Searcher};

use super::facts::{Columns, CpvLikeness, Fact};
use super::leg::Leg;
use super::plan::Plan;
use super::query::About;
use super::schema::{Fields, code_number};
use super::weights;

/// Hits in order, with everything the explanation needs.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) hits: Vec<Ranked>,
    /// BM25 points that one unit of [`Ranked::total`] stands for, so that a document best in both legs has the sum of
    /// its points. The same for all hits of an answer: it keeps their order, and makes a score that falls with what is
    /// found.
    pub(super) unit: f32,
}

/// A candidate with what each term and fact adds to it, all in the same unit.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) address: DocAddress,
    /// By term of [`Plan::stems`].
    pub(super) stems: Vec<f32>,
    /// By term of [`Plan::grams`].
    pub(super) grams: Vec<f32>,
    pub(super) facts: Vec<Fact>,
    pub(super) total: f32,
}

/// Conditions on hits.
pub(super) struct Conditions<'a> {
    pub(super) filter: Option<&'a BooleanQuery>,
    /// A record that is no hit: the query itself.
    pub(super) except: Option<&'a str>,
    pub(super) limit: usize,
    /// Whether the nearest vote on CPV when the query has none.
    pub(super) vote: bool,
}

/// Ranks the records of the index.
pub(super) fn rank(
    plan: &Plan,
    about: &About,
    conditions: &Conditions<'_>,
    searcher: &Searcher,
    fields: &Fields,
) -> tantivy::Result<Ranking> {
    let stems = Leg { field: fields.stems, terms: &plan.stems };
    let grams = Leg { field: fields.grams, terms: &plan.grams };
    let columns = Columns::open(searcher)?;

    let wanted = weights::CANDIDATES.max(conditions.limit) + usize::from(conditions.except.is_some());
    let mut documents = stems.top(searcher, conditions.filter, wanted)?;
    documents.extend(grams.top(searcher, conditions.filter, wanted)?);
    documents.sort_unstable();
    documents.dedup();
    if let Some(record) = conditions.except {
        let number = code_number(record);
        documents.retain(|at| !columns[at.segment_ord as usize].is_record(at.doc_id, number));
    }

    let (by_stems, stems_best) = normalised(stems.contributions(searcher, &documents)?, weights::STEMS);
    let (by_grams, grams_best) = normalised(grams.contributions(searcher, &documents)?, weights::GRAMS);
    let mut hits: Vec<Ranked> = documents
        .into_iter()
        .zip(by_stems.into_iter().zip(by_grams))
        .map(|(address, (stems, grams))| {
            let total = stems.iter().sum::<f32>() + grams.iter().sum::<f32>();
            Ranked { address, stems, grams, facts: Vec::new(), total }
        })
        .collect();
    sort(&mut hits);

    let cpv = if about.cpv.is_empty() && conditions.vote {
        let voters: Vec<(DocAddress, f32)> = hits.iter().map(|hit| (hit.address, hit.total)).collect();
        CpvLikeness::voted(&voters, &columns)
    } else {
        CpvLikeness::given(&about.cpv)
    };
    for hit in &mut hits {
        let columns = &columns[hit.address.segment_ord as usize];
        hit.facts = columns.compare(hit.address.doc_id, about, &cpv);
        hit.total += hit.facts.iter().map(|fact| fact.amount).sum::<f32>();
    }
    sort(&mut hits);
    hits.truncate(conditions.limit);
    Ok(Ranking { hits, unit: (stems_best + grams_best) / (weights::STEMS + weights::GRAMS) })
}

/// Best first; equal ones in the order of the index, so that the same question has the same answer.
fn sort(hits: &mut [Ranked]) {
    hits.sort_by(|a, b| b.total.total_cmp(&a.total).then(a.address.cmp(&b.address)));
}

/// Scales a leg so that its best document gets `weight`, and tells the best score before. The least of a leg is zero:
/// a document without any of its terms.
fn normalised(mut table: Vec<Vec<f32>>, weight: f32) -> (Vec<Vec<f32>>, f32) {
    let best = table.iter().map(|row| row.iter().sum::<f32>()).fold(0.0, f32::max);
    if best > 0.0 {
        for score in table.iter_mut().flatten() {
            *score *= weight / best;
        }
    }
    (table, best)
}
