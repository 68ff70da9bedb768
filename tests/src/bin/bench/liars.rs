//! Networks with liars in them, thousands of them: which fail, how long the honest ones take to agree, what they refuse.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use praksis_tests::liars::{Report, run as network};

use super::Result;

const NODES: usize = 30;
const LIARS: usize = 3;

/// Runs so many networks, from a seed on, on all cores.
pub(crate) fn run(networks: u64, seed: u64) -> Result<()> {
    let (next, seeds) = (AtomicU64::new(seed), seed..seed.saturating_add(networks));
    let came: Mutex<Vec<(u64, Option<Report>)>> = Mutex::default();
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(networks as usize) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    // What went wrong has been printed, with the seed where it was known.
                    let report = catch_unwind(AssertUnwindSafe(|| network(seed, NODES, LIARS))).ok();
                    if report.is_none() {
                        eprintln!("again: bench liars --networks 1 --seed {seed}");
                    }
                    came.lock().unwrap_or_else(PoisonError::into_inner).push((seed, report));
                }
            });
        }
    });
    let mut came = came.into_inner().unwrap_or_else(PoisonError::into_inner);
    came.sort_by_key(|(seed, _)| *seed);
    print(&came, began.elapsed());
    let failed = came.iter().filter(|(_, report)| report.is_none()).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} networks failed").into()) }
}

fn print(came: &[(u64, Option<Report>)], took: Duration) {
    let failed: Vec<u64> =
        came.iter().filter(|(_, report)| report.is_none()).map(|(seed, _)| *seed).collect();
    let reports: Vec<&Report> = came.iter().filter_map(|(_, report)| report.as_ref()).collect();
    println!("{} networks of {NODES} with {LIARS} liars in {took:.0?}", came.len());
    println!("failed: {failed:?}");
    if reports.is_empty() {
        return;
    }
    let mut converged: Vec<Duration> = reports.iter().map(|report| report.converged).collect();
    converged.sort_unstable();
    let at = |part: usize| converged[(converged.len() - 1) * part / 100];
    println!("agreed after p50 {:.1?}, p90 {:.1?}, p99 {:.1?}, most {:.1?}", at(50), at(90), at(99), at(100));
    let mean =
        |of: fn(&Report) -> u64| reports.iter().map(|report| of(report)).sum::<u64>() / reports.len() as u64;
    println!("messages {} and bytes {} on average", mean(|it| it.messages), mean(|it| it.bytes));
    println!(
        "most that waited at one node: {}",
        reports.iter().map(|it| it.waiting).max().unwrap_or_default()
    );
    let mut refused = BTreeMap::<&str, u64>::new();
    for (name, count) in reports.iter().flat_map(|report| &report.refused) {
        *refused.entry(name).or_default() += count;
    }
    for (name, count) in refused {
        println!("{count:>10} {name}");
    }
}
