//! Records in the index: a draft and what was shared of it, under one id and of one owner.

use std::collections::{BTreeMap, BTreeSet};

use super::Index;
use crate::{
    engine::{output::RecordRef, rows::Packet},
    genesis::{Kind, Scope},
    id::{DocumentId, Item, OrgId},
};

impl Index {
    /// The record that an id of any sort belongs to.
    pub(crate) fn record(&self, id: DocumentId) -> Option<RecordRef> {
        if let Some(row) = self.rows.get(id) {
            return self.reference((row.record_id(), row.owner()));
        }
        // Another organisation may claim the same record id for a document of its own: ours comes first.
        self.claims(id).min_by_key(|claim| (claim.draft.is_none(), claim.owner))
    }

    /// Records after this one, in the order of their ids.
    pub(crate) fn records_after(
        &self,
        kind: Option<Kind>,
        after: Option<DocumentId>,
    ) -> impl Iterator<Item = RecordRef> + '_ {
        let mut last = after;
        let is_kind =
            move |document| kind.is_none() || self.rows.get(document).and_then(Packet::kind) == kind;
        self.records_from(after.unwrap_or(DocumentId([0; 32])))
            .filter(move |(_, document)| is_kind(*document))
            .filter(move |(record, _)| last.replace(*record) != Some(*record))
            .flat_map(|(record, _)| self.claims(record))
            .filter(move |record| kind.is_none() || record.kind == kind)
    }

    /// Records whose id, or one of whose documents' ids, begins so.
    pub(crate) fn find(&self, beginning: &str, limit: usize) -> Vec<RecordRef> {
        let mut found = BTreeSet::new();
        let begins = |id: DocumentId| id.to_string().starts_with(beginning);
        let Some(first) = range_of(beginning) else { return Vec::new() };
        for row in self.rows.starting_at(first).take_while(|row| begins(row.document())) {
            found.insert((row.record_id(), row.owner()));
            if found.len() > limit {
                break;
            }
        }
        let by_record = self.records_from(first).take_while(|(id, _)| begins(*id));
        for (record, document) in by_record.take(limit + 1) {
            found.extend(self.rows.get(document).map(|row| (record, row.owner())));
        }
        found.into_iter().take(limit).filter_map(|key| self.reference(key)).collect()
    }

    pub(crate) fn reference(&self, key: (DocumentId, OrgId)) -> Option<RecordRef> {
        self.claims(key.0).find(|claim| claim.owner == key.1)
    }

    /// What stands under a record's id, of each owner who claims it.
    fn claims(&self, record: DocumentId) -> impl Iterator<Item = RecordRef> + '_ {
        let mut claims = BTreeMap::<OrgId, RecordRef>::new();
        for row in self.documents_of(record) {
            let (owner, scope, document) = (row.owner(), row.scope(), row.document());
            let claim = claims.entry(owner).or_insert_with(|| RecordRef {
                record,
                owner,
                kind: row.kind(),
                draft: None,
                shared: None,
                shares: BTreeMap::new(),
                updated_s: i64::MIN,
                state: Item([0; 16]),
            });
            claim.updated_s = claim.updated_s.max(row.updated_s());
            // Where an owner has begun two for one record, all nodes show the same one: the first, they come in order.
            if row.is_draft() {
                claim.draft.get_or_insert(document);
            } else {
                claim.shares.entry(scope).or_insert(document);
            }
        }
        claims.into_values().map(|mut claim| {
            // The one that most may read, or else that of the first scope.
            claim.shared = claim.shares.get(&Scope::Network).or(claim.shares.values().next()).copied();
            let best = claim.best().and_then(|best| self.rows.get(best)).expect("it stands under the record");
            RecordRef { state: best.item(), ..claim }
        })
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
