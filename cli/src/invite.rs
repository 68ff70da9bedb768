//! `invite`: lets an organisation into the network.

use crate::{args::org_number, context::Context, failure::Failure};

/// Sign an invitation to the network; on the association's node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The organisation to invite, nine digits
    #[arg(long, value_name = "NR", value_parser = org_number)]
    org: String,
    /// What it will be in the network [default: member]
    #[arg(long, value_parser = ["member", "association", "partner"])]
    role: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.invite(&args.org, args.role.as_deref()).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    context.note(&context.text("invite-next", &[("org", args.org.as_str().into())]));
    // Alone on standard output, so that it can be handed on by a pipe.
    context.show(&answer, || answer["invitation"].as_str().unwrap_or_default().to_owned())
}
