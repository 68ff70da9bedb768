//! Requests and answers, as commands want them and libp2p reports them.

use std::io;

use libp2p::{
    ping,
    request_response::{Event, InboundFailure, Message, OutboundFailure},
    swarm::ConnectionId,
};
use praksis_protocol::id::DeviceId;

use super::{
    behaviour::MembersEvent,
    codec::frame_error,
    frame::FrameError,
    identity::peer_of,
    message::{Class, Failure, InboundId, NetEvent},
    peers::Level,
    swarm::Task,
};

/// As [`Codec`](super::codec::Codec) has it.
type Exchange = Event<Result<Vec<u8>, FrameError>, Vec<u8>>;

impl Task {
    pub(super) fn request(&mut self, to: DeviceId, id: u64, class: Class, bytes: Vec<u8>) {
        let failed = |why| NetEvent::Failed { from: to, id, why };
        let best = self.peers().best(&to).map(|connection| connection.level);
        let (Some(level), Some(peer)) = (best, peer_of(&to)) else {
            return self.tell(failed(Failure::Disconnected));
        };
        let is_member = level == Level::Member && self.peers().is_admitted(&to);
        if class == Class::Sync && !is_member {
            return self.tell(failed(Failure::Unsupported));
        }
        if !self.requests.may_ask(to) {
            return self.tell(failed(Failure::Busy));
        }
        let behaviour = self.swarm.behaviour_mut();
        let request = match class {
            Class::Sync => behaviour.door.inner.sync.send_request(&peer, Ok(bytes)),
            Class::Join => behaviour.join.send_request(&peer, Ok(bytes)),
        };
        self.requests.sent(class, request, to, id);
    }

    pub(super) fn respond(&mut self, id: InboundId, bytes: Vec<u8>) {
        let Some(inbound) = self.requests.answer(id) else { return };
        let behaviour = self.swarm.behaviour_mut();
        let sent = match inbound.class {
            Class::Sync => behaviour.door.inner.sync.send_response(inbound.channel, bytes),
            Class::Join => behaviour.join.send_response(inbound.channel, bytes),
        };
        if sent.is_err() {
            tracing::debug!("an answer came after its request had ended");
        }
    }

    pub(super) fn on_members(&mut self, event: MembersEvent) {
        match event {
            MembersEvent::Sync(event) => self.on_exchange(Class::Sync, event),
            MembersEvent::Ping(ping::Event { connection, result, .. }) => match result {
                Ok(_) => self.on_found(connection, true),
                Err(ping::Failure::Unsupported) => self.on_found(connection, false),
                Err(ping::Failure::Timeout | ping::Failure::Other { .. }) => {
                    self.swarm.close_connection(connection);
                }
            },
            MembersEvent::Identify(event) => self.on_identified(event),
            MembersEvent::Relay(event) => self.on_relay(&event),
            MembersEvent::Relayed(_) => {} // the listener and the dial say the same
        }
    }

    pub(super) fn on_exchange(&mut self, class: Class, event: Exchange) {
        match event {
            Event::Message {
                connection_id,
                message: Message::Request { request_id, request, channel },
                ..
            } => {
                let Some(device) = self.device_at(connection_id) else { return };
                let asked = match request {
                    Err(error) => Err(error.name()),
                    Ok(_) if class == Class::Sync && !self.peers().is_admitted(&device) => {
                        Err("not_a_member")
                    }
                    Ok(bytes) => self
                        .requests
                        .asked(class, device, connection_id, request_id, channel)
                        .map(|id| NetEvent::Requested { from: device, id, class, bytes })
                        .ok_or("too_many_requests"),
                };
                match asked {
                    Ok(event) => self.tell(event),
                    Err(reason) => self.refuse(Some(device), reason),
                }
            }
            Event::Message { message: Message::Response { request_id, response }, .. } => {
                if let Some((from, id)) = self.requests.ended(class, request_id) {
                    self.tell(NetEvent::Responded { from, id, bytes: response });
                }
            }
            Event::OutboundFailure { connection_id, request_id, error, .. } => {
                if class == Class::Sync && matches!(error, OutboundFailure::UnsupportedProtocols) {
                    self.on_found(connection_id, false);
                }
                let Some((from, id)) = self.requests.ended(class, request_id) else { return };
                let why = failure(&error);
                if let Failure::BadAnswer(reason) = why {
                    self.refuse(Some(from), reason);
                }
                self.tell(NetEvent::Failed { from, id, why });
            }
            Event::InboundFailure { request_id, error, .. } => {
                self.requests.gone(class, request_id);
                if let InboundFailure::Io(error) = &error
                    && error.kind() == io::ErrorKind::InvalidInput
                {
                    tracing::error!(%error, "an answer of ours was not sent");
                }
            }
            Event::ResponseSent { .. } => {}
        }
    }

    /// Not to be let in is no failure of the line, but another connection may be better.
    fn on_found(&mut self, connection: ConnectionId, open: bool) {
        let useless = self.peers_mut().found(connection, open);
        self.close_all(useless);
    }

    fn device_at(&self, connection: ConnectionId) -> Option<DeviceId> {
        self.peers().get(connection).map(|connection| connection.device)
    }
}

fn failure(error: &OutboundFailure) -> Failure {
    match error {
        OutboundFailure::Timeout => Failure::Timeout,
        OutboundFailure::DialFailure | OutboundFailure::ConnectionClosed => Failure::Disconnected,
        OutboundFailure::UnsupportedProtocols => Failure::Unsupported,
        // The codec's word for what we were about to send.
        OutboundFailure::Io(error) if error.kind() == io::ErrorKind::InvalidInput => Failure::TooLarge,
        OutboundFailure::Io(error) => match frame_error(error) {
            None | Some(FrameError::Stream(_)) => Failure::Broken,
            Some(FrameError::Empty) => Failure::Unanswered,
            Some(bad) => Failure::BadAnswer(bad.name()),
        },
    }
}
