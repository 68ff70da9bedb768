//! Coded symbols of a set, as many as are wanted, and peeling the difference of two sets from them.
//!
//! After Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024
//! (arXiv 2402.02668). The symbols of two sets, subtracted, are the symbols of their difference. One
//! that holds a single item gives it away; taken out of the others it leaves more such. Every item is
//! part of the first symbol, so once that is empty all is found. About 1.35 symbols for each
//! difference are needed when there are many, up to 1.8 when there are few.

use std::collections::BTreeSet;

use super::{
    mapping::{Marked, Marker, Salt},
    symbol::Symbol,
};
use crate::id::Item;

/// Symbols that take part in the estimate.
const ESTIMATED_FROM: u32 = 1024;

/// Items on their walks over the indices.
#[derive(Debug, Default)]
pub(super) struct Coder {
    items: Vec<Marked>,
    /// Where each goes on, apart from them: going through all of these is what a batch costs at least.
    next: Vec<u32>,
}

impl Coder {
    /// A set, at the beginning.
    pub(super) fn new(set: &BTreeSet<Item>, marker: &Marker) -> Self {
        Self { items: set.iter().map(|item| marker.mark(*item)).collect(), next: vec![0; set.len()] }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether a set given to [`new`](Self::new) has an item.
    fn contains(&self, item: Item) -> bool {
        self.items.binary_search_by_key(&item, |marked| marked.item).is_ok()
    }

    /// Puts all items into the symbols from index `from` on, or takes them out; goes on from there.
    pub(super) fn code(&mut self, from: u32, symbols: &mut [Symbol], sign: i32) {
        for (marked, next) in self.items.iter_mut().zip(&mut self.next) {
            while let Some(symbol) = symbols.get_mut((*next - from) as usize) {
                symbol.add(marked, sign);
                *next = marked.next_after(*next);
            }
        }
    }
}

/// Where peeling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peeled {
    /// All of the difference is known.
    All,
    /// More symbols are needed.
    Some,
    /// What came out cannot be: an item that we have, or lack, or know already.
    Impossible,
}

/// The difference between a peer's set and ours, as far as it is known.
#[derive(Debug)]
pub(super) struct Decoder {
    marker: Marker,
    ours: Coder,
    theirs_found: Coder,
    ours_found: Coder,
    found: BTreeSet<Item>,
    /// Symbols of the difference without what was found.
    symbols: Vec<Symbol>,
    /// How many items the peer has more than we.
    surplus: i64,
    /// Sum of what each symbol says about the number of differences.
    scatter: u128,
}

impl Decoder {
    pub(super) fn new(ours: &BTreeSet<Item>, salt: Salt) -> Self {
        let marker = Marker::new(salt);
        Self {
            marker,
            ours: Coder::new(ours, &marker),
            theirs_found: Coder::default(),
            ours_found: Coder::default(),
            found: BTreeSet::new(),
            symbols: Vec::new(),
            surplus: 0,
            scatter: 0,
        }
    }

    /// Symbols taken so far.
    pub(super) fn len(&self) -> u32 {
        self.symbols.len() as u32
    }

    /// Size of our set when this began.
    pub(super) fn ours_len(&self) -> usize {
        self.ours.len()
    }

    /// How many differences there seem to be: the counts of n symbols say it to a factor of
    /// about 1 ± √(2 / n), whether or not anything was found.
    ///
    /// With d differences, d₊ - d₋ = s, the count of symbol j has mean s ρ and variance d ρ (1 - ρ),
    /// ρ = 2 / (j + 2). So (count (j + 2) - 2 s)² / 2 j is d on average.
    pub(super) fn estimate(&self) -> u64 {
        let symbols = self.len().min(ESTIMATED_FROM).saturating_sub(1).max(1);
        u64::try_from(self.scatter / u128::from(symbols)).unwrap_or(u64::MAX)
    }

    /// Takes the peer's next symbols.
    pub(super) fn take(&mut self, mut window: Vec<Symbol>) -> Peeled {
        let from = self.len();
        self.ours.code(from, &mut window, -1);
        for (index, symbol) in (from..ESTIMATED_FROM).zip(&window) {
            let (index, count) = (i64::from(index), i64::from(symbol.count));
            if index == 0 {
                self.surplus = count;
            } else {
                let off = u128::from((count * (index + 2) - 2 * self.surplus).unsigned_abs());
                self.scatter += off * off / (2 * u128::from(index.unsigned_abs()));
            }
        }
        self.theirs_found.code(from, &mut window, -1);
        self.ours_found.code(from, &mut window, 1);
        self.symbols.extend(window);
        self.peel(from)
    }

    fn peel(&mut self, from: u32) -> Peeled {
        let mut singles: Vec<u32> = (from..self.len()).collect();
        while let Some(index) = singles.pop() {
            let symbol = self.symbols[index as usize];
            if !symbol.is_single() {
                continue;
            }
            let mut marked = self.marker.mark(symbol.item());
            if !symbol.is(&marked) {
                continue;
            }
            let item = marked.item;
            let is_ours = symbol.count < 0;
            // Each item empties a symbol for good, so of an honest peer there are no more than symbols.
            let is_possible = self.ours.contains(item) == is_ours
                && self.found.len() < self.symbols.len()
                && self.found.insert(item);
            if !is_possible {
                return Peeled::Impossible;
            }
            let mut next = 0;
            while let Some(symbol) = self.symbols.get_mut(next as usize) {
                symbol.add(&marked, if is_ours { 1 } else { -1 });
                if symbol.is_single() {
                    singles.push(next);
                }
                next = marked.next_after(next);
            }
            let found = if is_ours { &mut self.ours_found } else { &mut self.theirs_found };
            found.items.push(marked);
            found.next.push(next);
        }
        if self.symbols.first().is_some_and(Symbol::is_empty) { Peeled::All } else { Peeled::Some }
    }

    /// What we had and the peer has not.
    pub(super) fn ours_only(&self) -> impl Iterator<Item = Item> + '_ {
        self.ours_found.items.iter().map(|marked| marked.item)
    }

    /// What the peer has and we had not.
    pub(super) fn theirs_only(&self) -> impl Iterator<Item = Item> + '_ {
        self.theirs_found.items.iter().map(|marked| marked.item)
    }
}
