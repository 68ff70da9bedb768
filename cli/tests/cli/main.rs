//! The command line, tested as people meet it: the real binary, real folders, real processes.

mod praksis;

mod form;
mod joint;
mod keys;
mod killed;
mod needs;
mod offices;
mod people;
mod personal;
mod readme;
mod refusals;
mod requests;
mod scopes;
mod story;
mod thousands;
mod ways;
mod withdrawn;
mod wrong;

mod bundles;
mod demo;
mod messages;
