//! `member`: who is in the network.

use clap::Subcommand;

use crate::{context::Context, failure::Failure, table};

/// The members of the network
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the member organisations
    List,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::List => list(context).await,
    }
}

async fn list(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.members().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let columns = ["column-org", "column-name", "column-role", "column-devices"];
        let rows = table::items(&answer).iter().map(|member| {
            let devices = member["devices"].as_array().map_or(0, Vec::len);
            let role = format!("role-{}", table::text(&member["role"]));
            vec![
                table::text(&member["org"]),
                table::text(&member["name"]),
                context.text(&role, &[]),
                devices.to_string(),
            ]
        });
        table::list(context, &columns, rows, "member-none")
    })
}
