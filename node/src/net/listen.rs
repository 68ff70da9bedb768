//! Where we listen.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
};

use libp2p::{Multiaddr, core::transport::TransportError, multiaddr::Protocol};

use super::{relay::is_relayed, tls::Tls};

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
    #[error(
        "cannot listen on {address}: only /tcp/.., /udp/../quic-v1, /tcp/../ws and /tcp/../tls/ws are possible, \
         after /ip4/.. or /ip6/.."
    )]
    Unsupported {
        /// As given.
        address: String,
    },
    /// WebSocket over TLS without a certificate.
    #[error("cannot listen on {address} without a certificate: give --tls-cert and --tls-key")]
    NoCertificate {
        /// As given.
        address: String,
    },
    /// What others are told is not a multiaddress.
    #[error("cannot read the address {address} to announce: {why}")]
    Announce {
        /// As given.
        address: String,
        /// For people.
        why: String,
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
pub(super) fn parse(address: &str, tls: &Tls) -> Result<Multiaddr, NetError> {
    let parsed: Multiaddr = address.parse().map_err(|error: libp2p::multiaddr::Error| NetError::Address {
        address: address.to_owned(),
        why: error.to_string(),
    })?;
    let is_tls = parsed.iter().any(|part| matches!(part, Protocol::Tls | Protocol::Wss(_)));
    if is_tls && !tls.has_certificate() {
        return Err(NetError::NoCertificate { address: address.to_owned() });
    }
    if is_relayed(&parsed) {
        return Err(NetError::Unsupported { address: address.to_owned() });
    }
    Ok(parsed)
}

/// Reads an address of `--announce`.
pub(super) fn parse_announced(address: &str) -> Result<Multiaddr, NetError> {
    address.parse().map_err(|error: libp2p::multiaddr::Error| NetError::Announce {
        address: address.to_owned(),
        why: error.to_string(),
    })
}

/// Of what this machine listens on, what others may reach: itself only if there is nothing else.
pub fn reachable<'a>(listening: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let listening: Vec<&String> = listening.into_iter().collect();
    let ip = |address: &str| address.split('/').nth(2)?.parse::<IpAddr>().ok();
    let outside = |address: &&String| match ip(address) {
        Some(IpAddr::V4(ip)) => !ip.is_loopback() && !ip.is_link_local(),
        Some(IpAddr::V6(ip)) => !ip.is_loopback() && !ip.is_unicast_link_local(),
        None => true,
    };
    let found: Vec<&String> = listening.iter().copied().filter(outside).collect();
    (if found.is_empty() { listening } else { found }).into_iter().cloned().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_of_this_machine_alone_only_when_there_is_nothing_else() {
        let told =
            |listening: &[&str]| reachable(&listening.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(told(&["/ip4/127.0.0.1/tcp/1"]), ["/ip4/127.0.0.1/tcp/1"]);
        let all = [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.1.2.3/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/ip6/2001:db8::1/tcp/1",
        ];
        assert_eq!(told(&all), ["/ip4/10.1.2.3/tcp/1", "/ip6/2001:db8::1/tcp/1"]);
    }
}
