//! What a node does besides the protocol.

pub mod index;
