//! What holds for every record, every order and every partition.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Map, Value, json};

use super::{ApplyError, Form, MAX_CHANGE_OPERATIONS, RawChange, Replica, sample::*};
use crate::shape::{Field, Keys, LANGUAGES, Shape};

fn forms() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::Draft), Just(Form::Shared)]
}

/// A canonical record of these fields; each may be there or not.
fn records(fields: &'static [Field]) -> BoxedStrategy<Value> {
    members(fields.iter().map(|field| (field.name, values(&field.shape))).collect())
}

fn members(values: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let maybe = |(name, value): (&'static str, BoxedStrategy<Value>)| {
        prop::option::of(value).prop_map(move |value| (name, value))
    };
    let all: Vec<_> = values.into_iter().map(maybe).collect();
    all.prop_map(|members| {
        let filled = |value: &Value| value.as_object().is_none_or(|members| !members.is_empty());
        let kept =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.filter(filled)?)));
        Value::Object(kept.collect())
    })
    .boxed()
}

fn values(shape: &'static Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Register => registers(),
        Shape::Text => texts(),
        Shape::Set => prop::collection::btree_set("[a-zå😀]{1,3}", 1..4).prop_map(|set| json!(set)).boxed(),
        Shape::List(fields) => {
            (prop::collection::btree_set(1..9u8, 1..4), vec(records(fields), 3), any::<u64>())
                .prop_map(|(ids, items, turn)| {
                    let mut items: Vec<Value> = ids
                        .into_iter()
                        .zip(items)
                        .map(|(n, item)| {
                            let mut shown = Map::from_iter([("id".to_owned(), json!(id(n)))]);
                            shown.extend(item.as_object().cloned().unwrap_or_default());
                            Value::Object(shown)
                        })
                        .collect();
                    let turn = turn as usize % items.len();
                    items.rotate_left(turn);
                    Value::Array(items)
                })
                .boxed()
        }
        Shape::Map(inner, keys) => {
            let keys = match keys {
                Keys::Language => &LANGUAGES[..],
                Keys::OneOf(keys) => keys,
            };
            members(keys.iter().map(|key| (*key, values(inner))).collect())
        }
        Shape::Group(fields) => records(fields),
    }
}

fn registers() -> BoxedStrategy<Value> {
    prop_oneof![
        "[a-zæøå]{1,6}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ("[0-9]{1,3}", "[A-Z]{3}")
            .prop_map(|(amount, currency)| json!({"amount": amount, "currency": currency})),
        vec("[a-z]{1,2}", 1..3).prop_map(|items| json!({"at": items, "null": null, "deep": {"n": -3}})),
    ]
    .boxed()
}

fn texts() -> BoxedStrategy<Value> {
    "([a-zæ🥶]{1,4}[ .\n]){1,6}".prop_map(Value::from).boxed()
}

/// One thing that happens in a network of three offices.
#[derive(Debug, Clone)]
enum Event {
    /// An office saves over what it read last, or long ago.
    Save { office: usize, stale: Option<Index>, patch: Value },
    /// One office hears everything from another.
    Hear { office: usize, from: usize },
}

fn events(fields: &'static [Field]) -> impl Strategy<Value = Vec<Event>> {
    let save = (0..3usize, prop::option::of(any::<Index>()), records(fields))
        .prop_map(|(office, stale, patch)| Event::Save { office, stale, patch });
    let hear = (0..3usize, 0..3usize).prop_map(|(office, from)| Event::Hear { office, from });
    vec(prop_oneof![3 => save, 2 => hear], 1..10)
}

const NAMES: [&str; 3] = ["one", "two", "three"];

/// Lets it all happen, then everyone tells everyone.
fn live(form: Form, fields: &'static [Field], events: &[Event]) -> Vec<Office> {
    let mut offices: Vec<_> = NAMES.iter().map(|name| Office::knowing(name, form, fields)).collect();
    let mut read = vec![vec![offices[0].replica.heads()]; 3];
    for event in events {
        match event {
            Event::Save { office: n, stale, patch } => {
                let at = match stale {
                    Some(stale) => stale.get(&read[*n]).clone(),
                    None => offices[*n].replica.heads(),
                };
                let mut target = offices[*n].replica.read_at(&at).expect("it was read there");
                for (key, value) in patch.as_object().expect("a record") {
                    target[key] = value.clone();
                }
                offices[*n].write_at(&at, &target);
                let heads = offices[*n].replica.heads();
                read[*n].push(heads);
            }
            Event::Hear { office, from } => {
                let other = offices[*from].clone();
                offices[*office].hear(&other);
            }
        }
    }
    for _ in 0..2 {
        for (n, m) in [(0, 1), (1, 2), (2, 0)] {
            let other = offices[m].clone();
            offices[n].hear(&other);
        }
    }
    offices
}

/// Applies batches as they come; what lacks its cause is tried again after the others.
fn deliver(replica: &mut Replica, mut batches: Vec<Vec<&RawChange>>) {
    while !batches.is_empty() {
        let before = batches.len();
        batches.retain(|batch| {
            let bytes: Vec<_> = batch.iter().map(|change| &change.bytes).collect();
            match replica.apply(&bytes) {
                Ok(()) => false,
                Err(ApplyError::Missing { .. }) => true,
                Err(error) => panic!("{error}"),
            }
        });
        if batches.len() == before {
            // Batches that wait for each other.
            batches = vec![batches.concat()];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_written_is_read(form in forms(), records in vec(records(FIELDS_2), 1..4)) {
        let mut office = Office::knowing("office", form, FIELDS_2);
        for record in &records {
            let changes = office.write(record);
            prop_assert_eq!(&office.record(), record);
            prop_assert_eq!(office.replica.read().strange, Vec::<String>::new());
            prop_assert!(form == Form::Draft || changes.len() <= 1);
            prop_assert!(office.write(record).is_empty());
        }
    }

    #[test]
    fn the_same_changes_make_the_same_document(
        form in forms(),
        events in events(FIELDS),
        order in vec((any::<Index>(), 1..4usize), 0..30),
    ) {
        let offices = live(form, FIELDS, &events);
        let (reading, heads) = (offices[0].replica.read(), offices[0].replica.heads());
        for office in &offices {
            prop_assert_eq!(&office.replica.read(), &reading);
            prop_assert_eq!(&office.replica.heads(), &heads);
        }
        // The same once more, in pieces, some of them twice, in any order.
        let changes = &offices[0].changes;
        let mut pieces: Vec<Vec<&RawChange>> = Vec::new();
        if !changes.is_empty() {
            for (index, length) in &order {
                let start = index.index(changes.len());
                pieces.push(changes[start..].iter().take(*length).rev().collect());
            }
        }
        pieces.extend(changes.iter().rev().map(|change| vec![change]));
        let mut late = Office::new("late", form);
        deliver(&mut late.replica, pieces);
        prop_assert_eq!(&late.replica.read(), &reading);
        prop_assert_eq!(&late.replica.heads(), &heads);
        prop_assert_eq!(late.replica.history().len(), changes.len());
        // And all of it survives the store.
        let bytes: Vec<_> = changes.iter().map(|change| &change.bytes).collect();
        let tried = Office::new("tried", form).replica.trial(&bytes).expect("these changes are ours").replica;
        prop_assert_eq!(tried.read(), reading);
    }

    #[test]
    fn what_automerge_calls_a_change_is_what_we_say(form in forms(), events in events(FIELDS)) {
        for change in live(form, FIELDS, &events).iter().flat_map(|office| &office.changes) {
            let parsed = automerge::Change::try_from(&change.bytes[..]).expect("it is one");
            prop_assert_eq!(parsed.hash().0, change.hash.0);
            prop_assert_eq!((parsed.actor_id().to_bytes(), parsed.seq()), (change.actor.as_bytes(), change.seq));
            prop_assert!(NAMES.iter().any(|name| actor(name, change.branch) == change.actor));
            prop_assert!(parsed.len() <= MAX_CHANGE_OPERATIONS && change.bytes[8] == 1);
        }
    }

    #[test]
    fn no_sentence_is_lost_or_doubled(
        saves in vec((0..3usize, any::<bool>(), 0..6usize, any::<Index>()), 1..12),
        meetings in vec((0..12usize, 0..3usize, 0..3usize), 0..6),
    ) {
        // Every text is empty before: the first fills are concurrent too.
        let places = ["/need", "/result", "/summary/nb", "/summary/nn", "/reusable/advice", "/summary/se"];
        let mut offices: Vec<_> = NAMES.iter().map(|name| Office::new(name, Form::Draft)).collect();
        let empty = offices[0].replica.heads();
        let mut said: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (i, (n, stale, place, cut)) in saves.iter().enumerate() {
            for (_, to, from) in meetings.iter().filter(|(when, ..)| *when == i) {
                let other = offices[*from].clone();
                offices[*to].hear(&other);
            }
            let at = if *stale { empty.clone() } else { offices[*n].replica.heads() };
            let mut target = offices[*n].replica.read_at(&at).expect("these heads are here");
            let (group, name) = places[*place][1..].split_once('/').unwrap_or(("", &places[*place][1..]));
            let text = if group.is_empty() { &mut target[name] } else { &mut target[group][name] };
            // Between two sentences that stand there, or at either end.
            let mut sentences: Vec<String> =
                text.as_str().unwrap_or_default().split_inclusive(". ").map(str::to_owned).collect();
            let sentence = format!("Setning nummer{i} fra kontor{n}. ");
            sentences.insert(cut.index(sentences.len() + 1), sentence.clone());
            *text = json!(sentences.concat());
            said.entry(places[*place]).or_default().push(sentence);
            offices[*n].write_at(&at, &target);
        }
        for (n, m) in [(0, 1), (1, 2), (2, 0), (0, 1), (1, 2)] {
            let other = offices[m].clone();
            offices[n].hear(&other);
        }
        for office in &offices {
            for (place, sentences) in &said {
                let text = office.record().pointer(place).and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
                for sentence in sentences {
                    prop_assert_eq!(text.matches(sentence.as_str()).count(), 1, "{} in {}", sentence, text);
                }
                prop_assert_eq!(text.len(), sentences.concat().len());
            }
        }
    }

    #[test]
    fn composite_registers_never_mix(form in forms(), saves in vec((0..3usize, 0..4u8), 2..8)) {
        let whole = |n: u8| json!({"amount": format!("{n}"), "currency": format!("C{n}"), "year": n});
        let mut offices: Vec<_> = NAMES.iter().map(|name| Office::new(name, form)).collect();
        for (office, n) in &saves {
            offices[*office].set(json!({
                "value": whole(*n),
                "gains": [{"id": id(1), "value": whole(*n)}],
            }));
        }
        let (two, three) = (offices[1].clone(), offices[2].clone());
        offices[0].hear(&two);
        offices[0].hear(&three);
        let reading = offices[0].replica.read();
        let values = reading.conflicts.iter().flat_map(|conflict| &conflict.values).map(|value| &value.value);
        let items = [&reading.record["value"], &reading.record["gains"][0]["value"]];
        for value in values.chain(items) {
            let money = value.get("value").unwrap_or(value);
            prop_assert!((0..4).any(|n| *money == whole(n)), "{}", money);
        }
        // Every office's last word is among them.
        for n in 0..3usize {
            let Some((_, last)) = saves.iter().rev().find(|(office, _)| *office == n) else { continue };
            let shown = reading.record["value"] == whole(*last);
            let beside = reading.conflicts.iter().any(|conflict| {
                conflict.field() == "value" && conflict.values.iter().any(|value| value.value == whole(*last))
            });
            prop_assert!(shown || beside);
        }
    }

    #[test]
    fn what_is_shared_from_two_offices_is_whole(mine in records(FIELDS), theirs in records(FIELDS)) {
        let (mut a, mut b) = (Office::new("a", Form::Shared), Office::new("b", Form::Shared));
        a.share(&mine);
        b.share(&theirs);
        meet(&mut a, &mut b);
        let record = a.record();
        for place in ["need", "result", "phase", "value", "tenders"] {
            let found = record.get(place);
            prop_assert!(found == mine.get(place) || found == theirs.get(place), "{}", place);
        }
        let items = |record: &Value| record["gains"].as_array().cloned().unwrap_or_default();
        for item in items(&record) {
            prop_assert!(items(&mine).contains(&item) || items(&theirs).contains(&item), "{}", item);
        }
        a.share(&mine);
        prop_assert_eq!(a.record(), mine);
        prop_assert_eq!(a.replica.read().conflicts, []);
    }

    #[test]
    fn an_older_node_keeps_what_it_does_not_know(form in forms(), written in records(FIELDS_2), over in records(FIELDS)) {
        let mut new = Office::knowing("new", form, FIELDS_2);
        new.write(&written);
        let mut old = Office::new("old", form);
        old.hear_newer(&new);
        let shown = old.record();
        old.write(&over);
        new.hear(&old);
        let now = new.record();
        for place in ["/outlook", "/audience", "/risk", "/lessons", "/reusable/price", "/reusable/thanks"] {
            prop_assert_eq!(now.pointer(place), written.pointer(place), "{}", place);
        }
        for item in shown["gains"].as_array().into_iter().flatten() {
            let same = |record: &Value| record["gains"].as_array().into_iter().flatten().find(|other| other["id"] == item["id"]).cloned();
            let Some(kept) = same(&now) else { continue };
            let before = same(&written).expect("it was written");
            prop_assert_eq!((kept.get("doubt"), kept.get("readers")), (before.get("doubt"), before.get("readers")));
        }
        for field in FIELDS.iter().filter(|field| !["gains", "reusable"].contains(&field.name)) {
            prop_assert_eq!(now.get(field.name), over.get(field.name));
        }
    }
}
