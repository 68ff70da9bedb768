//! What a node keeps, in the words of the protocol.
//!
//! **The truth is envelopes and raw changes** (and statements). Rows and views are computed from
//! them and can be thrown away. A [`Batch`] is applied whole or not at all, and [`Store::commit`]
//! returns only when it would survive a power cut; no message leaves before what it claims is durable.
//!
//! **Words can be erased**: after [`Put::Erase`] is committed, nothing that the store keeps, in whatever
//! file, tells what changes, view and memories of the document said. What must outlive that — envelopes,
//! rows — says it in hashes.

pub mod memory;

use crate::id::{ChangeHash, DocumentId, EnvelopeHash, StatementHash};

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk, or what the file system says of it. After this on a commit, the node stops.
    #[error("storage failed while {doing}: {why}")]
    Io {
        /// What was attempted.
        doing: String,
        /// What the system said.
        why: String,
    },
    /// What was read is not what was written.
    #[error("stored {what} is damaged")]
    Damaged {
        /// Which thing.
        what: String,
    },
}

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// Something of this node alone, never sent; `None` removes it. Names are at most 128 bytes.
    Local(String, Option<Vec<u8>>),
    /// A statement, COSE bytes.
    Statement(StatementHash, Vec<u8>),
    /// No longer a statement that others have replaced.
    Forget(StatementHash),
    /// How a document began.
    Genesis(DocumentId, Vec<u8>),
    /// A signed envelope of a document, COSE bytes.
    Envelope(DocumentId, EnvelopeHash, Vec<u8>),
    /// A raw change of a document, an uncompressed Automerge chunk.
    Change(DocumentId, ChangeHash, Vec<u8>),
    /// What is known of a document without opening it.
    Row(DocumentId, Vec<u8>),
    /// A document as it reads now.
    View(DocumentId, Vec<u8>),
    /// Something of this node alone that holds words of a document, never sent, and erased with it;
    /// `None` removes it, and erases it where the document has no other words. Names are at most 128
    /// bytes.
    Memory(DocumentId, String, Option<Vec<u8>>),
    /// The words of a document are gone for ever, however they were kept and whatever was written
    /// before: its changes, its view and its memories. Beginning, envelopes and row stay, they hold
    /// hashes only. What is put later, in the same batch too, is kept as if it were the first.
    Erase(DocumentId),
    /// Nothing of a document is kept any longer: its words are erased, and beginning, envelopes and row go too. What
    /// is put later, in the same batch too, is kept as if it were the first.
    Drop(DocumentId),
}

/// Writes that belong together.
pub type Batch = Vec<Put>;

/// What is done with each statement that is read: an error ends it.
pub type TakeStatement<'a> = dyn FnMut(StatementHash, &[u8]) -> Result<(), StoreError> + 'a;

/// What is read back. Everything comes sorted by its key.
pub trait Read {
    /// Something of this node alone.
    fn local(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// All local things whose name begins so.
    fn locals(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
    /// Gives every statement to `each`, one at a time.
    fn each_statement(&self, each: &mut TakeStatement<'_>) -> Result<(), StoreError>;
    /// All statements at once.
    fn statements(&self) -> Result<Vec<(StatementHash, Vec<u8>)>, StoreError> {
        let mut statements = Vec::new();
        self.each_statement(&mut |hash, bytes| {
            statements.push((hash, bytes.to_vec()));
            Ok(())
        })?;
        Ok(statements)
    }
    /// Gives every row to `each`, one at a time: there may be a hundred thousand. The first error ends it.
    fn each_row(
        &self,
        each: &mut dyn FnMut(DocumentId, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// All rows at once.
    fn rows(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        let mut rows = Vec::new();
        self.each_row(&mut |document, row| {
            rows.push((document, row));
            Ok(())
        })?;
        Ok(rows)
    }
    /// The row of one document.
    fn row(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError>;
    /// How a document began.
    fn genesis(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError>;
    /// All envelopes of a document.
    fn envelopes(&self, document: DocumentId) -> Result<Vec<(EnvelopeHash, Vec<u8>)>, StoreError>;
    /// All changes of a document.
    fn changes(&self, document: DocumentId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError>;
    /// A document as it read when it was last written.
    fn view(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError>;
    /// Something of this node alone that holds words of a document.
    fn memory(&self, document: DocumentId, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// What can also be written to.
pub trait Store: Read {
    /// Applies each batch whole, in order, and returns when all of them are durable.
    fn commit(&self, batches: &[Batch]) -> Result<(), StoreError>;
}
