//! Answering what peers ask.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::{Class, Engine, MessageId, Output, hello::Spoke, lanes::held};
use crate::{
    admission::{counting::missing, state::Record},
    genesis::Scope,
    id::{DeviceId, Item, NetworkId},
    signed::encoding::hash,
    store::{Read, StoreError},
    wire::message::{Delivery, Hello, RESPONSE_TARGET, Request, Resolved, Response, Want},
};

impl Engine {
    pub(super) fn asked(
        &mut self,
        from: DeviceId,
        question: MessageId,
        class: Class,
        bytes: &[u8],
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        if class == Class::Join {
            return self.asked_to_join(from, question, bytes);
        }
        let response = if !self.is_friend(from) {
            self.refuse("not_member");
            Response::Refused
        } else {
            match Request::read(bytes) {
                Ok(request) => self.respond(from, request, store, rng)?,
                Err(error) => {
                    self.blame(from, error.name());
                    Response::Refused
                }
            }
        };
        self.outputs.push_back(Output::Answer(question, response.bytes()));
        Ok(())
    }

    fn respond(
        &mut self,
        from: DeviceId,
        request: Request,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<Response, StoreError> {
        let is_graft = matches!(&request, Request::Pull(_, wants) if wants.is_empty());
        if matches!(request, Request::Compare(..) | Request::Resolve(..) | Request::Pull(..)) && !is_graft {
            self.peers.by_device.meet(from).served = self.now;
        }
        Ok(match request {
            Request::Hello(theirs) => {
                let ours = self.hello_for(from);
                self.hello_was_heard(from);
                self.heard_hello(from, theirs, ours, Spoke::They)?;
                if theirs.agrees(&ours) { Response::Level(ours.notices) } else { Response::Hello(ours) }
            }
            Request::Compare(scope, ask) if self.may_see(from, scope) => {
                let digest = self.index.digest(scope);
                let ours = self.index.items(scope);
                Response::Compared(self.encodings.answer(scope, ours, digest, &ask, self.now, rng))
            }
            Request::Resolve(scope, items) if self.may_see(from, scope) => {
                let resolved = self.resolve(scope, &items);
                if !resolved.documents.is_empty() {
                    // It had to compare sets to find them: nobody tells it.
                    self.hears_from_us(from);
                }
                Response::Resolved(resolved)
            }
            Request::Pull(scope, wants) if self.may_see(from, scope) => {
                // Whoever told it before us did not bring it.
                self.hears_from_us(from);
                Response::Documents(self.deliver(scope, &wants, store)?)
            }
            Request::Changed(scope, entries) if self.may_see(from, scope) => {
                self.heard_hints(from, scope, &entries)
            }
            Request::Tell(statements) => {
                self.told(from, &statements)?;
                Response::Heard
            }
            Request::Compare(..) | Request::Resolve(..) | Request::Pull(..) | Request::Changed(..) => {
                self.refuse("other_scope");
                Response::Refused
            }
        })
    }

    /// Whether a scope is one that both may read.
    pub(super) fn may_see(&self, device: DeviceId, scope: Scope) -> bool {
        scope == Scope::Roster || self.common_scopes(device).contains(&scope)
    }

    /// Where this node stands, as far as it concerns a peer.
    pub(super) fn hello_for(&mut self, device: DeviceId) -> Hello {
        let scopes = self.common_scopes(device);
        let notices = self.notices_on_this_connection(device);
        let digests: Vec<_> =
            scopes.into_iter().map(|scope| (scope, self.digest_for(device, scope))).collect();
        Hello {
            version: 1,
            network: self.statements.roster().network().unwrap_or(NetworkId::NONE),
            roster: self.index.digest(Scope::Roster),
            documents: crate::id::Digest(hash("praksis/sets/1", &digests)),
            notices,
        }
    }

    /// What is behind items; statements until the answer is large enough.
    fn resolve(&self, scope: Scope, items: &[Item]) -> Resolved {
        let mut resolved = Resolved { complete: true, ..Resolved::default() };
        let mut room = RESPONSE_TARGET;
        for item in items {
            if let Some(document) = self.index.resolve(scope, *item) {
                let owner = self.index.row(document).map(|row| row.genesis.owner);
                resolved.documents.extend(owner.map(|owner| (*item, document, owner)));
            } else if let Some(known) = self.statements.by_item(scope, *item) {
                if room == 0 {
                    resolved.complete = false;
                    continue;
                }
                let bytes = known.statement.bytes();
                room = room.saturating_sub(bytes.len());
                resolved.statements.push(bytes.to_vec().into());
            }
        }
        resolved
    }

    /// What a peer lacks of documents, until the answer is large enough.
    fn deliver(&self, scope: Scope, wants: &[Want], store: &impl Read) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = Vec::new();
        let mut room = RESPONSE_TARGET;
        let mut seen = BTreeSet::new();
        for want in wants {
            let Some(row) = self.index.row(want.document).filter(|row| row.genesis.scope == scope) else {
                continue;
            };
            if !seen.insert(want.document) {
                continue;
            }
            if row.is_hidden() {
                let genesis = row.genesis.bytes().into();
                deliveries.push(Delivery { genesis, changes: Vec::new(), complete: true });
                continue;
            }
            // Opening a document costs more than asking for it.
            if row.heads.iter().all(|head| want.have.contains(head)) {
                continue;
            }
            if room == 0 {
                break;
            }
            let mut held = held(want.document, row.gone.is_some(), store)?;
            held.extend(Record::of(&row.genesis).iter().flat_map(Record::travelling));
            let lacking = missing(held, &want.have);
            let mut changes = Vec::new();
            let mut complete = true;
            for change in lacking {
                if room == 0 {
                    complete = false;
                    break;
                }
                room = room.saturating_sub(change.envelope.len() + change.change.len());
                changes.push(change);
            }
            deliveries.push(Delivery { genesis: row.genesis.bytes().into(), changes, complete });
        }
        Ok(deliveries)
    }
}
