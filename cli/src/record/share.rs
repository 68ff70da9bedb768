//! `share`: lets the network read a draft as it stands.

use praksis_node::client::{Client, Problem};
use serde_json::{Map, Value};

use super::{Name, found, show::labels};
use crate::{args::org_number, context::Context, failure::Failure, refused, table};

/// Share drafts as they stand now, with the network or with some
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ids, or unique beginnings of at least 6 characters
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
    ids: Vec<String>,
    /// Every draft that can be
    #[arg(long)]
    all: bool,
    /// With these organisations alone, by their numbers; the network does not learn of it
    #[arg(long, value_name = "ORG", num_args = 1.., value_parser = org_number)]
    to: Option<Vec<String>>,
    /// Let telephone numbers and e-mail addresses through; national identity numbers never are
    #[arg(long)]
    allow_found: bool,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let terms = Terms { to: args.to, allow_found: args.allow_found };
    these(context, &client, name.0, (!args.all).then_some(&args.ids), &terms).await
}

/// With whom, and what may stand in it.
#[derive(Default)]
pub(crate) struct Terms {
    /// Organisation numbers; the network without.
    pub(crate) to: Option<Vec<String>>,
    /// Telephone numbers and e-mail addresses too.
    pub(crate) allow_found: bool,
}

/// Shares these, or all; tells what was refused, and is a failure when anything was.
pub(crate) async fn these(
    context: &Context,
    client: &Client,
    kind: &'static str,
    ids: Option<&[String]>,
    terms: &Terms,
) -> Result<(), Failure> {
    let bar = context.progress("share-progress");
    let answer = client
        .share_many(kind, ids, terms.to.as_deref(), terms.allow_found, |progress| bar.set(progress))
        .await;
    drop(bar);
    let answer = answer.map_err(|error| context.failed(error))?;
    let list = |name: &str| answer[name].as_array().map_or(&[][..], Vec::as_slice);
    let (shared, refused) = (list("shared"), list("refused"));
    let readers = readers(context, client, terms).await?;
    context.show(&answer, || words(context, shared, &readers))?;
    let Some(first) = refused.first() else { return Ok(()) };
    let is_missing = |refused: &&Value| !labels_missing(refused).is_empty();
    let only_time = refused.iter().all(|refused| {
        !is_missing(&refused) && !found::is_any(refused) && !refused["embargo_until"].is_null()
    });
    // What is missing comes before what should not be there, both before what is only a matter of time, and
    // all three before what is no draft of ours.
    let draft =
        refused.iter().find(is_missing).or_else(|| refused.iter().find(|refused| found::is_any(refused)));
    let draft = draft.or_else(|| refused.first().filter(|_| only_time));
    let about = draft.unwrap_or(first);
    let arguments = [("count", refused.len().into()), ("id", short(&about["id"]).into())];
    let mut failure = match draft {
        Some(_) if only_time => context.failure("embargoed", "share-refused", &arguments),
        Some(draft) if is_missing(&draft) => context.failure("missing", "share-refused", &arguments),
        Some(draft) => {
            let hint = found::hint(context, draft, short(&draft["id"]));
            Failure::new("personal_data", context.text("share-refused", &arguments), hint)
        }
        None => {
            let told = told(context, first);
            Failure::new(&told.kind, context.text("share-refused", &arguments), told.hint)
        }
    };
    let lines: Vec<Value> = refused.iter().map(|refused| why(context, Name(kind), refused).into()).collect();
    failure.rest.insert("faults".to_owned(), lines.into());
    Err(failure)
}

/// Who reads it from now on, by name.
async fn readers(context: &Context, client: &Client, terms: &Terms) -> Result<String, Failure> {
    let Some(to) = &terms.to else { return Ok(context.text("share-network", &[])) };
    let members = client.members().await.map_err(|error| context.failed(error))?;
    let name = |number: &String| {
        let member = table::items(&members).iter().find(|member| member["org"] == number.as_str());
        member.map_or_else(|| number.clone(), |member| table::text(&member["name"]))
    };
    Ok(to.iter().map(name).collect::<Vec<_>>().join(", "))
}

fn words(context: &Context, shared: &[Value], readers: &str) -> String {
    let arguments = [("count", shared.len().into()), ("readers", readers.into())];
    let mut lines = vec![context.text("share-done", &arguments)];
    lines.extend(shared.iter().take(20).map(|shared| format!("  {}", short(&shared["id"]))));
    lines.join("\n")
}

/// Everything that stands in the way of one, by the labels of its fields.
fn why(context: &Context, name: Name, refused: &Value) -> String {
    let mut reasons = Vec::new();
    let missing = labels(context, name, labels_missing(refused));
    if !missing.is_empty() {
        reasons.push(context.text("show-missing", &[("fields", missing.join(", ").into())]));
    }
    if let Some(day) = refused["embargo_until"].as_str() {
        reasons.push(context.text("share-embargo", &[("day", day.into())]));
    }
    reasons.extend(found::sentences(context, name, refused));
    let faults = refused["faults"].as_array().into_iter().flatten();
    reasons.extend(faults.map(|fault| table::text(&fault["message"])));
    if reasons.is_empty() {
        reasons.push(told(context, refused).message);
    }
    format!("{}: {}", short(&refused["id"]), reasons.join("; "))
}

/// The node's own word on one.
fn told(context: &Context, refused: &Value) -> Failure {
    let word = |name: &str| table::text(&refused["error"][name]);
    let problem = Problem {
        status: 0,
        kind: word("kind"),
        message: word("message"),
        hint: word("hint"),
        rest: Map::new(),
        body: Value::Null,
    };
    refused::failure(context, &problem)
}

fn labels_missing(refused: &Value) -> &[Value] {
    refused["missing"].as_array().map_or(&[], Vec::as_slice)
}

fn short(id: &Value) -> String {
    table::text(id).chars().take(12).collect()
}
