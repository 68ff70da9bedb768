//! What a task came to: what is to be stored of it, and what rests on that.

use crate::{
    admission::{
        Admitted,
        state::{Row, View},
    },
    engine::{CommandError, Engine, Output, Reply, RequestId, Resting, Source, job::Written},
    genesis::Genesis,
    id::{DocumentId, EnvelopeHash},
    signed::encoding::to_vec,
    store::{Batch, Put},
    wire::message::SignedChange,
};

impl Engine {
    /// What to write after an admission, if anything new counts.
    pub(super) fn admitted(
        &mut self,
        genesis: &Genesis,
        admitted: Admitted,
        source: Option<Source>,
    ) -> Option<(Batch, Resting)> {
        let document = genesis.document();
        for refusal in &admitted.refused {
            match source {
                Some(Source { peer, .. }) if refusal.is_false_everywhere() => {
                    self.blame(peer, refusal.name())
                }
                Some(_) | None => self.refuse(refusal.name()),
            }
            self.refusals.note(document, refusal.name());
        }
        self.counted(document);
        let gone = self.index.row(document).and_then(|row| row.gone);
        if self.index.row(document).is_some_and(|row| row.is_hidden()) {
            // What comes late for a withdrawn document: its envelopes stay, what it says does not.
            self.quarantine.put(genesis, Vec::new(), None);
            if let Some(Source { peer, .. }) = source {
                self.pulled(peer, document, false);
            }
            let stubs: Batch = admitted
                .accepted
                .into_iter()
                .map(|(envelope, _, signed)| Put::Envelope(document, envelope, signed.envelope.into()))
                .collect();
            return (!stubs.is_empty()).then(|| (stubs, Resting::default()));
        }
        self.quarantine.put(genesis, admitted.waiting, source.map(|source| source.peer));
        let before = self.index.heads(document);
        let now = admitted.state.as_ref().map(|state| state.heads.as_slice());
        if admitted.accepted.is_empty() && before == now.unwrap_or_default() {
            if let Some(Source { peer, .. }) = source {
                self.pulled(peer, document, false);
            }
            return None;
        }
        let Some(state) = admitted.state else {
            // Nothing in it counts any longer: kept, and not a document until something does again.
            let row = Row { heads: Vec::new(), ..self.index.row(document)? };
            let batch = vec![Put::Row(document, to_vec(&row))];
            return Some((batch, Resting { rows: vec![(row, source)], ..Resting::default() }));
        };
        let came = admitted.containers.iter().map(|(_, containers)| containers);
        let came = came.chain(admitted.accepted.iter().map(|(.., signed)| signed));
        let bytes = self.bytes_with(document, came.map(SignedChange::size).sum());
        let (heads, updated_s) = (state.heads, state.view.updated_s);
        let row = Row { genesis: genesis.clone(), heads, updated_s, gone, bytes };
        let mut batch = self.document_puts(&row, &state.view);
        for (change, containers) in admitted.containers {
            batch.push(Put::Change(document, change, containers.change.into()));
        }
        for (envelope, change, signed) in admitted.accepted {
            batch.push(Put::Envelope(document, envelope, signed.envelope.into()));
            batch.push(Put::Change(document, change, signed.change.into()));
        }
        Some((batch, Resting { rows: vec![(row, source)], ..Resting::default() }))
    }

    /// Signs what a write made, and what to store of it.
    pub(in crate::engine) fn written(
        &mut self,
        genesis: &Genesis,
        request: Option<RequestId>,
        result: Result<Written, CommandError>,
    ) -> Option<(Batch, Resting)> {
        let document = genesis.document();
        let is_hidden = self.index.row(document).is_some_and(|row| row.is_hidden());
        let result = if is_hidden { Err(CommandError::Withdrawn) } else { result };
        let standing = self.statements.roster().rights(genesis).standing(self.device());
        let result = match (result, standing) {
            (Ok(written), Some(standing)) => Ok((written, standing)),
            (Ok(_), None) => Err(self.outside(CommandError::NotGranted)),
            (Err(error), _) => Err(error),
        };
        let (written, standing) = match result {
            Ok(both) => both,
            Err(error) => {
                request.into_iter().for_each(|request| self.reply(request, Err(error.clone())));
                return None;
            }
        };
        let reply = Reply::Written {
            record: genesis.record_id(),
            document,
            heads: written.heads.clone(),
            changed: !written.changes.is_empty(),
        };
        if written.changes.is_empty() {
            request.into_iter().for_each(|request| self.reply(request, Ok(reply.clone())));
            return None;
        }
        let (mut puts, mut size) = (Vec::new(), 0);
        let mut heads: Vec<EnvelopeHash> = written.kept_heads;
        for (envelope, change, signed) in written.founding {
            size += signed.size();
            puts.push(Put::Envelope(document, envelope, signed.envelope.into()));
            puts.push(Put::Change(document, change, signed.change.into()));
        }
        for change in written.changes {
            let (envelope, bytes, session) =
                self.sessions.sign(genesis, change.hash, change.branch, &self.keys.device, standing);
            if written.heads.contains(&change.hash) {
                heads.push(envelope);
            }
            size += bytes.len() + change.bytes.len();
            puts.push(Put::Envelope(document, envelope, bytes));
            puts.push(Put::Change(document, change.hash, change.bytes));
            puts.push(session);
        }
        heads.sort_unstable();
        let updated_s = i64::try_from(self.now.seconds()).unwrap_or(i64::MAX);
        let gone = self.index.row(document).and_then(|row| row.gone);
        let bytes = self.bytes_with(document, size);
        let row = Row { genesis: genesis.clone(), heads, updated_s, gone, bytes };
        let view =
            View { heads: written.heads, record: written.record, conflicts: written.conflicts, updated_s };
        let mut batch = self.document_puts(&row, &view);
        batch.extend(puts);
        let outputs = request.map(|request| Output::Reply(request, Ok(reply))).into_iter().collect();
        Some((batch, Resting { outputs, rows: vec![(row, None)], written: true, ..Resting::default() }))
    }

    /// What a document takes once so many bytes more are kept of it.
    fn bytes_with(&self, document: DocumentId, more: usize) -> u64 {
        self.index.row(document).map_or(0, |row| row.bytes) + more as u64
    }

    fn document_puts(&self, row: &Row, view: &View) -> Batch {
        let document = row.genesis.document();
        let mut batch = vec![Put::Row(document, to_vec(row)), Put::View(document, view.bytes())];
        if self.index.row(document).is_none() {
            batch.push(Put::Genesis(document, row.genesis.bytes()));
        }
        batch
    }
}
