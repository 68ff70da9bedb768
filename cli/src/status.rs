//! `status`: where the node stands.

use praksis_protocol::genesis::Kind;
use serde_json::Value;

use crate::{context::Context, failure::Failure, peer, table};

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.status().await.map_err(|error| context.failed(error))?;
    context.show(&answer, || words(context, &answer))
}

fn words(context: &Context, status: &Value) -> String {
    let own = &status["organisation"];
    let name = format!("{} ({})", table::text(&own["name"]), table::text(&own["org"]));
    let mut rows = vec![
        ("status-organisation", name),
        ("status-device", table::text(&status["device"])),
        ("status-network", known(context, &status["network"], "status-no-network")),
        ("status-documents", documents(context, &status["documents"])),
        ("status-shared", table::text(&status["shared"])),
        ("status-members", table::text(&status["members"])),
        ("status-traffic", traffic(context, status)),
    ];
    if let Some(asking) = asking(context, &status["asking"]) {
        rows.push(("status-asking", asking));
    }
    if status["applicants"].as_u64().is_some_and(|count| count > 0) {
        let count = [("count", table::text(&status["applicants"]).into())];
        rows.push(("status-applicants", context.text("status-applicants-some", &count)));
    }
    if let Some(refused) = status["refused"].as_object().filter(|refused| !refused.is_empty()) {
        let refused: Vec<_> = refused.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        rows.push(("status-refused", refused.join(", ")));
    }
    let ended = ended(context, &status["ended"]);
    let head = table::pairs(rows.into_iter().map(|(key, value)| (context.text(key, &[]), value)));
    let peers = status["peers"].as_array().map_or(&[][..], Vec::as_slice);
    [ended, Some(head), Some(peer::peers(context, peers))]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// How a request to be admitted stands.
fn asking(context: &Context, asking: &Value) -> Option<String> {
    let key = format!("status-asking-{}", asking["state"].as_str()?);
    let arguments =
        [("since", table::moment(&asking["since"]).into()), ("why", table::text(&asking["why"]).into())];
    Some(context.text(&key, &arguments))
}

/// That this node has been ended, why, and what to do.
fn ended(context: &Context, ended: &Value) -> Option<String> {
    let key = match ended["what"].as_str()? {
        "membership" => "status-ended-membership",
        _ => "status-ended-device",
    };
    let why = ended["why"].as_str().filter(|why| !why.is_empty());
    let why = why.map(|why| context.text("status-ended-why", &[("why", why.into())]));
    Some([Some(context.text(key, &[])), why].into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

fn documents(context: &Context, documents: &Value) -> String {
    let counts: Vec<_> = documents
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, count)| count.as_u64() != Some(0))
        .map(|(kind, count)| {
            let label = kind.parse::<Kind>().map(|kind| kind.labels().get(context.language));
            format!("{} {count}", label.unwrap_or(kind))
        })
        .collect();
    if counts.is_empty() { context.text("none", &[]) } else { counts.join(", ") }
}

fn traffic(context: &Context, status: &Value) -> String {
    let size = |field: &str| bytes(status[field].as_u64().unwrap_or_default());
    context.text("status-in-out", &[("in", size("bytes_in").into()), ("out", size("bytes_out").into())])
}

fn known(context: &Context, value: &Value, absent: &str) -> String {
    if value.is_null() { context.text(absent, &[]) } else { table::text(value) }
}

/// A size as people read it.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        _ => format!("{} MiB", count / 1_048_576),
    }
}
