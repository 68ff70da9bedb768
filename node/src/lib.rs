//! Makes the Praksis protocol run: libp2p, sled, tantivy and HTTP around an engine without I/O.

#![warn(missing_docs)]

pub mod platform;

pub mod clock;
pub mod config;
pub mod driver;
pub mod figures;
pub mod folder;
pub mod handle;
pub mod job;
pub mod key;
pub mod locale;
pub mod telemetry;

pub mod net;
pub mod storage;

pub mod bundle;

pub mod cpv_list;
pub mod sealed_key;
pub mod search;

pub mod intake;
pub mod prose;

pub mod api;
pub mod client;
