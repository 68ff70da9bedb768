//! `join`: uses an invitation, or an office's grant.

use std::path::Path;

use crate::{case::file, context::Context, failure::Failure};

/// Join a network with an invitation, or one's organisation with the grant of a second office
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The invitation or the grant: itself, a file that holds it, or - for standard input
    invitation: String,
    /// How many seconds to wait for the answer; the node goes on trying afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=100))]
    wait: u64,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let ticket = ticket(context, &args.invitation)?;
    let client = context.client()?;
    let bar = context.waiting("join-waiting");
    let answer = client.join(&ticket, args.wait).await;
    drop(bar);
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || context.text("join-done", &[]))
}

/// A ticket as given, or what stands in the file of that name: it is too long for some terminals.
pub(crate) fn ticket(context: &Context, given: &str) -> Result<String, Failure> {
    /// Longer than any ticket.
    const LIMIT: u64 = 64 * 1024;
    let text = if given == "-" || Path::new(given).is_file() {
        let mut bytes = file::load(context, Path::new(given))?;
        bytes.truncate(usize::try_from(LIMIT).expect("a small number"));
        file::utf8(context, given, bytes)?
    } else {
        given.to_owned()
    };
    let ticket: String = text.split_whitespace().collect();
    if ticket.is_empty() {
        return Err(context.failure("invalid", "file-empty", &[("file", given.into())]));
    }
    Ok(ticket)
}
