//! The languages of texts, and texts by language.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde_json::{Map, Value};

use crate::{
    record::{Content, Dice, Expected, Part, Reader, Unknown},
    shape::{Keys, LANGUAGES, Shape},
};

/// A language that texts are written in. Closed: a document has a container for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// Bokmål.
    #[default]
    Nb,
    /// Nynorsk.
    Nn,
    /// English.
    En,
    /// Northern Sámi.
    Se,
}

impl Language {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Nb, Self::Nn, Self::En, Self::Se];

    /// Its code: `nb`, `nn`, `en` or `se`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nb => "nb",
            Self::Nn => "nn",
            Self::En => "en",
            Self::Se => "se",
        }
    }

    /// Its name, for people.
    pub fn labels(self) -> Labels {
        match self {
            Self::Nb => Labels { nb: "bokmål", nn: "bokmål", en: "Norwegian Bokmål" },
            Self::Nn => Labels { nb: "nynorsk", nn: "nynorsk", en: "Norwegian Nynorsk" },
            Self::En => Labels { nb: "engelsk", nn: "engelsk", en: "English" },
            Self::Se => Labels { nb: "nordsamisk", nn: "nordsamisk", en: "Northern Sámi" },
        }
    }
}

/// Text that names no language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a language: nb, nn, en or se")]
pub struct LanguageError;

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(code: &str) -> Result<Self, LanguageError> {
        Self::ALL.into_iter().find(|language| language.code() == code).ok_or(LanguageError)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Part for Language {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Language;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = at.string(value, Expected::Language)?;
        match text.parse() {
            Ok(language) => Some(language),
            Err(LanguageError) => at.refuse_code(text, &LANGUAGES),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.code().to_owned()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self::ALL[dice.below(4)]
    }
}

/// What people see instead of a code or a field's name, in the three languages of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels {
    /// Bokmål.
    pub nb: &'static str,
    /// Nynorsk.
    pub nn: &'static str,
    /// English.
    pub en: &'static str,
}

impl Labels {
    /// The label in a language; the interface does not speak Northern Sámi yet and shows bokmål.
    pub fn get(&self, language: Language) -> &'static str {
        match language {
            Language::Nb | Language::Se => self.nb,
            Language::Nn => self.nn,
            Language::En => self.en,
        }
    }
}

/// The same thing said in several languages.
///
/// A bare string is accepted on input as the record's content language, and never written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByLang<T> {
    texts: BTreeMap<Language, T>,
    unknown: Unknown,
}

impl<T> Default for ByLang<T> {
    fn default() -> Self {
        Self { texts: BTreeMap::new(), unknown: Unknown::default() }
    }
}

impl<T> ByLang<T> {
    /// What is said in one language alone.
    pub fn one(language: Language, text: T) -> Self {
        Self { texts: BTreeMap::from([(language, text)]), unknown: Unknown::default() }
    }

    /// What is said in this language.
    pub fn get(&self, language: Language) -> Option<&T> {
        self.texts.get(&language)
    }

    /// Says it in a language, in place of what was said.
    pub fn insert(&mut self, language: Language, text: T) {
        self.texts.insert(language, text);
    }

    /// What to show: the language asked for, else the content language, else nb, nn, en, se.
    pub fn shown(&self, asked: Language, content: Language) -> Option<(Language, &T)> {
        [asked, content]
            .into_iter()
            .chain(Language::ALL)
            .find_map(|language| Some((language, self.texts.get(&language)?)))
    }

    /// All that is said, in the order nb, nn, en, se.
    pub fn iter(&self) -> impl Iterator<Item = (Language, &T)> {
        self.texts.iter().map(|(language, text)| (*language, text))
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl<T: Part> Part for ByLang<T> {
    const SHAPE: Shape = Shape::Map(&T::SHAPE, Keys::Language);
    const CONTENT: Content = Content::Languages(&T::CONTENT);

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        if value.is_string() {
            let language = at.content_lang();
            return Some(Self::one(language, T::read(value, at)?));
        }
        let map = at.object(value, Expected::ByLanguage)?;
        let mut all = Self::default();
        for (key, value) in map {
            match key.parse() {
                Ok(language) => {
                    if let Some(text) = at.member::<T>(key, value, &mut all.unknown) {
                        all.texts.insert(language, text);
                    }
                }
                Err(LanguageError) => at.unknown_name(key, value, LANGUAGES, &mut all.unknown),
            }
        }
        Some(all)
    }

    fn write(&self) -> Option<Value> {
        let mut map = Map::new();
        for (language, text) in &self.texts {
            if let Some(value) = text.write() {
                map.insert(language.code().to_owned(), value);
            }
        }
        self.unknown.write_into(&mut map);
        (!map.is_empty()).then_some(Value::Object(map))
    }

    fn draw(dice: &mut Dice) -> Self {
        let mut all = Self::default();
        for language in Language::ALL {
            if dice.below(3) == 0 {
                all.insert(language, T::draw(dice));
            }
        }
        all
    }
}
