//! The command line, tested as people meet it: the real binary, real folders, real processes.

mod praksis;

mod story;
mod form;
mod wrong;

mod demo;
