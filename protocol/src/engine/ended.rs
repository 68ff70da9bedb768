//! Being ended: an ended device is told so by whoever it knocks at, with the statements that ended it and
//! nothing else, and says it to its own people.

use minicbor::bytes::ByteVec;

use super::{CommandError, Engine, Event, Output, Resting, statements::put};
use crate::{
    id::{DeviceId, OrgId},
    membership::statement::{Fact, Known},
    store::Batch,
};

/// What of this node has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Over {
    /// The device: its organisation has ended it.
    Device,
    /// Its organisation's membership: the association has ended it.
    Membership,
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Device => "this node has been ended by its organisation",
            Self::Membership => "the association has ended this organisation's membership",
        })
    }
}

/// Nobody lets this node in any longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What has ended.
    pub over: Over,
    /// Why, as whoever ended it has said.
    pub why: Option<String>,
}

impl Engine {
    /// Whether this node has been ended, as far as it has heard.
    pub(super) fn ended(&self) -> Option<Ended> {
        let end = self.ends_of(self.device()).into_iter().next()?;
        if let Fact::DeviceEnd(end) = &end.fact {
            return Some(Ended { over: Over::Device, why: end.why.clone() });
        }
        let Fact::MembershipEnd(end) = &end.fact else { return None };
        Some(Ended { over: Over::Membership, why: end.why.clone() })
    }

    /// Why this node may not do what members do.
    pub(super) fn outside(&self, otherwise: CommandError) -> CommandError {
        self.ended().map_or(otherwise, |ended| CommandError::Ended(ended.over))
    }

    /// The statements that ended a device, or else its organisation's membership; none for whoever has a place.
    pub(super) fn ends_of(&self, device: DeviceId) -> Vec<&Known> {
        let roster = self.statements.roster();
        if roster.member_of(device).is_some() {
            return Vec::new();
        }
        let granted = |known: &Known| {
            let Fact::Device(grant, _) = &known.fact else { return None };
            (grant.device == device).then_some((known.hash, grant.org))
        };
        let grants: Vec<_> = self.statements.all().filter_map(granted).collect();
        if roster.device(device).is_none() {
            let is_its = |known: &&Known| matches!(&known.fact, Fact::DeviceEnd(end) if grants.iter().any(|(hash, _)| *hash == end.grant));
            return self.statements.all().filter(is_its).collect();
        }
        let orgs: Vec<OrgId> = grants.into_iter().map(|(_, org)| org).collect();
        if orgs.iter().any(|org| roster.member(*org).is_some()) {
            return Vec::new();
        }
        let is_its = |known: &&Known| matches!(&known.fact, Fact::MembershipEnd(end) if self.org_of_grant(end.grant).is_some_and(|org| orgs.contains(&org)));
        self.statements.all().filter(is_its).collect()
    }

    /// What an ended device is told when it knocks: what ended it, and where a later root has said so, what makes
    /// that root one.
    pub(super) fn told_to_ended(&self, device: DeviceId) -> Vec<ByteVec> {
        let ends = self.ends_of(device);
        let is_first =
            |root: OrgId| self.charter.as_ref().is_some_and(|charter| charter.roots.contains(&root));
        let later = ends.iter().find_map(|end| {
            let (Fact::DeviceEnd(body) | Fact::MembershipEnd(body)) = &end.fact else { return None };
            let issuer = end.statement.issuer;
            self.org_of_grant(body.grant).filter(|org| issuer != *org && !is_first(issuer))
        });
        let lines = later.into_iter().flat_map(|org| self.statements.lines_of_roots(org));
        lines.chain(ends).map(|known| known.statement.bytes().to_vec().into()).collect()
    }

    /// At a door we hear that we have been ended.
    pub(super) fn heard_own_end(&mut self, statements: &[ByteVec]) {
        let received = self.read_statements(statements);
        let fits = |known: &Known| {
            let ends = matches!(known.fact, Fact::DeviceEnd(_) | Fact::MembershipEnd(_));
            ends || matches!(known.fact, Fact::RootSuccession(_) | Fact::Amendment(_))
        };
        let received = received.into_iter().filter(fits).collect();
        let new = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        let batch: Batch = new.iter().map(put).collect();
        self.commit(batch, Resting { statements: new, ..Resting::default() });
        self.refuse("join_refused");
    }

    /// Says to our own people that we have been ended, when that is new to them.
    pub(super) fn announce_ended(&mut self, before: Option<&Ended>) {
        if let Some(ended) = self.ended().filter(|ended| Some(ended) != before) {
            self.outputs.push_back(Output::Announce(Event::Ended(ended)));
        }
    }
}
