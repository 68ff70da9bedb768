//! What of a store an engine keeps in memory and engines of one process can share: the statements, and what follows from
//! them.
//!
//! Every node holds the statements of all others. In a process that runs thousands, to see what a network of that size
//! does, each is opened beside what one of them holds: only what differs is read, checked and folded, and what is the
//! same stays shared until one of them changes it. A node by itself is opened beside nothing.

use super::{index::Index, setup, statements::Statements};
use crate::{
    genesis::Scope,
    membership::{charter::Charter, statement::Known},
    store::{Read, StoreError},
};

/// See the module.
#[derive(Debug)]
pub struct Held {
    pub(super) charter: Option<Charter>,
    pub(super) statements: Statements,
    /// Without documents.
    pub(super) index: Index,
}

impl Held {
    /// What the store of a node holds.
    pub fn read(store: &impl Read) -> Result<Self, StoreError> {
        Self::open(None, store).map(|(held, _)| held)
    }

    /// The same beside what another holds; also the statements that others have replaced, to be forgotten.
    pub(super) fn open(other: Option<&Self>, store: &impl Read) -> Result<(Self, Vec<Known>), StoreError> {
        let charter = setup::charter(store)?;
        let other = other.filter(|other| other.charter == charter);
        let opened = Statements::open(other.map(|other| &other.statements), charter.as_ref(), store)?;
        let statements = opened.statements;
        let mut index = Index::default();
        match other.filter(|_| !opened.differs) {
            Some(other) => {
                index.share_roster(&other.index);
                statements.of_documents().for_each(|known| index.put_statement(known));
            }
            None => statements.all().for_each(|known| index.put_statement(known)),
        }
        // Whoever says hello says it.
        index.digest(Scope::Roster);
        Ok((Self { charter, statements, index }, opened.replaced))
    }
}
