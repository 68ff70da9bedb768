//! Signing statements of our own: by this node's device, or by the root that it keeps.

use ed25519_dalek::SigningKey;
use minicbor::Encode;

use super::Engine;
use crate::{
    genesis::Scope,
    id::{NetworkId, OrgId},
    membership::statement::{Kind, Known},
};

/// Which of this node's keys speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The device.
    Device,
    /// The organisation's root; only on the node that keeps it.
    Root,
}

impl Engine {
    /// Signs the next statement of one of our keys in a scope, if this node has that key and may
    /// speak there. It is numbered at once, so that the next one follows it, and told when it is durable.
    pub(super) fn say<B: Encode<()>>(
        &mut self,
        voice: Voice,
        scope: Scope,
        kind: Kind,
        body: &B,
    ) -> Option<Known> {
        let network = match scope {
            Scope::Organisation(_) => NetworkId::NONE,
            Scope::Roster | Scope::Network | Scope::Named(_) => {
                self.statements.roster().network().unwrap_or(NetworkId::NONE)
            }
        };
        let key = self.key(voice)?.clone();
        let mut chain = self.statements.chain(OrgId(key.verifying_key().to_bytes()), scope);
        if voice == Voice::Device && scope != Scope::Roster {
            chain.standing = Some(self.statements.roster().standing(self.device(), scope)?);
        }
        let statement = if kind.is_replaced_unlinked() {
            let issuer = OrgId(key.verifying_key().to_bytes());
            let number = self.statements.last_replaced(issuer, scope, kind) + 1;
            chain.replace(&key, network, kind, body, number)
        } else {
            chain.issue(&key, network, kind, body)
        };
        let known = Known::check(statement).expect("what we sign is well formed");
        self.statements.number(&known);
        Some(known)
    }

    /// Whose word it is that one of our keys gives.
    pub(super) fn issuer(&self, voice: Voice) -> Option<OrgId> {
        self.key(voice).map(|key| OrgId(key.verifying_key().to_bytes()))
    }

    /// One of our keys, if this node has it and it may still speak.
    pub(super) fn key(&self, voice: Voice) -> Option<&SigningKey> {
        match voice {
            Voice::Device => Some(&self.keys.device),
            // A key that has handed over says nothing any longer; one for recovery is no organisation's.
            Voice::Root => self.keys.root.as_ref().filter(|root| {
                let (key, roster) = (OrgId(root.verifying_key().to_bytes()), self.statements.roster());
                self.identity.org.is_none_or(|org| roster.root_of(org) == key)
                    || roster.recovery().any(|it| it == key)
            }),
        }
    }
}
