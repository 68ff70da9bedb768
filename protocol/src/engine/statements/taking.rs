//! Which of the statements that a peer sends are taken in: those of whoever belongs, in scopes that we are in.

use std::collections::{BTreeMap, BTreeSet};

use super::{Issued, PENDING_LIMIT, Statements, issued_key, limit, topic};
use crate::{
    engine::folding::{decides, is_folded},
    genesis::Scope,
    id::{DeviceId, Item, OrgId, StatementHash},
    membership::{
        charter::Charter,
        roster::Roster,
        statement::{Fact, Known},
    },
};

impl Statements {
    /// What is new of what a peer sent and comes from somebody who belongs.
    ///
    /// What comes from nobody known waits: the grant that makes it somebody may be on its way.
    pub(crate) fn take(
        &mut self,
        received: Vec<Known>,
        charter: Option<&Charter>,
        own: Option<OrgId>,
    ) -> Vec<Known> {
        for known in received {
            let is_held = self.known.contains_key(&known.hash) || !self.has_room(&known);
            if !is_held {
                if self.pending.len() >= PENDING_LIMIT {
                    self.pending.pop_first();
                }
                self.pending.insert(known.hash, known);
            }
        }
        self.take_pending(charter, own)
    }

    /// Whether it would be kept beside what is held: nothing newer has taken its place.
    fn has_room(&self, known: &Known) -> bool {
        match topic(known) {
            Some(topic) => {
                let held = self.newest.get(&topic).and_then(|hash| self.known.get(hash));
                held.is_none_or(|held| known.is_newer_than(held))
            }
            None => {
                let issued = self.issued.get(&issued_key(known));
                let last = issued.filter(|issued| issued.size() >= limit(known)).and_then(Issued::last);
                last.is_none_or(|last| (known.statement.number, known.hash) < *last)
            }
        }
    }

    /// Those that wait whose issuer belongs, given all others that do.
    fn take_pending(&mut self, charter: Option<&Charter>, own: Option<OrgId>) -> Vec<Known> {
        // Most come from who has a place now, and it takes no more to know it.
        let roster = &self.roster;
        let has_place =
            |issuer: OrgId| roster.member(issuer).is_some() || roster.member_of(DeviceId(issuer.0)).is_some();
        let placed = self.pending.extract_if(.., |_, known| has_place(known.statement.issuer));
        let mut taken: BTreeMap<StatementHash, Known> = placed.collect();
        if self.pending.is_empty() {
            return self.in_our_scopes(taken, charter, own);
        }
        let mut circle = Circle::of(charter, own);
        loop {
            while self.known.values().chain(taken.values()).filter(|known| circle.widen(known)).count() > 0 {}
            let ready: Vec<StatementHash> = self
                .pending
                .values()
                .filter(|known| circle.has(known.statement.issuer))
                .map(|known| known.hash)
                .collect();
            if ready.is_empty() {
                return self.in_our_scopes(taken, charter, own);
            }
            for hash in ready {
                if let Some(known) = self.pending.remove(&hash) {
                    taken.insert(hash, known);
                }
            }
        }
    }

    /// Of these, those of scopes that we are in, now or with them; the others wait.
    fn in_our_scopes(
        &mut self,
        taken: BTreeMap<StatementHash, Known>,
        charter: Option<&Charter>,
        own: Option<OrgId>,
    ) -> Vec<Known> {
        if taken.values().all(|known| known.scope() == Scope::Roster) {
            return taken.into_values().collect();
        }
        let folds = taken.values().any(|known| decides(&known.fact) || is_folded(&known.fact));
        let folded = folds.then(|| Roster::fold(charter, self.known.values().chain(taken.values())));
        let roster = folded.as_ref().unwrap_or(&self.roster);
        let known_scope = |scope| {
            self.by_item.range((scope, Item([0; 16]))..).next().is_some_and(|((it, _), _)| *it == scope)
        };
        let is_ours = |known: &Known| match known.scope() {
            Scope::Roster | Scope::Network => true,
            Scope::Organisation(org) => Some(org) == own,
            Scope::Named(audience) => {
                let audience = roster.audience(audience);
                audience.is_some_and(|held| own.is_some_and(|own| held.members.contains(&own)))
                    || known_scope(known.scope())
            }
        };
        let (ours, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            taken.into_iter().partition(|(_, known)| is_ours(known));
        self.pending.extend(others);
        ours.into_values().collect()
    }
}

/// Whose word is kept: everybody who belongs, or once did. What has ended stands in statements too, and
/// whoever comes later must be able to fold them.
#[derive(Debug, Default)]
struct Circle {
    roots: BTreeSet<OrgId>,
    members: BTreeSet<OrgId>,
    devices: BTreeSet<OrgId>,
}

impl Circle {
    fn of(charter: Option<&Charter>, own: Option<OrgId>) -> Self {
        let roots = charter.into_iter().flat_map(|charter| charter.roots.iter().chain(&charter.recovery));
        Self { roots: roots.copied().collect(), members: own.into_iter().collect(), ..Self::default() }
    }

    fn has(&self, issuer: OrgId) -> bool {
        self.roots.contains(&issuer) || self.members.contains(&issuer) || self.devices.contains(&issuer)
    }

    /// Whether a statement lets somebody in who was not.
    fn widen(&mut self, known: &Known) -> bool {
        let issuer = known.statement.issuer;
        let vouches = self.roots.contains(&issuer);
        let before = (self.roots.len(), self.members.len(), self.devices.len());
        if let Fact::Membership(grant) = &known.fact
            && vouches
        {
            self.members.insert(grant.org);
        } else if let Fact::Device(grant, _) = &known.fact
            && (vouches || self.members.contains(&issuer))
        {
            self.devices.insert(OrgId(grant.device.0));
        } else if let Fact::RootSuccession(succession) = &known.fact
            && (vouches || issuer == succession.old)
        {
            if self.members.contains(&succession.old) || self.members.contains(&succession.org) {
                self.members.insert(succession.new);
            }
            if self.roots.contains(&succession.old) {
                self.roots.insert(succession.new);
            }
        } else if let Fact::Amendment(amendment) = &known.fact
            && vouches
        {
            self.roots.extend(amendment.roots.iter().chain(&amendment.recovery));
        }
        before != (self.roots.len(), self.members.len(), self.devices.len())
    }
}
