//! An imported CPV list: labels for every code, in English and in bokmål.
//!
//! The project ships labels of its own for divisions and a few groups (`protocol::cpv`). The whole list is for the
//! operator to import; it stays in the node's folder as it was taken in, and search learns from it.

use std::{collections::BTreeMap, sync::PoisonError};

use praksis_protocol::{cpv::Cpv, language::Language};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    folder,
    handle::Handle,
    search::{self, Vocabulary},
};

/// Most codes of a list: the vocabulary of 2008 has 9,454.
const CODES_MAX: usize = 20_000;
/// Letters of the longest label.
const LABEL_MAX: usize = 500;

/// Labels by code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CpvList(BTreeMap<String, Labels>);

/// The labels of one code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Labels {
    en: String,
    #[serde(rename = "nob")]
    nb: String,
}

/// Why a list was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is of another form.
    #[error(
        "could not read the list: expected an object of codes, each with labels as {{\"en\": \"..\", \"nob\": \"..\"}}"
    )]
    Form,
    /// A code is none.
    #[error("could not read the code {code:.20}: {why}")]
    Code {
        /// What stands there.
        code: String,
        /// What is wrong with it.
        why: String,
    },
    /// A label is absent, empty or too long.
    #[error("could not read the label {language} of {code}: expected 1 to {LABEL_MAX} letters")]
    Label {
        /// Of which code.
        code: String,
        /// In which language, as the list calls it.
        language: &'static str,
    },
    /// There are too many, or none.
    #[error("could not take in {0} codes: expected 1 to {CODES_MAX}")]
    Count(usize),
    /// The folder could not be read or written.
    #[error(transparent)]
    Folder(#[from] folder::Error),
    /// The index could not take it up.
    #[error(transparent)]
    Search(#[from] search::Error),
}

impl CpvList {
    /// Reads a list. Languages besides the two are left out.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn read(value: &Value) -> Result<Self, Error> {
        let codes = value.as_object().ok_or(Error::Form)?;
        if !(1..=CODES_MAX).contains(&codes.len()) {
            return Err(Error::Count(codes.len()));
        }
        let mut list = BTreeMap::new();
        for (code, labels) in codes {
            let cpv: Cpv = code.parse().map_err(|why: praksis_protocol::cpv::CpvError| Error::Code {
                code: code.clone(),
                why: why.to_string(),
            })?;
            let labels = labels.as_object().ok_or(Error::Form)?;
            let label = |language: &'static str| {
                let label = labels.get(language).and_then(Value::as_str).map(str::trim);
                label
                    .filter(|label| (1..=LABEL_MAX).contains(&label.chars().count()))
                    .map(str::to_owned)
                    .ok_or_else(|| Error::Label { code: code.clone(), language })
            };
            list.insert(cpv.to_string(), Labels { en: label("en")?, nb: label("nob")? });
        }
        Ok(Self(list))
    }

    /// How many codes have labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a code is called; in nynorsk as in bokmål, since there is no list of its own. Without the list, the
    /// project's own label of the code or of the nearest wider one.
    #[must_use]
    pub fn label(&self, code: Cpv, language: Language) -> &str {
        match self.0.get(&code.to_string()) {
            Some(labels) if language == Language::En => &labels.en,
            Some(labels) => &labels.nb,
            None => code.nearest_labels().get(language),
        }
    }

    /// Words in both languages, learnt from the labels.
    fn vocabulary(&self) -> Vocabulary {
        Vocabulary::learn(self.0.values().map(|labels| (labels.en.as_str(), labels.nb.as_str())))
    }
}

/// Keeps a list in the node's folder, and has search learn from it, now and for the records that are there. How many
/// words it has learnt.
///
/// # Errors
/// When it cannot be written, or the index has ended.
pub fn take_in(handle: &Handle, list: CpvList) -> Result<usize, Error> {
    let text = serde_json::to_string(&list).expect("JSON of plain values");
    handle.folder().write_cpv_list(&text)?;
    let learnt = learn(handle, list)?;
    handle.search().renew()?;
    Ok(learnt)
}

/// Takes up what was imported before this start. A list that was damaged is as good as none.
///
/// # Errors
/// When the folder cannot be read, or the index has ended.
pub(crate) fn remember(handle: &Handle) -> Result<(), Error> {
    let Some(text) = handle.folder().cpv_list()? else { return Ok(()) };
    let list = serde_json::from_slice(&text).map_err(|_| Error::Form).and_then(|value| CpvList::read(&value));
    match list {
        Ok(list) => learn(handle, list).map(|_| ()),
        Err(error) => {
            tracing::warn!(%error, "the imported CPV list cannot be read: import it again");
            Ok(())
        }
    }
}

fn learn(handle: &Handle, list: CpvList) -> Result<usize, Error> {
    let vocabulary = list.vocabulary();
    let learnt = vocabulary.len();
    handle.search().learn(vocabulary)?;
    *handle.0.cpv_list.write().unwrap_or_else(PoisonError::into_inner) = list;
    Ok(learnt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_read_strictly_and_says_what_is_wrong() {
        let list = CpvList::read(
            &json!({"48000000-8": {"en": "Software", "nob": "Programvare", "fra": "Logiciels"}}),
        );
        let list = list.unwrap();
        assert_eq!(list.label("48000000".parse().unwrap(), Language::En), "Software");
        assert_eq!(list.label("48000000".parse().unwrap(), Language::Nn), "Programvare");
        // What it does not have is called as before.
        assert_eq!(
            list.label("33195000".parse().unwrap(), Language::En),
            "Patient monitoring and assistive technology"
        );

        let wrong = [
            (json!([]), "expected an object of codes"),
            (json!({}), "0 codes"),
            (json!({"4800": {"en": "a", "nob": "b"}}), "eight digits"),
            (json!({"48000000": "Software"}), "expected an object of codes"),
            (json!({"48000000": {"en": "Software"}}), "label nob of 48000000"),
            (json!({"48000000": {"en": " ", "nob": "b"}}), "label en of 48000000"),
        ];
        for (value, expected) in wrong {
            let error = CpvList::read(&value).unwrap_err().to_string();
            assert!(error.contains(expected), "{value}: {error}");
        }
    }
}
