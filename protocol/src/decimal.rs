//! Exact decimal numbers and amounts of money. Nothing here goes through a float.

use std::{fmt, str::FromStr};

use serde_json::Value;

use crate::{
    code::codes,
    record::{Content, Dice, Expected, Part, Problem, Reader, record},
    shape::Shape,
};

/// Digits after the point that a number may have.
const PLACES: usize = 6;
const MILLION: i128 = 1_000_000;
/// Digits before the point that a number may have.
const WHOLE_MAX: usize = 18;

/// A decimal number with at most six digits after the point, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

/// Text that is not such a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal number such as \"-12.5\", with at most 18 digits before the point and 6 after")]
pub struct DecimalError;

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    pub fn whole(number: i64) -> Self {
        Self(i128::from(number) * MILLION)
    }

    /// In millionths.
    pub fn millionths(self) -> i128 {
        self.0
    }

    /// The sum, or `None` beyond what can be written.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (sum.unsigned_abs() < 10u128.pow((WHOLE_MAX + PLACES) as u32)).then_some(Self(sum))
    }

    /// How many digits stand after the point.
    fn places(self) -> usize {
        let mut rest = (self.0 % MILLION).abs();
        let mut places = PLACES;
        while places > 0 && rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        places
    }

    /// Written with at least `least` digits after the point.
    fn text(self, least: usize) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.abs() / MILLION, self.0.abs() % MILLION);
        match self.places().max(least) {
            0 => format!("{sign}{whole}"),
            places => format!("{sign}{whole}.{}", &format!("{part:06}")[..places]),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(0))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
        if !number(whole) || !number(part) || whole.len() > WHOLE_MAX || part.len() > PLACES {
            return Err(DecimalError);
        }
        let value: i128 = format!("{whole}{part:0<6}").parse().map_err(|_| DecimalError)?;
        Ok(Self(if negative { -value } else { value }))
    }
}

/// A number from JSON: a string, or an integer. A number with a point has already lost digits.
fn read_number(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string().parse().ok(),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Part for Decimal {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Decimal;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match read_number(value) {
            Some(number) => Some(number),
            None => at.refuse(Problem::Value, Expected::Decimal, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self((dice.roll() >> 24) as i128 - (1 << 36))
    }
}

/// An amount of money: from 0, to the hundredth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

impl Amount {
    /// `None` below 0 or when there are more than two digits after the point.
    pub fn new(number: Decimal) -> Option<Self> {
        (number >= Decimal::ZERO && number.places() <= 2).then_some(Self(number))
    }

    /// The number.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text(2))
    }
}

impl Part for Amount {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Decimal;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match read_number(value).and_then(Self::new) {
            Some(amount) => Some(amount),
            None => at.refuse(Problem::Value, Expected::Amount, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(Decimal((dice.roll() >> 30) as i128 * 10_000))
    }
}

/// A share of a whole, in percent from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percent(Decimal);

impl Percent {
    /// `None` outside 0 to 100.
    pub fn new(number: Decimal) -> Option<Self> {
        (number >= Decimal::ZERO && number <= Decimal::whole(100)).then_some(Self(number))
    }

    /// The number.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl Part for Percent {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Decimal;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match read_number(value).and_then(Self::new) {
            Some(percent) => Some(percent),
            None => at.refuse(Problem::Value, Expected::Percent, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(Decimal(dice.below(201) as i128 * MILLION / 2))
    }
}

codes! {
    /// ISO 4217, those that Norwegian procurement meets.
    pub enum Currency = "currency" {
        Nok = "NOK", "norske kroner", "norske kroner", "Norwegian kroner";
        Eur = "EUR", "euro", "euro", "euros";
        Sek = "SEK", "svenske kroner", "svenske kroner", "Swedish kronor";
        Dkk = "DKK", "danske kroner", "danske kroner", "Danish kroner";
        Isk = "ISK", "islandske kroner", "islandske kroner", "Icelandic krónur";
        Gbp = "GBP", "britiske pund", "britiske pund", "pounds sterling";
        Usd = "USD", "amerikanske dollar", "amerikanske dollar", "US dollars";
        Chf = "CHF", "sveitsiske franc", "sveitsiske franc", "Swiss francs";
    }
}

record! {
    /// An amount of money without value added tax, in the prices of a year. One value: an amount
    /// never meets another office's currency.
    pub whole Money {
        amount: Amount = "Beløp", "Beløp", "Amount";
        currency: Currency = "Valuta", "Valuta", "Currency";
        year: Option<Year> = "Prisår", "Prisår", "Price year";
    }
}

/// A year that procurement of today may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Year(u16);

impl Year {
    /// `None` outside 1900 to 2200.
    pub fn new(year: u16) -> Option<Self> {
        (1900..=2200).contains(&year).then_some(Self(year))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Part for Year {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Count;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match value.as_u64().and_then(|year| Self::new(u16::try_from(year).ok()?)) {
            Some(year) => Some(year),
            None => at.refuse(Problem::Value, Expected::Year, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(self.0))
    }

    fn draw(dice: &mut Dice) -> Self {
        Self(2000 + dice.below(30) as u16)
    }
}
