//! Every document scored in both legs, the best of them with the facts beside.

use tantivy::query::{BooleanQuery, EnableScoring, Query as _};
use tantivy::{DocAddress, DocId, Searcher, SegmentReader};

use super::facts::{Columns, CpvLikeness, Fact};
use super::leg::Leg;
use super::plan::Plan;
use super::query::About;
use super::schema::{Fields, code_number};
use super::weights::Weights;

/// Hits in order, with everything the explanation needs.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) hits: Vec<Ranked>,
    /// BM25 points that one unit of [`Ranked::total`] stands for, so that a document best in both legs has the sum of
    /// its points. The same for all hits of an answer: it keeps their order, and makes a score that falls with what is
    /// found.
    pub(super) unit: f32,
}

/// A hit with what each term and fact adds to it, all in the same unit.
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
    /// Records that are no hits: the query itself, and one that was named.
    pub(super) except: [Option<&'a str>; 2],
    pub(super) limit: usize,
    /// Whether a record asks: then the nearest vote on CPV when it has none.
    pub(super) record: bool,
}

/// Ranks the records of the index.
pub(super) fn rank(
    plan: &Plan,
    about: &About,
    conditions: &Conditions<'_>,
    searcher: &Searcher,
    fields: &Fields,
    weights: &Weights,
) -> tantivy::Result<Ranking> {
    let stems = Leg::new(fields.stems, &plan.stems, searcher)?;
    let grams = Leg::new(fields.grams, &plan.grams, searcher)?;
    let columns = Columns::open(searcher)?;

    let found = Found::collect(&stems, &grams, conditions, &columns, searcher)?;
    let scale = |weight: f32, best: f32| if best > 0.0 { weight / best } else { 0.0 };
    let stems_weight = if conditions.record { weights.stems_of_record } else { weights.stems };
    let stems_scale = scale(stems_weight, found.stems_best.max(weights.floor * plan.stems_ideal));
    let grams_scale = scale(weights.grams, found.grams_best.max(weights.floor * plan.grams_ideal));
    let wanted = weights.candidates.max(conditions.limit);
    let mut nearest = found.top(stems_scale, grams_scale, wanted);

    let cpv = if about.cpv.is_empty() && conditions.record {
        CpvLikeness::voted(&nearest, &columns, weights)
    } else {
        CpvLikeness::given(&about.cpv, weights)
    };
    let facts_of = |at: DocAddress| columns[at.segment_ord as usize].compare(at.doc_id, about, &cpv, weights);
    for (address, total) in &mut nearest {
        *total += facts_of(*address).iter().map(|fact| fact.amount).sum::<f32>();
    }
    sort(&mut nearest);
    nearest.truncate(conditions.limit);

    let scaled = |mut scores: Vec<f32>, scale: f32| {
        scores.iter_mut().for_each(|score| *score *= scale);
        scores
    };
    let ranked = |(address, total): (DocAddress, f32)| {
        Ok(Ranked {
            address,
            stems: scaled(stems.contributions(searcher, address)?, stems_scale),
            grams: scaled(grams.contributions(searcher, address)?, grams_scale),
            facts: facts_of(address),
            total,
        })
    };
    Ok(Ranking {
        hits: nearest.into_iter().map(ranked).collect::<tantivy::Result<_>>()?,
        unit: (found.stems_best + found.grams_best) / (stems_weight + weights.grams),
    })
}

/// Best first; equal ones in the order of the index, so that the same question has the same answer.
fn sort(scored: &mut [(DocAddress, f32)]) {
    scored.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
}

/// The scores in both legs of every document by segment; zero where conditions do not allow it.
struct Found {
    segments: Vec<(Vec<f32>, Vec<f32>)>,
    stems_best: f32,
    grams_best: f32,
}

impl Found {
    fn collect(
        stems: &Leg,
        grams: &Leg,
        conditions: &Conditions<'_>,
        columns: &[Columns],
        searcher: &Searcher,
    ) -> tantivy::Result<Self> {
        let except = conditions.except.map(|record| record.map(code_number));
        let mut found = Self { segments: Vec::new(), stems_best: 0.0, grams_best: 0.0 };
        for (reader, columns) in searcher.segment_readers().iter().zip(columns) {
            let mut by_stems = stems.scores(reader)?;
            let mut by_grams = grams.scores(reader)?;
            let passing = conditions.filter.map(|filter| passing(filter, reader, searcher)).transpose()?;
            for document in 0..reader.max_doc() {
                let at = document as usize;
                if by_grams[at] <= 0.0 && by_stems[at] <= 0.0 {
                    continue;
                }
                let allowed = !reader.is_deleted(document)
                    && passing.as_ref().is_none_or(|passing| passing[at])
                    && !except.iter().flatten().any(|number| columns.is_record(document, *number));
                if allowed {
                    found.stems_best = found.stems_best.max(by_stems[at]);
                    found.grams_best = found.grams_best.max(by_grams[at]);
                } else {
                    by_stems[at] = 0.0;
                    by_grams[at] = 0.0;
                }
            }
            found.segments.push((by_stems, by_grams));
        }
        Ok(found)
    }

    /// The documents with the highest sum of both legs, best first.
    fn top(&self, stems_scale: f32, grams_scale: f32, wanted: usize) -> Vec<(DocAddress, f32)> {
        let mut top = Vec::with_capacity(2 * wanted);
        let mut least = 0.0;
        for (segment, (by_stems, by_grams)) in (0..).zip(&self.segments) {
            for (document, (stems, grams)) in (0..).zip(by_stems.iter().zip(by_grams)) {
                let total = stems * stems_scale + grams * grams_scale;
                if total <= least {
                    continue;
                }
                top.push((DocAddress::new(segment, document), total));
                if top.len() == 2 * wanted {
                    sort(&mut top);
                    top.truncate(wanted);
                    least = top.last().map_or(0.0, |(_, total)| *total);
                }
            }
        }
        sort(&mut top);
        top.truncate(wanted);
        top
    }
}

/// Which documents of a segment pass a filter.
fn passing(filter: &BooleanQuery, reader: &SegmentReader, searcher: &Searcher) -> tantivy::Result<Vec<bool>> {
    let mut passing = vec![false; reader.max_doc() as usize];
    filter
        .weight(EnableScoring::disabled_from_searcher(searcher))?
        .for_each_no_score(reader, &mut |documents: &[DocId]| {
            documents.iter().for_each(|document| passing[*document as usize] = true)
        })?;
    Ok(passing)
}
