//! What rests on a batch: it happens once that is durable, so that no message says what a power cut could undo.

use rand_core::Rng;

use super::{BatchId, Engine, Output, Source};
use crate::{
    admission::state::Row,
    id::{DeviceId, DocumentId},
    membership::statement::Known,
    store::{Batch, Read, StoreError},
};

/// What waits for a batch to be durable.
#[derive(Default)]
pub(super) struct Resting {
    pub(super) outputs: Vec<Output>,
    pub(super) rows: Vec<(Row, Option<Source>)>,
    pub(super) statements: Vec<Known>,
    /// The peer whose pull waits for these statements.
    pub(super) pulled_from: Option<DeviceId>,
    /// Whether the rows were written by this device.
    pub(super) written: bool,
    /// A withdrawn document whose bytes are erased.
    pub(super) purged: Option<Row>,
    pub(super) lane: Option<DocumentId>,
    /// The charter or identity was among what was written.
    pub(super) joined: bool,
}

impl Engine {
    /// Makes a batch durable; what rests on it waits.
    pub(super) fn commit(&mut self, batch: Batch, resting: Resting) {
        let id = BatchId(self.number());
        self.batches.insert(id, resting);
        self.outputs.push_back(Output::Commit(id, batch));
    }

    pub(super) fn durable(
        &mut self,
        batch: BatchId,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let Some(resting) = self.batches.remove(&batch) else { return Ok(()) };
        if !resting.statements.is_empty() || resting.joined {
            self.take_effect(resting.statements, resting.joined, store, rng)?;
        }
        if let Some(row) = resting.purged {
            self.purged(row);
        }
        if let Some(peer) = resting.pulled_from {
            self.pulled_statements(peer);
        }
        for (row, source) in resting.rows {
            let document = row.genesis.document();
            // Withdrawn meanwhile, it stays so.
            if !self.index.row(document).is_some_and(|row| row.is_hidden()) {
                if resting.written {
                    self.head_moved(row.genesis.scope);
                }
                self.document_changed(row, source);
                self.carry_places(document, resting.written);
                self.hide_or_restore(document, store, rng)?;
            }
            if let Some(Source { peer, .. }) = source {
                self.kept_its_word(peer);
                self.pace.count(self.now);
                if let Some(peer) = self.peers.by_device.get_mut(&peer) {
                    peer.pace.count(self.now);
                }
                self.pulled(peer, document, true);
            }
        }
        self.outputs.extend(resting.outputs);
        if let Some(document) = resting.lane {
            self.next_in_lane(document, store, rng)?;
        }
        Ok(())
    }
}
