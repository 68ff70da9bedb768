//! People who edit one document at random, together and apart, for the other tests to read along.

use automerge::{
    ActorId, AutoCommit, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue,
    marks::{ExpandMark, Mark},
    transaction::{CommitOptions, Transactable},
};
use proptest::prelude::*;

/// One thing somebody does; numbers are taken modulo what there is.
pub(crate) type Step = (u8, u8, u8, u8);

/// Some hundred steps of three people.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..120)
}

/// Every change that any of them wrote, as raw bytes, causes before effects.
pub(crate) fn changes_of(steps: &[Step]) -> Vec<automerge::Change> {
    let mut people = People::new();
    for step in steps {
        people.take(*step);
    }
    people.finish()
}

struct People {
    documents: Vec<AutoCommit>,
    objects: Vec<(ObjId, ObjType)>,
    heads: Vec<Vec<ChangeHash>>,
    actors: u8,
}

impl People {
    fn new() -> Self {
        let documents = (0..3).map(|n| AutoCommit::new().with_actor(actor(n))).collect();
        Self { documents, objects: vec![(ROOT, ObjType::Map)], heads: vec![vec![]], actors: 3 }
    }

    /// What fails (an index too large, an object that has not arrived) is simply not done.
    fn take(&mut self, (who, what, at, with): Step) {
        let other = usize::from(at) % 3;
        let who = usize::from(who) % 3;
        let (object, kind) = self.objects[usize::from(at) % self.objects.len()].clone();
        let kinds = [ObjType::Map, ObjType::List, ObjType::Text];
        let made = kinds[usize::from(with) % 3];
        let key = ["title", "need", "æøå", ""][usize::from(with) % 4];
        let document = &mut self.documents[who];
        let index = usize::from(with) % (document.length(&object) + 1);
        let _ = match (what % 16, kind) {
            (0..3, ObjType::Map) => document.put(&object, key, scalar(with)),
            (0..3, ObjType::List) => document.insert(&object, index, scalar(with)),
            (0..3, _) => document.splice_text(&object, index, isize::from(with % 3), "lærdom 🏛"),
            (3, ObjType::Map) => {
                document.put_object(&object, key, made).map(|new| self.objects.push((new, made)))
            }
            (3, ObjType::List) => {
                document.insert_object(&object, index, made).map(|new| self.objects.push((new, made)))
            }
            (3, _) => document.split_block(&object, index).map(|new| self.objects.push((new, ObjType::Map))),
            (4, ObjType::Map) => document.delete(&object, key),
            (4, _) => document.delete(&object, index),
            (5, ObjType::Map) => document
                .increment(&object, key, i64::from(with) - 9)
                .or_else(|_| document.put(&object, key, ScalarValue::counter(1))),
            (5, _) => document.increment(&object, index, i64::from(with) - 9),
            (6, ObjType::Text) => {
                let mark = Mark::new(format!("m{}", with % 3), scalar(with), index / 2, index);
                let expand = [ExpandMark::Before, ExpandMark::After, ExpandMark::Both, ExpandMark::None];
                document.mark(&object, mark, expand[usize::from(with) % 4])
            }
            (6, ObjType::List) => document.put(&object, index, scalar(with)),
            (7, ObjType::Text) => {
                document.update_text(&object, &"ny tekst om ny ting ".repeat(index)[..index])
            }
            (8, ObjType::Text) => document.unmark(&object, "m1", index / 2, index, ExpandMark::Both),
            (9, ObjType::Map) => {
                let value = automerge::hydrate_map! { "a" => "b", "c" => automerge::hydrate_list![1, "x"] };
                document.batch_create_object(&object, key, &value.into(), false).map(|_| ())
            }
            (10 | 11, _) => {
                let mut from = self.documents[other].fork();
                self.documents[who].merge(&mut from).map(|_| ())
            }
            (12, _) => {
                let options =
                    CommitOptions::default().with_message("ferdig").with_time(i64::from(with) * 1_000);
                document.empty_change(options);
                Ok(())
            }
            (13, _) => {
                self.heads.push(document.get_heads());
                Ok(())
            }
            (14, _) => {
                self.write_at_old_heads(who, at, with);
                Ok(())
            }
            _ => {
                document.commit_with(CommitOptions::default().with_time(-i64::from(with)));
                Ok(())
            }
        };
    }

    /// A form saved over a stale read: an actor of its own, at heads that others have left.
    fn write_at_old_heads(&mut self, who: usize, at: u8, with: u8) {
        let heads = self.heads[usize::from(at) % self.heads.len()].clone();
        let document = &mut self.documents[who];
        document.commit();
        if heads.iter().any(|head| document.get_change_by_hash(head).is_none()) {
            return;
        }
        document.set_actor(actor(self.actors));
        self.actors = self.actors.saturating_add(1);
        document.isolate(&heads);
        let _ = document.put(ROOT, "need", scalar(with));
        document.commit();
        document.integrate();
    }

    fn finish(mut self) -> Vec<automerge::Change> {
        let (first, others) = self.documents.split_first_mut().expect("there are three");
        for other in others {
            first.merge(other).expect("all were written by this Automerge");
        }
        first.get_changes(&[])
    }
}

fn actor(number: u8) -> ActorId {
    // Not in the order they begin to write.
    ActorId::from([number.wrapping_mul(89); 16])
}

fn scalar(number: u8) -> ScalarValue {
    match number % 12 {
        0 => ScalarValue::Null,
        1 => ScalarValue::Boolean(number > 99),
        2 => ScalarValue::Uint(u64::MAX >> (number % 64)),
        3 => ScalarValue::Int(i64::MIN >> (number % 64)),
        4 => ScalarValue::F64(f64::from(number) / 7.0),
        5 => ScalarValue::Bytes(vec![number; usize::from(number)]),
        6 => ScalarValue::Timestamp(i64::from(number) * 86_400_000),
        7 => ScalarValue::counter(i64::from(number)),
        _ => ScalarValue::Str("gevinst".repeat(usize::from(number % 5)).into()),
    }
}
