//! `case`: lessons-learned records of procurements.

pub(crate) mod co_owner;
mod editor;
pub(crate) mod file;
mod new;
mod questions;

use clap::Subcommand;

use crate::{
    context::Context,
    failure::Failure,
    record::{self, edit, history, list, settle, share, show, withdraw},
};

/// Lessons-learned records of procurements
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Args),
    Edit(edit::Args),
    List(list::Args),
    Show(show::Args),
    History(history::Args),
    Settle(settle::Args),
    #[command(subcommand)]
    CoOwner(co_owner::CoOwner),
    Share(share::Args),
    Withdraw(withdraw::Args),
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    const KIND: record::Name = record::Name("case");
    match args.command {
        Command::New(args) => new::run(args, context).await,
        Command::Edit(args) => edit::run(args, KIND, context).await,
        Command::List(args) => list::run(args, KIND, context).await,
        Command::Show(args) => show::run(args, KIND, context).await,
        Command::History(args) => history::run(args, KIND, context).await,
        Command::Settle(args) => settle::run(args, KIND, context).await,
        Command::CoOwner(command) => co_owner::run(command, KIND, context).await,
        Command::Share(args) => share::run(args, KIND, context).await,
        Command::Withdraw(args) => withdraw::run(args, KIND, context).await,
    }
}

pub(crate) use editor::fill;
