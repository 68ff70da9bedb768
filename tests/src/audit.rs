//! Reads a store as it lies on disk and computes again what it says: what counts, and how it reads.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use praksis_node::storage::SledStore;
use praksis_protocol::{
    admission::{
        Admission, admit,
        state::{Row, View},
    },
    engine::setup,
    envelope::Envelope,
    id::{ChangeHash, DocumentId},
    membership::{roster::Roster, statement::Known},
    signed::{Verified, encoding::from_slice},
    store::Read,
    wire::message::SignedChange,
};
use serde_json::Value;

/// Most bytes of a row that a test makes.
const ROW_LIMIT: usize = 64 * 1024;

/// A store that no node has open.
pub struct Audit {
    store: SledStore,
    roster: Arc<Roster>,
}

/// A document as the store keeps it, checked against its envelopes and changes.
pub struct Checked {
    /// What is known of it without opening it.
    pub row: Row,
    /// How it reads.
    pub record: Value,
}

impl Audit {
    /// Opens the store of a node's folder and reads all of it.
    ///
    /// # Panics
    /// When anything in it is damaged.
    pub fn open(folder: &Path) -> Self {
        let store = SledStore::open(&folder.join("store")).expect("the store opens");
        store.check().expect("every value is whole");
        let charter = setup::charter(&store).expect("a charter or none");
        let statements = store.statements().expect("statements");
        let known: Vec<Known> =
            statements.iter().map(|(_, bytes)| Known::read(bytes).expect("a statement that holds")).collect();
        let roster = Arc::new(Roster::fold(charter.as_ref(), known.iter()));
        Self { store, roster }
    }

    /// Every document, by its id.
    pub fn rows(&self) -> BTreeMap<DocumentId, Row> {
        let rows = self.store.rows().expect("rows");
        rows.into_iter().map(|(id, bytes)| (id, from_slice(&bytes, ROW_LIMIT).expect("a row"))).collect()
    }

    /// How a document reads by its view.
    ///
    /// # Panics
    /// When it has none.
    pub fn view(&self, id: DocumentId) -> Value {
        let bytes = self.store.view(id).expect("a view or none").unwrap_or_else(|| panic!("{id}: no view"));
        View::read(&bytes).expect("a view that reads").record
    }

    /// Computes a document again from its envelopes and changes.
    ///
    /// # Panics
    /// When an envelope has no change, one no longer counts, or row or view say something else.
    pub fn document(&self, id: DocumentId, row: &Row) -> Checked {
        assert_eq!(row.genesis.document(), id, "the row is of this document");
        assert_eq!(self.store.genesis(id).unwrap(), Some(row.genesis.bytes()), "{id}: its beginning");
        let changes: BTreeMap<ChangeHash, Vec<u8>> = self.store.changes(id).unwrap().into_iter().collect();
        let envelopes = self.store.envelopes(id).unwrap();
        assert_eq!(envelopes.len(), changes.len(), "{id}: one change for each envelope");
        let incoming: Vec<SignedChange> = envelopes
            .into_iter()
            .map(|(_, bytes)| {
                let change = Verified::<Envelope>::read(&bytes).expect("an envelope that holds").change;
                let change =
                    changes.get(&change).unwrap_or_else(|| panic!("{id}: an envelope without its change"));
                SignedChange { envelope: bytes.into(), change: change.clone().into() }
            })
            .collect();
        let count = incoming.len();
        let admission =
            Admission { genesis: row.genesis.clone(), held: vec![], incoming, roster: self.roster.clone() };
        let admitted = admit(&admission);
        assert_eq!((admitted.refused.len(), admitted.waiting.len()), (0, 0), "{id}: all of it counts");
        assert_eq!(admitted.accepted.len(), count, "{id}: all of it counts");
        let state = admitted.state.unwrap_or_else(|| panic!("{id}: nothing counts"));
        assert_eq!(row.heads, state.heads, "{id}: the row's heads");
        let view = View::read(&self.store.view(id).unwrap().expect("a view")).expect("a view that reads");
        assert_eq!((&view.heads, &view.record), (&state.view.heads, &state.view.record), "{id}: its view");
        Checked { row: row.clone(), record: view.record }
    }
}
