//! The statements this node holds, each in the scope where it lives, and the roster that they fold into.
//!
//! All that is large is shared between copies as long as it is the same, so that [`Statements::open`] beside those of
//! another engine costs what differs.

mod taking;

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use minicbor::bytes::ByteVec;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::folding::{decides, is_folded};
use crate::{
    genesis::Scope,
    id::{DeviceId, Digest, Item, OrgId, StatementHash},
    membership::{
        charter::Charter,
        issuing::last_said,
        roster::Roster,
        statement::{Chain, Fact, Kind, Known, Said, StatementError},
    },
    signed::encoding::hash,
    store::{Put, Read, StoreError},
};

/// Statements of issuers that nobody vouches for yet: so many are kept in memory, the rest comes again.
const PENDING_LIMIT: usize = 1024;
/// Statements of one issuer in one scope: those with the smallest numbers are kept.
const ISSUED_LIMIT: usize = 32 * 1024;
/// Those of one issuer in one scope whose kind is not known here.
const UNKNOWN_LIMIT: usize = 256;

/// What one issuer has said in one scope, by number and hash.
type Issued = RedBlackTreeSetSync<(u64, StatementHash)>;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements {
    known: RedBlackTreeMapSync<StatementHash, Known>,
    by_item: RedBlackTreeMapSync<(Scope, Item), StatementHash>,
    /// What counts towards the limits; whether of unknown kinds is in the key.
    issued: RedBlackTreeMapSync<(OrgId, Scope, bool), Issued>,
    /// Of what replaces what its issuer said before: the one that holds.
    newest: RedBlackTreeMapSync<Topic, StatementHash>,
    pending: BTreeMap<StatementHash, Known>,
    /// Where our own keys stand in their numbering, durable or not.
    spoken: BTreeMap<(OrgId, Scope, Option<u16>), Said>,
    roster: Arc<Roster>,
    /// Digest of the statements that decide about what counts.
    deciding: [u8; 32],
}

/// What a store holds, read.
pub(crate) struct Opened {
    pub(crate) statements: Statements,
    /// Those that others have replaced, to be forgotten.
    pub(crate) replaced: Vec<Known>,
    /// Whether the roster's scope has other statements than those beside which it was opened.
    pub(crate) differs: bool,
}

/// What a later statement of the same issuer in the same scope replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    issuer: OrgId,
    scope: Scope,
    kind: u16,
    /// Of receipts: whose withdrawals they are about.
    owner: Option<OrgId>,
}

impl Statements {
    /// Reads what the store holds, but for what is held beside it under the same charter: that is checked and folded.
    pub(crate) fn open(
        beside: Option<&Self>,
        charter: Option<&Charter>,
        store: &impl Read,
    ) -> Result<Opened, StoreError> {
        let held = beside.cloned().unwrap_or_default();
        let mut statements = Self { pending: BTreeMap::new(), spoken: BTreeMap::new(), ..held.clone() };
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        // Both come in the order of their hashes.
        let mut others = held.known.values().peekable();
        store.each_statement(&mut |hash, bytes| {
            gone.extend(std::iter::from_fn(|| others.next_if(|other| other.hash < hash)));
            if others.next_if(|other| other.hash == hash).is_none() {
                let damaged = |_| StoreError::Damaged { what: format!("statement {}", hash.short()) };
                new.push(Known::trusted(bytes).map_err(damaged)?);
            }
            Ok(())
        })?;
        gone.extend(others);
        let changed = || gone.iter().copied().chain(&new);
        let differs = beside.is_none() || changed().any(|known| known.scope() == Scope::Roster);
        let folds = beside.is_none() || changed().any(|known| decides(&known.fact) || is_folded(&known.fact));
        gone.iter().for_each(|known| statements.remove(known));
        let mut replaced: Vec<Known> = new.into_iter().filter_map(|known| statements.insert(known)).collect();
        replaced.sort_unstable_by_key(|known| known.hash);
        if folds {
            statements.fold(charter);
        }
        Ok(Opened { statements, replaced, differs })
    }

    /// Takes one in. What has no place beside it any longer comes back: it, or another.
    pub(crate) fn insert(&mut self, known: Known) -> Option<Known> {
        if self.known.contains_key(&known.hash) {
            return None;
        }
        let gone = match topic(&known) {
            Some(topic) => match self.newest.get(&topic).and_then(|hash| self.known.get(hash)) {
                Some(held) if !known.is_newer_than(held) => return Some(known),
                held => held.cloned(),
            },
            None => {
                let issued = self.issued.get(&issued_key(&known));
                let last = issued.filter(|issued| issued.size() >= limit(&known)).and_then(Issued::last);
                // Every node keeps the same ones, in whatever order they came.
                match last {
                    Some(last) if *last < (known.statement.number, known.hash) => return Some(known),
                    last => last.and_then(|(_, hash)| self.known.get(hash)).cloned(),
                }
            }
        };
        if let Some(gone) = &gone {
            self.remove(gone);
        }
        match topic(&known) {
            Some(topic) => self.newest.insert_mut(topic, known.hash),
            None => self.issued_by(&known, |issued| issued.insert_mut((known.statement.number, known.hash))),
        }
        self.by_item.insert_mut((known.scope(), known.item()), known.hash);
        self.known.insert_mut(known.hash, known);
        gone
    }

    /// Takes one out, as if it had never been here.
    fn remove(&mut self, known: &Known) {
        match topic(known) {
            Some(topic) => drop(self.newest.remove_mut(&topic)),
            None => self.issued_by(known, |issued| {
                issued.remove_mut(&(known.statement.number, known.hash));
            }),
        }
        self.by_item.remove_mut(&(known.scope(), known.item()));
        self.known.remove_mut(&known.hash);
    }

    /// Changes what counts towards the limit of a statement's issuer.
    fn issued_by(&mut self, known: &Known, change: impl FnOnce(&mut Issued)) {
        let key = issued_key(known);
        let mut issued = self.issued.get(&key).cloned().unwrap_or_default();
        change(&mut issued);
        if issued.is_empty() {
            self.issued.remove_mut(&key);
        } else {
            self.issued.insert_mut(key, issued);
        }
    }

    /// Folds all of them again.
    pub(crate) fn fold(&mut self, charter: Option<&Charter>) {
        self.roster = Arc::new(self.roster_with(charter, &[]));
        let deciding = self.known.values().filter(|known| decides(&known.fact));
        let deciding: Vec<StatementHash> = deciding.map(|known| known.hash).collect();
        self.deciding = hash("praksis/counted/1", &(self.roster.network(), deciding));
    }

    /// Digest of the network and of the statements that decide about what counts in it.
    pub(crate) fn deciding(&self) -> Digest {
        Digest(self.deciding)
    }

    /// Those that live in a scope, in the order of their hashes.
    pub(crate) fn of_scope(&self, scope: Scope) -> impl Iterator<Item = &Known> {
        let items = self.by_item.range((scope, Item([0; 16]))..).take_while(move |((of, _), _)| *of == scope);
        items.filter_map(|(_, hash)| self.known.get(hash))
    }

    /// All but those of the roster: few.
    pub(crate) fn of_documents(&self) -> impl Iterator<Item = &Known> {
        let last = (Scope::Roster, Item([0xff; 16]));
        let items = self.by_item.range((Bound::Excluded(last), Bound::Unbounded));
        items.filter_map(|(_, hash)| self.known.get(hash))
    }

    /// The roster as it would be with these as well.
    pub(crate) fn roster_with(&self, charter: Option<&Charter>, more: &[Known]) -> Roster {
        Roster::fold(charter, self.known.values().chain(more))
    }

    pub(crate) fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Known> {
        self.known.values()
    }

    /// The receipts and heads that hold.
    pub(crate) fn notices(&self) -> impl Iterator<Item = &Known> {
        self.newest.values().filter_map(|hash| self.known.get(hash)).filter(|known| !known.is_compared())
    }

    pub(crate) fn by_item(&self, scope: Scope, item: Item) -> Option<&Known> {
        self.known.get(self.by_item.get(&(scope, item))?)
    }

    /// Whether it waits for the grant of its issuer.
    pub(crate) fn is_pending(&self, hash: StatementHash) -> bool {
        self.pending.contains_key(&hash)
    }

    pub(crate) fn get(&self, hash: StatementHash) -> Option<&Known> {
        self.known.get(&hash)
    }

    /// Where an issuer stands in its numbering in a scope.
    pub(crate) fn chain(&self, issuer: OrgId, scope: Scope) -> Chain {
        let spoken = self.spoken.get(&(issuer, scope, None)).copied();
        let last = last_said(issuer, scope, self.known.values()).into_iter().chain(spoken);
        let last = last.max_by_key(|said| (said.number, std::cmp::Reverse(said.hash)));
        Chain { scope: (scope != Scope::Roster).then_some(scope), ..Chain::after(last) }
    }

    /// The highest number of a kind whose statements replace each other, as an issuer has used it.
    pub(crate) fn last_replaced(&self, issuer: OrgId, scope: Scope, kind: Kind) -> u64 {
        let own = self
            .newest
            .iter()
            .filter(|(topic, _)| topic.issuer == issuer && topic.scope == scope && topic.kind == kind as u16);
        let known = own.filter_map(|(_, hash)| Some(self.known.get(hash)?.statement.number));
        let spoken = self.spoken.get(&(issuer, scope, Some(kind as u16))).map(|said| said.number);
        known.chain(spoken).max().unwrap_or_default()
    }

    /// Notes the number of a statement that we have just signed.
    pub(crate) fn number(&mut self, known: &Known) {
        let kind = (!known.is_compared()).then_some(known.statement.kind);
        self.spoken.insert((known.statement.issuer, known.scope(), kind), known.said());
    }

    /// The statements that show who a device is, its grant and its organisation's membership, and
    /// where: whoever has met it once can find it again.
    pub(crate) fn proof(&self, org: OrgId, device: DeviceId) -> Vec<&Known> {
        let grant = self.roster.device(device).map(|granted| granted.grant);
        let membership = self.roster.member(org).map(|member| member.grant);
        let who = membership.into_iter().chain(grant).filter_map(|hash| self.known.get(&hash));
        self.lines_of_roots(org).chain(who).chain(self.address(device)).collect()
    }

    /// What makes the present roots of the association, and of an organisation, out of the first ones:
    /// without it nobody can tell whose word a grant is.
    pub(crate) fn lines_of_roots(&self, org: OrgId) -> impl Iterator<Item = &Known> {
        let is_line = move |known: &&Known| {
            let Fact::RootSuccession(succession) = &known.fact else {
                return matches!(known.fact, Fact::Amendment(_));
            };
            let vouches = self.roster.roots().any(|root| root == self.roster.root_of(succession.org));
            succession.org == org || vouches
        };
        self.known.values().filter(is_line)
    }

    /// The statement that says where a device is.
    fn address(&self, device: DeviceId) -> Option<&Known> {
        let own =
            |known: &&Known| matches!(known.fact, Fact::Address(_)) && known.statement.issuer.0 == device.0;
        self.known.values().find(own)
    }

    /// Grants of an organisation's devices with their Ends, and where they are: without its End, an earlier
    /// grant would hold the slot that a later one has.
    pub(crate) fn of_organisation(&self, org: OrgId) -> Vec<&Known> {
        let is_device = |device: DeviceId| self.roster.device(device).is_some_and(|device| device.org == org);
        let is_about_ours = |grant| match self.known.get(&grant).map(|known| &known.fact) {
            Some(fact) => {
                matches!(fact, Fact::Membership(grant) if grant.org == org)
                    || matches!(fact, Fact::Device(grant, _) if grant.org == org)
            }
            None => false,
        };
        let of_ours = |known: &&Known| {
            matches!(&known.fact, Fact::MembershipEnd(end) | Fact::DeviceEnd(end) if is_about_ours(end.grant))
                || matches!(&known.fact, Fact::Membership(grant) if grant.org == org)
                || matches!(&known.fact, Fact::Device(grant, _) if grant.org == org)
                || matches!(known.fact, Fact::Address(_)) && is_device(DeviceId(known.statement.issuer.0))
        };
        self.lines_of_roots(org).chain(self.known.values().filter(of_ours)).collect()
    }
}

fn issued_key(known: &Known) -> (OrgId, Scope, bool) {
    (known.statement.issuer, known.scope(), known.fact == Fact::Unknown)
}

fn limit(known: &Known) -> usize {
    if known.fact == Fact::Unknown { UNKNOWN_LIMIT } else { ISSUED_LIMIT }
}

/// What a statement replaces, if its kind does.
fn topic(known: &Known) -> Option<Topic> {
    let owner = match &known.fact {
        Fact::Receipt(receipt) => Some(receipt.owner),
        Fact::Address(_) | Fact::Head(_) => None,
        Fact::Membership(_)
        | Fact::Device(..)
        | Fact::MembershipEnd(_)
        | Fact::DeviceEnd(_)
        | Fact::Cut(_)
        | Fact::RootSuccession(_)
        | Fact::OrganisationSuccession(_)
        | Fact::Amendment(_)
        | Fact::AudienceOpen(_)
        | Fact::AudienceAdd(_)
        | Fact::AudienceEnd(_)
        | Fact::CoOwnerGrant(_)
        | Fact::CoOwnerEnd(_)
        | Fact::Founding(_)
        | Fact::Withdrawal(_)
        | Fact::Unknown => return None,
    };
    let (issuer, scope, kind) = (known.statement.issuer, known.scope(), known.statement.kind);
    Some(Topic { issuer, scope, kind, owner })
}

/// Reads statements that came together; what is none of them is returned apart.
pub(super) fn read_all(received: &[ByteVec]) -> (Vec<Known>, Vec<StatementError>) {
    let mut known = Vec::new();
    let mut refused = Vec::new();
    for bytes in received {
        match Known::read(bytes) {
            Ok(one) => known.push(one),
            Err(error) => refused.push(error),
        }
    }
    (known, refused)
}

/// As a batch has it.
pub(crate) fn put(known: &Known) -> Put {
    Put::Statement(known.hash, known.statement.bytes().to_vec())
}
