//! Places of organisations in one document or one audience: the first that each had, and those that it was given again.
//!
//! What is written in a place that was given again says so by what it was written under, so that giving it revives
//! nothing of what was written past an earlier cut: the same as for devices and members.

use std::collections::BTreeMap;

use super::ledger::Ledger;
use crate::id::{OrgId, StatementHash};

/// What an organisation had and has, each place with the Ends that it is over by; none for a live one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    first: Option<Vec<StatementHash>>,
    again: BTreeMap<StatementHash, Vec<StatementHash>>,
}

impl Held {
    /// The Ends of one place, the first or one that was given again; absent where there was none.
    pub(super) fn ends_of(&self, again: Option<StatementHash>) -> Option<&[StatementHash]> {
        match again {
            None => self.first.as_deref(),
            Some(grant) => self.again.get(&grant).map(Vec::as_slice),
        }
    }

    /// All Ends, none where any place is live: what a statement is judged by, which does not say where it was said from.
    pub(super) fn ends(&self) -> Vec<StatementHash> {
        if self.now().is_some() {
            return Vec::new();
        }
        self.first.iter().chain(self.again.values()).flatten().copied().collect()
    }

    /// The place that is live: the first, or one that was given again.
    pub(super) fn now(&self) -> Option<Option<StatementHash>> {
        let again = || self.again.iter().find(|(_, ends)| ends.is_empty()).map(|(grant, _)| Some(*grant));
        let first = self.first.as_ref().filter(|ends| ends.is_empty()).map(|_| None);
        first.or_else(again)
    }

    /// All that were given again.
    pub(super) fn again(&self) -> impl Iterator<Item = StatementHash> {
        self.again.keys().copied()
    }

    fn join(&mut self, other: &Self) {
        for (grant, ends) in &other.again {
            self.again.insert(*grant, ends.clone());
        }
        match (&mut self.first, &other.first) {
            (Some(held), Some(ends)) if held.is_empty() || ends.is_empty() => held.clear(),
            (Some(held), Some(ends)) => held.extend(ends),
            (held @ None, Some(ends)) => *held = Some(ends.clone()),
            (_, None) => {}
        }
    }
}

/// By organisation.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(BTreeMap<OrgId, Held>);

impl Places {
    /// As grants and Ends have it.
    pub(super) fn of(ledger: &Ledger<OrgId>, heirs: &BTreeMap<OrgId, OrgId>) -> Self {
        let mut places = Self::default();
        for (grant, org, follows) in ledger.grants_and_ends() {
            let ends = ledger.ends_of(grant);
            let held = match follows {
                Some(_) => Held { first: None, again: BTreeMap::from([(grant, ends)]) },
                None => Held { first: Some(ends), again: BTreeMap::new() },
            };
            places.add(heirs, org, &held);
        }
        places
    }

    /// A first place that nothing ends.
    pub(super) fn add_live(&mut self, heirs: &BTreeMap<OrgId, OrgId>, org: OrgId) {
        self.add(heirs, org, &Held { first: Some(Vec::new()), again: BTreeMap::new() });
    }

    /// For an organisation, and those that it was merged into.
    fn add(&mut self, heirs: &BTreeMap<OrgId, OrgId>, org: OrgId, held: &Held) {
        for org in std::iter::successors(Some(org), |at| heirs.get(at).copied()) {
            self.0.entry(org).or_default().join(held);
        }
    }

    pub(super) fn get(&self, org: OrgId) -> Option<&Held> {
        self.0.get(&org)
    }

    /// Those who were given a place again.
    pub(super) fn given_again(&self) -> impl Iterator<Item = OrgId> {
        self.0.iter().filter(|(_, held)| !held.again.is_empty()).map(|(org, _)| *org)
    }
}
