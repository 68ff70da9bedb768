//! Makes the Praksis protocol run: libp2p, sled, tantivy, HTTP.

pub mod search;
