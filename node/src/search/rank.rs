//! Every document scored in both legs by the terms that tell, the best of them by all terms and with the facts beside.

use tantivy::postings::SegmentPostings;
use tantivy::query::{BooleanQuery, EnableScoring, Query as _};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet as _, Searcher, SegmentReader, TERMINATED};

use super::facts::{Columns, CpvLikeness, Fact};
use super::leg::Leg;
use super::plan::Plan;
use super::query::About;
use super::schema::Fields;
use super::weights::Weights;

/// Hits in order, with everything the explanation needs.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) hits: Vec<Ranked>,
    /// BM25 points that one unit of [`Ranked::total`] stands for, so that a document best in both legs has the sum of
    /// its points. The same for all hits of an answer: it keeps their order, and makes a score that falls with what is
    /// found.
    pub(super) unit: f32,
    /// The part of the first one's score that the second has, whether it is among the hits or not; none without a second.
    pub(super) next: Option<f32>,
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
    let (stems_weight, grams_bm25, candidates) = if conditions.record {
        (weights.stems_of_record, weights.grams_bm25_of_record, weights.candidates_of_record)
    } else {
        (weights.stems, weights.grams_bm25, weights.candidates)
    };
    let stems = Leg::new(fields.stems, &plan.stems, searcher, weights.stems_bm25, weights.common)?;
    let grams = Leg::new(fields.grams, &plan.grams, searcher, grams_bm25, weights.common)?;
    let columns = Columns::open(searcher)?;

    let found = Found::collect(&stems, &grams, conditions, searcher, fields)?;
    let scale = |weight: f32, best: f32, ideal: f32| {
        let least = best.max(weights.floor * ideal);
        if best > 0.0 { weight / least } else { 0.0 }
    };
    let wanted = candidates.max(conditions.limit);
    let addresses = found.top(
        scale(stems_weight, found.stems_best, plan.stems_ideal),
        scale(weights.grams, found.grams_best, plan.grams_ideal),
        wanted,
    );

    // From here on with every term of the question.
    let (by_stems, by_grams) = (stems.contributions(&addresses)?, grams.contributions(&addresses)?);
    let best = |given: &[Vec<f32>]| given.iter().map(|terms| terms.iter().sum::<f32>()).fold(0.0, f32::max);
    let (stems_best, grams_best) = (best(&by_stems), best(&by_grams));
    let stems_scale = scale(stems_weight, stems_best, plan.stems_ideal);
    let grams_scale = scale(weights.grams, grams_best, plan.grams_ideal);
    let scaled = |mut scores: Vec<f32>, scale: f32| {
        scores.iter_mut().for_each(|score| *score *= scale);
        scores
    };
    let given = by_stems.into_iter().zip(by_grams);
    let mut hits: Vec<Ranked> = addresses
        .into_iter()
        .zip(given)
        .map(|(address, (stems, grams))| {
            let (stems, grams) = (scaled(stems, stems_scale), scaled(grams, grams_scale));
            let total = stems.iter().sum::<f32>() + grams.iter().sum::<f32>();
            Ranked { address, stems, grams, facts: Vec::new(), total }
        })
        .collect();
    sort(&mut hits);

    let cpv = if about.cpv.is_empty() && conditions.record {
        CpvLikeness::voted(hits.iter().map(|hit| (hit.address, hit.total)), &columns, weights)
    } else {
        CpvLikeness::given(&about.cpv, weights)
    };
    for hit in &mut hits {
        let columns = &columns[hit.address.segment_ord as usize];
        hit.facts = columns.compare(hit.address.doc_id, about, &cpv, weights);
        hit.total += hit.facts.iter().map(|fact| fact.amount).sum::<f32>();
    }
    sort(&mut hits);
    let next = hits.get(1).map(|second| second.total / hits[0].total);
    hits.truncate(conditions.limit);
    Ok(Ranking { hits, next, unit: (stems_best + grams_best) / (stems_weight + weights.grams) })
}

/// Best first; equal ones in the order of the index, so that the same question has the same answer.
fn sort(hits: &mut [Ranked]) {
    hits.sort_unstable_by(|a, b| b.total.total_cmp(&a.total).then(a.address.cmp(&b.address)));
}

/// The scores in both legs of every document by segment; zero where conditions do not allow it.
struct Found {
    segments: Vec<(Vec<f32>, Vec<f32>)>,
    stems_best: f32,
    grams_best: f32,
}

impl Found {
    fn collect(
        stems: &Leg<'_>,
        grams: &Leg<'_>,
        conditions: &Conditions<'_>,
        searcher: &Searcher,
        fields: &Fields,
    ) -> tantivy::Result<Self> {
        let mut found = Self { segments: Vec::new(), stems_best: 0.0, grams_best: 0.0 };
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let mut by_stems = stems.scores(segment, reader)?;
            let mut by_grams = grams.scores(segment, reader)?;
            let mut forbid = |document: usize| (by_stems[document], by_grams[document]) = (0.0, 0.0);
            if let Some(alive) = reader.alive_bitset() {
                (0..reader.max_doc()).filter(|it| alive.is_deleted(*it)).for_each(|it| forbid(it as usize));
            }
            if let Some(filter) = conditions.filter {
                let passing = passing(filter, reader, searcher)?;
                (0..passing.len()).filter(|it| !passing[*it]).for_each(&mut forbid);
            }
            for record in conditions.except.into_iter().flatten() {
                let index = reader.inverted_index(fields.record)?;
                let postings = index.read_postings(&fields.record_term(record), IndexRecordOption::Basic)?;
                let mut postings = postings.unwrap_or_else(SegmentPostings::empty);
                while postings.doc() != TERMINATED {
                    forbid(postings.doc() as usize);
                    postings.advance();
                }
            }
            let best = |scores: &[f32]| scores.iter().copied().fold(0.0, f32::max);
            found.stems_best = found.stems_best.max(best(&by_stems));
            found.grams_best = found.grams_best.max(best(&by_grams));
            found.segments.push((by_stems, by_grams));
        }
        Ok(found)
    }

    /// The documents with the highest sum of both legs, in no order.
    fn top(&self, stems_scale: f32, grams_scale: f32, wanted: usize) -> Vec<DocAddress> {
        let mut top: Vec<(f32, DocAddress)> = Vec::with_capacity(2 * wanted);
        let mut least = 0.0;
        for (segment, (by_stems, by_grams)) in (0..).zip(&self.segments) {
            for (document, (stems, grams)) in (0..).zip(by_stems.iter().zip(by_grams)) {
                let total = stems * stems_scale + grams * grams_scale;
                if total <= least {
                    continue;
                }
                top.push((total, DocAddress::new(segment, document)));
                if top.len() == 2 * wanted {
                    least = keep(&mut top, wanted);
                }
            }
        }
        keep(&mut top, wanted);
        top.into_iter().map(|(_, address)| address).collect()
    }
}

/// Keeps the best; the least score that any of them has.
fn keep(top: &mut Vec<(f32, DocAddress)>, wanted: usize) -> f32 {
    if top.len() <= wanted {
        return 0.0;
    }
    let order = |a: &(f32, DocAddress), b: &(f32, DocAddress)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let (_, (least, _), _) = top.select_nth_unstable_by(wanted - 1, order);
    let least = *least;
    top.truncate(wanted);
    least
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
