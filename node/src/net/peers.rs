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

/// Dials that follow a closed connection by themselves, before it is up to the engine and its
/// backoff. Two admissions that cross need two.
const REDIALS: u8 = 3;

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
    /// Whether the other side takes us for a member on it, once it has shown that.
    open: Option<bool>,
    /// When it is closed by us.
    closes_at: Option<Instant>,
    /// It is being closed because the engine said so.
    shown_out: bool,
}

/// See the module.
pub(super) struct Peers {
    limits: Limits,
    admitted: BTreeSet<DeviceId>,
    connections: BTreeMap<ConnectionId, Connection>,
    redials: Vec<(DeviceId, Multiaddr)>,
    /// How often each device was dialled again since it last let us in.
    redialled: BTreeMap<DeviceId, u8>,
}

impl Peers {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            admitted: BTreeSet::new(),
            connections: BTreeMap::new(),
            redials: Vec::new(),
            redialled: BTreeMap::new(),
        }
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
            Connection { device, level, address, outbound, open: None, closes_at, shown_out: false },
        );
    }

    /// Forgets a closed connection. If we dialled it, and one side took the other for a guest on it
    /// although its device is admitted here, it is to be dialled again: the other side may have
    /// closed it because it has admitted us in the meantime.
    pub(super) fn leave(&mut self, id: ConnectionId) {
        let Some(closed) = self.connections.remove(&id) else { return };
        let device = closed.device;
        let was_guest = closed.level == Level::Guest || closed.open == Some(false);
        let is_open = self.of(&device).any(|(_, other)| other.open == Some(true));
        if !closed.outbound || !was_guest || closed.shown_out || is_open || !self.is_admitted(&device) {
            return;
        }
        let redialled = self.redialled.entry(device).or_default();
        if *redialled < REDIALS {
            *redialled += 1;
            self.redials.push((device, closed.address));
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
        self.redialled.remove(&device);
        let now = Instant::now();
        let grace = now + self.limits.admitted_grace;
        for (id, connection) in &mut self.connections {
            if connection.device != device || connection.level == Level::Member {
                continue;
            }
            let at = if connection.outbound && !busy(*id) { now } else { grace };
            connection.closes_at = connection.closes_at.map(|before| before.min(at));
        }
    }

    /// From now on connections of the device are a guest's. Returns those to close.
    pub(super) fn expel(&mut self, device: &DeviceId) -> Vec<ConnectionId> {
        self.admitted.remove(device);
        self.redialled.remove(device);
        self.show_out(device, |connection| connection.level == Level::Member)
    }

    /// Returns the connections to close, which are not dialled again.
    pub(super) fn disconnect(&mut self, device: &DeviceId) -> Vec<ConnectionId> {
        self.show_out(device, |_| true)
    }

    /// The other side has shown whether it takes us for a member on this connection. Returns the
    /// connections to close: those of the device that carry nothing, if one carries everything,
    /// since requests go by any of them.
    pub(super) fn found(&mut self, id: ConnectionId, open: bool) -> Vec<ConnectionId> {
        let Some(connection) = self.connections.get_mut(&id) else { return Vec::new() };
        connection.open = Some(open);
        let device = connection.device;
        if open {
            self.redialled.remove(&device);
        }
        let of_device = || self.of(&device);
        if !of_device().any(|(_, other)| other.open == Some(true)) {
            return Vec::new();
        }
        of_device().filter(|(_, other)| other.open == Some(false)).map(|(id, _)| id).collect()
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
        self.of(device)
            .any(|(_, connection)| connection.level >= self.due(device) && connection.open != Some(false))
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
                connection.shown_out = true;
                closing.push(*id);
            }
        }
        closing
    }
}
