//! `sync`: asks every peer again.

use crate::{context::Context, failure::Failure, peer, table};

/// How long `--wait` waits unless told, in seconds.
const WAIT_DEFAULT: &str = "30";

/// Ask every peer again what differs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Come back when all that are connected are level, or after so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = WAIT_DEFAULT, value_parser = clap::value_parser!(u64).range(..=3600))]
    wait: Option<u64>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let bar = context.progress("sync-waiting");
    let answer = client.sync(args.wait, |progress| bar.set(progress)).await;
    drop(bar);
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let peers = answer["peers"].as_array().map_or(&[][..], Vec::as_slice);
        peer::peers(context, if peers.is_empty() { table::items(&answer) } else { peers })
    })?;
    if args.wait.is_some() && answer["level"].as_bool() == Some(false) {
        return Err(context.failure("offline", "sync-not-level", &[]));
    }
    Ok(())
}
