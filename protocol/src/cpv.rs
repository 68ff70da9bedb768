//! The Common Procurement Vocabulary: codes of eight digits, of which the first two name one of 45
//! divisions, and a short vocabulary of the project's own. The whole list can be imported.

mod words;

use std::{fmt, str::FromStr};

use serde_json::Value;

use crate::{
    language::Labels,
    record::{Content, Dice, Expected, Part, Problem, Reader},
    shape::Shape,
};

/// A code of the Common Procurement Vocabulary, without its check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpv(u32);

/// Text that is not such a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CpvError {
    /// Not eight digits, with or without a check digit after them.
    #[error("expected eight digits, such as 48000000")]
    Digits,
    /// The vocabulary has no such division.
    #[error("expected a code of one of the 45 divisions; there is no division {0:02}")]
    Division(u32),
}

impl Cpv {
    /// Its division: the first two digits and six zeros.
    pub fn division(self) -> Self {
        Self(self.0 / 1_000_000 * 1_000_000)
    }

    /// The next wider code: the last digit that is not 0 becomes 0. A division has none.
    pub fn wider(self) -> Option<Self> {
        let mut unit = 10;
        while self.0.is_multiple_of(unit) {
            unit *= 10;
        }
        (unit <= 1_000_000).then(|| Self(self.0 / unit * unit))
    }

    /// How many digits two codes share from the left: 0, or 2 (the division) to 8.
    pub fn shared_digits(self, other: Self) -> usize {
        let (one, two) = (self.to_string(), other.to_string());
        let shared = one.bytes().zip(two.bytes()).take_while(|(a, b)| a == b).count();
        if shared < 2 { 0 } else { shared }
    }

    /// Its labels, where the short vocabulary has it.
    pub fn labels(self) -> Option<&'static Labels> {
        let at = words::WORDS.binary_search_by_key(&self.0, |(code, _)| *code).ok()?;
        Some(&words::WORDS[at].1)
    }

    /// The labels of the code or of the nearest wider one that has any: at least of its division.
    pub fn nearest_labels(self) -> &'static Labels {
        let mut code = self;
        loop {
            if let Some(labels) = code.labels() {
                return labels;
            }
            code = code.wider().expect("every division has labels, or the code was not read");
        }
    }

    /// The short vocabulary, in the order of its codes.
    pub fn vocabulary() -> impl Iterator<Item = (Self, &'static Labels)> {
        words::WORDS.iter().map(|(code, labels)| (Self(*code), labels))
    }
}

impl FromStr for Cpv {
    type Err = CpvError;

    fn from_str(text: &str) -> Result<Self, CpvError> {
        let digits = match text.split_once('-') {
            Some((digits, check)) if check.len() == 1 && check.bytes().all(|b| b.is_ascii_digit()) => digits,
            Some(_) => return Err(CpvError::Digits),
            None => text,
        };
        if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CpvError::Digits);
        }
        let code = Self(digits.parse().map_err(|_| CpvError::Digits)?);
        match code.division().labels() {
            Some(_) => Ok(code),
            None => Err(CpvError::Division(code.0 / 1_000_000)),
        }
    }
}

impl fmt::Display for Cpv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

impl Part for Cpv {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Cpv;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match at.string(value, Expected::Cpv)?.trim().parse() {
            Ok(code) => Some(code),
            Err(CpvError::Digits) => at.refuse(Problem::Value, Expected::Cpv, value),
            Err(CpvError::Division(_)) => at.refuse(Problem::Value, Expected::CpvDivision, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(words::WORDS[dice.below(words::WORDS.len())].0)
    }
}
