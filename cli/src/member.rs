//! `member`: who is in the network.

mod admit;
mod requests;

use clap::Subcommand;

use crate::{args::org_number, context::Context, failure::Failure, root::RootArgs, statements::Out, table};

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
    /// List who asks to be admitted and waits; on the association's node
    Requests,
    Admit(admit::Args),
    Decline(requests::Decline),
    /// End a membership; on the association's node
    End {
        /// The organisation, nine digits
        #[arg(value_name = "NR", value_parser = org_number)]
        org: String,
        /// Why; every member reads it
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        root: RootArgs,
    },
    /// Say that an organisation was merged into another, which writes on; on the association's node
    Succeed {
        /// The one that is no more, nine digits
        #[arg(value_name = "OLD", value_parser = org_number)]
        old: String,
        /// The one that writes on, nine digits
        #[arg(value_name = "NEW", value_parser = org_number)]
        new: String,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        root: RootArgs,
    },
    /// Give an organisation that lost its root a new one; on the association's node
    Root {
        /// The organisation, nine digits
        #[arg(value_name = "NR", value_parser = org_number)]
        org: String,
        /// The public half of its new key, which org key new printed there
        #[arg(value_name = "KEY")]
        new: String,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        root: RootArgs,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::List => list(context).await,
        Command::Requests => requests::list(context).await,
        Command::Admit(args) => admit::run(args, context).await,
        Command::Decline(args) => requests::decline(args, context).await,
        Command::End { org, why, out, root } => {
            let answer = root.client(context)?.member_end(&org, why.as_deref()).await;
            let answer = answer.map_err(|error| context.failed(error))?;
            out.said(context, answer, "member-ended", &[("org", org.as_str().into())])
        }
        Command::Succeed { old, new, out, root } => {
            let answer = root.client(context)?.member_succeed(&old, &new).await;
            let answer = answer.map_err(|error| context.failed(error))?;
            let arguments = [("old", old.as_str().into()), ("new", new.as_str().into())];
            out.said(context, answer, "member-succeeded", &arguments)
        }
        Command::Root { org, new, out, root } => {
            let answer = root.client(context)?.member_root(&org, &new).await;
            let answer = answer.map_err(|error| context.failed(error))?;
            out.said(context, answer, "member-root", &[("org", org.as_str().into())])
        }
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
