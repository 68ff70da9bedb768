//! `list`: what the node holds.

use praksis_protocol::{code::Code as _, vocabulary::Phase};
use serde_json::{Value, json};

use super::Name;
use crate::{args::org_number, context::Context, failure::Failure, similar::label, table};

/// Records asked for at a time.
const PAGE: u64 = 500;

/// List what the node holds: own drafts, and what the network shares
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many at most [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on after a list that was cut off: its `next`
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Only those in this phase
    #[arg(long, value_name = "CODE")]
    phase: Option<String>,
    /// Only those of this sector
    #[arg(long, value_name = "CODE")]
    sector: Option<String>,
    /// Only those kept by this organisation
    #[arg(long, value_name = "NR", value_parser = org_number)]
    owner: Option<String>,
    /// Only those in this state
    #[arg(long, value_parser = ["draft", "shared", "changed_since_shared"])]
    state: Option<String>,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let (mut items, mut cursor) = (Vec::new(), args.cursor);
    loop {
        let wanted = args.limit.map_or(PAGE, |limit| (limit - items.len() as u64).min(PAGE)).to_string();
        let mut query = vec![("lang", context.language.code()), ("limit", &wanted)];
        let filters = [
            ("cursor", &cursor),
            ("phase", &args.phase),
            ("sector", &args.sector),
            ("owner", &args.owner),
            ("state", &args.state),
        ];
        query.extend(filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
        let page = client.list(name.0, &query).await.map_err(|error| context.failed(error))?;
        items.extend(table::items(&page).iter().cloned());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() || args.limit.is_some_and(|limit| items.len() as u64 >= limit) {
            break;
        }
    }
    context.show(&json!({"items": items, "next": cursor}), || words(context, &items))
}

fn words(context: &Context, items: &[Value]) -> String {
    let columns = ["column-id", "column-title", "column-phase", "column-owner", "column-state"];
    let rows = items.iter().map(|item| {
        vec![
            table::text(&item["id"]).chars().take(12).collect(),
            table::text(&item["title"]),
            label(Phase::LIST, &table::text(&item["phase"]), context.language),
            owner(&item["owner"]),
            state(context, item),
        ]
    });
    table::list(context, &columns, rows, "list-none")
}

/// Whose it is: the name where there is one.
pub(crate) fn owner(owner: &Value) -> String {
    let name = table::text(&owner["name"]);
    if !name.is_empty() {
        return name;
    }
    owner.as_str().map_or_else(|| table::text(&owner["org"]), str::to_owned)
}

/// Draft, shared, or shared and changed since.
pub(crate) fn state(context: &Context, item: &Value) -> String {
    let key = format!("state-{}", table::text(&item["state"]).replace('_', "-"));
    context.text(&key, &[])
}
