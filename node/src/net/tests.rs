//! Nodes on loopback: real sockets, events awaited, nothing timed but what is about time.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use praksis_protocol::id::DeviceId;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::{Class, Config, Failure, InboundId, Limits, Net, NetCommand, NetError, NetEvent, start};

const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

/// A test that waits longer than this waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Node {
    net: Net,
    events: mpsc::Receiver<NetEvent>,
    /// Events that came while another was awaited.
    early: Vec<NetEvent>,
    device: DeviceId,
    address: String,
    task: JoinHandle<()>,
}

impl Node {
    async fn start(seed: u8) -> Self {
        Self::with(seed, Limits::default()).await
    }

    async fn with(seed: u8, limits: Limits) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let device = DeviceId(key.verifying_key().to_bytes());
        let running = start(Config { key, listen: vec![LOOPBACK.into()], limits }).await.unwrap();
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

    async fn tell(&self, command: NetCommand) {
        self.net.send(command).await.unwrap();
    }

    async fn admit(&self, other: &Node) {
        self.tell(NetCommand::Admit { device: other.device }).await;
    }

    async fn dial(&self, other: &Node) {
        let command = NetCommand::Dial { device: Some(other.device), addresses: vec![other.address.clone()] };
        self.tell(command).await;
    }

    async fn ask(&self, other: &Node, id: u64, class: Class, bytes: &[u8]) {
        self.tell(NetCommand::Request { to: other.device, id, class, bytes: bytes.to_vec() }).await;
    }

    /// The first event that `which` takes; the others stay for later.
    async fn until<T>(&mut self, what: &str, which: impl Fn(&NetEvent) -> Option<T>) -> T {
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

    async fn connected(&mut self, other: DeviceId, as_member: bool) {
        let what = if as_member { "a member" } else { "a guest" };
        self.until(what, |event| match event {
            NetEvent::Connected { device, member, .. } => {
                (*device == other && *member == as_member).then_some(())
            }
            _ => None,
        })
        .await;
    }

    async fn disconnected(&mut self, other: DeviceId) {
        self.until("a disconnection", |event| match event {
            NetEvent::Disconnected { device } => (*device == other).then_some(()),
            _ => None,
        })
        .await;
    }

    async fn requested(&mut self) -> (InboundId, Class, Vec<u8>) {
        self.until("a request", |event| match event {
            NetEvent::Requested { id, class, bytes, .. } => Some((*id, *class, bytes.clone())),
            _ => None,
        })
        .await
    }

    /// Answers the next request with its own bytes.
    async fn echo(&mut self) -> Class {
        let (id, class, bytes) = self.requested().await;
        self.tell(NetCommand::Respond { id, bytes }).await;
        class
    }

    async fn ended(&mut self, request: u64) -> Result<Vec<u8>, Failure> {
        self.until("the end of a request", |event| match event {
            NetEvent::Responded { id, bytes, .. } if *id == request => Some(Ok(bytes.clone())),
            NetEvent::Failed { id, why, .. } if *id == request => Some(Err(*why)),
            _ => None,
        })
        .await
    }

    async fn refused(&mut self, name: &str) -> Option<DeviceId> {
        self.until(name, |event| match event {
            NetEvent::Refused { device, reason } if *reason == name => Some(*device),
            _ => None,
        })
        .await
    }
}

/// Two that know each other as members and are connected.
async fn two_members() -> (Node, Node) {
    let (mut bergen, mut oslo) = (Node::start(1).await, Node::start(2).await);
    bergen.admit(&oslo).await;
    oslo.admit(&bergen).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;
    oslo.connected(bergen.device, true).await;
    (bergen, oslo)
}

#[tokio::test]
async fn two_members_ask_each_other() {
    let (mut bergen, mut oslo) = two_members().await;
    bergen.ask(&oslo, 7, Class::Sync, b"what do you hold").await;
    assert_eq!(oslo.echo().await, Class::Sync);
    assert_eq!(bergen.ended(7).await.unwrap(), b"what do you hold");

    let large = vec![3; 8 << 20];
    oslo.ask(&bergen, 8, Class::Sync, &large).await;
    bergen.echo().await;
    assert!(oslo.ended(8).await.unwrap() == large);
    let traffic = oslo.net.traffic();
    assert!(traffic.payload_out < 10_000, "8 MiB of one byte travel compressed");
    assert!(traffic.socket_out > traffic.payload_out);
}
