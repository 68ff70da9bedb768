//! All documents, by id, by record and as the sets that nodes compare; no document is opened for it.

use std::collections::{BTreeMap, BTreeSet};

use super::output::RecordRef;
use crate::{
    admission::state::Row,
    genesis::{Kind, Scope},
    id::{Digest, DocumentId, Item, OrgId},
    reconcile::set_digest,
};

/// What a record consists of on this node.
#[derive(Debug, Clone, Default)]
struct Parts {
    draft: Option<DocumentId>,
    /// By scope: one in each. Mostly there is one: a map would take ten times the room.
    shared: Vec<(Scope, DocumentId)>,
}

impl Parts {
    /// What is shared in a scope. Where an owner has begun two for one record, all nodes show the same one.
    fn share(&mut self, scope: Scope, document: DocumentId) {
        match self.shared.binary_search_by_key(&scope, |(scope, _)| *scope) {
            Ok(at) => self.shared[at].1 = self.shared[at].1.min(document),
            Err(at) => {
                self.shared.reserve_exact(1);
                self.shared.insert(at, (scope, document));
            }
        }
    }

    /// The one that most may read, or else that of the first scope.
    fn widest(&self) -> Option<DocumentId> {
        let in_network = self.shared.iter().find(|(scope, _)| *scope == Scope::Network);
        in_network.or(self.shared.first()).map(|(_, document)| *document)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Index {
    rows: BTreeMap<DocumentId, Row>,
    /// A record is (record id, owner), so nobody takes over another's.
    records: BTreeMap<(DocumentId, OrgId), Parts>,
    sets: BTreeMap<Scope, Set>,
    /// Documents that are withdrawn.
    hidden: BTreeSet<DocumentId>,
    /// What each organisation has in each scope.
    placed: BTreeMap<(OrgId, Scope), Placed>,
}

/// What an organisation has in a scope, of what people see: withdrawn documents take no place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// So many documents.
    pub(crate) documents: u64,
    /// So many bytes.
    pub(crate) bytes: u64,
}

#[derive(Debug, Default)]
struct Set {
    items: BTreeSet<Item>,
    documents: BTreeMap<Item, DocumentId>,
    digest: Option<Digest>,
}

impl Index {
    /// Puts a document in its present state; returns its item if that is new.
    pub(crate) fn put(&mut self, row: Row) -> Option<Item> {
        self.put_as(row.genesis.document(), row)
    }

    /// The same, where the document's id is known: it is a hash, and at a start there are many.
    pub(crate) fn put_as(&mut self, document: DocumentId, row: Row) -> Option<Item> {
        let (item, scope) = (row.item_of(document), row.genesis.scope);
        let is_seen = row.is_seen();
        let set = self.sets.entry(scope).or_default();
        if let Some(before) = self.rows.get(&document) {
            let old = before.item_of(document);
            if old == item && before.gone == row.gone {
                return None;
            }
            set.items.remove(&old);
            set.documents.remove(&old);
            set.digest = None;
            place(&mut self.placed, before, false);
        }
        place(&mut self.placed, &row, true);
        let key = (row.genesis.record.unwrap_or(document), row.genesis.owner);
        let parts = self.records.entry(key).or_default();
        let is_draft = row.genesis.is_draft();
        if !is_seen {
            // Kept without being there: nothing in it counts any longer, or it is withdrawn.
            parts.draft.take_if(|it| *it == document);
            parts.shared.retain(|(_, it)| *it != document);
            if parts.draft.is_none() && parts.shared.is_empty() {
                self.records.remove(&key);
            }
            let is_compared = row.is_compared();
            if is_compared {
                set.put(item, document);
                self.hidden.insert(document);
            } else {
                self.hidden.remove(&document);
            }
            self.rows.insert(document, row);
            return is_compared.then_some(item);
        }
        self.hidden.remove(&document);
        if is_draft {
            parts.draft = Some(parts.draft.map_or(document, |other| other.min(document)));
        } else {
            parts.share(scope, document);
        }
        set.put(item, document);
        self.rows.insert(document, row);
        Some(item)
    }

    /// Takes a document out, as if it had never been here.
    pub(crate) fn remove(&mut self, document: DocumentId) -> Option<Row> {
        let row = self.rows.remove(&document)?;
        place(&mut self.placed, &row, false);
        let item = row.item_of(document);
        if let Some(set) = self.sets.get_mut(&row.genesis.scope) {
            set.items.remove(&item);
            set.documents.remove(&item);
            set.digest = None;
        }
        self.hidden.remove(&document);
        let key = (row.genesis.record.unwrap_or(document), row.genesis.owner);
        if let Some(parts) = self.records.get_mut(&key) {
            parts.draft.take_if(|it| *it == document);
            parts.shared.retain(|(_, it)| *it != document);
            if parts.draft.is_none() && parts.shared.is_empty() {
                self.records.remove(&key);
            }
        }
        Some(row)
    }

    /// What an organisation has in a scope.
    pub(crate) fn placed(&self, owner: OrgId, scope: Scope) -> Placed {
        self.placed.get(&(owner, scope)).copied().unwrap_or_default()
    }

    /// Every organisation with what it has in each scope.
    pub(crate) fn all_placed(&self) -> impl Iterator<Item = ((OrgId, Scope), Placed)> {
        self.placed.iter().map(|(key, placed)| (*key, *placed))
    }

    /// The documents of an organisation in a scope that people see, the largest id first.
    pub(crate) fn placed_from_last(
        &self,
        owner: OrgId,
        scope: Scope,
    ) -> impl Iterator<Item = (DocumentId, &Row)> {
        let is_one =
            move |row: &Row| row.genesis.owner == owner && row.genesis.scope == scope && row.is_seen();
        self.rows.iter().rev().filter(move |(_, row)| is_one(row)).map(|(document, row)| (*document, row))
    }

    /// All documents.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Withdrawn documents.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &Row> {
        self.hidden.iter().filter_map(|document| self.rows.get(document))
    }

    /// Puts an element that is no document: a statement.
    pub(crate) fn put_statement(&mut self, scope: Scope, item: Item) {
        let set = self.sets.entry(scope).or_default();
        set.items.insert(item);
        set.digest = None;
    }

    /// Takes out a statement that another has replaced.
    pub(crate) fn drop_statement(&mut self, scope: Scope, item: Item) {
        let set = self.sets.entry(scope).or_default();
        set.items.remove(&item);
        set.digest = None;
    }

    pub(crate) fn row(&self, document: DocumentId) -> Option<&Row> {
        self.rows.get(&document)
    }

    /// The set of a scope.
    pub(crate) fn items(&self, scope: Scope) -> &BTreeSet<Item> {
        static EMPTY: BTreeSet<Item> = BTreeSet::new();
        self.sets.get(&scope).map_or(&EMPTY, |set| &set.items)
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

    /// The record that an id of any sort belongs to.
    pub(crate) fn record(&self, id: DocumentId) -> Option<RecordRef> {
        if let Some(row) = self.rows.get(&id) {
            return self.reference((row.genesis.record_id(), row.genesis.owner));
        }
        // Another organisation may claim the same record id for a document of its own: ours comes first.
        let claims = self.records.range((id, OrgId([0; 32]))..=(id, OrgId([0xff; 32])));
        let (key, _) = claims.min_by_key(|(key, parts)| (parts.draft.is_none(), key.1))?;
        self.reference(*key)
    }

    /// Records after this one, in the order of their ids.
    pub(crate) fn records_after(
        &self,
        kind: Option<Kind>,
        after: Option<DocumentId>,
    ) -> impl Iterator<Item = RecordRef> + '_ {
        let from = after.map(|id| (id, OrgId([0xff; 32])));
        self.records
            .range((
                from.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded),
                std::ops::Bound::Unbounded,
            ))
            .filter_map(|(key, _)| self.reference(*key))
            .filter(move |record| kind.is_none() || record.kind == kind)
    }

    /// Records whose id, or one of whose documents' ids, begins so.
    pub(crate) fn find(&self, beginning: &str, limit: usize) -> Vec<RecordRef> {
        let mut found = BTreeMap::new();
        let begins = |id: DocumentId| id.to_string().starts_with(beginning);
        let by_document = range_of(beginning).map(|first| self.rows.range(first..));
        for (document, row) in by_document.into_iter().flatten().take_while(|(id, _)| begins(**id)) {
            let key = (row.genesis.record_id(), row.genesis.owner);
            found.insert(key, *document);
            if found.len() > limit {
                break;
            }
        }
        let by_record = range_of(beginning).map(|first| self.records.range((first, OrgId([0; 32]))..));
        for (key, _) in by_record.into_iter().flatten().take_while(|((id, _), _)| begins(*id)).take(limit + 1)
        {
            found.insert(*key, key.0);
        }
        found.into_keys().take(limit).filter_map(|key| self.reference(key)).collect()
    }

    pub(crate) fn reference(&self, key: (DocumentId, OrgId)) -> Option<RecordRef> {
        let parts = self.records.get(&key)?;
        let documents = parts.draft.iter().chain(parts.shared.iter().map(|(_, document)| document));
        let rows = documents.filter_map(|id| self.rows.get(id));
        let kind = rows.clone().next().and_then(|row| row.genesis.kind());
        let updated_s = rows.map(|row| row.updated_s).max().unwrap_or_default();
        Some(RecordRef {
            record: key.0,
            owner: key.1,
            kind,
            draft: parts.draft,
            shared: parts.widest(),
            shares: parts.shared.iter().copied().collect(),
            updated_s,
        })
    }
}

/// Counts a document among what its owner has in its scope, or no longer.
fn place(placed: &mut BTreeMap<(OrgId, Scope), Placed>, row: &Row, is_there: bool) {
    if !row.is_seen() {
        return;
    }
    let held = placed.entry((row.genesis.owner, row.genesis.scope)).or_default();
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
        self.items.insert(item);
        self.documents.insert(item, document);
        self.digest = None;
    }
}

/// The smallest id whose text begins so, or none if no id can.
fn range_of(beginning: &str) -> Option<DocumentId> {
    let mut text = beginning.to_owned();
    if text.len() > 52 {
        return None;
    }
    while text.len() < 52 {
        text.push('a');
    }
    // The last character carries one bit only.
    text.parse().ok()
}
