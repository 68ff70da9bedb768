//! A network of issuers whose statements are numbered and linked as a node would.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use minicbor::Encode;
use praksis_protocol::{
    envelope::{Envelope, standing},
    genesis::{Genesis, Scope},
    id::{ChangeHash, Digest, EnvelopeHash, NetworkId, OrgId, SessionId, Standing, StatementHash},
    membership::{
        charter::Charter,
        roster::{Roster, Verdict},
        statement::{Chain, Cut, End, Kind, Known, MembershipGrant, Said},
    },
};

use crate::cast::*;

/// Everything that was said, and where each issuer stands.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) charter: Charter,
    pub(crate) said: Vec<Known>,
    chains: BTreeMap<(OrgId, Option<Scope>), Chain>,
}

impl World {
    /// An association, and members with one device each: of organisation n the device 10 n.
    pub(crate) fn with(members: &[u8]) -> Self {
        Self::under(charter(), members)
    }

    pub(crate) fn under(charter: Charter, members: &[u8]) -> Self {
        let mut world = Self { charter, said: Vec::new(), chains: BTreeMap::new() };
        for of in members {
            world.member(*of, None);
            world.device(*of, 10 * of, 1, None);
        }
        world
    }

    pub(crate) fn roster(&self) -> Roster {
        Roster::fold(Some(&self.charter), &self.said)
    }

    pub(crate) fn chain(&self, issuer: u8, scope: Option<Scope>) -> Chain {
        let begun = Chain { scope, ..Chain::default() };
        self.chains.get(&(org(issuer), scope)).copied().unwrap_or(begun)
    }

    /// Goes back to where an issuer stood.
    pub(crate) fn set_chain(&mut self, issuer: u8, chain: Chain) {
        self.chains.insert((org(issuer), chain.scope), chain);
    }

    /// What an issuer said last in a scope.
    pub(crate) fn last(&self, issuer: u8, scope: Option<Scope>) -> Option<Said> {
        self.chain(issuer, scope).last
    }

    /// Says something, as a root or as a device with a standing.
    pub(crate) fn say<B: Encode<()>>(
        &mut self,
        issuer: u8,
        (scope, standing): (Option<Scope>, Option<Standing>),
        kind: Kind,
        body: &B,
    ) -> StatementHash {
        let mut chain = Chain { standing, ..self.chain(issuer, scope) };
        let at_home = matches!(scope, Some(Scope::Organisation(_)))
            || matches!(kind, Kind::DeviceGrant | Kind::DeviceEnd | Kind::RootSuccession);
        let network = if at_home { NetworkId::NONE } else { self.charter.network() };
        let statement = chain.issue(&key_of(issuer), network, kind, body);
        self.chains.insert((org(issuer), scope), chain);
        let known = known(&statement);
        self.said.push(known.clone());
        known.hash
    }

    pub(crate) fn root_says<B: Encode<()>>(&mut self, issuer: u8, kind: Kind, body: &B) -> StatementHash {
        self.say(issuer, (None, None), kind, body)
    }

    /// A device speaks from where it stands now.
    pub(crate) fn device_says<B: Encode<()>>(
        &mut self,
        issuer: u8,
        scope: Scope,
        kind: Kind,
        body: &B,
    ) -> StatementHash {
        let standing = self.roster().standing(device(issuer), scope);
        self.say(issuer, (Some(scope), standing), kind, body)
    }

    pub(crate) fn member(&mut self, of: u8, follows: Option<StatementHash>) -> StatementHash {
        self.root_says(KS, Kind::MembershipGrant, &MembershipGrant { follows, ..membership_body(of, of) })
    }

    pub(crate) fn device(
        &mut self,
        root: u8,
        seed: u8,
        slot: u8,
        follows: Option<StatementHash>,
    ) -> StatementHash {
        let body = device_body(root, seed, slot, root);
        let body = praksis_protocol::membership::statement::DeviceGrant { follows, ..body };
        self.root_says(root, Kind::DeviceGrant, &body)
    }

    pub(crate) fn end_device(&mut self, root: u8, grant: StatementHash) -> StatementHash {
        self.root_says(root, Kind::DeviceEnd, &End::of(grant))
    }

    pub(crate) fn cut(&mut self, issuer: u8, end: StatementHash, of: u8, scope: Scope, kept: &[&Written]) {
        let envelopes = kept.iter().map(|it| it.hash).collect();
        let cut = Cut { end, device: device(of), envelopes, said: self.last(of, Some(scope)), pages: 1 };
        self.root_says_in(issuer, scope, Kind::Cut, &cut);
    }

    pub(crate) fn root_says_in<B: Encode<()>>(&mut self, issuer: u8, scope: Scope, kind: Kind, body: &B) {
        self.say(issuer, (Some(scope), None), kind, body);
    }

    /// Something that a device wrote in a session, from where it stands now.
    pub(crate) fn write(&self, of: u8, scope: Scope, sequence: u64) -> Written {
        written(of, self.roster().standing(device(of), scope).unwrap(), sequence)
    }

    pub(crate) fn counts(&self, written: &Written, genesis: &Genesis) -> Verdict {
        self.roster().counts(written.hash, &written.envelope, genesis)
    }
}

fn key_of(seed: u8) -> SigningKey {
    key(seed)
}

/// An envelope and its hash.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) hash: EnvelopeHash,
    pub(crate) envelope: Envelope,
}

pub(crate) fn written(of: u8, standing: Standing, sequence: u64) -> Written {
    let envelope = Envelope {
        version: 1,
        device: device(of),
        session: SessionId([of; 16]),
        branch: 0,
        sequence,
        previous: (sequence > 1).then_some(EnvelopeHash([1; 32])),
        change: ChangeHash([2; 32]),
        context: Digest([3; 32]),
        standing,
        opening: None,
    };
    Written { hash: EnvelopeHash([u8::try_from(sequence).unwrap(); 32]), envelope }
}

/// What a device of an organisation writes under at home.
pub(crate) fn at_home(grant: StatementHash) -> Standing {
    standing(grant, None)
}
