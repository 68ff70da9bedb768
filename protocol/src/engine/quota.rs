//! Quotas: how much of each organisation is taken, in the network and in named audiences. The charter has the numbers, and
//! an operator may take less.
//!
//! Of an organisation's **documents** in the network those with the smallest ids are taken: every node has the same ones,
//! in whatever order they came, and a document that is pushed out is let go of. In audiences too, but all that are known
//! here are counted together, or whoever opens many had as many quotas; who is in different ones may take different
//! documents. **Bytes** cannot be decided so: what a document weighs is known only where it is. Once all that is held
//! weighs as much as the quota, no more is taken; nodes may then differ in what they have, and what was on its way comes
//! in still, two answers of each peer at most.
//!
//! What has no place is left out: neither fetched nor kept (`left_out`).
//!
//! What our own organisation owns is ours to keep, however much it is; it is others who leave it out.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::{Engine, Event, Output, Resting, index::Area, lanes::Task};
use crate::{
    admission::state::Row,
    genesis::{Genesis, Scope},
    id::{DocumentId, OrgId},
    store::{Put, Read, StoreError},
};

/// The name under which it is counted when something is left out.
pub(super) const QUOTA: &str = "quota";
/// The name under which it is counted when something that was here is let go of.
const LET_GO: &str = "quota_let_go";
/// How much of one organisation is taken, in the network and once more in all audiences together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many documents.
    pub documents: u64,
    /// So many bytes of envelopes and changes.
    pub bytes: u64,
}

impl Quota {
    /// As much as the charter says.
    pub const CHARTER: Self = Self { documents: u64::MAX, bytes: u64::MAX };

    fn least(self, other: Self) -> Self {
        Self { documents: self.documents.min(other.documents), bytes: self.bytes.min(other.bytes) }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Quotas {
    /// What the operator takes at most.
    own: Quota,
    /// What was gone by last.
    applied: Quota,
    /// Who may have more than there is room for.
    crowded: BTreeSet<(OrgId, Area)>,
    /// Documents that are about to be let go of.
    dropping: BTreeSet<DocumentId>,
    /// Whether there may be room for something that was left out.
    has_eased: bool,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            own: Quota::CHARTER,
            applied: Quota::CHARTER,
            crowded: BTreeSet::new(),
            dropping: BTreeSet::new(),
            has_eased: false,
        }
    }
}

impl Engine {
    /// From now on takes at most so much of each organisation, and never more than the charter says.
    pub fn take_at_most(&mut self, quota: Quota) {
        self.quotas.own = quota;
    }

    fn charter_quota(&self) -> Quota {
        let parameters = self.statements.roster().parameters();
        Quota { documents: parameters.quota_documents, bytes: parameters.quota_bytes }
    }

    /// Whether there is a place for a document of this owner in a scope, or for more of it.
    pub(super) fn has_room(&self, scope: Scope, owner: OrgId, document: DocumentId) -> bool {
        if matches!(scope, Scope::Organisation(_)) || self.is_ours(owner) {
            return true;
        }
        let (placed, quota) = (self.index.placed(owner, scope.into()), self.quotas.applied);
        if placed.bytes >= quota.bytes {
            return false;
        }
        let is_placed = self.index.row(document).is_some_and(|row| row.is_seen());
        // Of a withdrawn one nothing more than its envelopes is kept.
        let is_hidden = self.index.row(document).is_some_and(|row| row.is_hidden());
        let pushes_out = || self.last_placed(owner, scope.into()).is_some_and(|last| document < last);
        is_placed || is_hidden || placed.documents < quota.documents || pushes_out()
    }

    /// Whether what an organisation owns is ours to keep.
    fn is_ours(&self, owner: OrgId) -> bool {
        let own = self.identity.org;
        Some(owner) == own || (own.is_some() && self.statements.roster().heir(owner) == own)
    }

    /// The document of an organisation in an area that is the first to be pushed out: never one that we write in.
    fn last_placed(&self, owner: OrgId, area: Area) -> Option<DocumentId> {
        let mut placed = self.index.placed_from_last(owner, area);
        let is_free = |(document, genesis): &(DocumentId, Genesis)| {
            self.may_drop(genesis) && !self.quotas.dropping.contains(document)
        };
        placed.find(is_free).map(|(document, _)| document)
    }

    fn may_drop(&self, genesis: &Genesis) -> bool {
        let writers = self.statements.roster().writers(genesis);
        !self.is_ours(genesis.owner) && self.identity.org.is_none_or(|own| !writers.contains(&own))
    }

    /// Whether others, who go by the charter, leave out a document of our own.
    pub(super) fn is_past_quota(&self, genesis: &Genesis) -> bool {
        let (owner, scope) = (genesis.owner, genesis.scope);
        if matches!(scope, Scope::Organisation(_)) || !self.is_ours(owner) {
            return false;
        }
        let (placed, quota) = (self.index.placed(owner, scope.into()), self.charter_quota());
        let over = placed.documents.saturating_sub(quota.documents);
        let mut last = self
            .index
            .placed_from_last(owner, scope.into())
            .take(usize::try_from(over).unwrap_or(usize::MAX));
        let asked = genesis.document();
        placed.bytes > quota.bytes || last.any(|(document, _)| document == asked)
    }

    /// A document stands in a new state: it may take room, or have left some.
    pub(super) fn placed(&mut self, row: &Row) {
        if row.is_seen() {
            self.quotas.crowded.insert((row.genesis.owner, row.genesis.scope.into()));
        } else {
            self.quotas.has_eased = true;
        }
    }

    /// Keeps to the quotas as they are now: lets go of what there is no room for, and fetches what there is room for.
    pub(super) fn tend_quotas(&mut self, store: &impl Read, rng: &mut impl Rng) -> Result<(), StoreError> {
        let quota = self.charter_quota().least(self.quotas.own);
        if std::mem::replace(&mut self.quotas.applied, quota) != quota {
            self.quotas.has_eased = true;
            self.quotas.crowded.extend(self.index.all_placed().map(|(whose, _)| whose));
        }
        for (owner, area) in std::mem::take(&mut self.quotas.crowded) {
            if area == Area::Home || self.is_ours(owner) {
                continue;
            }
            let placed = self.index.placed(owner, area).documents;
            let Some(over) = placed.checked_sub(quota.documents).filter(|over| *over > 0) else { continue };
            let leaving = |document: &&DocumentId| {
                let row = self.index.row(**document);
                row.is_some_and(|row| row.genesis.owner == owner && Area::from(row.genesis.scope) == area)
            };
            let leaving = self.quotas.dropping.iter().filter(leaving).count() as u64;
            let mut let_go = 0;
            for _ in leaving..over {
                let Some(last) = self.last_placed(owner, area) else { break };
                let Some(genesis) = self.index.row(last).map(|row| row.genesis) else { break };
                self.quotas.dropping.insert(last);
                self.line_up(genesis, Task::Drop, store, rng)?;
                let_go += 1;
            }
            if let_go > 0 {
                self.outputs.push_back(Output::Announce(Event::LetGo(owner, let_go)));
            }
        }
        if std::mem::take(&mut self.quotas.has_eased) {
            self.take_in_again();
        }
        Ok(())
    }

    /// What was left out and has a place now is fetched when sets are compared next.
    fn take_in_again(&mut self) {
        let now = self.now;
        for device in self.connected_friends() {
            let Some(peer) = self.peers.by_device.get_mut(&device) else { continue };
            let mut left_out = std::mem::take(&mut peer.left_out);
            let has_changed =
                left_out.retain(|scope, document, _, owner| !self.has_room(scope, owner, document));
            if let Some(peer) = self.peers.by_device.get_mut(&device) {
                peer.left_out = left_out;
                if has_changed {
                    peer.pull_after = now;
                    peer.hello_soon(now);
                }
            }
        }
    }

    /// Lets go of a document, unless it has a place again.
    pub(super) fn drop_document(
        &mut self,
        document: DocumentId,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        self.quotas.dropping.remove(&document);
        let has_none = self.index.row(document).filter(|row| {
            let placed = self.index.placed(row.genesis.owner, row.genesis.scope.into());
            row.is_seen() && self.may_drop(&row.genesis) && placed.documents > self.quotas.applied.documents
        });
        if has_none.is_none() {
            return self.next_in_lane(document, store, rng);
        }
        if let Some(row) = self.index.remove(document) {
            self.refusals.note(document, QUOTA);
            self.refuse(LET_GO);
            self.announce_record((row.genesis.record_id(), row.genesis.owner));
            self.scopes_changed(&BTreeSet::from([row.genesis.scope]));
        }
        let resting = Resting { lane: Some(document), ..Resting::default() };
        self.commit(vec![Put::Drop(document)], resting);
        Ok(())
    }
}
