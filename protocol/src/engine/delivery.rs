//! What a pull brings: documents to their lanes, statements into the roster.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use super::{
    Engine, Resting,
    pull::{Asked, Fetch, Next},
    statements::put,
};
use crate::{
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, Item, NetworkId},
    membership::statement::Known,
    store::{Read, StoreError},
    wire::message::{Delivery, Resolved},
};

/// The name under which it is counted when an answer holds what the question did not name.
const NOT_ASKED_FOR: &str = "not_asked_for";

impl Engine {
    /// Documents came: each goes to its lane; what had no room is asked for again.
    pub(super) fn delivered(
        &mut self,
        from: DeviceId,
        scope: Scope,
        mut asked: BTreeMap<DocumentId, Asked>,
        deliveries: Vec<Delivery>,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        let mut more: Vec<Fetch> = Vec::new();
        for delivery in deliveries {
            let genesis = match Genesis::read(&delivery.genesis) {
                Ok(genesis) if genesis.scope == scope && self.is_our_network(&genesis) => genesis,
                Ok(_) => {
                    self.blame(from, "genesis_place");
                    continue;
                }
                Err(_) => {
                    self.blame(from, "genesis");
                    continue;
                }
            };
            let document = genesis.document();
            let Some(one) = asked.remove(&document) else {
                self.blame(from, NOT_ASKED_FOR);
                continue;
            };
            if !seen.insert(document) {
                continue;
            }
            if delivery.changes.is_empty() {
                let noted = self.note_withdrawn(&genesis);
                if let Some(pull) = self.pull_of(from) {
                    pull.gained |= noted;
                }
                continue;
            }
            let item = one.fetch.item;
            if !self.has_room(scope, genesis.owner, document) {
                self.leave_out(from, scope, (document, item, genesis.owner));
                continue;
            }
            if let Some(pull) = self.pull_of(from) {
                pull.admitting.insert(document, (scope, Asked { complete: delivery.complete, ..one }));
            }
            self.take_in(genesis, delivery.changes, from, Some(item), store, rng)?;
        }
        // What had no room comes next; an answer with none of them says that the peer has none.
        match seen.is_empty() {
            true => self.not_brought(from, asked.into_values().map(|asked| asked.fetch.item).collect()),
            false => more.extend(asked.into_values().map(|asked| asked.fetch)),
        }
        if let Some(pull) = self.pull_of(from)
            && !more.is_empty()
        {
            pull.steps.push_front(Next::Fetch(scope, more));
        }
        Ok(())
    }

    fn is_our_network(&self, genesis: &Genesis) -> bool {
        genesis.network == NetworkId::NONE || Some(genesis.network) == self.statements.roster().network()
    }

    /// What is behind items came: statements are written first, then documents are fetched.
    pub(super) fn resolved(
        &mut self,
        from: DeviceId,
        scope: Scope,
        mut asked: BTreeSet<Item>,
        resolved: Resolved,
    ) -> Result<(), StoreError> {
        let doubted = self.peers.by_device.get(&from).map(|peer| &peer.doubted);
        let is_doubted = |item: &Item| doubted.is_some_and(|doubted| doubted.contains(item));
        let fetches: Vec<Fetch> = resolved
            .documents
            .into_iter()
            .filter(|(item, ..)| asked.remove(item))
            .map(|(item, document, owner)| Fetch {
                document,
                item,
                owner: Some(owner),
                whole: is_doubted(&item),
            })
            .collect();
        let mut known = Vec::new();
        for one in self.read_statements(&resolved.statements) {
            if one.scope() == scope && asked.remove(&one.item()) {
                known.push(one);
            } else {
                self.blame(from, NOT_ASKED_FOR);
            }
        }
        if let Some(pull) = self.pull_of(from) {
            // What had no room comes next, as long as an answer brings any.
            if !resolved.complete && !known.is_empty() {
                pull.steps.push_front(Next::Resolve(scope, asked.into_iter().collect()));
            }
            if !fetches.is_empty() {
                pull.steps.push_front(Next::Fetch(scope, fetches));
            }
        }
        self.take_statements(known, Some(from))
    }

    /// Stores what is new of statements whose issuer belongs; a pull waits for it.
    pub(super) fn take_statements(
        &mut self,
        received: Vec<Known>,
        pulled_from: Option<DeviceId>,
    ) -> Result<(), StoreError> {
        let new = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        if new.is_empty() {
            return Ok(());
        }
        if let Some(pull) = pulled_from.and_then(|peer| self.pull_of(peer)) {
            pull.writing += 1;
        }
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { statements: new, pulled_from, ..Resting::default() });
        Ok(())
    }
}
