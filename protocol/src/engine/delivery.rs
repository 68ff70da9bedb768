//! What a pull brings: documents to their lanes, statements into the roster.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use super::{
    Engine, Resting,
    pulling::{Asked, Fetch, Next},
    statements::put,
};
use crate::{
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, NetworkId},
    store::{Read, StoreError},
    wire::message::Delivery,
};

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
                    self.refuse("genesis_place")?;
                    continue;
                }
                Err(_) => {
                    self.refuse("genesis")?;
                    continue;
                }
            };
            let document = genesis.document();
            let Some(one) = asked.remove(&document) else {
                self.refuse("not_asked_for")?;
                continue;
            };
            if !seen.insert(document) || delivery.changes.is_empty() {
                continue;
            }
            let item = one.fetch.item;
            if let Some(pull) = self.pull_of(from) {
                pull.admitting += 1;
                pull.came.push((scope, Asked { complete: delivery.complete, ..one }));
            }
            self.take_in(genesis, delivery.changes, from, Some(item), store, rng)?;
        }
        // What had no room comes next; an answer with none of them says that the peer has none.
        if !seen.is_empty() {
            more.extend(asked.into_values().map(|asked| asked.fetch));
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

    /// Verifies statements and stores what is new; says whether anything was.
    pub(super) fn take_statements<'a>(
        &mut self,
        received: impl Iterator<Item = &'a [u8]>,
    ) -> Result<bool, StoreError> {
        let (new, refused) = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        for error in refused {
            self.refuse(error.name())?;
        }
        if new.is_empty() {
            return Ok(false);
        }
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { statements: new, ..Resting::default() });
        Ok(true)
    }
}
