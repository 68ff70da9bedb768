//! Keeps the search index at what the store holds.
//!
//! One entry for each record, from its draft where there is one, else from what is shared. At the start,
//! and whenever it has missed something, versions are compared and only what differs is written; so the
//! index may be thrown away, or be cut off at any moment.

use std::{collections::BTreeMap, io, thread};

use futures::executor::block_on;
use praksis_protocol::{
    admission::state::{Row, View},
    engine::{Event, output::RecordRef},
    genesis::Kind,
    id::{DocumentId, OrgId},
    store::{Read as _, StoreError},
};
use serde_json::Value;
use tokio::sync::{
    broadcast::{self, error::RecvError, error::TryRecvError},
    oneshot,
};

use crate::{
    handle::{CallError, Handle},
    search::{self, Entry},
};

/// Most entries handed to the index at once.
const CHUNK: usize = 1000;

/// Why the index was not brought up to date.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Search(#[from] search::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// The thread that indexes.
pub(crate) struct Indexer {
    done: oneshot::Receiver<()>,
}

impl Indexer {
    /// Starts the thread. It ends after the node's last event.
    pub(crate) fn start(handle: Handle) -> io::Result<Self> {
        let (sender, done) = oneshot::channel();
        let events = handle.events();
        let job = Job { handle, holders: BTreeMap::new(), owners: BTreeMap::new() };
        thread::Builder::new().name("praksis-index".to_owned()).spawn(move || {
            job.run(events);
            // Nobody waits any more when the whole program ends.
            let _ = sender.send(());
        })?;
        Ok(Self { done })
    }

    /// Waits until everything that was announced is in the index and on disk.
    pub(crate) async fn ended(self) {
        if self.done.await.is_err() {
            tracing::error!("the search index's thread panicked; the next start finds what is missing");
        }
    }
}

/// Number and name of an organisation.
type Owner = (String, String);

/// What a record has for standing in the index under its id, the smallest first: another member may have
/// written our id on a record of its own. Ours is the one without `foreign`; of others, every node chooses
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    foreign: bool,
    owner: OrgId,
}

struct Job {
    handle: Handle,
    /// Which record stands in the index under each id.
    holders: BTreeMap<DocumentId, Claim>,
    owners: BTreeMap<OrgId, Owner>,
}

impl Job {
    fn run(mut self, mut events: broadcast::Receiver<Event>) {
        self.attempt(Self::catch_up);
        loop {
            let first = match events.blocking_recv() {
                Ok(event) => event,
                Err(RecvError::Lagged(missed)) => {
                    tracing::debug!(missed, "search index: comparing versions instead");
                    self.attempt(Self::catch_up);
                    continue;
                }
                Err(RecvError::Closed) => break,
            };
            let mut gathered = vec![first];
            while gathered.len() < CHUNK {
                match events.try_recv() {
                    Ok(event) => gathered.push(event),
                    // What ends it is met again by the next blocking receive; a lag is told only once.
                    Err(TryRecvError::Lagged(_)) => {
                        self.attempt(Self::catch_up);
                        gathered.clear();
                        break;
                    }
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            self.attempt(|job| job.follow(gathered));
        }
        if let Err(error) = self.handle.search().commit() {
            tracing::warn!(%error, "search index: the next start finds what is missing");
        }
    }

    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<(), Error>) {
        match step(self) {
            Ok(()) | Err(Error::Call(CallError::Stopped)) => {}
            Err(error) => tracing::error!(%error, "search index: not brought up to date"),
        }
    }

    /// Indexes the records that have changed.
    fn follow(&mut self, events: Vec<Event>) -> Result<(), Error> {
        let mut changed: BTreeMap<(DocumentId, OrgId), Option<RecordRef>> = BTreeMap::new();
        let mut roster = false;
        for event in events {
            match event {
                Event::RecordChanged(record) => {
                    changed.insert((record.record, record.owner), Some(record));
                }
                Event::RecordGone(record, owner) => drop(changed.insert((record, owner), None)),
                Event::RosterChanged | Event::Joined(_) => roster = true,
                Event::JoinRefused(_) | Event::Level(..) | Event::Failed(_) => {}
            }
        }
        if roster {
            let before = std::mem::take(&mut self.owners);
            self.read_owners()?;
            let same = |(org, owner): (&OrgId, &Owner)| self.owners.get(org) == Some(owner);
            if !before.iter().all(same) {
                return self.catch_up();
            }
        }
        if self.has_gone(&changed) {
            return self.catch_up();
        }
        let mut entries = Vec::new();
        for record in changed.values().flatten().filter(|record| record.kind == Some(Kind::Case)) {
            let Some(document) = record.draft.or(record.shared) else { continue };
            let claim = Claim { foreign: record.draft.is_none(), owner: record.owner };
            if self.claim(record.record, claim) {
                entries.extend(self.entry(document)?);
            }
        }
        if !entries.is_empty() {
            self.handle.search().upsert(entries)?;
            self.handle.0.followed.send_replace(());
        }
        Ok(())
    }

    /// Whether a record that is there no longer had its place in the index: another may take it.
    fn has_gone(&self, changed: &BTreeMap<(DocumentId, OrgId), Option<RecordRef>>) -> bool {
        let mut gone = changed.iter().filter(|(_, record)| record.is_none());
        gone.any(|((record, owner), _)| self.holders.get(record).is_some_and(|claim| claim.owner == *owner))
    }

    /// Compares versions, and indexes what is missing or of another one.
    fn catch_up(&mut self) -> Result<(), Error> {
        self.read_owners()?;
        self.holders.clear();
        let mut documents: BTreeMap<String, (DocumentId, [u8; 32])> = BTreeMap::new();
        for (document, bytes) in self.handle.store().rows()? {
            let row = read_row(document, &bytes)?;
            if row.is_hidden() || row.heads.is_empty() {
                continue;
            }
            let (record, owner) = (row.genesis.record_id(), row.genesis.owner);
            let claim = Claim { foreign: !row.genesis.is_draft(), owner };
            if row.genesis.kind() == Some(Kind::Case) && self.claim(record, claim) {
                documents.insert(record.to_string(), (document, version(&row, self.owners.get(&owner))));
            }
        }
        let versions = documents.iter().map(|(record, (_, version))| (record.as_str(), *version));
        let stale = self.handle.search().stale(versions)?;
        if !stale.changed.is_empty() || !stale.gone.is_empty() {
            let (changed, gone) = (stale.changed.len(), stale.gone.len());
            tracing::info!(changed, gone, "search index: catching up");
        }
        for chunk in stale.changed.chunks(CHUNK) {
            let mut entries = Vec::with_capacity(chunk.len());
            for record in chunk {
                entries.extend(self.entry(documents[record].0)?);
            }
            self.handle.search().upsert(entries)?;
        }
        if !stale.gone.is_empty() {
            self.handle.search().remove(stale.gone)?;
        }
        self.handle.0.followed.send_replace(());
        Ok(())
    }

    /// Gives a record its place under its id, unless another has the better claim.
    fn claim(&mut self, record: DocumentId, claim: Claim) -> bool {
        let holder = self.holders.entry(record).or_insert(claim);
        *holder = claim.min(*holder);
        *holder == claim
    }

    /// A record as the index takes it, from the document it is best read from.
    fn entry(&mut self, document: DocumentId) -> Result<Option<Entry>, Error> {
        let store = self.handle.store();
        // The row first: a write that comes in between leaves the entry with the older version, which
        // its own event, or else the next start, finds stale.
        let (Some(row), Some(view)) = (store.row(document)?, store.view(document)?) else { return Ok(None) };
        let row = read_row(document, &row)?;
        if row.is_hidden() {
            return Ok(None);
        }
        let damaged = || StoreError::Damaged { what: format!("view of {}", document.short()) };
        let view = View::read(&view).ok_or_else(damaged)?;
        let Value::Object(case) = view.record else { return Ok(None) };
        if !self.owners.contains_key(&row.genesis.owner) {
            self.read_owners()?;
            // Whoever is not known now is not asked for again before the roster changes.
            self.owners.entry(row.genesis.owner).or_default();
        }
        let owner = self.owners.get(&row.genesis.owner);
        let version = version(&row, owner);
        let (owner_org, owner_name) = owner.cloned().unwrap_or_default();
        Ok(Some(Entry {
            record: row.genesis.record_id().to_string(),
            owner_org,
            owner_name,
            updated_at: view.updated_s.saturating_mul(1000),
            version,
            ..Entry::from_case(&case)
        }))
    }

    /// Who the organisations are.
    fn read_owners(&mut self) -> Result<(), Error> {
        let status = block_on(self.handle.status())?;
        self.owners = status.org.map(|own| (own, (status.number, status.name))).into_iter().collect();
        let members = status.members.into_iter();
        self.owners.extend(members.map(|member| (member.org, (member.number, member.name))));
        Ok(())
    }
}

/// Tells two states of an entry apart.
fn version(row: &Row, owner: Option<&Owner>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(row.item().as_bytes());
    if let Some((number, name)) = owner {
        hasher.update(number.as_bytes()).update(name.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn read_row(document: DocumentId, bytes: &[u8]) -> Result<Row, StoreError> {
    minicbor::decode(bytes).map_err(|_| StoreError::Damaged { what: format!("row of {}", document.short()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_place_of_our_record_and_of_others_all_choose_the_same() {
        let ours = Claim { foreign: false, owner: OrgId([9; 32]) };
        let (first, second) = ([1, 2]).map(|org| Claim { foreign: true, owner: OrgId([org; 32]) }).into();
        let best = |claims: &[Claim]| claims.iter().copied().reduce(Claim::min);
        assert_eq!(best(&[first, ours, second]), Some(ours));
        assert_eq!(best(&[first, second]), best(&[second, first]));
    }
}
