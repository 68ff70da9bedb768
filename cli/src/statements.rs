//! `take-in` and `countersign`: what administrators say, as words and files between machines.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{context::Context, failure::Failure, join, root::RootArgs, table};

/// Take in what another node's administrator has said, from a file
#[derive(Debug, clap::Args)]
pub(crate) struct TakeIn {
    /// The statements: a file that holds them, the word itself, or - for standard input
    statements: String,
}

/// Sign what another association has said, for what holds when several say it
#[derive(Debug, clap::Args)]
pub(crate) struct Countersign {
    /// The statements: a file that holds them, the word itself, or - for standard input
    statements: String,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    root: RootArgs,
}

/// Where what was said goes beside the network.
#[derive(Debug, clap::Args)]
pub(crate) struct Out {
    /// Write the statements into this file, for nodes without a connection: praksis take-in FILE
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn take_in(args: TakeIn, context: &Context) -> Result<(), Failure> {
    let statements = join::ticket(context, &args.statements)?;
    let answer = context.client()?.take_in(&statements).await.map_err(|error| context.failed(error))?;
    let count = answer["taken_in"].as_u64().unwrap_or_default();
    context.show(&answer, || context.text("take-in-done", &[("count", count.into())]))
}

pub(crate) async fn countersign(args: Countersign, context: &Context) -> Result<(), Failure> {
    let statements = join::ticket(context, &args.statements)?;
    let answer = args.root.client(context)?.countersign(&statements).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    args.out.said(context, answer, "countersign-done", &[])
}

impl Out {
    /// Tells that something was said, and writes it down where that was asked for.
    pub(crate) fn said(
        &self,
        context: &Context,
        mut answer: Value,
        key: &str,
        arguments: &[(&'static str, praksis_node::locale::Argument<'_>)],
    ) -> Result<(), Failure> {
        let Some(out) = &self.out else {
            return context.show(&answer, || context.text(key, arguments));
        };
        let file = write(context, out, &table::text(&answer["statements"]))?;
        answer["file"] = file.as_str().into();
        context.show(&answer, || {
            let written = context.text("statements-written", &[("file", file.as_str().into())]);
            format!("{}\n{written}", context.text(key, arguments))
        })
    }
}

/// Writes a word into a file; its name.
pub(crate) fn write(context: &Context, out: &Path, word: &str) -> Result<String, Failure> {
    let file = out.display().to_string();
    fs::write(out, format!("{word}\n")).map_err(|error| {
        let why = error.to_string();
        context.failure("storage", "cannot-write", &[("file", file.as_str().into()), ("why", why.into())])
    })?;
    Ok(file)
}
