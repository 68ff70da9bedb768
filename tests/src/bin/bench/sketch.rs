//! `bench sketch`: what it costs to find out what differs, in bytes and in time.
//!
//! Bytes are of whole messages, questions and answers of one side that asks; where both sides pull,
//! both pay. Times are of the processor, so that what else the machine does counts little; the system
//! counts them in steps of milliseconds.

use std::{collections::BTreeSet, time::Duration};

use praksis_protocol::{
    genesis::Scope,
    id::Item,
    reconcile::{Answer, Ask, BATCH, Comparison, Encodings, Step, Tally, set_digest},
    time::Timestamp,
    wire::message::{Request, Response},
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::Result;

/// Each row is the mean of so many salts.
const RUNS: u64 = 9;

/// One comparison, or the sum of several.
#[derive(Default)]
struct Cost {
    bytes: usize,
    most_bytes: usize,
    tally: Tally,
    asking: Duration,
    answering: Duration,
}

/// Prints both tables.
pub(crate) fn run() -> Result<()> {
    println!(
        "finding d of 100,000; half of them only here, half only there; one side asks, mean of {RUNS} salts"
    );
    println!(
        "      d    bytes  both sides  at most  messages  symbols  symbols/d  lists  asking ms  answering ms"
    );
    for d in [0, 1, 2, 10, 100, 1_000, 10_000, 20_000, 50_000] {
        row(100_000, d);
    }
    println!("\nthe same for d = 100");
    for size in [1_000, 10_000, 100_000] {
        row(size, 100);
    }
    println!("\nof 1,000, with more and more of it");
    for d in [100, 200, 300, 400, 600] {
        row(1_000, d);
    }
    println!("\nfirst contact");
    for size in [1_000, 10_000, 100_000] {
        let theirs = items(0..size);
        print(size, &cost(&BTreeSet::new(), &theirs, 1), 1);
    }
    println!("\nencoding alone, ms: so many symbols of a set that nothing is known of yet");
    println!("  items  2 symbols  1,024 symbols  65,536 symbols");
    for size in [1_000, 10_000, 100_000] {
        encode(size);
    }
    Ok(())
}

fn row(size: u64, d: u64) {
    let ours = items(0..size - d / 2);
    let theirs = items(d.div_ceil(2)..size);
    let theirs: BTreeSet<Item> = if d == 1 { items(0..size) } else { theirs };
    let ours: BTreeSet<Item> = if d == 1 { items(0..size - 1) } else { ours };
    let mut sum = Cost::default();
    for seed in 0..RUNS {
        // Equal sets have equal digests in the hello, and nobody asks.
        if d == 0 {
            assert_eq!(set_digest(&ours), set_digest(&theirs));
            continue;
        }
        let one = cost(&ours, &theirs, seed);
        sum.bytes += one.bytes;
        sum.most_bytes = sum.most_bytes.max(one.bytes);
        sum.tally.answers += one.tally.answers;
        sum.tally.symbols += one.tally.symbols;
        sum.tally.lists += one.tally.lists;
        sum.asking += one.asking;
        sum.answering += one.answering;
    }
    print(d, &sum, RUNS);
}

fn print(d: u64, cost: &Cost, runs: u64) {
    let mean = |sum: u64| sum as f64 / runs as f64;
    let bytes = mean(cost.bytes as u64);
    println!(
        "{d:>7}  {bytes:>7.0}  {:>10.0}  {:>7}  {:>8.1}  {:>7.0}  {:>9.2}  {:>5}  {:>9.1}  {:>12.1}",
        2.0 * bytes,
        cost.most_bytes,
        2.0 * mean(cost.tally.answers),
        mean(cost.tally.symbols),
        mean(cost.tally.symbols) / d.max(1) as f64,
        cost.tally.lists,
        ms(cost.asking) / runs as f64,
        ms(cost.answering) / runs as f64,
    );
}

fn cost(ours: &BTreeSet<Item>, theirs: &BTreeSet<Item>, seed: u64) -> Cost {
    let (mut cost, mut encodings) = (Cost::default(), Encodings::default());
    let (digest, mut rng) = (set_digest(theirs), ChaCha8Rng::seed_from_u64(seed));
    let (mut comparison, mut ask) = Comparison::begin(ours, Timestamp(0));
    let mut listed = 0;
    loop {
        cost.bytes += Request::Compare(Scope::Network, ask.clone()).bytes().len();
        let began = worked();
        let answer = encodings.answer(Scope::Network, theirs, digest, &ask, Timestamp(0), &mut rng);
        cost.answering += worked() - began;
        cost.bytes += Response::Compared(answer.clone()).bytes().len();
        let began = worked();
        let step = comparison.answered(&answer, ours, Timestamp(0), &mut cost.tally);
        cost.asking += worked() - began;
        match step.expect("an honest peer") {
            Step::Ask(next) | Step::Stalled(next) => ask = next,
            Step::Found(found, next) => {
                listed += found.items.len();
                ask = next;
            }
            Step::Done(found) => {
                assert_eq!(listed + found.items.len(), theirs.difference(ours).count());
                cost.most_bytes = cost.bytes;
                return cost;
            }
        }
    }
}

fn encode(size: u64) {
    let set = items(0..size);
    let digest = set_digest(&set);
    let once = |count: u32| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let began = worked();
        let mut encodings = Encodings::default();
        let mut ask = Ask::Begin(size as u32, count.min(BATCH), None);
        let mut coded = 0;
        while coded < count {
            let answer = encodings.answer(Scope::Network, &set, digest, &ask, Timestamp(0), &mut rng);
            coded += ask.symbols();
            if let Answer::Symbols(edition, ..) = answer {
                ask = Ask::More(edition, coded, BATCH);
            }
        }
        worked() - began
    };
    let times = [2, BATCH, 64 * BATCH].map(|count| ms((0..RUNS).map(|_| once(count)).sum()) / RUNS as f64);
    println!("{size:>7}  {:>9.2}  {:>13.2}  {:>14.2}", times[0], times[1], times[2]);
}

fn items(numbers: std::ops::Range<u64>) -> BTreeSet<Item> {
    let item = |n: u64| blake3::hash(&n.to_be_bytes()).as_bytes()[..16].try_into().expect("16 bytes");
    numbers.map(|n| Item(item(n))).collect()
}

/// How long this thread has had a processor, where the system says so.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or_default();
    Duration::from_nanos(ns)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
