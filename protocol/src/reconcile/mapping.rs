//! Which coded symbols an item is part of, drawn from its keyed hash in integers alone.
//!
//! An item is part of symbol *j* with probability 2 / (j + 2): of the first one always, of later ones
//! ever more rarely. The symbols of an item are a walk. From index *i*, the next one lies beyond *j*
//! with the product of the probabilities to be in none between,
//!
//! ```text
//! P(next > j | i) = Π k / (k + 2), k from i + 1 to j  =  (i + 1)(i + 2) / ((j + 1)(j + 2))
//! ```
//!
//! So with a draw *r*, uniform in 1 ..= R, the next index is the smallest *j* for which
//! (j + 1)(j + 2) r > (i + 1)(i + 2) R. Then P(next > j | i) = ⌊q R⌋ / R with q as above: at most
//! 1 / R too small, never too large. R is 2²⁸, so that all of it fits 64 bits for every index below
//! 2¹⁸. No floating point takes part: two machines agree bit for bit.

use minicbor::{Decode, Encode};
use siphasher::sip128::SipHasher24;

use super::BUDGET;
use crate::id::Item;

/// What keys mapping and check. Items that were ground to stall one salt mean nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Salt(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

/// Bits of a draw; see the module.
const DRAW_BITS: u32 = 28;

/// Bytes of an item's check, as they are sent.
///
/// For each difference about 1.6 sums of several items are taken for a possible item and fail their
/// check (measured at 100 to 10,000 differences). So one passes by chance with a probability of
/// 1.6 d / 2⁴⁸: 6·10⁻¹² for a thousand differences, 10⁻⁹ for as many as a budget decodes. What
/// follows is a stall, or an item that leads to nothing and another comparison.
pub(super) const CHECK_LEN: usize = 6;

/// An item with what the salt makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked {
    pub(super) item: Item,
    /// [`CHECK_LEN`] bytes: tells an item from a sum of several.
    pub(super) check: u64,
    /// State of the stream of draws.
    stream: u64,
}

/// Marks items under a salt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marker(SipHasher24);

impl Marker {
    pub(super) fn new(salt: Salt) -> Self {
        Self(SipHasher24::new_with_key(&salt.0))
    }

    pub(super) fn mark(&self, item: Item) -> Marked {
        let (stream, check) = self.0.hash(&item.0).as_u64();
        Marked { item, check: check & ((1 << (8 * CHECK_LEN)) - 1), stream }
    }
}

impl Marked {
    /// The index after `index` of which the item is part; [`BUDGET`] if there is none below it.
    pub(super) fn next_after(&mut self, index: u32) -> u32 {
        // SplitMix64 (Steele, Lea and Flood 2014): the state counts, the output is mixed.
        self.stream = self.stream.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.stream;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        jump(index, (mixed >> (64 - DRAW_BITS)) + 1)
    }
}

/// The next index for a draw in 1 ..= 2²⁸.
fn jump(index: u32, draw: u64) -> u32 {
    let reach = (u64::from(index) + 1) * (u64::from(index) + 2);
    // The smallest k = j + 1 with k (k + 1) >= beyond is the root of it or one more.
    let beyond = (reach << DRAW_BITS) / draw + 1;
    let root = beyond.isqrt();
    let k = if root * (root + 1) >= beyond { root } else { root + 1 };
    u32::try_from(k - 1).unwrap_or(BUDGET).min(BUDGET)
}

const _: () = assert!(BUDGET == 1 << 18, "every index fits the arithmetic of a jump");

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u128 = 1 << DRAW_BITS;

    /// How many draws lead beyond `j`, by bisection: a larger draw never leads further.
    fn beyond(i: u32, j: u32) -> u128 {
        let (mut some, mut none) = (0u64, (1u64 << DRAW_BITS) + 1);
        while none - some > 1 {
            let draw = some.midpoint(none);
            if jump(i, draw) > j { some = draw } else { none = draw }
        }
        u128::from(some)
    }

    #[test]
    fn a_jump_is_distributed_as_it_should_be_to_within_one_draw() {
        let indices = [0, 1, 2, 3, 7, 100, 1_023, 65_535, 200_000, BUDGET - 2];
        for i in indices {
            for step in [0, 1, 2, 5, 60, 1_000, 30_000, 250_000] {
                let j = i + step;
                // An index of the budget means "beyond".
                if j >= BUDGET {
                    continue;
                }
                let product = |n: u32| u128::from(n + 1) * u128::from(n + 2);
                assert_eq!(beyond(i, j), product(i) * DRAWS / product(j), "from {i} beyond {j}");
            }
        }
    }

    #[test]
    fn a_larger_draw_never_leads_further() {
        for i in [0, 5, 1_000, BUDGET - 2] {
            for draw in (1..=1u64 << DRAW_BITS).step_by(99_991) {
                assert!(jump(i, draw) > i);
                assert!(jump(i, draw) >= jump(i, draw + 1));
            }
        }
    }

    #[test]
    fn items_are_in_a_symbol_as_often_as_they_should_be() {
        let marker = Marker::new(Salt([3; 16]));
        let mut members = [0u32; 64];
        const ITEMS: u32 = 40_000;
        for number in 0..ITEMS {
            let mut marked = marker.mark(Item(u128::from(number).to_be_bytes()));
            let mut index = 0;
            while let Some(count) = members.get_mut(index as usize) {
                *count += 1;
                index = marked.next_after(index);
            }
        }
        for (index, count) in (0..).zip(members) {
            let expected = 2 * ITEMS / (index + 2);
            // Five standard deviations of a binomial.
            assert!(
                count.abs_diff(expected) <= 5 * expected.isqrt(),
                "symbol {index}: {count}, not {expected}"
            );
        }
    }
}
