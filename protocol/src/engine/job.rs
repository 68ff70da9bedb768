//! Work that takes long enough to keep it off the engine's thread: pure functions, run anywhere.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

pub use super::orphans::{Again, WrittenAgain};
use super::{input::Edit, output::CommandError};
use crate::{
    admission::{
        Admission, Admitted, Base, admit,
        counting::{Entry, count},
        own,
        state::{Conflict, Record},
    },
    change,
    document::{Author, HistoryEntry, RawChange, Replica},
    genesis::Genesis,
    id::{ChangeHash, DeviceId, DocumentId, EnvelopeHash, ItemId, SessionId},
    membership::roster::Roster,
    signed::encoding::hash,
    wire::message::SignedChange,
};

/// Something to do on a worker.
#[derive(Debug)]
pub enum Job {
    /// Check and apply what a peer sent.
    Admit(Box<Admission>),
    /// Write into a document of our own.
    Write(Box<Write>),
    /// Write orphans of our own again.
    Again(Box<Again>),
    /// Read a document's changes.
    History(Box<Genesis>, Vec<SignedChange>, Arc<Roster>),
}

/// What a write needs.
#[derive(Debug)]
pub struct Write {
    /// How the document began.
    pub genesis: Genesis,
    /// What the store holds of it.
    pub held: Vec<SignedChange>,
    /// What comes before the first change, as others have laid it down: not checked yet.
    pub founding: Vec<SignedChange>,
    /// Who may write: decides what of it counts.
    pub roster: Arc<Roster>,
    /// The heads that the writer read, the present ones if absent.
    pub at: Option<Vec<ChangeHash>>,
    /// What to write.
    pub edit: Edit,
    /// Who writes.
    pub device: DeviceId,
    /// In which session.
    pub session: SessionId,
    /// Seconds since 1970.
    pub time_s: i64,
    /// Where the ids of new items come from.
    pub seed: [u8; 32],
}

/// What came of a job.
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Job::Admit`].
    Admitted(Box<Admitted>),
    /// Of [`Job::Write`].
    Written(Result<Written, CommandError>),
    /// Of [`Job::Again`].
    Again(Result<WrittenAgain, CommandError>),
    /// Of [`Job::History`].
    History(Vec<HistoryEntry>),
}

/// New changes, and the document as it reads with them.
#[derive(Debug)]
pub struct Written {
    /// What of the founding was in order: to be stored before them.
    pub founding: Vec<(EnvelopeHash, ChangeHash, SignedChange)>,
    /// To be signed in this order; empty if nothing differed.
    pub changes: Vec<RawChange>,
    /// Changes that nothing rests on afterwards.
    pub heads: Vec<ChangeHash>,
    /// Those envelopes that were there before and that still nothing rests on.
    pub kept_heads: Vec<EnvelopeHash>,
    /// What stands in it.
    pub record: Value,
    /// What people have to settle.
    pub conflicts: Vec<Conflict>,
}

/// Runs a job. The same job gives the same outcome.
pub fn run(job: Job) -> Outcome {
    match job {
        Job::Admit(admission) => Outcome::Admitted(Box::new(admit(&admission))),
        Job::Write(write) => Outcome::Written(run_write(&write)),
        Job::Again(again) => Outcome::Again(again.run()),
        Job::History(genesis, held, roster) => {
            let opened = Opened::new(&genesis, &held, &roster, None);
            Outcome::History(opened.map(|opened| opened.replica.history()).unwrap_or_default())
        }
    }
}

fn run_write(write: &Write) -> Result<Written, CommandError> {
    let founding = founded(write);
    let mut held = Cow::Borrowed(&write.held);
    if !founding.is_empty() {
        held.to_mut().extend(founding.iter().map(|(.., signed)| signed.clone()));
    }
    let Opened { mut replica, envelopes, first_branch } =
        Opened::new(&write.genesis, &held, &write.roster, Some((write.device, write.session)))
            .ok_or(CommandError::NotFound)?;
    let kind = write.genesis.kind().ok_or(CommandError::NotFound)?;
    let document = write.genesis.document();
    let actor = |branch| crate::envelope::actor(write.device, document, write.session, branch);
    let author = Author { actor: &actor, first_branch, time: write.time_s };
    let at = write.at.clone().unwrap_or_else(|| replica.heads());
    let changes = match &write.edit {
        Edit::Replace(target) => replica.edit(&at, target, &author)?,
        Edit::Share(target) => replica.share(&at, target, &author)?,
        Edit::Merge(patch) => {
            let (base, mut ids) = (base(&replica, &at)?, item_ids(write.seed));
            let target = change::merge(kind, &base, patch, &mut ids)?;
            replica.edit(&at, &Value::Object(target), &author)?
        }
        Edit::Set(expressions) => {
            let (base, mut ids) = (base(&replica, &at)?, item_ids(write.seed));
            let target = change::set(kind, &base, expressions, &mut ids)?;
            replica.edit(&at, &Value::Object(target), &author)?
        }
        Edit::Settle(field, take) => {
            let conflicts = replica.read().conflicts;
            let conflict = conflicts.iter().find(|conflict| conflict.field() == *field);
            let chosen = conflict.and_then(|conflict| Some((conflict, conflict.values.get(*take)?)));
            let (conflict, chosen) = chosen.ok_or(CommandError::NothingToSettle)?;
            replica.settle(conflict, &chosen.value, &author)?
        }
    };
    Ok(Written { founding, ..Written::of(&replica, &envelopes, changes) })
}

/// What of a founding is in order: it is another's word.
fn founded(write: &Write) -> Vec<(EnvelopeHash, ChangeHash, SignedChange)> {
    if write.founding.is_empty() {
        return Vec::new();
    }
    let Write { genesis, held, founding, roster, .. } = write;
    let (genesis, roster) = (genesis.clone(), roster.clone());
    admit(&Admission { genesis, held: held.clone(), incoming: founding.clone(), roster }).accepted
}

impl Written {
    /// What stands in a replica now that these changes were written.
    pub(super) fn of(
        replica: &Replica,
        envelopes: &BTreeMap<ChangeHash, EnvelopeHash>,
        changes: Vec<RawChange>,
    ) -> Self {
        let reading = replica.read();
        let heads = replica.heads();
        let kept_heads = heads.iter().filter_map(|head| envelopes.get(head)).copied().collect();
        let (founding, record, conflicts) = (Vec::new(), reading.record, reading.conflicts);
        Self { founding, changes, heads, kept_heads, record, conflicts }
    }
}

/// The record that a change begins from.
fn base(replica: &Replica, at: &[ChangeHash]) -> Result<Map<String, Value>, CommandError> {
    let Value::Object(record) = replica.read_at(at)? else { unreachable!("a record reads as an object") };
    Ok(record)
}

/// A document of our own store with exactly what counts applied.
pub(super) struct Opened {
    pub(super) replica: Replica,
    pub(super) envelopes: BTreeMap<ChangeHash, EnvelopeHash>,
    /// The first branch of the writer whose numbers are not taken by changes that do not count.
    pub(super) first_branch: u32,
}

impl Opened {
    pub(super) fn new(
        genesis: &Genesis,
        held: &[SignedChange],
        roster: &Roster,
        writer: Option<(DeviceId, SessionId)>,
    ) -> Option<Self> {
        let record = Record::of(genesis)?;
        let entries: BTreeMap<EnvelopeHash, (Entry, &SignedChange)> = held
            .iter()
            .filter(|change| !change.is_containers())
            .filter_map(|change| own(change).ok().map(|entry| (entry.hash, (entry, change))))
            .collect();
        let base = Base::held(genesis, &record, held);
        let counted = count(genesis, entries.values().map(|(entry, _)| entry), roster, base.containers());
        let mut replica = record.replica();
        let signed = counted.order.iter().map(|hash| entries[hash].1.change.as_slice());
        let chunks: Vec<&[u8]> = base.chunks(&counted).chain(signed).collect();
        replica.apply(&chunks).ok()?;
        let envelopes: BTreeMap<_, _> =
            counted.order.iter().map(|hash| (entries[hash].0.header.hash, *hash)).collect();
        let orphaned = entries.values().map(|(entry, _)| entry).filter(|entry| {
            !envelopes.contains_key(&entry.header.hash)
                && writer == Some((entry.envelope.device, entry.envelope.session))
        });
        let first_branch = orphaned.map(|entry| entry.envelope.branch + 1).max().unwrap_or_default();
        Some(Self { replica, envelopes, first_branch })
    }
}

/// Ids for new items: the seed decides them, so that a job can be run again.
pub fn item_ids(seed: [u8; 32]) -> impl FnMut() -> ItemId {
    let mut number = 0u64;
    move || {
        number += 1;
        let whole = hash("praksis/item-id/1", &(DocumentId(seed), number));
        ItemId(whole[..16].try_into().expect("half of 32 bytes"))
    }
}
