//! `org`: the own organisation, its card, its devices and its keys.

mod device;
mod key;

use clap::Subcommand;
use praksis_protocol::{genesis::Kind, record::About};

use crate::{context::Context, failure::Failure, show, table};

/// The own organisation: its public card, its nodes and its keys
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the organisation's public card
    Show,
    /// Change the public card: county=Vestland inhabitants=290000
    Set {
        /// FIELD=VALUE; an empty value clears the field
        #[arg(required = true, value_name = "FIELD=VALUE")]
        set: Vec<String>,
    },
    /// The organisation's nodes
    #[command(subcommand)]
    Device(device::Device),
    /// The organisation's root key
    #[command(subcommand)]
    Key(key::Key),
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::Show => card(context).await,
        Command::Set { set } => {
            let answer = context.client()?.org_set(&set).await.map_err(|error| context.failed(error))?;
            context.show(&answer, || context.text("org-set", &[]))
        }
        Command::Device(command) => device::run(command, context).await,
        Command::Key(command) => key::run(command, context).await,
    }
}

async fn card(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.org().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let card = answer.get("organisation").unwrap_or(&answer);
        let about: &[About] = Kind::Organisation.about();
        let root = &answer["root"];
        let key = if root["here"] == true { "org-root-here" } else { "org-root-away" };
        let root = context.text(key, &[("key", table::text(&root["key"]).into())]);
        format!("{}\n\n{root}", show::record(context, about, card))
    })
}
