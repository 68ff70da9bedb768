//! Numbers of organisations and municipalities.

use std::{fmt, str::FromStr};

use serde_json::Value;

use crate::{
    record::{Content, Dice, Expected, Part, Problem, Reader},
    shape::Shape,
};

/// Nine digits of the register of legal entities (Enhetsregisteret), with a valid check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgNumber(u32);

/// Text that is not an organisation number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrgNumberError {
    /// Not nine digits.
    #[error("expected nine digits")]
    Digits,
    /// The last digit does not fit the eight before it: a typing error.
    #[error("expected an organisation number: the check digit does not fit")]
    Check,
}

/// The check digit of eight digits: weights 3 2 7 6 5 4 3 2, modulo 11; `None` when it would be 10.
fn check_digit(first_eight: u32) -> Option<u32> {
    const WEIGHTS: [u32; 8] = [2, 3, 4, 5, 6, 7, 2, 3];
    let mut rest = first_eight;
    let mut sum = 0;
    for weight in WEIGHTS {
        sum += weight * (rest % 10);
        rest /= 10;
    }
    match sum % 11 {
        0 => Some(0),
        1 => None,
        remainder => Some(11 - remainder),
    }
}

impl FromStr for OrgNumber {
    type Err = OrgNumberError;

    fn from_str(text: &str) -> Result<Self, OrgNumberError> {
        // People write it in groups of three.
        let digits: String = text.chars().filter(|c| *c != ' ' && *c != '\u{a0}').collect();
        if digits.len() != 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(OrgNumberError::Digits);
        }
        let number: u32 = digits.parse().map_err(|_| OrgNumberError::Digits)?;
        if check_digit(number / 10) == Some(number % 10) {
            Ok(Self(number))
        } else {
            Err(OrgNumberError::Check)
        }
    }
}

impl fmt::Display for OrgNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl Part for OrgNumber {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::OrgNumber;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let text = value.as_u64().map(|number| number.to_string());
        match text.as_deref().or(value.as_str()).map(str::parse) {
            Some(Ok(number)) => Some(number),
            Some(Err(OrgNumberError::Check)) => at.refuse(Problem::Value, Expected::OrgCheckDigit, value),
            Some(Err(OrgNumberError::Digits)) | None => at.refuse(Problem::Value, Expected::OrgNumber, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        // Real numbers begin with 8 or 9; drawn ones with 3.
        loop {
            let first_eight = 30_000_000 + dice.below(10_000_000) as u32;
            if let Some(check) = check_digit(first_eight) {
                return Self(first_eight * 10 + check);
            }
        }
    }
}

/// Four digits of a municipality, as they were on some day: they change at reforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityNumber(u16);

impl FromStr for MunicipalityNumber {
    type Err = OrgNumberError;

    fn from_str(text: &str) -> Result<Self, OrgNumberError> {
        let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(OrgNumberError::Digits);
        }
        text.parse().map(Self).map_err(|_| OrgNumberError::Digits)
    }
}

impl fmt::Display for MunicipalityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl Part for MunicipalityNumber {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::MunicipalityNumber;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match value.as_str().and_then(|text| text.trim().parse().ok()) {
            Some(number) => Some(number),
            None => at.refuse(Problem::Value, Expected::MunicipalityNumber, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(301 + dice.below(5000) as u16)
    }
}
