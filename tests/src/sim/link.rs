//! What lies between nodes: connections, and the weather that messages travel through.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use praksis_protocol::{
    engine::{Class, Input, MessageId},
    id::DeviceId,
};
use rand::RngExt as _;

use super::{Happening, Letter, NodeId, TIMEOUT, World, promise::is_engines};

/// How the network behaves.
#[derive(Debug, Clone)]
pub struct Weather {
    /// One way, in milliseconds; messages overtake each other within it.
    pub latency_ms: std::ops::Range<u64>,
    /// Messages that never arrive, of a thousand.
    pub loss: u32,
    /// Messages that take their connection with them, of a thousand.
    pub breaks: u32,
    /// Messages that never arrive, by what they say.
    pub swallowed: Option<fn(&[u8]) -> bool>,
    /// Whether everything takes as long as it takes at least, so that nothing is left to chance.
    pub steady: bool,
    /// Groups of which no node of the one can reach one of the other.
    pub parted: Vec<(BTreeSet<NodeId>, BTreeSet<NodeId>)>,
}

impl Weather {
    /// 10 to 30 ms, nothing lost.
    pub fn fair() -> Self {
        Self { latency_ms: 10..30, loss: 0, breaks: 0, swallowed: None, steady: false, parted: Vec::new() }
    }

    /// 10 ms, nothing lost, and no chance in anything.
    pub fn steady() -> Self {
        Self { steady: true, ..Self::fair() }
    }

    /// 5 to 800 ms, so that messages overtake each other; one in twenty is lost, one in fifty breaks its connection.
    pub fn foul() -> Self {
        Self { latency_ms: 5..800, loss: 50, breaks: 20, swallowed: None, steady: false, parted: Vec::new() }
    }

    /// Whether one cannot reach the other.
    fn parts(&self, a: NodeId, b: NodeId) -> bool {
        let between =
            |some: &BTreeSet<NodeId>, others: &BTreeSet<NodeId>| some.contains(&a) && others.contains(&b);
        self.parted.iter().any(|(some, others)| between(some, others) || between(others, some))
    }
}

/// A connection.
#[derive(Debug)]
struct Link {
    number: u64,
    dialler: NodeId,
    /// Who took the other for a member when it was made.
    members: BTreeSet<NodeId>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Links {
    links: BTreeMap<(NodeId, NodeId), Link>,
    /// Both ends of each.
    ends: BTreeSet<(NodeId, NodeId)>,
    /// Questions that wait at a node for its answer.
    waiting: BTreeMap<(NodeId, MessageId), Letter>,
}

impl Links {
    /// With whom a node is connected.
    fn of(&self, node: NodeId) -> Vec<NodeId> {
        self.ends.range((node, NodeId(0))..=(node, NodeId(usize::MAX))).map(|(_, other)| *other).collect()
    }

    fn add(&mut self, a: NodeId, b: NodeId, link: Link) {
        self.links.insert(pair(a, b), link);
        self.ends.extend([(a, b), (b, a)]);
    }

    /// Whether there was one.
    fn remove(&mut self, a: NodeId, b: NodeId) -> bool {
        self.ends.remove(&(a, b));
        self.ends.remove(&(b, a));
        self.links.remove(&pair(a, b)).is_some()
    }
}

fn pair(a: NodeId, b: NodeId) -> (NodeId, NodeId) {
    (a.min(b), a.max(b))
}

impl World {
    /// Parts two groups of nodes; their connections break.
    pub fn part(&mut self, some: &[NodeId], others: &[NodeId]) {
        let others: BTreeSet<NodeId> = others.iter().copied().collect();
        for &a in some {
            let parted = self.links.of(a).into_iter().filter(|b| others.contains(b));
            parted.for_each(|b| self.cut(a, b));
        }
        self.weather.parted.push((some.iter().copied().collect(), others));
    }

    /// Everybody can reach everybody again.
    pub fn heal(&mut self) {
        self.weather.parted.clear();
    }

    /// Whether a connection stands.
    pub fn connected(&self, a: NodeId, b: NodeId) -> bool {
        self.links.links.contains_key(&pair(a, b))
    }

    pub(super) fn cut(&mut self, a: NodeId, b: NodeId) {
        if self.links.remove(a, b) {
            for (node, other) in [(a, b), (b, a)] {
                let (life, device) = (self.nodes[node.0].life, self.nodes[other.0].device);
                let lost = self.nodes[node.0].asked.extract_if(.., |_, (to, _)| *to == other);
                for (question, (_, patience)) in lost.collect::<Vec<_>>() {
                    self.queue.remove(&patience);
                    let input = Input::Unanswered { from: device, question, not_offered: false };
                    self.later(0..3, Happening::Input(node, life, input));
                }
                self.later(3..6, Happening::Input(node, life, Input::Disconnected { device }));
            }
        }
    }

    pub(super) fn cut_all(&mut self, node: NodeId) {
        for other in self.links.of(node) {
            self.cut(node, other);
        }
    }

    pub(super) fn dialled(
        &mut self,
        from: NodeId,
        life: u64,
        device: Option<DeviceId>,
        addresses: &[String],
    ) {
        if self.nodes[from.0].life != life {
            return;
        }
        let to = addresses.iter().find_map(|address| address.strip_prefix("/sim/")?.parse().ok().map(NodeId));
        let reached = to.filter(|to| {
            let there = self.nodes.get(to.0).filter(|node| node.engine.is_some());
            let expected = there.is_some_and(|node| device.is_none_or(|device| device == node.device));
            let is_taken = self.has_its_twin(from, *to) || self.has_its_twin(*to, from);
            expected && !is_taken && *to != from && !self.weather.parts(from, *to)
        });
        match reached {
            Some(to) => self.connect(from, to),
            None => {
                let input = Input::DialFailed { device };
                self.later(20..200, Happening::Input(from, life, input));
            }
        }
    }

    /// Whether a node is connected with another that runs with this one's key, or has that key itself.
    fn has_its_twin(&self, node: NodeId, other: NodeId) -> bool {
        let device = self.nodes[other.0].device;
        let reached = self.node_of(node, device).filter(|twin| self.connected(node, *twin));
        device == self.nodes[node.0].device || reached.is_some_and(|twin| twin != other)
    }

    fn connect(&mut self, dialler: NodeId, to: NodeId) {
        if self.connected(dialler, to) {
            return;
        }
        self.last_number += 1;
        let number = self.last_number;
        let takes =
            |node: NodeId, other: NodeId| self.nodes[node.0].let_in.contains(&self.nodes[other.0].device);
        let members = [(dialler, to), (to, dialler)].into_iter().filter(|(node, other)| takes(*node, *other));
        let members = members.map(|(node, _)| node).collect();
        self.links.add(dialler, to, Link { number, dialler, members });
        for (node, other, outbound) in [(dialler, to, true), (to, dialler, false)] {
            let (life, device) = (self.nodes[node.0].life, self.nodes[other.0].device);
            let address = format!("/sim/{}", other.0);
            let input = Input::Connected { device, address, outbound };
            self.later(1..10, Happening::Input(node, life, input));
        }
    }

    /// From now on a node takes these devices for members, and no others.
    pub(super) fn let_in(&mut self, node: NodeId, devices: Arc<BTreeSet<DeviceId>>) {
        let before = std::mem::replace(&mut self.nodes[node.0].let_in, devices.clone());
        let device_of = |other: NodeId| (self.nodes[other.0].device, other);
        let linked: BTreeSet<_> = self.links.of(node).into_iter().map(device_of).collect();
        for (_, other) in linked.iter().filter(|(device, _)| devices.contains(device)) {
            self.welcome(node, *other);
        }
        let is_out = |device| before.contains(device) && !devices.contains(device);
        linked.iter().filter(|(device, _)| is_out(device)).for_each(|(_, other)| self.cut(node, *other));
    }

    /// A connection that another has as a guest is made anew.
    fn welcome(&mut self, node: NodeId, other: NodeId) {
        let Some(link) = self.links.links.get(&pair(node, other)) else { return };
        if !link.members.contains(&node) {
            let dialler = link.dialler;
            let (to, life) = (if dialler == node { other } else { node }, self.nodes[dialler.0].life);
            let device = Some(self.nodes[to.0].device);
            self.cut(node, other);
            self.later(20..60, Happening::Dial(dialler, life, device, vec![format!("/sim/{}", to.0)]));
        }
    }

    pub(super) fn ask(
        &mut self,
        from: NodeId,
        life: u64,
        device: DeviceId,
        question: MessageId,
        class: Class,
        bytes: Vec<u8>,
    ) {
        self.messages += 1;
        self.bytes += bytes.len() as u64;
        let to = self.node_of(from, device);
        let link = to.and_then(|to| self.links.links.get(&pair(from, to)).map(|link| (to, link)));
        let Some((to, link)) = link else {
            let input = Input::Unanswered { from: device, question, not_offered: false };
            return self.later(0..3, Happening::Input(from, life, input));
        };
        if class == Class::Sync && link.members.len() < 2 {
            let input = Input::Unanswered { from: device, question, not_offered: true };
            return self.later(5..30, Happening::Input(from, life, input));
        }
        let letter = Letter { from, to, link: link.number, question, class, bytes };
        // Whatever becomes of it, whoever asked gives up in the end.
        let input = Input::Unanswered { from: device, question, not_offered: false };
        let patience = self.at(self.now + TIMEOUT, Happening::Input(from, life, input));
        self.nodes[from.0].asked.insert(question, (to, patience));
        self.send(letter, Happening::Ask);
    }

    pub(super) fn answer(&mut self, node: NodeId, question: MessageId, bytes: Vec<u8>) {
        let Some(asked) = self.links.waiting.remove(&(node, question)) else { return };
        self.messages += 1;
        self.bytes += bytes.len() as u64;
        let letter = Letter { from: node, to: asked.from, bytes, ..asked };
        self.send(letter, Happening::Answer);
    }

    /// Who asked a question that waits at a node, and what.
    pub(super) fn asked_by(&self, node: NodeId, question: MessageId) -> Option<(NodeId, Vec<u8>)> {
        let asked = self.links.waiting.get(&(node, question))?;
        Some((asked.from, asked.bytes.clone()))
    }

    /// Whoever asked waits until its patience is over.
    pub(super) fn leave_unanswered(&mut self, node: NodeId, question: MessageId) {
        self.links.waiting.remove(&(node, question));
    }

    fn send(&mut self, letter: Letter, arrive: impl FnOnce(Letter) -> Happening) {
        let chance = if self.weather.steady { 999 } else { self.rng.random_range(0..1000) };
        if chance < self.weather.breaks {
            self.cut(letter.from, letter.to);
        } else if chance >= self.weather.breaks + self.weather.loss
            && !self.weather.swallowed.is_some_and(|swallowed| swallowed(&letter.bytes))
        {
            let latency = self.weather.latency_ms.clone();
            self.later(latency, arrive(letter));
        }
    }

    fn deliver(&mut self, letter: &Letter) {
        if self.remembers {
            let delivered = (self.now, letter.from, letter.bytes.clone());
            self.nodes[letter.to.0].delivered.push(delivered);
        }
    }

    fn still_stands(&self, letter: &Letter) -> bool {
        self.links.links.get(&pair(letter.from, letter.to)).is_some_and(|link| link.number == letter.link)
    }

    pub(super) fn arrived(&mut self, letter: Letter) {
        if !self.still_stands(&letter) {
            return;
        }
        // A node knows its questions by its own numbers.
        self.last_number += 1;
        let question = MessageId(self.last_number);
        self.deliver(&letter);
        self.watch_asked(&letter);
        let (life, from) = (self.nodes[letter.to.0].life, self.nodes[letter.from.0].device);
        let input = Input::Asked { from, question, class: letter.class, bytes: letter.bytes.clone() };
        let to = letter.to;
        let from = letter.from;
        let goes_on = self.hears(to, from, &letter.bytes);
        self.links.waiting.insert((to, question), letter);
        if goes_on {
            self.input(to, life, input);
        } else {
            self.leave_unanswered(to, question);
        }
    }

    pub(super) fn answered(&mut self, letter: Letter) {
        if !self.still_stands(&letter) {
            return;
        }
        self.deliver(&letter);
        self.watch_answered(&letter);
        let (life, from) = (self.nodes[letter.to.0].life, self.nodes[letter.from.0].device);
        // Whoever has lost its patience does not hear a late answer.
        let Some((_, patience)) = self.nodes[letter.to.0].asked.remove(&letter.question) else { return };
        self.queue.remove(&patience);
        let question = letter.question;
        let input = match self.hears(letter.to, letter.from, &letter.bytes) {
            true => Input::Answered { from, question, bytes: letter.bytes },
            false => Input::Unanswered { from, question, not_offered: false },
        };
        if is_engines(question) {
            self.input(letter.to, life, input);
        }
    }
}
