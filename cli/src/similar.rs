//! `similar`: finds past cases, and says why.

use std::path::PathBuf;

use praksis_protocol::{
    code::{Code as _, CodeList},
    cpv::Cpv,
    genesis::Kind,
    language::Language,
    vocabulary::{InnovationKind, Phase, Procedure},
};
use serde_json::Value;

use crate::{args::org_number, context::Context, failure::Failure, need::Need, table};

/// Reasons shown for one hit; the smaller ones stand in the JSON.
const REASONS_SHOWN: usize = 5;

/// The smallest share that is shown, in per cent.
const SHARE_SHOWN: f64 = 2.0;

/// Find similar past cases, with reasons
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The need, in a few words or a whole description
    #[arg(required_unless_present_any = ["case", "file"], conflicts_with_all = ["case", "file"])]
    text: Option<String>,
    /// Like this case
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    case: Option<String>,
    /// Like the need in this file: txt, md, docx, pdf, or a case as json or toml; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How many hits at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    limit: u64,
    /// Only cases in this phase
    #[arg(long, value_name = "CODE")]
    phase: Option<String>,
    /// Only cases of this sector
    #[arg(long, value_name = "CODE")]
    sector: Option<String>,
    /// Only cases kept by this organisation
    #[arg(long, value_name = "NR", value_parser = org_number)]
    owner: Option<String>,
    /// Only cases with this CPV code, or under it
    #[arg(long, value_name = "CODE")]
    cpv: Option<String>,
    /// Only cases of owners in this county
    #[arg(long, value_name = "NAME")]
    county: Option<String>,
    /// Only cases with this procedure
    #[arg(long, value_name = "CODE")]
    procedure: Option<String>,
    /// Only cases of this year, or of years as 2019-2021
    #[arg(long, value_name = "YEAR")]
    year: Option<String>,
    /// Only cases of this value, least and most as 500000-2000000; either may be left out
    #[arg(long, value_name = "LEAST-MOST", allow_hyphen_values = true)]
    value: Option<String>,
    /// Only cases written in this language
    #[arg(long, value_name = "CODE")]
    content_lang: Option<String>,
    /// Only records of this kind
    #[arg(long, value_name = "CODE")]
    kind: Option<String>,
    /// Only cases with a measured gain
    #[arg(long)]
    measured: bool,
    /// Only cases that ended without what was wanted
    #[arg(long)]
    failed: bool,
    /// The phase you stand in: its lessons are shown
    #[arg(long, value_name = "CODE")]
    my_phase: Option<String>,
    /// Leave out this case
    #[arg(long, value_name = "ID")]
    except: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str()), ("lang", context.language.code())];
    let filters = [
        ("phase", &args.phase),
        ("sector", &args.sector),
        ("owner", &args.owner),
        ("cpv", &args.cpv),
        ("county", &args.county),
        ("procedure", &args.procedure),
        ("year", &args.year),
        ("value", &args.value),
        ("content_lang", &args.content_lang),
        ("kind", &args.kind),
        ("my_phase", &args.my_phase),
        ("except", &args.except),
    ];
    let flags = [("measured", args.measured), ("failed", args.failed)];
    query.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| (*name, "true")));
    query.extend(filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
    let client = context.client()?;
    let answer = match (&args.text, &args.case, &args.file) {
        (Some(text), ..) if text.len() <= 400 => {
            query.push(("q", text));
            client.similar(&query, None).await
        }
        (Some(text), ..) => client.similar(&query, Some(text)).await,
        (None, Some(case), _) => {
            query.push(("case", case));
            client.similar(&query, None).await
        }
        (None, None, Some(path)) => match Need::of_file(context, path).await? {
            Need::Case(case) => client.similar_to(&query, &case).await,
            Need::Words(text) => client.similar(&query, Some(&text)).await,
        },
        (None, None, None) => unreachable!("one of the three is required"),
    };
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || words(context, &answer))
}

/// The answer for people: also what the demo ends with.
pub(crate) fn words(context: &Context, answer: &Value) -> String {
    let hits = answer["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = Vec::new();
    if answer["building"] == true {
        text.push(context.text("similar-building", &[]));
    }
    if hits.is_empty() {
        if text.is_empty() {
            text.push(context.text("similar-none", &[]));
        }
        return text.join("\n\n");
    }
    if answer["nothing_close"].as_bool() == Some(true) {
        text.push(context.text("similar-nothing-close", &[]));
    }
    let also: Vec<_> = answer["searched_also"].as_array().into_iter().flatten().map(table::text).collect();
    if !also.is_empty() {
        text.push(context.text("similar-also", &[("words", also.join(", ").into())]));
    }
    text.extend(hits.iter().enumerate().map(|(index, hit)| one(context, index + 1, hit)));
    text.join("\n\n")
}

/// A hit with its reasons.
pub(crate) fn one(context: &Context, number: usize, hit: &Value) -> String {
    let phase = label(Phase::LIST, &table::text(&hit["phase"]), context.language);
    let owner = table::text(&hit["owner"]["name"]);
    let about: Vec<_> = [owner, phase].into_iter().filter(|text| !text.is_empty()).collect();
    let mut lines = vec![format!("{number}. {}", table::text(&hit["title"]))];
    let mut line = |text: String| lines.push(format!("   {text}"));
    line(format!("{} · {}", about.join(" · "), table::text(&hit["id"]).chars().take(12).collect::<String>()));
    let useful: Vec<_> =
        hit["useful"].as_array().into_iter().flatten().filter_map(|name| field(context, name)).collect();
    if !useful.is_empty() {
        line(context.text("similar-useful", &[("fields", useful.join(", ").into())]));
    }
    for lesson in hit["lessons"].as_array().into_iter().flatten() {
        let advice = ["advice", "what", "text"].iter().find_map(|field| lesson[*field].as_str());
        if let Some(advice) = advice.or(lesson.as_str()) {
            line(context.text("similar-lesson", &[("lesson", advice.into())]));
        }
    }
    let why = reasons(context, hit);
    if !why.is_empty() {
        line(context.text("similar-why", &[("why", why.into())]));
    }
    let sentence = table::text(&hit["sentence"]);
    if !sentence.is_empty() {
        line(format!("«{sentence}»"));
    }
    lines.join("\n")
}

/// What a field of a case is called.
fn field(context: &Context, name: &Value) -> Option<&'static str> {
    let field = Kind::Case.about().iter().find(|field| Some(field.name) == name.as_str())?;
    Some(field.labels.get(context.language))
}

/// The largest reasons, each with its share of the score in whole per cent.
fn reasons(context: &Context, hit: &Value) -> String {
    let parts = hit["why"].as_array().map_or(&[][..], Vec::as_slice);
    let shown = parts.iter().take(REASONS_SHOWN).filter_map(|part| {
        let share = (part["share"].as_f64()? * 100.0).round();
        (share >= SHARE_SHOWN).then(|| format!("{} {share} %", reason(context, part)))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn reason(context: &Context, part: &Value) -> String {
    let (kind, text) = (table::text(&part["kind"]), table::text(&part["text"]));
    let language = context.language;
    let about = match kind.as_str() {
        "word" => return format!("«{text}»"),
        "part" | "expansion" | "spelling" => format!("«{text}»"),
        "cpv" => match (part["label"].as_str(), text.parse::<Cpv>()) {
            (Some(label), _) => label.to_owned(),
            (None, Ok(code)) => code.nearest_labels().get(language).to_owned(),
            (None, Err(_)) => text,
        },
        "phase" => label(Phase::LIST, &text, language),
        "procedure" => label(Procedure::LIST, &text, language),
        "innovation" => label(InnovationKind::LIST, &text, language),
        _ => text,
    };
    context.text(&format!("why-{kind}"), &[("text", about.into())])
}

/// What people see instead of a code.
pub(crate) fn label(list: &CodeList, code: &str, language: Language) -> String {
    list.labels_of(code).map_or(code, |labels| labels.get(language)).to_owned()
}
