//! What follows from new statements: who belongs, what counts, what is hidden.
//!
//! What was counted under older statements is counted again, a few documents at a time. A digest of
//! the statements that decide about it is remembered once all are done, so that a crash in between
//! heals at the next start.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::{Engine, Event, Output, Resting, lanes::Task, setup};
use crate::{
    genesis::{Genesis, Scope},
    id::{Digest, DocumentId, OrgId, StatementHash},
    membership::{
        roster::Roster,
        statement::{Fact, Known},
    },
    store::{Put, Read, StoreError},
};

/// Under which name the digest of the statements that everything was counted under is remembered.
const COUNTED: &str = "counted";
/// Documents that are counted again at once.
const RECOUNTS: usize = 16;

/// Documents to count again.
#[derive(Debug, Default)]
pub(super) struct Recounts {
    open: BTreeSet<DocumentId>,
    under_way: BTreeSet<DocumentId>,
    /// Documents of which orphans are being written again.
    writing: BTreeSet<DocumentId>,
    /// The digest that is remembered.
    counted: Option<Digest>,
}

/// What a statement may turn over of what counted before.
#[derive(Debug, Default)]
struct Touched {
    everything: bool,
    orgs: BTreeSet<OrgId>,
    documents: BTreeSet<DocumentId>,
}

impl Engine {
    /// New statements are durable: folds them and does what follows.
    pub(super) fn take_effect(
        &mut self,
        new: Vec<Known>,
        joined: bool,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        if joined {
            self.identity = setup::identity(store)?;
            self.charter = setup::charter(store)?;
        }
        let before = self.statements.roster().clone();
        let ended = self.ended();
        // Receipts and heads are in no digest.
        let compared = new.iter().filter(|known| known.is_compared());
        let scopes: BTreeSet<Scope> = compared.map(Known::scope).collect();
        let folds = joined || new.iter().any(|known| decides(&known.fact) || is_folded(&known.fact));
        self.hold(new.clone());
        if folds {
            self.statements.fold(self.charter.as_ref());
        }
        if joined || scopes.contains(&Scope::Roster) {
            self.announce_ended(ended.as_ref());
            self.roster_changed();
        }
        self.scopes_changed(&scopes);
        self.heard_notices(&new);
        if folds {
            let touched = self.touched(&new, &before);
            self.count_again(touched);
            self.cut_for_others(&new, store)?;
            self.carry_places_of(&new);
            self.hide_and_restore(store, rng)?;
            self.recount_next(store, rng)?;
            self.retry_quarantined(store, rng)?;
        }
        Ok(())
    }

    /// Digests of these scopes have changed: those who may read them hear of it, and nobody else.
    pub(super) fn scopes_changed(&mut self, scopes: &BTreeSet<Scope>) {
        let now = self.now;
        for device in self.connected_friends() {
            if scopes.iter().any(|scope| self.may_see(device, *scope)) {
                if let Some(peer) = self.peers.by_device.get_mut(&device) {
                    peer.hello_soon(now);
                }
                self.tell_audiences(device);
            }
        }
    }

    fn touched(&self, new: &[Known], before: &Roster) -> Touched {
        let mut touched = Touched::default();
        let after = self.statements.roster();
        // Whoever lost a place to a rival.
        let members = before.members().filter(|(org, _)| after.member(**org).is_none());
        touched.orgs.extend(members.map(|(org, _)| *org));
        let lost =
            before.devices().filter(|(id, held)| after.device(**id).is_none_or(|now| now.org != held.org));
        touched.orgs.extend(lost.map(|(_, device)| device.org));
        for known in new {
            self.touched_by(known, before, &mut touched);
        }
        touched
    }

    fn touched_by(&self, known: &Known, before: &Roster, touched: &mut Touched) {
        match &known.fact {
            Fact::Membership(grant) => {
                let known_before = before.member(grant.org).is_some() || grant.follows.is_some();
                if known_before || self.has_uncounted(grant.org) {
                    touched.orgs.insert(grant.org);
                }
            }
            Fact::Device(grant, _) => {
                let known_before = before.device(grant.device).is_some() || grant.follows.is_some();
                if known_before || self.has_uncounted(grant.org) {
                    touched.orgs.insert(grant.org);
                }
            }
            Fact::MembershipEnd(end) | Fact::DeviceEnd(end) => {
                touched.orgs.extend(self.org_of_grant(end.grant))
            }
            Fact::Cut(cut) => {
                let end = self.statements.get(cut.end);
                if let Some(end) = end.filter(|end| !matches!(end.fact, Fact::Cut(_))) {
                    self.touched_by(end, before, touched);
                }
            }
            Fact::RootSuccession(succession) => drop(touched.orgs.insert(succession.org)),
            Fact::OrganisationSuccession(succession) => {
                touched.orgs.extend([succession.predecessor, succession.heir]);
            }
            Fact::Amendment(_) => touched.everything = true,
            Fact::AudienceAdd(add) => drop(touched.orgs.insert(add.org)),
            Fact::AudienceEnd(end) => touched.orgs.extend(self.org_of_grant(end.add)),
            Fact::CoOwnerGrant(grant) => drop(touched.documents.insert(grant.document)),
            Fact::CoOwnerEnd(end) => drop(touched.documents.insert(end.document)),
            Fact::Address(_)
            | Fact::AudienceOpen(_)
            | Fact::Founding(_)
            | Fact::Withdrawal(_)
            | Fact::Receipt(_)
            | Fact::Head(_)
            | Fact::Unknown => {}
        }
    }

    /// Whether something of an organisation's is held here that does not count.
    fn has_uncounted(&self, org: OrgId) -> bool {
        let roster = self.statements.roster();
        self.index.uncounted().any(|genesis| roster.writers(&genesis).contains(&org))
    }

    /// The organisation that a membership, a device's grant or a place in an audience is about.
    pub(super) fn org_of_grant(&self, grant: StatementHash) -> Option<OrgId> {
        let fact = &self.statements.get(grant)?.fact;
        if let Fact::Membership(grant) = fact {
            return Some(grant.org);
        }
        if let Fact::Device(grant, _) = fact {
            return Some(grant.org);
        }
        let Fact::AudienceAdd(add) = fact else { return None };
        Some(add.org)
    }

    fn count_again(&mut self, touched: Touched) {
        let roster = self.statements.roster().clone();
        let is_touched = |(document, genesis): &(DocumentId, Genesis)| {
            touched.everything
                || touched.documents.contains(document)
                || genesis.writers().iter().any(|org| touched.orgs.contains(org))
                || roster.writers(genesis).iter().any(|org| touched.orgs.contains(org))
        };
        if touched.everything || !touched.orgs.is_empty() || !touched.documents.is_empty() {
            let documents = self.index.geneses().filter(is_touched);
            self.recounts.open.extend(documents.map(|(document, _)| document));
        }
    }

    /// At the start: whether what is held was counted under other statements than these.
    pub(super) fn check_counted(&mut self, store: &impl Read) -> Result<(), StoreError> {
        let counted = store.local(COUNTED)?.and_then(|bytes| bytes.try_into().ok()).map(Digest);
        self.recounts.counted = counted;
        if counted != Some(self.statements.deciding()) {
            self.recounts.open.extend(self.index.documents());
        }
        Ok(())
    }

    /// A document was counted.
    pub(super) fn counted(&mut self, document: DocumentId) {
        self.recounts.under_way.remove(&document);
    }

    /// Orphans of a document are to be written again.
    pub(super) fn writing_again(&mut self, document: DocumentId) {
        self.recounts.writing.insert(document);
    }

    /// They are.
    pub(super) fn wrote_again(&mut self, document: DocumentId) {
        self.recounts.writing.remove(&document);
    }

    /// Until all is done, a start begins with counting everything.
    pub(super) fn uncounted(&mut self) -> Put {
        self.recounts.counted = None;
        Put::Local(COUNTED.into(), None)
    }

    /// Counts the next documents again; when all are done, remembers under what.
    pub(super) fn recount_next(&mut self, store: &impl Read, rng: &mut impl Rng) -> Result<(), StoreError> {
        while self.recounts.under_way.len() < RECOUNTS
            && let Some(document) = self.recounts.open.pop_first()
        {
            if let Some(row) = self.index.row(document) {
                let genesis = row.genesis;
                self.recounts.under_way.insert(document);
                self.line_up(genesis, Task::Admit { changes: Vec::new(), source: None }, store, rng)?;
            }
        }
        let Recounts { open, under_way, writing, counted } = &self.recounts;
        let is_done = open.is_empty() && under_way.is_empty() && writing.is_empty();
        let deciding = self.statements.deciding();
        if is_done && self.batches.is_empty() && *counted != Some(deciding) {
            self.recounts.counted = Some(deciding);
            let put = Put::Local(COUNTED.into(), Some(deciding.0.to_vec()));
            self.commit(vec![put], Resting::default());
        }
        Ok(())
    }

    /// A record is there no longer, or reads otherwise.
    pub(super) fn announce_record(&mut self, key: (DocumentId, OrgId)) {
        let event = match self.index.reference(key) {
            Some(record) => Event::RecordChanged(record),
            None => Event::RecordGone(key.0, key.1),
        };
        self.outputs.push_back(Output::Announce(event));
    }
}

/// Whether a statement decides what counts.
pub(super) fn decides(fact: &Fact) -> bool {
    match fact {
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
        | Fact::CoOwnerEnd(_) => true,
        Fact::Address(_)
        | Fact::Founding(_)
        | Fact::Withdrawal(_)
        | Fact::Receipt(_)
        | Fact::Head(_)
        | Fact::Unknown => false,
    }
}

/// Whether the roster tells of a statement that decides nothing about what counts.
pub(super) fn is_folded(fact: &Fact) -> bool {
    matches!(fact, Fact::Address(_) | Fact::Withdrawal(_))
}
