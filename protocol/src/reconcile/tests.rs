//! Both sides against each other, and each against a liar.

use std::ops::Bound;

use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::{
    mapping::Marker,
    sketch::{Decoder, Peeled},
    *,
};
use crate::{genesis::Scope, time::Timestamp};

const NOW: Timestamp = Timestamp(1_000_000);

fn item(number: u64) -> Item {
    Item(hash("test", &(number,))[..16].try_into().expect("16"))
}

fn items(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<Item> {
    numbers.into_iter().map(item).collect()
}

/// One who is asked.
struct Peer {
    set: BTreeSet<Item>,
    encodings: Encodings,
    rng: ChaCha8Rng,
}

impl Peer {
    fn new(set: BTreeSet<Item>) -> Self {
        Self { set, encodings: Encodings::default(), rng: ChaCha8Rng::seed_from_u64(7) }
    }

    fn answer_at(&mut self, ask: &Ask, now: Timestamp) -> Answer {
        let digest = set_digest(&self.set);
        self.encodings.answer(Scope::Network, &self.set, digest, ask, now, &mut self.rng)
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        self.answer_at(ask, NOW)
    }
}

/// Asks until it is known what the other has more, letting `answer` answer.
fn run(
    ours: &BTreeSet<Item>,
    mut answer: impl FnMut(&Ask) -> Answer,
) -> Result<(BTreeSet<Item>, Tally), Nonsense> {
    let mut tally = Tally::default();
    let (mut comparison, mut ask) = Comparison::begin(ours, NOW);
    let mut found = BTreeSet::new();
    loop {
        assert!(tally.answers < 2_000, "no end in sight: {tally:?}");
        match comparison.answered(&answer(&ask), ours, NOW, &mut tally)? {
            Step::Ask(next) | Step::Stalled(next) => ask = next,
            Step::Found(more, next) => {
                found.extend(more.items);
                ask = next;
            }
            Step::Done(more) => {
                found.extend(more.items);
                return Ok((found, tally));
            }
        }
    }
}

fn compare(ours: &BTreeSet<Item>, theirs: &BTreeSet<Item>) -> (BTreeSet<Item>, Tally) {
    let mut peer = Peer::new(theirs.clone());
    run(ours, |ask| peer.answer(ask)).expect("an honest peer")
}

proptest! {
    #[test]
    fn the_asker_learns_the_plain_difference(a: Vec<u16>, b: Vec<u16>) {
        let set = |numbers: &[u16]| items(numbers.iter().map(|n| u64::from(*n)));
        let (ours, theirs) = (set(&a), set(&b));
        prop_assert_eq!(compare(&ours, &theirs).0, theirs.difference(&ours).copied().collect());
    }

    #[test]
    fn of_sets_that_are_much_alike_the_sketch_tells_the_difference(
        common in 1_000u64..3_000, ours_more in 0u64..25, theirs_more in 0u64..25, salt: u64,
    ) {
        let (ours, theirs) = (items(0..common + ours_more), {
            let mut theirs = items(0..common);
            theirs.extend(items(10_000..10_000 + theirs_more));
            theirs
        });
        let mut peer = Peer::new(theirs.clone());
        peer.rng = ChaCha8Rng::seed_from_u64(salt);
        let (found, tally) = run(&ours, |ask| peer.answer(ask)).expect("an honest peer");
        prop_assert_eq!(found, theirs.difference(&ours).copied().collect());
        // Once in some thousand salts a few differences walk alike so long that the list is read.
        prop_assert!(tally.stalls <= 1 && tally.lists <= tally.stalls, "{:?}", tally);
        prop_assert!(tally.symbols <= 3 * (ours_more + theirs_more) + 200, "{:?}", tally);
    }

    #[test]
    fn garbage_ends_or_is_named(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1u32..500) {
        let ours = items(0..100);
        let edition = Edition { salt: Salt([1; 16]), state: [2; 8] };
        let answered = run(&ours, |ask| match ask {
            Ask::Begin(..) => Answer::Symbols(edition, 0, size, bytes.clone().into()),
            Ask::More(_, from, _) => Answer::Symbols(edition, *from, size, bytes.clone().into()),
            Ask::List(_) | Ask::ListPast(..) => Answer::Page(vec![], false),
        });
        prop_assert!(matches!(answered, Err(Nonsense::Symbols) | Ok(_)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_broken_off_goes_on_and_misses_nothing(
        theirs in 0u64..12_000, read in 0.0..1.0, gone: Vec<u16>, own: Vec<u16>,
    ) {
        let theirs = items(0..theirs);
        let begun = (theirs.len() as f64 * read) as usize;
        let mut ours: BTreeSet<Item> = theirs.iter().take(begun).copied().collect();
        ours.retain(|held| !gone.iter().any(|gone| *held == item(u64::from(*gone))));
        ours.extend(items(own.iter().map(|own| 100_000 + u64::from(*own))));
        let (found, _) = compare(&ours, &theirs);
        prop_assert_eq!(found, theirs.difference(&ours).copied().collect());
    }
}

#[test]
fn hardly_any_salt_leads_nowhere() {
    let (ours, theirs) = (items(0..1_000), items(15..1_015));
    let stalls = (0..300).map(|salt| {
        let mut peer = Peer::new(theirs.clone());
        peer.rng = ChaCha8Rng::seed_from_u64(salt);
        run(&ours, |ask| peer.answer(ask)).expect("an honest peer").1.stalls
    });
    assert_eq!(stalls.sum::<u64>(), 0);
}

#[test]
fn sets_larger_than_a_page_are_walked_through() {
    let theirs = items(0..20_000);
    let (found, tally) = compare(&BTreeSet::new(), &theirs);
    assert_eq!(found, theirs);
    assert_eq!((tally.symbols, tally.answers), (0, 20), "the sizes say at once that the list is cheaper");
}

#[test]
fn a_list_that_was_broken_off_goes_on_where_it_was() {
    let theirs = items(0..20_000);
    // What came last has come in part.
    let mut ours: BTreeSet<Item> = theirs.iter().take(12_000).copied().collect();
    ours.retain(|item| *item < *theirs.iter().nth(11_700).expect("there are more") || item.0[15] % 2 == 0);
    let (mut peer, mut listed) = (Peer::new(theirs.clone()), 0);
    let (found, _) = run(&ours, |ask| {
        let answer = peer.answer(ask);
        if let Answer::Page(items, _) = &answer {
            listed += items.len();
        }
        answer
    })
    .expect("an honest peer");
    assert_eq!(found, theirs.difference(&ours).copied().collect());
    assert!(listed < 10_000, "8,000 were not read yet, and {listed} were listed");
}

#[test]
fn a_list_tells_what_is_only_ours_too() {
    for (ours, theirs, only) in
        [(0..5, 2..4, vec![0, 1, 4]), (1_000..9_000, 1_010..9_000, (1_000..1_010).collect())]
    {
        let (ours, theirs) = (items(ours), items(theirs));
        let (mut comparison, _) = Comparison::begin(&ours, NOW);
        let (mut after, mut tally) = (None, Tally::default());
        loop {
            let (page, more) = list::page(&theirs, after);
            after = page.last().copied();
            let step = comparison.answered(&Answer::Page(page, more), &ours, NOW, &mut tally);
            if let Ok(Step::Done(_)) = step {
                break;
            }
        }
        assert_eq!(comparison.ours_only().into_iter().collect::<BTreeSet<_>>(), items(only));
    }
}

#[test]
fn where_much_differs_the_list_is_read_soon() {
    let (ours, theirs) = (items(0..4_000), items(2_000..6_000));
    let (found, tally) = compare(&ours, &theirs);
    assert_eq!(found, items(4_000..6_000));
    assert_eq!((tally.lists, tally.stalls), (1, 0));
    assert!(tally.symbols <= 100, "{tally:?}");
}

#[test]
fn symbols_follow_the_difference_and_not_the_set() {
    for (size, changed, most) in [(1_000, 1, 8), (50_000, 1, 8), (50_000, 100, 350), (50_000, 1_000, 3_100)] {
        let ours = items(0..size);
        let theirs = items(changed..size + changed);
        let (found, tally) = compare(&ours, &theirs);
        assert_eq!(found, items(size..size + changed));
        assert!(tally.symbols <= most, "{changed} of {size} replaced: {tally:?}");
        assert!(tally.answers <= 14, "{changed} of {size} replaced: {tally:?}");
    }
}

#[test]
fn what_the_asker_got_meanwhile_is_not_asked_for() {
    let (ours, theirs) = (items(0..100), items(0..102));
    let mut now = ours.clone();
    let mut peer = Peer::new(theirs);
    let mut tally = Tally::default();
    let (mut comparison, mut ask) = Comparison::begin(&ours, NOW);
    let found = loop {
        match comparison.answered(&peer.answer(&ask), &now, NOW, &mut tally).expect("an honest peer") {
            Step::Ask(next) | Step::Stalled(next) => ask = next,
            Step::Found(..) => panic!("two differ: no list is read"),
            Step::Done(found) => break found.items,
        }
        now.insert(item(100));
    };
    assert_eq!(found, items([101]));
}

#[test]
fn a_set_that_changes_under_way_is_begun_again_and_found() {
    let (ours, theirs) = (items(0..5_000), items(200..5_200));
    let mut peer = Peer::new(theirs);
    let mut rounds = 0;
    let (found, tally) = run(&ours, |ask| {
        rounds += 1;
        if rounds == 3 || rounds == 5 {
            peer.set.insert(item(6_000 + rounds));
        }
        peer.answer(ask)
    })
    .expect("an honest peer");
    assert_eq!(found, peer.set.difference(&ours).copied().collect());
    assert_eq!((tally.restarts, tally.lists), (2, 0));
}

#[test]
fn a_set_that_changes_with_every_question_is_listed_in_the_end() {
    let ours = items(0..20_000);
    let mut peer = Peer::new(items(1_500..21_500));
    let mut number = 100_000;
    let (found, tally) = run(&ours, |ask| {
        number += 1;
        peer.set.insert(item(number));
        peer.answer(ask)
    })
    .expect("an honest peer");
    assert!(found.is_superset(&items(20_000..21_500)));
    assert_eq!((tally.lists, tally.stalls), (1, 0));
}

#[test]
fn one_encoding_serves_all_who_ask_until_the_set_changes() {
    let mut peer = Peer::new(items(0..100));
    let ask = Ask::Begin(100, 4, None);
    let first = peer.answer(&ask);
    let Answer::Symbols(edition, ..) = first else { panic!("{first:?}") };
    assert_eq!(peer.answer(&ask), first);
    let more = peer.answer(&Ask::More(edition, 4, 4));
    assert_eq!(peer.answer(&Ask::More(edition, 4, 4)), more, "asked again, as after a lost answer");
    peer.set.insert(item(100));
    let Answer::Symbols(other, 0, 101, _) = peer.answer(&Ask::More(edition, 8, 4)) else {
        panic!("begun again")
    };
    assert_eq!(other.salt, edition.salt);
    assert_ne!(other.state, edition.state);
    let late = Timestamp(NOW.0 + 600_000);
    let Answer::Symbols(after, ..) = peer.answer_at(&ask, late) else { panic!("symbols") };
    assert_ne!(after.salt, edition.salt, "a salt is used for ten minutes");
}

#[test]
fn nobody_makes_us_encode_far_ahead_or_again_and_again() {
    let mut peer = Peer::new(items(0..100));
    let Answer::Symbols(edition, ..) = peer.answer(&Ask::Begin(100, 2, None)) else { panic!("symbols") };
    let ahead = peer.answer(&Ask::More(edition, 200_000, 1_024));
    assert!(matches!(ahead, Answer::Symbols(_, 0, ..)), "from the beginning, not from there");
    assert!(matches!(peer.answer(&Ask::More(edition, BUDGET, 1)), Answer::Page(..)));
    assert!(matches!(peer.answer(&Ask::More(edition, u32::MAX, u32::MAX)), Answer::Page(..)));
    let again = Ask::Begin(100, 2, Some(edition.salt));
    assert!(matches!(peer.answer(&again), Answer::Page(..)), "not another salt at once");
    let later = Timestamp(NOW.0 + 10_000);
    let Answer::Symbols(other, ..) = peer.answer_at(&again, later) else { panic!("symbols") };
    assert_ne!(other.salt, edition.salt);
    assert!(matches!(peer.answer_at(&Ask::Begin(100, 2, Some(other.salt)), later), Answer::Page(..)));
}

/// Two items that walk alike under a salt, as if somebody had ground them: found by a mapping that is
/// known beforehand, and useless under another.
#[test]
fn items_ground_for_one_salt_mean_nothing_to_another() {
    // Grinding the whole stream takes 2^32 tries. Pairs that agree on their first symbols stand for it:
    // they cannot be told apart by so many symbols.
    const ALIKE: usize = 8;
    let known = Salt([9; 16]);
    let walk = |salt, item| {
        let mut marked = Marker::new(salt).mark(item);
        let mut index = 0;
        std::array::from_fn::<u32, ALIKE, _>(|_| {
            index = marked.next_after(index);
            index.min(24)
        })
    };
    let mut seen = std::collections::BTreeMap::new();
    let mut ground = Vec::new();
    for number in 0..60_000 {
        let (item, walk) = (item(number), walk(known, item(number)));
        if walk[1] < 24
            && let Some(other) = seen.insert(walk, item)
        {
            ground.extend([item, other]);
        }
        if ground.len() == 20 {
            break;
        }
    }
    assert_eq!(ground.len(), 20, "ten pairs that agree below 24");
    let ours = items(1_000_000..1_000_400);
    let theirs: BTreeSet<Item> = ours.iter().chain(&ground).copied().collect();
    let decodes = |salt, symbols: usize| {
        let mut symbols = vec![symbol::Symbol::default(); symbols];
        sketch::Coder::new(&theirs, &Marker::new(salt)).code(0, &mut symbols, 1);
        Decoder::new(&ours, salt).take(symbols)
    };
    let difference = ground.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(decodes(known, 24), Peeled::Some, "{difference} differences, as they were ground");
    let others = (0..100).filter(|salt| decodes(Salt([*salt + 10; 16]), 60) == Peeled::All).count();
    assert!(others >= 99, "{others} of 100 other salts");
}

#[test]
fn symbols_that_never_decode_cost_another_salt_and_then_the_list() {
    let ours = items(0..10_000);
    let mut asked = Vec::new();
    let mut salt = 0;
    let (found, tally) = run(&ours, |ask| {
        asked.push(ask.clone());
        let (edition, from) = match ask {
            Ask::Begin(..) => {
                salt += 1;
                (Edition { salt: Salt([salt; 16]), state: [0; 8] }, 0)
            }
            Ask::More(edition, from, _) => (*edition, *from),
            Ask::List(_) | Ask::ListPast(..) => return Answer::Page(vec![item(70_000)], false),
        };
        // The honest symbols, but for one bit in each: of items that are not there.
        let mut symbols = vec![symbol::Symbol::default(); (from + ask.symbols()) as usize];
        let marker = Marker::new(edition.salt);
        sketch::Coder::new(&ours, &marker).code(0, &mut symbols, 1);
        let mut bad = marker.mark(item(from.into()));
        bad.check ^= 1;
        symbols.iter_mut().for_each(|symbol| {
            symbol.add(&bad, 1);
            symbol.add(&marker.mark(item(3)), -1);
        });
        let bytes = symbol::write(&symbols[from as usize..], from, 10_000);
        Answer::Symbols(edition, from, 10_000, bytes.into())
    })
    .expect("no nonsense, only lies");
    assert_eq!(found, items([70_000]));
    assert_eq!((tally.stalls, tally.lists), (2, 1), "{tally:?}");
    assert!(tally.symbols < 1_000, "{tally:?}");
    assert!(asked.iter().any(|ask| matches!(ask, Ask::Begin(_, _, Some(Salt(salt))) if *salt == [1; 16])));
}

#[test]
fn an_item_that_cannot_be_is_a_stall() {
    let ours = items(0..100);
    // Says that we have one more, which we never had; then that it has one of ours besides.
    let lies: [(&[u64], &[u64]); 2] = [(&[], &[500]), (&[7], &[])];
    for (plus, minus) in lies {
        let salt = Salt([4; 16]);
        let marker = Marker::new(salt);
        let mut symbols = vec![symbol::Symbol::default(); 1];
        sketch::Coder::new(&ours, &marker).code(0, &mut symbols, 1);
        plus.iter().for_each(|n| symbols[0].add(&marker.mark(item(*n)), 1));
        minus.iter().for_each(|n| symbols[0].add(&marker.mark(item(*n)), -1));
        assert_eq!(Decoder::new(&ours, salt).take(symbols), Peeled::Impossible);
    }
}

#[test]
fn symbols_out_of_place_are_found_out() {
    let ours = items(0..100);
    let mut peer = Peer::new(items(0..110));
    let Answer::Symbols(edition, 0, size, bytes) = peer.answer(&Ask::Begin(100, 2, None)) else { panic!() };
    let begin = || Comparison::begin(&ours, NOW).0;
    let mut tally = Tally::default();
    let mut take = |comparison: &mut Comparison, answer: &Answer| {
        comparison.answered(answer, &ours, NOW, &mut tally).map(drop)
    };
    let middle = Answer::Symbols(edition, 2, size, bytes.clone());
    assert_eq!(take(&mut begin(), &middle), Err(Nonsense::Symbols), "the first answer is from the beginning");
    let mut listing = begin();
    let page = Answer::Page(items(0..PAGE as u64).into_iter().collect(), true);
    assert_eq!(take(&mut listing, &page), Ok(()));
    let symbols = Answer::Symbols(edition, 0, size, bytes);
    assert_eq!(take(&mut listing, &symbols), Err(Nonsense::Page), "a list does not become symbols");
}

#[test]
fn symbols_are_not_waited_for_for_ever() {
    let ours = items(0..5_000);
    let mut peer = Peer::new(items(500..5_500));
    let mut tally = Tally::default();
    let (mut comparison, ask) = Comparison::begin(&ours, NOW);
    let late = Timestamp(NOW.0 + 121_000);
    let step = comparison.answered(&peer.answer(&ask), &ours, late, &mut tally);
    assert_eq!(step, Ok(Step::Ask(Ask::List(None))));
}

#[test]
fn what_is_on_a_page_is_known_before_the_next_is_asked_for() {
    let theirs = items(0..PAGE as u64 * 2 + 1);
    let mut peer = Peer::new(theirs.clone());
    let (mut ours, mut tally) = (BTreeSet::new(), Tally::default());
    let (mut comparison, ask) = Comparison::begin(&ours, NOW);
    let Ok(Step::Found(first, next)) = comparison.answered(&peer.answer(&ask), &ours, NOW, &mut tally) else {
        panic!("a page is full and there is more");
    };
    let Found { items: first, within } = first;
    assert_eq!(first.len(), PAGE);
    assert_eq!(within, (Bound::Unbounded, Bound::Included(*first.last().expect("a whole page"))));
    let (ahead, truth) = (comparison.ahead(), PAGE + 1);
    assert!(ahead.abs_diff(truth) < truth / 5, "about {ahead}, in truth {truth}");
    ours.extend(first);
    // Broken off here, and begun again: nothing is found twice.
    let (again, _) = run(&ours, |ask| peer.answer(ask)).expect("an honest peer");
    assert_eq!(again.len(), PAGE + 1);
    let Ok(Step::Found(second, next)) = comparison.answered(&peer.answer(&next), &ours, NOW, &mut tally)
    else {
        panic!("one is left");
    };
    ours.extend(second.items);
    let step = comparison.answered(&peer.answer(&next), &ours, NOW, &mut tally);
    let Ok(Step::Done(last)) = step else { panic!("{step:?} is not the end") };
    ours.extend(last.items);
    assert_eq!(ours, theirs);
}

/// A comparison that reads the list.
fn listing() -> (Comparison, Tally) {
    (Comparison::begin(&BTreeSet::new(), NOW).0, Tally::default())
}

#[test]
fn a_peer_that_goes_in_circles_is_found_out() {
    let (mut comparison, mut tally) = listing();
    let page = Answer::Page(items(0..PAGE as u64).into_iter().collect(), true);
    assert!(comparison.answered(&page, &BTreeSet::new(), NOW, &mut tally).is_ok());
    assert_eq!(comparison.answered(&page, &BTreeSet::new(), NOW, &mut tally), Err(Nonsense::Page));
}

#[test]
fn a_peer_that_lists_one_item_after_another_is_found_out() {
    let (mut comparison, mut tally) = listing();
    let page = Answer::Page(vec![Item([5; 16])], true);
    assert_eq!(
        comparison.answered(&page, &BTreeSet::new(), NOW, &mut tally),
        Err(Nonsense::Page),
        "a page with more behind it is full"
    );
}

#[test]
fn a_list_without_end_is_read_to_a_limit() {
    let mut pages = (0u64..).map(|page| {
        let item = |n: u64| Item((u128::from(page * PAGE as u64 + n)).to_be_bytes());
        Answer::Page((0..PAGE as u64).map(item).collect(), true)
    });
    let (found, _) = run(&BTreeSet::new(), |_| pages.next().expect("it has no end")).expect("in order");
    assert_eq!(found.len(), FOUND_LIMIT);
}
