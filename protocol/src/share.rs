//! From a draft to what others may read: what is still missing, what is held back, what stays home.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    case::{AwardCriterion, Case},
    collection::Collection,
    date::Day,
    genesis::Kind,
    id::DocumentId,
    language::ByLang,
    personal::{self, Found},
    record::{Fault, Items, Record, Unknown},
    template::Template,
    text::Text,
    vocabulary::{Outcome, Phase},
};

/// How much of the need becomes the summary of a case without one, in characters.
const SUMMARY_LENGTH: usize = 600;

/// What the one who shares decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The day it is in Oslo.
    pub today: Day,
    /// Whether telephone numbers and e-mail addresses were seen and are meant to be there.
    pub allow_found: bool,
}

impl Terms {
    /// Nothing of a person is let through.
    pub fn on(today: Day) -> Self {
        Self { today, allow_found: false }
    }
}

/// What sharing depends on beside the draft.
pub struct Sharing<'a> {
    /// What the one who shares decides.
    pub terms: Terms,
    /// Whether those who will read this can also read that record.
    pub reaches: &'a dyn Fn(DocumentId) -> bool,
    /// What was shared from this draft before, if anything.
    pub before: Option<&'a Map<String, Value>>,
}

/// What to share.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The record as others will read it. Fields that only a newer version knows are not in it:
    /// whether they may leave the house is not known here. A writer leaves them as they are in what was shared.
    pub record: Map<String, Value>,
    /// Fields held back until the competition is over.
    pub held_back: Vec<&'static str>,
    /// References left out because not every reader may read what they point at: field and record.
    pub left_out: Vec<(&'static str, DocumentId)>,
    /// Whether the summary was built from the need.
    pub summary_built: bool,
}

/// Why a draft is not shared; all reasons at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("the draft cannot be shared yet: {}", reasons(self))]
pub struct Refused {
    /// Fields still to be filled in.
    pub missing: Vec<&'static str>,
    /// The day from which it may be shared.
    pub embargo_until: Option<Day>,
    /// Values that cannot be read.
    pub faults: Vec<Fault>,
    /// What of a person stands in what would be shared.
    pub found: Vec<Found>,
    /// The kind is never shared.
    pub never: bool,
}

fn reasons(refused: &Refused) -> String {
    let mut reasons = Vec::new();
    if refused.never {
        reasons.push("records of this kind stay in the organisation".to_owned());
    }
    if !refused.missing.is_empty() {
        reasons.push(format!("missing {}", refused.missing.join(", ")));
    }
    if let Some(day) = refused.embargo_until {
        reasons.push(format!("not to be shared before {day}"));
    }
    reasons.extend(refused.faults.iter().map(Fault::to_string));
    reasons.extend(refused.found.iter().map(|found| format!("{found:?}")));
    reasons.join("; ")
}

/// What to share of a draft, or everything that stands in the way.
pub fn prepare(kind: Kind, draft: &Map<String, Value>, sharing: &Sharing<'_>) -> Result<Prepared, Refused> {
    let value = Value::Object(draft.clone());
    let mut refused = Refused { faults: kind.faults(&value), ..Refused::default() };
    let prepared = match kind {
        Kind::Case => case(Case::read(&value), sharing, &mut refused),
        Kind::Template => template(Template::read(&value), sharing, &mut refused),
        Kind::Collection => collection(Collection::read(&value), sharing, &mut refused),
        Kind::Contact => {
            missing(&mut refused, draft, &["role", "mailbox"]);
            Prepared::of(known(kind, draft))
        }
        // Written straight into the scope where they are read.
        Kind::Response | Kind::OrgYear | Kind::Organisation => Prepared::of(known(kind, draft)),
        Kind::Filled => {
            refused.never = true;
            Prepared::of(Map::new())
        }
    };
    refused.found = personal::search(kind, &prepared.record, sharing.terms.allow_found);
    if prepared.summary_built {
        // It stands in the need, and is told there.
        refused.found.retain(|found| !found.field.starts_with("summary."));
    }
    if refused == Refused::default() { Ok(prepared) } else { Err(refused) }
}

impl Prepared {
    fn of(record: Map<String, Value>) -> Self {
        Self { record, held_back: Vec::new(), left_out: Vec::new(), summary_built: false }
    }
}

fn known(kind: Kind, draft: &Map<String, Value>) -> Map<String, Value> {
    let known = |name: &String| kind.record().iter().any(|field| field.name == name);
    draft.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn missing(refused: &mut Refused, record: &Map<String, Value>, names: &[&'static str]) {
    refused.missing.extend(names.iter().filter(|name| !record.contains_key(**name)));
}

/// Whether the phase is known to lie before the end of the competition. A phase of a newer version
/// may: what it says is held back.
fn holds_back(phase: Option<&Phase>) -> bool {
    match phase {
        Some(
            Phase::Need
            | Phase::Organise
            | Phase::Dialogue
            | Phase::Prepare
            | Phase::Competition
            | Phase::Other(_),
        ) => true,
        Some(Phase::Develop | Phase::Contract | Phase::Realise | Phase::Evaluated | Phase::Unknown)
        | None => false,
    }
}

/// Whether a procurement has come so far that its CPV code and procedure are known.
fn has_competition(phase: Option<&Phase>) -> bool {
    match phase {
        Some(Phase::Competition | Phase::Develop | Phase::Contract | Phase::Realise | Phase::Evaluated) => {
            true
        }
        Some(
            Phase::Need
            | Phase::Organise
            | Phase::Dialogue
            | Phase::Prepare
            | Phase::Unknown
            | Phase::Other(_),
        )
        | None => false,
    }
}

/// Whether a procurement is over, so that its lessons can be asked for.
pub fn is_closed(case: &Case) -> bool {
    let ended = match case.outcome {
        Some(Outcome::DevelopedNotBought | Outcome::Cancelled | Outcome::AbandonedNeed) => true,
        Some(Outcome::Bought | Outcome::Ongoing | Outcome::Other(_)) | None => false,
    };
    ended || case.phase == Some(Phase::Evaluated)
}

/// The fields that must be filled in before a case is shared, in the order of the record.
pub fn missing_in_case(case: &Case) -> Vec<&'static str> {
    let record = case.write();
    let mut asked = vec!["title", "need", "sector", "phase", "contact"];
    if has_competition(case.phase.as_ref()) {
        asked.extend(["cpv_main", "procedure"]);
    }
    if is_closed(case) {
        asked.extend(["result", "gains_status"]);
        if case.what_we_would_do_differently.is_blank() {
            asked.push("lessons");
        }
    }
    let order = Case::RECORD.iter().map(|field| field.name);
    order.filter(|name| asked.contains(name) && !record.contains_key(*name)).collect()
}

fn case(mut case: Case, sharing: &Sharing<'_>, refused: &mut Refused) -> Prepared {
    refused.missing = missing_in_case(&case);
    refused.embargo_until = case.embargo_until.filter(|day| *day > sharing.terms.today);

    case.unknown = Unknown::default();
    case.journal = Items::default();
    let held_back = if holds_back(case.phase.as_ref()) { hold_back(&mut case) } else { Vec::new() };
    let left_out = leave_out(&mut case, sharing);
    let summary_built = build_summary(&mut case);
    Prepared { record: case.write(), held_back, left_out, summary_built }
}

/// Takes out what competitors must not know before the competition is over; gives what there was.
fn hold_back(case: &mut Case) -> Vec<&'static str> {
    let mut held = Vec::new();
    if case.award_criteria.iter().any(|criterion| !criterion.text.is_blank()) {
        held.push("award_criteria");
        let criteria = case.award_criteria.iter().cloned();
        case.award_criteria =
            criteria.map(|criterion| AwardCriterion { text: Text::default(), ..criterion }).collect();
    }
    if case.estimated_value.take().is_some() {
        held.push("estimated_value");
    }
    if case.contract_value.take().is_some() {
        held.push("contract_value");
    }
    if !std::mem::take(&mut case.suppliers).is_empty() {
        held.push("suppliers");
    }
    held
}

/// Takes out references that not every reader can follow: a reference never widens an audience, and
/// an id of a draft tells that there is one.
fn leave_out(case: &mut Case, sharing: &Sharing<'_>) -> Vec<(&'static str, DocumentId)> {
    let mut left_out = Vec::new();
    let mut reachable = |field, ids: &BTreeSet<DocumentId>| -> BTreeSet<DocumentId> {
        let (kept, left): (BTreeSet<_>, BTreeSet<_>) = ids.iter().partition(|id| (sharing.reaches)(**id));
        left_out.extend(left.into_iter().map(|id: DocumentId| (field, id)));
        kept
    };
    case.templates_used = reachable("templates_used", &case.templates_used);
    case.derived_from_cases = reachable("derived_from_cases", &case.derived_from_cases);
    case.lessons = case
        .lessons
        .iter()
        .cloned()
        .map(|mut lesson| {
            let narrower = lesson.template_section.take_if(|section| !(sharing.reaches)(section.template));
            left_out.extend(narrower.map(|section| ("lessons", section.template)));
            lesson
        })
        .collect();
    left_out
}

/// Gives a case without a summary the beginning of its need, and says so in `summary_built`.
fn build_summary(case: &mut Case) -> bool {
    case.summary_built.clear();
    let written = case.summary.iter().any(|(_, text)| !text.is_blank());
    if written || case.need.is_blank() {
        return false;
    }
    let language = case.content_lang.unwrap_or_default();
    case.summary = ByLang::one(language, Text::new(&beginning(&case.need, SUMMARY_LENGTH)));
    case.summary_built.insert(language);
    true
}

/// At most `length` characters, ended at a word.
fn beginning(text: &str, length: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let cut = &text[..end];
    // A text without a space is cut where it must be.
    let whole_words = cut.rfind(char::is_whitespace).map_or(cut, |space| &cut[..space]);
    format!("{}…", whole_words.trim_end())
}

/// A published version is one share of the draft: it is numbered when something in it is new.
fn template(mut template: Template, sharing: &Sharing<'_>, refused: &mut Refused) -> Prepared {
    missing(refused, &template.write(), &["title", "kind", "language", "sections"]);
    template.unknown = Unknown::default();
    let left_out = match &template.adapted_from {
        Some(from) if !(sharing.reaches)(from.document) => vec![("adapted_from", from.document)],
        Some(_) | None => Vec::new(),
    };
    if !left_out.is_empty() {
        template.adapted_from = None;
    }
    let before = sharing.before.map(|before| Template::read(&Value::Object(before.clone())));
    let version = before.as_ref().and_then(|before| before.version).unwrap_or(0);
    template.version = Some(version);
    let is_same = before.is_some_and(|before| before.write() == template.write());
    if !is_same {
        template.version = Some(version + 1);
    }
    Prepared { left_out, ..Prepared::of(template.write()) }
}

fn collection(mut collection: Collection, sharing: &Sharing<'_>, refused: &mut Refused) -> Prepared {
    collection.unknown = Unknown::default();
    let narrower = |subject: &Option<DocumentId>| subject.is_some_and(|id| !(sharing.reaches)(id));
    let left_out = collection.items.iter().filter(|item| narrower(&item.subject));
    let left_out = left_out.filter_map(|item| Some(("items", item.subject?))).collect();
    collection.items = collection.items.iter().filter(|item| !narrower(&item.subject)).cloned().collect();
    missing(refused, &collection.write(), &["title", "kind", "items"]);
    Prepared { left_out, ..Prepared::of(collection.write()) }
}
