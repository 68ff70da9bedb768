//! The side that wants to know.
//!
//! ```text
//! Begin --symbols--> decoding --all found------------------> done
//!   ^                   |  ^--More--symbols--+
//!   |                   |--the set changed: from its first symbol again
//!   +--another salt-----|--does not decode (once)
//!                       |--too much differs, too long, not even with another salt: the list
//!                       v
//!                     List --page, what is on it--> .. --the last page--> done
//! ```

use std::{collections::BTreeSet, ops::Bound, time::Duration};

use super::{
    Answer, Ask, BATCH, BUDGET, Edition, FOUND_LIMIT, Nonsense, Salt, Tally, is_much, list,
    sketch::{Decoder, Peeled},
    symbol::{self, Symbol},
};
use crate::{id::Item, time::Timestamp};

/// Symbols in the first batch: enough for one difference.
const FIRST: u32 = 2;
/// From so many symbols on, what they say of the difference is taken for it.
const TRUSTED_FROM: u32 = 64;
/// A peer's set may change so often before the list is read instead.
const RESTARTS_LIMIT: u32 = 8;
/// So long symbols are asked for; then the list, which holds no state worth a bound.
const SKETCH_TIME: Duration = Duration::from_secs(120);

/// What to do next in a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask this.
    Ask(Ask),
    /// The symbols do not decode, which has to be counted. Ask this.
    Stalled(Ask),
    /// These the peer has and we lack, as far as its list was read. Ask this when they are dealt with: what breaks
    /// off in between has not been read in vain.
    Found(Found, Ask),
    /// Known: these the peer has and we lack, besides what was found before.
    Done(Found),
}

/// What the peer has and we lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// At most [`FOUND_LIMIT`] in one comparison.
    pub items: BTreeSet<Item>,
    /// Of all items between these.
    pub within: (Bound<Item>, Bound<Item>),
}

/// One side of finding out what the other has more.
#[derive(Debug)]
pub struct Comparison {
    began: Timestamp,
    restarts: u32,
    has_stalled: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The first symbols, at most so many, were asked for.
    Begun(u32),
    /// Symbols came, and so many more were asked for.
    Decoding {
        decoder: Box<Decoder>,
        edition: Edition,
        asked: u32,
    },
    Listing(list::Reading),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Begun(FIRST)
    }
}

impl Comparison {
    /// Begins, with the first question.
    pub fn begin(ours: &BTreeSet<Item>, now: Timestamp) -> (Self, Ask) {
        let new = Self { began: now, restarts: 0, has_stalled: false, stage: Stage::default() };
        (new, Ask::Begin(size(ours), FIRST, None))
    }

    /// Takes an answer; `ours` is our set as it is now. What it took is added to `tally`.
    pub fn answered(
        &mut self,
        answer: &Answer,
        ours: &BTreeSet<Item>,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Result<Step, Nonsense> {
        tally.answers += 1;
        let step = match answer {
            Answer::Page(items, more) => self.page(items, *more, ours, tally),
            Answer::Symbols(edition, from, size, bytes) => {
                if matches!(self.stage, Stage::Listing(_)) {
                    return Err(Nonsense::Page);
                }
                match self.place(*edition, *from, ours, tally)? {
                    Some(limit) => {
                        let symbols = symbol::read(bytes, *from, *size, limit)?;
                        Ok(self.symbols(symbols, *size, ours, now, tally))
                    }
                    None => Ok(self.list(tally).into()),
                }
            }
        }?;
        match &step {
            Step::Found(found, _) => tally.items += found.items.len() as u64,
            Step::Done(found) => {
                tally.comparisons += 1;
                tally.items += found.items.len() as u64;
            }
            Step::Ask(_) | Step::Stalled(_) => {}
        }
        Ok(step)
    }

    /// What we have and the peer lacks, as far as symbols or pages have told.
    pub fn ours_only(&self) -> Vec<Item> {
        match &self.stage {
            Stage::Decoding { decoder, .. } => decoder.ours_only().collect(),
            Stage::Listing(reading) => reading.ours_only().to_vec(),
            Stage::Begun(_) => Vec::new(),
        }
    }

    /// About how many the peer has and we lack besides those found so far, as far as its list tells.
    pub fn ahead(&self) -> usize {
        match &self.stage {
            Stage::Listing(reading) => reading.ahead(),
            Stage::Begun(_) | Stage::Decoding { .. } => 0,
        }
    }

    fn page(
        &mut self,
        items: &[Item],
        more: bool,
        ours: &BTreeSet<Item>,
        tally: &mut Tally,
    ) -> Result<Step, Nonsense> {
        let mut reading = match std::mem::take(&mut self.stage) {
            Stage::Listing(reading) => reading,
            // The peer finds that the list is cheaper.
            Stage::Begun(_) | Stage::Decoding { .. } => {
                tally.lists += 1;
                list::Reading::default()
            }
        };
        let list::Page { found, next } = reading.take(items, more, ours)?;
        self.stage = Stage::Listing(reading);
        Ok(match next {
            Some(ask) => Step::Found(found, ask),
            None => Step::Done(found),
        })
    }

    /// Where symbols belong: after those that came, or at a new beginning. Returns how many there may
    /// be; nothing if there were too many beginnings.
    fn place(
        &mut self,
        edition: Edition,
        from: u32,
        ours: &BTreeSet<Item>,
        tally: &mut Tally,
    ) -> Result<Option<u32>, Nonsense> {
        let asked = match &self.stage {
            Stage::Decoding { decoder, edition: before, asked }
                if *before == edition && decoder.len() == from =>
            {
                return Ok(Some(*asked));
            }
            Stage::Begun(asked) => *asked,
            Stage::Decoding { decoder, asked, .. } => {
                self.restarts += 1;
                tally.restarts += 1;
                if self.restarts > RESTARTS_LIMIT {
                    return Ok(None);
                }
                (decoder.len() + asked).min(BATCH)
            }
            Stage::Listing(_) => return Err(Nonsense::Page),
        };
        if from != 0 {
            return Err(Nonsense::Symbols);
        }
        let decoder = Box::new(Decoder::new(ours, edition.salt));
        self.stage = Stage::Decoding { decoder, edition, asked };
        Ok(Some(asked))
    }

    fn symbols(
        &mut self,
        symbols: Vec<Symbol>,
        theirs_len: u32,
        ours: &BTreeSet<Item>,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Step {
        let Stage::Decoding { decoder, edition, asked } = &mut self.stage else {
            return self.list(tally).into();
        };
        tally.symbols += symbols.len() as u64;
        let peeled = decoder.take(symbols);
        let (have, estimate) = (decoder.len(), decoder.estimate());
        let larger = (decoder.ours_len() as u64).max(theirs_len.into());
        // Five eighths as many symbols as items are not needed for a third, and the list costs less.
        let differ_much = u64::from(have) > u64::from(theirs_len) * 5 / 8 + 16
            || (have >= TRUSTED_FROM && is_much(estimate, larger));
        let leads_nowhere = have >= BUDGET
            || u64::from(have) > estimate.saturating_mul(4).saturating_add(TRUSTED_FROM.into());
        match peeled {
            Peeled::All => {
                let lacking = decoder.theirs_only().filter(|item| !ours.contains(item));
                let items = lacking.take(FOUND_LIMIT).collect();
                Step::Done(Found { items, within: (Bound::Unbounded, Bound::Unbounded) })
            }
            Peeled::Some if differ_much || now.since(self.began) > SKETCH_TIME => self.list(tally).into(),
            Peeled::Some if !leads_nowhere => {
                *asked = batch(have, estimate, larger).min(BUDGET - have);
                Ask::More(*edition, have, *asked).into()
            }
            Peeled::Some | Peeled::Impossible => {
                let salt = edition.salt;
                tally.stalls += 1;
                Step::Stalled(self.once_more(salt, have, ours, tally))
            }
        }
    }

    /// After symbols that lead nowhere: once with another salt, then the list.
    fn once_more(&mut self, salt: Salt, have: u32, ours: &BTreeSet<Item>, tally: &mut Tally) -> Ask {
        if std::mem::replace(&mut self.has_stalled, true) {
            return self.list(tally);
        }
        let asked = have.min(BATCH);
        self.stage = Stage::Begun(asked);
        Ask::Begin(size(ours), asked, Some(salt))
    }

    fn list(&mut self, tally: &mut Tally) -> Ask {
        tally.lists += 1;
        self.stage = Stage::Listing(list::Reading::default());
        Ask::List(None)
    }
}

impl From<Ask> for Step {
    fn from(ask: Ask) -> Self {
        Self::Ask(ask)
    }
}

/// How many symbols to ask for next: towards what the estimate says is needed, fewer at a time near
/// it, and of sets that seem to differ much only as many as it takes to be sure.
fn batch(have: u32, estimate: u64, larger: u64) -> u32 {
    let estimated = u32::try_from(estimate).unwrap_or(u32::MAX).min(BUDGET);
    let (target, least) = match have {
        // Too few to say anything.
        0..8 => (0, have + 2),
        8..TRUSTED_FROM if is_much(estimate, larger) => (TRUSTED_FROM, 1),
        8..TRUSTED_FROM => (estimated * 3 / 4, have / 2),
        TRUSTED_FROM.. => (estimated * 5 / 4, (have / 8).max(4)),
    };
    target.saturating_sub(have).max(least).min(BATCH)
}

fn size(set: &BTreeSet<Item>) -> u32 {
    u32::try_from(set.len()).unwrap_or(u32::MAX)
}
