//! `bench simulate --nodes N`: how a change spreads in a network of N nodes, in virtual time.
//!
//! Every node is a whole engine that holds the statements of all others: 1,000 nodes take about 2 GB, and four
//! times as much for twice as many.

use praksis_tests::sim::country::{Country, HEADING};

use crate::{Result, sync::resident_kb};

/// Of so many nodes one can be dialled.
const DIALLED: usize = 30;

pub(crate) fn run(nodes: usize, seed: u64) -> Result<()> {
    let hubs = (nodes / DIALLED).clamp(2, 32);
    if nodes <= hubs {
        return Err("there are too few nodes".into());
    }
    println!("{nodes} nodes, {hubs} of them can be dialled; seed {seed}\n{HEADING}");
    let mut country = Country::new(nodes, hubs, seed);
    let [first, next] = country.fair_weather();
    println!("{first}\n{next}");
    println!("{}", country.with_a_third_asleep());
    println!("{}", country.parted());
    println!("{}", country.churning());
    println!("{} MB resident", resident_kb().unwrap_or_default() / 1024);
    Ok(())
}
