//! What is written into a document is what is read from it, whatever the kind and the form.

use praksis_protocol::{
    document::{Author, Form, Replica},
    genesis::Kind,
    id::{ActorBytes, DocumentId},
    record::Dice,
};
use proptest::prelude::*;
use serde_json::Value;

/// Writes records one after the other into one document and gives what is read after the last.
fn through_document(kind: Kind, form: Form, records: &[Value]) -> Value {
    let mut replica = Replica::new(DocumentId([1; 32]), form, kind.record());
    let author = Author { actor: &|branch| ActorBytes([branch as u8 + 1; 16]), first_branch: 0, time: 0 };
    for record in records {
        let heads = replica.heads();
        replica.edit(&heads, record, &author).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    }
    let reading = replica.read();
    assert!(reading.conflicts.is_empty() && reading.strange.is_empty(), "{kind:?}");
    Value::Object(kind.read(&reading.record))
}

#[test]
fn the_example_of_every_kind_comes_back_from_its_document() {
    for kind in Kind::ALL {
        let example: Value = serde_json::from_str(kind.example()).unwrap();
        for form in [Form::Draft, Form::Shared] {
            let read = through_document(kind, form, std::slice::from_ref(&example));
            assert_eq!(read, example, "{kind:?} {form:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One record written over another leaves nothing of it behind.
    #[test]
    fn any_record_comes_back_even_over_another(
        seed: u64,
        kind in prop::sample::select(&Kind::ALL[..]),
        form in prop::sample::select(&[Form::Draft, Form::Shared][..]),
    ) {
        let mut dice = Dice::new(seed);
        let records: Vec<_> = (0..3).map(|_| Value::Object(kind.draw(&mut dice))).collect();
        prop_assert_eq!(&through_document(kind, form, &records), records.last().unwrap());
    }
}
