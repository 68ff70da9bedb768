//! `case co-owner`: who writes in a joint draft.

use clap::Subcommand;
use serde_json::Value;

use crate::{args::org_number, context::Context, failure::Failure, record::Name, table};

/// The organisations that write in a joint draft; on a node of its owner
#[derive(Debug, Subcommand)]
pub(crate) enum CoOwner {
    /// Take another organisation into a joint draft: it reads it, writes in it and shares it
    Add {
        /// The draft's id, or a unique beginning of at least 6 characters
        id: String,
        /// The organisation, nine digits
        #[arg(value_name = "ORG", value_parser = org_number)]
        org: String,
    },
    /// End an organisation's part: what it wrote stands, and it writes and hears no more
    End {
        /// The draft's id, or a unique beginning of at least 6 characters
        id: String,
        /// The organisation, nine digits
        #[arg(value_name = "ORG", value_parser = org_number)]
        org: String,
    },
}

pub(crate) async fn run(command: CoOwner, name: Name, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let (answer, key, org) = match &command {
        CoOwner::Add { id, org } => (client.co_owner_add(name.0, id, org).await, "co-owner-added", org),
        CoOwner::End { id, org } => (client.co_owner_end(name.0, id, org).await, "co-owner-ended", org),
    };
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let told = context.text(key, &[("org", org.as_str().into())]);
        [Some(told), co_owners(context, &answer)].into_iter().flatten().collect::<Vec<_>>().join("\n")
    })
}

/// Who writes besides the owner, if anybody does.
pub(crate) fn co_owners(context: &Context, answer: &Value) -> Option<String> {
    let names = answer["co_owners"].as_array().filter(|names| !names.is_empty())?;
    let names: Vec<_> = names.iter().map(|org| table::text(&org["name"])).collect();
    Some(context.text("show-co-owners", &[("names", names.join(", ").into())]))
}
