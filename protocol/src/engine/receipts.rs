//! Receipts: this node's word for what it has hidden and erased, towards those who withdrew it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, Resting, saying::Voice, statements::put};
use crate::{
    admission::state::Stage,
    genesis::Scope,
    id::{DeviceId, DocumentId, OrgId},
    membership::statement::{Fact, Kind, Known, MARKS_LIMIT, Mark, Receipt},
};

/// What an issuer has said in a scope: each number, and the document it withdraws, if any.
type Said = BTreeMap<u64, Option<DocumentId>>;

/// The document that a statement withdraws, if it is a withdrawal.
pub(super) fn withdrawn_by(known: &Known) -> Option<DocumentId> {
    if let Fact::Withdrawal(withdrawal) = &known.fact { Some(withdrawal.document) } else { None }
}

impl Engine {
    /// Signs a new receipt wherever more is hidden or erased than the last one says.
    pub(super) fn account_for_withdrawals(&mut self) {
        let mut said = Vec::new();
        for ((owner, scope), marks) in self.marks() {
            let receipt = Receipt { owner, marks };
            let before = self.own_receipt(owner, scope);
            if before != Some(&receipt)
                && let Some(known) = self.say(Voice::Device, scope, Kind::Receipt, &receipt)
            {
                said.push(known);
            }
        }
        if !said.is_empty() {
            // Known at once, or the same would be said again before it is durable.
            let gone: Vec<Known> =
                said.iter().filter_map(|known| self.statements.insert(known.clone())).collect();
            self.forget(gone);
            let batch = said.iter().map(put).collect();
            self.commit(batch, Resting { statements: said, ..Resting::default() });
        }
    }

    fn own_receipt(&self, owner: OrgId, scope: Scope) -> Option<&Receipt> {
        let own = self.device();
        self.receipts(scope)
            .find(|(device, receipt)| *device == own && receipt.owner == owner)
            .map(|(_, it)| it)
    }

    /// All receipts of a scope, by whom.
    pub(super) fn receipts(&self, scope: Scope) -> impl Iterator<Item = (DeviceId, &Receipt)> {
        self.statements.of_scope(scope).filter_map(|known| {
            let Fact::Receipt(receipt) = &known.fact else { return None };
            Some((DeviceId(known.statement.issuer.0), receipt))
        })
    }

    /// How far the withdrawals of each issuer are hidden and erased here, by whose documents they are about.
    fn marks(&self) -> BTreeMap<(OrgId, Scope), Vec<Mark>> {
        let mut issuers: BTreeSet<(OrgId, Scope)> = BTreeSet::new();
        for known in self.statements.of_documents() {
            if matches!(known.fact, Fact::Withdrawal(_)) {
                issuers.insert((known.statement.issuer, known.scope()));
            }
        }
        let mut marks = BTreeMap::<(OrgId, Scope), Vec<Mark>>::new();
        for (issuer, scope) in issuers {
            let said: Said = self
                .statements
                .of_scope(scope)
                .filter(|known| known.statement.issuer == issuer && known.is_compared())
                .map(|known| {
                    let document = withdrawn_by(known);
                    (known.statement.number, document)
                })
                .collect();
            let hidden = self.all_up_to(&said, |stage| matches!(stage, Stage::Hidden | Stage::Purged));
            let purged = self.all_up_to(&said, |stage| stage == Stage::Purged).min(hidden);
            if hidden == 0 {
                continue;
            }
            let owners: BTreeSet<OrgId> = said
                .values()
                .flatten()
                .filter_map(|document| self.index.row(*document))
                .map(|row| row.genesis.owner)
                .collect();
            for owner in owners {
                let of_owner = marks.entry((owner, scope)).or_default();
                if of_owner.len() < MARKS_LIMIT {
                    of_owner.push(Mark { issuer, hidden, purged });
                }
            }
        }
        marks
    }

    /// The number up to which all that an issuer said is known, and what it withdrew of what is here
    /// has come so far.
    fn all_up_to(&self, said: &Said, has_come: impl Fn(Stage) -> bool) -> u64 {
        let mut up_to = 0;
        for (number, document) in said {
            let row = document.and_then(|document| self.index.row(document));
            let is_withdrawn = |row: &crate::admission::state::Row| {
                self.statements.roster().withdrawn(&row.genesis).is_some()
            };
            let row = row.filter(is_withdrawn);
            let there = row.is_none_or(|row| row.gone.is_some_and(|gone| has_come(gone.stage)));
            if *number != up_to + 1 || !there {
                break;
            }
            up_to = *number;
        }
        up_to
    }

    /// Receipts and heads that came: passed on to whom they concern.
    pub(super) fn heard_notices(&mut self, new: &[Known]) {
        let notices: Vec<Known> = new.iter().filter(|known| !known.is_compared()).cloned().collect();
        if !notices.is_empty() {
            self.spread(&notices);
        }
    }
}
