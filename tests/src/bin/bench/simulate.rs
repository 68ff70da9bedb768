//! `bench simulate --nodes N`: how a change spreads in a network of N nodes, in virtual time; with `--base BENCH`
//! beside the same in another build of this program, such as that of the release before.
//!
//! Every node is a whole engine that holds the statements of all others, and shares them with the others as long as they
//! are the same: 1,000 nodes take about 0.3 GB, 3,000 about 1 GB and a minute, 10,000 about 3 GB and ten minutes.

use std::process::Command;

use praksis_tests::sim::country::{Country, Figures, HEADING};

use crate::{Result, sync::resident_kb};

/// Of so many nodes one can be dialled.
const DIALLED: usize = 31;

pub(crate) fn run(nodes: usize, seed: u64, base: Option<&str>) -> Result<()> {
    let hubs = (nodes / DIALLED).max(2);
    if nodes <= hubs {
        return Err("there are too few nodes".into());
    }
    let base = base.map(|program| based_on(program, nodes, seed)).transpose()?;
    println!("{nodes} nodes, {hubs} of them can be dialled; seed {seed}\n{HEADING}");
    let say = |figures: &Figures| {
        println!("{figures}");
        let line = base.iter().flatten().find(|line| line.starts_with(figures.what));
        line.iter().for_each(|line| println!("  base: {:<36}{}", "", line.get(44..).unwrap_or_default()));
    };
    let mut country = Country::new(nodes, hubs, seed);
    country.fair_weather().iter().for_each(say);
    say(&country.with_a_third_asleep());
    say(&country.parted());
    say(&country.churning());
    println!("{} MB resident", resident_kb().unwrap_or_default() / 1024);
    Ok(())
}

/// The lines that another build prints of the same network.
fn based_on(program: &str, nodes: usize, seed: u64) -> Result<Vec<String>> {
    let mut command = Command::new(program);
    command.args(["simulate", "--nodes", &nodes.to_string(), "--seed", &seed.to_string()]);
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}
