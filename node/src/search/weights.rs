//! Every number by which hits are ordered, each with its reason. Where a measurement decided, it was nDCG@10 on real
//! Norwegian notices and questions, on one half of the queries, with the other half kept to check.

/// How much a word in the title weighs against one in the text. Three was best of 1, 2, 3 and 5, also for the title of
/// a record that is the query.
pub(super) const TITLE: u32 = 3;

/// The stems' leg and the grams' leg weigh the same: each is divided by its best score and they are added.
pub(super) const STEMS: f32 = 1.0;
/// See [`STEMS`].
pub(super) const GRAMS: f32 = 1.0;

/// A translation or other expansion against the word itself: less, since a word has several meanings.
pub(super) const EXPANSION: f32 = 0.5;

/// Terms of a record used as query, the best by tf-idf. More cost time and found no more.
pub(super) const BEST_STEMS: usize = 30;
/// See [`BEST_STEMS`].
pub(super) const BEST_GRAMS: usize = 80;

/// Candidates from each leg that are ranked exactly.
pub(super) const CANDIDATES: usize = 100;

/// Shared CPV codes, of the two that both legs together can give. The one structured part that was measured.
pub(super) const CPV: f32 = 0.6;
/// How the weight of CPV divides on shared division, group, class, category.
pub(super) const CPV_BY_LEVEL: [f32; 4] = [0.25, 0.25, 0.25, 0.25];
/// How many of the nearest vote on the CPV of a query that has none.
pub(super) const CPV_VOTERS: usize = 10;

// The rest cannot be measured before people use it. Small: together they decide between hits about equally near in
// words, and never lift one that is not.

/// Same phase: the asker meets others where it stands itself.
pub(super) const PHASE: f32 = 0.03;
/// Same procedure.
pub(super) const PROCEDURE: f32 = 0.04;
/// Same kind of innovation.
pub(super) const INNOVATION: f32 = 0.03;
/// Same order of magnitude, full where equal and none at a factor of ten.
pub(super) const VALUE: f32 = 0.04;
/// A measured gain is worth more to a reader than a hope.
pub(super) const GAINS: f32 = 0.02;
/// Lessons from the asker's phase.
pub(super) const LESSONS: f32 = 0.04;
/// In use elsewhere: half at one organisation, nearly full at ten.
pub(super) const REUSE: f32 = 0.03;

/// The part of a typed question's weight (by idf) that a hit must cover to be near.
pub(super) const NEAR_TEXT: f32 = 0.35;
/// The same for a record, where no other shares most of the words.
pub(super) const NEAR_RECORD: f32 = 0.08;

/// A word counts as covered by grams from this part of them on; below lie chance beginnings and endings.
pub(super) const GRAM_COVER_FROM: f32 = 0.4;
