//! `member admit`: lets in an organisation that asks without an invitation.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use praksis_protocol::{
    genesis::Kind,
    membership::{statement::Fact, ticket::Ticket},
};
use serde_json::Value;

use super::requests;
use crate::{context::Context, failure::Failure, join, root::RootArgs, show, statements, table};

/// Admit an organisation that asks without an invitation; on the association's node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who waits (member requests): its number or root key. Or what join --request made there: a file that holds it,
    /// the word itself, or - for standard input
    #[arg(value_name = "NR|FILE")]
    request: String,
    /// What it will be in the network [default: member]
    #[arg(long, value_parser = ["member", "association", "partner"])]
    role: Option<String>,
    /// Do not ask: it is certain that the root key in the request is that organisation's
    #[arg(long)]
    yes: bool,
    /// Write what it joins with into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    root: RootArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = args.root.client(context)?;
    let waits = requests::is_named(&args.request);
    let request = match waits {
        true => table::text(&requests::find(context, &client, &args.request).await?["request"]),
        false => join::ticket(context, &args.request)?,
    };
    if !args.yes {
        let who =
            who(context, &request).ok_or_else(|| context.failure("invalid", "refused-bad-ticket", &[]))?;
        if !io::stdin().is_terminal() {
            return Err(context.failure("misuse", "admit-yes", &[("who", who.into())]));
        }
        context.note(&who);
        context.note(&context.text("admit-make-sure", &[]));
        if !context.agreed(&context.text("admit-ask", &[]))? {
            return Err(context.failure("not_allowed", "admit-not", &[]));
        }
    }
    let answer = client.member_admit(&request, args.role.as_deref()).await;
    let mut answer = answer.map_err(|error| context.failed(error))?;
    let (word, name) = (table::text(&answer["admittance"]), table::text(&answer["name"]));
    let Some(out) = &args.out else {
        if waits {
            return context.show(&answer, || context.text("admit-waited", &[("name", name.into())]));
        }
        context.note(&context.text("admit-next", &[("name", name.into())]));
        // Alone on standard output, so that it can be handed on by a pipe.
        return context.show(&answer, || word);
    };
    let file = statements::write(context, out, &word)?;
    answer["file"] = file.as_str().into();
    context.show(&answer, || {
        context.text("admit-written", &[("name", name.into()), ("file", file.as_str().into())])
    })
}

/// Who asks, as the request says.
pub(super) fn who(context: &Context, request: &str) -> Option<String> {
    let Ok(Ticket::Application(application)) = Ticket::from_text(request) else { return None };
    let (grant, number) = application.asks_itself()?;
    let Fact::Device(grant, _) = &grant.fact else { return None };
    let who = context.text(
        "admit-who",
        &[
            ("name", application.name.as_str().into()),
            ("org", number.into()),
            ("key", application.org.to_string().into()),
            ("device", grant.device.to_string().into()),
        ],
    );
    let card = application.card.as_deref().and_then(|card| serde_json::from_str::<Value>(card).ok());
    let card = card.filter(|card| Kind::Organisation.faults(card).is_empty());
    let card = card.map(|card| show::record(context, Kind::Organisation.about(), &card));
    Some([Some(who), card].into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
}
