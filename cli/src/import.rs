//! `import`: takes cases in from files.

use std::path::PathBuf;

use praksis_node::client::Imported;
use serde_json::{Value, json};

use crate::{case::file, context::Context, failure::Failure, table};

/// Refusals shown to people; all of them stand in the JSON.
const REFUSALS_SHOWN: usize = 20;

/// Take in cases from JSON, JSON Lines or TOML
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let mut all = Imported { imported: 0, updated: 0, unchanged: 0, refused: vec![], kept: vec![] };
    let mut unread = None;
    for path in &args.files {
        let name = path.display().to_string();
        // One file that cannot be had does not keep the others out.
        let bytes = match file::load(context, path) {
            Ok(bytes) => bytes,
            Err(failure) => {
                all.refused.push(json!({"file": name, "why": failure.message}));
                unread.get_or_insert(failure);
                continue;
            }
        };
        let bar = context.progress("import-progress");
        let done = client.import(&name, bytes, |progress| bar.set(progress)).await;
        drop(bar);
        let done = done.map_err(|error| context.failed(error))?;
        all.imported += done.imported;
        all.updated += done.updated;
        all.unchanged += done.unchanged;
        all.refused.extend(done.refused);
        all.kept.extend(done.kept);
    }
    let answer = serde_json::to_value(&all).expect("JSON of plain values");
    context.show(&answer, || words(context, &all))?;
    match (unread, all.refused.len()) {
        (_, 0) => Ok(()),
        (Some(failure), _) if args.files.len() == 1 => Err(failure),
        (_, count) => Err(context.failure("invalid", "import-refused", &[("count", count.into())])),
    }
}

fn words(context: &Context, all: &Imported) -> String {
    let arguments = [
        ("imported", all.imported.into()),
        ("updated", all.updated.into()),
        ("unchanged", all.unchanged.into()),
        ("refused", all.refused.len().into()),
    ];
    let mut lines = vec![context.text("import-done", &arguments)];
    lines.extend(all.refused.iter().take(REFUSALS_SHOWN).map(refusal));
    if all.refused.len() > REFUSALS_SHOWN {
        let more = all.refused.len() - REFUSALS_SHOWN;
        lines.push(context.text("import-more", &[("count", more.into())]));
    }
    lines.extend(all.kept.iter().map(|kept| {
        let (id, field) = (table::text(&kept["id"]), table::text(&kept["field"]));
        context.text("import-kept", &[("id", id.into()), ("field", field.into())])
    }));
    lines.join("\n")
}

/// `file:line: field: why`, as compilers write it.
fn refusal(refused: &Value) -> String {
    let line = refused["line"].as_u64().map_or_else(String::new, |line| format!(":{line}"));
    let why = table::text(&refused["why"]);
    // A fault of the domain names its field itself.
    let field = refused["field"].as_str().filter(|field| !why.starts_with(field));
    let field = field.map_or_else(String::new, |field| format!("{field}: "));
    format!("  {}{line}: {field}{why}", table::text(&refused["file"]))
}
