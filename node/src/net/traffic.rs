//! Bytes and messages in and out: our messages as they are on the wire, and everything on the socket.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};

/// Since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames read: what others sent us, compressed, without Noise, Yamux, identify and ping.
    pub payload_in: u64,
    /// Frames written.
    pub payload_out: u64,
    /// How many frames were read.
    pub messages_in: u64,
    /// How many were written.
    pub messages_out: u64,
    /// Everything read from sockets; of QUIC, what is read from its streams.
    pub socket_in: u64,
    /// Everything written to sockets; of QUIC, what is written to its streams.
    pub socket_out: u64,
}

/// The counters behind [`Traffic`]; they order nothing, so relaxed is enough.
#[derive(Debug, Default)]
pub(super) struct Counters {
    payload_in: AtomicU64,
    payload_out: AtomicU64,
    messages_in: AtomicU64,
    messages_out: AtomicU64,
    socket_in: AtomicU64,
    socket_out: AtomicU64,
}

impl Counters {
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            payload_in: self.payload_in.load(Ordering::Relaxed),
            payload_out: self.payload_out.load(Ordering::Relaxed),
            messages_in: self.messages_in.load(Ordering::Relaxed),
            messages_out: self.messages_out.load(Ordering::Relaxed),
            socket_in: self.socket_in.load(Ordering::Relaxed),
            socket_out: self.socket_out.load(Ordering::Relaxed),
        }
    }

    pub(super) fn read_frame(&self, bytes: usize) {
        self.payload_in.fetch_add(bytes as u64, Ordering::Relaxed);
        self.messages_in.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn wrote_frame(&self, bytes: usize) {
        self.payload_out.fetch_add(bytes as u64, Ordering::Relaxed);
        self.messages_out.fetch_add(1, Ordering::Relaxed);
    }
}

/// A socket whose bytes are counted.
pub(super) struct Counted<S> {
    socket: S,
    counters: Arc<Counters>,
}

impl<S> Counted<S> {
    pub(super) fn new(socket: S, counters: Arc<Counters>) -> Self {
        Self { socket, counters }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        if let Poll::Ready(Ok(bytes)) = read {
            self.counters.socket_in.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = written {
            self.counters.socket_out.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

/// A connection whose streams are counted: QUIC shares one socket among all.
pub(super) struct CountedMuxer<M> {
    connection: M,
    counters: Arc<Counters>,
}

impl<M> CountedMuxer<M> {
    pub(super) fn new(connection: M, counters: Arc<Counters>) -> Self {
        Self { connection, counters }
    }

    fn counted<S>(&self, stream: S) -> Counted<S> {
        Counted::new(stream, Arc::clone(&self.counters))
    }
}

impl<M: StreamMuxer<Substream: Unpin> + Unpin> StreamMuxer for CountedMuxer<M> {
    type Substream = Counted<M::Substream>;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.connection).poll_inbound(cx).map_ok(|stream| self.counted(stream))
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.connection).poll_outbound(cx).map_ok(|stream| self.counted(stream))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.connection).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.connection).poll(cx)
    }
}
