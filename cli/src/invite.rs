//! `invite`: lets an organisation into the network.

use std::path::PathBuf;

use serde_json::json;

use crate::{args::org_number, context::Context, failure::Failure, statements};

/// Sign an invitation to the network; on the association's node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The organisation to invite, nine digits
    #[arg(long, value_name = "NR", value_parser = org_number)]
    org: String,
    /// What it will be in the network [default: member]
    #[arg(long, value_parser = ["member", "association", "partner"])]
    role: Option<String>,
    /// Write the invitation into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.invite(&args.org, args.role.as_deref()).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    context.note(&context.text("invite-next", &[("org", args.org.as_str().into())]));
    if let Some(out) = &args.out {
        let file = statements::write(context, out, answer["invitation"].as_str().unwrap_or_default())?;
        let told = json!({"file": file});
        return context.show(&told, || context.text("invite-written", &[("file", file.as_str().into())]));
    }
    // Alone on standard output, so that it can be handed on by a pipe.
    context.show(&answer, || answer["invitation"].as_str().unwrap_or_default().to_owned())
}
