//! From bytes that a peer sent to changes that count, before Automerge sees any of them.
//!
//! Each step is bounded and each refusal has a name: the envelope's size, shape and signature; its
//! place (context, link); the chunk, by our own scanner; the actor binding; the right to write. Then
//! [`counting`] says what counts, and only that is applied, to a scratch copy and under
//! `catch_unwind`: a mutated change with a valid hash can make Automerge panic.
//!
//! [`admit`] is a pure function of what it is given, so it can run on any worker.

mod base;
pub mod counting;
pub mod state;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(crate) use base::Base;
use counting::{Aside, Counted, Entry, count};
use state::{Record, State};

use crate::{
    document::Tried,
    envelope::{Envelope, context, envelope_hash},
    genesis::Genesis,
    id::{ChangeHash, DeviceId, EnvelopeHash},
    membership::roster::{Rights, Roster, Verdict},
    scan::{ScanError, scan},
    signed::{SignedError, Verified},
    wire::message::SignedChange,
};

/// Why a change is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The envelope is no signed envelope.
    #[error("the envelope does not hold: {0}")]
    Envelope(#[from] SignedError),
    /// A version that this program does not know.
    #[error("envelope version {0} is not known here")]
    Version(u8),
    /// Number, link and opening contradict each other.
    #[error("the envelope's number and link do not agree")]
    Link,
    /// The envelope belongs to another document, scope or network.
    #[error("the envelope was made for another place")]
    Context,
    /// The chunk is refused by the scanner.
    #[error("the change does not scan: {0}")]
    Scan(#[from] ScanError),
    /// The envelope answers for another change.
    #[error("the envelope answers for another change")]
    OtherChange,
    /// The change is written under an actor that is not its signer's.
    #[error("the change is written under another's actor")]
    Actor,
    /// The device has no right to write here.
    #[error("the device may not write here: {0:?}")]
    NoRight(Verdict),
    /// Another envelope stands for the same number.
    #[error("another envelope stands for the same number")]
    Twin,
    /// The change does not continue what it rests on.
    #[error("the change does not continue what it rests on")]
    Discontinuous,
    /// A co-owner writes where the owner has not.
    #[error("the owner named has not written in this document")]
    OwnerAbsent,
    /// Containers that are not those of their document and schema.
    #[error("the containers are not those of the document")]
    Containers,
    /// Automerge does not take the change.
    #[error("the change cannot be applied")]
    Apply,
}

impl Refusal {
    /// Whether nobody can have taken it in who checks it, whatever statements they hold and whatever came before it.
    pub fn is_false_everywhere(&self) -> bool {
        match self {
            Self::Envelope(_)
            | Self::Link
            | Self::Context
            | Self::Scan(_)
            | Self::OtherChange
            | Self::Actor
            | Self::Containers => true,
            Self::Version(_)
            | Self::NoRight(_)
            | Self::Twin
            | Self::Discontinuous
            | Self::OwnerAbsent
            | Self::Apply => false,
        }
    }

    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Envelope(SignedError::Signature) => "envelope_signature",
            Self::Envelope(_) => "envelope_shape",
            Self::Version(_) => "envelope_version",
            Self::Link => "envelope_link",
            Self::Context => "envelope_context",
            Self::Scan(error) => error.name(),
            Self::OtherChange => "other_change",
            Self::Actor => "other_actor",
            Self::NoRight(verdict) => verdict.name(),
            Self::Twin => "envelope_twin",
            Self::Discontinuous => "change_discontinuous",
            Self::OwnerAbsent => "owner_absent",
            Self::Containers => "other_containers",
            Self::Apply => "apply",
        }
    }
}

/// Why a change has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For a statement that would let it count: a grant, an Add, a cut.
    Grant,
    /// For a change that it rests on.
    Cause,
}

/// What [`admit`] is given.
#[derive(Debug, Clone)]
pub struct Admission {
    /// How the document began.
    pub genesis: Genesis,
    /// What the store holds of it.
    pub held: Vec<SignedChange>,
    /// What a peer sent; empty to compute again what counts.
    pub incoming: Vec<SignedChange>,
    /// Who may write.
    pub roster: Arc<Roster>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Admitted {
    /// New and counting: to be stored.
    pub accepted: Vec<(EnvelopeHash, ChangeHash, SignedChange)>,
    /// New containers of a schema that this program does not know, on which something rests that counts: changes to
    /// be stored, without an envelope.
    pub containers: Vec<(ChangeHash, SignedChange)>,
    /// Not yet: to be offered again.
    pub waiting: Vec<(SignedChange, Wait)>,
    /// Never: why not.
    pub refused: Vec<Refusal>,
    /// What was held and does not count, and why.
    pub aside: BTreeMap<EnvelopeHash, Aside>,
    /// Of these, what rests on something that will not count, with the device that has to write it again.
    pub orphans: BTreeMap<EnvelopeHash, DeviceId>,
    /// The document as it stands, if anything counts.
    pub state: Option<State>,
}

/// Checks what came, decides what counts, and reads the document that it makes.
pub fn admit(admission: &Admission) -> Admitted {
    let Admission { genesis, held, incoming, roster } = admission;
    let (record, rights) = (Record::of(genesis), roster.rights(genesis));
    let mut outcome = Admitted::default();
    let mut base = Base::of(genesis, record.as_ref());
    let mut entries = BTreeMap::new();
    for change in held {
        if change.is_containers() {
            outcome.refused.extend(base.take(change, false).err());
            continue;
        }
        match own(change) {
            Ok(entry) => drop(entries.insert(entry.hash, (entry, change))),
            Err(refusal) => outcome.refused.push(refusal),
        }
    }
    let mut fresh = BTreeSet::new();
    for change in incoming {
        if change.is_containers() {
            outcome.refused.extend(base.take(change, true).err());
            continue;
        }
        match check(genesis, change, &rights) {
            Ok(entry) if entries.contains_key(&entry.hash) => {}
            Ok(entry) => {
                fresh.insert(entry.hash);
                entries.insert(entry.hash, (entry, change));
            }
            Err(Refusal::NoRight(verdict)) if verdict.may_change() => {
                outcome.waiting.push((change.clone(), Wait::Grant));
            }
            Err(refusal) => outcome.refused.push(refusal),
        }
    }
    loop {
        let counted = count(genesis, entries.values().map(|(entry, _)| entry), roster, base.containers());
        match record.as_ref().map(|record| scratch(record, &base, &entries, &counted)).transpose() {
            Ok(tried) => {
                finish(&mut outcome, entries, &base, &counted, &fresh, tried);
                return outcome;
            }
            Err(culprit) => {
                // Mostly it is among what came: what is held of a kind that we know was applied before it was stored.
                outcome.refused.push(Refusal::Apply);
                fresh.remove(&culprit);
                entries.remove(&culprit);
            }
        }
    }
}

/// An entry of our own store: its hashes were checked on reading, its right is counted again.
pub(crate) fn own(change: &SignedChange) -> Result<Entry, Refusal> {
    let envelope = Verified::<Envelope>::trusted(&change.envelope)?;
    Ok(Entry {
        hash: envelope_hash(&envelope),
        envelope: Envelope::clone(&envelope),
        header: scan(&change.change)?,
    })
}

/// Everything that can be said of one change without the others.
fn check(genesis: &Genesis, change: &SignedChange, rights: &Rights<'_>) -> Result<Entry, Refusal> {
    let envelope = Verified::<Envelope>::read(&change.envelope)?;
    if envelope.version != 1 {
        return Err(Refusal::Version(envelope.version));
    }
    if !envelope.is_well_linked() {
        return Err(Refusal::Link);
    }
    if envelope.context != context(genesis) {
        return Err(Refusal::Context);
    }
    let header = scan(&change.change)?;
    if header.hash != envelope.change {
        return Err(Refusal::OtherChange);
    }
    if header.actor != envelope.actor(genesis.document()) {
        return Err(Refusal::Actor);
    }
    let hash = envelope_hash(&envelope);
    let verdict = rights.counts(hash, &envelope);
    if !verdict.is_yes() {
        return Err(Refusal::NoRight(verdict));
    }
    Ok(Entry { hash, envelope: Envelope::clone(&envelope), header })
}

type Entries<'a> = BTreeMap<EnvelopeHash, (Entry, &'a SignedChange)>;

/// Applies what counts to a scratch copy; names the entry that Automerge does not take.
fn scratch(
    record: &Record,
    base: &Base<'_>,
    entries: &Entries<'_>,
    counted: &Counted,
) -> Result<Tried, EnvelopeHash> {
    let attempt = |hashes: &[EnvelopeHash]| {
        let changes = hashes.iter().filter_map(|hash| entries.get(hash));
        let changes = changes.map(|(_, change)| change.change.as_slice());
        let chunks: Vec<&[u8]> = base.chunks(counted).chain(changes).collect();
        record.replica().trial(&chunks).ok()
    };
    if let Some(tried) = attempt(&counted.order) {
        return Ok(tried);
    }
    // The first prefix that fails ends with the culprit: halving finds it.
    let (mut good, mut bad) = (0, counted.order.len());
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if attempt(&counted.order[..middle]).is_some() { good = middle } else { bad = middle }
    }
    Err(counted.order[bad - 1])
}

fn finish(
    outcome: &mut Admitted,
    entries: Entries<'_>,
    base: &Base<'_>,
    counted: &Counted,
    fresh: &BTreeSet<EnvelopeHash>,
    tried: Option<Tried>,
) {
    for hash in fresh {
        let (entry, change) = &entries[hash];
        match counted.aside.get(hash) {
            None => outcome.accepted.push((*hash, entry.header.hash, SignedChange::clone(change))),
            Some(Aside::Twin) => outcome.refused.push(Refusal::Twin),
            Some(Aside::Broken) => outcome.refused.push(Refusal::Discontinuous),
            Some(Aside::Unfounded) => outcome.refused.push(Refusal::OwnerAbsent),
            Some(Aside::Misplaced) => outcome.refused.push(Refusal::Context),
            Some(Aside::NoRight(verdict)) => outcome.refused.push(Refusal::NoRight(*verdict)),
            Some(Aside::Orphan | Aside::Waiting) => {
                outcome.waiting.push((SignedChange::clone(change), Wait::Cause));
            }
        }
    }
    for (hash, change) in base.fresh() {
        if counted.containers.contains(&hash) {
            outcome.containers.push((hash, change.clone()));
        } else {
            outcome.waiting.push((change.clone(), Wait::Cause));
        }
    }
    let held_orphans = counted.orphans().filter(|hash| !fresh.contains(hash));
    outcome.orphans = held_orphans.map(|hash| (hash, entries[&hash].0.envelope.device)).collect();
    outcome.aside = counted
        .aside
        .iter()
        .filter(|(hash, _)| !fresh.contains(hash))
        .map(|(hash, why)| (*hash, *why))
        .collect();
    if !counted.order.is_empty() {
        let times = counted.order.iter().map(|hash| entries[hash].0.header.time);
        let newest = times.max().unwrap_or_default();
        outcome.state = Some(match tried {
            Some(tried) => State::read(tried, counted, newest),
            None => {
                let heads = counted.heads.iter().map(|hash| entries[hash].0.header.hash).collect();
                State::unread(counted, heads, newest)
            }
        });
    }
}
