//! What may stand in a field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Dice, Expected, LIST_MAX, Problem, Reader, reader::is_cleared};
use crate::{
    code::{Code, CodeList},
    id::{DocumentId, ItemId},
    language::Labels,
    shape::{Field, Keys, Shape},
};

/// A value of a field: how it is held, read, written and drawn.
pub trait Part: Sized {
    /// How it is held in a document and merged.
    const SHAPE: Shape;
    /// What it is, for forms and descriptions.
    const CONTENT: Content;

    /// What stands for a field that is not there; `None` when there must be one.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads it. `None` says that a fault was reported to the reader.
    fn read(value: &Value, at: &mut Reader) -> Option<Self>;

    /// Its canonical JSON; `None` when it is absent.
    fn write(&self) -> Option<Value>;

    /// A valid value for tests.
    fn draw(dice: &mut Dice) -> Self;
}

/// What a field holds, for forms, the API description and vocabularies.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Running text.
    Text,
    /// One line.
    Line,
    /// One line in lower case.
    Keyword,
    /// The address of a web page.
    Url,
    /// An e-mail address.
    Mailbox,
    /// Yes or no.
    Flag,
    /// A whole number from 0.
    Count,
    /// An exact decimal number, written as a string.
    Decimal,
    /// A year, a month or a day.
    Date,
    /// A day.
    Day,
    /// Eight digits of the Common Procurement Vocabulary.
    Cpv,
    /// Nine digits of the register of legal entities.
    OrgNumber,
    /// Four digits of a municipality.
    MunicipalityNumber,
    /// The id of a record or of a document.
    RecordId,
    /// The id of an item.
    ItemId,
    /// nb, nn, en or se.
    Language,
    /// One of a list of codes.
    Code(&'static CodeList),
    /// A set of such.
    Set(&'static Content),
    /// Such, by language.
    Languages(&'static Content),
    /// Such, by code.
    ByCode(&'static CodeList, &'static Content),
    /// Items with an id of their own.
    List(&'static [About]),
    /// Several fields that make one value, or that stand in one group.
    Object(&'static [About]),
}

impl Content {
    /// The fields of the items or of the object that it holds.
    pub const fn members(&self) -> Option<&'static [About]> {
        match self {
            Self::List(members) | Self::Object(members) => Some(members),
            Self::Set(content) | Self::Languages(content) | Self::ByCode(_, content) => content.members(),
            Self::Text
            | Self::Line
            | Self::Keyword
            | Self::Url
            | Self::Mailbox
            | Self::Flag
            | Self::Count
            | Self::Decimal
            | Self::Date
            | Self::Day
            | Self::Cpv
            | Self::OrgNumber
            | Self::MunicipalityNumber
            | Self::RecordId
            | Self::ItemId
            | Self::Language
            | Self::Code(_) => None,
        }
    }

    /// The list that its codes are from, be they values or names.
    pub const fn codes(&self) -> Option<&'static CodeList> {
        match self {
            Self::Code(list) | Self::ByCode(list, _) => Some(list),
            Self::Set(content) | Self::Languages(content) => content.codes(),
            Self::Text
            | Self::Line
            | Self::Keyword
            | Self::Url
            | Self::Mailbox
            | Self::Flag
            | Self::Count
            | Self::Decimal
            | Self::Date
            | Self::Day
            | Self::Cpv
            | Self::OrgNumber
            | Self::MunicipalityNumber
            | Self::RecordId
            | Self::ItemId
            | Self::Language
            | Self::List(_)
            | Self::Object(_) => None,
        }
    }
}

/// A field as people meet it.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name in JSON.
    pub name: &'static str,
    /// What a form shows.
    pub labels: Labels,
    /// What it holds.
    pub content: Content,
    /// How it is held.
    pub shape: Shape,
    /// The schema version that brought it.
    pub since: u16,
}

impl About {
    /// The field as the document layer knows it.
    pub const fn field(&self) -> Field {
        Field { name: self.name, shape: self.shape, since: self.since }
    }
}

impl<T: Part> Part for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const CONTENT: Content = T::CONTENT;

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        T::read(value, at).map(Some)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(T::write)
    }

    fn draw(dice: &mut Dice) -> Self {
        (dice.below(3) > 0).then(|| T::draw(dice))
    }
}

impl Part for bool {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Flag;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        match value.as_bool() {
            Some(flag) => Some(flag),
            None => at.refuse(Problem::Type, Expected::Flag, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }

    fn draw(dice: &mut Dice) -> Self {
        dice.below(2) == 0
    }
}

impl Part for u64 {
    const SHAPE: Shape = Shape::Register;
    const CONTENT: Content = Content::Count;

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        // Above 2⁵³ a browser would show another number.
        match value.as_u64().filter(|count| *count < 1 << 53) {
            Some(count) => Some(count),
            None => at.refuse(Problem::Type, Expected::Count, value),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn draw(dice: &mut Dice) -> Self {
        dice.below(400) as u64
    }
}

macro_rules! id_part {
    ($($name:ident, $content:ident;)*) => {$(
        impl Part for $name {
            const SHAPE: Shape = Shape::Register;
            const CONTENT: Content = Content::$content;

            fn read(value: &Value, at: &mut Reader) -> Option<Self> {
                match at.string(value, Expected::$content)?.parse() {
                    Ok(id) => Some(id),
                    Err(_) => at.refuse(Problem::Value, Expected::$content, value),
                }
            }

            fn write(&self) -> Option<Value> {
                Some(Value::String(self.to_string()))
            }

            fn draw(dice: &mut Dice) -> Self {
                Self(std::array::from_fn(|_| dice.below(256) as u8))
            }
        }
    )*};
}

id_part! {
    DocumentId, RecordId;
    ItemId, ItemId;
}

impl<T: Part + Ord> Part for BTreeSet<T> {
    const SHAPE: Shape = Shape::Set;
    const CONTENT: Content = Content::Set(&T::CONTENT);

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let members = at.array(value, LIST_MAX)?;
        let read: Vec<_> = members.iter().enumerate().map(|(i, v)| at.item(i, v, T::read)).collect();
        read.into_iter().collect()
    }

    fn write(&self) -> Option<Value> {
        let mut strings: Vec<String> = self
            .iter()
            .filter_map(|member| match member.write() {
                Some(Value::String(text)) => Some(text),
                Some(
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
                )
                | None => None,
            })
            .collect();
        strings.sort();
        (!strings.is_empty()).then(|| strings.into())
    }

    fn draw(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| T::draw(dice)).collect()
    }
}

impl<K: Code + Ord, T: Part> Part for BTreeMap<K, T> {
    const SHAPE: Shape = Shape::Map(&T::SHAPE, Keys::OneOf(K::LIST.codes));
    const CONTENT: Content = Content::ByCode(K::LIST, &T::CONTENT);

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let map = at.object(value, Expected::ByName)?;
        let mut all = Self::new();
        let mut whole = true;
        for (name, value) in map {
            let Some(key) = at.key::<K>(name, value) else {
                whole = false;
                continue;
            };
            if is_cleared(value) {
                continue;
            }
            match at.inside(name, |at| T::read(value, at)) {
                Some(value) => drop(all.insert(key, value)),
                None => whole = false,
            }
        }
        whole.then_some(all)
    }

    fn write(&self) -> Option<Value> {
        let map: Map<_, _> =
            self.iter().filter_map(|(key, value)| Some((key.code().to_owned(), value.write()?))).collect();
        (!map.is_empty()).then_some(Value::Object(map))
    }

    fn draw(dice: &mut Dice) -> Self {
        (0..dice.below(5)).map(|_| (K::draw(dice), T::draw(dice))).collect()
    }
}
