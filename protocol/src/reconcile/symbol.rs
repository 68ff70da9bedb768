//! Coded symbols and their bytes.
//!
//! A symbol is written as how far its count is from what is expected (zigzag, LEB128), the sum of its
//! items (16 bytes) and of their checks (6 bytes, big-endian): 24 bytes mostly.

use super::{
    Nonsense, SIZE_LIMIT,
    mapping::{CHECK_LEN, Marked},
};
use crate::id::Item;

/// The items of a set that map to one index: how many, and their sums by exclusive or.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) count: i32,
    check: u64,
    sum: u128,
}

impl Symbol {
    /// Puts an item in (`sign` 1) or takes it out (-1).
    pub(super) fn add(&mut self, marked: &Marked, sign: i32) {
        self.sum ^= u128::from_be_bytes(marked.item.0);
        self.check ^= marked.check;
        // Counts of garbage may leave every bound; the sums still decide what is an item.
        self.count = self.count.wrapping_add(sign);
    }

    /// The sum as the one item that it may be.
    pub(super) fn item(&self) -> Item {
        Item(self.sum.to_be_bytes())
    }

    /// Whether this may be one item, of theirs (1) or of ours (-1).
    pub(super) fn is_single(&self) -> bool {
        self.count == 1 || self.count == -1
    }

    /// Whether it is this item and no other.
    pub(super) fn is(&self, marked: &Marked) -> bool {
        self.is_single() && self.check == marked.check
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How many of a set's items map to an index, on average, rounded down.
fn expected(size: u32, index: u32) -> i64 {
    (2 * u64::from(size) / (u64::from(index) + 2)).cast_signed()
}

/// Writes symbols from index `from` of a set of `size` items.
pub(super) fn write(symbols: &[Symbol], from: u32, size: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(symbols.len() * 24);
    for (index, symbol) in (from..).zip(symbols) {
        let delta = i64::from(symbol.count) - expected(size, index);
        let mut rest = ((delta << 1) ^ (delta >> 63)).cast_unsigned();
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes.extend(symbol.sum.to_be_bytes());
        bytes.extend(&symbol.check.to_be_bytes()[8 - CHECK_LEN..]);
    }
    bytes
}

/// Reads at most `limit` symbols from index `from` of a set that is said to have `size` items.
pub(super) fn read(bytes: &[u8], from: u32, size: u32, limit: u32) -> Result<Vec<Symbol>, Nonsense> {
    if size > SIZE_LIMIT {
        return Err(Nonsense::Symbols);
    }
    let mut symbols = Vec::new();
    let mut rest = bytes;
    for index in from..from.saturating_add(limit) {
        if rest.is_empty() {
            break;
        }
        let (delta, after) = read_delta(rest)?;
        let count = expected(size, index) + delta;
        let (sum, after) = after.split_first_chunk::<16>().ok_or(Nonsense::Symbols)?;
        let (check, after) = after.split_first_chunk::<CHECK_LEN>().ok_or(Nonsense::Symbols)?;
        let count = u32::try_from(count).ok().filter(|count| *count <= size).ok_or(Nonsense::Symbols)?;
        // Every item is part of the first symbol.
        if index == 0 && count != size {
            return Err(Nonsense::Symbols);
        }
        let mut padded = [0; 8];
        padded[8 - CHECK_LEN..].copy_from_slice(check);
        symbols.push(Symbol {
            count: i32::try_from(count).expect("below the limit of sizes"),
            check: u64::from_be_bytes(padded),
            sum: u128::from_be_bytes(*sum),
        });
        rest = after;
    }
    if symbols.is_empty() || !rest.is_empty() { Err(Nonsense::Symbols) } else { Ok(symbols) }
}

/// A signed number, zigzag and LEB128 in its shortest form, of at most four bytes.
fn read_delta(bytes: &[u8]) -> Result<(i64, &[u8]), Nonsense> {
    let mut value = 0u32;
    for (place, byte) in bytes.iter().enumerate().take(4) {
        value |= u32::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            if *byte == 0 && place > 0 {
                return Err(Nonsense::Symbols);
            }
            let value = i64::from(value);
            return Ok(((value >> 1) ^ -(value & 1), &bytes[place + 1..]));
        }
    }
    Err(Nonsense::Symbols)
}

const _: () = assert!(SIZE_LIMIT <= 1 << 26, "a delta fits four bytes, a count 31 bits");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: u32 = 100_000;

    fn symbol(count: i32, sum: u128, check: u64) -> Symbol {
        Symbol { count, sum, check: check >> 16 }
    }

    proptest! {
        #[test]
        fn symbols_are_read_as_they_were_written(
            parts in prop::collection::vec((0..=SIZE.cast_signed(), any::<u128>(), any::<u64>()), 1..40),
            from in 1u32..200_000,
        ) {
            let symbols: Vec<Symbol> = parts.into_iter().map(|(n, sum, check)| symbol(n, sum, check)).collect();
            let bytes = write(&symbols, from, SIZE);
            prop_assert_eq!(read(&bytes, from, SIZE, 40), Ok(symbols));
        }

        #[test]
        fn garbage_is_refused_or_is_the_one_spelling_of_what_it_says(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            from in 0u32..50,
        ) {
            if let Ok(symbols) = read(&bytes, from, SIZE, 1024) {
                prop_assert_eq!(write(&symbols, from, SIZE), bytes);
            }
        }
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        let first = |count| write(&[symbol(count, 7, 0)], 0, 10);
        assert!(read(&first(10), 0, 10, 1).is_ok());
        assert_eq!(read(&first(9), 0, 10, 1), Err(Nonsense::Symbols), "every item is in the first symbol");
        for count in [-1, 11, i32::MAX] {
            assert_eq!(
                read(&write(&[symbol(count, 7, 0)], 5, 10), 5, 10, 1),
                Err(Nonsense::Symbols),
                "{count}"
            );
        }
        assert_eq!(read(&first(10), 0, SIZE_LIMIT + 1, 1), Err(Nonsense::Symbols));
        assert_eq!(read(&first(10)[..22], 0, 10, 1), Err(Nonsense::Symbols), "cut short");
        assert_eq!(
            read(&[first(10), first(10)].concat(), 0, 10, 1),
            Err(Nonsense::Symbols),
            "more than asked"
        );
        assert_eq!(read(&[], 0, 10, 1), Err(Nonsense::Symbols), "nothing");
    }
}
