//! Ends and successions: what administrators say of devices, members and keys, and how much of what an
//! ended device wrote still counts.
//!
//! Whatever is said here goes out as a [`Ticket`] too, and comes in as one, so that it works between
//! machines without a connection.

use std::collections::BTreeMap;

use minicbor::Encode;

use super::{
    CommandError, Engine, Output, Reply, RequestId, Resting, lanes::held_envelopes, saying::Voice,
    statements::put,
};
use crate::{
    envelope::{Envelope, envelope_hash},
    genesis::{Genesis, Scope},
    id::{DeviceId, EnvelopeHash, OrgId, StatementHash},
    membership::{
        charter::Parameters,
        issuing::{Ending, Endings, amendment, countersign, last_said},
        statement::{End, Fact, Kind, Known, OrganisationSuccession, RootSuccession, Said},
        ticket::Ticket,
    },
    signed::Verified,
    store::{Read, StoreError},
};

/// What an administrator wants said, by the root that this node keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// A device of ours is ours no longer. What this node has of it counts, in every scope that we may
    /// cut. If it was lost, what it withdrew and this node heard of since then (seconds since 1970) is undone.
    EndDevice {
        /// The device.
        device: DeviceId,
        /// Since when it is in other hands.
        lost_s: Option<u64>,
        /// Why, for people.
        why: Option<String>,
    },
    /// An organisation is a member no longer (association).
    EndMembership {
        /// The organisation.
        org: OrgId,
        /// Why, for people.
        why: Option<String>,
    },
    /// Our own root hands over to this key. From then on this node needs the new one.
    RotateRoot(OrgId),
    /// An organisation that lost its root speaks by this key; holds when a quorum of association roots say it.
    SucceedRoot {
        /// The organisation.
        org: OrgId,
        /// Its new key.
        new: OrgId,
    },
    /// An organisation has been merged into another; holds when a quorum of association roots say it.
    Merge {
        /// Which is no more.
        predecessor: OrgId,
        /// Which writes on.
        heir: OrgId,
    },
    /// Other roots or parameters for the charter; holds when a quorum says it.
    Amend {
        /// Association roots.
        roots: Vec<OrgId>,
        /// How many must sign the next amendment.
        quorum: u8,
        /// Keys kept offline.
        recovery: Vec<OrgId>,
        /// Numbers that every node goes by.
        parameters: Parameters,
    },
    /// The same words as another root has said, for what holds when several do.
    Countersign(Vec<Known>),
}

impl Engine {
    /// Says something as the root; the reply is a ticket with all that was said, and what it answers.
    pub(super) fn administer(
        &mut self,
        request: RequestId,
        saying: Saying,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        match self.said_by_root(saying, store)? {
            Ok(said) => {
                // A file goes from hand to hand: what lives in narrower scopes spreads only there.
                let open = |known: &&Known| matches!(known.scope(), Scope::Roster | Scope::Network);
                let open = said.iter().filter(open).cloned().collect();
                let reply = Reply::Ticket(Ticket::Statements(open).to_text());
                let outputs = vec![Output::Reply(request, Ok(reply))];
                let batch = said.iter().map(put).collect();
                self.commit(batch, Resting { outputs, statements: said, ..Resting::default() });
            }
            Err(error) => self.reply(request, Err(error)),
        }
        Ok(())
    }

    fn said_by_root(
        &mut self,
        saying: Saying,
        store: &impl Read,
    ) -> Result<Result<Vec<Known>, CommandError>, StoreError> {
        let roster = self.statements.roster().clone();
        let Some(root) = self.issuer(Voice::Root) else { return Ok(Err(CommandError::NoRoot)) };
        let vouches = roster.roots().any(|it| it == root) || roster.recovery().any(|it| it == root);
        let own = self.identity.org;
        Ok(match saying {
            Saying::EndDevice { device, lost_s, why } => {
                let Some(granted) = roster.device(device).filter(|granted| Some(granted.org) == own) else {
                    return Ok(Err(CommandError::NoSuchDevice(device)));
                };
                let scopes = own.map(Scope::Organisation).into_iter().chain([Scope::Network]);
                let scopes: Vec<Scope> = scopes.chain(self.audiences_kept()).collect();
                let end = End { grant: granted.grant, why };
                self.end(Kind::DeviceEnd, &end, (granted.org, &[device]), &scopes, lost_s, store)?
            }
            Saying::EndMembership { org, why } => match roster.member(org) {
                _ if !vouches => Err(CommandError::NoRoot),
                None => Err(CommandError::NoSuchMember(org)),
                Some(member) => {
                    let devices = self.devices_of(org);
                    let scopes: Vec<Scope> =
                        std::iter::once(Scope::Network).chain(self.audiences_kept()).collect();
                    let end = End { grant: member.grant, why };
                    self.end(Kind::MembershipEnd, &end, (org, &devices), &scopes, None, store)?
                }
            },
            Saying::RotateRoot(new) => match own {
                Some(org) => {
                    let succession = self.succession(org, root, new);
                    self.root_says(Kind::RootSuccession, &succession)
                }
                None => Err(CommandError::NotGranted),
            },
            Saying::SucceedRoot { .. } | Saying::Merge { .. } | Saying::Amend { .. } if !vouches => {
                Err(CommandError::NoRoot)
            }
            Saying::SucceedRoot { org, new } => {
                let succession = self.succession(org, roster.root_of(org), new);
                self.root_says(Kind::RootSuccession, &succession)
            }
            Saying::Merge { predecessor, heir } => {
                self.root_says(Kind::OrganisationSuccession, &OrganisationSuccession { predecessor, heir })
            }
            Saying::Amend { roots, quorum, recovery, parameters } => {
                let last = |key| (self.last(key, Scope::Roster), self.last(key, Scope::Network));
                match amendment(&roster, roots, quorum, recovery, parameters, last) {
                    Some(amendment) => self.root_says(Kind::CharterAmendment, &amendment),
                    None => Err(CommandError::NoNetwork),
                }
            }
            Saying::Countersign(others) => self.countersigned(&others),
        })
    }

    /// One part of something that several roots say.
    fn root_says<B: Encode<()>>(&mut self, kind: Kind, body: &B) -> Result<Vec<Known>, CommandError> {
        self.say(Voice::Root, Scope::Roster, kind, body).map(|known| vec![known]).ok_or(CommandError::NoRoot)
    }

    fn countersigned(&mut self, others: &[Known]) -> Result<Vec<Known>, CommandError> {
        let key = self.keys.root.clone().ok_or(CommandError::NoRoot)?;
        let issuer = OrgId(key.verifying_key().to_bytes());
        let mut said: BTreeMap<StatementHash, Known> = BTreeMap::new();
        for other in others {
            let mut chain = self.statements.chain(issuer, Scope::Roster);
            // What is not for several to say is left as it is; what we have said already is not said again.
            let ours = others.iter().any(|known| {
                known.statement.issuer == issuer && known.statement.body == other.statement.body
            });
            if !ours && let Some(statement) = countersign(other, &key, &mut chain) {
                let known = Known::check(statement).map_err(|_| CommandError::NoStatements)?;
                self.statements.number(&known);
                said.insert(known.hash, known);
            }
        }
        if said.is_empty() {
            return Err(CommandError::NoStatements);
        }
        Ok(others.iter().cloned().chain(said.into_values()).collect())
    }

    fn succession(&self, org: OrgId, old: OrgId, new: OrgId) -> RootSuccession {
        RootSuccession {
            org,
            old,
            new,
            last: self.last(old, Scope::Roster),
            last_network: self.last(old, Scope::Network),
            last_organisation: self.last(old, Scope::Organisation(org)),
        }
    }

    fn last(&self, key: OrgId, scope: Scope) -> Option<Said> {
        last_said(key, scope, self.statements.all())
    }

    /// The named scopes whose cuts are ours to sign.
    fn audiences_kept(&self) -> Vec<Scope> {
        let own = self.identity.org;
        let kept = self.statements.roster().audiences().filter(|(_, held)| Some(held.owner) == own);
        kept.map(|(audience, _)| Scope::Named(*audience)).collect()
    }

    /// An End, and its cuts in these scopes.
    fn end(
        &mut self,
        kind: Kind,
        end: &End,
        (org, devices): (OrgId, &[DeviceId]),
        scopes: &[Scope],
        lost_s: Option<u64>,
        store: &impl Read,
    ) -> Result<Result<Vec<Known>, CommandError>, StoreError> {
        let Some(end) = self.say(Voice::Root, Scope::Roster, kind, end) else {
            return Ok(Err(CommandError::NoRoot));
        };
        let mut said = Vec::new();
        for scope in scopes {
            self.cut(&mut said, end.hash, (org, devices), *scope, lost_s, store)?;
        }
        // The End last: whoever has it has its cuts.
        said.push(end);
        Ok(Ok(said))
    }

    /// Signs how much of an organisation's devices still counts in a scope: as much as there is here.
    pub(super) fn cut(
        &mut self,
        said: &mut Vec<Known>,
        end: StatementHash,
        (org, devices): (OrgId, &[DeviceId]),
        scope: Scope,
        lost_s: Option<u64>,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        let envelopes = self.envelopes_of(devices, scope, store)?;
        let mut endings = Endings { org, devices: Vec::new() };
        for device in devices {
            let envelopes = envelopes.iter().map(|(hash, envelope)| (*hash, envelope));
            let mut ending = Ending::of(*device, scope, envelopes, self.statements.all());
            if let Some(lost_s) = lost_s {
                ending.said = self.said_before(*device, scope, lost_s);
            }
            endings.devices.push(ending);
        }
        let voice = if matches!(scope, Scope::Named(_)) { Voice::Device } else { Voice::Root };
        for cut in endings.cuts(end) {
            said.extend(self.say(voice, scope, Kind::Cut, &cut));
        }
        Ok(())
    }

    /// The last that a device said in a scope before it withdrew anything that this node heard of since.
    fn said_before(&self, device: DeviceId, scope: Scope, lost_s: u64) -> Option<Said> {
        let is_own = |known: &&Known| {
            known.statement.issuer.0 == device.0 && known.scope() == scope && known.is_compared()
        };
        let is_late = |known: &&Known| {
            let Fact::Withdrawal(withdrawal) = &known.fact else { return false };
            let row = self.index.row(withdrawal.document);
            row.and_then(|row| row.gone).is_none_or(|gone| gone.hidden_s >= lost_s)
        };
        let own = || self.statements.all().filter(is_own);
        let first_late = own().filter(is_late).map(|known| known.statement.number).min();
        own()
            .map(Known::said)
            .filter(|said| first_late.is_none_or(|first| said.number < first))
            .max_by_key(|said| (said.number, std::cmp::Reverse(said.hash)))
    }

    /// All envelopes of these devices in a scope that are here.
    fn envelopes_of(
        &self,
        devices: &[DeviceId],
        scope: Scope,
        store: &impl Read,
    ) -> Result<Vec<(EnvelopeHash, Envelope)>, StoreError> {
        let mut all = Vec::new();
        for document in self.index.documents_in(scope) {
            let held = held_envelopes(document, store)?;
            all.extend(held.into_iter().filter(|(_, envelope)| devices.contains(&envelope.device)));
        }
        // What a device laid down for others to publish counts before anybody has.
        for known in self.statements.all() {
            if let Fact::Founding(founding) = &known.fact
                && Genesis::read(&founding.genesis).is_ok_and(|genesis| genesis.scope == scope)
                && let Ok(envelope) = Verified::<Envelope>::read(&founding.envelope)
                && devices.contains(&envelope.device)
            {
                all.push((envelope_hash(&envelope), Envelope::clone(&envelope)));
            }
        }
        Ok(all)
    }

    /// Cuts in named scopes of ours for Ends that others have signed: only we may sign them. The device of
    /// ours with the lowest slot does.
    pub(super) fn cut_for_others(&mut self, new: &[Known], store: &impl Read) -> Result<(), StoreError> {
        let scopes = self.audiences_kept();
        if scopes.is_empty() || !self.is_first_of_ours() {
            return Ok(());
        }
        let mut said = Vec::new();
        for known in new {
            let (Fact::DeviceEnd(end) | Fact::MembershipEnd(end)) = &known.fact else { continue };
            let Some(org) = self.org_of_grant(end.grant) else { continue };
            let devices = self.devices_of_grant(end.grant);
            for scope in &scopes {
                // Others in the audience can say it too; of them it is nothing.
                let is_ours = |it: &Known| {
                    let by = self.statements.roster().device(DeviceId(it.statement.issuer.0));
                    it.scope() == *scope && by.is_some_and(|by| Some(by.org) == self.identity.org)
                };
                let has_cut = self
                    .statements
                    .all()
                    .any(|it| matches!(&it.fact, Fact::Cut(cut) if cut.end == known.hash) && is_ours(it));
                if !has_cut {
                    self.cut(&mut said, known.hash, (org, &devices), *scope, None, store)?;
                }
            }
        }
        if !said.is_empty() {
            let batch = said.iter().map(put).collect();
            self.commit(batch, Resting { statements: said, ..Resting::default() });
        }
        Ok(())
    }

    /// Whether this is the device of ours with the lowest slot: what any of them could say is said by that one.
    pub(super) fn is_first_of_ours(&self) -> bool {
        let roster = self.statements.roster();
        let ours = roster.devices().filter(|(_, device)| Some(device.org) == self.identity.org);
        ours.min_by_key(|(_, device)| device.slot).map(|(id, _)| *id) == Some(self.device())
    }

    /// The devices that a grant of a device or of a membership is about.
    fn devices_of_grant(&self, grant: StatementHash) -> Vec<DeviceId> {
        let fact = self.statements.get(grant).map(|known| &known.fact);
        if let Some(Fact::Device(grant, _)) = fact {
            return vec![grant.device];
        }
        let Some(Fact::Membership(membership)) = fact else { return Vec::new() };
        self.devices_of(membership.org)
    }

    /// Takes in statements from a file, as if a peer had brought them.
    pub(super) fn take_in_ticket(&mut self, request: RequestId, ticket: Ticket) -> Result<(), StoreError> {
        let Ticket::Statements(known) = ticket else {
            self.reply(request, Err(CommandError::NoStatements));
            return Ok(());
        };
        let new = self.statements.take(known, self.charter.as_ref(), self.identity.org);
        let outputs = vec![Output::Reply(request, Ok(Reply::TakenIn(new.len())))];
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: new, ..Resting::default() });
        Ok(())
    }

    /// The End that a new grant for this organisation has to name, if it was a member before.
    pub(super) fn last_membership_end(&self, org: OrgId) -> Option<StatementHash> {
        self.statements.all().find_map(|known| {
            let Fact::MembershipEnd(end) = &known.fact else { return None };
            let is_its = self.org_of_grant(end.grant) == Some(org) && !self.is_followed(known.hash);
            is_its.then_some(known.hash)
        })
    }

    /// The End that a new grant for this device has to name, if it was ours before.
    pub(super) fn last_device_end(&self, device: DeviceId) -> Option<StatementHash> {
        self.statements.all().find_map(|known| {
            let Fact::DeviceEnd(end) = &known.fact else { return None };
            let is_its = self.devices_of_grant(end.grant).contains(&device) && !self.is_followed(known.hash);
            is_its.then_some(known.hash)
        })
    }

    fn is_followed(&self, end: StatementHash) -> bool {
        self.statements.all().any(|known| {
            matches!(&known.fact, Fact::Membership(grant) if grant.follows == Some(end))
                || matches!(&known.fact, Fact::Device(grant, _) if grant.follows == Some(end))
        })
    }
}
