//! What people see instead of codes and names.

use std::{collections::BTreeSet, fmt::Write as _};

use praksis_protocol::{
    cpv::Cpv,
    genesis::Kind,
    language::{Labels, Language},
    record::{About, Expected},
    vocabulary::{self, LISTS},
};

#[test]
fn every_label_says_more_than_its_code() {
    for list in LISTS {
        assert_eq!(list.codes.len(), list.labels.len(), "{}", list.name);
        for (code, labels) in list.entries() {
            for label in [labels.nb, labels.nn, labels.en] {
                assert_ne!(label.to_lowercase(), code.to_lowercase(), "{} of {}", code, list.name);
                assert_eq!(label.trim(), label, "{} of {}", code, list.name);
                assert!(!label.is_empty() && !label.contains('_'), "{} of {}", code, list.name);
            }
        }
    }
}

#[test]
fn no_list_has_a_code_or_a_label_twice() {
    let mut names = BTreeSet::new();
    for list in LISTS {
        assert!(names.insert(list.name), "{} is there twice", list.name);
        for language in [Language::Nb, Language::Nn, Language::En] {
            let labels: BTreeSet<_> = list.labels.iter().map(|labels| labels.get(language)).collect();
            assert_eq!(labels.len(), list.codes.len(), "two codes of {} look alike in {language}", list.name);
        }
        let codes: BTreeSet<_> = list.codes.iter().collect();
        assert_eq!(codes.len(), list.codes.len(), "{}", list.name);
    }
}

#[test]
fn every_list_that_a_field_uses_is_in_the_vocabulary() {
    fn lists(fields: &[About], found: &mut BTreeSet<&'static str>) {
        for field in fields {
            found.extend(field.content.codes().map(|list| list.name));
            lists(field.content.members().unwrap_or_default(), found);
        }
    }
    let mut used = BTreeSet::new();
    Kind::ALL.iter().for_each(|kind| lists(kind.about(), &mut used));
    assert_eq!(used, LISTS.iter().map(|list| list.name).collect());
}

/// Bokmål and nynorsk often agree, and a label that was copied agrees too. Each pair that does was
/// looked at: a new one must be looked at and added to the file.
#[test]
fn the_labels_that_are_the_same_in_bokmal_and_nynorsk_are_those_we_know() {
    let mut same = String::new();
    let mut line = |place: &str, labels: &Labels| {
        if labels.nb == labels.nn {
            writeln!(same, "{place}: {}", labels.nb).unwrap();
        }
    };
    for list in LISTS {
        list.entries().for_each(|(code, labels)| line(&format!("{}.{code}", list.name), labels));
    }
    for kind in Kind::ALL {
        line(kind.code(), &kind.labels());
        each_field(kind.code(), kind.about(), &mut line);
    }
    Cpv::vocabulary().for_each(|(code, labels)| line(&format!("cpv.{code}"), labels));
    let known = include_str!("same_in_nb_and_nn.txt");
    let new: Vec<_> = same.lines().filter(|line| !known.lines().any(|known| known == *line)).collect();
    let gone: Vec<_> = known.lines().filter(|line| !same.lines().any(|same| same == *line)).collect();
    assert!(new.is_empty(), "look at these and add them to same_in_nb_and_nn.txt:\n{}", new.join("\n"));
    assert!(gone.is_empty(), "these are no longer the same, take them out:\n{}", gone.join("\n"));
}

fn each_field(place: &str, fields: &[About], visit: &mut impl FnMut(&str, &Labels)) {
    for field in fields {
        let place = format!("{place}.{}", field.name);
        visit(&place, &field.labels);
        each_field(&place, field.content.members().unwrap_or_default(), visit);
    }
}

#[test]
fn every_field_has_a_label_that_is_not_its_name() {
    for kind in Kind::ALL {
        each_field(kind.code(), kind.about(), &mut |place, labels| {
            let name = place.rsplit('.').next().unwrap();
            for label in [labels.nb, labels.nn, labels.en] {
                assert!(!label.is_empty() && !label.contains('_'), "{place}");
                assert_ne!(label, name, "{place}");
            }
        });
    }
}

#[test]
fn the_vocabulary_is_told_in_the_language_asked_for() {
    let phase = |language| {
        let told = vocabulary::describe(language);
        let lists = told["lists"].as_array().unwrap().clone();
        let list = lists.into_iter().find(|list| list["name"] == "phase").unwrap();
        list["codes"][2].clone()
    };
    assert_eq!(phase(Language::Nb)["code"], "dialogue");
    assert_eq!(phase(Language::Nb)["label"], "Markedsdialog");
    assert_eq!(phase(Language::Nn)["label"], "Marknadsdialog");
    assert_eq!(phase(Language::En)["label"], "Market dialogue");
    assert_eq!(
        vocabulary::describe(Language::Nn)["cpv"].as_array().unwrap().len(),
        Cpv::vocabulary().count()
    );
}

#[test]
fn the_short_vocabulary_has_the_45_divisions() {
    assert_eq!(Cpv::vocabulary().filter(|(code, _)| code.division() == *code).count(), 45);
    let codes: Vec<_> = Cpv::vocabulary().map(|(code, _)| code).collect();
    assert!(codes.is_sorted());
}

#[test]
fn a_fault_is_told_in_the_language_asked_for() {
    let invalid = Kind::Case.parse(&serde_json::json!({"phase": "dialog"}), &mut crate::ids()).unwrap_err();
    let told = |language| invalid.faults[0].text(language);
    assert!(told(Language::Nb).starts_with("phase: ventet en av need, "), "{}", told(Language::Nb));
    assert!(told(Language::Nn).ends_with("fann \"dialog\"; meinte du \"dialogue\"?"));
    assert_eq!(told(Language::En), invalid.to_string());
    for expected in Expected::PLAIN {
        let words = [Language::Nb, Language::Nn, Language::En].map(|language| expected.text(language));
        assert!(words.iter().all(|words| !words.is_empty()));
        assert!(words[0] != words[2], "{expected:?} is not translated");
    }
}
