//! Nodes on loopback for the tests: real sockets, events awaited.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test awaits one kind of event and leaves the others")]

use std::time::Duration;

use ed25519_dalek::SigningKey;
use praksis_protocol::id::DeviceId;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::{Class, Config, Failure, InboundId, Limits, Net, NetCommand, NetEvent, Ways, start};

const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

/// A test that waits longer than this waits for what never comes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Node {
    pub(super) net: Net,
    events: mpsc::Receiver<NetEvent>,
    /// Events that came while another was awaited.
    early: Vec<NetEvent>,
    pub(super) device: DeviceId,
    pub(super) address: String,
    pub(super) task: JoinHandle<()>,
}

impl Node {
    pub(super) async fn start(seed: u8) -> Self {
        Self::with(seed, Limits::default()).await
    }

    pub(super) async fn with(seed: u8, limits: Limits) -> Self {
        Self::at(LOOPBACK, seed, limits, Ways::default()).await
    }

    pub(super) async fn by(seed: u8, ways: Ways) -> Self {
        Self::at(LOOPBACK, seed, Limits::default(), ways).await
    }

    /// Listens at one address of loopback.
    pub(super) async fn at(listen: &str, seed: u8, limits: Limits, ways: Ways) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let device = DeviceId(key.verifying_key().to_bytes());
        let running = start(Config { key, listen: vec![listen.into()], ways, limits }).await.unwrap();
        let [address] = running.listening.try_into().expect("one address on loopback");
        Self {
            net: running.net,
            events: running.events,
            early: Vec::new(),
            device,
            address,
            task: running.task,
        }
    }

    pub(super) async fn tell(&self, command: NetCommand) {
        self.net.send(command).await.unwrap();
    }

    pub(super) async fn admit(&self, device: DeviceId) {
        self.tell(NetCommand::Admit { device }).await;
    }

    pub(super) async fn dial(&self, other: &Node) {
        self.dial_at(&[&other.address], Some(other.device)).await;
    }

    pub(super) async fn dial_at(&self, addresses: &[&str], device: Option<DeviceId>) {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        self.tell(NetCommand::Dial { device, addresses }).await;
    }

    pub(super) async fn ask(&self, to: DeviceId, id: u64, class: Class, bytes: &[u8]) {
        self.tell(NetCommand::Request { to, id, class, bytes: bytes.to_vec() }).await;
    }

    /// The first event that `which` takes; the others stay for later.
    pub(super) async fn until<T>(&mut self, what: &str, which: impl Fn(&NetEvent) -> Option<T>) -> T {
        if let Some(at) = self.early.iter().position(|event| which(event).is_some()) {
            return which(&self.early.remove(at)).unwrap();
        }
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                match which(&event) {
                    Some(found) => return found,
                    None => self.early.push(event),
                }
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("waited for {what} in vain"))
    }

    pub(super) async fn connected(&mut self, other: DeviceId, as_member: bool) {
        let what = if as_member { "a member" } else { "a guest" };
        self.until(what, |event| match event {
            NetEvent::Connected { device, member, .. } => {
                (*device == other && *member == as_member).then_some(())
            }
            _ => None,
        })
        .await;
    }

    pub(super) async fn disconnected(&mut self, other: DeviceId) {
        self.until("a disconnection", |event| match event {
            NetEvent::Disconnected { device } => (*device == other).then_some(()),
            _ => None,
        })
        .await;
    }

    pub(super) async fn requested(&mut self) -> (InboundId, Class, Vec<u8>) {
        self.until("a request", |event| match event {
            NetEvent::Requested { id, class, bytes, .. } => Some((*id, *class, bytes.clone())),
            _ => None,
        })
        .await
    }

    /// Answers the next request with its own bytes.
    pub(super) async fn echo(&mut self) -> Class {
        let (id, class, bytes) = self.requested().await;
        self.tell(NetCommand::Respond { id, bytes }).await;
        class
    }

    pub(super) async fn ended(&mut self, request: u64) -> Result<Vec<u8>, Failure> {
        self.until("the end of a request", |event| match event {
            NetEvent::Responded { id, bytes, .. } if *id == request => Some(Ok(bytes.clone())),
            NetEvent::Failed { id, why, .. } if *id == request => Some(Err(*why)),
            _ => None,
        })
        .await
    }

    pub(super) async fn dial_failed(&mut self) -> String {
        self.until("a failed dial", |event| match event {
            NetEvent::DialFailed { why, .. } => Some(why.clone()),
            _ => None,
        })
        .await
    }

    /// The next address that others may reach it at through a relay.
    pub(super) async fn relayed_at(&mut self) -> String {
        self.until("an address at a relay", |event| match event {
            NetEvent::Listening { address } => address.contains("p2p-circuit").then(|| address.clone()),
            _ => None,
        })
        .await
    }

    pub(super) async fn ask_when_connected(&mut self, other: &Node, id: u64) {
        self.connected(other.device, false).await;
        self.ask(other.device, id, Class::Join, b"may I").await;
    }

    /// A request of the other and its echo: the proof that the two still work together.
    pub(super) async fn serves(&mut self, other: &mut Node, request: u64) {
        other.ask(self.device, request, Class::Sync, b"still there").await;
        self.echo().await;
        assert_eq!(other.ended(request).await.unwrap(), b"still there");
    }

    /// What has come and nobody asked for.
    pub(super) fn leftovers(&mut self) -> Vec<NetEvent> {
        while let Ok(event) = self.events.try_recv() {
            self.early.push(event);
        }
        std::mem::take(&mut self.early)
    }

    pub(super) async fn refused(&mut self, name: &str) -> Option<DeviceId> {
        self.until(name, |event| match event {
            NetEvent::Refused { device, reason } if *reason == name => Some(*device),
            _ => None,
        })
        .await
    }
}

/// Two that know each other as members and are connected.
pub(super) async fn two_members() -> (Node, Node) {
    let (mut bergen, mut oslo) = (Node::start(1).await, Node::start(2).await);
    meet(&mut bergen, &mut oslo).await;
    (bergen, oslo)
}

/// The first dials the second, and both know each other as members.
pub(super) async fn meet(one: &mut Node, other: &mut Node) {
    let address = other.address.clone();
    meet_at(one, other, &address).await;
}

/// As [`meet`], at another address.
pub(super) async fn meet_at(one: &mut Node, other: &mut Node, address: &str) {
    one.admit(other.device).await;
    other.admit(one.device).await;
    one.dial_at(&[address], Some(other.device)).await;
    one.connected(other.device, true).await;
    other.connected(one.device, true).await;
}
