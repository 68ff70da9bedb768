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
use crate::{context::Context, failure::Failure, init::command, record::share};

/// Begin a case: in the editor, or from a file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The case as JSON or TOML; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    if let Some(path) = &args.file {
        let bytes = file::load(context, path)?;
        let case = file::one(context, intake::read(&path.display().to_string(), &bytes))?;
        let id = client.create("case", &case).await.map_err(|error| context.failed(error))?;
        return tell(context, &id);
    }
    // Before a person writes for an hour: is there a node to take it?
    client.status().await.map_err(|error| context.failed(error))?;
    let take = async |form: Form| create(context, &client, form).await;
    match fill(context, &json!({}), Audience::Organisation, &[], take).await? {
        Some((id, Audience::Organisation)) => tell(context, &id),
        Some((id, Audience::Network)) => {
            tell(context, &id)?;
            share::these(context, &client, "case", Some(&[id]), &share::Terms::default()).await
        }
        None => Err(context.failure("invalid", "form-unchanged", &[])),
    }
}

async fn create(context: &Context, client: &Client, form: Form) -> Result<(String, Audience), Failure> {
    let audience = form.audience.unwrap_or(Audience::Organisation);
    let id = client.create("case", &Value::Object(form.case())).await;
    Ok((id.map_err(|error| context.failed(error))?, audience))
}

fn tell(context: &Context, id: &str) -> Result<(), Failure> {
    context.show(&json!({ "id": id }), || {
        let share = command(context, &format!("case share {}", &id[..id.len().min(12)]));
        context.text("case-made", &[("id", id.into()), ("command", share.into())])
    })
}
