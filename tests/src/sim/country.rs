//! A network of the size of a country: most nodes can only dial, and reach each other through the few that can be
//! dialled. What it takes until a change is everywhere, in fair weather and in foul.

use std::{fmt, ops::Range, time::Duration};

use praksis_protocol::id::DocumentId;

use super::{NodeId, Weather, World, cast::shareable};

/// How long all of it may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(600);
/// Until every node has found the others.
const SETTLING: Duration = Duration::from_secs(3);
/// What follows from a change is part of what it costs: after a while those that the tree did not need to tell are asked
/// whether they have it.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// What one change, or several, took to be everywhere.
#[derive(Debug, Clone)]
pub struct Figures {
    /// What happened.
    pub what: &'static str,
    /// Until the last node had it; in the virtual time of the simulation.
    pub took: Duration,
    /// Over how many nodes it came to the one that was farthest.
    pub hops: u32,
    /// How often a node was told of it, on average.
    pub copies: f64,
    /// Messages for each node, answers included.
    pub messages: f64,
    /// Bytes for each node.
    pub bytes: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, took, hops, copies, messages, bytes } = self;
        let took = took.as_secs_f64();
        write!(f, "{what:<44} {took:>8.3} s {hops:>5} {copies:>7.2} {messages:>9.1} {bytes:>11.0}")
    }
}

/// The line above the figures.
pub const HEADING: &str =
    "                                                took      hops  copies  messages       bytes";

/// See the module.
pub struct Country {
    world: World,
    nodes: Vec<NodeId>,
    hubs: usize,
}

impl Country {
    /// So many nodes, of which so many can be dialled; all have found each other. One way takes 20 ms.
    pub fn new(size: usize, hubs: usize, seed: u64) -> Self {
        let mut world = World::new(seed);
        world.remembers = false;
        world.weather = Weather { latency_ms: 20..21, ..Weather::fair() };
        let nodes = world.founded(size, hubs);
        world.run_for(SETTLING);
        Self { world, nodes, hubs }
    }

    /// A change by somebody who can only dial, twice: the first time finds out who need not be told.
    pub fn fair_weather(&mut self) -> [Figures; 2] {
        let writer = *self.nodes.last().expect("there are nodes");
        let all = self.nodes.clone();
        let first = self.spread("the first change", writer, &all);
        [first, self.spread("a change", writer, &all)]
    }

    /// A third of the nodes sleep and a relay has died, which nobody was told: a change reaches the others.
    pub fn with_a_third_asleep(&mut self) -> Figures {
        let asleep: Vec<NodeId> = self.nodes[self.hubs..].iter().copied().step_by(3).collect();
        let relay = self.nodes[self.hubs - 1];
        asleep.iter().chain([&relay]).for_each(|node| self.world.crash(*node));
        let awake = |node: &NodeId| !asleep.contains(node) && *node != relay;
        let awake: Vec<NodeId> = self.nodes.iter().copied().filter(awake).collect();
        let writer = *awake.last().expect("two thirds are awake");
        let figures = self.spread("a third asleep, a relay dead", writer, &awake);
        asleep.iter().chain([&relay]).for_each(|node| self.world.start(*node));
        let all = self.nodes.clone();
        self.until_at("those who slept have it", &all);
        figures
    }

    /// The network is in two parts that cannot reach each other; after a while they can again.
    pub fn parted(&mut self) -> Figures {
        let (here, there) = halves(&self.nodes, self.hubs);
        self.world.part(&here, &there);
        let before = (self.world.messages, self.world.bytes);
        let (writer, writes) = (here[here.len() - 1], self.world.now());
        let document = self.write(writer, "parted");
        self.world.watch(document, writer);
        self.until_at("this part has it", &here);
        self.world.run_for(Duration::from_secs(5));
        self.world.heal();
        let healed = self.world.now();
        let all = self.nodes.clone();
        self.until_at("both parts have it", &all);
        let figures = self.figures("two parts, from when they meet again", before);
        Figures { took: figures.took.saturating_sub(healed.since(writes)), ..figures }
    }

    /// Nodes fall and rise all the time, and messages are lost.
    pub fn churning(&mut self) -> Figures {
        let fair = self.world.weather.clone();
        self.world.weather = Weather { latency_ms: 5..200, loss: 20, breaks: 5, ..fair.clone() };
        let before = (self.world.messages, self.world.bytes);
        let spokes: Vec<NodeId> = self.nodes[self.hubs..].to_vec();
        let writer = spokes[spokes.len() - 1];
        let document = self.write(writer, "churn");
        self.world.watch(document, writer);
        for node in spokes.iter().step_by(29) {
            self.world.crash(*node);
            self.world.run_for(Duration::from_millis(100));
            self.world.start(*node);
        }
        let all = self.nodes.clone();
        self.until_at("all have it", &all);
        let figures = self.figures("one in 29 restarts, 2 % are lost", before);
        self.world.weather = fair;
        figures
    }

    fn spread(&mut self, what: &'static str, writer: NodeId, to: &[NodeId]) -> Figures {
        let before = (self.world.messages, self.world.bytes);
        let document = self.write(writer, what);
        self.world.watch(document, writer);
        self.until_at(what, to);
        self.world.run_for(AFTERWARDS);
        self.figures(what, before)
    }

    /// Drafts and shares a case; what it is shared as.
    fn write(&mut self, writer: NodeId, title: &str) -> DocumentId {
        let record = shareable(&mut self.world, writer, title);
        self.world.share(writer, record)
    }

    fn until_at(&mut self, what: &str, nodes: &[NodeId]) {
        let nodes = nodes.to_vec();
        self.world.run_until(what, PATIENCE, |world| world.watched().is_at(&nodes));
    }

    fn figures(&self, what: &'static str, (messages, bytes): (u64, u64)) -> Figures {
        let (watch, nodes) = (self.world.watched(), self.nodes.len() as f64);
        let each = |now: u64, before: u64| (now - before) as f64 / nodes;
        Figures {
            what,
            took: watch.took(),
            hops: watch.hops(),
            copies: watch.copies(),
            messages: each(self.world.messages, messages),
            bytes: each(self.world.bytes, bytes),
        }
    }
}

/// Every other node, so that either half has some that can be dialled.
fn halves(nodes: &[NodeId], hubs: usize) -> (Vec<NodeId>, Vec<NodeId>) {
    assert!(hubs >= 2, "either half needs one that can be dialled");
    let of = |range: Range<usize>, odd| range.filter(move |at| (at % 2 == 1) == odd).map(|at| nodes[at]);
    (of(0..nodes.len(), false).collect(), of(0..nodes.len(), true).collect())
}
