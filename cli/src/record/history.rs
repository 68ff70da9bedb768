//! `history`: a record's changes.

use super::{Name, show::labels};
use crate::{context::Context, failure::Failure, table};

/// List a record's changes, oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or a unique beginning of at least 6 characters
    id: String,
    /// Of the draft, or of what was shared from it [default: the draft where there is one]
    #[arg(long, value_parser = ["draft", "shared"])]
    of: Option<String>,
}

pub(crate) async fn run(args: Args, name: Name, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let answer = client.history(name.0, &args.id, args.of.as_deref()).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let columns = ["column-when", "column-who", "column-fields", "column-change"];
        let rows = table::items(&answer).iter().map(|change| {
            let fields = change["fields"].as_array().map_or(&[][..], Vec::as_slice);
            let by = &change["by"];
            let organisation = by["name"].as_str().or(by["org"].as_str()).unwrap_or_default().to_owned();
            let who = [organisation, table::text(&by["slot"])];
            let who: Vec<_> = who.into_iter().filter(|text| !text.is_empty()).collect();
            vec![
                table::moment(&change["at"]),
                who.join(" / "),
                labels(context, name, fields).join(", "),
                table::text(&change["change"]).chars().take(12).collect(),
            ]
        });
        table::list(context, &columns, rows, "history-none")
    })
}
