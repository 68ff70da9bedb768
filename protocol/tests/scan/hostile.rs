//! Chunks nobody should send, each with the name of its refusal.

use std::collections::BTreeSet;

use automerge::{ActorId, AutoCommit, ROOT, ScalarValue, transaction::Transactable};
use praksis_protocol::scan::{
    MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, MAX_OPERATIONS, ScanError, scan,
};

use crate::chunk::{
    ACTION, Chunk, ELEMENT_ACTOR, ELEMENT_COUNTER, EXPAND, INSERT, KEY, MARK_NAME, OBJECT_ACTOR,
    OBJECT_COUNTER, PREDECESSOR_ACTOR, PREDECESSOR_COUNT, PREDECESSOR_COUNTER, VALUE, VALUE_META, prefixed,
    run, seal, unsigned,
};

#[test]
fn the_chunk_that_the_others_are_made_from_passes() {
    let header = scan(&Chunk::default().bytes()).unwrap();
    assert_eq!((header.operations, header.seq, header.start_op), (1, 1, 1));
    assert_eq!(scan(&Chunk::default().second().bytes()).unwrap().deps.len(), 1);
}

#[test]
fn every_refusal_has_a_chunk_that_meets_it() {
    let mut met = BTreeSet::new();
    let mut otherwise = vec![];
    for (what, bytes, refusal) in [chunks(), headers(), tables(), runs(), operations()].concat() {
        let verdict = scan(&bytes);
        if verdict != Err(refusal) {
            otherwise.push((what, refusal, verdict));
        }
        met.insert(refusal);
    }
    assert!(otherwise.is_empty(), "expected, met: {otherwise:#?}");
    assert_eq!(met, ScanError::ALL.iter().copied().collect());
}

/// Found on automerge 0.12: it takes 69 bytes for a change of ten million operations.
#[test]
fn ten_million_operations_in_69_bytes_are_refused() {
    let count = 10_000_000;
    let repeat = |value: u8| [&run(count)[..], &[value]].concat();
    let bomb = Chunk::default().with(&[
        (KEY, &[&run(count)[..], &prefixed(b"a")].concat()),
        (INSERT, &unsigned(count)),
        (ACTION, &repeat(1)),
        (VALUE_META, &repeat(0)),
        (PREDECESSOR_COUNT, &repeat(0)),
    ]);
    let bytes = bomb.bytes();
    assert!(bytes.len() <= 75, "{} bytes", bytes.len());
    assert_eq!(scan(&bytes), Err(ScanError::TooManyOperations));
}

/// Found on automerge 0.12: 65 KB of deflate inflate to 64 MB before anything is checked.
#[test]
fn a_compressed_change_is_refused_unopened() {
    let mut document = AutoCommit::new().with_actor(ActorId::from([1; 16]));
    document.put(ROOT, "zeros", ScalarValue::Bytes(vec![0; 64 << 20])).unwrap();
    let bomb = document.get_last_local_change().unwrap().bytes().into_owned();
    assert!(bomb.len() < 66_000, "{} bytes", bomb.len());
    assert_eq!(scan(&bomb), Err(ScanError::ChunkType));
}

#[test]
fn what_automerge_saves_whole_is_refused() {
    let mut document = AutoCommit::new().with_actor(ActorId::from([1; 16]));
    document.put(ROOT, "title", "Trygghetsalarm").unwrap();
    assert_eq!(scan(&document.save()), Err(ScanError::ChunkType));
    let heads = document.get_heads();
    let bundle = document.bundle(heads);
    assert_eq!(scan(bundle.unwrap().bytes()), Err(ScanError::ChunkType));
}

#[test]
fn every_beginning_of_a_chunk_is_refused() {
    let bytes = Chunk::default().bytes();
    for length in 0..bytes.len() {
        assert_eq!(scan(&bytes[..length]), Err(ScanError::Truncated));
    }
}

type Case = (&'static str, Vec<u8>, ScanError);

fn chunks() -> Vec<Case> {
    let honest = Chunk::default().bytes();
    let changed = |at: usize, byte: u8| {
        let mut bytes = honest.clone();
        bytes[at] = byte;
        bytes
    };
    vec![
        ("a chunk of more than 1 MiB", vec![0; MAX_CHUNK_BYTES + 1], ScanError::ChunkTooLarge),
        ("other magic bytes", changed(3, 0x84), ScanError::Magic),
        ("an unknown type", seal(4, &[]), ScanError::ChunkType),
        ("two chunks", [honest.clone(), honest.clone()].concat(), ScanError::Tail),
        ("one more byte", [&honest[..], &[0]].concat(), ScanError::Tail),
        ("another checksum", changed(4, honest[4] ^ 1), ScanError::Checksum),
        ("other contents", changed(honest.len() - 1, 7), ScanError::Checksum),
        ("a length of ten bytes", [&honest[..9], &[0xff; 10]].concat(), ScanError::NumberTooLarge),
        (
            "a padded length",
            [&honest[..9], &[honest[9] | 0x80, 0], &honest[10..]].concat(),
            ScanError::NumberNotShortest,
        ),
        ("an empty body", seal(1, &[]), ScanError::Truncated),
    ]
}

fn headers() -> Vec<Case> {
    let chunk = |change: fn(&mut Chunk)| {
        let mut chunk = Chunk::default().second();
        change(&mut chunk);
        chunk.bytes()
    };
    let counter_above_all = [0xff, 0xff, 0xff, 0xff, 0x0f].to_vec();
    vec![
        (
            "65 dependencies",
            chunk(|c| c.deps = (0..65).map(|n| [n; 32]).collect()),
            ScanError::TooManyDependencies,
        ),
        ("a promise of many", seal(1, &[0xff, 0xff, 0xff, 0xff, 0x0f]), ScanError::TooManyDependencies),
        (
            "dependencies in disorder",
            chunk(|c| c.deps = vec![[4; 32], [3; 32]]),
            ScanError::DependenciesNotAscending,
        ),
        ("a dependency twice", chunk(|c| c.deps = vec![[3; 32]; 2]), ScanError::DependenciesNotAscending),
        ("an actor of 17 bytes", chunk(|c| c.actor.push(0)), ScanError::ActorLength),
        ("an actor of no bytes", chunk(|c| c.actor.clear()), ScanError::ActorLength),
        ("sequence 0", chunk(|c| c.seq = vec![0]), ScanError::SequenceZero),
        ("sequence 2³²", chunk(|c| c.seq = vec![0x80, 0x80, 0x80, 0x80, 0x10]), ScanError::SequenceTooLarge),
        ("sequence 2 from nothing", chunk(|c| c.deps.clear()), ScanError::SequenceWithoutDependency),
        ("counter 0", chunk(|c| c.start_op = vec![0]), ScanError::StartZero),
        (
            "the last counter of all",
            chunk(|c| c.start_op = [0xff; 9].into_iter().chain([1]).collect()),
            ScanError::CounterTooLarge,
        ),
        (
            "an operation beyond 32 bits",
            Chunk { start_op: counter_above_all, ..Chunk::default() }.bytes(),
            ScanError::CounterTooLarge,
        ),
        (
            "the end of time",
            chunk(|c| c.time = [0xff; 9].into_iter().chain([0]).collect()),
            ScanError::TimeOutOfRange,
        ),
        (
            "the beginning of time",
            chunk(|c| c.time = [0x80; 9].into_iter().chain([0x7f]).collect()),
            ScanError::TimeOutOfRange,
        ),
        (
            "a long message",
            chunk(|c| c.message = vec![b'a'; MAX_MESSAGE_BYTES as usize + 1]),
            ScanError::MessageTooLong,
        ),
        ("a message of half a letter", chunk(|c| c.message = vec![0xc3]), ScanError::MessageNotText),
        (
            "5,000 actors",
            chunk(|c| c.other_actors = (0..5_000_u128).map(|n| n.to_be_bytes().to_vec()).collect()),
            ScanError::TooManyActors,
        ),
        (
            "actors in disorder",
            chunk(|c| c.other_actors = vec![vec![5; 16], vec![4; 16]]),
            ScanError::ActorsNotAscending,
        ),
        (
            "the writer among the others",
            chunk(|c| c.other_actors = vec![vec![1; 16]]),
            ScanError::ActorsNotAscending,
        ),
        ("an actor nobody mentions", chunk(|c| c.other_actors = vec![vec![5; 16]]), ScanError::ActorUnused),
    ]
}

fn tables() -> Vec<Case> {
    let chunk = Chunk::default();
    let table: Vec<(u64, &[u8])> = chunk.columns.iter().map(|(number, data)| (*number, &data[..])).collect();
    let with = |column: (u64, &'static [u8])| {
        let mut table = table.clone();
        table.push(column);
        table.sort_unstable_by_key(|(number, _)| *number);
        chunk.bytes_with_table(&table)
    };
    let swapped: Vec<_> = table.iter().rev().copied().collect();
    let many: Vec<(u64, &[u8])> = (0..15).map(|n| (n * 16, &[0][..])).collect();
    vec![
        ("fifteen columns", chunk.bytes_with_table(&many), ScanError::TooManyColumns),
        ("columns from behind", chunk.bytes_with_table(&swapped), ScanError::ColumnsNotAscending),
        ("a column twice", with((ACTION, &[0x7f, 1])), ScanError::ColumnsNotAscending),
        ("a deflated column", with((KEY | 8, &[3, 0])), ScanError::ColumnCompressed),
        ("a column from the future", with((0xb2, &[0x7f, 1])), ScanError::UnknownColumn),
        ("a column's number of 64 bits", with((u64::MAX - 8, &[0x7f, 1])), ScanError::UnknownColumn),
        ("an empty column", with((VALUE, &[])), ScanError::ColumnEmpty),
        ("no action", chunk.clone().with(&[(ACTION, &[])]).bytes(), ScanError::ColumnMissing),
        ("no insert", chunk.clone().with(&[(INSERT, &[])]).bytes(), ScanError::ColumnMissing),
        (
            "keys of no operation",
            chunk.bytes_with_table(&[(KEY, &[0x7f, 1, b'a'])]),
            ScanError::ColumnMissing,
        ),
        ("nulls written out", with((OBJECT_ACTOR, &[0, 1])), ScanError::ColumnNeedless),
        ("no mark expands", with((EXPAND, &[1])), ScanError::ColumnNeedless),
        ("a footer", Chunk { extra: vec![1, 1, b'a'], ..chunk.clone() }.bytes(), ScanError::ExtraBytes),
    ]
}

/// Columns around one operation, `true` under the key `a`, and what is wrong with a run in them.
fn runs() -> Vec<Case> {
    let one = |column: u64, data: &[u8]| Chunk::default().with(&[(column, data)]).bytes();
    // Two operations; what differs from this is told in each case.
    let two = |column: u64, data: &[u8]| {
        let both: [(u64, &[u8]); 5] = [
            (KEY, &[0x7e, 1, b'a', 1, b'b']),
            (INSERT, &[2]),
            (ACTION, &[2, 1]),
            (VALUE_META, &[2, 2]),
            (PREDECESSOR_COUNT, &[2, 0]),
        ];
        Chunk::default().second().with(&both).with(&[(column, data)]).bytes()
    };
    vec![
        ("a run of one", one(ACTION, &[1, 1]), ScanError::RunNotCanonical),
        ("a literal of two alike", two(ACTION, &[0x7e, 1, 1]), ScanError::RunNotCanonical),
        ("two literals in a row", two(VALUE_META, &[0x7f, 2, 0x7f, 1]), ScanError::RunNotCanonical),
        ("two runs of one value", one(ACTION, &[2, 1, 2, 1]), ScanError::RunNotCanonical),
        (
            "a run that the literal before begins",
            one(ACTION, &[0x7e, 0, 1, 2, 1]),
            ScanError::RunNotCanonical,
        ),
        ("nulls twice", two(MARK_NAME, &[0, 1, 0, 1]), ScanError::RunNotCanonical),
        ("no nulls", one(KEY, &[0, 0, 0x7f, 1, b'a']), ScanError::RunNotCanonical),
        ("an empty stretch of booleans", two(INSERT, &[1, 0, 1]), ScanError::RunNotCanonical),
        ("a literal longer than its bytes", one(ACTION, &[0x40, 1]), ScanError::Truncated),
        (
            "a literal of 2⁶³",
            one(VALUE_META, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 2]),
            ScanError::ColumnTooLong,
        ),
        ("one key for two", two(KEY, &[0x7f, 1, b'a']), ScanError::ColumnTooShort),
        ("one boolean for two", two(INSERT, &[1]), ScanError::ColumnTooShort),
        ("a billion booleans", one(INSERT, &[0x80, 0x94, 0xeb, 0xdc, 0x03]), ScanError::ColumnTooLong),
        ("a billion keys", one(KEY, &[0x80, 0x94, 0xeb, 0xdc, 0x03, 1, b'a']), ScanError::ColumnTooLong),
        ("two keys for one", one(KEY, &[0x7e, 1, b'a', 1, b'b']), ScanError::ColumnTooLong),
        ("predecessors that nobody counts", one(PREDECESSOR_ACTOR, &[0x7f, 0]), ScanError::ColumnTooLong),
        ("an action of null", one(ACTION, &[0, 1]), ScanError::ValueMissing),
        ("a value of null", one(VALUE_META, &[0, 1]), ScanError::ValueMissing),
        (
            "a predecessor without its actor",
            Chunk::default()
                .second()
                .with(&[(PREDECESSOR_COUNT, &[0x7f, 1]), (PREDECESSOR_COUNTER, &[0x7f, 9])])
                .bytes(),
            ScanError::ValueMissing,
        ),
        ("a key of half a letter", one(KEY, &[0x7f, 1, 0xc3]), ScanError::NotText),
        ("a counter below zero", two(ELEMENT_COUNTER, &[2, 0x7f]), ScanError::DeltaOutOfRange),
        (
            "counters that overflow",
            two(ELEMENT_COUNTER, &[2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]),
            ScanError::DeltaOutOfRange,
        ),
        ("names of 5 MB in 300 bytes", long_names(), ScanError::NamesTooLarge),
    ]
}

/// Every operation under the same long key: 300 bytes that Automerge would copy 20,000 times.
fn long_names() -> Vec<u8> {
    let count = MAX_OPERATIONS as usize;
    let key = vec![b'a'; MAX_NAME_BYTES / count + 1];
    let repeat = |value: &[u8]| [&run(count)[..], value].concat();
    let columns: [(u64, &[u8]); 5] = [
        (KEY, &repeat(&prefixed(&key))),
        (INSERT, &unsigned(count)),
        (ACTION, &repeat(&[1])),
        (VALUE_META, &repeat(&[2])),
        (PREDECESSOR_COUNT, &repeat(&[0])),
    ];
    Chunk::default().with(&columns).bytes()
}

/// A second change (its operations begin at counter 10) with one operation, or two where needed.
fn operations() -> Vec<Case> {
    let one = |columns: &[(u64, &[u8])]| Chunk::default().second().with(columns).bytes();
    let other = |columns: &[(u64, &[u8])]| {
        Chunk { other_actors: vec![vec![0; 16]], ..Chunk::default().second() }.with(columns).bytes()
    };
    // An element of the sequence made at counter 1, after the one inserted at counter 2.
    let element: [(u64, &[u8]); 5] = [
        (OBJECT_ACTOR, &[0x7f, 0]),
        (OBJECT_COUNTER, &[0x7f, 1]),
        (KEY, &[]),
        (ELEMENT_ACTOR, &[0x7f, 0]),
        (ELEMENT_COUNTER, &[0x7f, 2]),
    ];
    let at_element =
        |columns: &[(u64, &[u8])]| Chunk::default().second().with(&element).with(columns).bytes();
    // A mark's beginning there.
    let mark = |columns: &[(u64, &[u8])]| {
        let begin: [(u64, &[u8]); 3] =
            [(INSERT, &[0, 1]), (ACTION, &[0x7f, 7]), (MARK_NAME, &[0x7f, 1, b'b'])];
        Chunk::default().second().with(&element).with(&begin).with(columns).bytes()
    };
    // A map made at counter 10 under `a`, and an operation after it.
    let after_map = |columns: &[(u64, &[u8])]| {
        let two: [(u64, &[u8]); 5] = [
            (KEY, &[2, 1, b'a']),
            (INSERT, &[2]),
            (ACTION, &[0x7e, 0, 1]),
            (VALUE_META, &[0x7e, 0, 2]),
            (PREDECESSOR_COUNT, &[2, 0]),
        ];
        Chunk::default().second().with(&two).with(columns).bytes()
    };
    // The operation before this one is its predecessor.
    let replaces: [(u64, &[u8]); 3] = [
        (PREDECESSOR_COUNT, &[0x7e, 0, 1]),
        (PREDECESSOR_ACTOR, &[0x7f, 0]),
        (PREDECESSOR_COUNTER, &[0x7f, 10]),
    ];
    let replaced: [(u64, &[u8]); 3] =
        [(PREDECESSOR_COUNT, &[0x7f, 1]), (PREDECESSOR_ACTOR, &[0x7f, 0]), (PREDECESSOR_COUNTER, &[0x7f, 9])];
    let value = |meta: u8, bytes: &[u8]| one(&[(VALUE_META, &[0x7f, meta]), (VALUE, bytes)]);
    let many = run(40_001);
    vec![
        ("a table", one(&[(ACTION, &[0x7f, 6]), (VALUE_META, &[0x7f, 0])]), ScanError::UnknownAction),
        ("an unknown action", one(&[(ACTION, &[0x7f, 8])]), ScanError::UnknownAction),
        (
            "20,001 operations",
            one(&[(ACTION, &[&run(MAX_OPERATIONS as usize + 1)[..], &[1]].concat())]),
            ScanError::TooManyOperations,
        ),
        (
            "an object of actor 1 of 0",
            one(&[(OBJECT_ACTOR, &[0x7f, 1]), (OBJECT_COUNTER, &[0x7f, 1])]),
            ScanError::ActorIndex,
        ),
        (
            "a predecessor of actor 2 of 1",
            other(&[
                (PREDECESSOR_COUNT, &[0x7f, 1]),
                (PREDECESSOR_ACTOR, &[0x7f, 2]),
                (PREDECESSOR_COUNTER, &[0x7f, 9]),
            ]),
            ScanError::ActorIndex,
        ),
        ("an object's counter alone", one(&[(OBJECT_COUNTER, &[0x7f, 1])]), ScanError::ObjectHalf),
        ("an object's actor alone", one(&[(OBJECT_ACTOR, &[0x7f, 0])]), ScanError::ObjectHalf),
        (
            "the root by an id",
            one(&[(OBJECT_ACTOR, &[0x7f, 0]), (OBJECT_COUNTER, &[0x7f, 0])]),
            ScanError::ObjectZero,
        ),
        ("neither key nor element", one(&[(KEY, &[])]), ScanError::KeyForm),
        ("both key and element", at_element(&[(KEY, &[0x7f, 1, b'a'])]), ScanError::KeyForm),
        ("an element without actor", at_element(&[(ELEMENT_ACTOR, &[])]), ScanError::KeyForm),
        ("the head with an actor", at_element(&[(ELEMENT_COUNTER, &[0x7f, 0])]), ScanError::KeyForm),
        (
            "an object made by itself",
            one(&[(OBJECT_ACTOR, &[0x7f, 0]), (OBJECT_COUNTER, &[0x7f, 10])]),
            ScanError::FutureReference,
        ),
        (
            "another's object of the same time",
            other(&[(OBJECT_ACTOR, &[0x7f, 1]), (OBJECT_COUNTER, &[0x7f, 10])]),
            ScanError::FutureReference,
        ),
        (
            "a predecessor with counter 0",
            one(&[
                (PREDECESSOR_COUNT, &[0x7f, 1]),
                (PREDECESSOR_ACTOR, &[0x7f, 0]),
                (PREDECESSOR_COUNTER, &[0x7f, 0]),
            ]),
            ScanError::FutureReference,
        ),
        (
            "an object from nowhere",
            Chunk { start_op: vec![10], ..Chunk::default() }
                .with(&[(OBJECT_ACTOR, &[0x7f, 0]), (OBJECT_COUNTER, &[0x7f, 1])])
                .bytes(),
            ScanError::DanglingReference,
        ),
        (
            "an element in the root",
            at_element(&[(OBJECT_ACTOR, &[]), (OBJECT_COUNTER, &[])]),
            ScanError::ObjectKind,
        ),
        (
            "an element in a map",
            after_map(&[
                (OBJECT_ACTOR, &[0, 1, 0x7f, 0]),
                (OBJECT_COUNTER, &[0, 1, 0x7f, 10]),
                (KEY, &[0x7f, 1, b'a', 0, 1]),
                (ELEMENT_COUNTER, &[0, 1, 0x7f, 0]),
                (INSERT, &[1, 1]),
            ]),
            ScanError::ObjectKind,
        ),
        (
            "a key and an element in one object",
            after_map(&[
                (OBJECT_ACTOR, &[2, 0]),
                (OBJECT_COUNTER, &[2, 1]),
                (KEY, &[0x7f, 1, b'a', 0, 1]),
                (ELEMENT_COUNTER, &[0, 1, 0x7f, 0]),
                (INSERT, &[1, 1]),
            ]),
            ScanError::ObjectKind,
        ),
        (
            "a value as an object",
            after_map(&[
                (ACTION, &[2, 1]),
                (OBJECT_ACTOR, &[0, 1, 0x7f, 0]),
                (OBJECT_COUNTER, &[0, 1, 0x7f, 10]),
            ]),
            ScanError::ObjectNotMade,
        ),
        (
            "a map as an element",
            after_map(&[
                (OBJECT_ACTOR, &[0, 1, 0x7f, 0]),
                (OBJECT_COUNTER, &[0, 1, 0x7f, 1]),
                (KEY, &[0x7f, 1, b'a', 0, 1]),
                (ELEMENT_ACTOR, &[0, 1, 0x7f, 0]),
                (ELEMENT_COUNTER, &[0, 1, 0x7f, 10]),
            ]),
            ScanError::ElementNotInserted,
        ),
        (
            "a new value for the head",
            at_element(&[(ELEMENT_ACTOR, &[]), (ELEMENT_COUNTER, &[0x7f, 0])]),
            ScanError::ElementHead,
        ),
        ("an insertion under a key", one(&[(INSERT, &[0, 1])]), ScanError::InsertWithKey),
        (
            "an insertion in another's place",
            at_element(&[(INSERT, &[0, 1]), replaced[0], replaced[1], replaced[2]]),
            ScanError::InsertWithPredecessor,
        ),
        (
            "a delete inserted",
            at_element(&[(INSERT, &[0, 1]), (ACTION, &[0x7f, 3]), (VALUE_META, &[0x7f, 0])]),
            ScanError::InsertAction,
        ),
        (
            "a mark under a key",
            one(&[(ACTION, &[0x7f, 7]), (MARK_NAME, &[0x7f, 1, b'b'])]),
            ScanError::InsertAction,
        ),
        (
            "40,001 predecessors",
            one(&[
                (PREDECESSOR_COUNT, &[&[0x7f][..], &unsigned(40_001)].concat()),
                (PREDECESSOR_ACTOR, &[&many[..], &[0]].concat()),
                (PREDECESSOR_COUNTER, &[&many[..], &[1]].concat()),
            ]),
            ScanError::TooManyPredecessors,
        ),
        (
            "2⁶⁴ - 1 predecessors",
            one(&[(PREDECESSOR_COUNT, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])]),
            ScanError::TooManyPredecessors,
        ),
        (
            "a predecessor twice",
            one(&[
                (PREDECESSOR_COUNT, &[0x7f, 2]),
                (PREDECESSOR_ACTOR, &[2, 0]),
                (PREDECESSOR_COUNTER, &[0x7e, 9, 0]),
            ]),
            ScanError::PredecessorsNotAscending,
        ),
        (
            "predecessors in the table's order",
            other(&[
                (PREDECESSOR_COUNT, &[0x7f, 2]),
                (PREDECESSOR_ACTOR, &[0x7e, 0, 1]),
                (PREDECESSOR_COUNTER, &[0x7e, 9, 0]),
            ]),
            ScanError::PredecessorsNotAscending,
        ),
        (
            "a predecessor under another key",
            after_map(&[(KEY, &[0x7e, 1, b'a', 1, b'b']), replaces[0], replaces[1], replaces[2]]),
            ScanError::PredecessorElsewhere,
        ),
        (
            "a delete as a predecessor",
            after_map(&[
                (ACTION, &[0x7e, 3, 1]),
                (PREDECESSOR_COUNT, &[2, 1]),
                (PREDECESSOR_ACTOR, &[2, 0]),
                (PREDECESSOR_COUNTER, &[0x7e, 9, 1]),
            ]),
            ScanError::PredecessorElsewhere,
        ),
        (
            "a delete of nothing",
            one(&[(ACTION, &[0x7f, 3]), (VALUE_META, &[0x7f, 0])]),
            ScanError::PredecessorMissing,
        ),
        (
            "an increment of nothing",
            one(&[(ACTION, &[0x7f, 5]), (VALUE_META, &[0x7f, 0x14]), (VALUE, &[1])]),
            ScanError::PredecessorMissing,
        ),
        ("a map with a value", one(&[(ACTION, &[0x7f, 0])]), ScanError::ValueForAction),
        (
            "an increment by true",
            one(&[(ACTION, &[0x7f, 5]), replaced[0], replaced[1], replaced[2]]),
            ScanError::ValueForAction,
        ),
        ("a value of kind 10", value(0x1a, &[0]), ScanError::ValueKind),
        ("a null of one byte", value(0x10, &[0]), ScanError::ValueForm),
        ("a padded number", value(0x23, &[0x81, 0]), ScanError::ValueForm),
        ("a number and a byte", value(0x24, &[1, 1]), ScanError::ValueForm),
        ("a float of four bytes", value(0x45, &[0; 4]), ScanError::ValueForm),
        ("a text of half a letter", value(0x16, &[0xc3]), ScanError::NotText),
        ("a text without its bytes", value(0x26, b"a"), ScanError::ValueLength),
        ("bytes of no value", value(0x16, b"aa"), ScanError::ValueLength),
        ("a key that expands", one(&[(EXPAND, &[0, 1])]), ScanError::MarkForm),
        ("a key with a mark's name", one(&[(MARK_NAME, &[0x7f, 1, b'b'])]), ScanError::MarkForm),
        ("a mark without end", mark(&[]), ScanError::MarkForm),
        ("a mark's end alone", mark(&[(MARK_NAME, &[]), (VALUE_META, &[0x7f, 0])]), ScanError::MarkForm),
    ]
}
