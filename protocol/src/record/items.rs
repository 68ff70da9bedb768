//! Lists whose items have an id of their own.

use std::{collections::BTreeSet, ops::Deref};

use serde_json::{Map, Value};

use super::{About, Content, Dice, Expected, LIST_MAX, Part, Problem, Reader};
use crate::{
    id::ItemId,
    shape::{Field, Shape},
};

/// One item of a list.
pub trait Item: Sized {
    /// Its fields, without `id`.
    const FIELDS: &'static [Field];
    /// Its fields as people meet them, without `id`.
    const ABOUT: &'static [About];

    /// What it is known by, whatever its position.
    fn id(&self) -> ItemId;

    /// Reads its members.
    fn read_item(map: &Map<String, Value>, at: &mut Reader) -> Option<Self>;

    /// Its canonical JSON, `id` first.
    fn write_item(&self) -> Map<String, Value>;

    /// A valid item for tests.
    fn draw_item(dice: &mut Dice) -> Self;
}

/// Items in the order that people chose, no two with one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items<T>(Vec<T>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Item> Items<T> {
    /// Adds an item at the end, or in the place of the one with its id.
    pub fn put(&mut self, item: T) {
        match self.0.iter_mut().find(|other| other.id() == item.id()) {
            Some(place) => *place = item,
            None => self.0.push(item),
        }
    }

    /// The item with this id.
    pub fn find(&self, id: ItemId) -> Option<&T> {
        self.0.iter().find(|item| item.id() == id)
    }
}

impl<T: Item> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list = Self::default();
        items.into_iter().for_each(|item| list.put(item));
        list
    }
}

impl<T> Deref for Items<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Items<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Item> Part for Items<T> {
    const SHAPE: Shape = Shape::List(T::FIELDS);
    const CONTENT: Content = Content::List(T::ABOUT);

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn read(value: &Value, at: &mut Reader) -> Option<Self> {
        let values = at.array(value, LIST_MAX)?;
        let mut seen = BTreeSet::new();
        let mut read = |value: &Value, at: &mut Reader| {
            let item = T::read_item(at.object(value, Expected::Object)?, at)?;
            if !seen.insert(item.id()) {
                at.inside("id", |at| at.refuse::<()>(Problem::Rule, Expected::OtherItemId, &value["id"]))?;
            }
            Some(item)
        };
        // Every item is read, so that every fault is found.
        let items: Vec<_> = values.iter().enumerate().map(|(i, v)| at.item(i, v, &mut read)).collect();
        items.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }

    fn write(&self) -> Option<Value> {
        (!self.0.is_empty())
            .then(|| self.0.iter().map(|item| Value::Object(item.write_item())).collect::<Vec<_>>().into())
    }

    fn draw(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| T::draw_item(dice)).collect()
    }
}

/// Gives every item that has none an id, through nested lists, in the order in which they stand.
///
/// An external id is often written `{"scheme", "id"}`: an `id` that is no item's id, in an item that
/// has a `value` but names none, is that value.
pub fn assign_ids(record: &mut Value, fields: &[Field], new_id: &mut dyn FnMut() -> ItemId) {
    for field in fields {
        let Some(value) = record.get_mut(field.name) else { continue };
        match field.shape {
            Shape::List(members) => {
                for item in value.as_array_mut().into_iter().flatten() {
                    if let Some(map) = item.as_object_mut() {
                        move_value(map, members);
                        if map.get("id").is_none_or(Value::is_null) {
                            map.insert("id".to_owned(), Value::String(new_id().to_string()));
                        }
                    }
                    assign_ids(item, members, new_id);
                }
            }
            Shape::Group(members) => assign_ids(value, members, new_id),
            Shape::Register | Shape::Text | Shape::Set | Shape::Map(..) => {}
        }
    }
}

fn move_value(item: &mut Map<String, Value>, members: &[Field]) {
    const NAME: &str = "value";
    let takes_value = members.iter().any(|field| field.name == NAME) && !item.contains_key(NAME);
    let is_value = item.get("id").and_then(Value::as_str).is_some_and(|id| id.parse::<ItemId>().is_err());
    if takes_value
        && is_value
        && let Some(value) = item.remove("id")
    {
        item.insert(NAME.to_owned(), value);
    }
}
