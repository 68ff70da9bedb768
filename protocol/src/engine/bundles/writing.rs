//! What goes into a bundle: planned first, by name, then handed out a page at a time.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;

use super::{
    super::{CommandError, Engine, lanes::held},
    Entry, Reader,
};
use crate::{
    admission::{counting::missing, state::Record},
    genesis::Scope,
    id::{Item, NetworkId, OrgId},
    membership::statement::{Fact, Known},
    store::{Read, StoreError},
    wire::{
        bundle::{Header, Piece, STATEMENTS_LIMIT, VERSION},
        message::{Delivery, RESPONSE_TARGET, WANTS_LIMIT},
    },
};

/// What of each scope goes into a bundle.
type Contents = Vec<(Scope, Vec<Entry>)>;

impl Engine {
    /// What is in a bundle for a reader: of each scope that it may read the statements, then the documents.
    pub(super) fn plan(&self, reader: &Reader) -> Result<(Header, Contents), CommandError> {
        let own = self.identity.org.ok_or(CommandError::NotGranted)?;
        let roster = self.statements.roster();
        let (reader, documents) = match reader {
            Reader::Members => (None, roster.member(own).map(|_| Scope::Network).into_iter().collect()),
            Reader::Member(number) => {
                let member = roster.members().find(|(_, member)| member.membership.number == *number);
                let (org, _) = member.ok_or_else(|| CommandError::NoSuchNumber(number.clone()))?;
                (Some(*org), self.scopes_shared_with(*org))
            }
            Reader::Own => (Some(own), self.scopes_shared_with(own)),
        };
        let scopes: Vec<Scope> = std::iter::once(Scope::Roster).chain(documents).collect();
        let mut plan: Vec<_> = scopes.iter().map(|scope| (*scope, self.entries(*scope))).collect();
        plan.extend(reader.into_iter().flat_map(|theirs| self.endings(theirs, &scopes)));
        let header = Header {
            version: VERSION,
            network: roster.network().unwrap_or(NetworkId::NONE),
            writer: self.device(),
            reader,
            scopes,
            written_s: self.now.seconds(),
            entries: plan.iter().map(|(_, entries)| entries.len() as u64).sum(),
        };
        Ok((header, plan))
    }

    /// What tells an organisation that it has no place any longer where it had one, as a peer would be told: of
    /// audiences that are not among these scopes.
    fn endings(&self, theirs: OrgId, scopes: &[Scope]) -> Contents {
        let mut endings: BTreeMap<Scope, Vec<Entry>> = BTreeMap::new();
        for known in self.audience_news(theirs).into_iter().filter(|known| !scopes.contains(&known.scope())) {
            endings.entry(known.scope()).or_default().push(Entry { item: known.item(), document: None });
        }
        endings.into_iter().collect()
    }

    /// All of a scope's set, and the receipts beside it; who belongs comes before what they say, so that next to
    /// nothing waits for what comes later.
    fn entries(&self, scope: Scope) -> Vec<Entry> {
        let (mut statements, mut documents) = (Vec::new(), Vec::new());
        for item in self.index.items(scope) {
            match self.index.resolve(scope, *item) {
                Some(document) => documents.push(Entry { item: *item, document: Some(document) }),
                None => statements.push(Entry { item: *item, document: None }),
            }
        }
        statements.sort_by_key(|entry| self.statements.by_item(scope, entry.item).map(place));
        let is_receipt = |known: &&Known| matches!(known.fact, Fact::Receipt(_)) && !known.is_compared();
        let receipts = self.statements.of_scope(scope).filter(is_receipt);
        statements.extend(receipts.map(|known| Entry { item: known.item(), document: None }));
        statements.extend(documents);
        statements
    }

    /// As much of the entries as an answer to a peer would have.
    pub(super) fn load(
        &self,
        scope: Scope,
        entries: &[Entry],
        store: &impl Read,
    ) -> Result<(Vec<Piece>, usize), StoreError> {
        let mut pieces = Vec::new();
        let mut statements: Vec<ByteVec> = Vec::new();
        let mut documents = Documents::new(scope);
        let (mut room, mut loaded) = (RESPONSE_TARGET, 0);
        for Entry { item, document } in entries {
            if room == 0 || statements.len() == STATEMENTS_LIMIT || documents.whole == WANTS_LIMIT {
                break;
            }
            loaded += 1;
            // What has another state by now goes as it is now; a statement that was replaced does not.
            let Some(document) = document else {
                if let Some(known) = self.statements.by_item(scope, *item) {
                    let bytes = known.statement.bytes();
                    room = room.saturating_sub(bytes.len());
                    statements.push(bytes.to_vec().into());
                }
                continue;
            };
            let Some(row) = self.index.row(*document).filter(|row| row.genesis.scope == scope) else {
                continue;
            };
            let mut changes = Vec::new();
            if !row.is_hidden() {
                let mut held = held(*document, row.gone.is_some(), store)?;
                held.extend(Record::of(&row.genesis).iter().flat_map(Record::travelling));
                changes = missing(held, &[]);
            }
            let mut part =
                Delivery { genesis: row.genesis.bytes().into(), changes: Vec::new(), complete: true };
            for change in changes {
                if room == 0 {
                    let rest = Delivery { changes: Vec::new(), ..part.clone() };
                    documents.push(row.item(), Delivery { complete: false, ..part });
                    documents.close();
                    (part, room) = (rest, RESPONSE_TARGET);
                }
                room = room.saturating_sub(change.envelope.len() + change.change.len());
                part.changes.push(change);
            }
            documents.push(row.item(), part);
        }
        if !statements.is_empty() {
            pieces.push(Piece::Statements(scope, statements));
        }
        documents.close();
        pieces.extend(documents.pieces);
        Ok((pieces, loaded))
    }
}

/// Where a statement stands among those of its scope: each after what lets its issuer in.
fn place(known: &Known) -> u8 {
    match known.fact {
        Fact::Amendment(_) => 0,
        Fact::RootSuccession(_) => 1,
        Fact::Membership(_) => 2,
        Fact::Device(..) => 3,
        Fact::AudienceOpen(_) => 4,
        Fact::AudienceAdd(_) => 5,
        Fact::Address(_)
        | Fact::MembershipEnd(_)
        | Fact::DeviceEnd(_)
        | Fact::Cut(_)
        | Fact::OrganisationSuccession(_)
        | Fact::AudienceEnd(_)
        | Fact::CoOwnerGrant(_)
        | Fact::CoOwnerEnd(_)
        | Fact::Founding(_)
        | Fact::Withdrawal(_)
        | Fact::Receipt(_)
        | Fact::Head(_)
        | Fact::Unknown => 6,
    }
}

/// Documents on their way into pieces.
struct Documents {
    scope: Scope,
    open: Vec<(Item, Delivery)>,
    pieces: Vec<Piece>,
    whole: usize,
}

impl Documents {
    fn new(scope: Scope) -> Self {
        Self { scope, open: Vec::new(), pieces: Vec::new(), whole: 0 }
    }

    fn push(&mut self, item: Item, delivery: Delivery) {
        self.whole += usize::from(delivery.complete);
        self.open.push((item, delivery));
    }

    /// What comes now is in the next piece.
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.pieces.push(Piece::Documents(self.scope, std::mem::take(&mut self.open)));
        }
    }
}
