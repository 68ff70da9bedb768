//! A map in order of its keys that takes little more room than what is in it.
//!
//! A node keeps a few entries for each document, in memory and for good. The standard library's B-tree keeps eleven to
//! a node, filled to two thirds, or to one half where they came in order: half as much again, in small pieces between
//! which nothing else finds room once what was read with them is gone. Here some hundred stand on a shelf, in one piece
//! that is filled to nine tenths; whoever comes between them moves a few kilobytes.

/// Most entries on one shelf.
const SHELF: usize = 256;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct SortedMap<K, V> {
    /// In order, and each in order; none is empty.
    shelves: Vec<Vec<(K, V)>>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { shelves: Vec::new() }
    }
}

/// Where an entry stands, or would.
struct Place {
    shelf: usize,
    at: usize,
}

impl<K: Ord, V> SortedMap<K, V> {
    /// Puts a value under a key, in the place of the one before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let mut place = match self.find(&key) {
            Ok(Place { shelf, at }) => {
                return Some(std::mem::replace(&mut self.shelves[shelf][at].1, value));
            }
            Err(place) => place,
        };
        if self.shelves.is_empty() {
            self.shelves.push(Vec::new());
        }
        if self.shelves[place.shelf].len() == SHELF {
            place = self.make_room(place);
        }
        let shelf = &mut self.shelves[place.shelf];
        if shelf.len() == shelf.capacity() {
            shelf.reserve_exact(shelf.len() / 8 + 1);
        }
        shelf.insert(place.at, (key, value));
        None
    }

    /// Takes out what stands under a key.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let Place { shelf, at } = self.find(key).ok()?;
        let (_, value) = self.shelves[shelf].remove(at);
        if self.shelves[shelf].is_empty() {
            self.shelves.remove(shelf);
        } else {
            self.join(shelf);
            if let Some(before) = shelf.checked_sub(1) {
                self.join(before);
            }
        }
        Some(value)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let Place { shelf, at } = self.find(key).ok()?;
        Some(&self.shelves[shelf][at].1)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// All entries in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.shelves.iter().flatten().map(|(key, value)| (key, value))
    }

    /// The entries from this key on, in order.
    pub(super) fn starting_at(&self, first: K) -> impl Iterator<Item = (&K, &V)> {
        let (Ok(Place { shelf, at }) | Err(Place { shelf, at })) = self.find(&first);
        let rest = self.shelves.get(shelf..).unwrap_or_default().iter().flatten();
        rest.skip(at).map(|(key, value)| (key, value))
    }

    fn find(&self, key: &K) -> Result<Place, Place> {
        let after = self.shelves.partition_point(|shelf| shelf[0].0 <= *key);
        let shelf = after.saturating_sub(1);
        let Some(entries) = self.shelves.get(shelf) else { return Err(Place { shelf, at: 0 }) };
        match entries.binary_search_by(|(held, _)| held.cmp(key)) {
            Ok(at) => Ok(Place { shelf, at }),
            Err(at) => Err(Place { shelf, at }),
        }
    }

    /// Makes one shelf of two that are the half of one together.
    fn join(&mut self, shelf: usize) {
        let held = self.shelves[shelf].len();
        if self.shelves.get(shelf + 1).is_some_and(|next| held + next.len() <= SHELF / 2) {
            let next = self.shelves.remove(shelf + 1);
            self.shelves[shelf].extend(next);
            self.shelves[shelf].shrink_to_fit();
        }
    }

    /// Makes two shelves of a full one. Where entries come in order, the full one stays so.
    fn make_room(&mut self, place: Place) -> Place {
        let Place { shelf, at } = place;
        let is_last = shelf + 1 == self.shelves.len() && at == SHELF;
        let half = if is_last { SHELF } else { SHELF / 2 };
        let full = &mut self.shelves[shelf];
        let rest = full.split_off(half);
        full.shrink_to_fit();
        self.shelves.insert(shelf + 1, rest);
        if at < half { Place { shelf, at } } else { Place { shelf: shelf + 1, at: at - half } }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Put(u16, u8),
        Take(u16),
    }

    /// Of few keys, so that many are met again, and enough for several shelves.
    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let key = 0..2000u16;
        let put = (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value));
        let step = prop_oneof![3 => put, 2 => key.prop_map(Step::Take)];
        prop::collection::vec(step, 0..4000)
    }

    fn check(map: &SortedMap<u16, u8>, model: &BTreeMap<u16, u8>) {
        assert!(map.iter().eq(model.iter()));
        assert!(map.iter().rev().eq(model.iter().rev()));
        assert!(map.shelves.iter().all(|shelf| (1..=SHELF).contains(&shelf.len())));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_holds_what_a_b_tree_holds(ordered in 0..1500u16, steps in steps(), from in 0..2100u16) {
            let mut model: BTreeMap<u16, u8> = (0..ordered).map(|key| (key, 0)).collect();
            let mut map = SortedMap::default();
            model.iter().for_each(|(key, value)| assert_eq!(map.insert(*key, *value), None));
            check(&map, &model);
            for step in steps {
                match step {
                    Step::Put(key, value) => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                    Step::Take(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                }
            }
            check(&map, &model);
            prop_assert_eq!(map.get(&from), model.get(&from));
            prop_assert_eq!(map.contains_key(&from), model.contains_key(&from));
            prop_assert!(map.starting_at(from).eq(model.range(from..)));
            for key in model.keys() {
                prop_assert!(map.remove(key).is_some());
            }
            prop_assert!(map.shelves.is_empty());
        }
    }

    /// Room for entries, of all that are there.
    fn room(map: &SortedMap<u64, u64>) -> usize {
        map.shelves.iter().map(Vec::capacity).sum()
    }

    #[test]
    fn little_room_is_left_over_whether_entries_come_in_order_or_not() {
        const MANY: u64 = 50_000;
        let (mut ordered, mut mixed) = (SortedMap::default(), SortedMap::default());
        for number in 0..MANY {
            ordered.insert(number, 0);
            // Odd, so each comes once.
            mixed.insert(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0);
        }
        let percent = |room: usize| 100 * room / usize::try_from(MANY).expect("a small number");
        assert!(percent(room(&ordered)) <= 101, "{}", percent(room(&ordered)));
        assert!(percent(room(&mixed)) <= 115, "{}", percent(room(&mixed)));
        // And it is given back.
        (0..MANY)
            .filter(|number| number % 100 != 0)
            .for_each(|number| assert!(ordered.remove(&number).is_some()));
        assert!(ordered.shelves.len() < 20, "{}", ordered.shelves.len());
    }
}
