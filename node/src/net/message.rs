//! What the network is told, and what it tells.

use praksis_protocol::id::DeviceId;

/// Which protocol a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Between members.
    Sync,
    /// With a guest; members may use it too.
    Join,
}

/// A request of a peer that waits for its answer; counted from the start of this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InboundId(pub u64);

/// What the network is to do. Answers come as [`NetEvent`]s.
#[derive(Clone, PartialEq, Eq)]
pub enum NetCommand {
    /// Connect to a device, trying all addresses at once, or to whoever answers at each of them.
    /// Ends in `Connected` or `DialFailed`; nothing happens if the device is connected or being
    /// dialled already.
    Dial {
        /// Whom to expect; an address may also say so with `/p2p/..`.
        device: Option<DeviceId>,
        /// Multiaddresses; at most [`ADDRESSES_PER_DIAL`](super::ADDRESSES_PER_DIAL) are tried.
        addresses: Vec<String>,
    },
    /// Close every connection with the device. Ends in `Disconnected` if there was one.
    Disconnect {
        /// Whose.
        device: DeviceId,
    },
    /// The device is a member from now on. A guest's connection with it closes and the side that
    /// dialled it dials again, so that it comes back as a member's.
    Admit {
        /// Who.
        device: DeviceId,
    },
    /// The device is a guest from now on. Its member connections close.
    Expel {
        /// Who.
        device: DeviceId,
    },
    /// Send a request to a connected device. Ends in `Responded` or `Failed` with the same id.
    Request {
        /// To whom.
        to: DeviceId,
        /// Chosen by the caller.
        id: u64,
        /// By which protocol.
        class: Class,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Answer a request. Nothing happens if its connection is gone or its time is over.
    Respond {
        /// Which.
        id: InboundId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close all connections and end.
    Stop,
}

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum NetEvent {
    /// An address that others may reach us at, as far as this machine knows.
    Listening {
        /// Multiaddress.
        address: String,
    },
    /// An address at which nobody reaches us any more.
    NotListening {
        /// Multiaddress.
        address: String,
    },
    /// The device is connected: the first connection, or the first as a member. However many
    /// connections follow, it comes once until `Disconnected`; a guest's may be followed by a
    /// member's.
    Connected {
        /// Who.
        device: DeviceId,
        /// The other end, as dialled or as seen.
        address: String,
        /// Whether we dialled.
        outbound: bool,
        /// Whether it sees the members' protocols with us. It may not have let us in.
        member: bool,
    },
    /// The last connection with the device is gone.
    Disconnected {
        /// Who.
        device: DeviceId,
    },
    /// A dial came to nothing.
    DialFailed {
        /// Whom, if that was said.
        device: Option<DeviceId>,
        /// The address, if there was one.
        address: Option<String>,
        /// For people.
        why: String,
    },
    /// A request to answer with [`NetCommand::Respond`].
    Requested {
        /// By whom.
        from: DeviceId,
        /// For the answer.
        id: InboundId,
        /// By which protocol.
        class: Class,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The answer to a request of ours.
    Responded {
        /// By whom.
        from: DeviceId,
        /// Of the request.
        id: u64,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A request of ours has no answer.
    Failed {
        /// By whom.
        from: DeviceId,
        /// Of the request.
        id: u64,
        /// Why.
        why: Failure,
    },
    /// Something that came from outside was refused. To be counted by its name.
    Refused {
        /// From whom, if that is known.
        device: Option<DeviceId>,
        /// The name.
        reason: &'static str,
    },
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It took too long. The other side may have read the request.
    #[error("no answer in time")]
    Timeout,
    /// There is no connection, or the one it went by went away: another may remain. The other side
    /// may have read the request.
    #[error("not connected")]
    Disconnected,
    /// One of the two sides does not see a member in the other.
    #[error("the connection does not carry this protocol")]
    Unsupported,
    /// The request is larger than its class allows.
    #[error("the request is too large")]
    TooLarge,
    /// As many requests as are allowed wait for this device's answers.
    #[error("too many requests wait for an answer")]
    Busy,
    /// The other side ended the request without an answer: it refused it.
    #[error("the request was refused")]
    Unanswered,
    /// The answer was not a message; `Refused` says what it was.
    #[error("the answer was refused: {0}")]
    BadAnswer(&'static str),
    /// The stream broke.
    #[error("the stream broke")]
    Broken,
}
