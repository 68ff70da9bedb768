//! What happens in the demo, step by step.

use std::{collections::BTreeMap, path::Path, time::Instant};

use futures::future::try_join_all;
use praksis_node::{client::Progress, locale::Argument};
use praksis_protocol::{
    aggregate::{self, Entry, Report, Total},
    code::Code as _,
    language::Language,
    org_number::OrgNumber,
    vocabulary::{GainMetric, GainUnit, Phase},
};
use serde_json::Value;

use super::{
    BERGEN, KS, ORGANISATIONS, QUERY, TRONDHEIM,
    node::{Node, Stopped},
};
use crate::{context::Context, failure::Failure, similar::label};

/// A word of the case's own, put among its keywords while the network is parted: nothing is added
/// that its sources do not say.
const CORRECTION: &str = "byggematerialer";

/// What the story came to.
pub(super) struct Told {
    pub(super) shared: usize,
    pub(super) report: Value,
    pub(super) similar: Value,
    pub(super) seconds: f64,
}

/// Tells the story. The nodes are left as they stand, for whoever called to stop.
pub(super) async fn tell(context: &Context, home: &Path, nodes: &mut Vec<Node>) -> Result<Told, Failure> {
    let began = Instant::now();
    say(
        context,
        "demo-intro",
        &[("names", ORGANISATIONS.map(|organisation| organisation.name).join(", ").into())],
    )?;
    say(context, "demo-note", &[])?;
    for organisation in &ORGANISATIONS {
        let mut node = Node::new(context, home, organisation)?;
        node.start(context).await?;
        nodes.push(node);
    }
    say(context, "demo-founded", &[("name", ORGANISATIONS[KS].name.into())])?;
    found(context, nodes).await?;

    let stopped = |stopped: Stopped| stopped.failure(context);
    let drafts = try_join_all(nodes.iter().map(Node::draft_all)).await.map_err(stopped)?;
    let counts: Vec<_> = nodes
        .iter()
        .zip(&drafts)
        .map(|(node, drafts)| format!("{} {}", node.organisation.name, drafts.len()))
        .collect();
    say(context, "demo-drafts", &[("counts", counts.join(", ").into())])?;

    let count = drafts.iter().map(Vec::len).sum();
    let sharing = Instant::now();
    let all =
        nodes.iter().zip(&drafts).flat_map(|(node, drafts)| drafts.iter().map(|draft| node.share(*draft)));
    let (shared, held) = tokio::join!(try_join_all(all), held_by_all(context, nodes, count));
    shared.map_err(stopped)?;
    held?;
    let taken = seconds(context, sharing.elapsed().as_secs_f64());
    say(context, "demo-shared", &[("seconds", taken.into()), ("count", count.into())])?;

    part_and_heal(context, nodes, drafts[TRONDHEIM][1]).await?;

    let report = report(context, &nodes[KS]).await?;
    say(context, "demo-report", &in_short(context, nodes[KS].organisation.name, &report))?;

    say(context, "demo-query", &[("name", nodes[BERGEN].organisation.name.into()), ("query", QUERY.into())])?;
    let similar = nodes[BERGEN].similar(context, QUERY, count).await?;
    Ok(Told {
        shared: count,
        report: serde_json::to_value(report).expect("JSON of plain values"),
        similar: serde_json::to_value(similar).expect("JSON of plain values"),
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The association invites the others, and all wait until everybody knows everybody.
async fn found(context: &Context, nodes: &[Node]) -> Result<(), Failure> {
    let association = &nodes[KS];
    let joining = nodes.iter().filter(|node| !node.organisation.association).map(|node| async move {
        let ticket = association.invite(node.organisation.number).await?;
        node.join(&ticket).await
    });
    try_join_all(joining).await.map_err(|stopped| stopped.failure(context))?;
    let known = nodes.iter().map(|node| {
        node.until(context, async || Ok((node.status().await?.members.len() == nodes.len()).then_some(())))
    });
    try_join_all(known).await.map(drop)
}

/// Waits until each node holds so many shared cases.
async fn held_by_all(context: &Context, nodes: &[Node], count: usize) -> Result<(), Failure> {
    let bar = context.progress("demo-sharing");
    let held = std::cell::RefCell::new(vec![0; nodes.len()]);
    let total = (count * nodes.len()) as u64;
    let (bar, held) = (&bar, &held);
    let waiting = nodes.iter().enumerate().map(|(index, node)| {
        node.until(context, async move || {
            let cases = node.shared_cases().await?.len();
            let done = {
                let mut held = held.borrow_mut();
                held[index] = cases;
                held.iter().sum::<usize>()
            };
            bar.set(Progress { done: done as u64, total });
            Ok((cases == count).then_some(()))
        })
    });
    try_join_all(waiting).await.map(drop)
}

/// One node goes, another writes, the first comes back, and all agree again.
async fn part_and_heal(
    context: &Context,
    nodes: &mut [Node],
    record: praksis_protocol::id::DocumentId,
) -> Result<(), Failure> {
    let names = [
        ("name", nodes[BERGEN].organisation.name.into()),
        ("writer", nodes[TRONDHEIM].organisation.name.into()),
    ];
    say(context, "demo-parted", &names)?;
    nodes[BERGEN].switch_off(context).await?;
    let stopped = |stopped: Stopped| stopped.failure(context);
    nodes[TRONDHEIM].edit(record, &format!("keywords+={CORRECTION}")).await.map_err(stopped)?;
    nodes[TRONDHEIM].share(record).await.map_err(stopped)?;

    let healing = Instant::now();
    nodes[BERGEN].start(context).await?;
    let others = nodes.len() - 1;
    let level = nodes.iter().map(|node| {
        node.until(context, async || {
            let corrected = node.shared_cases().await?.into_iter().any(|(id, _, case)| {
                id == record && case.keywords.iter().any(|keyword| keyword.to_string() == CORRECTION)
            });
            Ok((corrected && node.is_level(others).await?).then_some(()))
        })
    });
    try_join_all(level).await?;
    let taken = seconds(context, healing.elapsed().as_secs_f64());
    say(
        context,
        "demo-healed",
        &[("name", nodes[BERGEN].organisation.name.into()), ("seconds", taken.into())],
    )
}

/// What the association computes from what it holds.
async fn report(context: &Context, association: &Node) -> Result<Report, Failure> {
    let stopped = |stopped: Stopped| stopped.failure(context);
    let status = association.status().await.map_err(stopped)?;
    let numbers: BTreeMap<_, OrgNumber> =
        status.members.iter().filter_map(|member| Some((member.org, member.number.parse().ok()?))).collect();
    let cases = association.shared_cases().await.map_err(stopped)?;
    let entries: Vec<_> = cases
        .iter()
        .filter_map(|(record, owner, case)| {
            Some(Entry { record: *record, owner: *numbers.get(owner)?, case })
        })
        .collect();
    let members = numbers.values().copied().collect();
    Ok(aggregate::report(&entries, &members, association.handle().today()))
}

/// The report in two sentences.
fn in_short<'a>(context: &Context, name: &'a str, report: &Report) -> [(&'static str, Argument<'a>); 5] {
    let block = &report.demonstrations;
    let mut phases: Vec<_> = block.phase.value.by.iter().collect();
    phases.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), (*code).clone()));
    let phases: Vec<_> = phases
        .into_iter()
        .take(3)
        .map(|(code, count)| format!("{} {count}", label(Phase::LIST, code, context.language)))
        .collect();
    // Measures that people named themselves stand in the report, without a label for a summary.
    let labelled = |total: &&Total| {
        total.measure.metric.as_deref().is_some_and(|metric| GainMetric::LIST.labels_of(metric).is_some())
    };
    let totals: Vec<_> =
        block.gains.value.totals.iter().filter(labelled).map(|total| gain(context, total)).collect();
    let gains = if totals.is_empty() {
        context.text("demo-report-no-gains", &[])
    } else {
        context.text("demo-report-gains", &[("gains", totals.join("; ").into())])
    };
    [
        ("name", name.into()),
        ("count", block.cases.value.into()),
        ("reporting", block.cases.coverage.reporting.into()),
        ("phases", phases.join(", ").into()),
        ("gains", gains.into()),
    ]
}

fn gain(context: &Context, total: &Total) -> String {
    let of = |list, code: &Option<String>| label(list, code.as_deref().unwrap_or_default(), context.language);
    let (low, high) = (grouped(&total.low.to_string()), grouped(&total.high.to_string()));
    let span = if low == high { low } else { format!("{low}–{high}") };
    format!(
        "{} {span} {}",
        of(GainMetric::LIST, &total.measure.metric),
        of(GainUnit::LIST, &total.measure.unit)
    )
}

/// Digits in groups of three, so that millions are seen as such.
fn grouped(number: &str) -> String {
    let (whole, part) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 && digit.is_ascii_digit() {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    part.map_or(text.clone(), |part| format!("{text},{part}"))
}

/// Tells people; a program gets the whole at the end.
pub(super) fn say(
    context: &Context,
    key: &str,
    arguments: &[(&'static str, Argument<'_>)],
) -> Result<(), Failure> {
    if context.json { Ok(()) } else { context.print(&context.text(key, arguments)) }
}

/// Seconds with one decimal, as the language writes them.
pub(super) fn seconds(context: &Context, seconds: f64) -> String {
    let text = format!("{seconds:.1}");
    match context.language {
        Language::En => text,
        Language::Nb | Language::Nn | Language::Se => text.replace('.', ","),
    }
}
