//! Every number by which hits are ordered, each with its reason. Where a measurement decided, it was nDCG@10 on real
//! Norwegian notices and questions, on one half of the queries, with the other half kept to check.

/// How much a word in the title weighs against one in the text, also for the title of a record that is the query.
/// Notices did best with two (by .003), short entries with five (by .006), either lost .01 with one: three lies between.
/// It is written into the index.
pub(super) const TITLE: u32 = 3;

/// What a question weighs its evidence by. A value, so that a benchmark can leave out one part at a time; everybody
/// else takes the default.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The grams' leg; each leg is divided by its best score before it is weighed and added.
    pub grams: f32,
    /// The stems' leg against it. Equal legs give questions to running text .005, and take .007 from titles and .012 from
    /// English labels; at three tenths the former lose .003. Half lies between; with none they lose .020.
    pub stems: f32,
    /// The stems' leg where a record asks, which has words enough: a fifth is better by .006 than a half,
    /// and by .007 than a tenth.
    pub stems_of_record: f32,
    /// A leg's best score counts as no less than this part of what the question's own words weigh in it. Without, a leg
    /// that knows one odd word of the question, or only an expansion of it, speaks as loud as one that knows all:
    /// notices +.013, CPV labels +.009, titles +.002; from five tenths to one all are within .008.
    pub floor: f32,
    /// BM25 of the stems' leg, as usual. Less of either number gives questions to running text .003 to .006, and takes as
    /// much from notices and labels.
    pub stems_bm25: Bm25,
    /// BM25 of the grams' leg for a question: a little less of both than usual gives running text .005 and titles .004,
    /// and takes .004 from English labels; still less takes more from these than it gives.
    pub grams_bm25: Bm25,
    /// The same where a record asks, whose grams stand in it more often, and so in its like: with the numbers of a
    /// question, notices lose .009.
    pub grams_bm25_of_record: Bm25,
    /// Parts of a compound in the question against the whole, in the stems' leg. With none, synonyms lose .007
    /// and CPV labels too; with six tenths, titles lose .006 and notices .009.
    pub parts: f32,
    /// A translation of an English word against the word itself, times its probability. English labels: .272 at five
    /// tenths, .306 at seven, .331 here; others do not move.
    pub expansion: f32,
    /// A translation into English, sought by its stem alone: few records are English, and grams of English words met
    /// Norwegian ones by chance (labels lost .02). The records that were measured are Norwegian: at none or one nothing
    /// moves by more than .002.
    pub to_english: f32,
    /// Terms of a record used as query, the best by tf-idf. More cost time and found no more: notices lose .022 with 50
    /// grams and .013 with 160; between 20 and 60 stems nothing moves.
    pub best_stems: usize,
    /// See [`Self::best_stems`].
    pub best_grams: usize,
    /// The part of all records from which on a term is sought only in the nearest: it finds nothing by itself. A fifth
    /// leaves a quarter of the postings of a title. The nearest are scored by all terms: notices lose .002, the others
    /// nothing. The rarer half of a question's terms is always sought.
    pub common: f32,
    /// The nearest by words, among which the facts then decide.
    pub candidates: usize,
    /// The same where a record asks, and CPV decides among them: notices lose .006 with half of them, .022 with an
    /// eighth.
    pub candidates_of_record: usize,
    /// Shared CPV codes, beside what both legs can give. Raised similar notices from .41 to .50 at one, and by .019
    /// more at two; three adds .005. They were judged by their CPV, so the figure flatters it.
    pub cpv: f32,
    /// A code besides the main one against the main one: what a procurement is, and what else belongs to it. Notices
    /// gain .035 from three tenths against equal ones; a tenth is the same.
    pub cpv_additional: f32,
    /// How the weight of CPV divides on shared division, group, class, category: the broad ones also hold where
    /// notices are classified with a loose hand. Better by .003 than equal parts.
    pub cpv_by_level: [f32; 4],
    /// How many of the nearest vote on the CPV of a query that has none. One is .007 less; five and twenty were .012
    /// less.
    pub cpv_voters: usize,

    // The rest cannot be measured before people use it. Small: together they decide between hits about equally near in
    // words, and never lift one that is not.
    /// Same phase: the asker meets others where it stands itself.
    pub phase: f32,
    /// Same procedure.
    pub procedure: f32,
    /// Same kind of innovation.
    pub innovation: f32,
    /// Same order of magnitude, full where equal and none at a factor of ten.
    pub value: f32,
    /// A measured gain is worth more to a reader than a hope.
    pub gains: f32,
    /// Lessons from the asker's phase.
    pub lessons: f32,
    /// In use elsewhere: half at one organisation, nearly full at ten.
    pub reuse: f32,
}

/// The two numbers of BM25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25 {
    /// How much standing there again adds: at 0 nothing.
    pub k1: f32,
    /// How far a long text counts less, of 1.
    pub b: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            grams: 1.0,
            stems: 0.5,
            stems_of_record: 0.2,
            stems_bm25: Bm25 { k1: 1.2, b: 0.75 },
            grams_bm25: Bm25 { k1: 1.0, b: 0.6 },
            grams_bm25_of_record: Bm25 { k1: 1.2, b: 0.75 },
            parts: 0.3,
            floor: 0.7,
            to_english: 0.3,
            cpv_additional: 0.3,
            expansion: 1.0,
            best_stems: 30,
            best_grams: 80,
            common: 0.2,
            candidates: 100,
            candidates_of_record: 400,
            cpv: 2.0,
            cpv_by_level: [0.4, 0.3, 0.2, 0.1],
            cpv_voters: 10,
            phase: 0.03,
            procedure: 0.04,
            innovation: 0.03,
            value: 0.04,
            gains: 0.02,
            lessons: 0.04,
            reuse: 0.03,
        }
    }
}

/// How much a term counts that stands several times in the question: its logarithm, since the tenth mention adds less
/// than the second. Better than the plain count by .01 for records.
pub(super) fn repeated(times: f32) -> f32 {
    if times > 1.0 { 1.0 + times.ln() } else { times }
}

/// Whether a hit is near, by the part of the question's weight (by idf) that it covers, and for the first hit by the
/// part of its score that the next one has: what stands out among all others is near though it covers less.
///
/// Two fifths of a typed question, a tenth of a whole record, where no other shares most of the words. Found on one half
/// of questions put to records of another world and to their own: of sentences about something else one in eight seems
/// near, and of questions whose first hit is right one in thirteen is called far. By what is covered alone, at 0.35, it
/// was one in six and one in eleven; what half stands out, at 0.7 or 0.8, lets more strangers in than it wins.
pub(super) fn is_near(covered: f32, distinct_words: usize, next: Option<f32>) -> bool {
    let (typed, whole) = (0.4, 0.1);
    let (few, many) = (6.0, 25.0);
    let longer = ((distinct_words as f32 - few) / (many - few)).clamp(0.0, 1.0);
    let stands_out = next.is_some_and(|next| next < 0.6) && covered >= 0.15;
    stands_out || covered >= typed + (whole - typed) * longer
}

/// Fewer records than this do not tell how rare a word is: in a network of one case, each word of it would weigh next
/// to nothing beside one that is not there, and nothing would be near.
pub(super) const TELLING: u64 = 1000;

/// A word counts as covered by grams from this part of them on; below lie chance beginnings and endings.
pub(super) const GRAM_COVER_FROM: f32 = 0.2;
