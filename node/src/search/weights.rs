//! Every number by which hits are ordered, each with its reason. Where a measurement decided, it was nDCG@10 on real
//! Norwegian notices and questions, on one half of the queries, with the other half kept to check.

/// How much a word in the title weighs against one in the text, also for the title of a record that is the query.
/// Notices did best with two (by .003), short entries with five (by .006), either lost .01 with one: three lies between.
pub(super) const TITLE: u32 = 3;

/// The grams' leg; each leg is divided by its best score before it is weighed and added.
pub(super) const GRAMS: f32 = 1.0;
/// The stems' leg against it. Questions to running text lose .016 without stems and are best served by three fifths;
/// bare labels and whole notices lose as much or more with equal legs. Half takes nearly all of the first and little of
/// the second.
pub(super) const STEMS: f32 = 0.5;

/// A translation or other expansion against the word itself: less, since a word has several meanings.
pub(super) const EXPANSION: f32 = 0.5;

/// How much a term counts that stands several times in the question: its logarithm, since the tenth mention adds less
/// than the second. Better than the plain count by .01 for records.
pub(super) fn repeated(times: f32) -> f32 {
    if times > 1.0 { 1.0 + times.ln() } else { times }
}

/// Terms of a record used as query, the best by tf-idf. More cost time and found no more.
pub(super) const BEST_STEMS: usize = 30;
/// See [`BEST_STEMS`].
pub(super) const BEST_GRAMS: usize = 80;

/// The nearest by words, among which CPV and the facts then decide.
pub(super) const CANDIDATES: usize = 200;

/// Shared CPV codes, beside the 1.5 that both legs can give. Raised similar notices from .38 to .45. More raises the
/// figure further, but those were judged by their CPV: it would measure itself.
pub(super) const CPV: f32 = 1.0;
/// How the weight of CPV divides on shared division, group, class, category: the broad ones also hold where notices
/// are classified with a loose hand. Better by .003 than equal parts.
pub(super) const CPV_BY_LEVEL: [f32; 4] = [0.4, 0.3, 0.2, 0.1];
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

/// The part of a question's weight (by idf) that a hit must cover to be near: a third of a typed question, a tenth of a
/// whole record, where no other shares most of the words. Found by putting questions to records of another world: of
/// those typed one in five still seems near, of invented words one in a hundred, while of questions whose first hit
/// was right at most one in six is called far (one-word synonyms: one in four).
pub(super) fn near(distinct_words: usize) -> f32 {
    let (typed, whole) = (0.35, 0.1);
    let (few, many) = (6.0, 25.0);
    let longer = ((distinct_words as f32 - few) / (many - few)).clamp(0.0, 1.0);
    typed + (whole - typed) * longer
}

/// Fewer records than this do not tell how rare a word is: in a network of one case, each word of it would weigh next
/// to nothing beside one that is not there, and nothing would be near.
pub(super) const TELLING: u64 = 1000;

/// A word counts as covered by grams from this part of them on; below lie chance beginnings and endings.
pub(super) const GRAM_COVER_FROM: f32 = 0.2;
