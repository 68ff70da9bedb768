//! What people and programs write.

use std::{fmt::Display, str::FromStr};

use praksis_protocol::{
    change,
    cpv::Cpv,
    date::{Day, PartialDate},
    decimal::Decimal,
    genesis::Kind,
    id::{ChangeHash, DocumentId, ItemId},
    membership::ticket::Ticket,
    org_number::OrgNumber,
    personal,
    share::{Sharing, Terms, prepare},
};
use serde_json::{Map, Value};

use crate::Entry;

pub(crate) const ENTRIES: &[Entry] = &[
    Entry { name: "document id", read: spelled::<DocumentId>, examples: || vec!["a".repeat(52).into()] },
    Entry { name: "head", read: spelled::<ChangeHash>, examples: || vec!["a".repeat(52).into()] },
    Entry { name: "item id", read: spelled::<ItemId>, examples: || vec!["a".repeat(26).into()] },
    Entry { name: "organisation number", read: spelled::<OrgNumber>, examples: || texts(&["310 000 027"]) },
    Entry { name: "CPV code", read: spelled::<Cpv>, examples: || texts(&["45231000-5", "33195110"]) },
    Entry {
        name: "date",
        read: spelled::<PartialDate>,
        examples: || texts(&["2016", "2016-02", "2016-02-29"]),
    },
    Entry { name: "decimal", read: spelled::<Decimal>, examples: || texts(&["1250000.00", "-0.5"]) },
    Entry { name: "ticket in words", read: ticket, examples: || vec![] },
    Entry { name: "record", read: record, examples: || Kind::ALL.map(|kind| kind.example().into()).to_vec() },
    Entry {
        name: "expression",
        read: |bytes| changed(bytes, |kind, old, text| change::set(kind, old, &[text], &mut ids()).ok()),
        examples: || texts(&["title.nb=Vann", "keywords+=x", "lessons+={\"what\": \"Spør\"}", "need="]),
    },
    Entry {
        name: "merge patch",
        read: |bytes| {
            changed(bytes, |kind, old, text| {
                change::merge(kind, old, &serde_json::from_str(text).ok()?, &mut ids()).ok()
            })
        },
        examples: || {
            texts(&["{\"title\": {\"nn\": \"Vatn\"}, \"phase\": null}", "{\"lessons\": [{\"what\": \"x\"}]}"])
        },
    },
    Entry {
        name: "text with something of a person",
        read: |bytes| {
            text(bytes).is_some_and(|text| {
                let length = text.chars().count();
                let found = personal::find(text);
                assert!(found.iter().all(|(_, place)| place.start < place.end && place.end <= length));
                !found.is_empty()
            })
        },
        examples: || texts(&["018180 10083", "Ring +47 22 33 44 55 eller 912 34 567", "a.b@eksempel.no, x"]),
    },
];

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A value that may be spelled in several ways and is written in one.
fn spelled<T: FromStr + Display + PartialEq>(bytes: &[u8]) -> bool {
    text(bytes).and_then(|text| text.parse::<T>().ok()).is_some_and(|value| {
        let again = value.to_string().parse::<T>().ok();
        assert!(again.is_some_and(|again| again == value), "{value} is read otherwise");
        true
    })
}

fn ticket(bytes: &[u8]) -> bool {
    text(bytes).and_then(|text| Ticket::from_text(text).ok()).is_some_and(|ticket| {
        assert_eq!(Ticket::from_text(&ticket.to_text()), Ok(ticket));
        true
    })
}

/// A record of any kind, read strictly, tolerantly, and prepared for sharing.
fn record(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return false };
    let mut taken = false;
    for kind in Kind::ALL {
        let read = Value::Object(kind.read(&value));
        assert_eq!(Value::Object(kind.read(&read)), read, "{kind:?} read again is another");
        let Ok(record) = kind.parse(&value, &mut ids()) else { continue };
        taken = true;
        let again = kind.parse(&Value::Object(record.clone()), &mut ids());
        assert_eq!(again.as_ref(), Ok(&record), "{kind:?} written is read otherwise");
        let terms = Terms::on(Day::new(2026, 11, 22).expect("a day"));
        if let Ok(shared) = prepare(kind, &record, &Sharing { terms, reaches: &|_| true, before: None }) {
            assert_eq!(kind.parse(&Value::Object(shared.record.clone()), &mut ids()), Ok(shared.record));
        }
    }
    taken
}

/// A change of the full example: what comes of it is a record.
fn changed(
    bytes: &[u8],
    change: impl Fn(Kind, &Map<String, Value>, &str) -> Option<Map<String, Value>>,
) -> bool {
    let Some(text) = text(bytes) else { return false };
    let mut taken = false;
    for kind in [Kind::Case, Kind::Template] {
        let old: Map<String, Value> = serde_json::from_str(kind.example()).expect("the example is JSON");
        let Some(new) = change(kind, &old, text) else { continue };
        taken = true;
        assert_eq!(kind.faults(&Value::Object(new)), [], "{kind:?}");
    }
    taken
}

/// Ids in the order 1, 2, 3, in the place of drawn ones.
fn ids() -> impl FnMut() -> ItemId {
    let mut next = 0u64;
    move || {
        next += 1;
        let mut bytes = [0xee; 16];
        bytes[..8].copy_from_slice(&next.to_be_bytes());
        ItemId(bytes)
    }
}
