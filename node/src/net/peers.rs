//! Who is in the house: which devices were admitted, and every connection with what it is. Only
//! state; the door asks it before it opens, and the loop tells it what became of a connection.
//!
//! ```text
//!             admitted before it connects
//!   dial ───────────────────────────────────> Member ──expel, disconnect──> closed
//!     └───> Guest ──time is over──> closed        ^
//!             └──admit──> closed ──the dialler────┘
//!                                  dials again
//! ```
//!
//! A connection is what it was when it was made: libp2p gives it its protocols then.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::{Multiaddr, swarm::ConnectionId};
use praksis_protocol::id::DeviceId;
use tokio::time::Instant;

use super::limits::{CONNECTIONS_PER_DEVICE, Limits};

/// What a connection may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The join protocol.
    Guest,
    /// Everything.
    Member,
}

/// Why a connection was not let in, or was shown out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the peer's key is not an Ed25519 key")]
    NotADevice,
    #[error("too many connections are in their handshake")]
    TooManyHandshakes,
    #[error("too many connections")]
    TooManyConnections,
    #[error("too many connections of this device")]
    TooManyOfDevice,
    #[error("too many guests")]
    TooManyGuests,
    #[error("a guest's time was over")]
    GuestTime,
}

impl Refusal {
    /// The name under which it is counted.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotADevice => "not_a_device",
            Self::TooManyHandshakes => "too_many_handshakes",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyOfDevice => "too_many_connections_of_device",
            Self::TooManyGuests => "too_many_guests",
            Self::GuestTime => "guest_time_over",
        }
    }
}

/// An established connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) device: DeviceId,
    pub(super) level: Level,
    /// The address we dialled, or where the other side dialled from.
    pub(super) address: Multiaddr,
    /// Whether we dialled.
    pub(super) outbound: bool,
    /// The other side has shown that it takes us for a guest on it.
    shut: bool,
    /// When it is closed by us.
    closes_at: Option<Instant>,
    /// Whether to dial the address again when it has closed, so that both sides see a member.
    redial: bool,
}

/// See the module.
pub(super) struct Peers {
    limits: Limits,
    admitted: BTreeSet<DeviceId>,
    connections: BTreeMap<ConnectionId, Connection>,
    redials: Vec<(DeviceId, Multiaddr)>,
}

impl Peers {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, admitted: BTreeSet::new(), connections: BTreeMap::new(), redials: Vec::new() }
    }

    /// What a new connection of the device would be, or why there can be none.
    pub(super) fn may_enter(&self, device: &DeviceId, outbound: bool) -> Result<Level, Refusal> {
        let level = self.due(device);
        if self.connections.len() >= self.limits.connections {
            return Err(Refusal::TooManyConnections);
        }
        if self.of(device).filter(|(_, c)| c.level == level).count() >= CONNECTIONS_PER_DEVICE {
            return Err(Refusal::TooManyOfDevice);
        }
        let is_inbound_guest = |c: &Connection| c.level == Level::Guest && !c.outbound;
        if level == Level::Guest
            && !outbound
            && self.connections.values().filter(|c| is_inbound_guest(c)).count() >= self.limits.guests
        {
            return Err(Refusal::TooManyGuests);
        }
        Ok(level)
    }

    pub(super) fn enter(
        &mut self,
        id: ConnectionId,
        device: DeviceId,
        level: Level,
        address: Multiaddr,
        outbound: bool,
    ) {
        let closes_at = (level == Level::Guest).then(|| Instant::now() + self.limits.guest_time);
        self.connections.insert(
            id,
            Connection { device, level, address, outbound, shut: false, closes_at, redial: false },
        );
    }

    /// Forgets a closed connection.
    pub(super) fn leave(&mut self, id: ConnectionId) {
        let Some(Connection { device, address, redial, .. }) = self.connections.remove(&id) else { return };
        if redial && self.is_admitted(&device) && self.at(device, Level::Member).next().is_none() {
            self.redials.push((device, address));
        }
    }

    /// What to dial again, each once.
    pub(super) fn take_redials(&mut self) -> Vec<(DeviceId, Multiaddr)> {
        std::mem::take(&mut self.redials)
    }

    /// From now on connections of the device are a member's. Its guest connections close: at once
    /// where we dialled and nothing is `busy` on it, otherwise after the grace that lets an answer
    /// out. Whoever dialled dials again.
    pub(super) fn admit(&mut self, device: DeviceId, busy: impl Fn(ConnectionId) -> bool) {
        self.admitted.insert(device);
        let now = Instant::now();
        let grace = now + self.limits.admitted_grace;
        for (id, connection) in &mut self.connections {
            if connection.device != device || connection.level == Level::Member {
                continue;
            }
            let at = if connection.outbound && !busy(*id) { now } else { grace };
            connection.redial = connection.outbound;
            connection.closes_at = connection.closes_at.map(|before| before.min(at));
        }
    }

    /// From now on connections of the device are a guest's. Returns those to close.
    pub(super) fn expel(&mut self, device: &DeviceId) -> Vec<ConnectionId> {
        self.admitted.remove(device);
        self.show_out(device, |connection| connection.level == Level::Member)
    }

    /// Returns the connections to close, which are not dialled again.
    pub(super) fn disconnect(&mut self, device: &DeviceId) -> Vec<ConnectionId> {
        self.show_out(device, |_| true)
    }

    /// The other side answered a join request on this connection. It saw a guest; if it was
    /// convinced, it closes the connection, and if we dialled it we dial it again.
    pub(super) fn join_answered(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.redial = connection.outbound;
        }
    }

    /// The other side takes us for a guest on this connection.
    pub(super) fn found_shut(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.shut = true;
        }
    }

    /// The device's connections that carry nothing, if there is one that carries everything:
    /// requests go by any of them. They come about when two admit each other not quite at once.
    pub(super) fn useless(&self, device: DeviceId) -> Vec<ConnectionId> {
        let (shut, open): (Vec<_>, Vec<_>) = self
            .at(device, Level::Member)
            .partition(|id| self.get(*id).is_some_and(|connection| connection.shut));
        if open.is_empty() { Vec::new() } else { shut }
    }

    /// When [`overdue`](Self::overdue) has something to say.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.connections.values().filter_map(|connection| connection.closes_at).min()
    }

    /// The connections to close by now, each once, with the refusal to count if it is one.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<(ConnectionId, DeviceId, Option<Refusal>)> {
        let mut overdue = Vec::new();
        for (id, connection) in &mut self.connections {
            if connection.closes_at.take_if(|at| *at <= now).is_some() {
                let refusal = (!self.admitted.contains(&connection.device)).then_some(Refusal::GuestTime);
                overdue.push((*id, connection.device, refusal));
            }
        }
        overdue
    }

    pub(super) fn is_admitted(&self, device: &DeviceId) -> bool {
        self.admitted.contains(device)
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// The device's connection that sees the most; of two alike, the older one.
    pub(super) fn best(&self, device: &DeviceId) -> Option<&Connection> {
        let connections = self.of(device).map(|(_, connection)| connection);
        connections.reduce(|best, next| if next.level > best.level { next } else { best })
    }

    /// Whether another connection of the device would be no better than what it has.
    pub(super) fn is_at_its_best(&self, device: &DeviceId) -> bool {
        self.best(device).is_some_and(|best| best.level >= self.due(device))
    }

    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        self.connections.keys().copied().collect()
    }

    /// Connections of a device at a level.
    pub(super) fn at(&self, device: DeviceId, level: Level) -> impl Iterator<Item = ConnectionId> {
        let here = move |c: &Connection| c.device == device && c.level == level;
        self.connections.iter().filter(move |(_, connection)| here(connection)).map(|(id, _)| *id)
    }

    /// What a new connection of the device is.
    fn due(&self, device: &DeviceId) -> Level {
        if self.is_admitted(device) { Level::Member } else { Level::Guest }
    }

    fn of(&self, device: &DeviceId) -> impl Iterator<Item = (ConnectionId, &Connection)> {
        self.connections.iter().filter(move |(_, c)| c.device == *device).map(|(id, c)| (*id, c))
    }

    fn show_out(&mut self, device: &DeviceId, which: impl Fn(&Connection) -> bool) -> Vec<ConnectionId> {
        let mut closing = Vec::new();
        for (id, connection) in &mut self.connections {
            if connection.device == *device && which(connection) {
                connection.redial = false;
                closing.push(*id);
            }
        }
        closing
    }
}
