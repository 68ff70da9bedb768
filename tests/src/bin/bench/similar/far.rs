//! How often "nothing is close" is right.
//!
//! Questions of one benchmark are put to the records of another world, where nothing should be close; and questions
//! whose first hit is right to their own, where something is. On the half of the questions that is asked for.

use super::{
    Options,
    data::{Benchmark, Query},
    station::Station,
};
use crate::Result;

/// Prints both rates for each benchmark.
pub(super) async fn run(options: &Options) -> Result<()> {
    let benchmarks = Benchmark::all(&options.bench)?;
    println!(
        "split `{}`: questions of another world that seem near; right first hits called far",
        options.split.name()
    );
    for benchmark in &benchmarks {
        let station = Station::start().await?;
        let names = station.load(&benchmark.corpus).await?;
        for other in &benchmarks {
            let asked =
                other.queries.iter().filter(|query| query.title.is_none() && options.split.has(&query.id));
            let (mut near, mut far, mut right, mut all) = (0, 0, 0, 0);
            for query in asked {
                let answer = station.client().similar(&[("limit", "1")], Some(&query.text)).await?;
                let is_far = answer["nothing_close"].as_bool() == Some(true);
                let first = answer["hits"][0]["id"].as_str().and_then(|id| names.get(id));
                all += 1;
                near += u32::from(!is_far);
                if is_right(query, first) {
                    right += 1;
                    far += u32::from(is_far);
                }
            }
            // Doffin's benchmarks and Los speak of the same things; news and encyclopedias of others.
            let strangers = (benchmark.name == "norquad") != (other.name == "norquad");
            if strangers && all > 0 {
                println!("{:<20} asked of {:<20} near {near:>4} of {all}", other.name, benchmark.name);
            } else if benchmark.name == other.name && right > 0 {
                println!("{:<20} asked of its own             far {far:>4} of {right} right", other.name);
            }
        }
        station.stop().await?;
    }
    Ok(())
}

fn is_right(query: &Query, first: Option<&String>) -> bool {
    first.is_some_and(|name| query.right.get(name).is_some_and(|grade| *grade >= 1))
}
