//! The one thread that writes to the index.
//!
//! What is handed over waits in a bounded queue and is committed in batches, since each commit is a new segment and an
//! fsync: when nothing more comes, when much has come, or when some has waited long; at once when asked.

mod purge;
mod renewal;

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, IndexWriter, TantivyDocument, TantivyError};

use self::renewal::Renewal;
use super::compounds::Compounds;
use super::entry::Entry;
use super::schema::Fields;
use super::vocabulary::Shared;
use super::{Error, folder};
use crate::platform;

/// Memory in which new entries are gathered before they are written as a segment: near the least tantivy takes, since
/// a node lives beside other programs.
const MEMORY_BYTES: usize = 20 * 1000 * 1000;
/// Segments of about one size that become one: a question looks each of its words up in every segment, so half as many
/// as the engine's own eight pay for being merged more often.
const SEGMENTS_MERGED: usize = 4;
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
/// Records from which on their words are worth learning from.
const LEARN_FROM: u64 = 100;

enum Message {
    Upsert(Vec<Entry>),
    Remove(Vec<String>),
    Commit(SyncSender<Result<(), Error>>),
    Renew,
    Settle(SyncSender<()>),
}

/// Handle of the writing thread. Dropping it commits what waits and ends the thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    /// Whether something was not written since this was last asked for.
    missed: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        dir: &Path,
        engine: tantivy::Index,
        fields: Fields,
        reader: IndexReader,
        (compounds, vocabulary): (Compounds, Shared),
    ) -> Result<Self, Error> {
        let writer = match open(&engine) {
            // Somebody else writes to this folder.
            Err(error @ TantivyError::LockFailure(..)) => return Err(Error::Write(error)),
            Err(error) => {
                tracing::error!(%error, "search index: it can be read, and is not written to for now");
                None
            }
            Ok(writer) => Some(writer),
        };
        let (queue, messages) = sync_channel(QUEUE);
        let missed = Arc::new(AtomicBool::new(false));
        let batch = Batch {
            dir: dir.to_owned(),
            writer,
            engine,
            fields,
            learned_at: reader.searcher().num_docs(),
            reader,
            compounds,
            vocabulary,
            entries: 0,
            written: HashSet::new(),
            since: None,
            failed: None,
            missed: Arc::clone(&missed),
            purging: purge::is_due(dir),
            renewal: None,
            renewal_due: !folder::is_analysed(dir),
            renewed: false,
            settling: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("search-writer".to_owned())
            .spawn(move || batch.run(&messages))
            .map_err(Error::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), missed })
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

    pub(super) fn remove(&self, keys: Vec<String>) -> Result<(), Error> {
        self.send(Message::Remove(keys))
    }

    /// Commits all that was handed over before, and returns when it is on disk and can be found, or with what kept
    /// some of it from being written since the last such call.
    pub(super) fn commit(&self) -> Result<(), Error> {
        let (done, answer) = sync_channel(1);
        self.send(Message::Commit(done))?;
        answer.recv().map_err(|_| Error::Ended)?
    }

    /// Analyses every record anew.
    pub(super) fn renew(&self) -> Result<(), Error> {
        self.send(Message::Renew)
    }

    /// Returns when nothing is under way any more that the thread does by itself.
    pub(super) fn settle(&self) -> Result<(), Error> {
        let (done, answer) = sync_channel(1);
        self.send(Message::Settle(done))?;
        answer.recv().map_err(|_| Error::Ended)
    }

    /// Whether something could not be written since this was last asked.
    pub(super) fn take_missed(&self) -> bool {
        self.missed.swap(false, Ordering::Relaxed)
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
    dir: PathBuf,
    engine: tantivy::Index,
    /// None after it failed, as it does on a full disk: the next that is to be written makes it anew.
    writer: Option<IndexWriter<TantivyDocument>>,
    fields: Fields,
    reader: IndexReader,
    compounds: Compounds,
    vocabulary: Shared,
    /// How many records there were when their words were last learnt.
    learned_at: u64,
    entries: usize,
    /// Their keys, until the reader has seen that they are committed.
    written: HashSet<String>,
    /// When the first of what waits came.
    since: Option<Instant>,
    /// Of what was to be written since the last answer.
    failed: Option<Error>,
    missed: Arc<AtomicBool>,
    /// Whether records were taken out whose words are still in the files.
    purging: bool,
    renewal: Option<Renewal>,
    renewal_due: bool,
    /// Whether all records are analysed as they are today, once what waits is committed.
    renewed: bool,
    /// Who waits until nothing is under way.
    settling: Vec<SyncSender<()>>,
}

impl Batch {
    fn run(mut self, messages: &Receiver<Message>) {
        platform::step_back();
        if self.purging || self.renewal_due {
            // A crash came before its end, or another version of the program wrote what is there.
            self.since = Some(Instant::now());
        }
        loop {
            let message = if self.renewal.is_some() {
                messages.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            } else if self.since.is_some() {
                messages.recv_timeout(IDLE)
            } else {
                for done in self.settling.drain(..) {
                    // Nobody may wait any more.
                    let _ = done.send(());
                }
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let result = match message {
                Ok(Message::Upsert(entries)) => self.upsert(&entries),
                Ok(Message::Remove(keys)) => self.remove(&keys),
                Ok(Message::Commit(done)) => {
                    if let Err(error) = self.commit() {
                        self.give_up(error);
                    }
                    // Nobody may wait any more: what was asked for is done all the same.
                    let _ = done.send(self.failed.take().map_or(Ok(()), Err));
                    Ok(())
                }
                Ok(Message::Renew) => self.renew(),
                Ok(Message::Settle(done)) => {
                    self.settling.push(done);
                    self.purging = true;
                    // The way to idleness leads through a commit.
                    self.since.get_or_insert_with(Instant::now);
                    Ok(())
                }
                Err(RecvTimeoutError::Timeout) if self.renewal.is_some() => self.renew_some(),
                Err(RecvTimeoutError::Timeout) => self.commit().and_then(|()| self.learn()),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = result {
                self.give_up(error);
            }
        }
        if let Err(error) = self.commit() {
            tracing::error!(%error, "search index: the last batch was not written");
        }
        // Merges that run would be lost, not their documents; waiting keeps the folder tidy.
        if let Some(Err(error)) = self.writer.take().map(IndexWriter::wait_merging_threads) {
            tracing::warn!(%error, "search index: merging did not end well");
        }
    }

    /// What waits is lost, and found stale later; what is on disk is read as before.
    fn give_up(&mut self, error: Error) {
        tracing::error!(%error, "search index: a batch was not written");
        self.missed.store(true, Ordering::Relaxed);
        self.failed = Some(error);
        self.writer = None;
        (self.renewal, self.renewed) = (None, false);
        (self.entries, self.since) = (0, None);
    }

    fn writer(&mut self) -> Result<&mut IndexWriter<TantivyDocument>, Error> {
        if self.writer.is_none() {
            self.writer = Some(open(&self.engine).map_err(Error::Write)?);
        }
        Ok(self.writer.as_mut().expect("it was made above"))
    }

    fn upsert(&mut self, entries: &[Entry]) -> Result<(), Error> {
        if let Some(renewal) = &mut self.renewal {
            renewal.written.extend(entries.iter().map(Entry::key));
        }
        self.write(entries)
    }

    fn write(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            let analysed = self.compounds.analysed(entry);
            let document = self.fields.document(entry, analysed).map_err(Error::Entry)?;
            let key = entry.key();
            let term = self.fields.key_term(&key);
            // Each deletion is a question that waits for the commit, with a kilobyte of its own: a first sync has none.
            let is_there =
                !self.written.insert(key) || self.reader.searcher().doc_freq(&term).map_err(Error::Read)? > 0;
            let writer = self.writer()?;
            if is_there {
                writer.delete_term(term);
            }
            writer.add_document(document).map_err(Error::Write)?;
        }
        self.added(entries.len())
    }

    fn remove(&mut self, keys: &[String]) -> Result<(), Error> {
        if let Err(error) = purge::mark(&self.dir) {
            // They are hidden all the same.
            tracing::warn!(%error, "search index: a crash before the words are gone would be forgotten");
        }
        self.purging = true;
        // It holds the old files open: it begins anew.
        self.renewal_due |= self.renewal.take().is_some();
        for key in keys {
            let key = self.fields.key_term(key);
            self.writer()?.delete_term(key);
        }
        self.added(keys.len())
    }

    fn added(&mut self, entries: usize) -> Result<(), Error> {
        self.entries += entries;
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.entries < BATCH_ENTRIES && since.elapsed() < AGE_MAX {
            return Ok(());
        }
        self.commit()?;
        self.learn()
    }

    fn commit(&mut self) -> Result<(), Error> {
        if self.since.take().is_some() {
            self.entries = 0;
            self.writer()?.commit().map_err(Error::Write)?;
        }
        self.reader.reload().map_err(Error::Write)?;
        self.written.clear();
        if std::mem::take(&mut self.renewed) && !folder::is_analysed(&self.dir) {
            folder::mark(&self.dir)?;
        }
        if self.purging {
            self.purging = !self.purge()?;
            if self.purging {
                self.since = Some(Instant::now());
            }
        }
        if std::mem::take(&mut self.renewal_due) {
            self.renewal = Some(Renewal::of(self.reader.searcher())?);
        }
        Ok(())
    }

    /// Learns what compounds are made of when the records have doubled, and analyses anew those that are split otherwise
    /// since: while many come, so that most need not be.
    fn learn(&mut self) -> Result<(), Error> {
        let records = self.reader.searcher().num_docs();
        if records < LEARN_FROM || records < 2 * self.learned_at {
            return Ok(());
        }
        let vocabulary = self.vocabulary.get();
        let searcher = self.reader.searcher();
        self.compounds.learn(&searcher, self.fields.stems, vocabulary.labels()).map_err(Error::Read)?;
        self.learned_at = records;
        self.renew()
    }

    fn renew(&mut self) -> Result<(), Error> {
        self.renewal_due = true;
        self.commit()
    }
}

fn open(engine: &tantivy::Index) -> tantivy::Result<IndexWriter<TantivyDocument>> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .memory_budget_per_thread(MEMORY_BYTES)
        .num_merge_threads(1)
        .build();
    // The threads that it starts are its maker's like.
    let make = || {
        platform::step_back();
        engine.writer_with_options(options)
    };
    let made = thread::scope(|scope| scope.spawn(make).join());
    let writer = made.unwrap_or_else(|panic| resume_unwind(panic))?;
    let mut merging = LogMergePolicy::default();
    merging.set_min_num_segments(SEGMENTS_MERGED);
    writer.set_merge_policy(Box::new(merging));
    Ok(writer)
}
