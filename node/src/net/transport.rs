//! The stack under the connections, built by hand. libp2p's builder resolves names before every
//! transport; behind a proxy that is often impossible, so here each way does it for itself.
//!
//! ```text
//! /../p2p/RELAY/p2p-circuit   a stream of another connection ─────────────┐
//! /../ws  /../tls/ws          WebSocket ── through a proxy ─┐             ├─ Noise ─ Yamux
//! /../tcp/..                               through a proxy ─┴─ DNS ─ TCP ─┘
//! /../udp/../quic-v1          DNS ─ QUIC, which has its own of both
//! ```

use std::sync::Arc;

use futures::{AsyncRead, AsyncWrite, future::Either};
use libp2p::{
    PeerId, Transport,
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade::Version},
    dns::{self, ResolverConfig, ResolverOpts},
    identity::Keypair,
    noise, quic, relay, tcp, websocket, yamux,
};

use super::{
    limits::{CONNECTION_WINDOW, Limits, STREAM_WINDOW, STREAMS_PER_CONNECTION, WEBSOCKET_MESSAGE},
    through::Through,
    traffic::{Counted, CountedMuxer, Counters},
    ways::Ways,
};

/// Every way of the table above. `relayed` is how the relay's client takes part.
pub(super) fn build(
    key: &Keypair,
    limits: &Limits,
    ways: &Ways,
    counters: &Arc<Counters>,
    relayed: relay::client::Transport,
) -> Boxed<(PeerId, StreamMuxerBox)> {
    let through = || Through::new(resolved(|| tcp(counters)), ways.proxy.clone(), limits.proxy_timeout);
    let mut websocket = websocket::Config::new(through());
    websocket.set_max_data_size(WEBSOCKET_MESSAGE).set_tls_config(ways.tls.config());
    let streams = secured(websocket.or_transport(through()), key, limits);
    let relayed = secured(relayed, key, limits);
    relayed
        .or_transport(streams)
        .or_transport(resolved(|| quic(key, limits, counters)))
        .map(|output, _| match output {
            Either::Left(streams) => streams.into_inner(),
            Either::Right(quic) => quic,
        })
        .boxed()
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

fn quic(key: &Keypair, limits: &Limits, counters: &Arc<Counters>) -> Boxed<(PeerId, StreamMuxerBox)> {
    let mut config = quic::Config::new(key);
    config.handshake_timeout = limits.handshake_timeout;
    // As patient as with other connections, and in time for what translates addresses.
    let idle = limits.ping_interval + limits.ping_timeout;
    config.max_idle_timeout = idle.as_millis().try_into().expect("some seconds fit 32 bits of milliseconds");
    config.keep_alive_interval = idle / 3;
    config.max_concurrent_stream_limit =
        STREAMS_PER_CONNECTION.try_into().expect("some hundred streams fit 32 bits");
    config.max_stream_data = STREAM_WINDOW;
    config.max_connection_data = CONNECTION_WINDOW;
    let counters = Arc::clone(counters);
    quic::tokio::Transport::new(config)
        .map(move |(peer, connection), _| {
            (peer, StreamMuxerBox::new(CountedMuxer::new(connection, Arc::clone(&counters))))
        })
        .boxed()
}

/// Names resolved as the machine is configured to, before what `make` makes.
fn resolved<T: Transport>(make: impl Fn() -> T) -> dns::tokio::Transport<T> {
    match dns::tokio::Transport::system(make()) {
        Ok(transport) => transport,
        Err(error) => {
            tracing::warn!(%error, "no resolver is configured: names in addresses will not be found");
            without_resolver(make())
        }
    }
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
