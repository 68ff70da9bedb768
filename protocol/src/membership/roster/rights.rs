//! Who has which right in one document.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Roster, Verdict, Withdrawn,
    cuts::{Cutter, Deed},
    ledger::Ledger,
    places::{Held, Places},
    standings::Place,
    words::{CoOwning, CoOwningAct, Speaker, acts_for},
};
use crate::{
    envelope::{Envelope, standing_again},
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, EnvelopeHash, OrgId, Standing, StatementHash},
};

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
    /// What is written under in places that were given again.
    again: BTreeMap<Standing, Under>,
    /// Those that have a place now, the owner first.
    live: Vec<OrgId>,
}

/// What something was written under.
#[derive(Debug, Clone, Copy)]
struct Under {
    first: Standing,
    in_document: Option<StatementHash>,
    in_audience: Option<StatementHash>,
}

impl Under {
    fn standing(self) -> Standing {
        let Self { first, in_document, in_audience } = self;
        match (in_document, in_audience) {
            (None, None) => first,
            (Some(_), _) | (_, Some(_)) => standing_again(first, in_document, in_audience),
        }
    }
}

impl<'a> Rights<'a> {
    pub(super) fn of(roster: &'a Roster, genesis: &Genesis) -> Self {
        let (owner, scope) = (genesis.owner, genesis.scope);
        let co_owners = co_owners(roster, genesis);
        let mut live = vec![owner];
        for (grant, org) in co_owners.grants() {
            if co_owners.ends_of(grant).is_empty() && !live.contains(&org) {
                live.push(org);
            }
        }
        let mut writers = Places::of(&co_owners, &roster.heirs);
        writers.add_live(&roster.heirs, owner);
        let audience = match scope {
            Scope::Named(audience) => Some(roster.words.circles.get(&audience).map(|circle| {
                let mut places = Places::of(&circle.adds, &BTreeMap::new());
                circle.owner.iter().for_each(|owner| places.add_live(&roster.heirs, *owner));
                places
            })),
            Scope::Roster | Scope::Organisation(_) | Scope::Network => None,
        };
        let audience = audience.map(Option::unwrap_or_default);
        let mut rights = Self { roster, owner, scope, writers, audience, again: BTreeMap::new(), live };
        rights.take_again();
        rights
    }

    /// What devices of those who were given a place again write under.
    fn take_again(&mut self) {
        let in_audience = self.audience.iter().flat_map(Places::given_again);
        let orgs: BTreeSet<OrgId> = self.writers.given_again().chain(in_audience).collect();
        if orgs.is_empty() {
            return;
        }
        let places = |held: Option<&Held>| -> Vec<Option<StatementHash>> {
            let again = held.into_iter().flat_map(Held::again).map(Some);
            std::iter::once(None).chain(again).collect()
        };
        for (first, place) in self.roster.standings.iter().filter(|(_, place)| orgs.contains(&place.org)) {
            for in_document in places(self.writers.get(place.org)) {
                let audience = self.audience.as_ref();
                for in_audience in places(audience.and_then(|audience| audience.get(place.org))) {
                    let under = Under { first: *first, in_document, in_audience };
                    self.again.insert(under.standing(), under);
                }
            }
        }
    }

    /// Under what, and from where, something was written.
    fn under(&self, standing: Standing) -> Option<(Under, &Place)> {
        let first = Under { first: standing, in_document: None, in_audience: None };
        let under = self.again.get(&standing).copied().unwrap_or(first);
        self.roster.standings.get(&under.first).map(|place| (under, place))
    }

    /// What a device writes under here now; none where it has no place.
    pub fn standing(&self, device: DeviceId) -> Option<Standing> {
        let first = self.roster.standing(device, self.scope)?;
        let org = self.roster.standings.get(&first)?.org;
        let now = |places: Option<&Places>| places.and_then(|places| places.get(org)?.now()).flatten();
        let (in_document, in_audience) = (now(Some(&self.writers)), now(self.audience.as_ref()));
        Some(Under { first, in_document, in_audience }.standing())
    }

    /// Whether an envelope counts, for ever: by what it was written under, and by the cuts of what has ended.
    pub fn counts(&self, hash: EnvelopeHash, envelope: &Envelope) -> Verdict {
        let Some((under, place)) = self.under(envelope.standing) else {
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
        let deed = Deed::Envelope(hash);
        let judge = |places: &Places, again, otherwise| {
            let Some(held) = places.get(place.org) else { return otherwise };
            let ends = held.ends_of(again);
            ends.map_or(Verdict::UnknownStanding, |ends| self.judge(ends, place.device, deed))
        };
        let in_document = judge(&self.writers, under.in_document, Verdict::NotOwner);
        let in_audience = self
            .audience
            .as_ref()
            .map_or(Verdict::Yes, |audience| judge(audience, under.in_audience, Verdict::NotInAudience));
        if in_document == Verdict::NotOwner {
            return in_document;
        }
        place.judge(&self.roster.cuts, self.scope, deed).max(in_document).max(in_audience)
    }

    /// What the Ends of a place in the document or its audience leave: its owner's device cuts as it ends.
    fn judge(&self, ends: &[StatementHash], device: DeviceId, deed: Deed) -> Verdict {
        self.roster.cuts.judge((ends, Cutter::Same), device, self.scope, deed)
    }

    /// Whether an envelope is the owner's own, or its heir's.
    pub fn is_owners(&self, envelope: &Envelope) -> bool {
        let place = self.under(envelope.standing);
        place.is_some_and(|(_, place)| acts_for(&self.roster.heirs, place.org, self.owner))
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

/// The places of a document's co-owners.
fn co_owners(roster: &Roster, genesis: &Genesis) -> Ledger<OrgId> {
    let mut ledger = Ledger::default();
    if genesis.co_owners.is_empty() && roster.words.co_owning.is_empty() {
        return ledger;
    }
    let document = genesis.document();
    let said = roster.words.co_owning.get(&document).into_iter().flatten();
    let rightful =
        |it: &&CoOwning| it.scope == genesis.scope && acts_for(&roster.heirs, it.by, genesis.owner);
    let said: Vec<&CoOwning> = said.filter(rightful).collect();
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
    ledger
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
        let judge = |places: &Places, otherwise| {
            let held = places.get(org);
            held.map_or(otherwise, |held| self.judge(&held.ends(), DeviceId(issuer.0), Deed::Grave(hash)))
        };
        let in_audience = self.audience.as_ref();
        judge(&self.writers, Verdict::NotOwner)
            .max(in_audience.map_or(Verdict::Yes, |audience| judge(audience, Verdict::NotInAudience)))
    }
}
