//! The statements this node holds, and the roster that they fold into.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    genesis::Scope,
    id::{Item, OrgId, StatementHash},
    membership::{
        charter::Charter,
        issuing::last_said,
        roster::Roster,
        statement::{Chain, Fact, Known, StatementError},
    },
    store::{Put, Read, StoreError},
};

/// Statements of issuers that nobody vouches for yet: so many are kept in memory, the rest comes again.
const PENDING_LIMIT: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    known: BTreeMap<StatementHash, Known>,
    by_item: BTreeMap<Item, StatementHash>,
    pending: BTreeMap<StatementHash, Known>,
    roster: Arc<Roster>,
}

impl Statements {
    pub(crate) fn open(charter: Option<&Charter>, store: &impl Read) -> Result<Self, StoreError> {
        let mut statements = Self::default();
        for (hash, bytes) in store.statements()? {
            let known = Known::read(&bytes)
                .map_err(|_| StoreError::Damaged { what: format!("statement {}", hash.short()) })?;
            statements.insert(known);
        }
        statements.fold(charter);
        Ok(statements)
    }

    pub(crate) fn insert(&mut self, known: Known) {
        self.by_item.insert(known.item(), known.hash);
        self.known.insert(known.hash, known);
    }

    /// Folds all of them again.
    pub(crate) fn fold(&mut self, charter: Option<&Charter>) {
        self.roster = Arc::new(self.roster_with(charter, &[]));
    }

    /// The roster as it would be with these as well.
    pub(crate) fn roster_with(&self, charter: Option<&Charter>, more: &[Known]) -> Roster {
        Roster::fold(charter, self.known.values().chain(more))
    }

    pub(crate) fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = Item> + '_ {
        self.by_item.keys().copied()
    }

    pub(crate) fn by_item(&self, item: Item) -> Option<&Known> {
        self.known.get(self.by_item.get(&item)?)
    }

    pub(crate) fn get(&self, hash: StatementHash) -> Option<&Known> {
        self.known.get(&hash)
    }

    /// Where an issuer stands in its numbering.
    pub(crate) fn chain(&self, issuer: OrgId) -> Chain {
        Chain::after(last_said(issuer, Scope::Roster, self.known.values()))
    }

    /// Verifies what a peer sent and returns what is new and comes from somebody who belongs.
    ///
    /// What comes from nobody known waits: the grant that makes it somebody may be on its way.
    pub(crate) fn take<'a>(
        &mut self,
        received: impl Iterator<Item = &'a [u8]>,
        charter: Option<&Charter>,
        own: Option<OrgId>,
    ) -> (Vec<Known>, Vec<StatementError>) {
        let mut refused = Vec::new();
        for bytes in received {
            match Known::read(bytes) {
                Ok(known) if self.known.contains_key(&known.hash) => {}
                Ok(known) => {
                    if self.pending.len() >= PENDING_LIMIT {
                        self.pending.pop_first();
                    }
                    self.pending.insert(known.hash, known);
                }
                Err(error) => refused.push(error),
            }
        }
        (self.take_pending(charter, own), refused)
    }

    /// Those that wait whose issuer belongs, given all others that do.
    fn take_pending(&mut self, charter: Option<&Charter>, own: Option<OrgId>) -> Vec<Known> {
        let mut taken: BTreeMap<StatementHash, Known> = BTreeMap::new();
        loop {
            let roster = Roster::fold(charter, self.known.values().chain(taken.values()));
            let belongs = |known: &Known| {
                let issuer = known.statement.issuer;
                let root = charter.is_some_and(|charter| {
                    charter.roots.contains(&issuer) || charter.recovery.contains(&issuer)
                });
                root || Some(issuer) == own
                    || roster.member(issuer).is_some()
                    || roster.device(crate::id::DeviceId(issuer.0)).is_some()
            };
            let ready: Vec<StatementHash> =
                self.pending.values().filter(|known| belongs(known)).map(|known| known.hash).collect();
            if ready.is_empty() {
                return taken.into_values().collect();
            }
            for hash in ready {
                if let Some(known) = self.pending.remove(&hash) {
                    taken.insert(hash, known);
                }
            }
        }
    }

    /// The statements that show who a device is, its grant and its organisation's membership, and
    /// where: whoever has met it once can find it again.
    pub(crate) fn proof(&self, org: OrgId, device: crate::id::DeviceId) -> Vec<&Known> {
        let grant = self.roster.device(device).map(|granted| granted.grant);
        let membership = self.roster.member(org).map(|member| member.grant);
        let who = membership.into_iter().chain(grant).filter_map(|hash| self.known.get(&hash));
        who.chain(self.address(device)).collect()
    }

    /// The statement that says where a device is.
    fn address(&self, device: crate::id::DeviceId) -> Option<&Known> {
        let own =
            |known: &&Known| matches!(known.fact, Fact::Address(_)) && known.statement.issuer.0 == device.0;
        let newest = |known: &&Known| (known.statement.number, std::cmp::Reverse(known.hash));
        self.known.values().filter(own).max_by_key(newest)
    }

    /// Grants of an organisation's devices, and where they are.
    pub(crate) fn of_organisation(&self, org: OrgId) -> Vec<&Known> {
        let is_device =
            |device: crate::id::DeviceId| self.roster.device(device).is_some_and(|device| device.org == org);
        let of_ours = |known: &&Known| {
            matches!(&known.fact, Fact::Membership(grant) if grant.org == org)
                || matches!(&known.fact, Fact::Device(grant, _) if grant.org == org)
                || matches!(known.fact, Fact::Address(_))
                    && is_device(crate::id::DeviceId(known.statement.issuer.0))
        };
        self.known.values().filter(of_ours).collect()
    }
}

/// As a batch has it.
pub(crate) fn put(known: &Known) -> Put {
    Put::Statement(known.hash, known.statement.bytes().to_vec())
}
