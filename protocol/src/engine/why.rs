//! Why a record is or is not there: at this node, and at each other as far as this one can know.

use std::collections::{BTreeMap, VecDeque};

use super::{CommandError, Engine, Reply, RequestId, lanes::held};
use crate::{
    admission::{
        Base,
        counting::{Entry, count},
        own,
        state::{Record, Row, Stage},
    },
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, OrgId},
    membership::statement::{Fact, Receipt},
    store::{Read, StoreError},
    time::Timestamp,
};

/// A document of a record, here and elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The document.
    pub document: DocumentId,
    /// Where it lives: who may read it at all.
    pub scope: Scope,
    /// Who keeps it.
    pub owner: OrgId,
    /// How it stands at this node.
    pub here: Here,
    /// Changes that wait here, and what for.
    pub waiting: Waiting,
    /// Changes that are kept here and do not count, by the name of the reason: `orphan`, `past_cut` and others.
    pub aside: BTreeMap<&'static str, usize>,
    /// Changes of it that were refused since the start, by the name of the refusal; of documents that this
    /// happened to lately.
    pub refused: BTreeMap<&'static str, u64>,
    /// Its owner has more in this scope than the quota: of what is here, others do not take all; of another's, this node
    /// has not all.
    pub quota: bool,
    /// How it stands at every other node that is known.
    pub there: Vec<There>,
}

/// How a document stands at this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Here {
    /// It is there.
    There,
    /// It is kept, and nothing in it counts: its writers' rights have ended, or a cut is awaited.
    NothingCounts,
    /// Withdrawn: nobody sees it.
    Withdrawn {
        /// Since when this node has hidden it, seconds since 1970.
        hidden_s: u64,
        /// Whether its bytes are gone.
        purged: bool,
        /// Whether it is still open how much of those who said so counts: until then no bytes go.
        cut_awaited: bool,
        /// The reason given.
        why: String,
    },
    /// Only changes that wait have come of it.
    Waiting,
    /// Others have it, and it is not taken: its owner has as much here as the quota allows.
    LeftOut,
}

/// Changes that are held aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// For a grant or a cut that would let them count.
    pub for_grant: usize,
    /// For a change that they rest on.
    pub for_cause: usize,
}

/// How a document stands at another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// The device.
    pub device: DeviceId,
    /// Its organisation.
    pub org: OrgId,
    /// What is known of its copy.
    pub stands: Stands,
    /// Everything that it wrote in this scope until then is here, seconds since 1970 by its clock.
    pub known_s: Option<u64>,
}

/// What is known of another's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Its organisation is not in the audience: it has nothing of it.
    NotInAudience,
    /// It holds what we hold.
    Level,
    /// It is connected, and what differs is being found and fetched.
    Fetching,
    /// It is not connected; it last held what we held then.
    Behind(Option<Timestamp>),
    /// It has confirmed that it has hidden what was withdrawn, and whether the bytes are gone.
    Hidden {
        /// Whether the bytes are gone there.
        purged: bool,
    },
    /// Withdrawn, and it has not confirmed that it knows.
    NotConfirmed,
}

/// Documents of which it is remembered what was refused.
const REFUSALS_LIMIT: usize = 1024;

/// What was refused lately, by document.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    by_document: BTreeMap<DocumentId, BTreeMap<&'static str, u64>>,
    /// The oldest first.
    order: VecDeque<DocumentId>,
}

impl Refusals {
    pub(super) fn note(&mut self, document: DocumentId, reason: &'static str) {
        let reasons = self.by_document.entry(document).or_insert_with(|| {
            self.order.push_back(document);
            BTreeMap::new()
        });
        *reasons.entry(reason).or_default() += 1;
        if self.order.len() > REFUSALS_LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_document.remove(&oldest);
        }
    }
}

impl Engine {
    /// Every document of a record, and how it stands.
    pub(super) fn why(
        &mut self,
        request: RequestId,
        id: DocumentId,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        let mut genesis = self.documents_of(id);
        genesis.extend(self.quarantine.genesis(id).filter(|_| self.index.row(id).is_none()).cloned());
        // As it went: the draft before what was shared of it.
        genesis.sort_by_key(|genesis| (genesis.scope, genesis.document()));
        let whys: Result<Vec<Why>, StoreError> =
            genesis.iter().map(|genesis| self.why_of(genesis, store)).collect();
        let mut whys = whys?;
        if whys.is_empty() {
            whys.extend(self.why_left_out(id));
        }
        let reply = if whys.is_empty() { Err(CommandError::NotFound) } else { Ok(Reply::Why(whys)) };
        self.reply(request, reply);
        Ok(())
    }

    fn why_of(&self, genesis: &Genesis, store: &impl Read) -> Result<Why, StoreError> {
        let document = genesis.document();
        let row = self.index.row(document);
        let row = row.as_ref();
        let roster = self.statements.roster();
        let withdrawn = roster.withdrawn(genesis);
        let here = match (row, row.and_then(|row| row.gone)) {
            (None, _) => Here::Waiting,
            (Some(row), Some(gone)) if row.is_hidden() => Here::Withdrawn {
                hidden_s: gone.hidden_s,
                purged: gone.stage == Stage::Purged,
                cut_awaited: withdrawn.as_ref().is_some_and(|withdrawn| withdrawn.cut_awaited),
                why: withdrawn.map(|withdrawn| withdrawn.why).unwrap_or_default(),
            },
            (Some(row), _) if row.heads.is_empty() => Here::NothingCounts,
            (Some(_), _) => Here::There,
        };
        let is_hidden = row.is_some_and(Row::is_hidden);
        let there = self.everywhere_else(genesis.scope, |device| match is_hidden {
            true if self.may_see(device, genesis.scope) => self.confirmation(device, genesis),
            true | false => self.stands(device, genesis.scope),
        });
        let waiting = self.quarantine.waiting(document);
        let aside = self.aside(genesis, store)?;
        let refused = self.refusals.by_document.get(&document).cloned().unwrap_or_default();
        let (scope, owner) = (genesis.scope, genesis.owner);
        let quota = self.is_past_quota(genesis) || self.left_out(document).is_some();
        Ok(Why { document, scope, owner, here, waiting, aside, refused, quota, there })
    }

    /// Of a document that is not taken, its own id alone is known.
    fn why_left_out(&self, document: DocumentId) -> Option<Why> {
        let (scope, owner) = self.left_out(document)?;
        let there = self.everywhere_else(scope, |device| self.stands(device, scope));
        let (waiting, aside) = (Waiting::default(), BTreeMap::new());
        let refused = self.refusals.by_document.get(&document).cloned().unwrap_or_default();
        Some(Why { document, scope, owner, here: Here::LeftOut, waiting, aside, refused, quota: true, there })
    }

    /// Every other node, and how something of a scope stands there.
    fn everywhere_else(&self, scope: Scope, stands: impl Fn(DeviceId) -> Stands) -> Vec<There> {
        let own = self.device();
        let others = self.statements.roster().devices().filter(|(device, _)| **device != own);
        let there = others.map(|(device, granted)| There {
            device: *device,
            org: granted.org,
            stands: stands(*device),
            known_s: self.known_until(*device, scope),
        });
        there.collect()
    }

    /// What of a document is kept and does not count.
    fn aside(
        &self,
        genesis: &Genesis,
        store: &impl Read,
    ) -> Result<BTreeMap<&'static str, usize>, StoreError> {
        let document = genesis.document();
        let held = held(document, self.index.row(document).is_some_and(|row| row.gone.is_some()), store)?;
        let signed = held.iter().filter(|change| !change.is_containers());
        let entries: Vec<Entry> = signed.filter_map(|change| own(change).ok()).collect();
        let containers =
            Record::of(genesis).map(|record| Base::held(genesis, &record, &held).containers().clone());
        let roster = self.statements.roster();
        let counted = count(genesis, entries.iter(), roster, &containers.unwrap_or_default());
        let mut aside = BTreeMap::new();
        for why in counted.aside.values() {
            *aside.entry(why.code()).or_default() += 1;
        }
        Ok(aside)
    }

    fn stands(&self, device: DeviceId, scope: Scope) -> Stands {
        if !self.may_see(device, scope) {
            return Stands::NotInAudience;
        }
        match self.peers.by_device.get(&device) {
            Some(peer) if peer.is_level() => Stands::Level,
            Some(peer) if peer.connected => Stands::Fetching,
            peer => Stands::Behind(peer.and_then(super::peers::Peer::last_level)),
        }
    }

    /// What a device's receipt says of the withdrawals of a document.
    fn confirmation(&self, device: DeviceId, genesis: &Genesis) -> Stands {
        let document = genesis.document();
        let receipts: Vec<&Receipt> = self
            .receipts(genesis.scope)
            .filter(|(by, receipt)| *by == device && receipt.owner == genesis.owner)
            .map(|(_, receipt)| receipt)
            .collect();
        let marks = || receipts.iter().flat_map(|receipt| &receipt.marks);
        let said: Vec<(OrgId, u64)> = self
            .statements
            .all()
            .filter(|known| matches!(&known.fact, Fact::Withdrawal(it) if it.document == document))
            .map(|known| (known.statement.issuer, known.statement.number))
            .collect();
        let hidden =
            said.iter().any(|(by, number)| marks().any(|mark| mark.issuer == *by && mark.hidden >= *number));
        let purged =
            said.iter().any(|(by, number)| marks().any(|mark| mark.issuer == *by && mark.purged >= *number));
        if hidden { Stands::Hidden { purged } } else { Stands::NotConfirmed }
    }
}
