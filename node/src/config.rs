//! How a node is run.

use praksis_protocol::engine::Quota;

use crate::net::{Limits, Ways};

/// Where a node listens when nobody says otherwise: TCP, and QUIC beside it.
pub const LISTEN: [&str; 2] = ["/ip4/0.0.0.0/tcp/7421", "/ip4/0.0.0.0/udp/7421/quic-v1"];

/// How a node is run; what a node is stands in its folder.
#[derive(Debug, Clone)]
pub struct Config {
    /// Multiaddresses to listen on; port 0 takes a free one.
    pub listen: Vec<String>,
    /// How others are reached, and reach this node.
    pub ways: Ways,
    /// Multiaddresses to dial, whoever is there.
    pub peers: Vec<String>,
    /// What the network takes from others, message by message.
    pub limits: Limits,
    /// Most that is kept of each other organisation in each scope; never more than the charter says.
    pub quota: Quota,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: LISTEN.map(str::to_owned).to_vec(),
            ways: Ways::default(),
            peers: vec![],
            limits: Limits::default(),
            quota: Quota::CHARTER,
        }
    }
}

impl Config {
    /// On this machine alone, at a free port: for tests and demonstrations.
    pub fn loopback() -> Self {
        Self { listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()], ..Self::default() }
    }
}

/// Whether the text has an address's form: a host and a port. Only the network knows the rest.
pub fn is_address(text: &str) -> bool {
    let mut parts = text.split('/');
    let begins =
        parts.next() == Some("") && matches!(parts.next(), Some("ip4" | "ip6" | "dns" | "dns4" | "dns6"));
    let host = parts.next().is_some_and(|host| !host.is_empty());
    let port = matches!(parts.next(), Some("tcp" | "udp"))
        && parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
    begins && host && port && text.len() <= 256
}
