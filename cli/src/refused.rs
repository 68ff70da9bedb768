//! What a node refused, in the reader's language.
//!
//! A node tells faults of a record in the language asked for, and its other reasons in English, for
//! programs and logs. Those of the engine are a closed list and are told in full; of the others the kind
//! is told, and the node's own words stand beside it.

use praksis_node::{client::Problem, locale};
use praksis_protocol::{
    engine::{CommandError, ended::Over},
    language::Language,
};
use serde_json::Value;

use crate::{context::Context, failure::Failure};

/// The engine's refusals that hold nothing but themselves, with the keys of their messages.
const REFUSALS: [(CommandError, &str); 23] = [
    (CommandError::NotFound, "refused-not-found"),
    (CommandError::NotOwner, "refused-not-owner"),
    (CommandError::HasLeft, "refused-has-left"),
    (CommandError::NotJoint, "refused-not-joint"),
    (CommandError::OwnerFirst, "refused-owner-first"),
    (CommandError::UnknownHeads, "refused-unknown-heads"),
    (CommandError::NothingToSettle, "refused-nothing-to-settle"),
    (CommandError::TooLarge, "refused-too-large"),
    (CommandError::NoNetwork, "refused-no-network"),
    (CommandError::InNetwork, "refused-in-network"),
    (CommandError::Ended(Over::Device), "refused-ended-device"),
    (CommandError::Ended(Over::Membership), "refused-ended-membership"),
    (CommandError::NoRoot, "refused-no-root"),
    (CommandError::NotForUs, "refused-not-for-us"),
    (CommandError::Taken, "refused-taken"),
    (CommandError::Expired, "refused-expired"),
    (CommandError::BadTicket, "refused-bad-ticket"),
    (CommandError::NotGranted, "refused-not-granted"),
    (CommandError::Withdrawn, "refused-withdrawn"),
    (CommandError::NoStatements, "refused-no-statements"),
    (CommandError::NobodyNamed, "refused-nobody-named"),
    (CommandError::NobodyToAsk, "refused-nobody-to-ask"),
    (CommandError::TooManyAudiences, "refused-too-many-audiences"),
];

/// A node's refusal.
pub(crate) fn failure(context: &Context, problem: &Problem) -> Failure {
    let known = REFUSALS.iter().find(|(error, _)| error.to_string() == problem.message);
    let rest = |name: &str| problem.rest.get(name);
    let mut failure = if let Some((_, key)) = known {
        context.failure(&problem.kind, key, &[])
    } else if let Some(org) = rest("member").and_then(Value::as_str) {
        context.failure(&problem.kind, "refused-no-such-member", &[("org", org.into())])
    } else if let Some(name) = rest("bundle").and_then(Value::as_str) {
        let piece = rest("piece").and_then(Value::as_u64).unwrap_or_default();
        context.failure(&problem.kind, of_bundle(name), &[("piece", piece.into())])
    } else {
        by_kind(context, problem)
    };
    failure.rest.extend(problem.rest.clone());
    failure
}

/// The message of a bundle that is not read on: by the name under which that is counted.
fn of_bundle(name: &str) -> &'static str {
    match name {
        "bundle_beginning" => "refused-bundle-beginning",
        "bundle_network" => "refused-bundle-network",
        "bundle_too_many" => "refused-bundle-too-many",
        _ => "refused-bundle-damaged",
    }
}

fn by_kind(context: &Context, problem: &Problem) -> Failure {
    let faulty = problem.rest.contains_key("faults");
    // Without faults to name, a value that cannot be is told in the node's words, and so is all in English.
    let key = format!("kind-{}", problem.kind.replace('_', "-"));
    let english = context.language == Language::En || (problem.kind == "invalid" && !faulty);
    let told = locale::find(context.language, &key, &[("words", problem.message.as_str().into())]);
    let message = told.filter(|_| !english).unwrap_or_else(|| problem.message.clone());
    let hint = locale::find(context.language, &format!("{key}-hint"), &[]);
    Failure::new(&problem.kind, message, hint.unwrap_or_else(|| problem.hint.clone()))
}
