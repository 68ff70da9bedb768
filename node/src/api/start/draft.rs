//! The draft that is proposed: the need in its own words, with what the nearest cases add.

use std::collections::BTreeMap;

use praksis_protocol::{
    code::Code as _,
    cpv::Cpv,
    id::DocumentId,
    language::Language,
    text::{LINE_MAX, TEXT_MAX},
    vocabulary::Phase,
};
use serde_json::{Value, json};

use super::{Near, Object};

/// A first line longer than this is no title but a sentence.
const TITLE: usize = 100;
/// The nearest cases that a draft remembers as what inspired it.
const INSPIRED_BY: usize = 5;

/// A case of a need in words: its first line, or the beginning of it, is the title.
pub(super) fn of_words(text: &str) -> Object {
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let first = text.lines().map(|line| line.trim_matches(|c: char| c == '#' || c.is_whitespace()));
    let first = first.into_iter().find(|line| !line.is_empty()).unwrap_or_default();
    let need: String = text.trim().chars().take(TEXT_MAX).collect();
    [("title", title(first)), ("need", need)]
        .map(|(name, text)| (name.to_owned(), text.into()))
        .into_iter()
        .collect()
}

/// The line, its first sentence, or as many of its first words as fit.
fn title(line: &str) -> String {
    let fits = |text: &&str| text.chars().count() <= TITLE.min(LINE_MAX);
    if let Some(whole) = Some(line).filter(fits) {
        return whole.to_owned();
    }
    if let Some((sentence, _)) = line.split_once(". ").filter(|(sentence, _)| fits(sentence)) {
        return sentence.to_owned();
    }
    let mut title = String::new();
    for word in line.split_whitespace() {
        let longer = if title.is_empty() { word.to_owned() } else { format!("{title} {word}") };
        if !fits(&longer.as_str()) {
            break;
        }
        title = longer;
    }
    if title.is_empty() { line.chars().take(TITLE).collect() } else { format!("{title} …") }
}

/// A code that the nearest cases agree on.
#[derive(Debug, PartialEq)]
pub(super) struct Vote {
    code: Cpv,
    /// The part of the votes that it has, of 1.
    share: f32,
    voters: Vec<DocumentId>,
}

/// Lets near cases vote, each with its score: the division with most votes, and inside it as far down as more than half
/// of its voters go together.
pub(super) fn vote(near: &[Near]) -> Option<Vote> {
    let votes =
        near.iter().filter_map(|near| Some((near.case.cpv_main?, near.hit.score, near.record.record)));
    elect(&votes.collect::<Vec<_>>())
}

fn elect(votes: &[(Cpv, f32, DocumentId)]) -> Option<Vote> {
    let all: f32 = votes.iter().map(|(_, weight, _)| weight).sum();
    let (mut elected, mut behind) = (None::<(String, f32)>, all);
    for digits in 2..=8 {
        let mut by_beginning: BTreeMap<String, f32> = BTreeMap::new();
        for (code, weight, _) in votes {
            let beginning = code.to_string()[..digits].to_owned();
            if elected.as_ref().is_none_or(|(wider, _)| beginning.starts_with(wider)) {
                *by_beginning.entry(beginning).or_default() += weight;
            }
        }
        let most = by_beginning.into_iter().reduce(|most, next| if next.1 > most.1 { next } else { most })?;
        if elected.is_some() && most.1 <= behind / 2.0 {
            break;
        }
        behind = most.1;
        elected = Some(most);
    }
    let (beginning, weight) = elected?;
    let voters = votes.iter().filter(|(code, ..)| code.to_string().starts_with(&beginning));
    Some(Vote {
        code: format!("{beginning:0<8}").parse().ok()?,
        share: weight / all,
        voters: voters.map(|(_, _, voter)| *voter).collect(),
    })
}

impl Vote {
    /// `{"code", "label", "share", "voters"}`.
    pub(super) fn told(&self, lang: Option<&str>) -> Value {
        let language: Language = lang.and_then(|lang| lang.parse().ok()).unwrap_or_default();
        let label = self.code.nearest_labels().get(language);
        json!({"code": self.code.to_string(), "label": label, "share": self.share, "voters": self.voters})
    }
}

/// The draft with its phase, the code elected and what inspired it, where it does not say so itself.
pub(super) fn completed(mut draft: Object, phase: &Phase, cpv: Option<&Vote>, near: &[Near]) -> Object {
    draft.entry("phase").or_insert_with(|| phase.code().into());
    if let Some(vote) = cpv {
        draft.entry("cpv_main").or_insert_with(|| vote.code.to_string().into());
    }
    let inspired_by: Vec<_> = near.iter().take(INSPIRED_BY).map(|near| near.record.record).collect();
    if !inspired_by.is_empty() {
        draft.entry("derived_from_cases").or_insert_with(|| json!(inspired_by));
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(votes: &[(&str, f32)]) -> Option<(String, f32)> {
        let votes: Vec<_> = (0..)
            .zip(votes)
            .map(|(at, (code, weight))| (code.parse().unwrap(), *weight, DocumentId([at; 32])))
            .collect();
        elect(&votes).map(|vote| (vote.code.to_string(), vote.share))
    }

    #[test]
    fn the_code_is_as_narrow_as_more_than_half_agree() {
        assert_eq!(votes(&[]), None);
        assert_eq!(votes(&[("33195000", 2.0)]), Some(("33195000".into(), 1.0)));
        assert_eq!(votes(&[("33195000", 3.0), ("33195100", 1.0)]), Some(("33195000".into(), 0.75)));
        assert_eq!(votes(&[("33195000", 1.0), ("33600000", 1.0)]), Some(("33000000".into(), 1.0)));
        assert_eq!(votes(&[("48000000", 1.0), ("33195000", 3.0)]), Some(("33195000".into(), 0.75)));
    }

    #[test]
    fn the_title_is_the_first_line_or_its_beginning() {
        let of = |text: &str| of_words(text)["title"].as_str().unwrap().to_owned();
        assert_eq!(of("\n# Behov for trygghet\n\nMange faller."), "Behov for trygghet");
        let sentence = format!("Mange faller hjemme. {}", "Vi vil varsles før det skjer. ".repeat(9));
        assert_eq!(of(&sentence), "Mange faller hjemme");
        let long = of(&"Mange faller hjemme og blir liggende ".repeat(9));
        assert!(long.ends_with(" …") && long.chars().count() <= TITLE + 2, "{long}");
        assert_eq!(of(&"ø".repeat(500)).chars().count(), TITLE);
    }
}
