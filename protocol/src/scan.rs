//! Our own reader of Automerge change chunks: limits before Automerge sees a byte.
//!
//! Automerge trusts what it is given. A change of 69 bytes may hold ten million operations, because
//! its columns are run-length encoded; a deflated one of 65 KB inflates to 64 MB; a chunk with a
//! correct hash may panic while it is applied, or make a document that can be saved and never
//! loaded again. So bytes from a peer are read here first, and what passes is bounded in memory and
//! time, whatever Automerge does with it.
//!
//! **Only the one canonical encoding passes.** Automerge keeps operations, not chunks: when it loads
//! a saved document it encodes every change again and compares hashes. A change with a run split in
//! two, an actor listed and never used or a delete of nothing applies well and ruins the document at
//! the next load. Automerge itself writes only canonical chunks, so refusing the rest costs nothing.
//!
//! What needs the document — whether an object, an element or a predecessor exists, whether `seq` is the
//! actor's next, whether the other actors have written there — is deliberately absent: that is found
//! with the [`ChangeHeader`] and by applying to a scratch copy. Refused although Automerge can write
//! them, because nothing here does: tables (which panic when something is put into them), an author's
//! footer, values of unknown kinds, actors that are not 16 bytes long.
//!
//! The format: <https://automerge.org/automerge-binary-format-spec/>, and automerge 0.12,
//! `storage/change.rs` and `op_set2/change.rs`.

mod columns;
mod error;
mod operation;
mod reader;
mod run;
mod value;

use sha2::{Digest, Sha256};

pub use self::error::ScanError;
use self::{columns::Columns, operation::Scope, reader::Reader};
use crate::id::{ActorBytes, ChangeHash};

/// Largest chunk, in bytes. A record is at most 512 KiB of JSON, and a share fits one change.
pub const MAX_CHUNK_BYTES: usize = 1 << 20;
/// Most operations in one change. A writer splits at half of this.
pub const MAX_OPERATIONS: u32 = 20_000;
/// Most changes that one change may rest on: the heads that people leave when they work apart.
pub const MAX_DEPENDENCIES: u64 = 64;
/// Most actors beside the writer that one change may name. Each start of a node is an actor, and a
/// change that rewrites a text names all who wrote in it.
pub const MAX_OTHER_ACTORS: u64 = 4_096;
/// Longest message of a change, in bytes. We write none.
pub const MAX_MESSAGE_BYTES: u64 = 256;
/// Most values replaced or deleted in all: the present one and a conflict for each operation.
pub const MAX_PREDECESSORS: u32 = 2 * MAX_OPERATIONS;
/// Most bytes of keys and mark names, counted once for each operation: run-length encoding repeats a
/// name for nothing, and Automerge copies it for each operation.
pub const MAX_NAME_BYTES: usize = 4 << 20;
/// Largest distance of a change's time from 1970, either way, in whatever unit its writer counts:
/// what fits a double exactly, so that differences of times cannot overflow.
pub const MAX_TIME: i64 = 1 << 53;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;
/// Magic bytes and checksum stand before this.
const HASHED_FROM: usize = 8;

/// What a chunk that passed says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHeader {
    /// SHA-256 over type, length and contents: Automerge's name for the change.
    pub hash: ChangeHash,
    /// Who wrote it.
    pub actor: ActorBytes,
    /// Its number among the actor's changes, from 1.
    pub seq: u64,
    /// The counter of its first operation, from 1; the next ones follow without gaps.
    pub start_op: u64,
    /// When, by its writer's clock and in its writer's unit; for display only.
    pub time: i64,
    /// The changes it rests on, ascending.
    pub deps: Vec<ChangeHash>,
    /// The other actors whose operations it refers to, ascending.
    pub other_actors: Vec<ActorBytes>,
    /// How many operations it holds; 0 is possible.
    pub operations: u32,
}

/// Reads one whole change chunk, and refuses everything that is not exactly that.
///
/// Time and memory are linear in the length of `bytes` and in [`MAX_OPERATIONS`]; it never panics.
///
/// # Errors
/// The first refusal met; see [`ScanError`].
pub fn scan(bytes: &[u8]) -> Result<ChangeHeader, ScanError> {
    if bytes.len() > MAX_CHUNK_BYTES {
        return Err(ScanError::ChunkTooLarge);
    }
    let mut outer = Reader::new(bytes);
    if outer.array()? != MAGIC {
        return Err(ScanError::Magic);
    }
    let checksum: [u8; 4] = outer.array()?;
    if outer.byte()? != CHANGE {
        return Err(ScanError::ChunkType);
    }
    let length = outer.unsigned()?;
    let mut body = Reader::new(outer.take(length)?);
    if !outer.is_empty() {
        return Err(ScanError::Tail);
    }
    let hash = change_hash(bytes);
    if hash.0[..4] != checksum {
        return Err(ScanError::Checksum);
    }

    let mut header = read_header(&mut body, hash)?;
    let columns = Columns::read(&mut body)?;
    if !body.is_empty() {
        return Err(ScanError::ExtraBytes);
    }
    header.operations = columns.count_operations()?;
    let end = header.start_op.checked_add(header.operations.into()).ok_or(ScanError::CounterTooLarge)?;
    // Automerge keeps counters in 32 bits.
    if end > u64::from(u32::MAX) {
        return Err(ScanError::CounterTooLarge);
    }
    Scope::new(&header).check(&columns)?;
    Ok(header)
}

/// Automerge's name for a change: SHA-256 over type, length and contents, which stand in its chunk as
/// they are hashed, after magic bytes and checksum. The chunk is not looked at otherwise.
pub fn change_hash(chunk: &[u8]) -> ChangeHash {
    ChangeHash(Sha256::digest(chunk.get(HASHED_FROM..).unwrap_or_default()).into())
}

/// Everything before the column table. The number of operations is not known yet.
fn read_header(body: &mut Reader<'_>, hash: ChangeHash) -> Result<ChangeHeader, ScanError> {
    let deps = read_list(body, MAX_DEPENDENCIES, ScanError::TooManyDependencies, |body| {
        body.array().map(ChangeHash)
    })?;
    if !deps.is_sorted_by(|a, b| a < b) {
        return Err(ScanError::DependenciesNotAscending);
    }
    let actor = read_actor(body)?;
    let seq = body.unsigned()?;
    if seq == 0 {
        return Err(ScanError::SequenceZero);
    }
    if seq > u64::from(u32::MAX) {
        return Err(ScanError::SequenceTooLarge);
    }
    if seq > 1 && deps.is_empty() {
        return Err(ScanError::SequenceWithoutDependency);
    }
    let start_op = body.unsigned()?;
    if start_op == 0 {
        return Err(ScanError::StartZero);
    }
    let time = body.signed()?;
    if !(-MAX_TIME..=MAX_TIME).contains(&time) {
        return Err(ScanError::TimeOutOfRange);
    }
    let message_length = body.unsigned()?;
    if message_length > MAX_MESSAGE_BYTES {
        return Err(ScanError::MessageTooLong);
    }
    if std::str::from_utf8(body.take(message_length)?).is_err() {
        return Err(ScanError::MessageNotText);
    }
    let other_actors = read_list(body, MAX_OTHER_ACTORS, ScanError::TooManyActors, read_actor)?;
    if !other_actors.is_sorted_by(|a, b| a < b) || other_actors.contains(&actor) {
        return Err(ScanError::ActorsNotAscending);
    }
    Ok(ChangeHeader { hash, actor, seq, start_op, time, deps, other_actors, operations: 0 })
}

fn read_actor(body: &mut Reader<'_>) -> Result<ActorBytes, ScanError> {
    if body.unsigned()? != ActorBytes::LEN as u64 {
        return Err(ScanError::ActorLength);
    }
    body.array().map(ActorBytes)
}

/// A count and that many items. The count is bounded; the items are not reserved ahead of reading.
fn read_list<'a, T>(
    body: &mut Reader<'a>,
    max: u64,
    too_many: ScanError,
    read: impl Fn(&mut Reader<'a>) -> Result<T, ScanError>,
) -> Result<Vec<T>, ScanError> {
    let count = body.unsigned()?;
    if count > max {
        return Err(too_many);
    }
    (0..count).map(|_| read(body)).collect()
}
