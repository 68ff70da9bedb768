//! What people read, in bokmål, nynorsk and English: the messages under `locales/`.
//!
//! Labels of codes and fields are not here: they stand beside what they name, in the protocol's
//! vocabulary. A message that nynorsk lacks is shown in bokmål, and one that bokmål lacks in English; a
//! test sees to it that neither happens.

use std::collections::HashMap;

use fluent_templates::LanguageIdentifier;
pub use fluent_templates::fluent_bundle::FluentValue as Argument;
use praksis_protocol::language::Language;
use unic_langid::langid;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // The marks around arguments are for mixing left-to-right with right-to-left; terminals show them.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A message with its arguments put in. A key that no language has comes back as it is.
pub fn text(language: Language, key: &str, arguments: &[(&'static str, Argument<'_>)]) -> String {
    find(language, key, arguments).unwrap_or_else(|| key.to_owned())
}

/// A message with its arguments put in, if there is one of this key.
pub fn find(language: Language, key: &str, arguments: &[(&'static str, Argument<'_>)]) -> Option<String> {
    let arguments: HashMap<&str, _> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
    let in_language = |language| LOCALES.lookup_single_language(language, key, Some(&arguments)).ok();
    chain(language).iter().find_map(in_language)
}

/// The language of the machine, if it is one of ours; bokmål otherwise.
pub fn of_the_machine() -> Language {
    sys_locale::get_locales().find_map(|locale| of_locale(&locale)).unwrap_or_default()
}

/// The language of a locale such as `nn_NO.UTF-8`.
fn of_locale(locale: &str) -> Option<Language> {
    let language = locale.split(['-', '_', '.']).next().unwrap_or_default();
    match language {
        "nb" | "no" => Some(Language::Nb),
        "nn" => Some(Language::Nn),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// Where a message is looked for.
fn chain(language: Language) -> &'static [LanguageIdentifier] {
    static CHAIN: [LanguageIdentifier; 3] = [langid!("nn"), langid!("nb"), langid!("en")];
    match language {
        Language::Nn => &CHAIN,
        Language::Nb | Language::Se => &CHAIN[1..],
        Language::En => &CHAIN[2..],
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Keys with the arguments that their messages take.
    fn messages(language: &str) -> BTreeSet<(String, BTreeSet<String>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language);
        let mut messages = BTreeSet::new();
        for file in fs::read_dir(folder).expect("a folder a language") {
            let text = fs::read_to_string(file.expect("an entry").path()).expect("UTF-8");
            let mut message: Option<(String, BTreeSet<String>)> = None;
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                if let Some((key, _)) =
                    line.split_once(" =").filter(|_| line.starts_with(char::is_alphabetic))
                {
                    messages.extend(message.replace((key.to_owned(), BTreeSet::new())));
                }
                let Some((_, arguments)) = &mut message else { continue };
                arguments.extend(line.split('$').skip(1).map(|rest| {
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
                }));
            }
            for key in message.iter().map(|(key, _)| key) {
                assert!(!messages.iter().any(|(other, _)| other == key), "{key} stands twice in {language}");
            }
            messages.extend(message);
        }
        messages
    }

    #[test]
    fn every_message_is_in_every_language_with_the_same_arguments() {
        let nb = messages("nb");
        assert!(!nb.is_empty());
        for language in ["nn", "en"] {
            let other = messages(language);
            let differ: Vec<_> = nb.symmetric_difference(&other).collect();
            assert!(differ.is_empty(), "nb and {language} differ: {differ:?}");
        }
    }

    #[test]
    fn every_message_can_be_read_by_its_key() {
        for language in [Language::Nb, Language::Nn, Language::En] {
            for (key, arguments) in messages(language.code()) {
                let names: Vec<&'static str> =
                    arguments.into_iter().map(|name| &*Box::leak(name.into_boxed_str())).collect();
                let arguments: Vec<_> = names.into_iter().map(|name| (name, Argument::from(1))).collect();
                assert!(find(language, &key, &arguments).is_some(), "{key} in {language}");
            }
        }
    }

    #[test]
    fn a_locale_names_its_language() {
        assert_eq!(of_locale("nn_NO.UTF-8"), Some(Language::Nn));
        assert_eq!(of_locale("nb-NO"), Some(Language::Nb));
        assert_eq!(of_locale("en_GB"), Some(Language::En));
        assert_eq!(of_locale("C"), None);
        assert_eq!(of_locale("de_DE"), None);
    }
}
