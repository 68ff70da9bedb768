//! TCP, straight or through a proxy. A name that is dialled through the proxy is given to it as it
//! stands: inside such networks names of the world often cannot be resolved.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{AsyncRead, AsyncWrite, FutureExt as _, TryFutureExt as _, future::BoxFuture};
use libp2p::{
    Multiaddr, Transport,
    core::transport::{DialOpts, ListenerId, PortUse, TransportError, TransportEvent},
    multiaddr::Protocol,
};
use tokio::time::timeout;

use super::{
    connect::{ConnectError, connect},
    dial,
    proxy::Proxy,
};

/// Wraps a transport of TCP connections, which resolves names by itself.
pub(super) struct Through<T> {
    inner: T,
    proxy: Option<Proxy>,
    /// From a connection with the proxy to its answer.
    patience: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ThroughError<E> {
    #[error("{0}")]
    Straight(#[source] E),
    #[error("{0}")]
    Proxy(#[source] ConnectError),
}

impl<T> Through<T> {
    pub(super) fn new(inner: T, proxy: Option<Proxy>, patience: Duration) -> Self {
        Self { inner, proxy, patience }
    }
}

impl<T> Transport for Through<T>
where
    T: Transport<
            Output: AsyncRead + AsyncWrite + Unpin + Send + 'static,
            Error: Send + Sync + 'static,
            Dial: Send + 'static,
            ListenerUpgrade: Send + 'static,
        > + Unpin,
{
    type Output = T::Output;
    type Error = ThroughError<T::Error>;
    type ListenerUpgrade = BoxFuture<'static, Result<Self::Output, Self::Error>>;
    type Dial = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        self.inner.listen_on(id, address).map_err(|error| error.map(ThroughError::Straight))
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        let Some((host, port)) = tcp_host(&address) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        let Some(proxy) = self.proxy.clone().filter(|proxy| proxy.stands_before(&host)) else {
            let dial =
                self.inner.dial(address, options).map_err(|error| error.map(ThroughError::Straight))?;
            return Ok(dial.map_err(ThroughError::Straight).boxed());
        };
        let name = proxy.to_string();
        let unreached = move |error: T::Error| {
            ThroughError::Proxy(ConnectError::Unreached { proxy: name, why: dial::innermost(&error) })
        };
        let at = proxy.address().parse().expect("a host and a port make an address");
        // Nobody is listened to behind a proxy: the port that others dial us at is no use.
        let options = DialOpts { port_use: PortUse::New, ..options };
        let dial = self.inner.dial(at, options).map_err(|error| error.map(unreached.clone()))?;
        let patience = self.patience;
        let through = async move {
            let socket = dial.await.map_err(unreached)?;
            let asked = connect(socket, &host, port, proxy.authorization());
            let answer = timeout(patience, asked).await.unwrap_or(Err(ConnectError::Stalled));
            answer.map_err(ThroughError::Proxy)
        };
        Ok(through.boxed())
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Pin::new(&mut self.inner).poll(context).map(|event| {
            event
                .map_upgrade(|upgrade| upgrade.map_err(ThroughError::Straight).boxed())
                .map_err(ThroughError::Straight)
        })
    }
}

/// The host and port of an address of plain TCP, with nothing above it but who is expected there.
fn tcp_host(address: &Multiaddr) -> Option<(String, u16)> {
    let host = dial::host(address)?;
    let mut parts = address.iter().skip(1);
    let Some(Protocol::Tcp(port)) = parts.next() else { return None };
    matches!((parts.next(), parts.next()), (None | Some(Protocol::P2p(_)), None)).then_some((host, port))
}
