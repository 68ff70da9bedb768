//! `report`: what the network's cases say together.

use std::{fs, path::PathBuf};

use praksis_protocol::{
    code::{Code as _, CodeList},
    vocabulary::{
        GainBasis, GainCategory, GainMetric, GainPeriod, GainScope, GainUnit, InnovationKind, Phase,
        Procedure, Sector,
    },
};
use serde_json::Value;

use crate::{context::Context, failure::Failure, similar::label, table};

/// Count what the network's cases say together
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// As it stood at the end of this day [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Write report.json and report.txt into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let answer = context.client()?.report(args.as_of.as_deref()).await;
    let answer = answer.map_err(|error| context.failed(error))?;
    let Some(out) = args.out else { return context.show(&answer, || words(context, &answer)) };
    let json = serde_json::to_string_pretty(&answer).expect("JSON of plain values");
    let text = words(context, &answer);
    let name = out.display().to_string();
    let write = || {
        fs::create_dir_all(&out)?;
        fs::write(out.join("report.json"), json + "\n")?;
        fs::write(out.join("report.txt"), text + "\n")
    };
    write().map_err(|error| {
        let why = error.to_string();
        context.failure("storage", "cannot-write", &[("file", name.as_str().into()), ("why", why.into())])
    })?;
    context.show(&answer, || context.text("report-written", &[("dir", name.as_str().into())]))
}

/// The report for people.
fn words(context: &Context, report: &Value) -> String {
    let as_of = table::text(&report["as_of"]);
    let mut parts = vec![context.text("report-title", &[("as_of", as_of.into())])];
    for (name, key) in [("real", "report-real"), ("demonstrations", "report-demonstrations")] {
        let block = &report[name];
        if block["cases"]["value"].as_u64().unwrap_or_default() == 0 {
            continue;
        }
        parts.push(context.text(key, &[]));
        parts.push(figure(context, &block["cases"], table::text(&block["cases"]["value"])));
        let lists = [
            ("phase", Phase::LIST),
            ("sector", Sector::LIST),
            ("procedure", Procedure::LIST),
            ("kind", InnovationKind::LIST),
        ];
        for (name, list) in lists {
            parts.push(figure(context, &block[name], counts(context, &block[name]["value"], list)));
        }
        parts.push(figure(context, &block["gains"], gains(context, &block["gains"]["value"])));
    }
    if parts.len() == 1 {
        parts.push(context.text("report-none", &[]));
    }
    parts.join("\n\n")
}

/// A figure under its definition, with how much of the network it rests on.
fn figure(context: &Context, figure: &Value, value: String) -> String {
    let coverage = &figure["coverage"];
    let number = |field: &str| coverage[field].as_u64().unwrap_or_default();
    let definition = context.text(&table::text(&figure["definition"]), &[]);
    let arguments = [("reporting", number("reporting").into()), ("members", number("members").into())];
    let indented: Vec<_> = value.lines().map(|line| format!("  {line}")).collect();
    format!("{definition}\n  ({})\n{}", context.text("report-coverage", &arguments), indented.join("\n"))
}

fn counts(context: &Context, counts: &Value, list: &CodeList) -> String {
    let mut rows: Vec<_> = counts["by"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(code, count)| (label(list, code, context.language), count.as_u64().unwrap_or_default()))
        .collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let not_stated = counts["not_stated"].as_u64().unwrap_or_default();
    if not_stated > 0 {
        rows.push((context.text("report-not-stated", &[]), not_stated));
    }
    table::pairs(rows.into_iter().map(|(label, count)| (label, count.to_string())))
}

fn gains(context: &Context, gains: &Value) -> String {
    let list = |name: &str| gains[name].as_array().map_or(&[][..], Vec::as_slice);
    let totals =
        list("totals").iter().map(|total| (measure(context, total), span(&total["low"], &total["high"])));
    let mut text = vec![context.text("report-totals", &[])];
    text.push(if list("totals").is_empty() { context.text("none", &[]) } else { table::pairs(totals) });
    if !list("apart").is_empty() {
        text.push(context.text("report-apart", &[]));
        text.push(table::pairs(list("apart").iter().map(|apart| {
            let value = match span(&apart["lowest"], &apart["highest"]) {
                span if span.is_empty() => context.text("report-in-words", &[]),
                span => span,
            };
            let of =
                |list: &CodeList, field: &str| label(list, &table::text(&apart[field]), context.language);
            let rests = [of(GainBasis::LIST, "basis"), of(GainScope::LIST, "scope")];
            let rests: Vec<_> = rests.into_iter().filter(|text| !text.is_empty()).collect();
            (measure(context, apart), format!("{value} ({})", rests.join(", ")))
        })));
    }
    text.join("\n")
}

fn measure(context: &Context, gain: &Value) -> String {
    let of = |list: &CodeList, field: &str| label(list, &table::text(&gain[field]), context.language);
    let parts = [
        of(GainCategory::LIST, "category"),
        of(GainMetric::LIST, "metric"),
        of(GainUnit::LIST, "unit"),
        of(GainPeriod::LIST, "period"),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn span(low: &Value, high: &Value) -> String {
    let (low, high) = (table::text(low), table::text(high));
    if low == high { low } else { format!("{low}–{high}") }
}
