//! `member requests` and `member decline`: who asks over the connection to be admitted.

use praksis_node::client::Client;
use praksis_protocol::{id::OrgId, org_number::OrgNumber};
use serde_json::{Value, json};

use super::admit;
use crate::{context::Context, failure::Failure, table};

/// Say no to an organisation that asks to be admitted; on the association's node
#[derive(Debug, clap::Args)]
pub(crate) struct Decline {
    /// Its number, or its root key where several have that number
    #[arg(value_name = "NR", required_unless_present = "all", conflicts_with = "all")]
    who: Option<String>,
    /// All who wait
    #[arg(long)]
    all: bool,
    /// Why; it is shown there
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

pub(crate) async fn list(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.member_requests().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let items = table::items(&answer);
        let mut parts: Vec<_> = items.iter().map(|item| waiting(context, item)).collect();
        parts.push(context.text(if items.is_empty() { "requests-none" } else { "requests-next" }, &[]));
        let addresses = answer["addresses"].as_array().into_iter().flatten();
        let lines: Vec<_> = addresses
            .map(|address| context.text("requests-at", &[("address", table::text(address).into())]))
            .collect();
        parts.push(lines.join("\n"));
        parts.join("\n\n")
    })
}

/// One that waits, for people.
fn waiting(context: &Context, item: &Value) -> String {
    let mut lines: Vec<_> = admit::who(context, &table::text(&item["request"])).into_iter().collect();
    lines.push(context.text("requests-since", &[("since", table::moment(&item["since"]).into())]));
    if item["taken"] == true {
        lines.push(context.text("requests-taken", &[("org", table::text(&item["org"]).into())]));
    }
    lines.join("\n")
}

pub(crate) async fn decline(args: Decline, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let items = match &args.who {
        Some(who) => vec![find(context, &client, who).await?],
        None => {
            let answer = client.member_requests().await.map_err(|error| context.failed(error))?;
            table::items(&answer).to_vec()
        }
    };
    for item in &items {
        let declined = client.member_decline(&table::text(&item["key"]), args.why.as_deref()).await;
        declined.map_err(|error| context.failed(error))?;
    }
    let declined =
        items.iter().map(|item| json!({"org": item["org"], "name": item["name"], "key": item["key"]}));
    let answer = json!({"items": declined.collect::<Value>()});
    context.show(&answer, || {
        let told =
            |item: &Value| context.text("member-declined", &[("name", table::text(&item["name"]).into())]);
        let lines: Vec<_> = items.iter().map(told).collect();
        if lines.is_empty() { context.text("requests-none", &[]) } else { lines.join("\n") }
    })
}

/// Whether the text names one that waits, and is no request itself.
pub(super) fn is_named(text: &str) -> bool {
    text.parse::<OrgNumber>().is_ok() || text.parse::<OrgId>().is_ok()
}

/// The one that waits with this number or root key.
pub(super) async fn find(context: &Context, client: &Client, who: &str) -> Result<Value, Failure> {
    let answer = client.member_requests().await.map_err(|error| context.failed(error))?;
    let number = who.parse::<OrgNumber>().map_or_else(|_| who.to_owned(), |number| number.to_string());
    let is_meant = |item: &&Value| item["org"] == number.as_str() || item["key"] == who;
    let found: Vec<_> = table::items(&answer).iter().filter(is_meant).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => Err(context.failure("not_found", "applicant-unknown", &[("who", who.into())])),
        [..] => Err(context.failure("ambiguous_id", "applicant-several", &[("who", who.into())])),
    }
}
