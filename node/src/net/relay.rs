//! Relays (libp2p's circuit relay v2): a node that cannot be reached keeps a connection with one that
//! can, and is reached through it. What goes through a circuit is encrypted between its ends, and
//! each end's door asks who is there as on any connection.
//!
//! Both halves stand behind the door: a guest can neither reserve nor open a circuit.
//!
//! Deliberately absent: DCUtR, which would make a circuit a direct connection. libp2p's (0.15) dials every address that
//! the other end names in 4 KiB, remembers each try for good, and panics where its two tables disagree; a member could
//! make use of each. And it would save little: what is shared comes from the association, which both ends are connected
//! with anyway.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use libp2p::{
    Multiaddr, PeerId,
    core::transport::ListenerId,
    identify,
    multiaddr::Protocol,
    relay::{self, Behaviour, Config, HOP_PROTOCOL_NAME, Status, StatusCode},
    swarm::ConnectionId,
};
use praksis_protocol::id::DeviceId;

use super::{
    identity::device_of,
    limits::{
        CIRCUIT_BYTES, CIRCUIT_DURATION, CIRCUITS, CIRCUITS_PER_DEVICE, CONNECTIONS_PER_DEVICE, Limits,
        RELAYS, RESERVATION_DURATION,
    },
    swarm::Task,
};

/// The half that serves. Only members come to it, so it counts by device; a limit by address, as
/// libp2p has, would shut out the municipalities behind one proxy.
pub(super) fn serving(own: PeerId, limits: &Limits) -> Behaviour {
    let config = Config {
        max_reservations: limits.connections,
        max_reservations_per_peer: CONNECTIONS_PER_DEVICE,
        reservation_duration: RESERVATION_DURATION,
        reservation_rate_limiters: vec![],
        max_circuits: CIRCUITS,
        max_circuits_per_peer: CIRCUITS_PER_DEVICE,
        max_circuit_duration: CIRCUIT_DURATION,
        max_circuit_bytes: CIRCUIT_BYTES,
        circuit_src_rate_limiters: vec![],
    }
    // A line that comes and goes; one more every two minutes.
    .reservation_rate_per_peer(number(30), Duration::from_secs(120))
    // All that it dials, four times over; then as fast as it dials again, two minutes apart.
    .circuit_src_per_peer(number(4 * CIRCUITS_PER_DEVICE), Duration::from_secs(3));
    let mut behaviour = Behaviour::new(own, config);
    behaviour.set_status(Some(Status::Enable));
    behaviour
}

fn number(count: usize) -> NonZeroU32 {
    u32::try_from(count).ok().and_then(NonZeroU32::new).expect("a small number above zero")
}

/// Whether the address leads through a relay.
pub(super) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Where this node is reached through others.
pub(super) struct Reservations {
    wanted: bool,
    /// Whose relay, and the listener there.
    held: BTreeMap<DeviceId, ListenerId>,
}

impl Reservations {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, held: BTreeMap::new() }
    }

    /// Whether the listener was one of these, and is no more.
    pub(super) fn ended(&mut self, listener: ListenerId) -> bool {
        let before = self.held.len();
        self.held.retain(|_, held| *held != listener);
        self.held.len() < before
    }

    fn is_wanted_at(&self, device: DeviceId) -> bool {
        self.wanted && self.held.len() < RELAYS && !self.held.contains_key(&device)
    }
}

impl Task {
    /// A member has said what it speaks, at the beginning of a connection and every few minutes. If it
    /// is a relay that we dialled, and we want one, we ask it.
    pub(super) fn on_identified(&mut self, event: identify::Event) {
        let identify::Event::Received { connection_id, peer_id, info } = event else { return };
        if info.protocols.contains(&HOP_PROTOCOL_NAME) {
            self.reserve(connection_id, peer_id);
        }
    }

    fn reserve(&mut self, connection: ConnectionId, peer: PeerId) {
        let Some(device) = device_of(&peer).filter(|device| self.reservations.is_wanted_at(*device)) else {
            return;
        };
        let at = self.peers().get(connection).filter(|connection| connection.outbound);
        let Some(relay) = at.map(|connection| connection.address.clone()).filter(|at| !is_relayed(at)) else {
            return;
        };
        let relay = match relay.iter().last() {
            Some(Protocol::P2p(_)) => relay,
            Some(_) | None => relay.with(Protocol::P2p(peer)),
        };
        match self.swarm.listen_on(relay.with(Protocol::P2pCircuit)) {
            Ok(listener) => {
                self.reservations.held.insert(device, listener);
            }
            Err(error) => tracing::warn!(%error, relay = device.short(), "could not ask to be relayed"),
        }
    }

    /// What this relay refuses. That nobody is there to be reached is no refusal.
    pub(super) fn on_relay(&mut self, event: &relay::Event) {
        if let relay::Event::ReservationReqDenied { src_peer_id, .. } = event {
            self.refuse(device_of(src_peer_id), "relay_reservation");
        }
        if let relay::Event::CircuitReqDenied {
            src_peer_id, status: StatusCode::ResourceLimitExceeded, ..
        } = event
        {
            self.refuse(device_of(src_peer_id), "relay_circuit");
        }
    }
}
