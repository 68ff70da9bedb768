//! All statements by their hash, and the chains that they make.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    genesis::Scope,
    id::{OrgId, StatementHash},
    membership::statement::{Known, Said},
};

/// See the module.
pub(super) struct Book<'a> {
    by_hash: BTreeMap<StatementHash, &'a Known>,
}

impl<'a> Book<'a> {
    pub(super) fn of(statements: impl IntoIterator<Item = &'a Known>) -> Self {
        Self { by_hash: statements.into_iter().map(|known| (known.hash, known)).collect() }
    }

    /// Each once, by hash.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Known> {
        self.by_hash.values().copied()
    }

    pub(super) fn get(&self, hash: StatementHash) -> Option<&'a Known> {
        self.by_hash.get(&hash).copied()
    }

    /// Adds what an issuer said in a scope up to `last`, by the links: what was dated back later is not among it.
    pub(super) fn add_up_to(
        &self,
        last: Option<Said>,
        issuer: OrgId,
        scope: Scope,
        good: &mut BTreeSet<StatementHash>,
    ) {
        let mut next = last.map(|last| last.hash);
        while let Some(known) = next.and_then(|hash| self.get(hash)) {
            let is_own = known.statement.issuer == issuer && known.statement.home() == scope;
            if !is_own || !good.insert(known.hash) {
                return;
            }
            next = known.statement.previous;
        }
    }
}
