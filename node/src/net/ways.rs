//! The ways to others that a node was told of, beside the plain ones.

use super::{proxy::Proxy, tls::Tls};

/// What a municipality's network asks for. By default nothing: connections go straight.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// The own certificate, and whom to trust, for WebSocket over TLS.
    pub tls: Tls,
    /// Through which every TCP connection is made, unless it says otherwise.
    pub proxy: Option<Proxy>,
    /// Serve as a relay: members who cannot be reached are reached through this node.
    pub relay: bool,
    /// Be reached through relays: those among the members that this node is connected to.
    pub relayed: bool,
    /// Multiaddresses that others are told, where those differ from where the node listens. A relay
    /// tells them to whom it serves.
    pub announce: Vec<String>,
}
