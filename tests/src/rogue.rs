//! A peer on the real transport that says what it likes: libp2p, and nothing of our node above it.

mod claim;
mod lie;

use std::{future, io, time::Duration};

use ed25519_dalek::SigningKey;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, StreamExt as _};
use libp2p::{
    Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder,
    identity::{Keypair, PublicKey, ed25519},
    noise, ping,
    request_response::{self as rr, Event, Message, OutboundFailure, OutboundRequestId, ProtocolSupport},
    swarm::{NetworkBehaviour, SwarmEvent, dial_opts::DialOpts},
    tcp, yamux,
};
use praksis_protocol::id::DeviceId;
use tokio::sync::{mpsc, oneshot};

pub use self::claim::claim;
pub(crate) use self::lie::Member;
pub use self::lie::{Lie, Told, lies, lies_of};

/// Bytes for a stream, and whether it then stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// What is written.
    pub bytes: Vec<u8>,
    /// Whether the stream then stays open without a word.
    pub hold: bool,
}

impl Raw {
    /// A message in a frame whose header is right for it.
    pub fn message(payload: &[u8]) -> Self {
        Self::framed(0, payload)
    }

    /// A frame of an encoding.
    pub fn framed(encoding: u8, payload: &[u8]) -> Self {
        let mut bytes = vec![encoding];
        bytes.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        bytes.extend_from_slice(payload);
        Self { bytes, hold: false }
    }

    /// Only its beginning.
    pub fn cut(mut self, len: usize) -> Self {
        self.bytes.truncate(len);
        self
    }

    /// The message in the frame, if it is one.
    pub fn payload(&self) -> Option<Vec<u8>> {
        let payload = self.bytes.get(5..)?;
        match self.bytes[0] {
            0 => Some(payload.to_vec()),
            1 => zstd::bulk::decompress(payload, 8 << 20).ok(),
            _ => None,
        }
    }
}

/// Writes what it is given and reads whatever comes.
#[derive(Clone)]
pub struct Verbatim;

impl rr::Codec for Verbatim {
    type Protocol = StreamProtocol;
    type Request = Raw;
    type Response = Raw;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Raw>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Raw>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, raw: Raw) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, raw).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, raw: Raw) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, raw).await
    }
}

async fn read<T: AsyncRead + Unpin>(io: &mut T) -> io::Result<Raw> {
    let mut bytes = Vec::new();
    io.read_to_end(&mut bytes).await?;
    Ok(Raw { bytes, hold: false })
}

async fn write<T: AsyncWrite + Unpin>(io: &mut T, raw: Raw) -> io::Result<()> {
    io.write_all(&raw.bytes).await?;
    io.flush().await?;
    if raw.hold { future::pending().await } else { Ok(()) }
}

/// What came of a request: the answer, or libp2p's word for the failure.
pub type Outcome = Result<Raw, OutboundFailure>;

#[derive(NetworkBehaviour)]
struct Behaviour {
    exchange: rr::Behaviour<Verbatim>,
    /// Members ping each other; who does not answer is taken for one that has shut its door.
    ping: ping::Behaviour,
}

/// A connection to one node, on which one protocol is spoken.
pub struct Rogue {
    swarm: Swarm<Behaviour>,
    peer: PeerId,
    waiting: Vec<(OutboundRequestId, oneshot::Sender<Outcome>)>,
    orders: mpsc::Receiver<(Raw, oneshot::Sender<Outcome>)>,
}

/// To send something on a rogue's connection.
#[derive(Clone)]
pub struct Mouth(mpsc::Sender<(Raw, oneshot::Sender<Outcome>)>);

impl Mouth {
    /// Sends a request and waits for what comes of it.
    ///
    /// # Panics
    /// When the rogue has ended.
    pub async fn say(&self, raw: Raw) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        self.0.send((raw, sender)).await.expect("the rogue runs");
        outcome.await.expect("the rogue runs")
    }
}

impl Rogue {
    /// Dials a node to speak a protocol.
    ///
    /// # Errors
    /// When the address is none, or libp2p does not start.
    pub fn dial(
        key: &SigningKey,
        protocol: &'static str,
        device: DeviceId,
        address: &str,
    ) -> Result<(Self, Mouth), Box<dyn std::error::Error>> {
        let mut seed = key.to_bytes();
        let config = rr::Config::default().with_request_timeout(Duration::from_secs(300));
        let protocols = [(StreamProtocol::new(protocol), ProtocolSupport::Full)];
        let behaviour = Behaviour {
            exchange: rr::Behaviour::with_codec(Verbatim, protocols, config),
            ping: ping::Behaviour::default(),
        };
        let mut swarm = SwarmBuilder::with_existing_identity(Keypair::ed25519_from_bytes(&mut seed)?)
            .with_tokio()
            .with_tcp(tcp::Config::new().nodelay(true), noise::Config::new, yamux::Config::default)?
            .with_behaviour(|_| behaviour)?
            .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::MAX))
            .build();
        let peer = PublicKey::from(ed25519::PublicKey::try_from_bytes(device.as_bytes())?).to_peer_id();
        let address: Multiaddr = address.parse()?;
        swarm.dial(DialOpts::peer_id(peer).addresses(vec![address]).build())?;
        let (sender, orders) = mpsc::channel(64);
        Ok((Self { swarm, peer, waiting: vec![], orders }, Mouth(sender)))
    }

    /// Speaks, and answers what it is asked, until nobody holds its mouth.
    pub async fn run(mut self, mut answer: impl FnMut(Raw) -> Raw) {
        loop {
            tokio::select! {
                order = self.orders.recv() => {
                    let Some((raw, outcome)) = order else { return };
                    let request = self.swarm.behaviour_mut().exchange.send_request(&self.peer, raw);
                    self.waiting.push((request, outcome));
                }
                event = self.swarm.select_next_some() => if let SwarmEvent::Behaviour(BehaviourEvent::Exchange(event)) = event {
                    self.on(event, &mut answer);
                },
            }
        }
    }

    fn on(&mut self, event: Event<Raw, Raw>, answer: &mut impl FnMut(Raw) -> Raw) {
        match event {
            Event::OutboundFailure { request_id, error, .. } => self.ended(request_id, Err(error)),
            Event::Message { message: Message::Response { request_id, response }, .. } => {
                self.ended(request_id, Ok(response));
            }
            Event::Message { message: Message::Request { request, channel, .. }, .. } => {
                // Whoever asked may be gone.
                let _ = self.swarm.behaviour_mut().exchange.send_response(channel, answer(request));
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    fn ended(&mut self, request: OutboundRequestId, outcome: Outcome) {
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == request);
        // Whoever waited may be gone.
        let _ = self.waiting.swap_remove(at.expect("it was asked for")).1.send(outcome);
    }
}
