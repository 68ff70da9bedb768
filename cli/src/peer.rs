//! `peer`: other nodes.

use clap::Subcommand;

use crate::{context::Context, failure::Failure, table};

/// Other nodes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the nodes that this one knows
    List,
    /// Dial a node, and go on trying
    Add {
        /// Its multiaddress, such as /dns4/node.kommune.no/tcp/7421
        address: String,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match args.command {
        Command::List => {
            let answer = client.peers().await.map_err(|error| context.failed(error))?;
            context.show(&answer, || peers(context, table::items(&answer)))
        }
        Command::Add { address } => {
            let answer = client.peer_add(&address).await.map_err(|error| context.failed(error))?;
            context.show(&answer, || context.text("peer-added", &[("address", address.as_str().into())]))
        }
    }
}

/// Other nodes as a list.
pub(crate) fn peers(context: &Context, peers: &[serde_json::Value]) -> String {
    let columns = ["column-name", "column-org", "column-connection", "column-level", "column-address"];
    let rows = peers.iter().map(|peer| {
        let is = |field: &str| peer[field].as_bool() == Some(true);
        let connection = if is("connected") { "connected" } else { "not-connected" };
        let level = if is("level") { "level" } else { "not-level" };
        let name = match table::text(&peer["name"]) {
            name if name.is_empty() => table::text(&peer["device"]).chars().take(12).collect(),
            name => name,
        };
        vec![
            name,
            table::text(&peer["org"]),
            context.text(connection, &[]),
            context.text(level, &[]),
            table::text(&peer["address"]),
        ]
    });
    table::list(context, &columns, rows, "peer-none")
}
