//! The task that owns the swarm: commands in, events out. What libp2p reports about connections is
//! handled here, what it reports about requests in [`exchange`](super::exchange).

use std::{
    collections::{BTreeMap, VecDeque},
    future, io,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt as _, StreamExt as _};
use libp2p::{
    Multiaddr, PeerId, Swarm,
    core::transport::ListenerId,
    relay as circuit,
    swarm::{self, ConnectionId, DialError, ListenError, SwarmEvent},
};
use praksis_protocol::id::DeviceId;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Config,
    behaviour::{Behaviour, BehaviourEvent},
    dial::{self, Dial, NoDial},
    identity::{device_of, keypair},
    limits::{NEGOTIATING_STREAMS, RELAY_ADDRESSES},
    listen::{self, NetError, reachable},
    message::{Class, NetCommand, NetEvent},
    peers::{Level, Peers, Refusal},
    proxy::Proxy,
    relay::Reservations,
    requests::Requests,
    traffic::Counters,
    transport,
};

/// Commands may each leave an event behind while nobody takes events; beyond this many, commands
/// wait too.
const OUTBOX: usize = 1024;

/// How long connections may take to close when the network stops.
const CLOSING: Duration = Duration::from_secs(2);

/// How long a listener may take to say where it listens.
const LISTENING: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Task {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) requests: Requests,
    commands: mpsc::Receiver<NetCommand>,
    events: mpsc::Sender<NetEvent>,
    /// Events that wait for room in the channel.
    outbox: VecDeque<NetEvent>,
    /// What has been told of each connected device.
    told: BTreeMap<DeviceId, Level>,
    pub(super) reservations: Reservations,
    proxy: Option<Proxy>,
    /// What was last told of the proxy's refusals.
    proxy_told: Option<String>,
    /// Dials under way: whom and where we said they are for.
    dials: BTreeMap<ConnectionId, (Option<DeviceId>, Option<String>)>,
}

impl Task {
    pub(super) fn new(
        config: &Config,
        counters: &Arc<Counters>,
        commands: mpsc::Receiver<NetCommand>,
        events: mpsc::Sender<NetEvent>,
    ) -> Self {
        let key = keypair(&config.key);
        // A member's connection lasts until it fails its pings, a guest's until its time is over:
        // idling is no reason to close one.
        let options = swarm::Config::with_tokio_executor()
            .with_idle_connection_timeout(Duration::MAX)
            .with_max_negotiating_inbound_streams(NEGOTIATING_STREAMS);
        let own = key.public().to_peer_id();
        let (limits, ways) = (&config.limits, &config.ways);
        let (relayed_transport, relayed) = circuit::client::new(own);
        let swarm = Swarm::new(
            transport::build(&key, limits, ways, counters, relayed_transport),
            Behaviour::new(&key, limits, ways, counters, relayed),
            own,
            options,
        );
        Self {
            swarm,
            requests: Requests::default(),
            commands,
            events,
            outbox: VecDeque::new(),
            told: BTreeMap::new(),
            reservations: Reservations::new(ways.relayed),
            proxy: ways.proxy.clone(),
            proxy_told: None,
            dials: BTreeMap::new(),
        }
    }

    /// Listens, and returns where once every listener has said so.
    pub(super) async fn listen(&mut self, config: &Config) -> Result<Vec<String>, NetError> {
        let parse = |address: &String| listen::parse(address, &config.ways.tls);
        let addresses = config.listen.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        addresses.iter().try_for_each(listen::check_free)?;
        let mut silent: Vec<(ListenerId, Multiaddr)> = Vec::new();
        for address in addresses {
            let listener =
                self.swarm.listen_on(address.clone()).map_err(|error| listen::refused(&address, error))?;
            silent.push((listener, address));
        }
        while let Some((_, address)) = silent.first() {
            let failed = |source| NetError::Listen { address: address.to_string(), source };
            let event = timeout(LISTENING, self.swarm.select_next_some()).await;
            let event = event.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?;
            if let SwarmEvent::NewListenAddr { listener_id, .. } = &event {
                silent.retain(|(silent, _)| silent != listener_id);
            }
            self.on_event(event);
        }
        // A wildcard stands for several addresses, and the machine's are all known by now.
        while let Some(event) = self.swarm.select_next_some().now_or_never() {
            self.on_event(event);
        }
        let mut listening: Vec<String> = self.swarm.listeners().map(Multiaddr::to_string).collect();
        listening.sort();
        if config.ways.relay {
            self.tell_as_relay(&config.ways.announce, &listening)?;
        }
        Ok(listening)
    }

    /// A relay tells those it serves under which of its addresses they are reached.
    fn tell_as_relay(&mut self, announce: &[String], listening: &[String]) -> Result<(), NetError> {
        let addresses = if announce.is_empty() { reachable(listening) } else { announce.to_vec() };
        for address in addresses.iter().take(RELAY_ADDRESSES) {
            self.swarm.add_external_address(listen::parse_announced(address)?);
        }
        Ok(())
    }

    /// Runs until it is told to stop or nobody is left to speak to.
    pub(super) async fn run(mut self) {
        let events = self.events.clone();
        loop {
            let deadline = self.peers().next_deadline();
            let overdue = async {
                match deadline {
                    Some(at) => sleep_until(at).await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                permit = events.reserve(), if !self.outbox.is_empty() => {
                    let Ok(permit) = permit else { break };
                    permit.send(self.outbox.pop_front().expect("the branch asks for one"));
                }
                command = self.commands.recv(), if self.outbox.len() < OUTBOX => match command {
                    None | Some(NetCommand::Stop) => break,
                    Some(command) => self.on_command(command),
                },
                () = overdue => self.on_deadline(),
                () = events.closed() => break,
                // Only when everything is told: then peers wait, and not our memory grows.
                event = self.swarm.select_next_some(), if self.outbox.is_empty() => self.on_event(event),
            }
        }
        self.close().await;
    }

    pub(super) fn tell(&mut self, event: NetEvent) {
        self.outbox.push_back(event);
    }

    pub(super) fn refuse(&mut self, device: Option<DeviceId>, reason: &'static str) {
        tracing::debug!(device = device.map(|device| device.short()), reason, "refused");
        self.tell(NetEvent::Refused { device, reason });
    }

    pub(super) fn peers(&self) -> &Peers {
        &self.swarm.behaviour().door.peers
    }

    pub(super) fn peers_mut(&mut self) -> &mut Peers {
        &mut self.swarm.behaviour_mut().door.peers
    }

    fn on_command(&mut self, command: NetCommand) {
        match command {
            // What becomes of the connection there is, is told.
            NetCommand::Dial { device: Some(device), .. } if self.peers().is_at_its_best(&device) => {}
            NetCommand::Dial { device, addresses } => {
                for dial in dial::plan(device, addresses, self.proxy.as_ref()) {
                    self.dial(dial);
                }
            }
            NetCommand::Disconnect { device } => {
                let connections = self.peers_mut().disconnect(&device);
                self.close_all(connections);
            }
            NetCommand::Admit { device } => {
                let requests = &self.requests;
                self.swarm
                    .behaviour_mut()
                    .door
                    .peers
                    .admit(device, |connection| requests.waits_on(connection));
            }
            NetCommand::Expel { device } => {
                let connections = self.peers_mut().expel(&device);
                self.close_all(connections);
            }
            NetCommand::Request { to, id, class, bytes } => self.request(to, id, class, bytes),
            NetCommand::Respond { id, bytes } => self.respond(id, bytes),
            NetCommand::Stop => {} // the loop's
        }
    }

    fn dial(&mut self, dial: Result<Dial, NoDial>) {
        let Dial { device, address, options } = match dial {
            Ok(dial) => dial,
            Err(NoDial { device, address, why }) => {
                return self.tell(NetEvent::DialFailed { device, address, why });
            }
        };
        let id = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dials.insert(id, (device, address));
            }
            Err(DialError::DialPeerConditionFalse(_)) => {} // what comes of the other dial is told
            Err(error) => self.tell(NetEvent::DialFailed { device, address, why: dial::explain(&error) }),
        }
    }

    fn on_deadline(&mut self) {
        for (connection, device, refusal) in self.peers_mut().overdue(Instant::now()) {
            if let Some(refusal) = refusal {
                self.refuse(Some(device), refusal.name());
            }
            self.swarm.close_connection(connection);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "SwarmEvent is non-exhaustive")]
    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Join(event)) => self.on_exchange(Class::Join, event),
            SwarmEvent::Behaviour(BehaviourEvent::Door(event)) => self.on_members(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, .. } => {
                // Who dialled an address without a name must hear who answered.
                let nameless = matches!(self.dials.remove(&connection_id), Some((None, _)));
                self.tell_level(&peer_id, nameless);
            }
            SwarmEvent::ConnectionClosed { peer_id, .. } => {
                self.tell_level(&peer_id, false);
                for (device, address) in self.peers_mut().take_redials() {
                    self.dial(dial::again(device, &address));
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id, connection_id, error } => {
                self.on_dial_failed(peer_id, connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { peer_id, error, .. } => {
                if let Some(reason) = refusal(&error) {
                    self.refuse(peer_id.as_ref().and_then(device_of), reason);
                }
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                self.tell(NetEvent::Listening { address: dial::shown(&address) });
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.tell(NetEvent::NotListening { address: dial::shown(&address) });
            }
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                self.on_listener_closed(listener_id, addresses, reason);
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "could not accept a connection")
            }
            _ => {}
        }
    }

    fn on_listener_closed(
        &mut self,
        listener: ListenerId,
        addresses: Vec<Multiaddr>,
        reason: Result<(), io::Error>,
    ) {
        // The address stays: it is a statement that all would have to hear of twice when a relay
        // starts again. Whoever dials it meanwhile hears that nobody is there.
        if self.reservations.ended(listener) {
            if let Err(error) = reason {
                tracing::warn!(%error, "a relay does not take us");
            }
            return;
        }
        if let Err(error) = reason {
            tracing::error!(%error, "stopped listening");
        }
        for address in addresses {
            self.tell(NetEvent::NotListening { address: dial::shown(&address) });
        }
    }

    /// Tells what has become of a device, if it is not what was told last; or `anyway`.
    fn tell_level(&mut self, peer: &PeerId, anyway: bool) {
        let Some(device) = device_of(peer) else { return };
        let best = self.peers().best(&device);
        let level = best.map(|connection| connection.level);
        let told = self.told.get(&device).copied();
        let connected = best.filter(|_| anyway || level != told).map(|connection| NetEvent::Connected {
            device,
            address: dial::shown(&connection.address),
            outbound: connection.outbound,
            member: connection.level == Level::Member,
        });
        if level < told {
            self.tell(NetEvent::Disconnected { device });
        }
        match level {
            Some(level) => self.told.insert(device, level),
            None => self.told.remove(&device),
        };
        if let Some(connected) = connected {
            self.tell(connected);
        }
    }

    fn on_dial_failed(&mut self, peer: Option<PeerId>, connection: ConnectionId, error: &DialError) {
        let Some((device, address)) = self.dials.remove(&connection) else { return };
        if let DialError::Denied { cause } = error
            && let Some(refusal) = cause.downcast_ref::<Refusal>()
        {
            self.refuse(peer.as_ref().and_then(device_of), refusal.name());
            if device.is_some_and(|device| self.told.contains_key(&device)) {
                return; // one connection too many: the dial has long had its end
            }
        }
        self.warn_of_proxy(error);
        self.tell(NetEvent::DialFailed { device, address, why: dial::explain(error) });
    }

    /// What a proxy refuses concerns all dials, and whoever runs the node: told when it is another
    /// thing than last time.
    fn warn_of_proxy(&mut self, error: &DialError) {
        let refused = dial::refused_by_proxy(error);
        if refused.is_some() && self.proxy_told != refused {
            tracing::warn!(error = refused.as_deref(), "there is no way out through the proxy");
            self.proxy_told = refused;
        }
    }

    pub(super) fn close_all(&mut self, connections: Vec<ConnectionId>) {
        for connection in connections {
            self.swarm.close_connection(connection);
        }
    }

    /// Closes every connection, so that the others need not wait for a timeout.
    async fn close(mut self) {
        self.close_all(self.peers().ids());
        let closed = async {
            while !self.peers().ids().is_empty() {
                self.swarm.select_next_some().await;
            }
        };
        if timeout(CLOSING, closed).await.is_err() {
            tracing::debug!("stopped before every connection was closed");
        }
    }
}

/// The name under which a failed inbound connection is counted.
fn refusal(error: &ListenError) -> Option<&'static str> {
    match error {
        ListenError::Aborted => None,
        ListenError::Denied { cause } => cause.downcast_ref::<Refusal>().map(|refusal| refusal.name()),
        ListenError::LocalPeerId { .. } => Some("own_device"),
        ListenError::WrongPeerId { .. } | ListenError::Transport(_) => Some("handshake_failed"),
    }
}
