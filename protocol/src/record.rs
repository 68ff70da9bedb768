//! What a record is: fields declared once, from which come its shape, its JSON both ways, its
//! labels and how test records are drawn.
//!
//! Reading is *strict* at the edge (command line, API, import): every fault is reported at once,
//! with its place and the nearest known name. In sync it is *tolerant*: what this version cannot
//! read it keeps in [`Unknown`] and writes again untouched. The same code does both.

mod declare;
mod dice;
mod expected;
mod fault;
mod items;
mod part;
mod reader;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(crate) use self::declare::{plain_name, record, since};
pub(crate) use self::reader::{FAULTS_MAX, nearest};
pub use self::{
    dice::Dice,
    expected::Expected,
    fault::{Fault, Invalid, Problem},
    items::{Item, Items, assign_ids},
    part::{About, Content, Part},
    reader::Reader,
};
use crate::{genesis::Kind, shape::Field};

/// The most items a list or a set may have.
pub const LIST_MAX: usize = 200;
/// The longest record, in bytes of its JSON without white space: a share always fits one change.
pub const RECORD_MAX: usize = 512 * 1024;

/// A kind of document, as plain data.
pub trait Record: Sized + Clone + Default + PartialEq {
    /// Which kind it is.
    const KIND: Kind;
    /// The schema version that this program writes.
    const SCHEMA: u16;
    /// Its fields and how each is held.
    const RECORD: &'static [Field];
    /// Its fields as people meet them.
    const ABOUT: &'static [About];
    /// The field that names the language of texts without one.
    const LANGUAGE_FIELD: Option<&'static str>;

    /// Reads what came from outside: every fault is named, none is passed over. Fields and codes
    /// of a record whose `schema_version` is newer than ours are kept instead.
    fn parse(value: &Value) -> Result<Self, Invalid>;

    /// Reads what another node wrote: never fails, and keeps what it does not know.
    fn read(value: &Value) -> Self;

    /// The canonical JSON: fields in the order of [`Record::RECORD`], nothing that is absent.
    fn write(&self) -> Map<String, Value>;

    /// A valid record drawn field by field, for tests.
    fn draw(dice: &mut Dice) -> Self;
}

/// What a newer version or a damaged one wrote, under the names it used.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Unknown(BTreeMap<String, Value>);

impl Unknown {
    /// Whether all was understood.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names that were not understood.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn keep(&mut self, name: &str, value: &Value) {
        self.0.insert(name.to_owned(), value.clone());
    }

    pub(crate) fn write_into(&self, map: &mut Map<String, Value>) {
        for (name, value) in &self.0 {
            map.entry(name).or_insert_with(|| value.clone());
        }
    }
}
