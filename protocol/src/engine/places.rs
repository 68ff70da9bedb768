//! Places that organisations have in joint drafts, in what these are shared as, and in audiences: given,
//! ended, and carried from a draft to what is shared of it.

use std::collections::BTreeSet;

use super::{CommandError, Engine, RequestId, lanes::held_envelopes, saying::Voice};
use crate::{
    genesis::{Genesis, Scope},
    id::{AudienceId, DeviceId, DocumentId, OrgId, StatementHash},
    membership::{
        issuing::{Ending, Endings},
        statement::{AudienceAdd, AudienceEnd, CoOwnerEnd, CoOwnerGrant, Fact, Kind as Says, Known},
    },
    store::{Read, StoreError},
};

impl Engine {
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
            Ok(draft) if !may_write => {
                let said = self.end_co_owner(&draft, id, org, store)?;
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
        if !matches!(draft.scope, Scope::Named(_)) {
            return Err(CommandError::NotJoint);
        }
        if self.identity.org == Some(org) {
            return Err(CommandError::NobodyNamed);
        }
        roster.member(org).map(|_| draft).ok_or(CommandError::NoSuchMember(org))
    }

    /// A place in the audience of the draft, and in each document of the record.
    fn grant_co_owner(&mut self, draft: &Genesis, id: DocumentId, org: OrgId) -> Vec<Known> {
        let mut said = Vec::new();
        if !self.is_in(org, draft.scope)
            && let Scope::Named(audience) = draft.scope
        {
            let follows = self.last_end_of_place(audience, org);
            let add = AudienceAdd { org, follows };
            said.extend(self.say(Voice::Device, draft.scope, Says::AudienceAdd, &add));
        }
        for genesis in self.documents_of(id) {
            // Where it was shared with some alone, it is shared again for those who write now.
            if genesis.is_draft() || self.is_in(org, genesis.scope) {
                said.extend(self.grant_in(&genesis, org));
            }
        }
        said
    }

    /// A place in one document, if it has none.
    fn grant_in(&mut self, genesis: &Genesis, org: OrgId) -> Option<Known> {
        if self.statements.roster().writers(genesis).contains(&org) {
            return None;
        }
        let document = genesis.document();
        let follows = self.last_co_owner_end(document, org);
        let grant = CoOwnerGrant { document, org, follows };
        self.say(Voice::Device, genesis.scope, Says::CoOwnerGrant, &grant)
    }

    /// Its places end, each with what of it counts in that document, and it hears no more of the draft.
    fn end_co_owner(
        &mut self,
        draft: &Genesis,
        id: DocumentId,
        org: OrgId,
        store: &impl Read,
    ) -> Result<Vec<Known>, StoreError> {
        let mut said = Vec::new();
        for genesis in self.documents_of(id) {
            let envelopes = held_envelopes(genesis.document(), store)?;
            let devices = self
                .devices_of(org)
                .into_iter()
                .map(|device| {
                    let envelopes = envelopes.iter().map(|(hash, envelope)| (*hash, envelope));
                    Ending::of(device, genesis.scope, envelopes, self.statements.all())
                })
                .collect();
            said.extend(self.end_in(&genesis, &Endings { org, devices }));
        }
        if let Scope::Named(audience) = draft.scope {
            said.extend(self.end_in_audience(audience, org, store)?);
        }
        Ok(said)
    }

    /// The places of an organisation in one document end; of its devices this much counts.
    fn end_in(&mut self, genesis: &Genesis, endings: &Endings) -> Vec<Known> {
        let (org, mut said) = (endings.org, Vec::new());
        if !self.statements.roster().writers(genesis).contains(&org) {
            return said;
        }
        let document = genesis.document();
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
            for cut in endings.cuts(end.hash) {
                said.extend(self.say(Voice::Device, genesis.scope, Says::Cut, &cut));
            }
            said.push(end);
        }
        said
    }

    /// What a joint draft of ours is shared as has changed or is new, `by_us` on this device: who writes in
    /// the draft writes there too, and who has left does not. Without us it is said by the device of ours
    /// with the lowest slot.
    pub(super) fn carry_places(&mut self, document: DocumentId, by_us: bool) {
        let Some(shared) = self.index.row(document).map(|row| row.genesis) else { return };
        let draft = shared.record.and_then(|record| self.index.row(record)).map(|row| row.genesis);
        let Some(draft) = draft.filter(|draft| matches!(draft.scope, Scope::Named(_))) else { return };
        let roster = self.statements.roster().clone();
        let in_draft = roster.writers(&draft);
        let is_ours = draft.owner == shared.owner && in_draft.first().copied() == self.identity.org;
        if !is_ours || !(by_us || self.is_first_of_ours()) {
            return;
        }
        let in_shared = roster.writers(&shared);
        let mut said = Vec::new();
        for org in in_draft.iter().filter(|org| !in_shared.contains(org)) {
            if self.is_in(*org, shared.scope) {
                said.extend(self.grant_in(&shared, *org));
            }
        }
        // It left before this was begun: nothing that it wrote here was for it to write.
        for org in in_shared.iter().filter(|org| !in_draft.contains(org)) {
            let nothing = |device| Ending { device, envelopes: Vec::new(), said: None };
            let devices = self.devices_of(*org).into_iter().map(nothing).collect();
            said.extend(self.end_in(&shared, &Endings { org: *org, devices }));
        }
        if !said.is_empty() {
            self.publish(said, None);
        }
    }

    /// The same for every document that is shared from a draft which new statements are about.
    pub(super) fn carry_places_of(&mut self, new: &[Known]) {
        let about = |known: &Known| {
            if let Fact::CoOwnerGrant(grant) = &known.fact {
                return Some(grant.document);
            }
            let Fact::CoOwnerEnd(end) = &known.fact else { return None };
            Some(end.document)
        };
        let drafts: BTreeSet<DocumentId> = new.iter().filter_map(about).collect();
        for draft in drafts {
            let shares = self.index.record(draft).map(|record| record.shares).unwrap_or_default();
            shares.into_values().for_each(|document| self.carry_places(document, false));
        }
    }

    /// Whether we may write in a document now.
    pub(super) fn check_writer(&self, genesis: &Genesis) -> Result<(), CommandError> {
        let writers = self.statements.roster().writers(genesis);
        let is_writer = self.identity.org.is_some_and(|own| writers.contains(&own));
        match self.identity.org.filter(|own| is_writer && self.is_in(*own, genesis.scope)) {
            Some(_) => Ok(()),
            None if genesis.is_draft() && matches!(genesis.scope, Scope::Named(_)) => {
                Err(CommandError::HasLeft)
            }
            None => Err(CommandError::NotOwner),
        }
    }

    /// Whether an organisation is in the audience of a scope, if that has one.
    pub(super) fn is_in(&self, org: OrgId, scope: Scope) -> bool {
        match scope {
            Scope::Named(audience) => {
                let audience = self.statements.roster().audience(audience);
                audience.is_some_and(|held| held.members.contains(&org))
            }
            Scope::Roster | Scope::Organisation(_) | Scope::Network => true,
        }
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
        let owner = self.statements.roster().audience(audience).map(|held| held.owner);
        let error = match owner {
            None => Some(CommandError::NotFound),
            Some(_) if owner != self.identity.org => Some(CommandError::NotOwner),
            Some(_) if self.live_adds(audience, org).is_empty() => Some(CommandError::NoSuchMember(org)),
            Some(_) => None,
        };
        match error {
            Some(error) => self.reply(request, Err(error)),
            None => {
                let said = self.end_in_audience(audience, org, store)?;
                self.publish(said, Some(request));
            }
        }
        Ok(())
    }

    /// Its places in an audience end, with what counts of what it wrote there.
    fn end_in_audience(
        &mut self,
        audience: AudienceId,
        org: OrgId,
        store: &impl Read,
    ) -> Result<Vec<Known>, StoreError> {
        let scope = Scope::Named(audience);
        let mut said = Vec::new();
        for add in self.live_adds(audience, org) {
            let Some(end) = self.say(Voice::Device, scope, Says::AudienceEnd, &AudienceEnd { add }) else {
                continue;
            };
            self.cut(&mut said, end.hash, (org, &self.devices_of(org)), scope, None, store)?;
            said.push(end);
        }
        Ok(said)
    }

    /// Every device that an organisation has or had.
    pub(super) fn devices_of(&self, org: OrgId) -> Vec<DeviceId> {
        let granted = self.statements.all().filter_map(|known| {
            let Fact::Device(grant, _) = &known.fact else { return None };
            (grant.org == org).then_some(grant.device)
        });
        granted.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn live_adds(&self, audience: AudienceId, org: OrgId) -> Vec<StatementHash> {
        let in_it = || self.statements.of_scope(Scope::Named(audience));
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
        let in_it = || self.statements.of_scope(Scope::Named(audience));
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
