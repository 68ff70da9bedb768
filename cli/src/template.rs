//! `template`: documents that others adapt.

mod new;

use clap::Subcommand;

use crate::{
    context::Context,
    failure::Failure,
    record::{self, list, share, show, withdraw},
};

/// Documents that others adapt
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Args),
    List(list::Args),
    Show(show::Args),
    Share(share::Args),
    Withdraw(withdraw::Args),
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    const KIND: record::Name = record::Name("template");
    match args.command {
        Command::New(args) => new::run(args, context).await,
        Command::List(args) => list::run(args, KIND, context).await,
        Command::Show(args) => show::run(args, KIND, context).await,
        Command::Share(args) => share::run(args, KIND, context).await,
        Command::Withdraw(args) => withdraw::run(args, KIND, context).await,
    }
}
