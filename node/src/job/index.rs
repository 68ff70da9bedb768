//! Keeps the search index at what the store holds.
//!
//! One entry for each record, from its draft where there is one, else from what is shared. At the start,
//! and whenever it has missed something, versions are compared and only what differs is written; so the
//! index may be thrown away, or be cut off at any moment.

mod uses;

use std::{collections::BTreeMap, io, thread};

use futures::executor::block_on;
use praksis_protocol::{
    admission::state::{Row, View},
    engine::{Command, Event, Reply, output::RecordRef},
    genesis::Kind,
    id::{DocumentId, Item, OrgId},
    store::{Read as _, StoreError},
};
use serde_json::Value;
use tokio::sync::{
    broadcast::{self, error::RecvError, error::TryRecvError},
    oneshot,
};

use self::uses::Uses;
use crate::{
    handle::{CallError, Handle},
    platform,
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
        let job = Job { handle, owners: BTreeMap::new(), counties: BTreeMap::new(), uses: Uses::default() };
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

struct Job {
    handle: Handle,
    owners: BTreeMap<OrgId, Owner>,
    /// What their cards say; read once, and again when one changes.
    counties: BTreeMap<OrgId, String>,
    /// Who uses what others have shared.
    uses: Uses,
}

impl Job {
    fn run(mut self, mut events: broadcast::Receiver<Event>) {
        // What is synced is to be durable first, then found.
        platform::step_back();
        self.attempt(Self::begin);
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
            self.handle.figures().index_waits(gathered.len() + events.len());
            self.attempt(|job| job.follow(gathered));
            self.handle.figures().index_waits(events.len());
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

    /// Brings an index up to date that a crash, or another version of the program, left behind or empty.
    fn begin(&mut self) -> Result<(), Error> {
        self.catch_up()?;
        self.handle.search().commit()?;
        self.handle.search().is_level();
        self.handle.0.followed.send_replace(());
        Ok(())
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
                Event::JoinRefused(_)
                | Event::Asking
                | Event::Ended(_)
                | Event::LetGo(..)
                | Event::Level(..)
                | Event::Failed(_) => {}
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
        // A county that changed stands with every case of its owner; and what a full disk kept from being
        // written is to be found again.
        let is_card = |record: &RecordRef| record.kind == Some(Kind::Organisation);
        let card = changed.values().flatten().any(is_card);
        if (card && self.read_counties()?) || self.handle.search().take_missed() {
            return self.catch_up();
        }
        for subject in self.uses.follow(&changed, self.handle.store())? {
            for used in self.records_of(subject)? {
                changed.entry((used.record, used.owner)).or_insert(Some(used));
            }
        }
        let (mut entries, mut gone) = (Vec::new(), Vec::new());
        for ((id, owner), record) in &changed {
            match record {
                None => gone.push(key(*id, *owner)),
                Some(record) if record.kind == Some(Kind::Case) => match record.best() {
                    Some(document) => {
                        let used_by = self.uses.count(*owner, record.shares.values().copied());
                        entries.extend(self.entry(document, used_by)?);
                    }
                    None => gone.push(key(*id, *owner)),
                },
                Some(_) => {}
            }
        }
        if !gone.is_empty() {
            self.handle.search().remove(gone)?;
            self.handle.0.followed.send_replace(());
        }
        if !entries.is_empty() {
            self.handle.search().upsert(entries)?;
            self.handle.0.followed.send_replace(());
        }
        Ok(())
    }

    /// Compares versions, and indexes what is missing or of another one.
    fn catch_up(&mut self) -> Result<(), Error> {
        self.read_owners()?;
        self.read_counties()?;
        self.read_uses()?;
        let mut held = self.handle.search().held()?;
        let mut changed = 0;
        for page in self.pages(Kind::Case) {
            let mut entries = Vec::new();
            for record in page? {
                let used_by = self.uses.count(record.owner, record.shares.values().copied());
                let version = self.version(record.state, record.owner, used_by);
                if let Some(best) = record.best()
                    && !held.take(&key(record.record, record.owner), &version)
                {
                    entries.extend(self.entry(best, used_by)?);
                }
            }
            changed += entries.len();
            if !entries.is_empty() {
                self.handle.search().upsert(entries)?;
            }
        }
        let gone = held.left()?;
        if changed + gone.len() > 0 {
            tracing::info!(changed, gone = gone.len(), "search index: caught up");
        }
        if !gone.is_empty() {
            self.handle.search().remove(gone)?;
        }
        self.handle.0.followed.send_replace(());
        Ok(())
    }

    /// All records of a kind, page by page: the engine has other work in between.
    fn pages(&self, kind: Kind) -> impl Iterator<Item = Result<Vec<RecordRef>, Error>> + use<> {
        let handle = self.handle.clone();
        let mut from = Some(None);
        std::iter::from_fn(move || {
            let after = from.take()?;
            Some(block_on(handle.call(Command::Records(Some(kind), after, CHUNK))).map_err(Error::from).map(
                |reply| {
                    let Reply::Records(records, next) = reply else {
                        unreachable!("a question for records is answered with them")
                    };
                    from = next.map(Some);
                    records
                },
            ))
        })
    }

    /// A record as the index takes it, from the document it is best read from.
    fn entry(&mut self, document: DocumentId, used_by: u32) -> Result<Option<Entry>, Error> {
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
        let owner = row.genesis.owner;
        let version = self.version(row.item(), owner, used_by);
        let (owner_org, owner_name) = self.owners.get(&owner).cloned().unwrap_or_default();
        Ok(Some(Entry {
            record: row.genesis.record_id().to_string(),
            owner: owner.to_string(),
            county: self.counties.get(&owner).cloned(),
            owner_org,
            owner_name,
            used_by,
            updated_at: view.updated_s.saturating_mul(1000),
            version,
            ..Entry::from_case(&case)
        }))
    }

    /// Tells two states of an entry apart.
    fn version(&self, state: Item, owner: OrgId, used_by: u32) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(state.as_bytes());
        if let Some((number, name)) = self.owners.get(&owner) {
            hasher.update(number.as_bytes()).update(name.as_bytes());
        }
        if let Some(county) = self.counties.get(&owner) {
            hasher.update(b"county").update(county.as_bytes());
        }
        if used_by > 0 {
            hasher.update(b"used").update(&used_by.to_be_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// The record of which a document is what is shared.
    fn records_of(&self, document: DocumentId) -> Result<Vec<RecordRef>, Error> {
        let reply = block_on(self.handle.call(Command::Find(document.to_string())))?;
        let Reply::Records(mut records, _) = reply else {
            unreachable!("a search for records is answered with them")
        };
        records.retain(|record| record.shares.values().any(|shared| *shared == document));
        Ok(records)
    }

    /// In which county the organisations lie, as their cards say; whether that has changed.
    fn read_counties(&mut self) -> Result<bool, Error> {
        let mut counties = BTreeMap::new();
        for page in self.pages(Kind::Organisation) {
            for record in page? {
                let Some(card) = record.best().map(|card| self.handle.store().view(card)).transpose()? else {
                    continue;
                };
                let card = card.as_deref().and_then(View::read);
                if let Some(county) = card.as_ref().and_then(|card| card.record["county"].as_str()) {
                    counties.insert(record.owner, county.to_owned());
                }
            }
        }
        let changed = counties != self.counties;
        self.counties = counties;
        Ok(changed)
    }

    /// Who uses what others have shared.
    fn read_uses(&mut self) -> Result<(), Error> {
        let mut uses = Uses::default();
        for page in self.pages(Kind::Response) {
            uses.take_all(&page?, self.handle.store())?;
        }
        self.uses = uses;
        Ok(())
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

/// What the index knows a record by.
fn key(record: DocumentId, owner: OrgId) -> String {
    Entry::key_of(&record.to_string(), &owner.to_string())
}

fn read_row(document: DocumentId, bytes: &[u8]) -> Result<Row, StoreError> {
    minicbor::decode(bytes).map_err(|_| StoreError::Damaged { what: format!("row of {}", document.short()) })
}
