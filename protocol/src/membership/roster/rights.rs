//! Who has which right in one document.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Roster, Verdict, Withdrawn,
    cuts::{Cutter, Deed},
    ledger::Ledger,
    words::{CoOwning, CoOwningAct, Speaker, acts_for},
};
use crate::{
    envelope::Envelope,
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, EnvelopeHash, OrgId, StatementHash},
};

/// Organisations with the Ends of their places; none for whoever has a live one.
type Places = BTreeMap<OrgId, Vec<StatementHash>>;

/// The rights of one document; made once for many envelopes.
#[derive(Debug)]
pub struct Rights<'a> {
    roster: &'a Roster,
    owner: OrgId,
    scope: Scope,
    /// Whoever could ever write here.
    writers: Places,
    /// Whoever was ever in the audience; absent in other scopes.
    audience: Option<Places>,
    /// Those that have a place now, the owner first.
    live: Vec<OrgId>,
}

/// Adds an organisation, and those that it was merged into.
fn add(places: &mut Places, heirs: &BTreeMap<OrgId, OrgId>, org: OrgId, ends: &[StatementHash]) {
    for org in std::iter::successors(Some(org), |at| heirs.get(at).copied()) {
        match places.get_mut(&org) {
            Some(held) if held.is_empty() || ends.is_empty() => held.clear(),
            Some(held) => held.extend(ends),
            None => drop(places.insert(org, ends.to_vec())),
        }
    }
}

impl<'a> Rights<'a> {
    pub(super) fn of(roster: &'a Roster, genesis: &Genesis) -> Self {
        let (owner, scope) = (genesis.owner, genesis.scope);
        let (mut writers, mut live) = (Places::new(), vec![owner]);
        add(&mut writers, &roster.heirs, owner, &[]);
        for (org, ends) in co_owners(roster, genesis) {
            add(&mut writers, &roster.heirs, org, &ends);
            if ends.is_empty() && !live.contains(&org) {
                live.push(org);
            }
        }
        let audience = match scope {
            Scope::Named(audience) => Some(roster.words.circles.get(&audience).map(|circle| {
                let mut places = Places::new();
                for (grant, org) in circle.adds.grants() {
                    add(&mut places, &BTreeMap::new(), org, &circle.adds.ends_of(grant));
                }
                circle.owner.iter().for_each(|owner| add(&mut places, &roster.heirs, *owner, &[]));
                places
            })),
            Scope::Roster | Scope::Organisation(_) | Scope::Network => None,
        };
        let audience = audience.map(Option::unwrap_or_default);
        Self { roster, owner, scope, writers, audience, live }
    }

    /// Whether an envelope counts, for ever: by what it was written under, and by the cuts of what has ended.
    pub fn counts(&self, hash: EnvelopeHash, envelope: &Envelope) -> Verdict {
        let Some(place) = self.roster.standings.get(&envelope.standing) else {
            return Verdict::UnknownStanding;
        };
        if place.device != envelope.device {
            return Verdict::UnknownStanding;
        }
        let (is_place, is_home) = match self.scope {
            Scope::Organisation(org) => (!place.is_members, place.org == org),
            Scope::Roster | Scope::Network | Scope::Named(_) => (place.is_members, true),
        };
        if !is_place {
            return Verdict::UnknownStanding;
        }
        if !is_home {
            return Verdict::OtherScope;
        }
        let Some(ends) = self.writers.get(&place.org) else { return Verdict::NotOwner };
        let deed = Deed::Envelope(hash);
        let judge = |ends: &[StatementHash]| self.judge(ends, place.device, deed);
        place
            .judge(&self.roster.cuts, self.scope, deed)
            .max(judge(ends))
            .max(self.in_audience(place.org, judge))
    }

    /// What the Ends of a place in the document or its audience leave: its owner's device cuts as it ends.
    fn judge(&self, ends: &[StatementHash], device: DeviceId, deed: Deed) -> Verdict {
        self.roster.cuts.judge((ends, Cutter::Same), device, self.scope, deed)
    }

    /// What an organisation's place in the audience says, if the document lives in one.
    fn in_audience(&self, org: OrgId, judge: impl Fn(&[StatementHash]) -> Verdict) -> Verdict {
        let Some(audience) = &self.audience else { return Verdict::Yes };
        audience.get(&org).map_or(Verdict::NotInAudience, |ends| judge(ends))
    }

    /// Whether an envelope is the owner's own, or its heir's.
    pub fn is_owners(&self, envelope: &Envelope) -> bool {
        let place = self.roster.standings.get(&envelope.standing);
        place.is_some_and(|place| acts_for(&self.roster.heirs, place.org, self.owner))
    }

    /// Who may write now, the owner first; heirs in place of ended predecessors.
    pub(super) fn writers_now(&self) -> Vec<OrgId> {
        let present = |org: &OrgId| match self.scope {
            Scope::Organisation(_) => *org,
            Scope::Roster | Scope::Network | Scope::Named(_) => self.roster.present(*org),
        };
        let mut seen = BTreeSet::new();
        self.live.iter().map(present).filter(|org| seen.insert(*org)).collect()
    }
}

/// The co-owners of a document with the Ends of their places.
fn co_owners(roster: &Roster, genesis: &Genesis) -> Vec<(OrgId, Vec<StatementHash>)> {
    if roster.words.co_owning.is_empty() {
        return genesis.co_owners.iter().map(|org| (*org, Vec::new())).collect();
    }
    let document = genesis.document();
    let said = roster.words.co_owning.get(&document).into_iter().flatten();
    let rightful =
        |it: &&CoOwning| it.scope == genesis.scope && acts_for(&roster.heirs, it.by, genesis.owner);
    let said: Vec<&CoOwning> = said.filter(rightful).collect();
    let mut ledger = Ledger::default();
    for org in &genesis.co_owners {
        ledger.grant(in_genesis(document, *org), *org, None);
    }
    for it in &said {
        if let CoOwningAct::Grant { follows } = it.act {
            ledger.grant(it.hash, it.org, follows);
        }
    }
    for it in &said {
        if let CoOwningAct::End { grant } = it.act {
            ledger.end(it.hash, grant.unwrap_or_else(|| in_genesis(document, it.org)));
        }
    }
    ledger.grants().map(|(grant, org)| (org, ledger.ends_of(grant))).collect()
}

/// A place in a genesis as a grant among the others: no statement has such a hash.
fn in_genesis(document: DocumentId, org: OrgId) -> StatementHash {
    StatementHash(std::array::from_fn(|i| document.0[i] ^ org.0[i]))
}

impl Roster {
    /// The rights of one document, for many envelopes.
    pub fn rights(&self, genesis: &Genesis) -> Rights<'_> {
        Rights::of(self, genesis)
    }

    /// Whether an envelope counts, for ever: by what it was written under, and by the cuts of what has ended.
    pub fn counts(&self, hash: EnvelopeHash, envelope: &Envelope, genesis: &Genesis) -> Verdict {
        self.rights(genesis).counts(hash, envelope)
    }

    /// Who may write in a document now, its owner first: co-owners of the genesis and granted ones, less those that
    /// ended; heirs in place of ended predecessors.
    pub fn writers(&self, genesis: &Genesis) -> Vec<OrgId> {
        self.rights(genesis).writers_now()
    }

    /// Whether a document is withdrawn: by a device that may write in it, or by its owner's root.
    pub fn withdrawn(&self, genesis: &Genesis) -> Option<Withdrawn> {
        if self.words.withdrawals.is_empty() {
            return None;
        }
        let said = self.words.withdrawals.get(&genesis.document())?;
        let rights = self.rights(genesis);
        let mut withdrawn =
            Withdrawn { at_once: false, cut_awaited: true, why: String::new(), statements: Vec::new() };
        let mut devices = BTreeSet::new();
        for word in said.iter().filter(|word| word.scope == genesis.scope) {
            let (verdict, is_root) = match &word.by {
                Speaker::Root(orgs) => {
                    let of_owner = orgs.iter().any(|org| acts_for(&self.heirs, *org, genesis.owner));
                    (if of_owner { Verdict::Yes } else { Verdict::NotOwner }, true)
                }
                Speaker::Device(org) => {
                    (word.verdict.max(rights.may_withdraw(word.issuer, *org, word.said.hash)), false)
                }
            };
            if verdict > Verdict::CutAwaited {
                continue;
            }
            if verdict.is_yes() {
                withdrawn.cut_awaited = false;
                devices.insert(word.issuer);
                withdrawn.at_once |= is_root || devices.len() > 1;
            }
            if withdrawn.why.is_empty() {
                withdrawn.why.clone_from(&word.why);
            }
            withdrawn.statements.push((word.issuer, word.said));
        }
        (!withdrawn.statements.is_empty()).then_some(withdrawn)
    }
}

impl Rights<'_> {
    /// Whether the place of a device's organisation in document and audience lets a statement of it count.
    fn may_withdraw(&self, issuer: OrgId, org: OrgId, hash: StatementHash) -> Verdict {
        let Some(ends) = self.writers.get(&org) else { return Verdict::NotOwner };
        let judge = |ends: &[StatementHash]| self.judge(ends, DeviceId(issuer.0), Deed::Grave(hash));
        judge(ends).max(self.in_audience(org, judge))
    }
}
