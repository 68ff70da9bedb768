//! A hundred networks of thirty nodes, three of which lie.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use praksis_tests::liars::{HABITS, run};

const NETWORKS: u64 = 100;
const NODES: usize = 30;
const LIARS: usize = 3;

#[test]
fn whatever_three_of_thirty_say_the_others_agree_and_nothing_of_theirs_is_changed_or_told() {
    let workers: Vec<_> = (0..2).map(|half| thread::spawn(move || networks(half))).collect();
    let halves = workers.into_iter().map(|worker| worker.join().expect("each failure is caught"));
    let (mut failed, mut refused, mut lied) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for (seeds, names, habits) in halves {
        failed.extend(seeds);
        names.into_iter().for_each(|(name, count)| *refused.entry(name).or_insert(0) += count);
        habits.into_iter().for_each(|(name, count)| *lied.entry(name).or_insert(0) += count);
    }
    println!("refused: {refused:?}\nlied: {lied:?}");
    assert!(
        failed.is_empty(),
        "seeds {failed:?}: see above; bench liars --networks 1 --seed N runs one again"
    );
    assert!(HABITS.iter().all(|habit| lied.contains_key(habit)), "{lied:?}");
}

type Counts<T> = BTreeMap<T, u64>;

fn networks(half: u64) -> (Vec<u64>, Counts<String>, Counts<&'static str>) {
    let (mut failed, mut refused, mut lied) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for seed in (0..NETWORKS).filter(|seed| seed % 2 == half) {
        // A panic inside an engine does not know the seed.
        match catch_unwind(AssertUnwindSafe(|| run(seed, NODES, LIARS))) {
            Ok(report) => {
                report
                    .refused
                    .into_iter()
                    .for_each(|(name, count)| *refused.entry(name).or_insert(0) += count);
                report.habits.into_iter().for_each(|name| *lied.entry(name).or_insert(0) += 1);
            }
            Err(_) => failed.push(seed),
        }
    }
    (failed, refused, lied)
}
