//! The rows of all documents, packed: a node keeps one for each document in memory.
//!
//! Where documents live and whose they are is kept once for all that have it in common, and the nonce of what is
//! shared follows from its record.

use std::collections::BTreeMap;

use super::sorted::SortedMap;
use crate::{
    admission::state::{Gone, Row, item_in},
    genesis::{Genesis, Scope, shared_nonce},
    id::{DocumentId, EnvelopeHash, Item, OrgId},
};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Rows {
    packed: SortedMap<DocumentId, Packed>,
    /// What geneses have in common: neither nonce nor record stands in them.
    places: Vec<Genesis>,
    by_place: BTreeMap<Genesis, u32>,
}

#[derive(Debug)]
struct Packed {
    place: u32,
    begun: Begun,
    heads: Heads,
    updated_s: i64,
    bytes: u64,
    gone: Option<Box<Gone>>,
}

/// What a genesis has for itself.
#[derive(Debug)]
enum Begun {
    /// Of what is not shared from anything.
    Nonce([u8; 32]),
    /// The nonce follows from it.
    Record(DocumentId),
}

/// Mostly there is one.
#[derive(Debug)]
enum Heads {
    One(EnvelopeHash),
    Others(Box<[EnvelopeHash]>),
}

/// A packed row, as much of it as somebody wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    document: DocumentId,
    place: &'a Genesis,
    packed: &'a Packed,
}

impl Rows {
    /// Puts the row of a document in the place of the one before.
    pub(super) fn insert(&mut self, document: DocumentId, row: Row) {
        let Row { genesis, heads, updated_s, gone, bytes } = row;
        let begun = match genesis.record {
            Some(record) => Begun::Record(record),
            None => Begun::Nonce(genesis.nonce),
        };
        let heads = match heads[..] {
            [head] => Heads::One(head),
            _ => Heads::Others(heads.into()),
        };
        let place = self.place(genesis);
        self.packed
            .insert(document, Packed { place, begun, heads, updated_s, bytes, gone: gone.map(Box::new) });
    }

    pub(super) fn remove(&mut self, document: DocumentId) {
        self.packed.remove(&document);
    }

    pub(super) fn get(&self, document: DocumentId) -> Option<Packet<'_>> {
        let packed = self.packed.get(&document)?;
        Some(self.packet(document, packed))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Packet<'_>> {
        self.packed.iter().map(|(document, packed)| self.packet(*document, packed))
    }

    /// The largest id first.
    pub(super) fn backwards(&self) -> impl Iterator<Item = Packet<'_>> {
        self.packed.iter().rev().map(|(document, packed)| self.packet(*document, packed))
    }

    /// From this document on.
    pub(super) fn starting_at(&self, first: DocumentId) -> impl Iterator<Item = Packet<'_>> {
        self.packed.starting_at(first).map(|(document, packed)| self.packet(*document, packed))
    }

    fn packet<'a>(&'a self, document: DocumentId, packed: &'a Packed) -> Packet<'a> {
        Packet { document, place: &self.places[packed.place as usize], packed }
    }

    fn place(&mut self, genesis: Genesis) -> u32 {
        let place = Genesis { nonce: [0; 32], record: None, ..genesis };
        if let Some(number) = self.by_place.get(&place) {
            return *number;
        }
        let number =
            u32::try_from(self.places.len()).expect("there are fewer places than documents in memory");
        self.places.push(place.clone());
        self.by_place.insert(place, number);
        number
    }
}

impl Packet<'_> {
    pub(super) fn document(self) -> DocumentId {
        self.document
    }

    pub(super) fn scope(self) -> Scope {
        self.place.scope
    }

    pub(super) fn owner(self) -> OrgId {
        self.place.owner
    }

    pub(super) fn kind(self) -> Option<crate::genesis::Kind> {
        self.place.kind()
    }

    pub(super) fn updated_s(self) -> i64 {
        self.packed.updated_s
    }

    /// The record that people know it by.
    pub(super) fn record_id(self) -> DocumentId {
        match self.packed.begun {
            Begun::Record(record) => record,
            Begun::Nonce(_) => self.document,
        }
    }

    pub(super) fn is_draft(self) -> bool {
        // Without a record, and drafted: as a genesis says it, and its place has no record.
        matches!(self.packed.begun, Begun::Nonce(_)) && self.place.is_draft()
    }

    pub(super) fn heads(&self) -> &[EnvelopeHash] {
        match &self.packed.heads {
            Heads::One(head) => std::slice::from_ref(head),
            Heads::Others(heads) => heads,
        }
    }

    pub(super) fn genesis(self) -> Genesis {
        let (nonce, record) = match self.packed.begun {
            Begun::Nonce(nonce) => (nonce, None),
            Begun::Record(record) => (shared_nonce(record, self.place.scope), Some(record)),
        };
        Genesis { nonce, record, ..self.place.clone() }
    }

    /// What its scope's set has for it now.
    pub(super) fn item(self) -> Item {
        item_in(self.document, self.heads(), self.packed.gone.as_deref().copied())
    }

    /// All of it.
    pub(super) fn row(self) -> Row {
        Row {
            genesis: self.genesis(),
            heads: self.heads().to_vec(),
            updated_s: self.packed.updated_s,
            bytes: self.packed.bytes,
            gone: self.packed.gone.as_deref().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admission::state::Stage,
        genesis::Kind,
        id::{AudienceId, NetworkId},
    };

    #[test]
    fn what_is_packed_reads_as_it_was() {
        let (ours, theirs) = (OrgId([1; 32]), OrgId([2; 32]));
        let (network, audience) = (NetworkId([3; 32]), AudienceId([4; 32]));
        let draft = Genesis::draft(Kind::Case, ours, [5; 32]);
        let joint = Genesis::joint_draft(Kind::Case, ours, vec![theirs], network, audience, [6; 32]);
        let shared = Genesis::shared(&draft, network, Scope::Network);
        let gone = Some(Gone { hidden_s: 7, stage: Stage::Hidden });
        let head = |n: u8| EnvelopeHash([n; 32]);
        let row = |genesis: &Genesis, heads, gone| Row {
            genesis: genesis.clone(),
            heads,
            updated_s: 8,
            gone,
            bytes: 9,
        };
        let written = [
            row(&draft, vec![head(1)], None),
            row(&joint, vec![head(2), head(3)], None),
            row(&shared, vec![], gone),
        ];
        let mut rows = Rows::default();
        written.iter().for_each(|row| rows.insert(row.genesis.document(), row.clone()));
        for row in &written {
            let packet = rows.get(row.genesis.document()).expect("it was put there");
            assert_eq!(packet.row(), *row);
            assert_eq!(packet.record_id(), row.genesis.record_id());
            assert_eq!(packet.is_draft(), row.genesis.is_draft());
        }
        assert_eq!(rows.all().count(), 3);
    }

    #[test]
    fn a_packed_row_takes_little_room() {
        assert!(size_of::<Packed>() + size_of::<DocumentId>() <= 136, "{}", size_of::<Packed>());
    }
}
