//! The protocols of a node: join beside the door; sync, identify and ping behind it.

use std::sync::Arc;

use libp2p::{
    StreamProtocol, identify,
    identity::Keypair,
    ping, relay,
    request_response::{self, ProtocolSupport},
    swarm::{NetworkBehaviour, behaviour::toggle::Toggle},
};

use super::{
    codec::Codec,
    door::Door,
    limits::{JOIN_MESSAGE, Limits, MessageLimit, REQUESTS_PER_DEVICE, SYNC_MESSAGE},
    peers::Peers,
    relay::serving,
    traffic::Counters,
    ways::Ways,
};

/// The members' protocol.
pub const SYNC_PROTOCOL: &str = "/praksis/sync/1";
/// The guests' protocol.
pub const JOIN_PROTOCOL: &str = "/praksis/join/1";

/// Everything that runs on a connection. The door comes first: see there.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) door: Door<Members>,
    pub(super) join: request_response::Behaviour<Codec>,
}

/// What members see.
#[derive(NetworkBehaviour)]
pub(super) struct Members {
    pub(super) sync: request_response::Behaviour<Codec>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    /// Reaches, and is reached, through relays.
    relayed: relay::client::Behaviour,
    /// Is one.
    relay: Toggle<relay::Behaviour>,
}

impl Behaviour {
    pub(super) fn new(
        key: &Keypair,
        limits: &Limits,
        ways: &Ways,
        counters: &Arc<Counters>,
        relayed: relay::client::Behaviour,
    ) -> Self {
        let requests = |name, limit: MessageLimit| {
            let codec = Codec { limit, read_timeout: limits.read_timeout, counters: Arc::clone(counters) };
            let config = request_response::Config::default()
                .with_request_timeout(limits.request_timeout)
                .with_max_concurrent_streams(2 * REQUESTS_PER_DEVICE); // theirs and ours
            let protocol = [(StreamProtocol::new(name), ProtocolSupport::Full)];
            request_response::Behaviour::with_codec(codec, protocol, config)
        };
        // Addresses are statements: identify tells none of ours but a relay's, and keeps none of theirs.
        // What it is for is to say who is a relay.
        let identify = identify::Config::new("praksis/1".into(), key.public())
            .with_agent_version(concat!("praksis/", env!("CARGO_PKG_VERSION")).into())
            .with_hide_listen_addrs(true)
            .with_cache_size(0);
        let ping = ping::Config::new().with_interval(limits.ping_interval).with_timeout(limits.ping_timeout);
        let members = Members {
            sync: requests(SYNC_PROTOCOL, SYNC_MESSAGE),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping),
            relayed,
            relay: ways.relay.then(|| serving(key.public().to_peer_id(), limits)).into(),
        };
        Self {
            door: Door::new(members, Peers::new(limits.clone()), limits.handshakes),
            join: requests(JOIN_PROTOCOL, JOIN_MESSAGE),
        }
    }
}
