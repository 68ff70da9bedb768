//! `vocabulary`: what words are called, beyond what the project ships.

use std::path::PathBuf;

use crate::{case::file, context::Context, failure::Failure, table};

/// Import words that cases are found by
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Take in a CPV list, JSON with English and bokmål labels by code; - is standard input
    Import {
        /// The list
        file: PathBuf,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let Command::Import { file } = args.command;
    let bytes = file::load(context, &file)?;
    let answer = context.client()?.import_vocabulary(bytes).await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let count = |name: &str| table::text(&answer[name]).into();
        context.text("vocabulary-imported", &[("codes", count("codes")), ("words", count("words"))])
    })
}
