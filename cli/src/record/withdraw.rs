//! `withdraw`: a record is taken back everywhere it is heard.

use std::io::{self, IsTerminal as _};

use serde_json::Value;

use super::{Name, show};
use crate::{context::Context, failure::Failure, root::RootArgs, table, why};

/// Withdraw a record: hidden at once wherever it is heard, its words erased after the network's delay
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters
    id: String,
    /// The reason; everybody reads it who could read the record
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Erase its words without delay: with the root key, or as the second node of the organisation that says so
    #[arg(long)]
    now: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    root: RootArgs,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let client = args.root.client(context)?;
    if !args.yes {
        if !io::stdin().is_terminal() {
            return Err(context.failure("misuse", "withdraw-yes", &[]));
        }
        let what = match name.0 {
            "contact" => client.why(&args.id).await,
            kind => client.show(kind, &args.id).await,
        };
        let what = what.map_err(|error| context.failed(error))?;
        if !agreed(context, &what, name, &args)? {
            return Err(context.failure("not_allowed", "withdraw-not", &[]));
        }
    }
    let answer = client.withdraw(name.0, &args.id, &args.why, args.now).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || words(context, &answer))
}

/// Says what goes, and asks.
fn agreed(context: &Context, what: &Value, name: Name, args: &Args) -> Result<bool, Failure> {
    let told = match what["state"].as_str() {
        Some("withdrawn") => words(context, what),
        Some(_) => show::heading(context, name, what),
        None => why::documents(context, what),
    };
    context.note(&told);
    context.note(&context.text(if args.now { "withdraw-what-now" } else { "withdraw-what" }, &[]));
    context.agreed(&context.text("withdraw-ask", &[]))
}

/// A withdrawn record: since when and why, and how many have confirmed.
pub(crate) fn words(context: &Context, answer: &Value) -> String {
    let withdrawn = &answer["withdrawn"];
    let number = |name: &str| withdrawn[name].as_u64().unwrap_or_default();
    let arguments = [
        ("id", table::text(&answer["id"]).into()),
        ("at", table::moment(&withdrawn["at"]).into()),
        ("why", table::text(&withdrawn["why"]).into()),
    ];
    let key = if withdrawn["purged"] == true { "withdrawn-purged" } else { "withdrawn-hidden" };
    let confirmed = context.text(
        "withdrawn-confirmed",
        &[
            ("nodes", number("nodes").into()),
            ("hidden", number("hidden").into()),
            ("erased", number("erased").into()),
        ],
    );
    [context.text(key, &arguments), confirmed, why::documents(context, answer)].join("\n")
}
