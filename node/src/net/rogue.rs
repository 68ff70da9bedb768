//! A peer on the real transport that says what it likes, and what nodes make of it.

#![expect(clippy::wildcard_enum_match_arm, reason = "the rogue cares for messages only")]

use std::{future, io, time::Duration};

use ed25519_dalek::SigningKey;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, StreamExt as _};
use libp2p::{
    StreamProtocol, Swarm, relay,
    request_response::{self as rr, Event, Message, OutboundFailure, OutboundRequestId, ProtocolSupport},
    swarm::{self, SwarmEvent, dial_opts::DialOpts},
};
use praksis_protocol::id::DeviceId;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    Class, Failure, JOIN_PROTOCOL, Limits, NetCommand, REQUESTS_PER_DEVICE, SYNC_MESSAGE, SYNC_PROTOCOL,
    harness::{Node, PATIENCE, two_members},
    identity::{device_of, keypair, peer_of},
    transport,
    ways::Ways,
};

/// Bytes for a stream, and whether it then stays open.
#[derive(Clone)]
pub(super) struct Raw {
    bytes: Vec<u8>,
    hold: bool,
}

impl Raw {
    fn closed(bytes: Vec<u8>) -> Self {
        Self { bytes, hold: false }
    }

    fn held(bytes: Vec<u8>) -> Self {
        Self { bytes, hold: true }
    }
}

/// Writes what it is given and reads whatever comes.
#[derive(Clone)]
struct Verbatim;

impl rr::Codec for Verbatim {
    type Protocol = StreamProtocol;
    type Request = Raw;
    type Response = Raw;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Raw> {
        read(io).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Raw> {
        read(io).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        raw: Raw,
    ) -> io::Result<()> {
        write(io, raw).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        raw: Raw,
    ) -> io::Result<()> {
        write(io, raw).await
    }
}

async fn read<T: AsyncRead + Unpin>(io: &mut T) -> io::Result<Raw> {
    let mut bytes = Vec::new();
    io.read_to_end(&mut bytes).await?;
    Ok(Raw::closed(bytes))
}

async fn write<T: AsyncWrite + Unpin>(io: &mut T, raw: Raw) -> io::Result<()> {
    io.write_all(&raw.bytes).await?;
    io.flush().await?;
    if raw.hold { future::pending().await } else { Ok(()) }
}

/// What came of a request: the bytes of the answer, or libp2p's word for the failure.
type Outcome = Result<Vec<u8>, OutboundFailure>;

/// See the module. It answers every request with the same bytes.
struct Rogue {
    device: DeviceId,
    orders: mpsc::Sender<(Raw, oneshot::Sender<Outcome>)>,
}

impl Rogue {
    /// Dials a node and speaks the protocol with it.
    async fn start(seed: u8, protocol: &'static str, node: &Node, answer: Raw) -> Self {
        let key = keypair(&SigningKey::from_bytes(&[seed; 32]));
        let me = key.public().to_peer_id();
        let config = rr::Config::default().with_request_timeout(Duration::from_secs(300));
        let protocols = [(StreamProtocol::new(protocol), ProtocolSupport::Full)];
        let mut swarm = Swarm::new(
            transport::build(
                &key,
                &Limits::default(),
                &Ways::default(),
                &Default::default(),
                relay::client::new(me).0,
            ),
            rr::Behaviour::with_codec(Verbatim, protocols, config),
            me,
            swarm::Config::with_tokio_executor().with_idle_connection_timeout(Duration::MAX),
        );
        let peer = peer_of(&node.device).unwrap();
        swarm.dial(DialOpts::peer_id(peer).addresses(vec![node.address.parse().unwrap()]).build()).unwrap();
        let (orders, mut receiver) = mpsc::channel::<(Raw, oneshot::Sender<Outcome>)>(64);
        tokio::spawn(async move {
            let mut waiting: Vec<(OutboundRequestId, oneshot::Sender<Outcome>)> = Vec::new();
            loop {
                tokio::select! {
                    order = receiver.recv() => {
                        let Some((raw, outcome)) = order else { return };
                        waiting.push((swarm.behaviour_mut().send_request(&peer, raw), outcome));
                    }
                    event = swarm.select_next_some() => {
                        let (id, outcome) = match event {
                            SwarmEvent::Behaviour(Event::OutboundFailure { request_id, error, .. }) => (request_id, Err(error)),
                            SwarmEvent::Behaviour(Event::Message { message, .. }) => match message {
                                Message::Response { request_id, response } => (request_id, Ok(response.bytes)),
                                Message::Request { channel, .. } => {
                                    let _ = swarm.behaviour_mut().send_response(channel, answer.clone());
                                    continue;
                                }
                            },
                            _ => continue,
                        };
                        let at = waiting.iter().position(|(waiting, _)| *waiting == id).unwrap();
                        let _ = waiting.swap_remove(at).1.send(outcome);
                    }
                }
            }
        });
        Self { device: device_of(&me).unwrap(), orders }
    }

    /// Sends a request; what comes of it can be awaited or not.
    async fn send(&self, raw: Raw) -> oneshot::Receiver<Outcome> {
        let (sender, outcome) = oneshot::channel();
        self.orders.send((raw, sender)).await.unwrap();
        outcome
    }

    async fn outcome(&self, raw: Raw) -> Outcome {
        timeout(PATIENCE, self.send(raw).await)
            .await
            .expect("an end within patience")
            .expect("the rogue runs")
    }
}

/// A frame whose header is right for its payload.
fn frame(encoding: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![encoding];
    frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

fn bomb() -> Vec<u8> {
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    assert!(bomb.len() < 16 << 10);
    frame(1, &bomb)
}

fn oversized() -> Vec<u8> {
    frame(0, &vec![0; SYNC_MESSAGE.wire + 1])
}

/// Each malformed message with the name under which it is refused.
fn malformed() -> Vec<(&'static str, Raw)> {
    let mut trailing = frame(0, b"hello");
    trailing.push(0);
    vec![
        ("message_too_large", Raw::closed(oversized())),
        ("inflates_too_large", Raw::closed(bomb())),
        ("does_not_inflate", Raw::closed(frame(1, b"not zstd"))),
        ("trailing_bytes", Raw::closed(trailing)),
        ("truncated_message", Raw::closed(frame(0, b"hello")[..7].to_vec())),
        ("unknown_encoding", Raw::closed(frame(2, b"hello"))),
        ("empty_message", Raw::closed(Vec::new())),
        ("stalled_message", Raw::held(frame(0, b"hello")[..7].to_vec())),
        ("stalled_message", Raw::held(frame(0, b"hello"))),
    ]
}

/// A short time for reading, so that a stall shows itself.
fn impatient() -> Limits {
    Limits { read_timeout: Duration::from_millis(200), ..Limits::default() }
}

#[tokio::test]
async fn malformed_requests_of_a_member_are_refused_by_name_and_another_member_works_on() {
    let (mut oslo, mut bergen) = (Node::with(1, impatient()).await, Node::start(2).await);
    oslo.admit(bergen.device).await;
    bergen.admit(oslo.device).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;

    let rogue = Rogue::start(3, SYNC_PROTOCOL, &oslo, Raw::closed(Vec::new())).await;
    oslo.connected(rogue.device, false).await;
    oslo.admit(rogue.device).await;
    oslo.disconnected(rogue.device).await;
    let rogue = Rogue::start(3, SYNC_PROTOCOL, &oslo, Raw::closed(Vec::new())).await;
    oslo.connected(rogue.device, true).await;
    for (request, (name, raw)) in malformed().into_iter().enumerate() {
        let _outcome = rogue.send(raw).await;
        assert_eq!(oslo.refused(name).await, Some(rogue.device), "{name}");
        oslo.serves(&mut bergen, request as u64).await;
    }
}

#[tokio::test]
async fn malformed_answers_are_refused_by_name() {
    for (name, answer) in malformed() {
        let mut oslo = Node::with(1, impatient()).await;
        let device = DeviceId(SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes());
        oslo.admit(device).await;
        let _rogue = Rogue::start(3, SYNC_PROTOCOL, &oslo, answer).await;
        oslo.connected(device, true).await;
        oslo.ask(device, 1, Class::Sync, b"what do you hold").await;
        if name == "empty_message" {
            assert_eq!(oslo.ended(1).await, Err(Failure::Unanswered));
        } else {
            assert_eq!(oslo.ended(1).await, Err(Failure::BadAnswer(name)));
            assert_eq!(oslo.refused(name).await, Some(device));
        }
    }
}

#[tokio::test]
async fn a_guest_is_offered_neither_sync_nor_identify_nor_ping() {
    let mut oslo = Node::start(1).await;
    for (seed, protocol) in
        [(3, SYNC_PROTOCOL), (4, "/ipfs/id/1.0.0"), (5, "/ipfs/id/push/1.0.0"), (6, "/ipfs/ping/1.0.0")]
    {
        let rogue = Rogue::start(seed, protocol, &oslo, Raw::closed(Vec::new())).await;
        oslo.connected(rogue.device, false).await;
        let outcome = rogue.outcome(Raw::closed(frame(0, b"hello"))).await;
        assert!(matches!(outcome, Err(OutboundFailure::UnsupportedProtocols)), "{protocol}");
    }
}

#[tokio::test]
async fn a_guests_message_may_be_small_only() {
    let mut oslo = Node::start(1).await;
    let rogue = Rogue::start(3, JOIN_PROTOCOL, &oslo, Raw::closed(Vec::new())).await;
    let _outcome = rogue.send(Raw::closed(frame(0, &vec![0; (64 << 10) + 1]))).await;
    assert_eq!(oslo.refused("message_too_large").await, Some(rogue.device));
    let _outcome =
        rogue.send(Raw::closed(frame(1, &zstd::bulk::compress(&vec![0; 65 << 10], 3).unwrap()))).await;
    assert_eq!(oslo.refused("inflates_too_large").await, Some(rogue.device));
    let answer = rogue.send(Raw::closed(frame(0, b"may I"))).await;
    oslo.echo().await;
    assert_eq!(answer.await.unwrap().unwrap(), frame(0, b"may I"));
}

#[tokio::test]
async fn a_flood_of_requests_is_refused_beyond_its_limit_and_leaves_nothing_behind() {
    let mut oslo = Node::start(1).await;
    for _ in 0..2 {
        let rogue = Rogue::start(3, JOIN_PROTOCOL, &oslo, Raw::closed(Vec::new())).await;
        oslo.connected(rogue.device, false).await;
        for _ in 0..=REQUESTS_PER_DEVICE {
            let _outcome = rogue.send(Raw::closed(frame(0, b"again"))).await;
        }
        for _ in 0..REQUESTS_PER_DEVICE {
            oslo.requested().await;
        }
        assert_eq!(oslo.refused("too_many_requests").await, Some(rogue.device));
        oslo.tell(NetCommand::Disconnect { device: rogue.device }).await;
        oslo.disconnected(rogue.device).await;
    }
}

#[tokio::test]
async fn a_flood_of_half_requests_leaves_room_for_others() {
    let (mut oslo, mut bergen) = (Node::with(1, impatient()).await, Node::start(2).await);
    oslo.admit(bergen.device).await;
    bergen.admit(oslo.device).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;
    let device = DeviceId(SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes());
    oslo.admit(device).await;
    let rogue = Rogue::start(3, SYNC_PROTOCOL, &oslo, Raw::closed(Vec::new())).await;
    oslo.connected(device, true).await;
    for _ in 0..50 {
        let _outcome = rogue.send(Raw::held(frame(0, b"hello")[..7].to_vec())).await;
    }
    oslo.serves(&mut bergen, 1).await;
    assert_eq!(oslo.refused("stalled_message").await, Some(device));
    oslo.serves(&mut bergen, 2).await;
}

#[tokio::test]
async fn a_third_connection_of_one_device_is_refused() {
    let mut oslo = Node::start(1).await;
    let mut rogues = Vec::new();
    for _ in 0..3 {
        rogues.push(Rogue::start(3, JOIN_PROTOCOL, &oslo, Raw::closed(Vec::new())).await);
    }
    assert_eq!(oslo.refused("too_many_connections_of_device").await, Some(rogues[0].device));
}

#[tokio::test]
async fn what_does_not_shake_hands_is_counted() {
    let (mut oslo, mut bergen) = two_members().await;
    let port = oslo.address.rsplit('/').next().unwrap();
    let mut stranger = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stranger, b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    drop(stranger);
    assert_eq!(oslo.refused("handshake_failed").await, None);
    oslo.serves(&mut bergen, 1).await;
}
