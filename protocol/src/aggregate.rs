//! What an association computes: pure functions over verified records.
//!
//! Every figure says by key what it means, how many of the members it rests on, and the day it can
//! be reproduced for. What is written for a demonstration is counted in a block of its own and never
//! beside what is real. The same records in any order give the same report.
//!
//! Shares of value and notices, spread and participation need other kinds of documents than cases
//! and are not here yet.

mod count;
mod gain;
#[cfg(test)]
mod tests;
mod unique;

use std::collections::BTreeSet;

use serde::Serialize;

pub use self::{
    count::Counts,
    gain::{Apart, Gains, Measure, Sum, Total},
};
use crate::{case::Case, date::Day, id::DocumentId, org_number::OrgNumber};

/// A case with whose it is, as it stood at the end of the day that the report is for.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The record, the same in a draft and in everything shared from it.
    pub record: DocumentId,
    /// Who keeps it.
    pub owner: OrgNumber,
    /// What it says.
    pub case: &'a Case,
}

/// What cases say together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The day it is for, `2026-11-22`: the end of it, in Oslo.
    pub as_of: String,
    /// What is real.
    pub real: Block,
    /// What was written for a demonstration.
    pub demonstrations: Block,
}

/// The figures of one lot of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// How many procurements: cases that share an external id are one.
    pub cases: Figure<usize>,
    /// How far they have come.
    pub phase: Figure<Counts>,
    /// What they are for. A case is counted in each of its sectors.
    pub sector: Figure<Counts>,
    /// How they were bought.
    pub procedure: Figure<Counts>,
    /// What kind of innovation they are.
    pub kind: Figure<Counts>,
    /// What came of them.
    pub gains: Figure<Gains>,
}

/// A figure with what one must know to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure<T> {
    /// The key of its definition in the readers' languages.
    pub definition: &'static str,
    /// How much of the network it rests on.
    pub coverage: Coverage,
    /// The day it can be reproduced for.
    pub as_of: String,
    /// The figure itself.
    pub value: T,
}

/// How many members a figure rests on, of how many. A member without a case is not a zero: it is
/// not reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Members who keep a case that the figure makes use of.
    pub reporting: usize,
    /// All members.
    pub members: usize,
}

/// What these cases say together; each record stands among them once. `members` are those whose membership counts at `as_of`; a case kept
/// by someone else is counted, but not in the coverage.
pub fn report(entries: &[Entry<'_>], members: &BTreeSet<OrgNumber>, as_of: Day) -> Report {
    let (demonstrations, real): (Vec<_>, Vec<_>) =
        entries.iter().copied().partition(|entry| entry.case.demonstration == Some(true));
    let frame = Frame { members, as_of: as_of.to_string() };
    Report { real: block(real, &frame), demonstrations: block(demonstrations, &frame), as_of: frame.as_of }
}

fn block(entries: Vec<Entry<'_>>, frame: &Frame<'_>) -> Block {
    let cases = unique::unique(entries);
    let owners = |makes_use: &dyn Fn(&Case) -> bool| {
        cases.iter().filter(|entry| makes_use(entry.case)).map(|entry| entry.owner).collect()
    };
    Block {
        cases: frame.figure("report-cases", owners(&|_| true), cases.len()),
        phase: frame.figure(
            "report-phase",
            owners(&|case| case.phase.is_some()),
            Counts::of(&cases, |case| case.phase.as_slice()),
        ),
        sector: frame.figure(
            "report-sector",
            owners(&|case| !case.sector.is_empty()),
            Counts::of(&cases, |case| &case.sector),
        ),
        procedure: frame.figure(
            "report-procedure",
            owners(&|case| case.procedure.is_some()),
            Counts::of(&cases, |case| case.procedure.as_slice()),
        ),
        kind: frame.figure(
            "report-kind",
            owners(&|case| case.innovation_kind.is_some()),
            Counts::of(&cases, |case| case.innovation_kind.as_slice()),
        ),
        gains: frame.figure("report-gains", owners(&|case| !case.gains.is_empty()), Gains::of(&cases)),
    }
}

/// What is the same for every figure of a report.
struct Frame<'a> {
    members: &'a BTreeSet<OrgNumber>,
    as_of: String,
}

impl Frame<'_> {
    fn figure<T>(&self, definition: &'static str, owners: BTreeSet<OrgNumber>, value: T) -> Figure<T> {
        let reporting = owners.intersection(self.members).count();
        let coverage = Coverage { reporting, members: self.members.len() };
        Figure { definition, coverage, as_of: self.as_of.clone(), value }
    }
}
