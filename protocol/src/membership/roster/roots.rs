//! The keys that vouch: the charter's roots as amended, and each organisation's root after its successions.

use std::collections::{BTreeMap, BTreeSet};

use super::book::Book;
use crate::{
    genesis::Scope,
    id::{Digest, NetworkId, OrgId, StatementHash},
    membership::{
        charter::{Charter, Parameters},
        statement::{CharterAmendment, Fact, Known, OrganisationSuccession, RootSuccession, body_hash},
    },
};

/// The charter as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Association {
    network: NetworkId,
    pub(super) roots: BTreeSet<OrgId>,
    pub(super) recovery: BTreeSet<OrgId>,
    pub(super) quorum: usize,
    pub(super) parameters: Parameters,
    /// The body of the newest amendment, or the network's id.
    pub(super) newest: Digest,
    /// In which order roots came: at the founding, with the first amendment, and so on.
    ranks: BTreeMap<OrgId, usize>,
    /// Roots that were removed, with what of theirs stands.
    gone: BTreeMap<OrgId, BTreeSet<StatementHash>>,
}

impl Association {
    /// Follows the amendments: of two that hold on one, the one whose body has the smaller hash.
    pub(super) fn of(charter: &Charter, book: &Book<'_>) -> Self {
        let network = charter.network();
        let mut all = BTreeMap::<Digest, BTreeMap<Digest, (&CharterAmendment, BTreeSet<OrgId>)>>::new();
        for known in book.iter().filter(|known| known.statement.network == network) {
            if let Fact::Amendment(body) = &known.fact {
                let hash = body_hash(known.statement.kind, &known.statement.body);
                let said =
                    all.entry(body.previous).or_default().entry(hash).or_insert((body, BTreeSet::new()));
                said.1.insert(known.statement.issuer);
            }
        }
        let mut now = Self {
            network,
            roots: charter.roots.iter().copied().collect(),
            recovery: charter.recovery.iter().copied().collect(),
            quorum: usize::from(charter.quorum),
            parameters: charter.parameters.clone(),
            newest: Digest(network.0),
            ranks: charter.roots.iter().map(|root| (*root, 0)).collect(),
            gone: BTreeMap::new(),
        };
        for rank in 1.. {
            let mut next = all.get(&now.newest).into_iter().flatten();
            let Some((hash, (body, _))) = next.find(|(_, (body, said))| now.accepts(body, said)) else {
                break;
            };
            now.amend(body, *hash, rank, book);
        }
        now
    }

    fn accepts(&self, body: &CharterAmendment, said: &BTreeSet<OrgId>) -> bool {
        let entitled = said.iter().filter(|key| self.roots.contains(key) || self.recovery.contains(key));
        let leaving = self.roots.iter().filter(|root| body.roots.binary_search(root).is_err());
        let comes_back = body.roots.iter().chain(&body.recovery).any(|key| self.gone.contains_key(key));
        entitled.count() >= self.quorum
            && leaving.eq(body.removed.iter().map(|removed| &removed.root))
            && !comes_back
    }

    fn amend(&mut self, body: &CharterAmendment, hash: Digest, rank: usize, book: &Book<'_>) {
        for removed in &body.removed {
            let good = self.gone.entry(removed.root).or_default();
            book.add_up_to(removed.last, removed.root, Scope::Roster, good);
            book.add_up_to(removed.last_network, removed.root, Scope::Network, good);
        }
        self.roots = body.roots.iter().copied().collect();
        self.recovery = body.recovery.iter().copied().collect();
        self.quorum = usize::from(body.quorum);
        self.parameters = body.parameters.clone();
        self.newest = hash;
        for root in &body.roots {
            self.ranks.entry(*root).or_insert(rank);
        }
    }

    pub(super) fn network(&self) -> NetworkId {
        self.network
    }

    /// Whether an association says it, and may.
    pub(super) fn vouches(&self, known: &Known) -> bool {
        let issuer = known.statement.issuer;
        let stands = || self.gone.get(&issuer).is_some_and(|good| good.contains(&known.hash));
        known.statement.network == self.network && (self.roots.contains(&issuer) || stands())
    }

    /// Whose word goes first: roots that came earlier, then lower numbers, then smaller hashes.
    pub(super) fn order(&self, known: &Known) -> (usize, u64, StatementHash) {
        let rank = self.ranks.get(&known.statement.issuer).copied().unwrap_or(usize::MAX);
        (rank, known.statement.number, known.hash)
    }

    /// The bodies that a quorum has said in the same words, by the hash of the body.
    fn said_together<'a, T>(
        &self,
        book: &Book<'a>,
        of: impl Fn(&'a Fact) -> Option<&'a T>,
    ) -> BTreeMap<Digest, &'a T> {
        let mut said = BTreeMap::<Digest, (&T, BTreeSet<OrgId>)>::new();
        for known in book.iter() {
            if let Some(body) = of(&known.fact)
                && self.vouches(known)
            {
                let hash = body_hash(known.statement.kind, &known.statement.body);
                said.entry(hash).or_insert((body, BTreeSet::new())).1.insert(known.statement.issuer);
            }
        }
        let enough = said.into_iter().filter(|(_, (_, issuers))| issuers.len() >= self.quorum);
        enough.map(|(hash, (body, _))| (hash, body)).collect()
    }

    /// Who took over from whom. Of two heirs of one the body with the smaller hash holds, and nobody is his own.
    pub(super) fn heirs(&self, book: &Book<'_>) -> BTreeMap<OrgId, OrgId> {
        let mut heirs = BTreeMap::<OrgId, OrgId>::new();
        fn merger(fact: &Fact) -> Option<&OrganisationSuccession> {
            if let Fact::OrganisationSuccession(body) = fact { Some(body) } else { None }
        }
        for OrganisationSuccession { predecessor, heir } in self.said_together(book, merger).into_values() {
            let mut line = std::iter::successors(Some(*heir), |org| heirs.get(org).copied());
            if !heirs.contains_key(predecessor) && line.all(|org| org != *predecessor) {
                heirs.insert(*predecessor, *heir);
            }
        }
        heirs
    }
}

/// One key in an organisation's line of roots.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    key: OrgId,
    /// What of it stands, once another has followed.
    good: Option<BTreeSet<StatementHash>>,
}

/// The organisations whose root is another than the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    lines: BTreeMap<OrgId, Vec<Key>>,
    orgs: BTreeMap<OrgId, BTreeSet<OrgId>>,
}

impl Lines {
    /// Follows the successions: what a quorum of associations says goes before what the old key itself says, then
    /// the lower number, then the smaller hash.
    pub(super) fn of(association: Option<&Association>, book: &Book<'_>) -> Self {
        let mut steps = BTreeMap::<(OrgId, OrgId), BTreeMap<(u8, u64, [u8; 32]), &RootSuccession>>::new();
        for known in book.iter() {
            if let Fact::RootSuccession(body) = &known.fact
                && body.old == known.statement.issuer
                && speaks_of(association.map(|it| it.network()), known)
            {
                let order = (1, known.statement.number, known.hash.0);
                steps.entry((body.org, body.old)).or_default().insert(order, body);
            }
        }
        fn step(fact: &Fact) -> Option<&RootSuccession> {
            if let Fact::RootSuccession(body) = fact { Some(body) } else { None }
        }
        for (hash, body) in association.into_iter().flat_map(|it| it.said_together(book, step)) {
            steps.entry((body.org, body.old)).or_default().insert((0, 0, hash.0), body);
        }
        let begun: BTreeSet<OrgId> =
            steps.keys().filter(|(org, old)| org == old).map(|(org, _)| *org).collect();
        let mut lines = Self::default();
        for org in begun {
            let mut line: Vec<Key> = Vec::new();
            let mut now = org;
            loop {
                let is_new = |body: &&&RootSuccession| line.iter().all(|key| key.key != body.new);
                let Some(body) = steps.get(&(org, now)).and_then(|steps| steps.values().find(is_new)) else {
                    break;
                };
                let mut good = BTreeSet::new();
                book.add_up_to(body.last, now, Scope::Roster, &mut good);
                book.add_up_to(body.last_network, now, Scope::Network, &mut good);
                book.add_up_to(body.last_organisation, now, Scope::Organisation(org), &mut good);
                line.push(Key { key: now, good: Some(good) });
                now = body.new;
            }
            line.push(Key { key: now, good: None });
            for key in &line[1..] {
                lines.orgs.entry(key.key).or_default().insert(org);
            }
            lines.lines.insert(org, line);
        }
        lines
    }

    /// The key that speaks for an organisation now.
    pub(super) fn root_of(&self, org: OrgId) -> OrgId {
        self.lines.get(&org).and_then(|line| line.last()).map_or(org, |key| key.key)
    }

    /// The organisations that a key may speak for: the one that it is the first root of, then those that say that
    /// it became theirs.
    pub(super) fn orgs_of(&self, key: OrgId) -> impl Iterator<Item = OrgId> {
        std::iter::once(key).chain(self.orgs.get(&key).into_iter().flatten().copied())
    }

    /// Whether an organisation's root says it, and may; which in the line of roots it is.
    pub(super) fn speaks_for(&self, org: OrgId, known: &Known) -> Option<usize> {
        let issuer = known.statement.issuer;
        match self.lines.get(&org) {
            None => (issuer == org).then_some(0),
            Some(line) => line.iter().position(|key| {
                key.key == issuer && key.good.as_ref().is_none_or(|good| good.contains(&known.hash))
            }),
        }
    }
}

/// Whether a statement is about this network, or about its issuer itself.
pub(super) fn speaks_of(network: Option<NetworkId>, known: &Known) -> bool {
    known.statement.network == NetworkId::NONE || Some(known.statement.network) == network
}
