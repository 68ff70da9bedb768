//! The store on disk: the same stories as the one in memory, and what only a disk can do to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod conformance;
mod crash;
mod folder;
mod stores;
