//! The one thread that writes to the index.
//!
//! What is handed over waits in a bounded queue and is committed in batches, since each commit is a new segment and an
//! fsync: when nothing more comes, when much has come, or when some has waited long; at once when asked.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tantivy::indexer::IndexWriterOptions;
use tantivy::{IndexReader, IndexWriter, TantivyDocument};

use super::Error;
use super::entry::Entry;
use super::schema::Fields;

/// Memory in which new entries are gathered before they are written as a segment: near the least tantivy takes, since
/// a node lives beside other programs.
const MEMORY_BYTES: usize = 20 * 1000 * 1000;
/// Entries in one message: what is handed over is cut, so that the bound of the queue bounds memory.
const MESSAGE_ENTRIES: usize = 100;
/// Messages that may wait; a caller that brings more waits itself.
const QUEUE: usize = 16;
/// Entries after which a batch is committed though more are coming.
const BATCH_ENTRIES: usize = 5_000;
/// How long the writer waits for more before it commits.
const IDLE: Duration = Duration::from_millis(100);
/// How long an entry may wait while more keep coming.
const AGE_MAX: Duration = Duration::from_secs(2);

enum Message {
    Upsert(Vec<Entry>),
    Remove(Vec<String>),
    Commit(SyncSender<Result<(), Error>>),
}

/// Handle of the writing thread. Dropping it commits what waits and ends the thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(index: &tantivy::Index, fields: Fields, reader: IndexReader) -> Result<Self, Error> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY_BYTES)
            .num_merge_threads(1)
            .build();
        let writer = index.writer_with_options(options).map_err(Error::Write)?;
        let (queue, messages) = sync_channel(QUEUE);
        let batch = Batch { writer, fields, reader, entries: 0, since: None, failed: None };
        let thread = std::thread::Builder::new()
            .name("search-writer".to_owned())
            .spawn(move || batch.run(&messages))
            .map_err(Error::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) fn upsert(&self, entries: Vec<Entry>) -> Result<(), Error> {
        let mut entries = entries.into_iter();
        loop {
            let some: Vec<Entry> = entries.by_ref().take(MESSAGE_ENTRIES).collect();
            if some.is_empty() {
                return Ok(());
            }
            self.send(Message::Upsert(some))?;
        }
    }

    pub(super) fn remove(&self, records: Vec<String>) -> Result<(), Error> {
        self.send(Message::Remove(records))
    }

    /// Commits all that was handed over before, and returns when it is on disk and can be found, or with what kept
    /// some of it from being written since the last such call.
    pub(super) fn commit(&self) -> Result<(), Error> {
        let (done, answer) = sync_channel(1);
        self.send(Message::Commit(done))?;
        answer.recv().map_err(|_| Error::Ended)?
    }

    fn send(&self, message: Message) -> Result<(), Error> {
        self.queue.as_ref().ok_or(Error::Ended)?.send(message).map_err(|_| Error::Ended)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the thread itself; what was lost is found stale at the next start.
            let _ = thread.join();
        }
    }
}

/// What is written and not yet committed.
struct Batch {
    writer: IndexWriter<TantivyDocument>,
    fields: Fields,
    reader: IndexReader,
    entries: usize,
    /// When the first of it came.
    since: Option<Instant>,
    /// What went wrong with it, for the next caller that waits.
    failed: Option<Error>,
}

impl Batch {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let message = match self.since {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => messages.recv_timeout(IDLE),
            };
            let result = match message {
                Ok(Message::Upsert(entries)) => self.upsert(&entries),
                Ok(Message::Remove(records)) => self.remove(&records),
                Ok(Message::Commit(done)) => {
                    let result = self.commit();
                    // Nobody may wait any more: what was asked for is done all the same.
                    let _ = done.send(self.failed.take().map_or(result, Err));
                    Ok(())
                }
                Err(RecvTimeoutError::Timeout) => self.commit(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = result {
                tracing::error!(%error, "search index: a batch was not written");
                self.failed = Some(error);
            }
        }
        if let Err(error) = self.commit() {
            tracing::error!(%error, "search index: the last batch was not written");
        }
        // Merges that run would be lost, not their documents; waiting keeps the folder tidy.
        if let Err(error) = self.writer.wait_merging_threads() {
            tracing::warn!(%error, "search index: merging did not end well");
        }
    }

    fn upsert(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            let document = self.fields.document(entry).map_err(Error::Entry)?;
            self.writer.delete_term(self.fields.record_term(&entry.record));
            self.writer.add_document(document).map_err(Error::Write)?;
        }
        self.added(entries.len())
    }

    fn remove(&mut self, records: &[String]) -> Result<(), Error> {
        for record in records {
            self.writer.delete_term(self.fields.record_term(record));
        }
        self.added(records.len())
    }

    fn added(&mut self, entries: usize) -> Result<(), Error> {
        self.entries += entries;
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.entries >= BATCH_ENTRIES || since.elapsed() >= AGE_MAX { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), Error> {
        if self.since.take().is_some() {
            self.entries = 0;
            self.writer.commit().map_err(Error::Write)?;
        }
        self.reader.reload().map_err(Error::Write)
    }
}
