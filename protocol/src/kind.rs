//! What can be done with a record without knowing which kind it is.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::{
    case::Case,
    collection::Collection,
    contact::Contact,
    filled::Filled,
    genesis::Kind,
    id::ItemId,
    language::Labels,
    org_year::OrgYear,
    organisation::Organisation,
    record::{About, Dice, Fault, Invalid, Record, assign_ids},
    response::Response,
    shape::Field,
    template::Template,
};

macro_rules! kinds {
    ($($kind:ident, $record:ty, $example:literal, $nb:literal, $nn:literal, $en:literal;)*) => {
        impl Kind {
            /// What people see.
            pub const fn labels(self) -> Labels {
                match self { $(Self::$kind => Labels { nb: $nb, nn: $nn, en: $en },)* }
            }

            /// The schema version that this program writes.
            pub const fn schema(self) -> u16 {
                match self { $(Self::$kind => <$record>::SCHEMA,)* }
            }

            /// Its fields and how each is held.
            pub const fn record(self) -> &'static [Field] {
                match self { $(Self::$kind => <$record>::RECORD,)* }
            }

            /// Its fields as people meet them.
            pub const fn about(self) -> &'static [About] {
                match self { $(Self::$kind => <$record>::ABOUT,)* }
            }

            /// The field that names the language of texts without one.
            pub const fn language_field(self) -> Option<&'static str> {
                match self { $(Self::$kind => <$record>::LANGUAGE_FIELD,)* }
            }

            /// The canonical JSON of a record that came from outside; items that have no id get
            /// one. Every fault is named.
            pub fn parse(
                self,
                value: &Value,
                new_id: &mut dyn FnMut() -> ItemId,
            ) -> Result<Map<String, Value>, Invalid> {
                let mut value = value.clone();
                assign_ids(&mut value, self.record(), new_id);
                match self { $(Self::$kind => <$record>::parse(&value).map(|record| record.write()),)* }
            }

            /// The faults of a record that is there, without taking it in.
            pub fn faults(self, value: &Value) -> Vec<Fault> {
                match self {
                    $(Self::$kind => <$record>::parse(value).map_or_else(|invalid| invalid.faults, |_| Vec::new()),)*
                }
            }

            /// The canonical JSON of what another node wrote: never fails, keeps what it does not know.
            pub fn read(self, value: &Value) -> Map<String, Value> {
                match self { $(Self::$kind => <$record>::read(value).write(),)* }
            }

            /// A made-up record that uses every field, as canonical JSON, indented.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$kind => include_str!(concat!("kind/", $example)),)* }
            }

            /// A valid record drawn field by field, for tests: any field may be there or not.
            pub fn draw(self, dice: &mut Dice) -> Map<String, Value> {
                match self { $(Self::$kind => <$record>::draw(dice).write(),)* }
            }
        }
    };
}

kinds! {
    Case, Case, "case.json", "Erfaring", "Erfaring", "Procurement case";
    Template, Template, "template.json", "Mal", "Mal", "Document template";
    Filled, Filled, "filled.json", "Utfylt mal", "Utfylt mal", "Filled-in template";
    Response, Response, "response.json", "Respons", "Respons", "Response from others";
    Collection, Collection, "collection.json", "Samling", "Samling", "Curated collection";
    Contact, Contact, "contact.json", "Kontakt", "Kontakt", "Contact point";
    OrgYear, OrgYear, "org_year.json", "Årstall for virksomheten", "Årstal for verksemda", "Figures of a year";
    Organisation, Organisation, "organisation.json", "Virksomhet", "Verksemd", "Member organisation";
}

/// Text that names no kind of document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of document: {}", Kind::ALL.map(Kind::code).join(", "))]
pub struct KindError;

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(code: &str) -> Result<Self, KindError> {
        Self::ALL.into_iter().find(|kind| kind.code() == code).ok_or(KindError)
    }
}
