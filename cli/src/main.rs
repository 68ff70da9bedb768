//! The command `praksis`: runs a node, or speaks to one.
//!
//! One file a command. `run`, `demo` and `init` work on folders themselves; everything else is a
//! client of the node that serves the folder.

mod args;
mod context;
mod failure;
mod refused;

mod record;
mod show;
mod table;

mod init;
mod run;

mod association;
mod invite;
mod join;
mod member;
mod org;
mod root;
mod statements;

mod case;
mod contact;
mod lessons;
mod need;
mod similar;
mod start;
mod template;
mod vocabulary;
mod ways;

mod bundle;
mod export;
mod import;

mod peer;
mod report;
mod status;
mod sync;
mod why;

mod completions;
mod demo;

use std::process::ExitCode;

use clap::{Parser as _, error::ErrorKind};
use praksis_node::prose::pdf;

use crate::{
    args::{Args, Command},
    context::Context,
    failure::Failure,
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misuse(&error),
    };
    // Needs no folder, and no threads that would count against its limits.
    if matches!(args.command, Command::ReadPdf) {
        return if pdf::child().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let context = match Context::new(&args) {
        Ok(context) => context,
        Err(failure) => return failure.report(args.json, args.language()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::new("storage", error.to_string(), "").report(context.json, context.language);
        }
    };
    match runtime.block_on(Box::pin(command(args.command, &context))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(context.json, context.language),
    }
}

async fn command(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args, context).await,
        Command::Init(args) => init::run(args, context),
        Command::Run(args) => run::run(args, context).await,
        Command::Invite(args) => invite::run(args, context).await,
        Command::Join(args) => join::run(args, context).await,
        Command::Member(args) => member::run(args, context).await,
        Command::Association(args) => association::run(args, context).await,
        Command::TakeIn(args) => statements::take_in(args, context).await,
        Command::Countersign(args) => statements::countersign(args, context).await,
        Command::Org(args) => org::run(args, context).await,
        Command::Case(args) => case::run(args, context).await,
        Command::Similar(args) => similar::run(args, context).await,
        Command::Vocabulary(args) => vocabulary::run(args, context).await,
        Command::Start(args) => start::run(args, context).await,
        Command::Lessons(args) => lessons::run(args, context).await,
        Command::Template(args) => template::run(args, context).await,
        Command::Contact(args) => contact::run(args, context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::Export(args) => export::run(args, context).await,
        Command::Bundle(args) => bundle::run(args, context).await,
        Command::Peer(args) => peer::run(args, context).await,
        Command::Sync(args) => sync::run(args, context).await,
        Command::Status => status::run(context).await,
        Command::Why(args) => why::run(args, context).await,
        Command::Report(args) => report::run(args, context).await,
        Command::Completions(args) => completions::run(args, context),
        Command::ReadPdf => unreachable!("done before there was a context"),
    }
}

/// A command line that is wrong, or one that asks for help.
fn misuse(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return Failure::misuse(message, "praksis --help").report(true, args::language_asked());
    }
    // What is printed may be cut off by whoever reads it; there is nobody left to tell.
    let _ = error.print();
    if asked { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
