//! What the tests share: a deterministic simulator of whole networks.

pub mod sim;
