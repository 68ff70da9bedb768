//! The stack under the connections, built by hand: names are resolved by the transport that needs
//! it, so that ways in through a proxy, which resolves for us, can stand beside this one.

use std::sync::Arc;

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    PeerId, Transport,
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade::Version},
    dns::{self, ResolverConfig, ResolverOpts},
    identity::Keypair,
    noise, tcp, yamux,
};

use super::{
    limits::{Limits, STREAMS_PER_CONNECTION},
    traffic::{Counted, Counters},
};

/// TCP + Noise + Yamux, with names resolved as the machine is configured to.
pub(super) fn build(
    key: &Keypair,
    limits: &Limits,
    counters: &Arc<Counters>,
) -> Boxed<(PeerId, StreamMuxerBox)> {
    match dns::tokio::Transport::system(tcp(counters)) {
        Ok(transport) => secured(transport, key, limits),
        Err(error) => {
            tracing::warn!(%error, "no resolver is configured: names in addresses will not be found");
            secured(without_resolver(tcp(counters)), key, limits)
        }
    }
}

fn tcp(
    counters: &Arc<Counters>,
) -> impl Transport<
    Output = impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Error: Send + Sync,
    Dial: Send,
    ListenerUpgrade: Send,
> + Send
+ Unpin
+ 'static {
    let counters = Arc::clone(counters);
    tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .map(move |socket, _| Counted::new(socket, Arc::clone(&counters)))
}

/// `/dns4/..` then knows only what stands in the hosts file; addresses of numbers work as ever.
fn without_resolver<T>(inner: T) -> dns::tokio::Transport<T> {
    dns::tokio::Transport::custom(inner, ResolverConfig::default(), ResolverOpts::default())
}

/// Noise, which proves who is at the other end, and many streams on the one connection.
fn secured<T>(transport: T, key: &Keypair, limits: &Limits) -> Boxed<(PeerId, StreamMuxerBox)>
where
    T: Transport<
            Output: AsyncRead + AsyncWrite + Unpin + Send + 'static,
            Error: Send + Sync,
            Dial: Send,
            ListenerUpgrade: Send,
        > + Send
        + Unpin
        + 'static,
{
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(STREAMS_PER_CONNECTION);
    transport
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(key).expect("an Ed25519 key signs"))
        .multiplex(yamux)
        .timeout(limits.handshake_timeout)
        .boxed()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use libp2p::core::{Endpoint, transport::DialOpts, transport::PortUse};

    use super::*;

    #[tokio::test]
    async fn a_machine_without_a_resolver_dials_what_it_can() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut transport = without_resolver(tcp(&Arc::default()));
        let options = DialOpts { role: Endpoint::Dialer, port_use: PortUse::New };
        for (host, found) in
            [("ip4/127.0.0.1", true), ("dns4/localhost", true), ("dns4/nowhere.invalid", false)]
        {
            let address = format!("/{host}/tcp/{port}").parse().unwrap();
            let dialled = transport.dial(address, options).expect("the address is of a kind it knows").await;
            assert_eq!(dialled.is_ok(), found, "{host}");
        }
    }
}
