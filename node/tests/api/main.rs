//! The HTTP interface of real nodes, over loopback, through the client that the command line uses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod node;

mod cases;
mod gate;
mod golden;
mod import;
mod network;
mod similar;
mod start;
