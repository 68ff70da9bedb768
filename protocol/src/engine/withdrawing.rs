//! Withdrawal: hidden at once, the bytes gone when their time has come, and undone when those who said
//! so had no right to.
//!
//! A withdrawn document keeps its beginning and its envelopes, which hold hashes only. What comes late
//! for it leaves its envelopes here and nothing else.

use std::{collections::BTreeSet, time::Duration};

use rand_core::Rng;

use super::{
    CommandError, Engine, Output, Reply, RequestId, Resting, Wake, lanes::Task, receipts::withdrawn_by,
    saying::Voice, statements::put,
};
use crate::{
    admission::state::{Gone, Row, Stage},
    genesis::Genesis,
    id::DocumentId,
    membership::statement::{Fact, Kind, Withdrawal},
    signed::encoding::to_vec,
    store::{Put, Read, StoreError},
    time::Timestamp,
};

/// Documents whose bytes are being erased.
#[derive(Debug, Default)]
pub(super) struct Purges {
    under_way: BTreeSet<DocumentId>,
}

impl Engine {
    /// Withdraws a record everywhere we have shared it, and its draft; `now` has the root say so, which
    /// lets the bytes go without delay.
    pub(super) fn withdraw(
        &mut self,
        request: RequestId,
        id: DocumentId,
        why: String,
        now: bool,
    ) -> Result<(), StoreError> {
        let documents = self.documents_of(id);
        let (ours, shown): (Vec<Genesis>, bool) = {
            let may = |genesis: &&Genesis| {
                let writers = self.statements.roster().writers(genesis);
                self.identity.org.is_some_and(|own| writers.contains(&own))
            };
            (documents.iter().filter(may).cloned().collect(), !documents.is_empty())
        };
        let result = match (ours.is_empty(), now && self.keys.root.is_none()) {
            (true, _) if shown => Err(CommandError::NotOwner),
            (true, _) => Err(CommandError::NotFound),
            (false, true) => Err(CommandError::NoRoot),
            (false, false) => Ok(()),
        };
        if let Err(error) = result {
            self.reply(request, Err(error));
            return Ok(());
        }
        let voice = if now { Voice::Root } else { Voice::Device };
        let mut said = Vec::new();
        for genesis in &ours {
            let document = genesis.document();
            let has_said = |known: &crate::membership::statement::Known| {
                matches!(&known.fact, Fact::Withdrawal(it) if it.document == document)
                    && Some(known.statement.issuer) == self.issuer(voice)
            };
            if self.statements.all().any(has_said) {
                continue;
            }
            let withdrawal = Withdrawal { document, why: why.clone() };
            match self.say(voice, genesis.scope, Kind::Withdrawal, &withdrawal) {
                Some(known) => said.push(known),
                None => {
                    self.reply(request, Err(CommandError::NotGranted));
                    return Ok(());
                }
            }
        }
        let withdrawn = ours.iter().map(Genesis::document).collect();
        let outputs = vec![Output::Reply(request, Ok(Reply::Withdrawn(withdrawn)))];
        let batch = said.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: said, ..Resting::default() });
        Ok(())
    }

    /// All documents of a record, hidden ones too, by any of its ids.
    pub(super) fn documents_of(&self, id: DocumentId) -> Vec<Genesis> {
        let (record, owner) = match (self.index.row(id), self.index.record(id)) {
            (Some(row), _) => (row.genesis.record_id(), Some(row.genesis.owner)),
            (None, Some(record)) => (record.record, Some(record.owner)),
            (None, None) => (id, None),
        };
        self.index.geneses_of(record, owner).collect()
    }

    /// Every document that somebody says is withdrawn: hides it or shows it again, as the roster has it.
    pub(super) fn hide_and_restore(
        &mut self,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let named: BTreeSet<DocumentId> = self.statements.of_documents().filter_map(withdrawn_by).collect();
        for document in named {
            self.hide_or_restore(document, store, rng)?;
        }
        self.account_for_withdrawals();
        Ok(())
    }

    pub(super) fn hide_or_restore(
        &mut self,
        document: DocumentId,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let Some(row) = self.index.row(document) else { return Ok(()) };
        let withdrawn = self.statements.roster().withdrawn(&row.genesis);
        match (withdrawn, row.gone.map(|gone| gone.stage)) {
            (Some(_), None | Some(Stage::Restored)) => {
                let gone = Gone { hidden_s: self.now.seconds(), stage: Stage::Hidden };
                self.set_row(Row { gone: Some(gone), ..row });
            }
            (None, Some(stage @ (Stage::Hidden | Stage::Purged))) => {
                let gone = row.gone.map(|gone| Gone { stage: Stage::Restored, ..gone });
                // What was purged is fetched again from those who still hold it.
                let heads = if stage == Stage::Hidden { row.heads.clone() } else { Vec::new() };
                let genesis = row.genesis.clone();
                self.set_row(Row { gone, heads, ..row });
                self.line_up(genesis, Task::Admit { changes: Vec::new(), source: None }, store, rng)?;
            }
            (Some(_), Some(Stage::Hidden | Stage::Purged)) | (None, None | Some(Stage::Restored)) => {}
        }
        Ok(())
    }

    /// A row in another state, known here at once.
    fn set_row(&mut self, row: Row) {
        let document = row.genesis.document();
        let batch = vec![Put::Row(document, to_vec(&row))];
        self.document_changed(row, None);
        self.commit(batch, Resting::default());
    }

    /// A document that we never had and that is withdrawn already: known as such, with nothing in it.
    pub(super) fn note_withdrawn(&mut self, genesis: &Genesis) -> bool {
        let document = genesis.document();
        if self.index.row(document).is_some() || self.statements.roster().withdrawn(genesis).is_none() {
            return false;
        }
        let gone = Gone { hidden_s: self.now.seconds(), stage: Stage::Purged };
        let row =
            Row { genesis: genesis.clone(), heads: Vec::new(), updated_s: 0, gone: Some(gone), bytes: 0 };
        let batch = vec![Put::Genesis(document, genesis.bytes()), Put::Row(document, to_vec(&row))];
        self.document_changed(row, None);
        self.commit(batch, Resting::default());
        true
    }

    /// Erases the documents whose time has come.
    pub(super) fn tend_purges(&mut self) {
        let now = self.now;
        let due: Vec<Row> = self
            .index
            .hidden()
            .filter(|row| !self.purges.under_way.contains(&row.genesis.document()))
            .filter(|row| self.purge_due(row).is_some_and(|due| due <= now))
            .collect();
        for row in due {
            let document = row.genesis.document();
            let gone = row.gone.map(|gone| Gone { stage: Stage::Purged, ..gone });
            let row = Row { gone, bytes: 0, ..row };
            self.purges.under_way.insert(document);
            let batch = vec![Put::Erase(document), Put::Row(document, to_vec(&row))];
            self.commit(batch, Resting { purged: Some(row), ..Resting::default() });
        }
    }

    /// A document's bytes are gone, durably.
    pub(super) fn purged(&mut self, row: Row) {
        self.purges.under_way.remove(&row.genesis.document());
        // Meanwhile it may have been restored: then it is fetched again.
        let is_hidden = self.index.row(row.genesis.document()).is_some_and(|row| row.is_hidden());
        if is_hidden {
            self.document_changed(row, None);
        } else {
            self.set_row(Row {
                heads: Vec::new(),
                gone: row.gone.map(|gone| Gone { stage: Stage::Restored, ..gone }),
                ..row
            });
        }
        self.account_for_withdrawals();
    }

    /// When the bytes of a hidden document go; never while it is open whether those who say so could.
    fn purge_due(&self, row: &Row) -> Option<Timestamp> {
        let roster = self.statements.roster();
        let gone = row.gone.filter(|gone| gone.stage == Stage::Hidden)?;
        let withdrawn = roster.withdrawn(&row.genesis).filter(|withdrawn| !withdrawn.cut_awaited)?;
        let hidden = Timestamp(gone.hidden_s.saturating_mul(1000));
        let delay = if withdrawn.at_once { 0 } else { roster.parameters().purge_delay_s };
        Some(hidden + Duration::from_secs(delay))
    }

    pub(super) fn next_purge(&self) -> Option<(Timestamp, Wake)> {
        let waiting =
            self.index.hidden().filter(|row| !self.purges.under_way.contains(&row.genesis.document()));
        Some((waiting.filter_map(|row| self.purge_due(&row)).min()?, "purge"))
    }
}
