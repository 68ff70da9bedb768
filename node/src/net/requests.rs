//! Requests under way, in both directions. Every entry leaves by an answer or by a failure that
//! libp2p reports; both directions are bounded per device.

use std::collections::BTreeMap;

use libp2p::{
    request_response::{InboundRequestId, OutboundRequestId, ResponseChannel},
    swarm::ConnectionId,
};
use praksis_protocol::id::DeviceId;

use super::{
    limits::REQUESTS_PER_DEVICE,
    message::{Class, InboundId},
};

/// A request that waits for our answer.
pub(super) struct Inbound {
    pub(super) class: Class,
    pub(super) channel: ResponseChannel<Vec<u8>>,
    device: DeviceId,
    connection: ConnectionId,
    request: InboundRequestId,
}

/// See the module.
#[derive(Default)]
pub(super) struct Requests {
    inbound: BTreeMap<InboundId, Inbound>,
    outbound: BTreeMap<(Class, OutboundRequestId), (DeviceId, u64)>,
    last: u64,
}

impl Requests {
    /// Keeps a request of a peer; `None` if it has too many already, and the channel is dropped.
    pub(super) fn asked(
        &mut self,
        class: Class,
        device: DeviceId,
        connection: ConnectionId,
        request: InboundRequestId,
        channel: ResponseChannel<Vec<u8>>,
    ) -> Option<InboundId> {
        if self.inbound.values().filter(|inbound| inbound.device == device).count() >= REQUESTS_PER_DEVICE {
            return None;
        }
        self.last += 1;
        let id = InboundId(self.last);
        self.inbound.insert(id, Inbound { class, channel, device, connection, request });
        Some(id)
    }

    /// Takes a request to answer it.
    pub(super) fn answer(&mut self, id: InboundId) -> Option<Inbound> {
        self.inbound.remove(&id)
    }

    /// The request can no longer be answered.
    pub(super) fn gone(&mut self, class: Class, request: InboundRequestId) {
        self.inbound.retain(|_, inbound| (inbound.class, inbound.request) != (class, request));
    }

    /// Whether a request that came by this connection waits for our answer.
    pub(super) fn waits_on(&self, connection: ConnectionId) -> bool {
        self.inbound.values().any(|inbound| inbound.connection == connection)
    }

    /// Whether another request may be sent to the device.
    pub(super) fn may_ask(&self, device: DeviceId) -> bool {
        self.outbound.values().filter(|(to, _)| *to == device).count() < REQUESTS_PER_DEVICE
    }

    /// Keeps a request of ours.
    pub(super) fn sent(&mut self, class: Class, request: OutboundRequestId, device: DeviceId, id: u64) {
        self.outbound.insert((class, request), (device, id));
    }

    /// A request of ours has come to its end: whom it went to, and the caller's id.
    pub(super) fn ended(&mut self, class: Class, request: OutboundRequestId) -> Option<(DeviceId, u64)> {
        self.outbound.remove(&(class, request))
    }
}
