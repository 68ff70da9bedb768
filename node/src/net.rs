//! The network: carries the engine's messages as bytes and tells it who is connected. The only
//! place that says libp2p.
//!
//! One task owns libp2p's swarm. [`NetCommand`]s go in and [`NetEvent`]s come out through bounded
//! channels; while nobody takes the events, the swarm is not polled and the peers wait. Who is a
//! member is the engine's knowledge: it [admits](NetCommand::Admit) devices, and the
//! door (`net/door.rs`) gives everyone else the join protocol and nothing more.
//!
//! Deliberately absent: trust in an address, a peer's name or its protocol list; discovery
//! (addresses are statements); retrying (the engine's peers know their backoff), except for the
//! one dial after an admission that turns a guest's connection into a member's.

mod behaviour;
mod codec;
mod connect;
mod dial;
mod door;
mod exchange;
mod frame;
mod identity;
mod limits;
mod listen;
mod message;
mod peers;
mod proxy;
mod relay;
mod requests;
mod swarm;
mod through;
mod tls;
mod traffic;
mod transport;
mod ways;

#[cfg(test)]
mod harness;
#[cfg(test)]
mod rogue;
#[cfg(test)]
mod tests;

pub use self::{
    behaviour::{JOIN_PROTOCOL, SYNC_PROTOCOL},
    dial::{device_at, with_device},
    limits::{
        ADDRESSES_PER_DIAL, CONNECTIONS_PER_DEVICE, JOIN_MESSAGE, Limits, MessageLimit, REQUESTS_PER_DEVICE,
        SYNC_MESSAGE,
    },
    listen::{NetError, reachable},
    message::{Class, Failure, InboundId, NetCommand, NetEvent},
    proxy::{Proxy, ProxyError, exceptions},
    tls::{Tls, TlsError},
    traffic::Traffic,
    ways::Ways,
};

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use futures::FutureExt as _;
use tokio::{sync::mpsc, task::JoinHandle};

use self::{swarm::Task, traffic::Counters};

/// The message in one frame that is here in whole, as if it had come by a stream.
///
/// # Errors
/// The name under which the frame would be counted as refused.
pub fn read_frame(bytes: &[u8], limit: MessageLimit) -> Result<Vec<u8>, &'static str> {
    let mut io = futures::io::Cursor::new(bytes);
    let read = async {
        let encoding = frame::read_encoding(&mut io).await?;
        frame::read_rest(&mut io, encoding, limit).await
    };
    let read = read.now_or_never().expect("what is here in whole is never waited for");
    read.map(|(message, _)| message).map_err(|error| error.name())
}

/// A message in its frame.
///
/// # Errors
/// As for [`read_frame`]: it is too large.
pub fn write_frame(message: &[u8], limit: MessageLimit) -> Result<Vec<u8>, &'static str> {
    frame::encode(message, limit).map_err(|error| error.name())
}

/// What a node's network needs to start.
#[derive(Clone)]
pub struct Config {
    /// The device key, which is also the libp2p identity.
    pub key: SigningKey,
    /// Multiaddresses to listen on, such as `/ip4/0.0.0.0/tcp/7421`; port 0 takes a free one.
    pub listen: Vec<String>,
    /// How it reaches others and is reached.
    pub ways: Ways,
    /// What it takes from others.
    pub limits: Limits,
}

/// A network that runs.
pub struct Running {
    /// The handle for commands.
    pub net: Net,
    /// What happened. Take them: what is not taken holds everything up.
    pub events: mpsc::Receiver<NetEvent>,
    /// The addresses it listens on, without wildcards and port 0. Later ones come as events.
    pub listening: Vec<String>,
    /// Ends when the network has stopped.
    pub task: JoinHandle<()>,
}

/// Starts listening. The task ends after [`NetCommand::Stop`], or when all handles or the
/// receiver of events are gone.
///
/// # Errors
/// An address that is none, or that cannot be listened on, such as a port that is taken.
pub async fn start(config: Config) -> Result<Running, NetError> {
    if let Some(proxy) = &config.ways.proxy {
        tracing::info!(%proxy, "connections go through the proxy");
    }
    let counters = Arc::new(Counters::default());
    let (commands, command_receiver) = mpsc::channel(config.limits.queue);
    let (event_sender, events) = mpsc::channel(config.limits.queue);
    let mut task = Task::new(&config, &counters, command_receiver, event_sender);
    let listening = task.listen(&config).await?;
    let net = Net { commands, counters };
    Ok(Running { net, events, listening, task: tokio::spawn(task.run()) })
}

/// The handle of a running network.
#[derive(Clone)]
pub struct Net {
    commands: mpsc::Sender<NetCommand>,
    counters: Arc<Counters>,
}

/// The network has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the network has stopped")]
pub struct Stopped;

impl Net {
    /// Gives a command, waiting while the queue is full. Whoever sends must not be the only one
    /// who takes the events, or take them while it waits.
    pub async fn send(&self, command: NetCommand) -> Result<(), Stopped> {
        self.commands.send(command).await.map_err(|_| Stopped)
    }

    /// As [`send`](Self::send), from a thread that is not the runtime's.
    pub fn blocking_send(&self, command: NetCommand) -> Result<(), Stopped> {
        self.commands.blocking_send(command).map_err(|_| Stopped)
    }

    /// Bytes in and out since the start.
    pub fn traffic(&self) -> Traffic {
        self.counters.traffic()
    }
}
