//! Who belongs to a network and who may do what in it, by signed statements alone.
//!
//! An organisation is its root key; a device is a key of its own that the root has granted; an
//! association's root vouches for members. [`statement`] has the signed facts, [`charter`] what a
//! network is, [`joining`] how one comes in, [`issuing`] what administrators sign, and [`roster`] folds all of it into one answer:
//! [`Roster::may`](roster::Roster::may).
//!
//! Time never decides whether something counts: statements do. Expiry only stops connecting.

pub mod charter;
pub mod issuing;
pub mod joining;
pub mod roster;
pub mod statement;
pub mod ticket;
