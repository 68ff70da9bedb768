//! Everything that can happen to a node.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use serde_json::Value;

use super::{audiences::Audience, bundles::Carry, ending::Saying, job::Outcome};
use crate::{
    date::Day,
    document::Form,
    genesis::{About, Kind},
    id::{AudienceId, ChangeHash, DeviceId, DocumentId, OrgId},
    membership::{statement::Role, ticket::Ticket},
    share::Terms,
};

/// Names a command; its reply carries the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Names a job; its outcome carries the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Names a batch; its durability is reported with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// Names a message that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// Which protocol a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Between members.
    Sync,
    /// What a guest may use.
    Join,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Somebody at this node wants something.
    Command(RequestId, Command),
    /// A connection stands.
    Connected {
        /// Who is there; the transport has proved it.
        device: DeviceId,
        /// Where, for people.
        address: String,
        /// Whether we dialled.
        outbound: bool,
    },
    /// The last connection to a device is gone.
    Disconnected {
        /// Who was there.
        device: DeviceId,
    },
    /// Nobody was reached at any of the addresses.
    DialFailed {
        /// Whom we meant, if we knew.
        device: Option<DeviceId>,
    },
    /// A peer asks. Answer with [`Output::Answer`](super::Output::Answer) under the same name.
    Asked {
        /// Who asks.
        from: DeviceId,
        /// Names the question on this node's transport.
        question: MessageId,
        /// In which protocol.
        class: Class,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A peer answers what we sent.
    Answered {
        /// Who answers.
        from: DeviceId,
        /// What we sent.
        question: MessageId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// What we sent will not be answered.
    Unanswered {
        /// Who would have answered.
        from: DeviceId,
        /// What we sent.
        question: MessageId,
        /// Whether the peer does not offer the protocol: it takes us for a guest.
        not_offered: bool,
    },
    /// The transport or the codec refused something.
    Refused {
        /// The name it is counted under.
        reason: &'static str,
    },
    /// The addresses this node can be reached at, when they become known or change.
    Listening {
        /// Multiaddrs.
        addresses: Vec<String>,
    },
    /// A job is done.
    Done(JobId, Outcome),
    /// A batch would survive a power cut.
    Durable(BatchId),
    /// The time that [`Engine::poll_timeout`](super::Engine::poll_timeout) named has come.
    Tick,
}

/// What somebody at this node wants.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begin a draft. Items of lists carry their ids already.
    Draft(Kind, Value),
    /// Begin a draft of ours in which these members write as well: known to them alone, and shared by any.
    DraftJointly(Kind, Value, BTreeSet<OrgId>),
    /// Whether a member may write in a joint draft of ours (by any id of the record), and in what it is shared
    /// as. Answered with [`Reply::Done`](super::Reply::Done).
    CoOwn(DocumentId, OrgId, bool),
    /// Take a member out of an audience of ours. Answered with [`Reply::Done`](super::Reply::Done).
    EndPlace(AudienceId, OrgId),
    /// Change a draft (by record or document id) as it read at these heads, the present ones if absent.
    Edit(DocumentId, Option<Vec<ChangeHash>>, Edit),
    /// Share a draft on these terms. With organisations, into the named audience of
    /// exactly these; sharing with the network later makes another document of the same record.
    Share(DocumentId, Terms, Audience),
    /// Withdraw a record (by any of its ids) everywhere it is shared, and its draft: hidden at once, its
    /// bytes gone after the network's delay. The text is a reason that readers see. `true` has the root say
    /// so, on the node that keeps it: then the bytes go without delay. Answered with [`Reply::Withdrawn`](super::Reply::Withdrawn).
    Withdraw(DocumentId, String, bool),
    /// Say something as the organisation's root: ends, successions, a part of what several roots say. Answered
    /// with [`Reply::Ticket`](super::Reply::Ticket), which [`Command::TakeIn`] takes in elsewhere; where there is a
    /// connection it spreads by itself.
    Say(Saying),
    /// Take in a ticket of statements. Answered with [`Reply::TakenIn`](super::Reply::TakenIn).
    TakeIn(Ticket),
    /// Why a record is or is not there, at this node and at each other, by any of its ids; answered with
    /// [`Reply::Why`](super::Reply::Why), a withdrawn record too.
    Why(DocumentId),
    /// Who may do what, as folded now. Answered with [`Reply::Roster`](super::Reply::Roster).
    Roster,
    /// Carry out a command with this key as the organisation's root, and forget the key again: for a root
    /// that is kept away from the node.
    AsRoot(Box<SigningKey>, Box<Command>),
    /// From now on this node keeps this root, or none: what lies in its folder has changed.
    Hold(Option<Box<SigningKey>>),
    /// A record as it reads, and what stands in the way of sharing it on that day.
    Show(DocumentId, Day),
    /// Write a document of a direct kind into the network.
    Direct(Kind, About, Value),
    /// All records of a kind after this one, at most so many.
    Records(Option<Kind>, Option<DocumentId>, usize),
    /// Records whose id, draft or shared document begins so; at most ten.
    Find(String),
    /// A document's changes, oldest first.
    History(DocumentId, Form),
    /// Sign an invitation.
    Invite(String, Role, u64),
    /// Use an invitation, an admittance or an office's grant.
    Join(Ticket),
    /// Ask to be admitted without an invitation, with our public card as JSON: answered with a
    /// [`Reply::Ticket`](super::Reply::Ticket), to be handed to an association.
    Apply(Option<String>),
    /// Ask to be admitted without an invitation at these devices, each with its multiaddrs, and go on asking until
    /// one of them has answered for good. With our public card as JSON. Answered with
    /// [`Reply::Joining`](super::Reply::Joining); [`Event::Asking`](super::Event::Asking) and
    /// [`Event::Joined`](super::Event::Joined) follow.
    AskIn(Option<String>, BTreeMap<DeviceId, Vec<String>>),
    /// Who asks to be admitted and waits for an answer. Answered with [`Reply::Applicants`](super::Reply::Applicants).
    Applicants,
    /// Say no to the organisation with this root that waits, with a reason that it is shown.
    Decline(OrgId, Option<String>),
    /// Admit the organisation that asks by this ticket, in this role. Answered with the
    /// [`Reply::Ticket`](super::Reply::Ticket) that it joins with; the same for the same again.
    Admit(Ticket, Role),
    /// Grant a second office's device.
    GrantOffice(Ticket),
    /// Dial these addresses and go on trying.
    AddPeer(Vec<String>),
    /// Say hello to every peer again.
    Sync,
    /// Where this node stands.
    Status,
    /// Write or read a bundle, a part at a time; answered with [`Reply::Carried`](super::Reply::Carried).
    Carry(Carry),
    /// Put something of this node alone into the store.
    Remember(Vec<Memory>),
}

/// Something that this node alone remembers.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The document whose words are in it, with which it is erased; none where no words are.
    pub of: Option<DocumentId>,
    /// What it is; at most 100 bytes.
    pub name: String,
    /// The thing itself; `None` forgets it.
    pub value: Option<Vec<u8>>,
}

/// How a draft is changed.
#[derive(Debug, Clone)]
pub enum Edit {
    /// It should read like this.
    Replace(Value),
    /// It should read like this, and whatever is contested is settled by it.
    Share(Value),
    /// Apply a merge patch (RFC 7396) to what stood there.
    Merge(Value),
    /// Apply `field=value` expressions to what stood there.
    Set(Vec<String>),
    /// Settle a conflict: this value of that field stands.
    Settle(String, usize),
}
