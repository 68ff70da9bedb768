//! Everything that a node does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    applicants::Applicant,
    applying::Asking,
    audiences::AUDIENCES_LIMIT,
    bundles::Carried,
    ended::{Ended, Over},
    input::{BatchId, Class, JobId, MessageId, RequestId},
    job::Job,
    pace::Pace,
    why::Why,
};
use crate::{
    admission::state::View,
    document::{EditError, HistoryEntry},
    genesis::{Kind, Scope},
    id::{ChangeHash, DeviceId, DocumentId, Item, NetworkId, OrgId, StatementHash},
    membership::{joining, roster::Roster, statement::Role},
    reconcile::Tally,
    record::{Fault, Invalid},
    share::{Prepared, Refused},
    store::{Batch, StoreError},
    time::Timestamp,
};

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    /// Ask a peer. It ends once, in time, whatever becomes of the connection: in
    /// [`Input::Answered`](super::Input::Answered) or [`Input::Unanswered`](super::Input::Unanswered).
    Ask(DeviceId, MessageId, Class, Vec<u8>),
    /// Answer a peer's question.
    Answer(MessageId, Vec<u8>),
    /// Reach a device, or whoever is there.
    Dial(Option<DeviceId>, Vec<String>),
    /// Let the connection go.
    Disconnect(DeviceId),
    /// From now on these devices see what members see, and no others do; this one may be among them.
    LetIn(Arc<BTreeSet<DeviceId>>),
    /// Run a job on a worker.
    Work(JobId, Job),
    /// Make a batch durable.
    Commit(BatchId, Batch),
    /// Answer a command.
    Reply(RequestId, Result<Reply, CommandError>),
    /// Something that others at this node may want to know.
    Announce(Event),
}

/// Something that others at this node may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A record reads differently now; durable.
    RecordChanged(RecordRef),
    /// A record is there no longer: withdrawn, or nothing in it counts. By its id and owner; durable or
    /// said again after a start.
    RecordGone(DocumentId, OrgId),
    /// The roster has changed.
    RosterChanged,
    /// This node has become a member.
    Joined(NetworkId),
    /// A join was refused.
    JoinRefused(joining::Refusal),
    /// How our request to be admitted stands has changed: [`Status::asking`] has it.
    Asking,
    /// This node has been ended: nobody lets it in any longer. Said again after a start.
    Ended(Ended),
    /// A peer stands level, or no longer.
    Level(DeviceId, bool),
    /// So many documents of an organisation are over its quota here, which may have been lowered, and are let go of. They
    /// are fetched again when it is raised.
    LetGo(OrgId, u64),
    /// The store failed: the node must stop.
    Failed(StoreError),
}

/// A record with the documents that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRef {
    /// The id that people know.
    pub record: DocumentId,
    /// Who keeps it.
    pub owner: OrgId,
    /// What it is; absent for a kind from a later version.
    pub kind: Option<Kind>,
    /// Its draft, on the owner's nodes.
    pub draft: Option<DocumentId>,
    /// What is shared of it: with the network, or else with the first of its named audiences.
    pub shared: Option<DocumentId>,
    /// What is shared of it, in each scope.
    pub shares: BTreeMap<Scope, DocumentId>,
    /// When either was last written, seconds since 1970 by the writer's clock.
    pub updated_s: i64,
    /// Tells the states of [`best`](Self::best) apart: what the set of its scope has for it.
    pub state: Item,
}

impl RecordRef {
    /// The document that it is best read from: its draft where there is one.
    pub fn best(&self) -> Option<DocumentId> {
        self.draft.or(self.shared)
    }
}

/// A record with everything that stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// The record and its documents.
    pub reference: RecordRef,
    /// The draft as it reads, on the owner's nodes.
    pub draft: Option<View>,
    /// What is shared, as it reads.
    pub shared: Option<View>,
    /// What sharing the draft would write, or what stands in its way.
    pub sharing: Option<Result<Prepared, Refused>>,
    /// Whether what sharing would write differs from what is shared.
    pub differs: bool,
    /// Who may write in it now, its owner first.
    pub writers: Vec<OrgId>,
}

/// The answer to a command.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A document stands in this state.
    Written {
        /// The record.
        record: DocumentId,
        /// The document written.
        document: DocumentId,
        /// Its heads now.
        heads: Vec<ChangeHash>,
        /// Whether anything differed.
        changed: bool,
    },
    /// A record.
    Record(Box<RecordView>),
    /// Records, and the last one's id if there are more.
    Records(Vec<RecordRef>, Option<DocumentId>),
    /// A document's changes, oldest first, each with who made it.
    History(Vec<(HistoryEntry, Option<DeviceId>)>),
    /// A ticket to hand on.
    Ticket(String),
    /// Who asks to be admitted and waits, by root.
    Applicants(Vec<Applicant>),
    /// The join has begun; [`Event::Joined`] follows.
    Joining,
    /// Where this node stands.
    Status(Box<Status>),
    /// These documents are withdrawn, and hidden here; [`Command::Why`](super::Command::Why) tells who has confirmed it.
    Withdrawn(Vec<DocumentId>),
    /// So many statements were new and are kept; others may wait for a grant.
    TakenIn(usize),
    /// How each document of a record stands.
    Why(Vec<Why>),
    /// Who may do what.
    Roster(Arc<Roster>),
    /// The answer to [`Command::Carry`](super::Command::Carry).
    Carried(Carried),
    /// Done.
    Done,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// No record, draft or shared document has this id.
    #[error("no document has this id")]
    NotFound,
    /// The document belongs to another organisation.
    #[error("the document belongs to another organisation")]
    NotOwner,
    /// The draft is joint, and we write in it no longer.
    #[error("this organisation does not write in the joint draft any longer")]
    HasLeft,
    /// The draft is our organisation's alone: nobody can be taken into it.
    #[error("the draft was not begun as a joint one")]
    NotJoint,
    /// What a joint draft is shared as begins with a word of its owner's, and there is none yet.
    #[error("the owner of the joint draft has to be the first to share it with them")]
    OwnerFirst,
    /// The record was withdrawn.
    #[error("the record has been withdrawn")]
    Withdrawn,
    /// The heads named are not in the document.
    #[error("the document does not have these heads")]
    UnknownHeads,
    /// The record has fields that cannot be.
    #[error("the record is not valid")]
    Invalid(Vec<Fault>),
    /// The draft cannot be shared as it is.
    #[error("{0}")]
    NotShareable(Box<Refused>),
    /// The document layer does not write this.
    #[error("{0}")]
    Unwritable(String),
    /// The field has no conflict, or not that many values.
    #[error("there is no such value to take")]
    NothingToSettle,
    /// The record would not fit one change.
    #[error("the record is too large")]
    TooLarge,
    /// This node belongs to no network yet.
    #[error("this node has not joined a network")]
    NoNetwork,
    /// This node belongs to a network already.
    #[error("this node belongs to a network already")]
    InNetwork,
    /// This node does not hold the root key that this takes.
    #[error("this needs a root key that this node does not hold")]
    NoRoot,
    /// The ticket is for somebody else.
    #[error("the ticket is for another organisation or device")]
    NotForUs,
    /// Another member has this number, or every slot is taken.
    #[error("taken already")]
    Taken,
    /// The ticket's time is over.
    #[error("the ticket has expired")]
    Expired,
    /// The ticket contradicts itself.
    #[error("the ticket does not make sense")]
    BadTicket,
    /// The device's own grant has not come yet.
    #[error("this device has not been granted by its organisation yet")]
    NotGranted,
    /// This node, or its organisation's membership, has been ended.
    #[error("{0}")]
    Ended(Over),
    /// The organisation is no member of the network.
    #[error("{0} is no member of the network")]
    NoSuchMember(OrgId),
    /// No member has this number.
    #[error("{0} is no member of the network")]
    NoSuchNumber(String),
    /// The device is none of that organisation's.
    #[error("no device {0} has been granted there")]
    NoSuchDevice(DeviceId),
    /// Nobody with this root waits to be admitted.
    #[error("nobody with the root key {0} waits to be admitted")]
    NoSuchApplicant(OrgId),
    /// No device but our own was named.
    #[error("no other device was named to ask")]
    NobodyToAsk,
    /// What was handed in holds no statements, or none that anybody here may say.
    #[error("there are no statements in it")]
    NoStatements,
    /// An audience needs somebody besides its owner.
    #[error("name at least one other member to share with")]
    NobodyNamed,
    /// Our organisation has opened as many audiences as others keep of one.
    #[error("the organisation has opened {AUDIENCES_LIMIT} audiences, and others keep no more of one owner")]
    TooManyAudiences,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Invalid> for CommandError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid.faults)
    }
}

impl From<EditError> for CommandError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::UnknownHeads { .. } => Self::UnknownHeads,
            EditError::TooLarge => Self::TooLarge,
            EditError::Nowhere { .. } => Self::NothingToSettle,
            EditError::TooManyHeads { .. }
            | EditError::Shape { .. }
            | EditError::Unknown { .. }
            | EditError::Merge(_)
            | EditError::Automerge(_) => Self::Unwritable(error.to_string()),
        }
    }
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Own organisation; absent on an office that has not been granted yet.
    pub org: Option<OrgId>,
    /// Its nine-digit number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Own device.
    pub device: DeviceId,
    /// Its slot, once granted.
    pub slot: Option<u8>,
    /// The network, once joined.
    pub network: Option<NetworkId>,
    /// Whether this node has been ended, as far as it has heard.
    pub ended: Option<Ended>,
    /// Records by kind.
    pub documents: BTreeMap<&'static str, usize>,
    /// Documents in wider scopes.
    pub shared: usize,
    /// Member organisations.
    pub members: Vec<MemberStatus>,
    /// Other nodes.
    pub peers: Vec<PeerStatus>,
    /// What was refused, by name.
    pub refused: BTreeMap<String, u64>,
    /// Changes that wait for a grant or a cause.
    pub waiting: usize,
    /// Invitations answered with two different grants.
    pub alarms: Vec<StatementHash>,
    /// Where this node can be reached.
    pub addresses: Vec<String>,
    /// Invitations that are open.
    pub invitations: usize,
    /// Organisations that ask to be admitted and wait.
    pub applicants: usize,
    /// Our own request to be admitted, until it was granted.
    pub asking: Option<Asking>,
    /// Size of each scope's set.
    pub sets: BTreeMap<Scope, usize>,
    /// What comparing sets with peers took since the start.
    pub compared: Tally,
    /// Documents that came from others.
    pub pace: Pace,
    /// When this was so.
    pub now: Timestamp,
}

/// A member organisation, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    /// Its root.
    pub org: OrgId,
    /// Its nine-digit number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// What it is in the network.
    pub role: Role,
    /// Its devices with their slots.
    pub devices: Vec<(DeviceId, u8)>,
}

/// Another node, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// The device; absent for an address that was given and has not been reached.
    pub device: Option<DeviceId>,
    /// Its organisation, if it is known.
    pub org: Option<OrgId>,
    /// Whether a connection stands.
    pub connected: bool,
    /// Where.
    pub address: Option<String>,
    /// Whether the last exchange of digests agreed, and nothing came in or waits since.
    pub level: bool,
    /// When it last did.
    pub last_level: Option<Timestamp>,
    /// Documents that came from it.
    pub pace: Pace,
    /// Documents and statements that it is known to have and we lack.
    pub lacking: usize,
    /// What its word is worth: 0, or less the more it has promised and not brought, or sent what cannot be; halved every
    /// minute. At −16 and below what it tells of is not followed, and only comparing sets finds what it has.
    pub score: i64,
}
