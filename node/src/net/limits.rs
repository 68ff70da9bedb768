//! What the network takes from others and for how long, each with why that much.

use std::time::Duration;

/// How large one message of a class may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimit {
    /// Bytes on the wire, after compression.
    pub wire: usize,
    /// Bytes after inflation: what is handed on.
    pub inflated: usize,
}

/// Messages between members. The wire limit is what a line of 1 Mbit/s carries within
/// [`Limits::read_timeout`]; four times that is more than Automerge changes compress.
pub const SYNC_MESSAGE: MessageLimit = MessageLimit { wire: 2 << 20, inflated: 8 << 20 };

/// Messages of the join protocol: a handful of statements, sent by anyone.
pub const JOIN_MESSAGE: MessageLimit = MessageLimit { wire: 64 << 10, inflated: 64 << 10 };

/// Unanswered requests that one device may have with us, and we with it. More are refused at once.
pub const REQUESTS_PER_DEVICE: usize = 8;

/// Connections of one device as a member, and as many as a guest: two nodes that dial each other
/// at the same moment have two.
pub const CONNECTIONS_PER_DEVICE: usize = 2;

/// Addresses tried in one dial; a statement could name any number.
pub const ADDRESSES_PER_DIAL: usize = 16;

/// Streams of one connection; a peer that opens more loses the connection. Some twenty are for
/// requests both ways, ping and identify. The others are circuits: through a relay's connection with
/// a member that cannot be reached, each of a country's 357 municipalities may come.
pub(super) const STREAMS_PER_CONNECTION: usize = 512;

/// Bytes that one stream of QUIC may hold unread: what a line of 40 Mbit/s and 400 ms has under way.
/// Yamux begins with 256 KiB and gives more to those who read.
pub(super) const STREAM_WINDOW: u32 = 2 << 20;

/// Bytes that all streams of one connection of QUIC may hold unread.
pub(super) const CONNECTION_WINDOW: u32 = 16 << 20;

/// Bytes of one WebSocket message, where libp2p's default is 256 MiB. Noise hands over what it has
/// buffered, less than 256 KiB, as one.
pub(super) const WEBSOCKET_MESSAGE: usize = 1 << 20;

/// Relays that a node which cannot be reached is reached through. One may be stopped.
pub(super) const RELAYS: usize = 2;

/// Addresses that a relay tells those it serves; its answer is at most 4 KiB.
pub(super) const RELAY_ADDRESSES: usize = 8;

/// Circuits that one device may have through this relay: as many as the nodes that it dials by
/// itself.
pub(super) const CIRCUITS_PER_DEVICE: usize = 32;

/// Circuits through this relay in all: ten for each of 357 municipalities. A circuit at rest is two
/// streams and two buffers of 8 KiB.
pub(super) const CIRCUITS: usize = 4096;

/// How long a circuit lasts; whoever needs it longer dials again and goes on where it was.
pub(super) const CIRCUIT_DURATION: Duration = Duration::from_secs(12 * 60 * 60);

/// Bytes through one circuit, both ways together: a first sync of 100,000 documents of 4 KB, twice.
pub(super) const CIRCUIT_BYTES: u64 = 1 << 30;

/// How long a reservation lasts. It is renewed by itself.
pub(super) const RESERVATION_DURATION: Duration = Duration::from_secs(60 * 60);

/// Streams of one connection that have not agreed on a protocol yet; more are reset.
pub(super) const NEGOTIATING_STREAMS: usize = 16;

/// Limits that a node may set otherwise: none of them changes what two nodes agree on.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections in all; an association's hub has one for each of 357 municipalities and offices.
    pub connections: usize,
    /// Inbound connections that have not finished their handshake.
    pub handshakes: usize,
    /// Inbound connections of guests.
    pub guests: usize,
    /// How long a guest's connection lasts.
    pub guest_time: Duration,
    /// How long a guest's connection remains after its device was admitted: time for the answer
    /// to get out and for the other side to reconnect by itself.
    pub admitted_grace: Duration,
    /// From a dialled or accepted socket to an authenticated connection.
    pub handshake_timeout: Duration,
    /// From a connection with an HTTP proxy to its answer; shorter than the whole handshake, so that
    /// the failure has its name.
    pub proxy_timeout: Duration,
    /// From the first byte of a message to its last; for a request, from the opened stream.
    pub read_timeout: Duration,
    /// From a request to its answer. Longer than reading both and the work between.
    pub request_timeout: Duration,
    /// Between two pings of a member.
    pub ping_interval: Duration,
    /// For the answer to a ping. After two in a row without, the connection is closed.
    pub ping_timeout: Duration,
    /// Commands and events that wait in their channel.
    pub queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            handshakes: 256,
            guests: 32,
            guest_time: Duration::from_secs(30),
            admitted_grace: Duration::from_secs(1),
            handshake_timeout: Duration::from_secs(15),
            proxy_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(90),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            queue: 64,
        }
    }
}
