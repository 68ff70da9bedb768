//! What devices say about audiences and documents, and which of it counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    book::Book,
    cuts::{Cuts, Deed},
    ledger::Ledger,
    roots::{Association, Lines, speaks_of},
    standings::Standings,
    verdict::Verdict,
};
use crate::{
    genesis::Scope,
    id::{AudienceId, DeviceId, DocumentId, NetworkId, OrgId, StatementHash},
    membership::statement::{Cut, Fact, Known, Said},
};

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker {
    /// A device of this organisation.
    Device(OrgId),
    /// The root of these organisations: of more than one only where one claims another's.
    Root(Vec<OrgId>),
}

/// A co-owner's place, granted or ended, by a device of `by`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CoOwning {
    pub(super) hash: StatementHash,
    pub(super) by: OrgId,
    pub(super) scope: Scope,
    pub(super) org: OrgId,
    pub(super) act: CoOwningAct,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CoOwningAct {
    Grant {
        follows: Option<StatementHash>,
    },
    /// The grant, or none for the place in the genesis.
    End {
        grant: Option<StatementHash>,
    },
}

/// A document's withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Withdrawing {
    pub(super) issuer: OrgId,
    pub(super) said: Said,
    pub(super) scope: Scope,
    pub(super) by: Speaker,
    /// What the fold says of the speaker's place: yes, or that its cut is awaited.
    pub(super) verdict: Verdict,
    pub(super) why: String,
}

/// A named audience with all that was ever in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Circle {
    pub(super) owner: Option<OrgId>,
    pub(super) name: String,
    pub(super) adds: Ledger<OrgId>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) circles: BTreeMap<AudienceId, Circle>,
    pub(super) co_owning: BTreeMap<DocumentId, Vec<CoOwning>>,
    pub(super) withdrawals: BTreeMap<DocumentId, Vec<Withdrawing>>,
}

/// All that the words are judged by.
pub(super) struct Judges<'a> {
    pub(super) book: &'a Book<'a>,
    pub(super) association: Option<&'a Association>,
    pub(super) lines: &'a Lines,
    pub(super) heirs: &'a BTreeMap<OrgId, OrgId>,
    pub(super) members: &'a Ledger<OrgId>,
    pub(super) devices: &'a Ledger<(OrgId, DeviceId)>,
    pub(super) standings: &'a Standings,
}

/// Whether one acts for another: it is it, or what it was merged into.
pub(super) fn acts_for(heirs: &BTreeMap<OrgId, OrgId>, org: OrgId, owner: OrgId) -> bool {
    std::iter::successors(Some(owner), |at| heirs.get(at).copied()).any(|at| at == org)
}

impl Judges<'_> {
    /// Whether a device says it from a place that it rightly had, and for whom.
    fn place(&self, known: &Known, cuts: &Cuts) -> Option<(OrgId, Verdict)> {
        let (statement, scope) = (&known.statement, known.statement.home());
        let place = self.standings.get(&statement.standing?)?;
        let at_home = match scope {
            Scope::Organisation(org) => !place.is_members && place.org == org,
            Scope::Roster | Scope::Network | Scope::Named(_) => place.is_members,
        };
        let network = if place.is_members { self.association.map(|it| it.network()) } else { None };
        let speaks = statement.network == network.unwrap_or(NetworkId::NONE);
        let is_own = place.device.0 == statement.issuer.0;
        (at_home && speaks && is_own).then(|| (place.org, place.judge(cuts, scope, deed(known))))
    }

    /// The same, once it is sure that it counts.
    fn device_of(&self, known: &Known, cuts: &Cuts) -> Option<OrgId> {
        self.place(known, cuts).filter(|(_, verdict)| verdict.is_yes()).map(|(org, _)| org)
    }

    /// All cuts that count. Those of roots first; a device's own cut may be needed before another's counts.
    pub(super) fn cuts(&self, owners: &BTreeMap<AudienceId, OrgId>) -> Cuts {
        let mut cuts = Cuts::begun(owners.clone());
        let mut open: Vec<(&Known, &Cut)> = Vec::new();
        for known in self.book.iter() {
            if let Fact::Cut(cut) = &known.fact {
                if known.statement.standing.is_some() {
                    open.push((known, cut));
                } else if self.is_roots(known, cut) {
                    cuts.add(cut, known.statement.issuer, known.statement.home(), self.book);
                }
            }
        }
        // What counts only grows with each cut, so it does not matter which of them comes first.
        loop {
            let before = open.len();
            open.retain(|(known, cut)| {
                let counts =
                    self.device_of(known, &cuts).is_some_and(|org| self.is_owners(known, cut, org, owners));
                if counts {
                    cuts.add(cut, known.statement.issuer, known.statement.home(), self.book);
                }
                !counts
            });
            if open.len() == before {
                return cuts;
            }
        }
    }

    /// Whether a root may say it: the one that may end what it cuts.
    fn is_roots(&self, known: &Known, cut: &Cut) -> bool {
        let scope = known.statement.home();
        let of_member = self.members.subject_of_end(cut.end).is_some();
        let of_device = self.devices.subject_of_end(cut.end).map(|(org, _)| org);
        match scope {
            Scope::Roster | Scope::Network if of_member => {
                self.association.is_some_and(|association| association.vouches(known))
            }
            Scope::Roster | Scope::Network => of_device.is_some_and(|org| self.is_own_root(org, known)),
            Scope::Organisation(home) => {
                of_device.is_some_and(|org| org == home && self.is_own_root(org, known))
            }
            Scope::Named(_) => false,
        }
    }

    fn is_own_root(&self, org: OrgId, known: &Known) -> bool {
        speaks_of(self.association.map(Association::network), known)
            && self.lines.speaks_for(org, known).is_some()
    }

    /// Whether a device of `org` may say it: of the audience's owner, or of whoever ended a co-owner's place.
    fn is_owners(&self, known: &Known, cut: &Cut, org: OrgId, owners: &BTreeMap<AudienceId, OrgId>) -> bool {
        if let Some(end) = self.book.get(cut.end)
            && matches!(end.fact, Fact::CoOwnerEnd(_))
        {
            let by = end.statement.standing.and_then(|standing| self.standings.get(&standing));
            return end.statement.home() == known.statement.home()
                && by.is_some_and(|place| place.org == org);
        }
        let Scope::Named(audience) = known.statement.home() else { return false };
        owners.get(&audience).is_some_and(|owner| acts_for(self.heirs, org, *owner))
    }

    /// The owners of all audiences: an id is the hash of its owner, so whoever says it is right.
    pub(super) fn owners(&self) -> BTreeMap<AudienceId, OrgId> {
        let opened = self.book.iter().filter_map(|known| match (&known.fact, known.statement.scope) {
            (Fact::AudienceOpen(open), Some(Scope::Named(audience))) => Some((audience, open.owner)),
            _ => None,
        });
        opened.collect()
    }

    /// What all devices say, of which everything counts that the cuts leave.
    pub(super) fn words(&self, cuts: &Cuts, owners: &BTreeMap<AudienceId, OrgId>) -> Words {
        let mut words = Words::default();
        for (audience, owner) in owners {
            words.circles.entry(*audience).or_default().owner = Some(*owner);
        }
        let mut ends: Vec<(AudienceId, StatementHash, StatementHash)> = Vec::new();
        for known in self.book.iter() {
            let of_owner = || {
                let Some(Scope::Named(audience)) = known.statement.scope else { return None };
                let org = self.device_of(known, cuts)?;
                acts_for(self.heirs, org, *owners.get(&audience)?).then_some(audience)
            };
            let scope = known.statement.home();
            match &known.fact {
                Fact::AudienceOpen(open) => {
                    // Statements come by hash: of two names the one with the smaller hash stands.
                    if let Some(audience) = of_owner()
                        && let circle = words.circles.entry(audience).or_default()
                        && circle.name.is_empty()
                    {
                        circle.name.clone_from(&open.name);
                    }
                }
                Fact::AudienceAdd(add) => {
                    if let Some(audience) = of_owner() {
                        let circle = words.circles.entry(audience).or_default();
                        circle.adds.grant(known.hash, add.org, add.follows);
                    }
                }
                Fact::AudienceEnd(end) => {
                    if let Some(audience) = of_owner() {
                        ends.push((audience, known.hash, end.add));
                    }
                }
                Fact::CoOwnerGrant(grant) => {
                    if let Some(by) = self.device_of(known, cuts) {
                        let act = CoOwningAct::Grant { follows: grant.follows };
                        let said = CoOwning { hash: known.hash, by, scope, org: grant.org, act };
                        words.co_owning.entry(grant.document).or_default().push(said);
                    }
                }
                Fact::CoOwnerEnd(end) => {
                    if let Some(by) = self.device_of(known, cuts) {
                        let act = CoOwningAct::End { grant: end.grant };
                        let said = CoOwning { hash: known.hash, by, scope, org: end.org, act };
                        words.co_owning.entry(end.document).or_default().push(said);
                    }
                }
                Fact::Withdrawal(withdrawal) => {
                    let root = || {
                        let orgs = self.lines.orgs_of(known.statement.issuer);
                        let orgs: Vec<_> = orgs.filter(|org| self.is_own_root(*org, known)).collect();
                        (!orgs.is_empty()).then_some((Speaker::Root(orgs), Verdict::Yes))
                    };
                    let device = || {
                        let (org, verdict) = self.place(known, cuts)?;
                        (verdict <= Verdict::CutAwaited).then_some((Speaker::Device(org), verdict))
                    };
                    let by = if known.statement.standing.is_some() { device() } else { root() };
                    if let Some((by, verdict)) = by {
                        words.withdrawals.entry(withdrawal.document).or_default().push(Withdrawing {
                            issuer: known.statement.issuer,
                            said: known.said(),
                            scope,
                            by,
                            verdict,
                            why: withdrawal.why.clone(),
                        });
                    }
                }
                Fact::Membership(_)
                | Fact::Device(..)
                | Fact::Address(_)
                | Fact::MembershipEnd(_)
                | Fact::DeviceEnd(_)
                | Fact::Cut(_)
                | Fact::RootSuccession(_)
                | Fact::OrganisationSuccession(_)
                | Fact::Amendment(_)
                | Fact::Founding(_)
                | Fact::Receipt(_)
                | Fact::Head(_)
                | Fact::Unknown => {}
            }
        }
        for (audience, end, add) in ends {
            words.circles.entry(audience).or_default().adds.end(end, add);
        }
        words
    }
}

fn deed(known: &Known) -> Deed {
    match known.fact {
        Fact::Withdrawal(_) | Fact::Cut(_) => Deed::Grave(known.hash),
        Fact::Membership(_)
        | Fact::Device(..)
        | Fact::Address(_)
        | Fact::MembershipEnd(_)
        | Fact::DeviceEnd(_)
        | Fact::RootSuccession(_)
        | Fact::OrganisationSuccession(_)
        | Fact::Amendment(_)
        | Fact::AudienceOpen(_)
        | Fact::AudienceAdd(_)
        | Fact::AudienceEnd(_)
        | Fact::CoOwnerGrant(_)
        | Fact::CoOwnerEnd(_)
        | Fact::Founding(_)
        | Fact::Receipt(_)
        | Fact::Head(_)
        | Fact::Unknown => Deed::Statement(known.hash),
    }
}

/// The organisations that are in an audience now, as far as nothing else has ended.
pub(super) fn members(circle: &Circle) -> BTreeSet<OrgId> {
    let live = circle.adds.grants().filter(|(add, _)| circle.adds.ends_of(*add).is_empty());
    live.map(|(_, org)| org).chain(circle.owner).collect()
}
