//! Every way in for bytes from outside, in tables: one row is one reader, with examples that it takes.
//!
//! A fuzz target (`tests/fuzz`) and a property test (`tests/tests/outside.rs`) run the same rows, and the
//! examples are the corpus that both begin with. **To add a reader**, add a row to the table that it belongs to.
//! A reader must not panic on any bytes, and what it takes it must write again as it was.

mod cast;
mod change;
mod messages;
#[cfg(feature = "node")]
mod node;
mod texts;

/// One way in.
pub struct Entry {
    /// What comes in there.
    pub name: &'static str,
    /// Reads it, and panics where what was read is not what would be written. Says whether it was taken.
    pub read: fn(&[u8]) -> bool,
    /// Some bytes that are taken.
    pub examples: fn() -> Vec<Vec<u8>>,
}

/// Readers of like bytes: what a fuzz target tries together.
pub struct Group {
    /// The fuzz target's name, and its corpus's.
    pub name: &'static str,
    /// Its readers.
    pub entries: &'static [Entry],
}

impl Group {
    /// Every reader over the same bytes; the names of those that took them.
    pub fn read(&self, bytes: &[u8]) -> Vec<&'static str> {
        self.entries.iter().filter(|entry| (entry.read)(bytes)).map(|entry| entry.name).collect()
    }
}

/// What peers send and what is handed on: messages, statements, envelopes, how documents begin.
pub const READERS: Group = Group { name: "readers", entries: messages::ENTRIES };
/// What people and programs write: records, ids, dates, numbers, expressions.
pub const TEXTS: Group = Group { name: "texts", entries: texts::ENTRIES };
/// Automerge's chunks, before Automerge sees them.
pub const SCAN: Group = Group { name: "scan", entries: change::SCAN };
/// Honest changes that were tampered with and made whole again, through all of admission.
pub const ADMISSION: Group = Group { name: "admission", entries: change::ADMISSION };
/// Frames of the network, and files.
#[cfg(feature = "node")]
pub const NODE: Group = Group { name: "node", entries: node::ENTRIES };

/// All of them.
pub const GROUPS: &[&Group] = &[
    &READERS,
    &TEXTS,
    &SCAN,
    &ADMISSION,
    #[cfg(feature = "node")]
    &NODE,
];

/// Whether something was taken; then it must be written as it was.
fn same(bytes: &[u8], written: Option<Vec<u8>>) -> bool {
    written.is_some_and(|written| {
        assert_eq!(written, bytes, "what was read is written otherwise");
        true
    })
}
