//! `case new`: begins a case.

use std::path::PathBuf;

use praksis_node::{
    client::Client,
    intake::{
        self,
        form::{Audience, Form},
    },
};
use serde_json::{Value, json};

use super::{file, fill};
use crate::{args::org_number, context::Context, failure::Failure, init::command, record::share};

/// Begin a case: in the editor, or from a file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The case as JSON or TOML; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write it together with these organisations, by their numbers: it is known to them alone until one shares it
    #[arg(long, value_name = "ORG", num_args = 1.., value_parser = org_number)]
    with: Option<Vec<String>>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    if let Some(path) = &args.file {
        let bytes = file::load(context, path)?;
        let case = file::one(context, intake::read(&path.display().to_string(), &bytes))?;
        let id = begin(context, &client, &case, args.with.as_deref()).await?;
        return tell(context, &id);
    }
    // Before a person writes for an hour: is there a node to take it?
    client.status().await.map_err(|error| context.failed(error))?;
    let take = async |form: Form| {
        let audience = form.audience.unwrap_or(Audience::Organisation);
        let id = begin(context, &client, &Value::Object(form.case()), args.with.as_deref()).await?;
        Ok((id, audience))
    };
    match fill(context, &json!({}), Audience::Organisation, &[], take).await? {
        Some((id, Audience::Organisation)) => tell(context, &id),
        Some((id, Audience::Network)) => {
            tell(context, &id)?;
            share::these(context, &client, "case", Some(&[id]), &share::Terms::default()).await
        }
        None => Err(context.failure("invalid", "form-unchanged", &[])),
    }
}

/// A draft of our own, or one together with others.
async fn begin(
    context: &Context,
    client: &Client,
    case: &Value,
    with: Option<&[String]>,
) -> Result<String, Failure> {
    let begun = match with {
        Some(with) => client.create_jointly("case", case, with).await,
        None => client.create("case", case).await,
    };
    begun.map_err(|error| context.failed(error))
}

fn tell(context: &Context, id: &str) -> Result<(), Failure> {
    context.show(&json!({ "id": id }), || {
        let share = command(context, &format!("case share {}", &id[..id.len().min(12)]));
        context.text("case-made", &[("id", id.into()), ("command", share.into())])
    })
}
