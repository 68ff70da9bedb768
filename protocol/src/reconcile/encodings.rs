//! The side that is asked: what was encoded for one question is there for the next, whoever asks.

use std::{collections::BTreeSet, time::Duration};

use rand_core::Rng;

use super::{
    Answer, Ask, BATCH, BUDGET, Edition, SIZE_LIMIT, is_much, list,
    mapping::{Marker, Salt},
    sketch::Coder,
    symbol::{self, Symbol},
};
use crate::{
    genesis::Scope,
    id::{Digest, Item},
    time::Timestamp,
};

/// Encodings kept at once; of 100,000 items each takes 5 MB, and 32 bytes for a symbol.
const KEPT: usize = 4;
/// A salt is used so long: whoever grinds ids for one has no more time.
const SALT_TIME: Duration = Duration::from_secs(600);
/// A salt that somebody stalls on is used so long at least: a new one costs a new encoding.
const SALT_TIME_MIN: Duration = Duration::from_secs(10);
/// Sets up to this size are listed: it takes no more bytes.
const SMALL: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub struct Encodings {
    /// The one used last stands last.
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    scope: Scope,
    salt: Salt,
    drawn: Timestamp,
    encoding: Option<Encoding>,
}

/// A set in one state under one salt, encoded as far as anybody asked.
#[derive(Debug)]
struct Encoding {
    edition: Edition,
    size: u32,
    coder: Coder,
    symbols: Vec<Symbol>,
}

impl Encodings {
    /// Answers a peer's question about a scope from our set and its digest.
    ///
    /// An answer costs at most a fresh encoding of the set and [`BATCH`] symbols of it.
    pub fn answer(
        &mut self,
        scope: Scope,
        ours: &BTreeSet<Item>,
        digest: Digest,
        ask: &Ask,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Answer {
        let plain = |after| {
            let (items, more) = list::page(ours, after);
            Answer::Page(items, more)
        };
        let Ok(size) = u32::try_from(ours.len()) else { return plain(None) };
        match ask {
            Ask::List(after) => plain(*after),
            Ask::ListPast(after, to, digest) => plain(Some(list::past(ours, *after, *to, *digest))),
            Ask::Begin(theirs, _, _)
                if ours.len() <= SMALL
                    || size > SIZE_LIMIT
                    || is_much(size.abs_diff(*theirs).into(), size.max(*theirs).into()) =>
            {
                plain(None)
            }
            Ask::Begin(_, count, stalled) => {
                let kept = self.kept(scope, now, rng);
                if *stalled == Some(kept.salt) {
                    if now.since(kept.drawn) < SALT_TIME_MIN {
                        return plain(None);
                    }
                    kept.renew(now, rng);
                }
                kept.encoding(ours, digest, size).answer(0, *count)
            }
            Ask::More(edition, from, count) => {
                let end = from.saturating_add(*count);
                if size > SIZE_LIMIT || end > BUDGET {
                    return plain(None);
                }
                let encoding = self.kept(scope, now, rng).encoding(ours, digest, size);
                // What is asked for follows what was sent, or our set has changed: from the beginning.
                let goes_on = encoding.edition == *edition && *from as usize <= encoding.symbols.len();
                if goes_on { encoding.answer(*from, *count) } else { encoding.answer(0, end.min(BATCH)) }
            }
        }
    }

    /// Forgets salts whose time is over, with what was encoded under them.
    pub fn tend(&mut self, now: Timestamp) {
        self.kept.retain(|kept| now.since(kept.drawn) < SALT_TIME);
    }

    fn kept(&mut self, scope: Scope, now: Timestamp, rng: &mut impl Rng) -> &mut Kept {
        self.tend(now);
        let kept = match self.kept.iter().position(|kept| kept.scope == scope) {
            Some(place) => self.kept.remove(place),
            None => {
                if self.kept.len() == KEPT {
                    self.kept.remove(0);
                }
                let mut new = Kept { scope, salt: Salt([0; 16]), drawn: now, encoding: None };
                new.renew(now, rng);
                new
            }
        };
        self.kept.push(kept);
        self.kept.last_mut().expect("pushed above")
    }
}

impl Kept {
    fn renew(&mut self, now: Timestamp, rng: &mut impl Rng) {
        rng.fill_bytes(&mut self.salt.0);
        self.drawn = now;
        self.encoding = None;
    }

    /// The encoding of the set as it is now.
    fn encoding(&mut self, ours: &BTreeSet<Item>, digest: Digest, size: u32) -> &mut Encoding {
        let edition = Edition::new(self.salt, digest);
        self.encoding.take_if(|encoding| encoding.edition != edition);
        self.encoding.get_or_insert_with(|| Encoding {
            edition,
            size,
            coder: Coder::new(ours, &Marker::new(edition.salt)),
            symbols: Vec::new(),
        })
    }
}

impl Encoding {
    fn answer(&mut self, from: u32, count: u32) -> Answer {
        let (start, end) = (from as usize, (from + count.clamp(1, BATCH)) as usize);
        let done = self.symbols.len();
        if done < end {
            self.symbols.resize(end, Symbol::default());
            self.coder.code(done as u32, &mut self.symbols[done..], 1);
        }
        let bytes = symbol::write(&self.symbols[start..end], from, self.size);
        Answer::Symbols(self.edition, from, self.size, bytes.into())
    }
}
