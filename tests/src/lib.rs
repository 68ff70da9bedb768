//! What the tests share: a deterministic simulator of whole networks, and nodes on real sockets and disks.

pub mod liars;
pub mod sim;

pub mod audit;
pub mod auditor;
pub mod demo;
pub mod link;
pub mod node;
pub mod process;
pub mod rogue;
pub mod sentence;
pub mod words;
