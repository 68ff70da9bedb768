//! How often each of a country's nodes is told of one change, and when the last one is: by our hints, in the simulator,
//! where one way takes 20 ms and a node is there when it has the document, and by gossipsub among real swarms in the memory
//! of this process, where the way takes nothing. The topology is the same: few can be dialled, everybody dials all of these.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream::FuturesUnordered};
use libp2p::{
    Multiaddr, Swarm, SwarmBuilder, Transport as _,
    core::{transport::MemoryTransport, upgrade::Version},
    gossipsub::{
        Behaviour, ConfigBuilder, Event, IdentTopic, Message, MessageAcceptance, MessageAuthenticity,
        MessageId, PeerScoreParams, PeerScoreThresholds,
    },
    noise,
    swarm::SwarmEvent,
    yamux,
};
use tokio::{sync::mpsc, time::sleep};

use crate::{Result, ours::Spread};

/// Nodes, and how many of them can be dialled: as in the simulator's country.
pub(crate) const NODES: usize = 357;
const DIALLED: usize = 11;
/// Until the mesh has settled: it is mended once a second.
const SETTLING: Duration = Duration::from_secs(30);
/// What a node needs before it may pass a hint on: it fetches what the hint names, checks it and makes it durable.
const CHECKING: Duration = Duration::from_millis(60);
/// Changes that are measured.
const CHANGES: u64 = 5;

/// What all nodes count together.
#[derive(Debug, Default)]
struct Counts {
    connected: AtomicU64,
    /// Every time that a node was told, the first time included.
    told: AtomicU64,
    /// Nodes that were told at least once.
    heard: AtomicU64,
    /// When a node was told for the first time last, in milliseconds since the beginning.
    last_ms: AtomicU64,
}

/// Measures gossipsub with its default parameters, validation and peer score, and prints both.
pub(crate) async fn print(ours: &Spread) -> Result<()> {
    let counts = Arc::new(Counts::default());
    let began = Instant::now();
    let mut speaker = None;
    for number in 0..NODES {
        let (say, said) = mpsc::channel(1);
        let swarm = node(number, &counts)?;
        tokio::spawn(live(swarm, said, Arc::clone(&counts), began));
        speaker = Some(say);
    }
    let speaker = speaker.ok_or("there are no nodes")?;
    let connections = (DIALLED * (DIALLED - 1) / 2 + (NODES - DIALLED) * DIALLED) as u64;
    while counts.connected.load(Relaxed) < 2 * connections {
        if began.elapsed() > 4 * SETTLING {
            return Err("they did not find each other".into());
        }
        sleep(CHECKING).await;
    }
    sleep(SETTLING).await;
    let (mut told, mut heard, mut took_ms) = (0, 0, 0);
    for _ in 0..CHANGES {
        let said = began.elapsed().as_millis() as u64;
        speaker.send(()).await?;
        // All that follows from it has happened.
        sleep(Duration::from_secs(3)).await;
        // Its sender counts it too, when it names it.
        told += counts.told.swap(0, Relaxed) - 1;
        heard += counts.heard.swap(0, Relaxed);
        took_ms += counts.last_ms.load(Relaxed) - said;
    }
    let nodes = (CHANGES * (NODES as u64 - 1)) as f64;
    println!("\none change in a network of {NODES}, of which {DIALLED} can be dialled");
    println!("              told, times a node   until the last, s   reached");
    println!("ours          {:>18.2}   {:>17.3}   {:>6.1} %", ours.copies, ours.seconds, 100.0);
    println!(
        "gossipsub     {:>18.2}   {:>17.3}   {:>6.1} %",
        told as f64 / nodes,
        took_ms as f64 / 1e3 / CHANGES as f64,
        100.0 * heard as f64 / nodes
    );
    Ok(())
}

fn address(number: usize) -> Result<Multiaddr> {
    Ok(format!("/memory/{}", 7_000 + number).parse()?)
}

fn topic() -> IdentTopic {
    IdentTopic::new("network")
}

fn node(number: usize, counts: &Arc<Counts>) -> Result<Swarm<Behaviour>> {
    let told = Arc::clone(counts);
    let named = move |message: &Message| {
        told.told.fetch_add(1, Relaxed);
        MessageId::from(message.data.clone())
    };
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_other_transport(|key| {
            let noise = noise::Config::new(key).expect("a key pair");
            MemoryTransport::default()
                .upgrade(Version::V1)
                .authenticate(noise)
                .multiplex(yamux::Config::default())
        })?
        .with_behaviour(|key| {
            let config = ConfigBuilder::default().validate_messages().message_id_fn(named).build()?;
            let mut behaviour = Behaviour::new(MessageAuthenticity::Signed(key.clone()), config)?;
            behaviour.with_peer_score(PeerScoreParams::default(), PeerScoreThresholds::default())?;
            behaviour.subscribe(&topic())?;
            Ok(behaviour)
        })?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    if number < DIALLED {
        swarm.listen_on(address(number)?)?;
    }
    for other in 0..DIALLED.min(number) {
        swarm.dial(address(other)?)?;
    }
    Ok(swarm)
}

/// Takes part until the program ends; says something when it is told to.
async fn live(
    mut swarm: Swarm<Behaviour>,
    mut said: mpsc::Receiver<()>,
    counts: Arc<Counts>,
    began: Instant,
) {
    let mut checked = FuturesUnordered::new();
    let mut number = 0_u64;
    loop {
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::Behaviour(Event::Message { propagation_source, message_id, .. }) => {
                    counts.heard.fetch_add(1, Relaxed);
                    counts.last_ms.fetch_max(began.elapsed().as_millis() as u64, Relaxed);
                    checked.push(async move {
                        sleep(CHECKING).await;
                        (propagation_source, message_id)
                    });
                }
                SwarmEvent::ConnectionEstablished { .. } => drop(counts.connected.fetch_add(1, Relaxed)),
                _ => {}
            },
            Some((source, message)) = checked.next() => {
                let accept = MessageAcceptance::Accept;
                swarm.behaviour_mut().report_message_validation_result(&message, &source, accept);
            }
            Some(()) = said.recv() => {
                number += 1;
                // As long as a hint with one document in it.
                let hint = [number.to_be_bytes(); 10].concat();
                swarm.behaviour_mut().publish(topic(), hint).expect("it has peers");
            }
        }
    }
}
