//! `settle`: ends a conflict.

use super::Name;
use crate::{context::Context, failure::Failure};

/// Settle a conflict on one of its values
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters
    id: String,
    /// The field, as show names it
    field: String,
    /// Which of the values stands, counted from 1 as show does
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    take: u64,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let take = usize::try_from(args.take).expect("at most a thousand");
    let answer = context.client()?.settle(name.0, &args.id, &args.field, take).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || context.text("settle-done", &[("field", args.field.as_str().into())]))
}
