//! What sled and the system say, in the words of the protocol.

use std::{any::Any, io};

use praksis_protocol::store::StoreError;

use super::keyspace::{CHANGE, ENVELOPE, GENESIS, LOCAL, MEMORY, ROW, SLOT, STATEMENT, VIEW};

pub(super) fn damaged(key: &[u8]) -> StoreError {
    let what = match key[0] {
        LOCAL => format!("local thing {}", String::from_utf8_lossy(&key[1..])),
        STATEMENT => "statement".to_owned(),
        GENESIS => "beginning of a document".to_owned(),
        ENVELOPE => "envelope".to_owned(),
        CHANGE => "change".to_owned(),
        ROW => "row".to_owned(),
        VIEW => "view".to_owned(),
        MEMORY => "memory of a document".to_owned(),
        SLOT => "place of a document's key".to_owned(),
        other => format!("thing of unknown kind {other}"),
    };
    StoreError::Damaged { what }
}

/// A read that failed: damage that sled found itself, or the system.
pub(super) fn reading(key: &[u8], error: ::sled::Error) -> StoreError {
    if matches!(error, ::sled::Error::Io(_)) {
        return failed("reading", error);
    }
    if key.is_empty() { StoreError::Damaged { what: format!("data: {error}") } } else { damaged(key) }
}

pub(super) fn failed(doing: &str, error: ::sled::Error) -> StoreError {
    if let ::sled::Error::Io(error) = error {
        return failed_io(doing, &error);
    }
    StoreError::Io { doing: doing.to_owned(), why: error.to_string() }
}

pub(super) fn failed_io(doing: &str, error: &io::Error) -> StoreError {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { error.to_string() };
    StoreError::Io { doing: doing.to_owned(), why }
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("sled panicked").to_owned()
}
