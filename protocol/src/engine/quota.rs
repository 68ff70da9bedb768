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
//! What has no place is *left out*: neither fetched nor kept. It is remembered for as long as its peer is connected, and
//! the digest that this peer is told counts it in as the peer has it. So both agree, and nobody asks again. When
//! there is room, it is forgotten: digests differ, and it is fetched.
//!
//! What our own organisation owns is ours to keep, however much it is; it is others who leave it out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeBounds as _,
};

use rand_core::Rng;

use super::{Engine, Event, Output, Resting, index::Area, lanes::Task, pull::Fetch};
use crate::{
    admission::state::Row,
    genesis::{Genesis, Scope},
    id::{DeviceId, Digest, DocumentId, Item, OrgId},
    reconcile::{Found, set_digest},
    store::{Put, Read, StoreError},
};

/// The name under which it is counted when something is left out.
const QUOTA: &str = "quota";
/// The name under which it is counted when something that was here is let go of.
const LET_GO: &str = "quota_let_go";
/// Most documents of one peer that are remembered as left out. With more than these the two never agree: sets are
/// compared every ten minutes, which takes a few hundred kilobytes, and hellos and hints go on as ever.
const LEFT_OUT_LIMIT: usize = 16 * 1024;

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

/// What a peer has and has no place here, by scope and document: in which state, and whose it is.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    by_scope: BTreeMap<Scope, BTreeMap<DocumentId, (Item, OrgId)>>,
    /// The digest of our set, and of our set with these.
    digests: BTreeMap<Scope, (Digest, Digest)>,
}

impl LeftOut {
    fn len(&self) -> usize {
        self.by_scope.values().map(BTreeMap::len).sum()
    }

    /// Whether there may be more than is remembered.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= LEFT_OUT_LIMIT
    }

    /// Whether anything of a scope is left out.
    pub(super) fn is_any(&self, scope: Scope) -> bool {
        self.by_scope.contains_key(&scope)
    }

    fn get(&self, scope: Scope, document: DocumentId) -> Option<(Item, OrgId)> {
        self.by_scope.get(&scope)?.get(&document).copied()
    }

    /// Whether that is new.
    fn put(&mut self, scope: Scope, document: DocumentId, item: Item, owner: OrgId) -> bool {
        let before = self.get(scope, document);
        if before.map(|(item, _)| item) == Some(item) || (before.is_none() && self.is_full()) {
            return false;
        }
        self.digests.remove(&scope);
        self.by_scope.entry(scope).or_default().insert(document, (item, owner));
        true
    }

    /// Whether any had to go.
    fn retain(&mut self, mut keep: impl FnMut(Scope, DocumentId, Item, OrgId) -> bool) -> bool {
        let before = self.len();
        for (scope, documents) in &mut self.by_scope {
            let all = documents.len();
            documents.retain(|document, (item, owner)| keep(*scope, *document, *item, *owner));
            if documents.len() < all {
                self.digests.remove(scope);
            }
        }
        self.by_scope.retain(|_, documents| !documents.is_empty());
        self.len() < before
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

    /// A peer has something that has no place here.
    pub(super) fn leave_out(
        &mut self,
        peer: DeviceId,
        scope: Scope,
        (document, item, owner): (DocumentId, Item, OrgId),
    ) {
        let is_new = match self.peers.by_device.get_mut(&peer) {
            Some(peer) => peer.left_out.put(scope, document, item, owner),
            None => false,
        };
        if is_new {
            self.refusals.note(document, QUOTA);
            self.refuse(QUOTA);
        }
        if let Some(pull) = self.pull_of(peer) {
            // With it counted in, digests may agree.
            pull.again |= is_new;
        }
    }

    /// Of what is to be fetched, that for which there is room; the rest is left out.
    pub(super) fn with_room(&mut self, peer: DeviceId, scope: Scope, fetches: Vec<Fetch>) -> Vec<Fetch> {
        let has_room =
            |fetch: &Fetch| fetch.owner.is_none_or(|owner| self.has_room(scope, owner, fetch.document));
        let (fetches, none): (Vec<Fetch>, Vec<Fetch>) = fetches.into_iter().partition(has_room);
        for Fetch { document, item, owner, .. } in none {
            if let Some(owner) = owner {
                self.leave_out(peer, scope, (document, item, owner));
            }
        }
        fetches
    }

    /// Of what a peer hints at, what is to be fetched: of what is left out, the new state is noted; and where something
    /// is, it is asked first whose the others are.
    pub(super) fn hinted(
        &mut self,
        from: DeviceId,
        scope: Scope,
        hints: Vec<(DocumentId, Item)>,
    ) -> Vec<(DocumentId, Item)> {
        let now = self.now;
        if !self.peers.by_device.get(&from).is_some_and(|peer| peer.left_out.is_any(scope)) {
            return hints;
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for (document, item) in hints {
            let left_out =
                self.peers.by_device.get(&from).and_then(|peer| peer.left_out.get(scope, document));
            let has_room = |owner| self.has_room(scope, owner, document);
            match left_out.filter(|(_, owner)| !has_room(*owner)) {
                Some((_, owner)) => {
                    if let Some(peer) = self.peers.by_device.get_mut(&from) {
                        peer.left_out.put(scope, document, item, owner);
                        peer.hello_soon(now);
                    }
                }
                None if self.index.row(document).is_some() => known.push((document, item)),
                None => unknown.push(item),
            }
        }
        if !unknown.is_empty() {
            self.ask_behind(from, scope, unknown);
        }
        known
    }

    /// Of the items that a peer has and we lack, those that are not left out. What was left out, would be among them,
    /// and is not there any longer is forgotten.
    pub(super) fn not_left_out(&mut self, from: DeviceId, scope: Scope, found: Found) -> Vec<Item> {
        let Found { items, within } = found;
        let Some(peer) = self.peers.by_device.get_mut(&from) else { return Vec::new() };
        if !peer.left_out.is_any(scope) {
            return items.into_iter().collect();
        }
        let mut rest = items.clone();
        let has_changed = peer.left_out.retain(|of, _, item, _| {
            rest.remove(&item);
            of != scope || !within.contains(&item) || items.contains(&item)
        });
        if let Some(pull) = &mut peer.pull {
            pull.again |= has_changed;
        }
        rest.into_iter().collect()
    }

    /// The digest of a scope's set as a peer is told it: what it has and has no place here is counted in.
    pub(super) fn digest_for(&mut self, device: DeviceId, scope: Scope) -> Digest {
        let ours = self.index.digest(scope);
        let Some(left_out) = self.peers.by_device.get_mut(&device).map(|peer| &mut peer.left_out) else {
            return ours;
        };
        let Some(documents) = left_out.by_scope.get(&scope) else { return ours };
        if let Some((_, with)) = left_out.digests.get(&scope).filter(|(of, _)| *of == ours) {
            return *with;
        }
        let mut items = self.index.items(scope).clone();
        for (document, (item, _)) in documents {
            if let Some(row) = self.index.row(*document) {
                items.remove(&row.item_of(*document));
            }
            items.insert(*item);
        }
        let with = set_digest(&items);
        left_out.digests.insert(scope, (ours, with));
        with
    }

    /// The scope and the owner of a document that some peer has and that has no place here.
    pub(super) fn left_out(&self, document: DocumentId) -> Option<(Scope, OrgId)> {
        let scopes = self.peers.by_device.values().flat_map(|peer| &peer.left_out.by_scope);
        let mut found = scopes.filter_map(|(scope, it)| Some((*scope, it.get(&document)?.1)));
        found.next()
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
