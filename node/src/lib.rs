//! Makes the protocol run: libp2p, sled, tantivy and HTTP around an engine without I/O.

#![warn(missing_docs)]

mod platform;

pub mod storage;

pub mod intake;
pub mod net;
pub mod search;
