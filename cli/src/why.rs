//! `why`: why a record is or is not there, node by node.

use serde_json::Value;

use crate::{context::Context, failure::Failure, record::list::owner, table};

/// Say where a record is, at this node and at every other, and why it is not
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters; of a withdrawn one too
    id: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.why(&args.id).await.map_err(|error| context.failed(error))?;
    context.show(&answer, || documents(context, &answer))
}

/// Each document with its readers, how it stands here, and a row for each other node.
pub(crate) fn documents(context: &Context, answer: &Value) -> String {
    let documents = answer["documents"].as_array().map_or(&[][..], Vec::as_slice);
    documents.iter().map(|document| one(context, document)).collect::<Vec<_>>().join("\n\n")
}

fn one(context: &Context, document: &Value) -> String {
    let short: String = table::text(&document["document"]).chars().take(12).collect();
    let arguments = [("id", short.into()), ("readers", readers(context, document).into())];
    let mut lines = vec![context.text("why-document", &arguments), here(context, &document["here"])];
    let waiting = &document["waiting"];
    let count = |name: &str| waiting[name].as_u64().unwrap_or_default();
    if count("grant") + count("cause") > 0 {
        let arguments = [("grant", count("grant").into()), ("cause", count("cause").into())];
        lines.push(context.text("why-waiting", &arguments));
    }
    if document["quota"] == true && document["here"]["state"] != "left_out" {
        lines.push(context.text("why-quota", &[]));
    }
    for (what, key) in [("aside", "why-aside"), ("refused", "why-refused")] {
        for (reason, count) in document[what].as_object().into_iter().flatten() {
            let count = count.as_u64().unwrap_or_default();
            let arguments = [("count", count.into()), ("reason", reason.as_str().into())];
            lines.push(context.text(key, &arguments));
        }
    }
    let columns = ["column-name", "column-org", "column-slot", "column-copy", "column-known"];
    let rows = document["peers"].as_array().into_iter().flatten().map(|peer| {
        let state = format!("why-{}", table::text(&peer["state"]).replace('_', "-"));
        let since = table::moment(&peer["last_level_at"]);
        let state = context.text(&state, &[]);
        vec![
            table::text(&peer["name"]),
            table::text(&peer["org"]),
            table::text(&peer["slot"]),
            if since.is_empty() { state } else { format!("{state} ({since})") },
            table::moment(&peer["known_until"]),
        ]
    });
    lines.push(String::new());
    lines.push(table::list(context, &columns, rows, "peer-none"));
    lines.join("\n")
}

/// Who may read a document, by name.
pub(crate) fn readers(context: &Context, document: &Value) -> String {
    match document["audience"].as_str() {
        Some("named") => {
            let members = document["members"].as_array().into_iter().flatten();
            members.map(owner).collect::<Vec<_>>().join(", ")
        }
        Some("organisation") => context.text("share-organisation", &[]),
        Some(_) | None => context.text("share-network", &[]),
    }
}

fn here(context: &Context, here: &Value) -> String {
    let arguments = [("at", table::moment(&here["at"]).into()), ("why", table::text(&here["why"]).into())];
    let mut lines = vec![match here["state"].as_str() {
        Some("there") => context.text("why-here", &[]),
        Some("nothing_counts") => context.text("why-here-nothing-counts", &[]),
        Some("withdrawn") if here["purged"] == true => context.text("why-here-purged", &arguments),
        Some("withdrawn") => context.text("why-here-withdrawn", &arguments),
        Some("left_out") => context.text("why-here-left-out", &[]),
        Some(_) | None => context.text("why-here-waiting", &[]),
    }];
    if here["cut_awaited"] == true {
        lines.push(context.text("why-cut-awaited", &[]));
    }
    lines.join("\n")
}
