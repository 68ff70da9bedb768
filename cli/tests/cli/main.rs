//! The command line, tested as people meet it: the real binary, real folders, real processes.

mod praksis;

mod form;
mod killed;
mod needs;
mod offices;
mod personal;
mod readme;
mod refusals;
mod story;
mod thousands;
mod ways;
mod wrong;

mod bundles;
mod demo;
mod messages;
