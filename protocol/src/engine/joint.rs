//! Joint drafts: several organisations write in one draft, known to them alone, and any of them shares it.
//!
//! What it is shared as begins with a change of its owner's. So that nobody has to wait for the owner, its
//! device signs an empty one with the draft and lays it down in the draft's scope ([`Founding`]); whoever
//! shares first publishes that change before its own.

use std::collections::BTreeSet;

use rand_core::Rng;
use serde_json::Value;

use super::{
    Audience, CommandError, Edit, Engine, Output, Reply, RequestId, Resting,
    lanes::{Task, held_envelopes},
    saying::Voice,
    statements::put,
};
use crate::{
    document::{Form, founding},
    envelope::{Envelope, Opening, actor, context},
    genesis::{Genesis, Kind, Scope},
    id::{AudienceId, DeviceId, DocumentId, OrgId, SessionId, StatementHash},
    membership::{
        issuing::Ending,
        statement::{
            AudienceAdd, AudienceEnd, CoOwnerEnd, CoOwnerGrant, Fact, Founding, Kind as Says, Known,
        },
    },
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
        let scope = self.scope_for(Audience::Organisations(co_owners.clone()), rng)?;
        let Scope::Named(audience) = scope else { return Err(CommandError::NobodyNamed) };
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
        let standing = self.statements.roster().standing(self.device(), shared.scope)?;
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

    /// Before the first change of what a joint draft is shared as comes its owner's empty one. Says whether
    /// it may be shared.
    pub(super) fn publish_founding(
        &mut self,
        genesis: &Genesis,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<bool, StoreError> {
        let is_begun = self.index.row(genesis.document()).is_some_and(|row| !row.heads.is_empty());
        if genesis.co_owners.is_empty() || is_begun {
            return Ok(true);
        }
        let bytes = genesis.bytes();
        let of_this = self.statements.all().filter_map(|known| {
            let Fact::Founding(founding) = &known.fact else { return None };
            let change =
                SignedChange { envelope: founding.envelope.clone(), change: founding.change.clone() };
            (founding.genesis.as_slice() == bytes).then_some(change)
        });
        let changes: Vec<SignedChange> = of_this.collect();
        if changes.is_empty() {
            return Ok(self.identity.org == Some(genesis.owner));
        }
        self.line_up(genesis.clone(), Task::Admit { changes, source: None }, store, rng)?;
        Ok(true)
    }

    /// Lets another organisation write in a joint draft of ours and in what it is shared as, or no longer.
    pub(super) fn co_own(
        &mut self,
        request: RequestId,
        id: DocumentId,
        org: OrgId,
        may_write: bool,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        match self.joint_draft_of_ours(id, org) {
            Ok(_) if !may_write => {
                let said = self.end_co_owner(id, org, store)?;
                self.publish(said, Some(request));
            }
            Ok(draft) => {
                let said = self.grant_co_owner(&draft, id, org);
                self.publish(said, Some(request));
            }
            Err(error) => self.reply(request, Err(error)),
        }
        Ok(())
    }

    fn joint_draft_of_ours(&self, id: DocumentId, org: OrgId) -> Result<Genesis, CommandError> {
        let draft = self.draft_of(id)?;
        let roster = self.statements.roster();
        if roster.writers(&draft).first().copied() != self.identity.org {
            return Err(CommandError::NotOwner);
        }
        if !matches!(draft.scope, Scope::Named(_)) || self.identity.org == Some(org) {
            return Err(CommandError::NobodyNamed);
        }
        roster.member(org).map(|_| draft).ok_or(CommandError::NoSuchMember(org))
    }

    /// A place in the audience of the draft, and in each document of the record.
    fn grant_co_owner(&mut self, draft: &Genesis, id: DocumentId, org: OrgId) -> Vec<Known> {
        let roster = self.statements.roster().clone();
        let mut said = Vec::new();
        if let Scope::Named(audience) = draft.scope
            && roster.audience(audience).is_some_and(|held| !held.members.contains(&org))
        {
            let follows = self.last_end_of_place(audience, org);
            said.extend(self.say(
                Voice::Device,
                draft.scope,
                Says::AudienceAdd,
                &AudienceAdd { org, follows },
            ));
        }
        for genesis in self.documents_of(id) {
            if !roster.writers(&genesis).contains(&org) && genesis.owner == draft.owner {
                let document = genesis.document();
                let follows = self.last_co_owner_end(document, org);
                let grant = CoOwnerGrant { document, org, follows };
                said.extend(self.say(Voice::Device, genesis.scope, Says::CoOwnerGrant, &grant));
            }
        }
        said
    }

    /// Its places end, each with what of it counts in that document.
    fn end_co_owner(
        &mut self,
        id: DocumentId,
        org: OrgId,
        store: &impl Read,
    ) -> Result<Vec<Known>, StoreError> {
        let roster = self.statements.roster().clone();
        let devices: Vec<DeviceId> = self.devices_of(org);
        let mut said = Vec::new();
        for genesis in self.documents_of(id) {
            if !roster.writers(&genesis).contains(&org) {
                continue;
            }
            let document = genesis.document();
            let envelopes = held_envelopes(document, store)?;
            let in_genesis = genesis.co_owners.contains(&org).then_some(None);
            let grants: Vec<Option<StatementHash>> =
                in_genesis.into_iter().chain(self.co_owner_grants(document, org).map(Some)).collect();
            for grant in grants {
                if self.is_co_owner_ended(document, org, grant) {
                    continue;
                }
                let body = CoOwnerEnd { document, org, grant };
                let Some(end) = self.say(Voice::Device, genesis.scope, Says::CoOwnerEnd, &body) else {
                    continue;
                };
                for device in &devices {
                    let envelopes = envelopes.iter().map(|(hash, envelope)| (*hash, envelope));
                    let ending = Ending::of(*device, genesis.scope, envelopes, self.statements.all());
                    for cut in ending.cuts(end.hash) {
                        said.extend(self.say(Voice::Device, genesis.scope, Says::Cut, &cut));
                    }
                }
                said.push(end);
            }
        }
        Ok(said)
    }

    /// Takes an organisation out of an audience of ours: what it wrote there so far counts, and it is
    /// told nothing more.
    pub(super) fn end_place(
        &mut self,
        request: RequestId,
        audience: AudienceId,
        org: OrgId,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        let scope = Scope::Named(audience);
        let owner = self.statements.roster().audience(audience).map(|held| held.owner);
        let adds: Vec<StatementHash> = self.live_adds(audience, org);
        if owner.is_none() || owner != self.identity.org || adds.is_empty() {
            let error =
                if owner.is_none() { CommandError::NotFound } else { CommandError::NoSuchMember(org) };
            let error =
                if owner.is_some() && owner != self.identity.org { CommandError::NotOwner } else { error };
            self.reply(request, Err(error));
            return Ok(());
        }
        let mut said = Vec::new();
        for add in adds {
            let Some(end) = self.say(Voice::Device, scope, Says::AudienceEnd, &AudienceEnd { add }) else {
                continue;
            };
            for device in self.devices_of(org) {
                self.cut(&mut said, end.hash, device, scope, None, store)?;
            }
            said.push(end);
        }
        self.publish(said, Some(request));
        Ok(())
    }

    /// Stores and tells what was said, and answers.
    fn publish(&mut self, said: Vec<Known>, request: Option<RequestId>) {
        let outputs = request.into_iter().map(|request| Output::Reply(request, Ok(Reply::Done))).collect();
        let batch = said.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: said, ..Resting::default() });
    }

    /// Every device that an organisation has or had.
    fn devices_of(&self, org: OrgId) -> Vec<DeviceId> {
        let granted = self.statements.all().filter_map(|known| {
            let Fact::Device(grant, _) = &known.fact else { return None };
            (grant.org == org).then_some(grant.device)
        });
        granted.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn live_adds(&self, audience: AudienceId, org: OrgId) -> Vec<StatementHash> {
        let in_it = || self.statements.all().filter(|known| known.scope() == Scope::Named(audience));
        let is_ended = |add: StatementHash| {
            in_it().any(|known| matches!(&known.fact, Fact::AudienceEnd(end) if end.add == add))
        };
        in_it()
            .filter(|known| matches!(&known.fact, Fact::AudienceAdd(add) if add.org == org))
            .map(|known| known.hash)
            .filter(|add| !is_ended(*add))
            .collect()
    }

    /// The End that a new Add of an organisation has to name.
    fn last_end_of_place(&self, audience: AudienceId, org: OrgId) -> Option<StatementHash> {
        let in_it = || self.statements.all().filter(|known| known.scope() == Scope::Named(audience));
        let is_followed = |end: StatementHash| {
            in_it().any(|known| matches!(&known.fact, Fact::AudienceAdd(add) if add.follows == Some(end)))
        };
        let ended = |known: &&Known| {
            let Fact::AudienceEnd(end) = &known.fact else { return false };
            self.org_of_grant(end.add) == Some(org) && !is_followed(known.hash)
        };
        in_it().find(ended).map(|known| known.hash)
    }

    fn co_owner_grants(&self, document: DocumentId, org: OrgId) -> impl Iterator<Item = StatementHash> {
        let is_one = move |known: &&Known| matches!(&known.fact, Fact::CoOwnerGrant(grant) if grant.document == document && grant.org == org);
        self.statements.all().filter(is_one).map(|known| known.hash)
    }

    fn is_co_owner_ended(&self, document: DocumentId, org: OrgId, grant: Option<StatementHash>) -> bool {
        let end = CoOwnerEnd { document, org, grant };
        self.statements.all().any(|known| matches!(&known.fact, Fact::CoOwnerEnd(it) if *it == end))
    }

    /// The End that a new grant of an organisation has to name.
    fn last_co_owner_end(&self, document: DocumentId, org: OrgId) -> Option<StatementHash> {
        let is_followed = |end: StatementHash| {
            self.statements
                .all()
                .any(|known| matches!(&known.fact, Fact::CoOwnerGrant(it) if it.follows == Some(end)))
        };
        let is_its = |known: &&Known| {
            matches!(&known.fact, Fact::CoOwnerEnd(end) if end.document == document && end.org == org)
                && !is_followed(known.hash)
        };
        self.statements.all().find(is_its).map(|known| known.hash)
    }
}
