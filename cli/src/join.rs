//! `join`: uses an invitation, or an office's grant; or asks to be admitted without one.

use std::path::{Path, PathBuf};

use praksis_node::net::device_at;
use serde_json::json;

use crate::{case::file, context::Context, failure::Failure, root::RootArgs, statements, table};

/// Join a network with an invitation, or one's organisation with the grant of a second office
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The invitation, what member admit made, or the grant: itself, a file that holds it, or - for standard input
    #[arg(required_unless_present = "request", conflicts_with = "request")]
    invitation: Option<String>,
    /// Without an invitation: ask an association to admit this organisation. With the addresses of its nodes the request
    /// goes over the connection, and the node joins by itself once it is admitted; without, it is made for a file
    #[arg(long, value_name = "ADDRESS", num_args = 0.., value_parser = address)]
    request: Option<Vec<String>>,
    /// Write the request into this file
    #[arg(long, value_name = "FILE", requires = "request")]
    out: Option<PathBuf>,
    #[command(flatten)]
    root: RootArgs,
    /// How many seconds to wait for the answer; the node goes on trying afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=100))]
    wait: u64,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let Some(invitation) = &args.invitation else {
        return match args.request.as_deref() {
            Some([]) | None => request(&args, context).await,
            Some(addresses) => ask(&args, addresses, context).await,
        };
    };
    let ticket = ticket(context, invitation)?;
    let client = context.client()?;
    let bar = context.waiting("join-waiting");
    let answer = client.join(&ticket, args.wait).await;
    drop(bar);
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || context.text("join-done", &[]))
}

fn address(text: &str) -> Result<String, String> {
    let expected =
        "expected a multiaddress that ends in /p2p/ and the node's name: member requests shows it there";
    device_at(text).map(|_| text.to_owned()).ok_or_else(|| expected.to_owned())
}

/// Asks at these addresses; the node goes on asking until somebody has decided.
async fn ask(args: &Args, addresses: &[String], context: &Context) -> Result<(), Failure> {
    if args.out.is_some() {
        return Err(context.failure("misuse", "join-ask-out", &[]));
    }
    let client = args.root.client(context)?;
    let bar = context.waiting("join-waiting");
    let answer = client.join_ask(addresses, args.wait).await;
    drop(bar);
    let mut answer = answer.map_err(|error| context.failed(error))?;
    if answer["state"] == "member" {
        return context.show(&answer, || context.text("join-done", &[]));
    }
    let org = client.org().await.map_err(|error| context.failed(error))?;
    answer["key"] = org["root"]["key"].clone();
    let key = [("key", table::text(&answer["key"]).into())];
    context.show(&answer, || context.text("join-ask-waiting", &key))
}

/// What this organisation asks with when nobody has invited it.
async fn request(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = args.root.client(context)?;
    let mut answer = client.join_request().await.map_err(|error| context.failed(error))?;
    let org = client.org().await.map_err(|error| context.failed(error))?;
    answer["key"] = org["root"]["key"].clone();
    let key = [("key", table::text(&answer["key"]).into())];
    context.note(&context.text("join-request-next", &key));
    let word = table::text(&answer["request"]);
    let Some(out) = &args.out else { return context.show(&answer, || word) };
    let file = statements::write(context, out, &word)?;
    context.show(&json!({"file": file, "key": answer["key"]}), || {
        context.text("join-request-written", &[("file", file.as_str().into())])
    })
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
