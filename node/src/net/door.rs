//! The door: what is behind it is for members. To a guest's connection it gives a handler that
//! knows no protocol, and the behaviours behind it never hear of that connection; what stands
//! beside it (the join protocol) serves both. It also keeps the counts: it must be the first of
//! the behaviours, because those asked before a refusal would keep an entry of a connection that
//! never came to be (request-response does).
//!
//! A connection through a relay is asked the same: who is at its other end was proved to us, not to
//! the relay. The relay itself is behind the door, so that guests can neither reserve nor open a
//! circuit. Where something behind the door dials a relay and that takes us for a guest, or we it,
//! the dial has failed as far as it is concerned.
//!
//! Deliberately absent: `handle_pending_*` and failures to listen are not passed on. At that moment
//! nobody knows who it is.

use std::{
    collections::BTreeSet,
    task::{Context, Poll},
};

use either::Either;
use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    swarm::{
        ConnectionClosed, ConnectionDenied, ConnectionId, DialError, DialFailure, FromSwarm,
        NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
        behaviour::ConnectionEstablished, dummy,
    },
};
use praksis_protocol::id::DeviceId;

use super::{
    identity::device_of,
    peers::{Level, Peers, Refusal},
    relay::is_relayed,
};

/// Wraps the members' behaviours.
pub(super) struct Door<B> {
    pub(super) inner: B,
    pub(super) peers: Peers,
    /// Inbound connections in their handshake.
    handshakes: BTreeSet<ConnectionId>,
    handshake_limit: usize,
}

impl<B: NetworkBehaviour> Door<B> {
    pub(super) fn new(inner: B, peers: Peers, handshake_limit: usize) -> Self {
        Self { inner, peers, handshakes: BTreeSet::new(), handshake_limit }
    }

    /// Decides on a connection; `handler` makes the inner one for a member.
    fn open(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        outbound: bool,
        handler: impl FnOnce(&mut B) -> Result<THandler<B>, ConnectionDenied>,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let device = device_of(&peer).ok_or_else(|| ConnectionDenied::new(Refusal::NotADevice))?;
        let level = self.peers.may_enter(&device, outbound).map_err(ConnectionDenied::new)?;
        let handler = match level {
            Level::Member => Either::Left(handler(&mut self.inner)?),
            Level::Guest => Either::Right(dummy::ConnectionHandler),
        };
        self.peers.enter(id, device, level, address.clone(), outbound);
        Ok(handler)
    }

    /// The other member connections of a peer: all that the behaviours inside know of.
    fn others(&self, device: DeviceId, id: ConnectionId) -> usize {
        self.peers.at(device, Level::Member).filter(|other| *other != id).count()
    }

    fn member(&self, id: ConnectionId) -> Option<DeviceId> {
        self.peers
            .get(id)
            .filter(|connection| connection.level == Level::Member)
            .map(|connection| connection.device)
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Door<B> {
    type ConnectionHandler = Either<THandler<B>, dummy::ConnectionHandler>;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        if self.handshakes.len() >= self.handshake_limit {
            return Err(ConnectionDenied::new(Refusal::TooManyHandshakes));
        }
        self.handshakes.insert(id);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handshakes.remove(&id);
        // Through a relay, where the other end is it does not say; by which relay it came, we know.
        let from = if is_relayed(local) { local } else { remote };
        self.open(id, peer, from, false, |inner| {
            inner.handle_established_inbound_connection(id, peer, local, remote)
        })
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.open(id, peer, address, true, |inner| {
            inner.handle_established_outbound_connection(id, peer, address, role, port_use)
        })
    }

    // libp2p's events are an open set: what is not about one connection concerns everybody.
    #[expect(clippy::wildcard_enum_match_arm, reason = "FromSwarm is non-exhaustive")]
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                if let Some(device) = self.member(established.connection_id) {
                    let other_established = self.others(device, established.connection_id);
                    let seen = ConnectionEstablished { other_established, ..established };
                    self.inner.on_swarm_event(FromSwarm::ConnectionEstablished(seen));
                } else if established.endpoint.is_dialer() {
                    let failed = DialFailure {
                        peer_id: None,
                        error: &DialError::Aborted,
                        connection_id: established.connection_id,
                    };
                    self.inner.on_swarm_event(FromSwarm::DialFailure(failed));
                }
            }
            FromSwarm::ConnectionClosed(closed) => {
                if let Some(device) = self.member(closed.connection_id) {
                    let remaining_established = self.others(device, closed.connection_id);
                    let seen = ConnectionClosed { remaining_established, ..closed };
                    self.inner.on_swarm_event(FromSwarm::ConnectionClosed(seen));
                }
                self.peers.leave(closed.connection_id);
            }
            FromSwarm::AddressChange(change) => {
                if self.member(change.connection_id).is_some() {
                    self.inner.on_swarm_event(event);
                }
            }
            FromSwarm::ListenFailure(failure) => {
                self.handshakes.remove(&failure.connection_id);
            }
            _ => self.inner.on_swarm_event(event),
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {
            Either::Left(event) => self.inner.on_connection_handler_event(peer, id, event),
            Either::Right(never) => match never {},
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "ToSwarm is non-exhaustive")]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        while let Poll::Ready(event) = self.inner.poll(cx) {
            let event = match event {
                // The swarm would choose among all connections, and a guest's takes no event.
                ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event } => {
                    let member =
                        device_of(&peer_id).and_then(|device| self.peers.at(device, Level::Member).next());
                    let Some(id) = member else { continue };
                    ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::One(id), event }
                }
                other => other,
            };
            return Poll::Ready(event.map_in(Either::Left));
        }
        Poll::Pending
    }
}
