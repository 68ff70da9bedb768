//! Grants and their Ends, the same for members, devices, audiences and co-owners.
//!
//! Remove wins: a grant that has an End is over. A grant of the same subject is over with it, unless it says that it
//! follows that End: so an old or a rival grant brings nobody back.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::StatementHash;

/// See the module. `S` is what grants are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ledger<S> {
    grants: BTreeMap<StatementHash, (S, Option<StatementHash>)>,
    /// The grant that an End names.
    ends: BTreeMap<StatementHash, StatementHash>,
    /// By subject: what has ended, and by which End.
    ended: BTreeMap<S, BTreeSet<(StatementHash, StatementHash)>>,
}

impl<S> Default for Ledger<S> {
    fn default() -> Self {
        Self { grants: BTreeMap::new(), ends: BTreeMap::new(), ended: BTreeMap::new() }
    }
}

impl<S: Copy + Ord> Ledger<S> {
    /// A grant that was rightly said. All of them come before the first End.
    pub(super) fn grant(&mut self, grant: StatementHash, subject: S, follows: Option<StatementHash>) {
        self.grants.insert(grant, (subject, follows));
    }

    /// What a grant is about.
    pub(super) fn subject(&self, grant: StatementHash) -> Option<S> {
        self.grants.get(&grant).map(|(subject, _)| *subject)
    }

    /// An End that was rightly said.
    pub(super) fn end(&mut self, end: StatementHash, grant: StatementHash) {
        if let Some(subject) = self.subject(grant) {
            self.ends.insert(end, grant);
            self.ended.entry(subject).or_default().insert((grant, end));
        }
    }

    /// Whom an End is about.
    pub(super) fn subject_of_end(&self, end: StatementHash) -> Option<S> {
        self.ends.get(&end).and_then(|grant| self.subject(*grant))
    }

    /// Whether anything of a subject has ended.
    pub(super) fn has_ended(&self, subject: S) -> bool {
        self.ended.contains_key(&subject)
    }

    /// The Ends that a grant is over by; none for a live one.
    pub(super) fn ends_of(&self, grant: StatementHash) -> Vec<StatementHash> {
        let Some(ended) = self.subject(grant).and_then(|subject| self.ended.get(&subject)) else {
            return Vec::new();
        };
        let own: Vec<_> = ended.iter().filter(|(of, _)| *of == grant).map(|(_, end)| *end).collect();
        if !own.is_empty() {
            return own;
        }
        let mut followed = BTreeSet::new();
        let mut at = grant;
        while let Some((_, Some(end))) = self.grants.get(&at)
            && let Some(before) = self.ends.get(end)
            && followed.insert(*before)
        {
            at = *before;
        }
        ended.iter().filter(|(of, _)| !followed.contains(of)).map(|(_, end)| *end).collect()
    }

    /// All grants of all subjects, with the End that each says it follows.
    pub(super) fn grants_and_ends(&self) -> impl Iterator<Item = (StatementHash, S, Option<StatementHash>)> {
        self.grants.iter().map(|(grant, (subject, follows))| (*grant, *subject, *follows))
    }

    /// All grants of all subjects.
    pub(super) fn grants(&self) -> impl Iterator<Item = (StatementHash, S)> {
        self.grants.iter().map(|(grant, (subject, _))| (*grant, *subject))
    }
}
