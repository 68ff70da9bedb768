//! Where we listen.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
};

use libp2p::{Multiaddr, core::transport::TransportError, multiaddr::Protocol};

/// The network could not start. Whoever took the address from an option names it.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Not a multiaddress at all.
    #[error("cannot read the address {address} to listen on: {why}")]
    Address {
        /// As given.
        address: String,
        /// For people.
        why: String,
    },
    /// An address of a kind that there is no way to listen on.
    #[error("cannot listen on {address}: only /ip4/../tcp/.. and /ip6/../tcp/.. are possible")]
    Unsupported {
        /// As given.
        address: String,
    },
    /// The operating system refused, for instance because the port is taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As given.
        address: String,
        /// What it said.
        source: io::Error,
    },
}

/// Reads the address of `--listen`.
pub(super) fn parse(address: &str) -> Result<Multiaddr, NetError> {
    address.parse().map_err(|error: libp2p::multiaddr::Error| NetError::Address {
        address: address.to_owned(),
        why: error.to_string(),
    })
}

/// Whether the port is free. libp2p listens with `SO_REUSEPORT`, so two nodes of one user on one
/// port would both be content, and each get half of the connections.
/// To be asked for all addresses before the first is taken.
pub(super) fn check_free(address: &Multiaddr) -> Result<(), NetError> {
    let Some(socket) = socket_address(address).filter(|socket| socket.port() != 0) else { return Ok(()) };
    match TcpListener::bind(socket) {
        Ok(_) => Ok(()),
        Err(source) => Err(NetError::Listen { address: address.to_string(), source }),
    }
}

/// What libp2p says when it cannot listen.
pub(super) fn refused(address: &Multiaddr, error: TransportError<io::Error>) -> NetError {
    let address = address.to_string();
    match error {
        TransportError::MultiaddrNotSupported(_) => NetError::Unsupported { address },
        TransportError::Other(source) => NetError::Listen { address, source },
    }
}

fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    #[expect(clippy::wildcard_enum_match_arm, reason = "some thirty other protocols")]
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "some thirty other protocols")]
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}
