//! `org`: the own organisation, its card and its devices.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use praksis_protocol::{genesis::Kind, record::About};
use serde_json::json;

use crate::{context::Context, failure::Failure, join, show, table};

/// The own organisation: its public card and its devices
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
    Device(Device),
}

#[derive(Debug, Subcommand)]
enum Device {
    /// Grant a second office's node, from the request that its init printed
    Add {
        /// The request: itself, a file that holds it, or - for standard input
        request: String,
        /// Write the grant into this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the organisation's nodes
    List,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::Show => card(context).await,
        Command::Set { set } => {
            let answer = context.client()?.org_set(&set).await.map_err(|error| context.failed(error))?;
            context.show(&answer, || context.text("org-set", &[]))
        }
        Command::Device(Device::Add { request, out }) => add(context, &request, out).await,
        Command::Device(Device::List) => devices(context).await,
    }
}

async fn card(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.org().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let card = answer.get("organisation").unwrap_or(&answer);
        let about: &[About] = Kind::Organisation.about();
        show::record(context, about, card)
    })
}

async fn add(context: &Context, request: &str, out: Option<PathBuf>) -> Result<(), Failure> {
    let request = join::ticket(context, request)?;
    let answer = context.client()?.device_add(&request).await.map_err(|error| context.failed(error))?;
    let grant = table::text(&answer["grant"]);
    let Some(out) = out else {
        context.note(&context.text("org-device-next", &[]));
        return context.show(&answer, || grant);
    };
    let file = out.display().to_string();
    fs::write(&out, format!("{grant}\n")).map_err(|error| {
        let why = error.to_string();
        context.failure("storage", "cannot-write", &[("file", file.as_str().into()), ("why", why.into())])
    })?;
    context.show(&json!({"grant": grant, "file": file}), || {
        context.text("org-device-written", &[("file", file.as_str().into())])
    })
}

async fn devices(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.devices().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let columns = ["column-slot", "column-device", "column-here"];
        let rows = table::items(&answer).iter().map(|device| {
            let here = device["this"].as_bool() == Some(true);
            let here = if here { context.text("here", &[]) } else { String::new() };
            vec![table::text(&device["slot"]), table::text(&device["device"]), here]
        });
        table::list(context, &columns, rows, "org-device-none")
    })
}
