//! What a document's changes rest on: its containers, ours and those of schemas that we do not know.

use std::collections::BTreeMap;

use super::{
    Refusal,
    counting::{Containers, Counted, Later},
    state::Record,
};
use crate::{
    document::containers_actor,
    genesis::Genesis,
    id::{ChangeHash, DocumentId},
    scan::scan,
    wire::message::SignedChange,
};

/// Highest number of a schema that is looked for.
const SCHEMA_LIMIT: u16 = 64;

/// What a document rests on: its containers, and the bytes of those that we do not compute.
pub(crate) struct Base<'a> {
    document: DocumentId,
    containers: Containers,
    known: u16,
    chunks: BTreeMap<ChangeHash, (&'a SignedChange, bool)>,
}

impl<'a> Base<'a> {
    pub(super) fn of(genesis: &Genesis, record: Option<&Record>) -> Self {
        let own = record.map(Record::containers).unwrap_or_default();
        let known = record.map_or(0, |record| record.kind.schema());
        let containers = Containers { own, ..Containers::default() };
        Self { document: genesis.document(), containers, known, chunks: BTreeMap::new() }
    }

    /// Takes in containers that somebody else computed, if they can be those of a schema.
    pub(super) fn take(&mut self, change: &'a SignedChange, is_fresh: bool) -> Result<(), Refusal> {
        let header = scan(&change.change)?;
        if self.containers.own.iter().any(|own| own.hash == header.hash) {
            return Ok(());
        }
        let by = |schema: &u16| containers_actor(self.document, *schema) == header.actor;
        let schema = (self.known + 1..=SCHEMA_LIMIT).find(by).ok_or(Refusal::Containers)?;
        if header.seq != 1 || header.time != 0 {
            return Err(Refusal::Containers);
        }
        self.chunks.entry(header.hash).or_insert((change, is_fresh));
        self.containers.later.insert(Later { schema, header });
        Ok(())
    }

    /// What a store holds of it.
    pub(crate) fn held(genesis: &Genesis, record: &Record, held: &'a [SignedChange]) -> Self {
        let mut base = Self::of(genesis, Some(record));
        for change in held.iter().filter(|change| change.is_containers()) {
            // What no longer fits is not applied, and what rests on it does not count.
            let _ = base.take(change, false);
        }
        base
    }

    pub(crate) fn containers(&self) -> &Containers {
        &self.containers
    }

    /// The containers that have come now.
    pub(super) fn fresh(&self) -> impl Iterator<Item = (ChangeHash, &'a SignedChange)> {
        self.chunks.iter().filter(|(_, (_, is_fresh))| *is_fresh).map(|(hash, (change, _))| (*hash, *change))
    }

    /// The chunks of those that count and that we do not compute, causes before effects.
    pub(crate) fn chunks(&self, counted: &Counted) -> impl Iterator<Item = &'a [u8]> {
        let held = counted.containers.iter().filter_map(|hash| self.chunks.get(hash));
        held.map(|(change, _)| change.change.as_slice())
    }
}
