//! `start`: somebody is about to buy. What does the network know, and shall a case be begun?

use std::io::{self, IsTerminal as _};

use praksis_node::client::Client;
use praksis_protocol::{
    code::Code as _,
    vocabulary::{JoiningKind, Phase},
};
use serde_json::Value;

use crate::{
    context::Context,
    failure::Failure,
    init::command,
    lessons,
    need::Need,
    similar::{self, label},
    table,
};

/// Show what others learned of a need, whom to ask and who is about to buy the same, and begin a case
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The need in words, or a file that describes it: txt, md, docx, pdf, or a case as json or toml; - is standard input
    #[arg(value_name = "TEXT|FILE")]
    need: String,
    /// Begin the draft without asking
    #[arg(long)]
    yes: bool,
    /// How many similar cases at most
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10))]
    limit: u64,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let limit = args.limit.to_string();
    let query = [("limit", limit.as_str()), ("lang", context.language.code())];
    let told = match Need::typed(context, &args.need).await? {
        Need::Words(text) => client.start(&query, &text).await,
        Need::Case(case) => client.start_from(&query, &case).await,
    };
    let mut told = told.map_err(|error| context.failed(error))?;
    if context.json {
        if args.yes {
            told["id"] = begin(context, &client, &told["draft"]).await?.into();
        }
        return context.print(&told.to_string());
    }
    context.print(&words(context, &told))?;
    if args.yes || agreed(context, &told)? {
        let id = begin(context, &client, &told["draft"]).await?;
        let edit = command(context, &format!("case edit {}", &id[..id.len().min(12)]));
        context.print(&context.text("start-made", &[("id", id.into()), ("command", edit.into())]))?;
    }
    Ok(())
}

async fn begin(context: &Context, client: &Client, draft: &Value) -> Result<String, Failure> {
    client.create("case", draft).await.map_err(|error| context.failed(error))
}

/// Asks whether to begin the draft: people at a terminal, and nobody else.
fn agreed(context: &Context, told: &Value) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        context.note(&context.text("start-not-made", &[]));
        return Ok(false);
    }
    context.note(&context.text("start-ask", &[("title", title(context, told).into())]));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| {
        let why = error.to_string();
        context.failure("storage", "file-unreadable", &[("file", "-".into()), ("why", why.into())])
    })?;
    let answer = answer.trim().to_lowercase();
    Ok(["j", "ja", "y", "yes"].contains(&answer.as_str()))
}

fn title(context: &Context, told: &Value) -> String {
    crate::show::by_language(&told["draft"]["title"], context.language, context.language)
}

fn words(context: &Context, told: &Value) -> String {
    let list = |name: &str| told[name].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = Vec::new();
    let none_near = told["nothing_close"] == true;
    // Those that are far are shown when there are no others.
    let hits = list("hits").iter().filter(|hit| none_near || hit["far"] == false);
    let hits: Vec<_> = hits.enumerate().map(|(at, hit)| similar::one(context, at + 1, hit)).collect();
    let building = told["building"] == true;
    if building || hits.is_empty() {
        text.push(context.text(if building { "similar-building" } else { "similar-none" }, &[]));
    }
    let mut part = |key: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push(format!("{}\n\n{}", context.text(key, &[]), lines.join("\n\n")));
        }
    };
    part(if none_near { "similar-nothing-close" } else { "start-similar" }, hits);
    let lessons = |now: bool| {
        let those = list("lessons").iter().filter(move |lesson| lesson["now"] == now);
        those.map(|lesson| lessons::one(context, lesson)).collect()
    };
    part("start-lessons-now", lessons(true));
    part("start-lessons-later", lessons(false));
    part("start-joining", list("joining").iter().map(|case| joining(context, case)).collect());
    part("start-templates", list("templates").iter().map(|template| heading(context, template)).collect());
    part("start-contacts", list("contacts").iter().map(contact).collect());
    if let Some(code) = told["cpv"]["code"].as_str() {
        let share = (told["cpv"]["share"].as_f64().unwrap_or_default() * 100.0).round();
        let label = table::text(&told["cpv"]["label"]);
        let arguments =
            [("code", code.into()), ("label", label.into()), ("share", format!("{share}").into())];
        text.push(context.text("start-cpv", &arguments));
    }
    text.join("\n\n")
}

fn heading(context: &Context, item: &Value) -> String {
    let id: String = table::text(&item["id"]).chars().take(12).collect();
    let phase = label(Phase::LIST, &table::text(&item["phase"]), context.language);
    let about = [table::text(&item["owner"]["name"]), phase, id];
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
    format!("- {}\n  {}", table::text(&item["title"]), about.join(" · "))
}

/// A case that is about to buy the same, with how to join and when its notice is expected.
fn joining(context: &Context, case: &Value) -> String {
    let mut lines = vec![heading(context, case)];
    let joining = &case["joining"];
    let possible = label(JoiningKind::LIST, &table::text(&joining["possible"]), context.language);
    let until = joining["until"].as_str().map(|day| context.text("start-until", &[("day", day.into())]));
    let how = joining["how"].as_str().map(str::to_owned);
    let notice = case["expected_notice"].as_str();
    let notice = notice.map(|day| context.text("start-notice", &[("day", day.into())]));
    let possible = Some(possible).filter(|possible| !possible.is_empty());
    lines.extend([possible, until, how, notice].into_iter().flatten().map(|line| format!("  {line}")));
    lines.join("\n")
}

fn contact(item: &Value) -> String {
    let parts = [
        &item["owner"]["name"],
        &item["contact"]["role"],
        &item["contact"]["mailbox"],
        &item["contact"]["phone"],
    ];
    let parts: Vec<_> = parts.into_iter().map(table::text).filter(|text| !text.is_empty()).collect();
    format!("- {}", parts.join(" · "))
}
