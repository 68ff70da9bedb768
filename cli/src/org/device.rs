//! `org device`: the organisation's nodes.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    join,
    root::RootArgs,
    statements::{self, Out},
    table,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// Grant a second office's node, from the request that its init printed
    Add {
        /// The request: itself, a file that holds it, or - for standard input
        request: String,
        /// Write the grant into this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        root: RootArgs,
    },
    /// End a node that was lost, stolen or put away: nobody takes anything from it any more
    End {
        /// Its slot, or its id, as org device list shows them
        device: String,
        /// Since when it is in other hands, as 2026-11-20T08:00:00Z: what it withdrew since is undone
        #[arg(long, value_name = "INSTANT")]
        lost_since: Option<String>,
        /// Why; every member reads it, and whoever has the node
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        root: RootArgs,
    },
    /// List the organisation's nodes
    List,
}

pub(crate) async fn run(command: Device, context: &Context) -> Result<(), Failure> {
    match command {
        Device::Add { request, out, root } => add(context, &request, out, &root).await,
        Device::End { device, lost_since, why, out, root } => {
            let client = root.client(context)?;
            let answer = client.device_end(&device, lost_since.as_deref(), why.as_deref()).await;
            let answer = answer.map_err(|error| context.failed(error))?;
            out.said(context, answer, "org-device-ended", &[("device", device.as_str().into())])
        }
        Device::List => list(context).await,
    }
}

async fn add(context: &Context, request: &str, out: Option<PathBuf>, root: &RootArgs) -> Result<(), Failure> {
    let request = join::ticket(context, request)?;
    let answer = root.client(context)?.device_add(&request).await.map_err(|error| context.failed(error))?;
    let grant = table::text(&answer["grant"]);
    let Some(out) = out else {
        context.note(&context.text("org-device-next", &[]));
        return context.show(&answer, || grant);
    };
    let file = statements::write(context, &out, &grant)?;
    context.show(&json!({"grant": grant, "file": file}), || {
        context.text("org-device-written", &[("file", file.as_str().into())])
    })
}

async fn list(context: &Context) -> Result<(), Failure> {
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
