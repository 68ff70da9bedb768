//! What nodes say to each other, as bytes.

pub mod message;
