//! x

pub mod intake;
