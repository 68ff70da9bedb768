//! Documents that were made to break their readers.

use automerge::{Automerge, ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable};
use serde_json::json;

use super::{ApplyError, Form, RawChange, Replica, sample::*};

const FORMS: [Form; 2] = [Form::Draft, Form::Shared];

/// A change by someone who follows none of our rules, on top of a replica.
fn forge(replica: &Replica, write: impl FnOnce(&mut automerge::transaction::Transaction<'_>)) -> RawChange {
    let mut doc: Automerge = replica.doc.clone();
    doc.set_actor(automerge::ActorId::from(&actor("forger", 0).0));
    let mut tx = doc.transaction();
    write(&mut tx);
    let hash = tx.commit().0.expect("something was written");
    RawChange::of(&doc, &hash, 0)
}

#[test]
fn what_has_the_wrong_type_is_noted_and_can_be_written_over() {
    for form in FORMS {
        let mut office = Office::new("office", form);
        office.write(&full());
        let change = forge(&office.replica, |tx| {
            tx.put_object(ROOT, "need", ObjType::List).expect("a list");
            tx.put_object(ROOT, "phase", ObjType::Map).expect("a map");
            tx.put(ROOT, "tenders", 1.5).expect("a float");
            tx.put(ROOT, "value", ScalarValue::counter(3)).expect("a counter");
            tx.put(ROOT, "result", ScalarValue::Bytes(vec![0xff; 10])).expect("bytes");
            tx.put(ROOT, "dates", "a string where a map was").expect("a string");
            tx.put(ROOT, "#rank", "x").expect("a rank");
            tx.put(ROOT, "", "no name").expect("a string");
            let (_, gains) = tx.get(ROOT, "gains").expect("it is there").expect("it is a list");
            tx.put(&gains, id(1), 5).expect("an integer");
            tx.put(&gains, "not an id", ScalarValue::Bytes(b"\x82\x61a\x80".to_vec())).expect("bytes");
            tx.put_object(&gains, "", ObjType::Text).expect("a text");
            let (_, sector) = tx.get(ROOT, "sector").expect("it is there").expect("it is a set");
            tx.put(&sector, "education", false).expect("a boolean");
            tx.put(&sector, "", true).expect("a boolean");
            let (_, title) = tx.get(ROOT, "title").expect("it is there").expect("it is a map");
            tx.put_object(&title, "nb", ObjType::Text).expect("a text");
            let unknown = tx.put_object(ROOT, "unknown", ObjType::List).expect("a list");
            tx.insert(&unknown, 0, "one").expect("a string");
            tx.insert_object(&unknown, 1, ObjType::Map).expect("a map");
        });
        office.replica = office.replica.trial(&[&change.bytes]).expect("Automerge takes it all").replica;
        let reading = office.replica.read();
        assert!(reading.strange.len() >= 9, "{:?}", reading.strange);
        for gone in ["need", "phase", "tenders", "value", "result"] {
            assert_eq!(reading.record.get(gone), None, "{gone}");
        }
        assert_eq!(reading.record["unknown"], json!(["one"]));
        assert_eq!(reading.record["dates"], "a string where a map was");
        office.set(json!({"need": "Varme.", "phase": "need", "tenders": 2, "dates": {"award": "2016"}}));
        let record = office.record();
        assert_eq!((&record["need"], &record["phase"]), (&json!("Varme."), &json!("need")));
        assert_eq!((&record["tenders"], &record["dates"]["award"]), (&json!(2), &json!("2016")));
    }
}

#[test]
fn maps_without_end_are_read_to_a_limit() {
    let mut office = Office::new("office", Form::Draft);
    office.set(json!({"phase": "need"}));
    let change = forge(&office.replica, |tx| {
        let mut inside = ROOT;
        for _ in 0..5_000 {
            inside = tx.put_object(&inside, "more", ObjType::Map).expect("a map");
        }
        tx.put(&inside, "end", true).expect("a boolean");
    });
    office.replica.apply(&[&change.bytes]).expect("Automerge takes it");
    assert_eq!(office.record(), json!({"phase": "need"}));
    office.set(json!({"phase": "organise"}));
}

#[test]
fn what_is_not_one_plain_change_is_refused() {
    let office = Office::new("office", Form::Draft);
    let mut writer = office.clone();
    let change = writer.set(json!({"need": "Varme i skolen. ".repeat(100)})).remove(0);
    let hash = automerge::ChangeHash(change.hash.0);
    let mut deflated = writer.replica.doc.get_change_by_hash(&hash).expect("just written");
    let deflated = deflated.bytes().to_vec();
    assert_eq!(deflated[8], 2, "long enough to be compressed");
    let mut tail = change.bytes.clone();
    tail.push(0);
    let mut altered = change.bytes.clone();
    altered[20] ^= 1;
    for bytes in
        [deflated, tail, altered, writer.replica.doc.save(), Vec::new(), b"\x85\x6f\x4a\x83".to_vec()]
    {
        let mut replica = office.replica.clone();
        let error = replica.apply(&[&change.bytes, &bytes]).expect_err("the second is not a plain change");
        assert!(matches!(error, ApplyError::NotAChange { index: 1 }), "{error}");
        assert_eq!(replica.heads(), office.replica.heads(), "all or none");
    }
}

#[test]
fn what_comes_before_its_cause_is_refused_and_nothing_waits() {
    let mut office = Office::new("office", Form::Draft);
    let first = office.set(json!({"phase": "need"})).remove(0);
    let second = office.set(json!({"phase": "organise"})).remove(0);
    let mut elsewhere = Office::new("elsewhere", Form::Draft).replica;
    let error = elsewhere.apply(&[&second.bytes]).expect_err("the first is not here");
    assert!(
        matches!(error, ApplyError::Missing { change, missing } if (change, missing) == (second.hash, first.hash))
    );
    elsewhere.apply(&[&first.bytes]).expect("its cause is here");
    assert_eq!(elsewhere.read().record["phase"], "need", "the second was not kept");
    elsewhere.apply(&[&second.bytes, &first.bytes, &second.bytes]).expect("any order, twice");
    assert_eq!(elsewhere.heads(), office.replica.heads());
}

#[test]
fn a_second_change_with_an_actors_number_is_refused() {
    let office = Office::new("office", Form::Draft);
    let one = forge(&office.replica, |tx| tx.put(ROOT, "phase", "need").expect("a string"));
    let two = forge(&office.replica, |tx| tx.put(ROOT, "phase", "organise").expect("a string"));
    for batch in [vec![&one.bytes, &two.bytes], vec![&two.bytes]] {
        let mut replica = office.replica.clone();
        if batch.len() == 1 {
            replica.apply(&[&one.bytes]).expect("the first is fine");
        }
        let heads = replica.heads();
        assert!(matches!(replica.trial(&batch), Err(ApplyError::Refused(_))));
        assert!(replica.apply(&batch).is_err());
        assert_eq!(replica.heads(), heads);
    }
}
