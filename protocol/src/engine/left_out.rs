//! What is *left out*: a peer has it, and it has no place here (`quota`). It is neither fetched nor kept. It is remembered
//! for as long as its peer is connected, and the digest that this peer is told counts it in as the peer has it. So both
//! agree, and nobody asks again. When there is room, it is forgotten: digests differ, and it is fetched.

use std::{collections::BTreeMap, ops::RangeBounds as _};

use super::{Engine, pull::Fetch, quota::QUOTA};
use crate::{
    genesis::Scope,
    id::{DeviceId, Digest, DocumentId, Item, OrgId},
    reconcile::{Found, set_digest},
};

/// Most documents of one peer that are remembered as left out. With more than these the two never agree: sets are
/// compared every ten minutes, which takes a few hundred kilobytes, and hellos and hints go on as ever.
const LEFT_OUT_LIMIT: usize = 16 * 1024;

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
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Scope, DocumentId, Item, OrgId) -> bool) -> bool {
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
}
