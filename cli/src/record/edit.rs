//! `edit`: changes a draft, at the heads it was read at.

use std::path::{Path, PathBuf};

use praksis_node::{
    client::Client,
    intake::{
        Format,
        form::{self, Audience, Form},
    },
};
use serde_json::{Value, json};

use super::Name;
use crate::{
    case::{file, fill},
    context::Context,
    failure::Failure,
    record::share,
};

/// Change a draft: in the editor, by expressions, or by a merge patch
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters; the id of what was shared goes to its draft
    id: String,
    /// FIELD=VALUE, keywords+=x, keywords-=x, lessons+='{..}'; an empty value clears
    #[arg(long, value_name = "FIELD=VALUE", num_args = 1.., conflicts_with = "file")]
    set: Vec<String>,
    /// A merge patch (RFC 7396) as JSON, or fields as TOML; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The heads it was read at, as show --json has them [default: the present ones]
    #[arg(long, value_name = "HEADS", value_delimiter = ',')]
    at: Vec<String>,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let mut at: Vec<String> = args.at.iter().flat_map(|heads| heads.split('.')).map(str::to_owned).collect();
    let answer = if let Some(path) = &args.file {
        let (patch, read_at) = patch(context, path)?;
        if at.is_empty() {
            at = read_at;
        }
        if at.is_empty() {
            at = heads(&read(context, &client, name, &args.id).await?);
        }
        client.patch(name.0, &args.id, &at, &patch).await
    } else if !args.set.is_empty() {
        if at.is_empty() {
            at = heads(&read(context, &client, name, &args.id).await?);
        }
        client.set(name.0, &args.id, &at, &args.set).await
    } else {
        return by_form(context, &client, name, &args.id).await;
    };
    let answer = answer.map_err(|error| context.failed(error))?;
    tell(context, &answer)
}

async fn by_form(context: &Context, client: &Client, name: Name, id: &str) -> Result<(), Failure> {
    let before = read(context, client, name, id).await?;
    let is_shared = before["shared"].is_string();
    let audience = if is_shared { Audience::Network } else { Audience::Organisation };
    let mut shown = before[name.0].clone();
    one_title(&mut shown);
    let take = async |form: Form| {
        let patch = changed(&shown, &form);
        let answer = client.patch(name.0, id, &form.heads, &patch).await;
        Ok((answer.map_err(|error| context.failed(error))?, form.audience))
    };
    let Some((answer, wanted)) = fill(context, &shown, audience, &heads(&before), take).await? else {
        return context.show(&before, || context.text("form-unchanged", &[]));
    };
    tell(context, &answer)?;
    // Shared once, it is shared again only when somebody says so: it may not be ready.
    match wanted {
        Some(Audience::Network) if !is_shared => {
            share::these(context, client, name.0, Some(&[id.to_owned()]), &share::Terms::default()).await
        }
        Some(_) | None => Ok(()),
    }
}

/// A title in one language is shown as that text alone, as a person writes it.
fn one_title(case: &mut Value) {
    let lang = case["content_lang"].as_str().unwrap_or("nb").to_owned();
    if let Some(title) = case["title"][&lang].as_str().map(str::to_owned) {
        case["title"] = title.into();
    }
}

/// What the form says otherwise than what it was opened with.
fn changed(shown: &Value, form: &Form) -> Value {
    let mut patch = form.fields.clone();
    patch.retain(|field, value| shown.get(field).unwrap_or(&Value::Null) != value);
    Value::Object(patch)
}

async fn read(context: &Context, client: &Client, name: Name, id: &str) -> Result<Value, Failure> {
    client.show(name.0, id).await.map_err(|error| context.failed(error))
}

fn heads(record: &Value) -> Vec<String> {
    let heads = record["heads"].as_array().into_iter().flatten();
    heads.filter_map(|head| head.as_str().map(str::to_owned)).collect()
}

/// A patch from a file, with the heads that a form remembers.
fn patch(context: &Context, path: &Path) -> Result<(Value, Vec<String>), Failure> {
    let name = path.display().to_string();
    let text = file::utf8(context, &name, file::load(context, path)?)?;
    let text = text.trim_start_matches('\u{feff}');
    if Format::of(&name, text.as_bytes()) == Some(Format::Toml) {
        let form = form::read(&name, text)
            .map_err(|refusal| Failure::new("invalid", file::line(context, &refusal), ""))?;
        return Ok((Value::Object(form.fields), form.heads));
    }
    let patch: Value = serde_json::from_str(text).map_err(|error| {
        let why = error.to_string();
        context.failure(
            "invalid",
            "file-not-a-record",
            &[("file", name.as_str().into()), ("why", why.into())],
        )
    })?;
    if !patch.is_object() {
        let why = context.text("intake-not-a-case", &[("found", "JSON".into())]);
        return Err(context.failure(
            "invalid",
            "file-not-a-record",
            &[("file", name.into()), ("why", why.into())],
        ));
    }
    Ok((patch, Vec::new()))
}

fn tell(context: &Context, answer: &Value) -> Result<(), Failure> {
    let id = answer.get("id").cloned().unwrap_or(json!(""));
    context.show(answer, || context.text("edit-done", &[("id", id.as_str().unwrap_or_default().into())]))
}
