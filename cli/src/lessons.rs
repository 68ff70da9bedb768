//! `lessons`: what was learned about a theme, across cases.

use praksis_protocol::{
    code::Code as _,
    vocabulary::{LessonKind, Phase, Theme},
};
use serde_json::{Value, json};

use crate::{args::org_number, context::Context, failure::Failure, similar::label, table};

/// Lessons asked for at a time.
const PAGE: u64 = 500;

/// List lessons across cases
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those about this theme
    #[arg(long, value_name = "CODE")]
    theme: Option<String>,
    /// Only those that are of use in this phase
    #[arg(long, value_name = "CODE")]
    phase: Option<String>,
    /// Only those of this kind
    #[arg(long, value_name = "CODE")]
    kind: Option<String>,
    /// Only from cases of this sector
    #[arg(long, value_name = "CODE")]
    sector: Option<String>,
    /// Only from cases kept by this organisation
    #[arg(long, value_name = "NR", value_parser = org_number)]
    owner: Option<String>,
    /// Only from cases with this CPV code, or under it
    #[arg(long, value_name = "CODE")]
    cpv: Option<String>,
    /// How many at most [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on after a list that was cut off: its `next`
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let (mut items, mut cursor) = (Vec::new(), args.cursor);
    loop {
        let wanted = args.limit.map_or(PAGE, |limit| (limit - items.len() as u64).min(PAGE)).to_string();
        let mut query = vec![("lang", context.language.code()), ("limit", &wanted)];
        let filters = [
            ("cursor", &cursor),
            ("theme", &args.theme),
            ("phase", &args.phase),
            ("kind", &args.kind),
            ("sector", &args.sector),
            ("owner", &args.owner),
            ("cpv", &args.cpv),
        ];
        query.extend(filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
        let page = client.lessons(&query).await.map_err(|error| context.failed(error))?;
        items.extend(table::items(&page).iter().cloned());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() || args.limit.is_some_and(|limit| items.len() as u64 >= limit) {
            break;
        }
    }
    context.show(&json!({"items": items, "next": cursor}), || words(context, &items))
}

fn words(context: &Context, items: &[Value]) -> String {
    if items.is_empty() {
        return context.text("lessons-none", &[]);
    }
    items.iter().map(|item| one(context, item)).collect::<Vec<_>>().join("\n\n")
}

/// A lesson, what to do about it, and whose it is.
pub(crate) fn one(context: &Context, item: &Value) -> String {
    let lesson = &item["lesson"];
    let language = context.language;
    let about = [
        label(Theme::LIST, &table::text(&lesson["theme"]), language),
        label(Phase::LIST, &table::text(&lesson["phase"]), language),
        label(LessonKind::LIST, &table::text(&lesson["kind"]), language),
    ];
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let mut lines = vec![format!("- {}", table::text(&lesson["what"]))];
    if let Some(advice) = lesson["advice"].as_str() {
        lines.push(format!("  → {advice}"));
    }
    if !about.is_empty() {
        lines.push(format!("  {}", about.join(" · ")));
    }
    let id: String = table::text(&item["id"]).chars().take(12).collect();
    lines.push(format!("  {} · {} · {id}", table::text(&item["title"]), table::text(&item["owner"]["name"])));
    lines.join("\n")
}
