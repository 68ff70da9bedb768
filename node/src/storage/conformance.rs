//! What any store must do, told as stories. A store that passes can take the place of another.
//!
//! Each story gets a store that holds nothing. They panic when the store does otherwise.

use praksis_protocol::{
    id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash},
    scan::change_hash,
    store::{Batch, Put, Read, Store},
};

/// How stores come to be, stop and start again.
pub trait Factory {
    /// The store under test.
    type Store: Store;
    /// One that holds nothing.
    fn create(&self) -> Self::Store;
    /// It is closed and opened again.
    fn reopen(&self, store: Self::Store) -> Self::Store;
    /// The machine stops with no time to finish anything, and starts again.
    fn crash(&self, store: Self::Store) -> Self::Store;
}

/// Every story.
pub fn all(factory: &impl Factory) {
    a_new_store_holds_nothing(factory);
    what_is_put_is_read_back(factory);
    everything_comes_sorted(factory);
    documents_stay_apart(factory);
    later_writes_win(factory);
    local_things_are_found_by_the_beginning_of_their_name(factory);
    long_values_are_whole(factory);
    what_was_committed_survives(factory);
    nothing_to_do_is_done(factory);
}

/// Lookups find nothing, lists are empty.
pub fn a_new_store_holds_nothing(factory: &impl Factory) {
    let store = factory.create();
    assert_eq!(everything(&store, &[document(1)]), Everything::default());
}

/// One of each kind.
pub fn what_is_put_is_read_back(factory: &impl Factory) {
    let store = factory.create();
    let batch = one_of_each(document(1), 7);
    commit(&store, &[batch]);
    let change = chunk(7);
    let expected = Everything {
        locals: vec![("epoch".into(), vec![7])],
        statements: vec![(StatementHash([7; 32]), vec![7, 1])],
        rows: vec![(document(1), vec![7, 4])],
        genesis: vec![Some(vec![7, 2])],
        envelopes: vec![vec![(EnvelopeHash([7; 32]), vec![7, 3])]],
        changes: vec![vec![(change_hash(&change), change)]],
        views: vec![Some(vec![7, 5])],
    };
    assert_eq!(everything(&store, &[document(1)]), expected);
    assert_eq!(store.local("epoch"), Ok(Some(vec![7])));
}

/// By key, whatever order they were put in.
pub fn everything_comes_sorted(factory: &impl Factory) {
    let store = factory.create();
    let numbers = [200, 3, 255, 0, 77, 128];
    for number in numbers {
        commit(
            &store,
            &[vec![
                Put::Statement(StatementHash([number; 32]), vec![number]),
                Put::Row(document(number), vec![number]),
                Put::Envelope(document(1), EnvelopeHash([number; 32]), vec![number]),
                Put::Local(format!("n{number:03}"), Some(vec![number])),
            ]],
        );
    }
    let sorted = [0, 3, 77, 128, 200, 255].map(|number| vec![number]).to_vec();
    let found = everything(&store, &[document(1)]);
    assert_eq!(values(found.statements), sorted);
    assert_eq!(values(found.rows), sorted);
    assert_eq!(values(found.locals), sorted);
    assert_eq!(found.envelopes.into_iter().map(values).collect::<Vec<_>>(), [sorted]);
}

/// The first, the last and neighbours among ids.
pub fn documents_stay_apart(factory: &impl Factory) {
    let store = factory.create();
    let mut almost_last = [255; 32];
    almost_last[31] = 254;
    let documents = [document(0), document(1), DocumentId(almost_last), document(255)];
    for (document, number) in documents.into_iter().zip(10..) {
        commit(&store, &[one_of_each(document, number)]);
    }
    for (document, number) in documents.into_iter().zip(10..) {
        let found = everything(&store, &[document]);
        assert_eq!(found.envelopes, [[(EnvelopeHash([number; 32]), vec![number, 3])]]);
        let change = chunk(number);
        assert_eq!(found.changes, [[(change_hash(&change), change)]]);
        assert_eq!(found.genesis, [Some(vec![number, 2])]);
        assert_eq!(found.views, [Some(vec![number, 5])]);
    }
}

/// Within a batch, among batches of one commit, and among commits.
pub fn later_writes_win(factory: &impl Factory) {
    let store = factory.create();
    let row = |number| Put::Row(document(1), vec![number]);
    let local = |value: Option<u8>| Put::Local("epoch".into(), value.map(|value| vec![value]));

    commit(&store, &[vec![row(1), row(2)]]);
    assert_eq!(store.rows(), Ok(vec![(document(1), vec![2])]));
    commit(&store, &[vec![row(3)], vec![row(5), row(4)]]);
    assert_eq!(store.rows(), Ok(vec![(document(1), vec![4])]));

    commit(&store, &[vec![local(Some(1)), local(None)]]);
    assert_eq!(store.local("epoch"), Ok(None));
    commit(&store, &[vec![local(None), local(Some(2))]]);
    assert_eq!(store.local("epoch"), Ok(Some(vec![2])));
    commit(&store, &[vec![local(None)]]);
    assert_eq!(store.local("epoch"), Ok(None));

    // The same change again is no other change.
    commit(&store, &[one_of_each(document(2), 1), one_of_each(document(2), 1)]);
    assert_eq!(store.changes(document(2)).map(|changes| changes.len()), Ok(1));
}

/// Not by more and not by less; the longest name too.
pub fn local_things_are_found_by_the_beginning_of_their_name(factory: &impl Factory) {
    let store = factory.create();
    let longest = "å".repeat(64);
    let names = ["", "a", "ab", "ab/", "ab/1", "ac", "b", "blå", longest.as_str()];
    let batch = names.iter().map(|name| Put::Local((*name).into(), Some(name.as_bytes().to_vec())));
    commit(&store, &[batch.collect()]);
    let found = |prefix: &str| {
        let found = store.locals(prefix).expect("the store reads");
        found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(found(""), names);
    assert_eq!(found("ab"), ["ab", "ab/", "ab/1"]);
    assert_eq!(found("ab/1"), ["ab/1"]);
    assert_eq!(found("bl"), ["blå"]);
    assert_eq!(found("å"), [longest.as_str()]);
    assert_eq!(found("ad"), [""; 0]);
    assert_eq!(store.local(&longest), Ok(Some(longest.clone().into_bytes())));
}

/// Around every size that a store might split at, growing and shrinking.
pub fn long_values_are_whole(factory: &impl Factory) {
    let mut store = factory.create();
    let around = |size: usize| [size - 1, size, size + 1];
    let mut lengths = vec![0, 1];
    lengths.extend(
        [4 << 10, 32 << 10, (32 << 10) - 16, 64 << 10, 128 << 10, 1 << 20].into_iter().flat_map(around),
    );
    lengths.extend([3, 100_000, 0, 40_000]);
    for length in lengths {
        let value = bytes(length);
        let batch = vec![
            Put::Local("long".into(), Some(value.clone())),
            Put::Row(document(1), value.clone()),
            Put::View(document(1), value.clone()),
        ];
        commit(&store, &[batch]);
        assert!(store.local("long") == Ok(Some(value.clone())), "{length} bytes");
        assert!(store.rows() == Ok(vec![(document(1), value.clone())]), "{length} bytes");
        assert!(store.view(document(1)) == Ok(Some(value)), "{length} bytes");
    }
    // Removed whole, and nothing of it comes back.
    commit(&store, &[vec![Put::Local("long".into(), None)]]);
    commit(&store, &[vec![Put::Local("long".into(), Some(vec![1]))]]);
    store = factory.reopen(store);
    assert_eq!(store.local("long"), Ok(Some(vec![1])));

    // Many long changes of one document, side by side.
    let changes: Vec<_> = (0..40).map(|number| [chunk(number), bytes(20_000)].concat()).collect();
    let put = |change: &Vec<u8>| Put::Change(document(2), change_hash(change), change.clone());
    commit(&store, &[changes.iter().map(put).collect()]);
    let mut expected: Vec<_> = changes.iter().map(|change| (change_hash(change), change.clone())).collect();
    expected.sort();
    assert!(store.changes(document(2)) == Ok(expected));
}

/// A clean stop and a crash, several times over.
pub fn what_was_committed_survives(factory: &impl Factory) {
    let mut store = factory.create();
    let documents = [document(1), document(2), document(3)];
    for (round, document) in (1..).zip(documents) {
        commit(&store, &[one_of_each(document, round), vec![Put::View(document, bytes(70_000))]]);
        let before = everything(&store, &documents);
        store = factory.crash(store);
        assert!(everything(&store, &documents) == before, "after crash {round}");
        store = factory.reopen(store);
        assert!(everything(&store, &documents) == before, "after start {round}");
    }
}

/// No batches, and batches of nothing.
pub fn nothing_to_do_is_done(factory: &impl Factory) {
    let store = factory.create();
    commit(&store, &[]);
    commit(&store, &[vec![], vec![]]);
    assert_eq!(everything(&store, &[document(1)]), Everything::default());
}

/// All that can be read of a store, given which documents to ask for.
#[derive(Debug, Default, PartialEq)]
pub struct Everything {
    locals: Vec<(String, Vec<u8>)>,
    statements: Vec<(StatementHash, Vec<u8>)>,
    rows: Vec<(DocumentId, Vec<u8>)>,
    genesis: Vec<Option<Vec<u8>>>,
    envelopes: Vec<Vec<(EnvelopeHash, Vec<u8>)>>,
    changes: Vec<Vec<(ChangeHash, Vec<u8>)>>,
    views: Vec<Option<Vec<u8>>>,
}

/// Reads all of it; documents of which nothing is there are left out.
pub fn everything(store: &impl Read, documents: &[DocumentId]) -> Everything {
    const READS: &str = "the store reads";
    let each = documents.iter().copied();
    let mut all = Everything {
        locals: store.locals("").expect(READS),
        statements: store.statements().expect(READS),
        rows: store.rows().expect(READS),
        genesis: each.clone().map(|document| store.genesis(document).expect(READS)).collect(),
        envelopes: each.clone().map(|document| store.envelopes(document).expect(READS)).collect(),
        changes: each.clone().map(|document| store.changes(document).expect(READS)).collect(),
        views: each.map(|document| store.view(document).expect(READS)).collect(),
    };
    all.genesis.retain(Option::is_some);
    all.envelopes.retain(|envelopes| !envelopes.is_empty());
    all.changes.retain(|changes| !changes.is_empty());
    all.views.retain(Option::is_some);
    all
}

/// One of each kind of thing, told apart by a number.
fn one_of_each(document: DocumentId, number: u8) -> Batch {
    let change = chunk(number);
    vec![
        Put::Local("epoch".into(), Some(vec![number])),
        Put::Statement(StatementHash([number; 32]), vec![number, 1]),
        Put::Genesis(document, vec![number, 2]),
        Put::Envelope(document, EnvelopeHash([number; 32]), vec![number, 3]),
        Put::Change(document, change_hash(&change), change),
        Put::Row(document, vec![number, 4]),
        Put::View(document, vec![number, 5]),
    ]
}

/// Bytes in the place of a change's chunk: stores look at its hash and at nothing else.
fn chunk(number: u8) -> Vec<u8> {
    let mut chunk = b"\x85\x6f\x4a\x83....\x01".to_vec();
    chunk.push(number);
    chunk
}

/// So many bytes, no two stretches alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn document(number: u8) -> DocumentId {
    DocumentId([number; 32])
}

fn values<K>(list: Vec<(K, Vec<u8>)>) -> Vec<Vec<u8>> {
    list.into_iter().map(|(_, value)| value).collect()
}

fn commit(store: &impl Store, batches: &[Batch]) {
    store.commit(batches).expect("the store commits");
}
