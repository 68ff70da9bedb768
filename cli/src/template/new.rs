//! `template new`: begins a template from a file.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{case::file, context::Context, failure::Failure};

/// Begin a draft from a file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The template as JSON or TOML; - is standard input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let template = read(context, &args)?;
    let id = context.client()?.create("template", &template).await.map_err(|error| context.failed(error))?;
    context.show(&json!({"id": id}), || context.text("template-made", &[("id", id.as_str().into())]))
}

fn read(context: &Context, args: &Args) -> Result<Value, Failure> {
    let name = args.file.display().to_string();
    let text = file::utf8(context, &name, file::load(context, &args.file)?)?;
    let text = text.trim_start_matches('\u{feff}');
    let read = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        ::toml::from_str::<::toml::Value>(text)
            .map_err(|error| error.to_string())
            .and_then(|value| serde_json::to_value(value).map_err(|error| error.to_string()))
    };
    let value: Value = read.map_err(|why| {
        context.failure(
            "invalid",
            "file-not-a-record",
            &[("file", name.as_str().into()), ("why", why.into())],
        )
    })?;
    // As an export or `show` writes it.
    Ok(value.get("template").filter(|template| template.is_object()).unwrap_or(&value).clone())
}
