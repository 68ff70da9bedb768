//! A schema of no kind that has every shape in every place, and people who write it.

use serde_json::{Value, json};

use super::{Author, Form, RawChange, Replica};
use crate::{
    id::{ActorBytes, ChangeHash, DocumentId, ItemId},
    shape::{
        Field, Keys,
        Shape::{self, Group, List, Map, Register, Set, Text},
    },
};

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, since: 1 }
}

const fn later(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, since: 2 }
}

const STEP: &[Field] = &[field("date", Register), field("why", Text), field("tags", Set)];

const GAIN: &[Field] = &[
    field("category", Register),
    field("value", Register),
    field("method", Text),
    field("caption", Map(&Text, Keys::Language)),
    field("sources", Set),
    field("steps", List(STEP)),
    field("basis", Group(&[field("kind", Register), field("note", Text)])),
    field("periods", Map(&Register, Keys::OneOf(&["from", "to"]))),
];

const REUSABLE: &[Field] = &[
    field("documents_free", Register),
    field("advice", Text),
    field("licences", Set),
    field("links", List(STEP)),
];

/// The schema as it was first.
pub(super) const FIELDS: &[Field] = &[
    field("title", Map(&Register, Keys::Language)),
    field("summary", Map(&Text, Keys::Language)),
    field("phase", Register),
    field("tenders", Register),
    field("value", Register),
    field("need", Text),
    field("result", Text),
    field("sector", Set),
    field("dates", Map(&Register, Keys::OneOf(&["need", "notice", "award"]))),
    field("reusable", Group(REUSABLE)),
    field("gains", List(GAIN)),
];

const GAIN_2: &[Field] = &[
    field("category", Register),
    field("value", Register),
    field("method", Text),
    field("caption", Map(&Text, Keys::Language)),
    field("sources", Set),
    field("steps", List(STEP)),
    field("basis", Group(&[field("kind", Register), field("note", Text)])),
    field("periods", Map(&Register, Keys::OneOf(&["from", "to"]))),
    later("doubt", Text),
    later("readers", Set),
];

const REUSABLE_2: &[Field] = &[
    field("documents_free", Register),
    field("advice", Text),
    field("licences", Set),
    field("links", List(STEP)),
    later("price", Register),
    later("thanks", Text),
];

/// The same schema, one version later.
pub(super) const FIELDS_2: &[Field] = &[
    field("title", Map(&Register, Keys::Language)),
    field("summary", Map(&Text, Keys::Language)),
    field("phase", Register),
    field("tenders", Register),
    field("value", Register),
    field("need", Text),
    field("result", Text),
    field("sector", Set),
    field("dates", Map(&Register, Keys::OneOf(&["need", "notice", "award"]))),
    field("reusable", Group(REUSABLE_2)),
    field("gains", List(GAIN_2)),
    later("outlook", Text),
    later("audience", Set),
    later("risk", Register),
    later("lessons", List(STEP)),
];

pub(super) const DOCUMENT: DocumentId = DocumentId([7; 32]);

pub(super) fn id(n: u8) -> String {
    ItemId([n; 16]).to_string()
}

/// An office: a replica, and the name that its actors come from.
#[derive(Clone)]
pub(super) struct Office {
    pub(super) name: &'static str,
    pub(super) replica: Replica,
    pub(super) changes: Vec<RawChange>,
}

impl Office {
    pub(super) fn new(name: &'static str, form: Form) -> Self {
        Self::knowing(name, form, FIELDS)
    }

    pub(super) fn knowing(name: &'static str, form: Form, fields: &'static [Field]) -> Self {
        Self { name, replica: Replica::new(DOCUMENT, form, fields), changes: Vec::new() }
    }

    pub(super) fn write(&mut self, target: &Value) -> Vec<RawChange> {
        let at = self.replica.heads();
        self.write_at(&at, target)
    }

    pub(super) fn write_at(&mut self, at: &[ChangeHash], target: &Value) -> Vec<RawChange> {
        let name = self.name;
        let actor = move |branch| actor(name, branch);
        let author = Author { actor: &actor, first_branch: 0, time: 1_700_000_000 };
        let changes = self.replica.edit(at, target, &author).expect("the target has the schema's shape");
        self.changes.extend(changes.clone());
        changes
    }

    /// Sets members of the record, `null` for none.
    pub(super) fn set(&mut self, patch: Value) -> Vec<RawChange> {
        let target = self.with(&patch);
        self.write(&target)
    }

    /// The record with members set.
    pub(super) fn with(&self, patch: &Value) -> Value {
        let mut record = self.record();
        for (key, value) in patch.as_object().expect("a patch is an object") {
            record[key] = value.clone();
        }
        record
    }

    pub(super) fn record(&self) -> Value {
        self.replica.read().record
    }

    /// Takes everything that another office wrote, and what it had from others.
    pub(super) fn hear(&mut self, other: &Office) {
        let bytes: Vec<_> = other.changes.iter().map(|change| &change.bytes).collect();
        self.replica.apply(&bytes).expect("the other office's changes are whole");
        for change in &other.changes {
            if !self.changes.iter().any(|known| known.hash == change.hash) {
                self.changes.push(change.clone());
            }
        }
    }
}

/// Two offices tell each other everything.
pub(super) fn meet(a: &mut Office, b: &mut Office) {
    a.hear(b);
    b.hear(a);
    assert_eq!(a.replica.heads(), b.replica.heads());
    assert_eq!(a.replica.read(), b.replica.read());
}

pub(super) fn actor(name: &str, branch: u32) -> ActorBytes {
    let hash = blake3::hash(format!("{name}/{branch}").as_bytes());
    ActorBytes(std::array::from_fn(|i| hash.as_bytes()[i]))
}

/// A record in which every field of [`FIELDS`] says something.
pub(super) fn full() -> Value {
    json!({
        "title": {"nb": "Varmepumpe i skolen", "en": "A heat pump at school"},
        "summary": {"nb": "Skolen fikk varme.", "nn": "Skulen fekk varme.", "en": "Heat.", "se": "Liekkas."},
        "phase": "realise",
        "tenders": 3,
        "value": {"amount": "1250000.00", "currency": "NOK", "year": 2014},
        "need": "Bygget er kaldt.\n\nElevene fryser 🥶.",
        "result": "Varmt.",
        "sector": ["climate_env", "education"],
        "dates": {"need": "2016", "award": "2016-02-04"},
        "reusable": {
            "documents_free": true,
            "advice": "Spør tidlig.",
            "licences": ["NLOD-2.0"],
            "links": [{"id": id(9), "date": "2016", "why": "Fordi.", "tags": ["a"]}],
        },
        "gains": [
            {
                "id": id(3), "category": "economic", "value": {"low": "-1", "high": "2"}, "method": "Målt.",
                "caption": {"nn": "Spart"}, "sources": ["rapport"], "basis": {"kind": "measured", "note": "To år."},
                "periods": {"from": "2015"},
                "steps": [{"id": id(5), "why": "Først."}, {"id": id(4), "date": "2017-01", "tags": ["b", "a"]}],
            },
            {"id": id(1), "category": "climate"},
            {"id": id(2)},
        ],
    })
}

impl Office {
    /// An old office hears a new one, the containers of the new schema among it.
    pub(super) fn hear_newer(&mut self, new: &Office) {
        let containers = super::containers(DOCUMENT, 2, self.replica.form, FIELDS_2);
        let bytes: Vec<_> = containers.iter().chain(&new.changes).map(|change| &change.bytes).collect();
        self.replica.apply(&bytes).expect("what a newer node writes can be applied");
    }

    /// Shares `target`: also settles what is contested.
    pub(super) fn share(&mut self, target: &Value) -> Vec<RawChange> {
        let name = self.name;
        let actor = move |branch| actor(name, branch);
        let author = Author { actor: &actor, first_branch: 0, time: 1_700_000_000 };
        let heads = self.replica.heads();
        let changes = self.replica.share(&heads, target, &author).expect("the target has the schema's shape");
        self.changes.extend(changes.clone());
        changes
    }

    /// Settles a conflict on its value number `n`.
    pub(super) fn settle(&mut self, conflict: &super::Conflict, n: usize) {
        let name = self.name;
        let actor = move |branch| actor(name, branch);
        let author = Author { actor: &actor, first_branch: 0, time: 1_700_000_000 };
        let value = conflict.values[n].value.clone();
        let changes = self.replica.settle(conflict, &value, &author).expect("the conflict is still there");
        self.changes.extend(changes);
    }
}

/// The places of a record that its fields do not speak of, and the fields that it says nothing in.
pub(super) fn unmatched(fields: &[Field], records: &[&Value], path: &str) -> Vec<String> {
    let mut places = Vec::new();
    let named = |key: &str| key == "id" || fields.iter().any(|field| field.name == key);
    for key in records.iter().filter_map(|record| record.as_object()).flatten().map(|(key, _)| key) {
        if !named(key) {
            places.push(format!("{path}{key} is unknown"));
        }
    }
    for field in fields {
        let values: Vec<&Value> = records.iter().filter_map(|record| record.get(field.name)).collect();
        let path = format!("{path}{}", field.name);
        match &field.shape {
            _ if values.is_empty() => places.push(format!("{path} says nothing")),
            Group(inner) => places.extend(unmatched(inner, &values, &format!("{path}."))),
            List(inner) => {
                let items: Vec<_> = values.iter().filter_map(|list| list.as_array()).flatten().collect();
                places.extend(unmatched(inner, &items, &format!("{path}.")));
            }
            Register | Text | Set | Map(..) => {}
        }
    }
    places
}
