//! All documents, by id, by record and as the sets that nodes compare; no document is opened for it.

mod records;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    rows::{Packet, Rows},
    sorted::SortedMap,
};
use crate::{
    admission::state::Row,
    genesis::{Genesis, Kind, Scope},
    id::{Digest, DocumentId, EnvelopeHash, Item, OrgId},
    membership::statement::Known,
    reconcile::set_digest,
};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Index {
    rows: Rows,
    /// Documents that are there, under the ids of their records. A record is (record id, owner), so nobody takes over
    /// another's.
    records: SortedMap<(DocumentId, DocumentId), ()>,
    sets: BTreeMap<Scope, Set>,
    /// Documents that are withdrawn.
    hidden: BTreeSet<DocumentId>,
    /// What each organisation has in each area.
    placed: BTreeMap<(OrgId, Area), Placed>,
    counted: RecordCounts,
}

/// Records that people see.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct RecordCounts {
    /// How many of each kind, by its code.
    pub(crate) by_kind: BTreeMap<&'static str, usize>,
    /// So many are shared.
    pub(crate) shared: usize,
}

impl RecordCounts {
    fn count(&mut self, record: Option<(Option<Kind>, bool)>, is_there: bool) {
        let Some((kind, is_shared)) = record else { return };
        let code = kind.map_or("unknown", Kind::code);
        let of_kind = self.by_kind.entry(code).or_default();
        if is_there {
            *of_kind += 1;
            self.shared += usize::from(is_shared);
        } else {
            *of_kind -= 1;
            self.shared -= usize::from(is_shared);
            if *of_kind == 0 {
                self.by_kind.remove(code);
            }
        }
    }
}

/// Scopes in which what an organisation has is counted together: it can open any number of audiences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Area {
    /// Within an organisation.
    Home,
    /// The network.
    Network,
    /// All named audiences that are known here.
    Audiences,
}

impl From<Scope> for Area {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Roster | Scope::Organisation(_) => Self::Home,
            Scope::Network => Self::Network,
            Scope::Named(_) => Self::Audiences,
        }
    }
}

/// What an organisation has in an area, of what people see: withdrawn documents take no place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// So many documents.
    pub(crate) documents: u64,
    /// So many bytes.
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone, Default)]
struct Set {
    /// Shared between engines of one process until it changes.
    items: Arc<BTreeSet<Item>>,
    documents: SortedMap<Item, DocumentId>,
    digest: Option<Digest>,
}

impl Index {
    /// Takes over another's statements of the roster, in place of its own.
    pub(crate) fn share_roster(&mut self, other: &Self) {
        self.sets.extend(other.sets.get_key_value(&Scope::Roster).map(|(scope, set)| (*scope, set.clone())));
    }

    /// Puts a document in its present state; returns its item if that is new.
    pub(crate) fn put(&mut self, row: Row) -> Option<Item> {
        self.put_as(row.genesis.document(), row)
    }

    /// The same, where the document's id is known: it is a hash, and at a start there are many.
    pub(crate) fn put_as(&mut self, document: DocumentId, row: Row) -> Option<Item> {
        let (item, scope) = (row.item_of(document), row.genesis.scope);
        let is_seen = row.is_seen();
        let set = self.sets.entry(scope).or_default();
        if let Some(before) = self.rows.get(document).map(Packet::row) {
            let old = before.item_of(document);
            if old == item && before.gone == row.gone {
                return None;
            }
            set.remove(old);
            place(&mut self.placed, &before, false);
        }
        place(&mut self.placed, &row, true);
        let is_compared = row.is_compared();
        if is_compared {
            set.put(item, document);
        }
        let record = (row.genesis.record.unwrap_or(document), row.genesis.owner);
        // Kept without being there: nothing in it counts any longer, or it is withdrawn.
        let was_seen = self.records.contains_key(&(record.0, document));
        if is_compared && !is_seen {
            self.hidden.insert(document);
        } else {
            self.hidden.remove(&document);
        }
        if was_seen == is_seen {
            self.rows.insert(document, row);
        } else {
            self.counted.count(self.seen(record), false);
            self.rows.insert(document, row);
            if is_seen {
                self.records.insert((record.0, document), ());
            } else {
                self.records.remove(&(record.0, document));
            }
            self.counted.count(self.seen(record), true);
        }
        is_compared.then_some(item)
    }

    /// Takes a document out, as if it had never been here.
    pub(crate) fn remove(&mut self, document: DocumentId) -> Option<Row> {
        let row = self.row(document)?;
        let record = (row.genesis.record.unwrap_or(document), row.genesis.owner);
        self.counted.count(self.seen(record), false);
        self.rows.remove(document);
        place(&mut self.placed, &row, false);
        if let Some(set) = self.sets.get_mut(&row.genesis.scope) {
            set.remove(row.item_of(document));
        }
        self.hidden.remove(&document);
        self.records.remove(&(record.0, document));
        self.counted.count(self.seen(record), true);
        Some(row)
    }

    /// Records that people see. A draft and what was shared from it count once.
    pub(crate) fn counted(&self) -> &RecordCounts {
        &self.counted
    }

    /// What is seen of a record: of which kind it is, and whether it is shared.
    fn seen(&self, (record, owner): (DocumentId, OrgId)) -> Option<(Option<Kind>, bool)> {
        let documents = self.documents_of(record).filter(|row| row.owner() == owner);
        documents.fold(None, |seen, row| {
            let (kind, is_shared) = seen.unwrap_or((row.kind(), false));
            Some((kind, is_shared || !row.is_draft()))
        })
    }

    /// The documents that are there under a record's id, by their ids.
    fn documents_of(&self, record: DocumentId) -> impl Iterator<Item = Packet<'_>> {
        let from = self.records_from(record);
        let documents = from.take_while(move |(id, _)| *id == record);
        documents.filter_map(|(_, document)| self.rows.get(document))
    }

    /// What stands under the ids of records from this one on, with these.
    fn records_from(&self, first: DocumentId) -> impl Iterator<Item = (DocumentId, DocumentId)> + '_ {
        self.records.starting_at((first, DocumentId([0; 32]))).map(|(key, ())| *key)
    }

    /// What an organisation has in an area.
    pub(crate) fn placed(&self, owner: OrgId, area: Area) -> Placed {
        self.placed.get(&(owner, area)).copied().unwrap_or_default()
    }

    /// Every organisation with what it has in each area.
    pub(crate) fn all_placed(&self) -> impl Iterator<Item = ((OrgId, Area), Placed)> {
        self.placed.iter().map(|(key, placed)| (*key, *placed))
    }

    /// The documents of an organisation in an area that people see, the largest id first, and how they began.
    pub(crate) fn placed_from_last(
        &self,
        owner: OrgId,
        area: Area,
    ) -> impl Iterator<Item = (DocumentId, Genesis)> {
        let is_one = move |row: &Packet<'_>| row.owner() == owner && Area::from(row.scope()) == area;
        // The id of each is known here: it is a hash.
        let rows = self.rows.backwards().filter(is_one).map(|packet| (packet.document(), packet.row()));
        rows.filter(|(_, row)| row.is_seen()).map(|(document, row)| (document, row.genesis))
    }

    /// All documents, and how they began.
    pub(crate) fn geneses(&self) -> impl Iterator<Item = (DocumentId, Genesis)> {
        self.rows.all().map(|packet| (packet.document(), packet.genesis()))
    }

    /// How the documents of a record began: its owner's, or of all who claim it.
    pub(crate) fn geneses_of(
        &self,
        record: DocumentId,
        owner: Option<OrgId>,
    ) -> impl Iterator<Item = Genesis> {
        let is_one = move |row: &Packet<'_>| {
            row.record_id() == record && owner.is_none_or(|owner| row.owner() == owner)
        };
        self.rows.all().filter(is_one).map(Packet::genesis)
    }

    /// All documents of a scope, by their ids.
    pub(crate) fn documents_in(&self, scope: Scope) -> impl Iterator<Item = DocumentId> {
        self.rows.all().filter(move |row| row.scope() == scope).map(Packet::document)
    }

    /// All documents, by their ids.
    pub(crate) fn documents(&self) -> impl Iterator<Item = DocumentId> {
        self.rows.all().map(Packet::document)
    }

    /// How those documents began in which nothing counts.
    pub(crate) fn uncounted(&self) -> impl Iterator<Item = Genesis> {
        self.rows.all().filter(|row| row.heads().is_empty()).map(Packet::genesis)
    }

    /// Withdrawn documents.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = Row> {
        self.hidden.iter().filter_map(|document| self.row(*document))
    }

    /// Puts an element that is no document: a statement, if it is one that is compared.
    pub(crate) fn put_statement(&mut self, known: &Known) {
        if !known.is_compared() {
            return;
        }
        let set = self.sets.entry(known.scope()).or_default();
        Arc::make_mut(&mut set.items).insert(known.item());
        set.digest = None;
    }

    /// Takes out a statement that another has replaced.
    pub(crate) fn drop_statement(&mut self, scope: Scope, item: Item) {
        self.sets.entry(scope).or_default().remove(item);
    }

    pub(crate) fn row(&self, document: DocumentId) -> Option<Row> {
        self.rows.get(document).map(Packet::row)
    }

    /// The envelopes of a document that nothing rests on.
    pub(crate) fn heads(&self, document: DocumentId) -> Vec<EnvelopeHash> {
        self.rows.get(document).map(|row| row.heads().to_vec()).unwrap_or_default()
    }

    /// The set of a scope.
    pub(crate) fn items(&self, scope: Scope) -> &BTreeSet<Item> {
        static EMPTY: BTreeSet<Item> = BTreeSet::new();
        self.sets.get(&scope).map_or(&EMPTY, |set| &*set.items)
    }

    /// The document behind an item that is still current.
    pub(crate) fn resolve(&self, scope: Scope, item: Item) -> Option<DocumentId> {
        self.sets.get(&scope)?.documents.get(&item).copied()
    }

    /// Digest of a scope's set, kept until the set changes.
    pub(crate) fn digest(&mut self, scope: Scope) -> Digest {
        let set = self.sets.entry(scope).or_default();
        *set.digest.get_or_insert_with(|| set_digest(&set.items))
    }

    pub(crate) fn sizes(&self) -> BTreeMap<Scope, usize> {
        self.sets.iter().map(|(scope, set)| (*scope, set.items.len())).collect()
    }
}

/// Counts a document among what its owner has, or no longer.
fn place(placed: &mut BTreeMap<(OrgId, Area), Placed>, row: &Row, is_there: bool) {
    if !row.is_seen() {
        return;
    }
    let held = placed.entry((row.genesis.owner, row.genesis.scope.into())).or_default();
    if is_there {
        held.documents += 1;
        held.bytes += row.bytes;
    } else {
        held.documents -= 1;
        held.bytes -= row.bytes;
    }
}

impl Set {
    fn put(&mut self, item: Item, document: DocumentId) {
        Arc::make_mut(&mut self.items).insert(item);
        self.documents.insert(item, document);
        self.digest = None;
    }

    fn remove(&mut self, item: Item) {
        Arc::make_mut(&mut self.items).remove(&item);
        self.documents.remove(&item);
        self.digest = None;
    }
}
