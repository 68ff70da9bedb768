//! Signing our own changes: a session for each scope, its envelopes numbered and linked.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use rand_core::Rng;

use crate::{
    envelope::{Envelope, Last, Opening, context, envelope_hash},
    genesis::{Genesis, Scope},
    id::{ChangeHash, DeviceId, EnvelopeHash, SessionId, Standing},
    signed::{
        Verified,
        encoding::{from_slice, to_vec},
    },
    store::{Put, Read, StoreError},
};

/// A run of envelopes in one scope, new at every start.
#[derive(Debug)]
struct Session {
    id: SessionId,
    /// The last envelope of the session before this one.
    before: Option<Last>,
    last: Option<Last>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_scope: BTreeMap<Scope, Session>,
}

fn local_name(scope: Scope) -> String {
    format!("session/{}", crate::id::BASE32.encode(&to_vec(&scope)))
}

impl Sessions {
    /// The session of a scope; begins one at the first use after a start.
    pub(crate) fn open(
        &mut self,
        scope: Scope,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<SessionId, StoreError> {
        if let Some(session) = self.by_scope.get(&scope) {
            return Ok(session.id);
        }
        let mut id = SessionId([0; 16]);
        rng.fill_bytes(&mut id.0);
        let before = match store.local(&local_name(scope))? {
            Some(bytes) => {
                Some(from_slice(&bytes, 1024).map_err(|_| StoreError::Damaged { what: "session".into() })?)
            }
            None => None,
        };
        self.by_scope.insert(scope, Session { id, before, last: None });
        Ok(id)
    }

    /// The last envelope signed in a scope since the start.
    pub(crate) fn last(&self, scope: Scope) -> Option<Last> {
        self.by_scope.get(&scope)?.last
    }

    /// Signs one change in the scope's open session; the puts belong in the change's own batch.
    pub(crate) fn sign(
        &mut self,
        genesis: &Genesis,
        change: ChangeHash,
        branch: u32,
        key: &SigningKey,
        standing: Standing,
    ) -> (EnvelopeHash, Vec<u8>, Put) {
        let session = self.by_scope.get_mut(&genesis.scope).expect("a write opens its session first");
        let envelope = Verified::sign(
            Envelope {
                version: 1,
                device: DeviceId(key.verifying_key().to_bytes()),
                session: session.id,
                branch,
                sequence: session.last.map_or(1, |last| last.sequence + 1),
                previous: session.last.map(|last| last.envelope),
                change,
                context: context(genesis),
                standing,
                opening: session.last.is_none().then_some(Opening { last: session.before }),
            },
            key,
        );
        let hash = envelope_hash(&envelope);
        let last = Last { session: session.id, sequence: envelope.sequence, envelope: hash };
        session.last = Some(last);
        (hash, envelope.bytes().to_vec(), Put::Local(local_name(genesis.scope), Some(to_vec(&last))))
    }
}
