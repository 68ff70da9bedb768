//! `demo`: the whole of it on one machine, told so that a mayor can follow.
//!
//! Four nodes, each with a folder, a store and an identity of its own, meet over real connections on
//! loopback. The cases are real procurements retold from public sources (`cli/demo/mapping.md`).

mod node;
mod story;

use std::time::Duration;

use praksis_node::{folder, platform};
use serde_json::json;
use tempfile::TempDir;

use self::{node::Node, story::Told};
use crate::{context::Context, failure::Failure, init::folder_failure, similar};

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Show four nodes that share real cases, and a query that finds the right one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Stop when the story is told, instead of staying up until Ctrl-C
    #[arg(long)]
    exit: bool,
}

/// An organisation of the demo. Its number is made up: real ones begin with 8 or 9.
struct Organisation {
    number: &'static str,
    name: &'static str,
    /// The name of its folder.
    folder: &'static str,
    association: bool,
    cases: &'static str,
}

const TRONDHEIM: usize = 0;
const BERGEN: usize = 1;
const KS: usize = 3;

const ORGANISATIONS: [Organisation; 4] = [
    Organisation {
        number: "310000019",
        name: "Trondheim (demo)",
        folder: "trondheim",
        association: false,
        cases: include_str!("../demo/trondheim.json"),
    },
    Organisation {
        number: "310000027",
        name: "Bergen (demo)",
        folder: "bergen",
        association: false,
        cases: include_str!("../demo/bergen.json"),
    },
    Organisation {
        number: "310000035",
        name: "Bærum (demo)",
        folder: "baerum",
        association: false,
        cases: include_str!("../demo/baerum.json"),
    },
    Organisation {
        number: "310000043",
        name: "KS (demo)",
        folder: "ks",
        association: true,
        cases: include_str!("../demo/ks.json"),
    },
];

/// As an officer writes it, in nynorsk; the cases that answer it are in bokmål, and none is Bergen's.
const QUERY: &str = "tryggleiksalarm og velferdsteknologi for eldre som bur heime";

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let temporary = if context.dir_given { None } else { Some(temporary(context)?) };
    let home = temporary.as_ref().map_or(context.dir.as_path(), TempDir::path);
    if home.join("version").exists() {
        // A node lives there, named by PRAKSIS_DIR perhaps; the demo does not move in with it.
        let error = folder::Error::Exists { path: home.to_owned(), what: "a node" };
        return Err(folder_failure(context, &error));
    }
    let mut nodes = Vec::new();
    let mut asked_to_stop = std::pin::pin!(platform::asked_to_stop());
    let told = tokio::select! {
        told = story::tell(context, home, &mut nodes) => Some(told),
        _ = &mut asked_to_stop => None,
    };
    let result = match told {
        Some(Ok(told)) => finish(args, context, &nodes, &told, asked_to_stop).await,
        Some(Err(failure)) => Err(failure),
        None => Ok(()),
    };
    for node in nodes {
        node.stop(context).await?;
    }
    result
}

/// The end of the story: the answer to the query, and then the nodes stay up.
async fn finish(
    args: Args,
    context: &Context,
    nodes: &[Node],
    told: &Told,
    asked_to_stop: impl Future<Output = std::io::Result<()>>,
) -> Result<(), Failure> {
    let rows: Vec<_> = nodes.iter().map(Node::describe).collect();
    let answer = json!({
        "nodes": rows,
        "shared": told.shared,
        "report": told.report,
        "similar": told.similar,
        "seconds": told.seconds,
    });
    context.show(&answer, || similar::words(context, &told.similar))?;
    story::say(
        context,
        "demo-took",
        &[
            ("ms", told.similar["took_ms"].as_f64().unwrap_or_default().ceil().into()),
            ("seconds", story::seconds(context, told.seconds).into()),
        ],
    )?;
    if args.exit {
        return Ok(());
    }
    story::say(context, "demo-stays", &[])?;
    if !context.json {
        let dir = nodes[BERGEN].dir().display();
        context.print(&format!("  praksis similar \"elektriske maskiner på byggeplassen\" --dir {dir}"))?;
    }
    asked_to_stop
        .await
        .map_err(|error| context.failure("storage", "run-signal", &[("why", error.to_string().into())]))
}

fn temporary(context: &Context) -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("praksis-demo-").tempdir().map_err(|error| {
        let (folder, why) = (std::env::temp_dir().display().to_string(), error.to_string());
        context.failure("storage", "cannot-write", &[("file", folder.into()), ("why", why.into())])
    })
}
