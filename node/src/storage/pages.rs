//! Pages that sled has read and keeps in memory.
//!
//! sled 0.34 counts what it keeps only when it has noted 64 accesses in one of its 256 shards, and lets go of pages beyond
//! its cache's capacity then (its `lru.rs`). A store of 100,000 documents has some 25,000 leaves that are read about once
//! each: up to 16,384 of them stay, which nobody counts. So the notes are filled, with leaves that are in memory already.

use super::keyspace::ROW;

/// sled's shards, and how many accesses each notes before it counts.
const SHARDS: usize = 256;
const NOTES: usize = 64;
/// Leaves to fill the notes with: enough that hardly a shard has none of them.
const LEAVES: usize = 4 * SHARDS;
/// How often each is read: half as often again as would do, if every shard had as many of them.
const ROUNDS: usize = NOTES * SHARDS / LEAVES * 3 / 2;
/// A store with less than this on disk has too little to be worth it.
const SMALL: u64 = 32 << 20;

/// Has sled count the pages that it keeps, and let go of those beyond its capacity. Takes some 15 ms.
///
/// # Errors
/// Those of reading.
pub(super) fn let_go(db: &::sled::Db) -> Result<(), ::sled::Error> {
    if db.size_on_disk()? < SMALL {
        return Ok(());
    }
    // Ids of documents are hashes: evenly spaced, these stand on different leaves, whether they are there or not.
    let spaced = |leaf: usize| {
        let [.., high, low] = (leaf * 65_536 / LEAVES).to_be_bytes();
        [ROW, high, low]
    };
    for key in (0..ROUNDS).flat_map(|_| (0..LEAVES).map(spaced)) {
        db.get(key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_let_go_of_is_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let db = ::sled::Config::new().path(dir.path()).cache_capacity(1 << 20).open().expect("a store");
        let key = |number: u16| [&[ROW][..], &number.to_be_bytes()].concat();
        let value = |number: u16| vec![number.to_le_bytes()[0]; 16 * 1024];
        let numbers = || (0..u16::MAX).step_by(24);
        for number in numbers() {
            db.insert(key(number), value(number)).expect("written");
        }
        db.flush().expect("on disk");
        assert!(db.size_on_disk().expect("a size") > SMALL);
        let_go(&db).expect("read");
        for number in numbers() {
            assert!(db.get(key(number)).expect("read").is_some_and(|held| held == value(number)), "{number}");
        }
    }
}
