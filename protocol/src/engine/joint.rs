//! Joint drafts: several organisations write in one draft, known to them alone, and any of them shares it.
//!
//! What it is shared as begins with a change of its owner's. So that nobody has to wait for the owner, its
//! device signs an empty one with the draft and lays it down in the draft's scope ([`Founding`]); whoever
//! shares first publishes that change together with its own.

use std::collections::BTreeSet;

use rand_core::Rng;
use serde_json::Value;

use super::{CommandError, Edit, Engine, Output, Reply, RequestId, Resting, saying::Voice, statements::put};
use crate::{
    document::{Form, founding},
    envelope::{Envelope, Opening, actor, context},
    genesis::{Genesis, Kind, Scope},
    id::{OrgId, SessionId},
    membership::statement::{Fact, Founding, Kind as Says, Known},
    signed::Verified,
    store::{Read, StoreError},
    wire::message::SignedChange,
};

impl Engine {
    /// Begins a draft of ours in which these organisations write as well.
    pub(super) fn draft_jointly(
        &mut self,
        request: RequestId,
        kind: Kind,
        record: Value,
        co_owners: BTreeSet<OrgId>,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let genesis = match self.joint_genesis(kind, co_owners, rng) {
            Ok(genesis) => genesis,
            Err(error) => {
                self.reply(request, Err(error));
                return Ok(());
            }
        };
        let founding = self.found(&genesis, rng);
        self.publish(founding.into_iter().collect(), None);
        self.write(request, genesis, None, Edit::Replace(record), store, rng)
    }

    fn joint_genesis(
        &mut self,
        kind: Kind,
        co_owners: BTreeSet<OrgId>,
        rng: &mut impl Rng,
    ) -> Result<Genesis, CommandError> {
        let owner = self.identity.org.filter(|_| kind.is_drafted()).ok_or(CommandError::NotGranted)?;
        let network = self.statements.roster().network().ok_or(CommandError::NoNetwork)?;
        // One of its own: whoever is taken in later reads this and nothing else.
        let (_, members) = self.circle(co_owners.clone())?;
        let audience = self.open_audience(owner, &members, rng)?;
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let co_owners = co_owners.into_iter().collect();
        Ok(Genesis::joint_draft(kind, owner, co_owners, network, audience, nonce))
    }

    /// Signs the first change of what a joint draft will be shared as with the network. In a session of its
    /// own: no gap in another tells of it.
    fn found(&mut self, draft: &Genesis, rng: &mut impl Rng) -> Option<Known> {
        let kind = draft.kind()?;
        let shared = Genesis::shared(draft, draft.network, Scope::Network);
        let standing = self.statements.roster().rights(&shared).standing(self.device())?;
        let mut session = SessionId([0; 16]);
        rng.fill_bytes(&mut session.0);
        let (device, document) = (self.device(), shared.document());
        let by = actor(device, document, session, 0);
        let time = i64::try_from(self.now.seconds()).unwrap_or(i64::MAX);
        let change = founding(document, kind.schema(), Form::Shared, kind.record(), by, time);
        let envelope = Envelope {
            version: 1,
            device,
            session,
            branch: 0,
            sequence: 1,
            previous: None,
            change: change.hash,
            context: context(&shared),
            standing,
            opening: Some(Opening { last: None }),
        };
        let envelope = Verified::sign(envelope, &self.keys.device);
        let founding = Founding {
            genesis: shared.bytes().into(),
            envelope: envelope.bytes().to_vec().into(),
            change: change.bytes.into(),
        };
        self.say(Voice::Device, draft.scope, Says::Founding, &founding)
    }

    /// Whether what a joint draft is shared as has begun, or can be begun here: by us as its owner, or by what its
    /// owner has laid down.
    pub(super) fn can_begin(&self, genesis: &Genesis) -> bool {
        genesis.co_owners.is_empty()
            || self.is_begun(genesis)
            || self.identity.org == Some(genesis.owner)
            || !self.founding(genesis).is_empty()
    }

    /// What its owner has laid down to come before the first change of what a joint draft is shared as, if that has not
    /// begun. It is published together with that change: alone it would read as an empty record.
    pub(super) fn founding(&self, genesis: &Genesis) -> Vec<SignedChange> {
        if genesis.co_owners.is_empty() || self.is_begun(genesis) {
            return Vec::new();
        }
        let bytes = genesis.bytes();
        let of_this = self.statements.all().filter_map(|known| {
            let Fact::Founding(founding) = &known.fact else { return None };
            let change =
                SignedChange { envelope: founding.envelope.clone(), change: founding.change.clone() };
            (founding.genesis.as_slice() == bytes).then_some(change)
        });
        of_this.collect()
    }

    fn is_begun(&self, genesis: &Genesis) -> bool {
        self.index.row(genesis.document()).is_some_and(|row| !row.heads.is_empty())
    }

    /// Stores and tells what was said, and answers.
    pub(super) fn publish(&mut self, said: Vec<Known>, request: Option<RequestId>) {
        let outputs = request.into_iter().map(|request| Output::Reply(request, Ok(Reply::Done))).collect();
        let batch = said.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: said, ..Resting::default() });
    }
}
