//! `praksis-beside BENCH COUNT`: BENCH is the workspace's benchmark as it was built, COUNT how many documents.
//!
//! First `bench sync` with its two processes, stores on disk and signatures; then samod with two repositories in the
//! memory of one process, on the same documents, without signatures and without a disk; then sets of 100,000; then
//! how a change spreads among 357 nodes, beside gossipsub.

mod gossip;
mod ours;
mod samod;
mod sets;
mod table;

use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [bench, what] = &arguments[..]
        && what == "spread"
    {
        return gossip::print(&ours::spread(bench, gossip::NODES)?).await;
    }
    let [bench, count] = &arguments[..] else {
        return Err("usage: praksis-beside BENCH COUNT, such as target/release/bench 1000".into());
    };
    let ours = ours::synced(bench, count)?;
    let theirs = samod::run(&ours::documents(bench, count)?).await?;
    table::print(&ours, &theirs);
    sets::print(&ours::compared(bench)?)?;
    gossip::print(&ours::spread(bench, gossip::NODES)?).await
}
