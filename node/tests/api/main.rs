//! The HTTP interface of real nodes, over loopback, through the client that the command line uses.

mod node;

mod cases;
mod gate;
mod golden;
mod import;
mod network;
