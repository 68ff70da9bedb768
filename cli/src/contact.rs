//! `contact`: whom to ask about what the organisation has shared.

use clap::Subcommand;

use crate::{
    context::Context,
    failure::Failure,
    record::{self, list::owner, withdraw},
    table,
};

/// Contacts: whom to ask about what is shared
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the contacts that are here
    List,
    Withdraw(withdraw::Args),
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::List => list(context).await,
        Command::Withdraw(args) => withdraw::run(args, record::Name("contact"), context).await,
    }
}

async fn list(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.contacts().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let columns = ["column-id", "column-role", "column-mailbox", "column-owner"];
        let rows = table::items(&answer).iter().map(|contact| {
            vec![
                table::text(&contact["id"]).chars().take(12).collect(),
                table::text(&contact["role"]),
                table::text(&contact["mailbox"]),
                owner(&contact["owner"]),
            ]
        });
        table::list(context, &columns, rows, "list-none")
    })
}
