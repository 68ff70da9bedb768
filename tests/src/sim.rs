//! A whole network in one thread and in virtual time.
//!
//! Every node is a real engine over a store in memory; what lies between them — latency, loss,
//! reordering, partitions, crashes between a durable write and the message that rests on it — is
//! drawn from one seed. The same seed gives the same trace, and every failure prints its seed.

mod bundle;
pub mod cast;
pub mod country;
mod founded;
mod liar;
mod link;
mod node;
mod promise;
mod story;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use praksis_protocol::{
    engine::{Class, Event, Input, MessageId, Output, Reply, Status, job},
    id::{DeviceId, StatementHash},
    membership::statement::Known,
    store::{Store as _, memory::MemoryStore},
    time::Timestamp,
};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

pub use liar::{Habit, Say, Turn};
use link::Links;
pub use link::Weather;
use node::Node;
pub use node::NodeId;
use promise::Promises;
pub use watch::Watch;

use crate::rogue::Raw;

/// 2026-01-01T00:00:00Z: when every simulation begins.
const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);
/// After this long without an answer a question counts as unanswered.
const TIMEOUT: Duration = Duration::from_secs(10);

/// When something happens, and its number: of what happens at once, the first that was arranged comes first.
type Due = (Timestamp, u64);

/// Something that will happen.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "most of what happens is the large one: an input")]
enum Happening {
    /// A node takes something in, if it still runs since then.
    Input(NodeId, u64, Input),
    /// The disk of a node has written a batch; the node hears of it a little later.
    Written(NodeId, u64, praksis_protocol::engine::BatchId, praksis_protocol::store::Batch),
    /// Somebody dials an address.
    Dial(NodeId, u64, Option<DeviceId>, Vec<String>),
    /// A message arrives.
    Ask(Letter),
    /// An answer arrives.
    Answer(Letter),
    /// A node looks at its clock.
    Tick(NodeId, u64),
    /// A liar's turn to make something up.
    Invent(NodeId),
    /// A liar's answer that it has held back.
    Answers(NodeId, MessageId, Raw),
}

/// A message on its way.
#[derive(Debug, Clone)]
struct Letter {
    from: NodeId,
    to: NodeId,
    /// The connection that it travels on.
    link: u64,
    question: MessageId,
    class: Class,
    bytes: Vec<u8>,
}

/// See the module.
pub struct World {
    seed: u64,
    /// How to run it again, for whoever reads that it failed.
    pub again: String,
    rng: ChaCha8Rng,
    now: Timestamp,
    queue: BTreeMap<Due, Happening>,
    last_number: u64,
    nodes: Vec<Node>,
    /// The nodes that run with a device's key: more than one where a machine was cloned.
    by_device: BTreeMap<DeviceId, Vec<NodeId>>,
    links: Links,
    promises: Promises,
    /// Every statement that some node has held, as it reads.
    read: BTreeMap<StatementHash, Known>,
    /// How the network behaves between now and the next change of weather.
    pub weather: Weather,
    trace: blake3::Hasher,
    watch: Option<Watch>,
    /// Whether what is delivered and what happens at nodes is kept, to be looked at afterwards.
    pub remembers: bool,
    /// Messages and bytes sent so far, answers included.
    pub messages: u64,
    /// Bytes of messages sent so far.
    pub bytes: u64,
}

impl World {
    /// An empty world in which chance follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            again: String::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: BEGINNING,
            queue: BTreeMap::new(),
            last_number: 0,
            nodes: Vec::new(),
            by_device: BTreeMap::new(),
            links: Links::default(),
            promises: Promises::default(),
            read: BTreeMap::new(),
            weather: Weather::fair(),
            trace: blake3::Hasher::new(),
            watch: None,
            remembers: true,
            messages: 0,
            bytes: 0,
        }
    }

    /// What a node holds.
    pub fn store(&self, id: NodeId) -> &MemoryStore {
        &self.nodes[id.0].store
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A digest of everything that has happened.
    pub fn trace(&self) -> String {
        self.trace.finalize().to_hex().to_string()
    }

    /// Lets what is due within `span` happen.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= end) {
            self.step();
        }
        self.now = end;
    }

    /// Lets things happen until `done`, for at most `span`; fails with the seed if it never is.
    pub fn run_until(&mut self, what: &str, span: Duration, mut done: impl FnMut(&mut Self) -> bool) {
        let end = self.now + span;
        loop {
            if done(self) {
                return;
            }
            let due = self.queue.first_key_value().map(|((at, _), _)| *at);
            if due.is_none_or(|at| at > end) {
                self.fail(&format!("not within {span:?}: {what}"));
            }
            self.step();
        }
    }

    /// Ends the test with everything that is needed to run it again.
    pub fn fail(&self, why: &str) -> ! {
        let mut state = String::new();
        for node in &self.nodes {
            let _ = writeln!(state, "  {}", node.describe());
        }
        let again = &self.again;
        panic!("seed {}, after {:?}: {why}\n{state}{again}", self.seed, self.now.since(BEGINNING));
    }

    fn step(&mut self) {
        let Some(((at, _), happening)) = self.queue.pop_first() else { return };
        self.now = self.now.max(at);
        self.check_promises();
        self.note(at, &happening);
        match happening {
            Happening::Input(node, life, input) => self.input(node, life, input),
            Happening::Written(node, life, batch, puts) => {
                if self.nodes[node.0].life == life {
                    self.watch_written(node, &puts);
                    self.nodes[node.0].store.commit(&[puts]).expect("memory does not fail");
                    if let Some(writes) = self.nodes[node.0].falls_after {
                        self.nodes[node.0].falls_after = writes.checked_sub(1);
                        if writes == 0 {
                            self.crash(node);
                            return self.start(node);
                        }
                    }
                    // Between the write and what the node makes of it, it may crash.
                    self.later(0..4, Happening::Input(node, life, Input::Durable(batch)));
                }
            }
            Happening::Dial(node, life, device, addresses) => self.dialled(node, life, device, &addresses),
            Happening::Ask(letter) => self.arrived(letter),
            Happening::Answer(letter) => self.answered(letter),
            Happening::Invent(node) => self.invent(node),
            Happening::Answers(node, question, raw) => self.answer_raw(node, question, &raw),
            Happening::Tick(node, life) => {
                if self.nodes[node.0].wake.is_some_and(|wake| wake <= self.now) {
                    self.nodes[node.0].wake = None;
                    self.input(node, life, Input::Tick);
                }
            }
        }
    }

    /// Adds to the trace: what happens where, and every byte of what is said. What goes on inside a node
    /// shows in what it says.
    fn note(&mut self, at: Timestamp, happening: &Happening) {
        let (what, node, more): (u8, NodeId, &[u8]) = match happening {
            Happening::Input(node, ..) => (0, *node, &[]),
            Happening::Written(node, ..) => (1, *node, &[]),
            Happening::Dial(node, ..) => (2, *node, &[]),
            Happening::Ask(letter) => (3, letter.to, &letter.bytes),
            Happening::Answer(letter) => (4, letter.to, &letter.bytes),
            Happening::Tick(node, _) => (5, *node, &[]),
            Happening::Invent(node) => (6, *node, &[]),
            Happening::Answers(node, _, raw) => (7, *node, &raw.bytes),
        };
        self.trace.update(&at.0.to_le_bytes()).update(&node.0.to_le_bytes()).update(&[what]).update(more);
    }

    /// A transport says "connected" of a connection that stands, and "disconnected" when the last one
    /// is gone; what comes late is not true any more.
    fn is_true(&self, id: NodeId, input: &Input) -> bool {
        let stands = |device| self.node_of(id, device).is_some_and(|other| self.connected(id, other));
        match input {
            Input::Connected { device, .. } => stands(*device),
            Input::Disconnected { device } => !stands(*device),
            Input::Command(..)
            | Input::DialFailed { .. }
            | Input::Asked { .. }
            | Input::Answered { .. }
            | Input::Unanswered { .. }
            | Input::Refused { .. }
            | Input::Listening { .. }
            | Input::Done(..)
            | Input::Durable(_)
            | Input::Tick => true,
        }
    }

    fn input(&mut self, id: NodeId, life: u64, input: Input) {
        let is_true = self.is_true(id, &input);
        let node = &mut self.nodes[id.0];
        if node.life != life || !is_true {
            return;
        }
        self.keep_promise(id, &input);
        let node = &mut self.nodes[id.0];
        let now = node.clock(self.now);
        let Some(engine) = &mut node.engine else { return };
        engine.handle(now, input, &*node.store, &mut node.rng);
        let mut outputs = Vec::new();
        while let Some(output) = engine.poll_output() {
            outputs.push(output);
        }
        let wake = engine.poll_timeout().map(|(at, _)| self.now + at.max(now).since(now));
        if let Some(wake) = wake
            && node.wake.is_none_or(|set| wake < set)
        {
            node.wake = Some(wake);
            self.at(wake, Happening::Tick(id, life));
        }
        for output in outputs {
            self.output(id, life, output);
        }
    }

    fn output(&mut self, id: NodeId, life: u64, output: Output) {
        match output {
            Output::Ask(device, question, class, bytes) => {
                self.promise(id, question);
                match self.asks(id, device, bytes) {
                    Some(bytes) => self.ask(id, life, device, question, class, bytes),
                    None => {
                        let input = Input::Unanswered { from: device, question, not_offered: false };
                        self.at(self.now + TIMEOUT, Happening::Input(id, life, input));
                    }
                }
            }
            Output::Answer(question, bytes) => self.answers(id, question, bytes),
            Output::Dial(device, addresses) => {
                self.later(1..5, Happening::Dial(id, life, device, addresses));
            }
            Output::Disconnect(device) => {
                if let Some(other) = self.node_of(id, device) {
                    self.cut(id, other);
                }
            }
            Output::LetIn(devices) => self.let_in(id, devices),
            Output::Work(job, work) => {
                let outcome = job::run(work);
                self.later(0..20, Happening::Input(id, life, Input::Done(job, outcome)));
            }
            Output::Commit(batch, puts) => self.later(1..8, Happening::Written(id, life, batch, puts)),
            Output::Reply(request, reply) => {
                if let Ok(Reply::Status(status)) = &reply {
                    self.check_announced(id, status);
                }
                self.nodes[id.0].replies.insert(request, reply);
            }
            Output::Announce(Event::Failed(error)) => self.fail(&format!("{id:?}: {error}")),
            Output::Announce(event) => {
                let node = &mut self.nodes[id.0];
                if let Event::Level(device, is_level) = event {
                    match is_level {
                        true => node.level.insert(device),
                        false => node.level.remove(&device),
                    };
                }
                if self.remembers {
                    node.events.push(event);
                }
            }
        }
    }

    /// Whoever follows what a node announces knows what one knows who asks where it stands.
    fn check_announced(&self, id: NodeId, status: &Status) {
        let level = status.peers.iter().filter(|peer| peer.level).filter_map(|peer| peer.device);
        let (level, announced): (BTreeSet<DeviceId>, _) = (level.collect(), &self.nodes[id.0].level);
        if level != *announced {
            self.fail(&format!("{id:?} is level with {level:?} and has announced {announced:?}"));
        }
    }

    /// Something that happens after so many milliseconds, drawn by chance.
    fn later(&mut self, ms: std::ops::Range<u64>, happening: Happening) {
        let wait = self.duration(ms);
        self.at(self.now + wait, happening);
    }

    /// So many milliseconds, drawn by chance.
    fn duration(&mut self, ms: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(if self.weather.steady { ms.start } else { self.rng.random_range(ms) })
    }

    /// Something that happens then; by the number it can be called off.
    fn at(&mut self, at: Timestamp, happening: Happening) -> Due {
        self.last_number += 1;
        let due = (at, self.last_number);
        self.queue.insert(due, happening);
        due
    }

    /// Whom a node reaches under a device's key: of two with one key the one that it is connected with.
    fn node_of(&self, from: NodeId, device: DeviceId) -> Option<NodeId> {
        let all = self.by_device.get(&device)?;
        all.iter().find(|node| self.connected(from, **node)).or(all.first()).copied()
    }

    /// A seed for a node's own chance.
    fn new_seed(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Whether something was written that one of these nodes has not heard of yet.
    fn is_writing(&self, nodes: &[NodeId]) -> bool {
        self.queue.values().any(|happening| match happening {
            Happening::Written(node, ..) | Happening::Input(node, _, Input::Durable(_)) => {
                nodes.contains(node)
            }
            Happening::Input(..)
            | Happening::Dial(..)
            | Happening::Ask(_)
            | Happening::Answer(_)
            | Happening::Tick(..)
            | Happening::Invent(_)
            | Happening::Answers(..) => false,
        })
    }

    fn up(&self) -> BTreeSet<NodeId> {
        (0..self.nodes.len()).map(NodeId).filter(|id| self.nodes[id.0].engine.is_some()).collect()
    }
}
