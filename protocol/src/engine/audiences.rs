//! Named audiences: who may read what is not for the whole network.
//!
//! An audience lives in its own scope, and nobody outside it learns of it: not from the roster, not
//! from digests, not from the numbers of statements.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::Encode;
use rand_core::Rng;

use super::{CommandError, Engine, Resting, saying::Voice, statements::put};
use crate::{
    genesis::Scope,
    id::{AudienceId, OrgId},
    membership::statement::{AudienceAdd, AudienceOpen, Fact, Kind, Known, audience_id},
};

/// Audiences of one owner that are kept here, those included that nobody is in any longer. Two new ones in each week for
/// twenty years; whoever shares with the same members again uses the same one.
pub const AUDIENCES_LIMIT: usize = 2048;
/// The name under which it is counted when another's audience is one too many.
const TOO_MANY: &str = "audience_limit";

/// Whom something is shared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// All members of the network.
    Network,
    /// These members of the network, and us.
    Organisations(BTreeSet<OrgId>),
}

impl Engine {
    /// The scope of an audience: for organisations the open one of ours with exactly these members,
    /// or a new one.
    pub(super) fn scope_for(
        &mut self,
        audience: Audience,
        rng: &mut impl Rng,
    ) -> Result<Scope, CommandError> {
        let (own, members) = match audience {
            Audience::Network => return self.own_member().map(|_| Scope::Network),
            Audience::Organisations(members) => self.circle(members)?,
        };
        let roster = self.statements.roster();
        let open = roster.audiences().find(|(id, held)| {
            // Whoever is taken into a joint draft later must not come to read something else by it.
            held.owner == own && held.members == members && !self.is_of_draft(**id)
        });
        match open {
            Some((audience, _)) => Ok(Scope::Named(*audience)),
            None => self.open_audience(own, &members, rng).map(Scope::Named),
        }
    }

    /// Us, as a member.
    fn own_member(&self) -> Result<OrgId, CommandError> {
        let roster = self.statements.roster();
        let own = self.identity.org.filter(|own| roster.member(*own).is_some());
        own.ok_or_else(|| self.outside(CommandError::NoNetwork))
    }

    /// Us, and these members with us.
    pub(super) fn circle(
        &self,
        mut members: BTreeSet<OrgId>,
    ) -> Result<(OrgId, BTreeSet<OrgId>), CommandError> {
        let (own, roster) = (self.own_member()?, self.statements.roster());
        members.insert(own);
        if let Some(stranger) = members.iter().find(|org| roster.member(**org).is_none()) {
            return Err(CommandError::NoSuchMember(*stranger));
        }
        if members.len() < 2 { Err(CommandError::NobodyNamed) } else { Ok((own, members)) }
    }

    /// Whether an audience is the one that a joint draft is written in.
    fn is_of_draft(&self, audience: AudienceId) -> bool {
        let scope = Scope::Named(audience);
        self.statements.of_scope(scope).any(|known| matches!(known.fact, Fact::Founding(_)))
    }

    /// A new audience of ours with these members.
    pub(super) fn open_audience(
        &mut self,
        owner: OrgId,
        members: &BTreeSet<OrgId>,
        rng: &mut impl Rng,
    ) -> Result<AudienceId, CommandError> {
        if self.audiences_of_owner(owner) >= AUDIENCES_LIMIT {
            return Err(CommandError::TooManyAudiences);
        }
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let audience = audience_id(owner, nonce);
        let names: Vec<String> = members
            .iter()
            .filter(|org| **org != owner)
            .filter_map(|org| self.statements.roster().member(*org))
            .map(|member| member.membership.name.clone())
            .collect();
        let name = names.join(", ").chars().take(NAME_LENGTH).collect();
        let mut said = Vec::new();
        let opening = AudienceOpen { owner, nonce, name };
        self.say_into(&mut said, audience, Kind::AudienceOpen, &opening)?;
        for org in members.iter().filter(|org| **org != owner) {
            let add = AudienceAdd { org: *org, follows: None };
            self.say_into(&mut said, audience, Kind::AudienceAdd, &add)?;
        }
        // Known at once: what is shared into it is written next.
        said.iter().for_each(|known| drop(self.statements.insert(known.clone())));
        self.statements.fold(self.charter.as_ref());
        let batch = said.iter().map(put).collect();
        self.commit(batch, Resting { statements: said, ..Resting::default() });
        Ok(audience)
    }

    /// How many audiences of an owner are known here.
    fn audiences_of_owner(&self, owner: OrgId) -> usize {
        self.statements.roster().audiences().filter(|(_, held)| held.owner == owner).count()
    }

    /// Of what a peer tells, what is left without audiences of which there are enough: without its Open, nothing of an
    /// audience that is not known here is taken in.
    pub(super) fn without_too_many(&mut self, mut told: Vec<Known>) -> Vec<Known> {
        let mut open: BTreeMap<OrgId, usize> = BTreeMap::new();
        let mut refused = 0;
        told.retain(|known| {
            let (Fact::AudienceOpen(opening), Scope::Named(audience)) = (&known.fact, known.scope()) else {
                return true;
            };
            if self.statements.roster().audience(audience).is_some() {
                return true;
            }
            let held = open.entry(opening.owner).or_insert_with(|| self.audiences_of_owner(opening.owner));
            let has_place = *held < AUDIENCES_LIMIT;
            (*held, refused) = if has_place { (*held + 1, refused) } else { (*held, refused + 1) };
            has_place
        });
        (0..refused).for_each(|_| self.refuse(TOO_MANY));
        told
    }

    fn say_into<B: Encode<()>>(
        &mut self,
        said: &mut Vec<Known>,
        audience: AudienceId,
        kind: Kind,
        body: &B,
    ) -> Result<(), CommandError> {
        let known = self.say(Voice::Device, Scope::Named(audience), kind, body);
        said.push(known.ok_or(CommandError::NotGranted)?);
        Ok(())
    }

    /// What makes a named audience known to an organisation that is in it; to one that was, what ended its
    /// place there and in documents, and how much of what it wrote counts.
    pub(super) fn audience_news(&self, theirs: OrgId) -> Vec<&Known> {
        let Some(ours) = self.identity.org else { return Vec::new() };
        let roster = self.statements.roster();
        let added = |known: &Known| matches!(&known.fact, Fact::AudienceAdd(add) if add.org == theirs);
        let once: BTreeSet<Scope> =
            self.statements.all().filter(|known| added(known)).map(Known::scope).collect();
        let mut news = Vec::new();
        for known in self.statements.all() {
            let Scope::Named(audience) = known.scope() else { continue };
            let Some(held) = roster.audience(audience).filter(|held| held.members.contains(&ours)) else {
                continue;
            };
            let opens = matches!(known.fact, Fact::AudienceOpen(_) | Fact::AudienceAdd(_));
            let concerns = if held.members.contains(&theirs) {
                opens || matches!(known.fact, Fact::AudienceEnd(_))
            } else {
                once.contains(&known.scope()) && self.ends_place(known, theirs)
            };
            if concerns {
                news.push(known);
            }
        }
        news
    }

    /// Whether a statement ends a place of an organisation, in an audience or in a document, or says how
    /// much of what it wrote there counts.
    fn ends_place(&self, known: &Known, org: OrgId) -> bool {
        if let Fact::AudienceEnd(end) = &known.fact {
            return self.added_by(end.add) == Some(org);
        }
        if let Fact::Cut(cut) = &known.fact {
            let end = self.statements.get(cut.end);
            return end.is_some_and(|end| !matches!(end.fact, Fact::Cut(_)) && self.ends_place(end, org));
        }
        matches!(&known.fact, Fact::CoOwnerEnd(end) if end.org == org)
    }

    fn added_by(&self, add: crate::id::StatementHash) -> Option<OrgId> {
        let Fact::AudienceAdd(add) = &self.statements.get(add)?.fact else { return None };
        Some(add.org)
    }
}

/// Most characters of the name that an audience gets of its members.
const NAME_LENGTH: usize = 120;
