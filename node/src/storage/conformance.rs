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
    an_erased_document_has_no_words(factory);
    an_erased_document_begins_again(factory);
    of_a_dropped_document_nothing_is_left(factory);
    within_a_batch_only_what_comes_before_is_erased(factory);
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
        memories: vec![vec![("base".into(), vec![7, 6])]],
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
        assert_eq!(found.memories, [[("base".to_owned(), vec![number, 6])]]);
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
            Put::Memory(document(1), "long".into(), Some(value.clone())),
        ];
        commit(&store, &[batch]);
        assert!(store.local("long") == Ok(Some(value.clone())), "{length} bytes");
        assert!(store.rows() == Ok(vec![(document(1), value.clone())]), "{length} bytes");
        assert!(store.view(document(1)) == Ok(Some(value.clone())), "{length} bytes");
        assert!(store.memory(document(1), "long") == Ok(Some(value)), "{length} bytes");
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

/// Changes, view and memories go, however long; what holds hashes stays, and other documents do.
pub fn an_erased_document_has_no_words(factory: &impl Factory) {
    let mut store = factory.create();
    let documents = [0, 1, 2, 255].map(document);
    for (document, number) in documents.into_iter().zip(10..) {
        let long = [chunk(number), bytes(100_000)].concat();
        let words = vec![
            Put::Change(document, change_hash(&long), long),
            Put::View(document, bytes(70_000)),
            Put::Memory(document, "long".into(), Some(bytes(40_000))),
        ];
        commit(&store, &[one_of_each(document, number), words]);
    }
    let kept = [documents[0], documents[3]];
    let before = everything(&store, &kept);
    commit(&store, &[vec![Put::Erase(documents[1]), Put::Erase(documents[2])]]);
    // Once more, and one that never was, is no error.
    commit(&store, &[vec![Put::Erase(documents[1])], vec![Put::Erase(document(77))]]);
    for reopened in [false, true] {
        if reopened {
            store = factory.reopen(store);
        }
        assert!(everything(&store, &kept) == before, "the others are as they were");
        for (erased, number) in [(documents[1], 11), (documents[2], 12)] {
            let left = everything(&store, &[erased]);
            assert_eq!((left.changes, left.views, left.memories), (vec![], vec![], vec![]));
            assert_eq!(left.genesis, [Some(vec![number, 2])]);
            assert_eq!(left.envelopes, [[(EnvelopeHash([number; 32]), vec![number, 3])]]);
            assert_eq!(store.row(erased), Ok(Some(vec![number, 4])));
        }
    }
}

/// As if it had never been; others stay, and what comes later is kept.
pub fn of_a_dropped_document_nothing_is_left(factory: &impl Factory) {
    let mut store = factory.create();
    let documents = [0, 1, 255].map(document);
    for (document, number) in documents.into_iter().zip(10..) {
        let words = vec![Put::View(document, bytes(70_000)), Put::Row(document, bytes(40_000))];
        commit(&store, &[one_of_each(document, number), words]);
    }
    let kept = [documents[0], documents[2]];
    let mut before = everything(&store, &kept);
    before.rows.retain(|(document, _)| *document != documents[1]);
    commit(&store, &[vec![Put::Drop(documents[1])], vec![Put::Drop(document(77))]]);
    for reopened in [false, true] {
        if reopened {
            store = factory.reopen(store);
        }
        assert!(everything(&store, &kept) == before, "the others are as they were");
        let left = everything(&store, &[documents[1]]);
        assert_eq!((left.changes, left.views, left.memories), (vec![], vec![], vec![]));
        assert_eq!((left.genesis, left.envelopes), (vec![], vec![]));
        assert_eq!(store.row(documents[1]), Ok(None));
    }
    let again =
        vec![Put::Row(documents[1], vec![9]), Put::Drop(documents[1]), Put::View(documents[1], vec![8])];
    commit(&store, &[again]);
    assert_eq!((store.row(documents[1]), store.view(documents[1])), (Ok(None), Ok(Some(vec![8]))));
}

/// In the same commit and later, as if nothing had been before.
pub fn an_erased_document_begins_again(factory: &impl Factory) {
    let mut store = factory.create();
    let erase = || vec![Put::Erase(document(1))];
    commit(&store, &[one_of_each(document(1), 1), erase(), one_of_each(document(1), 2)]);
    let words_are = |store: &_, number| {
        let found = everything(store, &[document(1)]);
        let change = chunk(number);
        assert_eq!(found.changes, [[(change_hash(&change), change)]]);
        assert_eq!(found.views, [Some(vec![number, 5])]);
        assert_eq!(found.memories, [[("base".to_owned(), vec![number, 6])]]);
    };
    words_are(&store, 2);
    commit(&store, &[erase()]);
    commit(&store, &[one_of_each(document(1), 3)]);
    words_are(&store, 3);
    store = factory.reopen(store);
    words_are(&store, 3);
    commit(&store, &[erase(), erase()]);
    store = factory.crash(store);
    assert_eq!(store.view(document(1)), Ok(None));
}

/// What the batch itself wrote of the document before, too.
pub fn within_a_batch_only_what_comes_before_is_erased(factory: &impl Factory) {
    let store = factory.create();
    let view = |number, value: u8| Put::View(document(number), vec![value]);
    let memory = |name: &str| Put::Memory(document(1), name.into(), Some(vec![1]));
    commit(&store, &[vec![view(1, 1), view(2, 1), memory("before")]]);
    commit(
        &store,
        &[vec![view(1, 2), view(2, 2), memory("with"), Put::Erase(document(1)), memory("after"), view(3, 2)]],
    );
    assert_eq!(store.view(document(1)), Ok(None));
    assert_eq!(store.view(document(2)), Ok(Some(vec![2])));
    assert_eq!(store.view(document(3)), Ok(Some(vec![2])));
    for (name, expected) in [("before", None), ("with", None), ("after", Some(vec![1]))] {
        assert_eq!(store.memory(document(1), name), Ok(expected), "{name}");
    }
    // Written and erased at once, it leaves nothing.
    commit(&store, &[vec![view(4, 1), Put::Erase(document(4))]]);
    assert_eq!(store.view(document(4)), Ok(None));
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
    memories: Vec<Vec<(String, Vec<u8>)>>,
}

/// The names of memories that [`everything`] asks for.
const MEMORIES: [&str; 5] = ["", "a", "ab", "base", "long"];

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
        views: each.clone().map(|document| store.view(document).expect(READS)).collect(),
        memories: each
            .map(|document| {
                let named = |name: &str| Some((name.to_owned(), store.memory(document, name).expect(READS)?));
                MEMORIES.into_iter().filter_map(named).collect()
            })
            .collect(),
    };
    all.genesis.retain(Option::is_some);
    all.envelopes.retain(|envelopes| !envelopes.is_empty());
    all.changes.retain(|changes| !changes.is_empty());
    all.views.retain(Option::is_some);
    all.memories.retain(|memories: &Vec<_>| !memories.is_empty());
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
        Put::Memory(document, "base".into(), Some(vec![number, 6])),
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
