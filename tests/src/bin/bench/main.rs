//! Figures, not verdicts: a subcommand for each thing that is measured, a file for each subcommand.

mod bundle;
mod liars;
mod similar;
mod simulate;
mod sketch;
mod sync;

use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: bench sync --docs 1000,10000,100000 [--make short|long] | bench sketch | \
                     bench documents 1000 short | bench bundle --docs 1000,10000 | \
                     bench similar --bench DIR | bench simulate --nodes 357 [--seed 0 [--base BENCH]] | \
                     bench liars --networks 2000 --seed 0";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["similar", ..] => Box::pin(similar::run(&words[1..])).await,
        ["liars", "--networks", networks, "--seed", seed] => liars::run(networks.parse()?, seed.parse()?),
        ["simulate", "--nodes", nodes] => simulate::run(nodes.parse()?, 0, None),
        ["simulate", "--nodes", nodes, "--seed", seed] => simulate::run(nodes.parse()?, seed.parse()?, None),
        ["simulate", "--nodes", nodes, "--seed", seed, "--base", base] => {
            simulate::run(nodes.parse()?, seed.parse()?, Some(base))
        }
        ["sketch"] => sketch::run(),
        ["bundle", "--docs", counts] => Box::pin(bundle::run(counts)).await,
        ["sync", "--docs", counts] => sync::run(counts, None).await,
        ["sync", "--docs", counts, "--make", make] => sync::run(counts, Some(make)).await,
        ["documents", count, make] => sync::print_documents(count.parse()?, make),
        ["node", dir, announce] => sync::run_node(dir, announce).await,
        _ => Err(USAGE.into()),
    }
}
