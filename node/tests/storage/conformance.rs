//! Both stores tell the same stories, and the same history.

use praksis_node::storage::conformance::{Factory, all, everything};
use praksis_protocol::{
    id::{DocumentId, EnvelopeHash, StatementHash},
    scan::change_hash,
    store::{Batch, Put, Store},
};
use proptest::prelude::*;

use crate::stores::{InMemory, OnDisk};

#[test]
fn the_store_in_memory_conforms() {
    all(&InMemory);
}

#[test]
fn the_store_on_disk_conforms() {
    all(&OnDisk::new());
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Batch>),
    Reopen,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => prop::collection::vec(prop::collection::vec(put(), 0..6), 0..4).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..12)
}

fn put() -> impl Strategy<Value = Put> {
    let document = (0..3_u8).prop_map(|n| DocumentId([n * 127; 32]));
    let hash = (0..4_u8).prop_map(|n| [n * 85; 32]);
    // Short mostly; sometimes in several parts, sometimes about as long as one.
    let value = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 32_700..32_800_usize).prop_map(|(byte, length)| vec![byte; length]),
        1 => (any::<u8>(), 0..150_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    (0..10_u8, document, hash, value, "[ab]{0,3}", any::<bool>()).prop_map(
        |(kind, document, hash, value, name, there)| match kind {
            0 => Put::Local(name, there.then_some(value)),
            1 => Put::Statement(StatementHash(hash), value),
            2 => Put::Genesis(document, value),
            3 => Put::Envelope(document, EnvelopeHash(hash), value),
            4 => Put::Change(document, change_hash(&value), value),
            5 => Put::Row(document, value),
            6 => Put::View(document, value),
            7 => Put::Memory(document, name, there.then_some(value)),
            8 => Put::Erase(document),
            _ => Put::Drop(document),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_tell_the_same_history(steps in steps()) {
        let documents = [0, 127, 254].map(|n| DocumentId([n; 32]));
        let disks = OnDisk::new();
        let (mut disk, mut memory) = (disks.create(), InMemory.create());
        for step in steps {
            match step {
                Step::Commit(batches) => {
                    disk.commit(&batches).unwrap();
                    memory.commit(&batches).unwrap();
                }
                Step::Reopen => (disk, memory) = (disks.reopen(disk), InMemory.reopen(memory)),
                Step::Crash => (disk, memory) = (disks.crash(disk), InMemory.crash(memory)),
            }
            prop_assert!(everything(&disk, &documents) == everything(&memory, &documents));
        }
        disk.check().unwrap();
    }
}
