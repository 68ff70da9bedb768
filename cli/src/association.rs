//! `association`: the network's charter, and who signs for it.

use clap::Subcommand;
use serde_json::{Map, Value};

use crate::{context::Context, failure::Failure, root::RootArgs, statements::Out, table};

/// The network's charter: who vouches for members, and the numbers that all go by
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the charter as it stands
    Show,
    Amend(Amend),
}

/// Say that the charter is to be otherwise; it holds when enough roots have signed it
#[derive(Debug, clap::Args)]
struct Amend {
    /// A key that vouches for members from now on
    #[arg(long, value_name = "KEY")]
    add_root: Vec<String>,
    /// A key that does no longer
    #[arg(long, value_name = "KEY")]
    remove_root: Vec<String>,
    /// How many roots decide together [default: as it is, or more than half]
    #[arg(long, value_name = "N")]
    quorum: Option<u8>,
    /// A key kept offline that can replace a lost root
    #[arg(long, value_name = "KEY")]
    add_recovery: Vec<String>,
    /// One that can no longer
    #[arg(long, value_name = "KEY")]
    remove_recovery: Vec<String>,
    /// Hours until the words of what was withdrawn are erased
    #[arg(long, value_name = "HOURS")]
    purge_delay_hours: Option<u32>,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    root: RootArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::Show => show(context).await,
        Command::Amend(args) => amend(args, context).await,
    }
}

async fn show(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.association().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || words(context, &answer))
}

fn words(context: &Context, answer: &Value) -> String {
    let columns = ["column-key", "column-org", "column-name"];
    let roots = answer["roots"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|root| ["key", "org", "name"].map(|field| table::text(&root[field])).to_vec());
    let roots = table::list(context, &columns, roots, "list-none");
    let recovery: Vec<_> = keys(&answer["recovery"]);
    let hours = answer["purge_delay_s"].as_u64().unwrap_or_default() / 3600;
    let rows = [
        ("association-quorum", table::text(&answer["quorum"])),
        (
            "association-recovery",
            if recovery.is_empty() { context.text("none", &[]) } else { recovery.join(", ") },
        ),
        ("association-delay", context.text("association-hours", &[("hours", hours.into())])),
    ];
    let numbers = table::pairs(rows.into_iter().map(|(key, value)| (context.text(key, &[]), value)));
    format!("{roots}\n\n{numbers}")
}

async fn amend(args: Amend, context: &Context) -> Result<(), Failure> {
    let client = args.root.client(context)?;
    let now = client.association().await.map_err(|error| context.failed(error))?;
    let roots = now["roots"].as_array().into_iter().flatten().map(|root| table::text(&root["key"])).collect();
    let mut amendment = Map::new();
    put(&mut amendment, "roots", roots, &args.add_root, &args.remove_root);
    put(&mut amendment, "recovery", keys(&now["recovery"]), &args.add_recovery, &args.remove_recovery);
    if let Some(quorum) = args.quorum {
        amendment.insert("quorum".to_owned(), quorum.into());
    }
    if let Some(hours) = args.purge_delay_hours {
        amendment.insert("purge_delay_s".to_owned(), (u64::from(hours) * 3600).into());
    }
    let answer = client.association_amend(&Value::Object(amendment)).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    args.out.said(context, answer, "association-amended", &[])
}

/// A list of keys, with some more and some less; what stays is not named.
fn put(
    amendment: &mut Map<String, Value>,
    name: &str,
    mut now: Vec<String>,
    more: &[String],
    less: &[String],
) {
    if !more.is_empty() || !less.is_empty() {
        now.retain(|key| !less.contains(key));
        now.extend(more.iter().cloned());
        amendment.insert(name.to_owned(), now.into());
    }
}

fn keys(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(table::text).collect()
}
