//! The machine stops at any moment while others write and read.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use praksis_node::storage::conformance::Factory;
use praksis_protocol::{
    id::DocumentId,
    store::{Batch, Put, Read, Store},
};

use crate::stores::OnDisk;

const DOCUMENT: DocumentId = DocumentId([5; 32]);

/// The same number in three places, one of them long.
fn batch(number: u32) -> Batch {
    let number = number.to_be_bytes();
    vec![
        Put::Local("number".into(), Some(number.to_vec())),
        Put::Row(DOCUMENT, number.to_vec()),
        Put::View(DOCUMENT, number.repeat(20_000)),
    ]
}

/// The number that a store holds in all three places.
fn number(store: &impl Read) -> u32 {
    let local = store.local("number").unwrap().unwrap();
    let row = store.rows().unwrap().remove(0).1;
    let view = store.view(DOCUMENT).unwrap().unwrap();
    assert_eq!(local, row, "half a batch");
    assert!(view == row.repeat(20_000), "half a batch, or half a value");
    u32::from_be_bytes(local.try_into().unwrap())
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_no_batch_torn() {
    let disks = OnDisk::new();
    let store = disks.create();
    store.commit(&[batch(0)]).unwrap();
    let acknowledged = AtomicU32::new(0);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..60 {
                let last = 3 * round;
                store.commit(&[batch(last - 2), batch(last - 1), batch(last)]).unwrap();
                acknowledged.store(last, Ordering::SeqCst);
            }
        });
        let mut kills = 0;
        while !writer.is_finished() || kills < 10 {
            let before = acknowledged.load(Ordering::SeqCst);
            let found = number(&disks.as_killed_now(&store));
            assert!(found >= before, "{found} found, {before} was acknowledged");
            kills += 1;
        }
    });
    assert_eq!(number(&store), 177);
}

#[test]
fn readers_never_see_half_a_long_value() {
    let disks = OnDisk::new();
    let store = disks.create();
    store.commit(&[batch(0)]).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| (1..80).for_each(|number| store.commit(&[batch(number)]).unwrap()));
        let mut last = 0;
        while !writer.is_finished() {
            let view = store.view(DOCUMENT).unwrap().unwrap();
            let first = u32::from_be_bytes(*view.first_chunk().unwrap());
            assert!(view == first.to_be_bytes().repeat(20_000));
            assert!(first >= last, "time runs forwards");
            last = first;
        }
    });
}

/// What the disk holds after a failure is not known, so nothing is tried again until the next start.
#[test]
fn after_a_failed_commit_nothing_more_is_written() {
    let disks = OnDisk::new();
    let store = disks.create();
    store.commit(&[batch(1)]).unwrap();
    // sled writes here what it never syncs.
    let blob = store.path().join("sled/blobs/7");
    fs::write(&blob, "a leaf").unwrap();
    let failure = store.commit(&[batch(2)]).unwrap_err();
    fs::remove_file(&blob).unwrap();
    assert_eq!(store.commit(&[batch(3)]), Err(failure.clone()));
    assert_eq!(store.commit(&[]), Err(failure));
    let store = disks.reopen(store);
    assert!(number(&store) <= 2, "{}", number(&store));
    store.commit(&[batch(4)]).unwrap();
    assert_eq!(number(&store), 4);
}
