//! What a test says: nodes begin, join, write, share, fall and rise.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use ed25519_dalek::SigningKey;
use praksis_protocol::{
    admission::state::{Row, View},
    date::Day,
    engine::{
        Audience, Command, CommandError, Edit, Engine, Event, Held, Input, Keys, Quota, Reply, RequestId,
        Saying, Status, output::RecordView, setup,
    },
    genesis::{Kind, Scope},
    id::{AudienceId, ChangeHash, DeviceId, DocumentId, OrgId, StatementHash},
    membership::{
        statement::{Fact, Known, Role},
        ticket::Ticket,
    },
    share::Terms,
    store::{Batch, Put, Read as _, Store as _, memory::MemoryStore},
    time::Timestamp,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{Happening, NodeId, World, founded::number, node::Node};

/// How long a simulated network may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(1800);

impl World {
    /// An association that founds a network.
    pub fn association(&mut self, name: &str) -> NodeId {
        let (root, device) = (self.new_key(), self.new_key());
        let (number, now) = (self.new_number(), self.now);
        let batch = setup::association(&root, &device, &number, name, Vec::new(), now, &mut self.rng);
        self.add(name, &number, Keys { device, root: Some(root) }, batch)
    }

    /// An organisation that belongs to no network yet.
    pub fn organisation(&mut self, name: &str) -> NodeId {
        let (root, device) = (self.new_key(), self.new_key());
        let number = self.new_number();
        let batch = setup::organisation(&root, &device, &number, name);
        self.add(name, &number, Keys { device, root: Some(root) }, batch)
    }

    /// A second office of `main`'s organisation, granted by its root.
    pub fn office(&mut self, main: NodeId, name: &str) -> NodeId {
        let device = self.new_key();
        let number = self.nodes[main.0].number.clone();
        let request = setup::acceptance(&device, &number);
        let office = self.add(name, &number, Keys { device, root: None }, setup::office(&number));
        let Reply::Ticket(ticket) = self.ok(main, Command::GrantOffice(Ticket::Request(request))) else {
            self.fail("no ticket for the office")
        };
        self.ok(office, Command::Join(self.ticket(&ticket)));
        office
    }

    /// A member, invited by `association`; returns once it has joined.
    pub fn member(&mut self, association: NodeId, name: &str) -> NodeId {
        let node = self.organisation(name);
        self.join(association, node);
        node
    }

    /// Invites a node and waits until it is a member.
    pub fn join(&mut self, association: NodeId, node: NodeId) {
        let number = self.nodes[node.0].number.clone();
        let invited = self.ok(association, Command::Invite(number, Role::Member, 3600));
        let Reply::Ticket(ticket) = invited else { self.fail("no invitation") };
        self.ok(node, Command::Join(self.ticket(&ticket)));
        self.run_until("joined", PATIENCE, |world| world.status(node).network.is_some());
    }

    /// Reads a ticket.
    pub fn ticket(&self, text: &str) -> Ticket {
        Ticket::from_text(text).unwrap_or_else(|error| self.fail(&error.to_string()))
    }

    fn add(&mut self, name: &str, number: &str, keys: Keys, batch: Batch) -> NodeId {
        self.put(name, number, keys, batch, true)
    }

    /// A node over what a batch holds; `listens` says whether it can be dialled.
    pub(super) fn put(
        &mut self,
        name: &str,
        number: &str,
        keys: Keys,
        batch: Batch,
        listens: bool,
    ) -> NodeId {
        let beginning = (MemoryStore::default(), None);
        self.put_over(beginning, name, number, keys, batch, listens)
    }

    /// The same over what stands in a store already, and is held of it.
    pub(super) fn put_over(
        &mut self,
        (store, held): (MemoryStore, Option<Arc<Held>>),
        name: &str,
        number: &str,
        keys: Keys,
        mut batch: Batch,
        listens: bool,
    ) -> NodeId {
        let id = NodeId(self.nodes.len());
        batch.push(Put::Local("name".into(), Some(name.into())));
        store.commit(&[batch]).expect("memory does not fail");
        let rng = ChaCha8Rng::seed_from_u64(self.new_seed());
        let device = DeviceId(keys.device.verifying_key().to_bytes());
        self.by_device.entry(device).or_default().push(id);
        self.nodes.push(Node {
            name: name.to_owned(),
            number: number.to_owned(),
            device: DeviceId(keys.device.verifying_key().to_bytes()),
            keys,
            store: Arc::new(store),
            held,
            rng,
            engine: None,
            life: 0,
            wake: None,
            let_in: Arc::default(),
            asked: BTreeMap::new(),
            replies: BTreeMap::new(),
            events: Vec::new(),
            level: BTreeSet::new(),
            delivered: Vec::new(),
            listens,
            skew_ms: 0,
            falls_after: None,
            quota: Quota::CHARTER,
            liar: None,
        });
        self.start(id);
        id
    }

    /// Starts a node over what its store holds.
    pub fn start(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0];
        node.life += 1;
        let (keys, now) = (node.keys.clone(), node.clock(self.now));
        let engine = match &node.held {
            Some(held) => Engine::open_beside(held, keys, &*node.store, now),
            None => Engine::open(keys, &*node.store, now),
        };
        let mut engine = engine.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        engine.take_at_most(node.quota);
        node.engine = Some(engine);
        let addresses = if node.listens { vec![format!("/sim/{}", id.0)] } else { Vec::new() };
        let life = node.life;
        self.at(self.now, Happening::Input(id, life, Input::Listening { addresses }));
    }

    /// A node falls: what was not durable is lost, and so is everything in memory.
    pub fn crash(&mut self, id: NodeId) {
        self.cut_all(id);
        self.forget_promises(id);
        let node = &mut self.nodes[id.0];
        node.life += 1;
        node.engine = None;
        node.wake = None;
        node.let_in = Arc::default();
        node.level.clear();
        node.asked.clear();
        node.store.crash();
    }

    /// A node falls after so many more writes, and stands up again at once.
    pub fn fall_after(&mut self, id: NodeId, writes: u32) {
        self.nodes[id.0].falls_after = Some(writes);
    }

    /// Whether a node that was to fall has fallen.
    pub fn has_fallen(&self, id: NodeId) -> bool {
        self.nodes[id.0].falls_after.is_none()
    }

    /// From its next start on, a node's clock is off by so many milliseconds.
    pub fn skew(&mut self, id: NodeId, ms: i64) {
        self.crash(id);
        self.nodes[id.0].skew_ms = ms;
        self.start(id);
    }

    /// From its next start on, a node takes at most so much of each organisation.
    pub fn take_at_most(&mut self, id: NodeId, quota: Quota) {
        self.crash(id);
        self.nodes[id.0].quota = quota;
        self.start(id);
    }

    /// The keys of a node.
    pub fn keys(&self, id: NodeId) -> &Keys {
        &self.nodes[id.0].keys
    }

    /// Gives a node another root key, as an administrator does after a succession, and starts it again.
    pub fn give_root(&mut self, id: NodeId, root: SigningKey) {
        self.crash(id);
        self.nodes[id.0].keys.root = Some(root);
        self.start(id);
    }

    /// A node's folder as it is now, to be put back later.
    pub fn backup(&self, id: NodeId) -> MemoryStore {
        self.nodes[id.0].store.copy()
    }

    /// Clones a node's machine: both go on from here with the same keys, folder and chance.
    pub fn clone_machine(&mut self, id: NodeId) -> NodeId {
        let (backup, keys) = (self.backup(id), self.nodes[id.0].keys.clone());
        let (name, number) = (format!("{} (clone)", self.nodes[id.0].name), self.nodes[id.0].number.clone());
        let twin = self.put(&name, &number, keys, setup::office(&number), true);
        self.crash(id);
        self.crash(twin);
        self.nodes[twin.0].rng = self.nodes[id.0].rng.clone();
        self.nodes[twin.0].store = Arc::new(backup);
        self.start(id);
        self.start(twin);
        twin
    }

    /// Gives a node another folder and starts it.
    pub fn restore(&mut self, id: NodeId, backup: MemoryStore) {
        self.crash(id);
        self.nodes[id.0].store = Arc::new(backup);
        self.start(id);
    }

    /// Hands a command in without waiting.
    pub fn command(&mut self, id: NodeId, command: Command) -> RequestId {
        self.last_number += 1;
        let request = RequestId(self.last_number);
        let life = self.nodes[id.0].life;
        self.at(self.now, Happening::Input(id, life, Input::Command(request, command)));
        request
    }

    /// The answer to a command, if it has come.
    pub fn reply(&mut self, id: NodeId, request: RequestId) -> Option<Result<Reply, CommandError>> {
        self.nodes[id.0].replies.remove(&request)
    }

    /// Hands a command in and waits for its answer.
    pub fn call(&mut self, id: NodeId, command: Command) -> Result<Reply, CommandError> {
        let request = self.command(id, command);
        let mut reply = None;
        self.run_until("a reply", PATIENCE, |world| {
            reply = world.reply(id, request);
            reply.is_some()
        });
        reply.expect("the loop above ends with one")
    }

    /// Hands a command in that must succeed.
    pub fn ok(&mut self, id: NodeId, command: Command) -> Reply {
        let described = format!("{command:?}");
        self.call(id, command).unwrap_or_else(|error| self.fail(&format!("{described}: {error}")))
    }

    /// Says what changes who may do what; it can be handed on as a ticket.
    pub fn say(&mut self, id: NodeId, saying: Saying) -> Ticket {
        let Reply::Ticket(text) = self.ok(id, Command::Say(saying)) else { self.fail("no ticket") };
        self.ticket(&text)
    }

    /// Begins a draft.
    pub fn draft(&mut self, id: NodeId, kind: Kind, record: Value) -> DocumentId {
        match self.ok(id, Command::Draft(kind, record)) {
            Reply::Written { record, .. } => record,
            other => self.fail(&format!("not written: {other:?}")),
        }
    }

    /// Changes a draft at the heads read, the present ones if none are given.
    pub fn edit(&mut self, id: NodeId, record: DocumentId, at: Option<Vec<ChangeHash>>, patch: Value) {
        self.ok(id, Command::Edit(record, at, Edit::Merge(patch)));
    }

    /// Shares a draft.
    pub fn share(&mut self, id: NodeId, record: DocumentId) -> DocumentId {
        match self.ok(id, Command::Share(record, Terms::on(self.today()), Audience::Network)) {
            Reply::Written { document, .. } => document,
            other => self.fail(&format!("not shared: {other:?}")),
        }
    }

    /// The day of virtual time; months do not matter here.
    pub fn today(&self) -> Day {
        Day::new(2026, 1, 1).expect("a day")
    }

    /// A record as a node shows it, if it has it.
    pub fn show(&mut self, id: NodeId, record: DocumentId) -> Option<RecordView> {
        match self.call(id, Command::Show(record, self.today())) {
            Ok(Reply::Record(view)) => Some(*view),
            Ok(other) => self.fail(&format!("not a record: {other:?}")),
            Err(_) => None,
        }
    }

    /// What a node shows of a draft.
    pub fn draft_view(&mut self, id: NodeId, record: DocumentId) -> View {
        let view = self.show(id, record).and_then(|view| view.draft);
        view.unwrap_or_else(|| self.fail("the draft is not there"))
    }

    /// What a node shows of what is shared.
    pub fn shared_view(&mut self, id: NodeId, record: DocumentId) -> View {
        let view = self.show(id, record).and_then(|view| view.shared);
        view.unwrap_or_else(|| self.fail("what is shared is not there"))
    }

    /// Where a node stands.
    pub fn status(&mut self, id: NodeId) -> Status {
        match self.ok(id, Command::Status) {
            Reply::Status(status) => *status,
            other => self.fail(&format!("not a status: {other:?}")),
        }
    }

    /// How many changes wait at a node for a grant or a cause; asked without letting anything happen.
    pub fn waiting(&mut self, id: NodeId) -> usize {
        self.nodes[id.0].engine.as_ref().map_or(0, |engine| engine.waiting())
    }

    /// Waits until all nodes that are up and may read the same hold the same, and know it.
    pub fn run_until_level(&mut self) {
        self.run_until("level everywhere", PATIENCE, |world| world.is_level());
    }

    /// Whether all nodes that are up hold the same in every scope that they have in common.
    pub fn is_level(&mut self) -> bool {
        let up: Vec<NodeId> = self.up().into_iter().collect();
        self.are_level(&up)
    }

    /// Whether these nodes hold the same in every scope that they have in common.
    pub fn are_level(&mut self, nodes: &[NodeId]) -> bool {
        !self.is_writing(nodes) && self.differing(nodes).is_empty()
    }

    /// Scopes in which not all of these nodes that may read them hold the same.
    pub fn differing(&mut self, nodes: &[NodeId]) -> BTreeSet<Scope> {
        for node in &self.nodes {
            for (hash, bytes) in node.store.statements().expect("reads") {
                // They are checked once; a simulation looks at them thousands of times.
                self.read.entry(hash).or_insert_with(|| Known::read(&bytes).expect("it was stored"));
            }
        }
        let audiences = self.audiences();
        let mut held = BTreeMap::<Scope, Vec<Vec<u8>>>::new();
        for &id in nodes {
            let node = &self.nodes[id.0];
            let mut sets = BTreeMap::<Scope, Vec<u8>>::new();
            for (hash, _) in node.store.statements().expect("reads") {
                let known = &self.read[&hash];
                if known.is_compared() {
                    sets.entry(known.scope()).or_default().extend(hash.0);
                }
            }
            for (_, bytes) in node.store.rows().expect("reads") {
                let row: Row = minicbor::decode(&bytes).expect("a row");
                if row.is_compared() {
                    sets.entry(row.genesis.scope).or_default().extend(row.item().0);
                }
            }
            let org = setup::identity(&*node.store).expect("has one").org;
            let named = audiences.iter().filter(|(_, members)| org.is_some_and(|org| members.contains(&org)));
            let scopes = [Scope::Roster, Scope::Network].into_iter().chain(org.map(Scope::Organisation));
            for scope in scopes.chain(named.map(|(audience, _)| Scope::Named(*audience))) {
                held.entry(scope).or_default().push(sets.remove(&scope).unwrap_or_default());
            }
        }
        let differs = |sets: &[Vec<u8>]| sets.windows(2).any(|pair| pair[0] != pair[1]);
        held.into_iter().filter(|(_, sets)| differs(sets)).map(|(scope, _)| scope).collect()
    }

    /// Who is in each named audience, as all that nodes hold together say: what its owner's own devices say.
    fn audiences(&self) -> BTreeMap<AudienceId, BTreeSet<OrgId>> {
        let mut owners = BTreeMap::<AudienceId, OrgId>::new();
        let mut devices = BTreeMap::<OrgId, OrgId>::new();
        for known in self.read.values() {
            match (&known.fact, known.scope()) {
                (Fact::AudienceOpen(open), Scope::Named(audience)) => {
                    owners.insert(audience, open.owner);
                }
                (Fact::Device(grant, _), _) if grant.org == known.statement.issuer => {
                    devices.insert(OrgId(grant.device.0), grant.org);
                }
                _ => {}
            }
        }
        let mut members = BTreeMap::<AudienceId, BTreeMap<StatementHash, OrgId>>::new();
        let mut ended = BTreeSet::new();
        for known in self.read.values() {
            let Scope::Named(audience) = known.scope() else { continue };
            if owners.get(&audience) != devices.get(&known.statement.issuer) {
                continue;
            }
            let held = members.entry(audience).or_default();
            match &known.fact {
                Fact::AudienceOpen(open) => drop(held.insert(known.hash, open.owner)),
                Fact::AudienceAdd(add) => drop(held.insert(known.hash, add.org)),
                Fact::AudienceEnd(end) => drop(ended.insert(end.add)),
                _ => {}
            }
        }
        let live = |held: BTreeMap<StatementHash, OrgId>| {
            held.into_iter().filter(|(add, _)| !ended.contains(add)).map(|(_, org)| org).collect()
        };
        members.into_iter().map(|(audience, held)| (audience, live(held))).collect()
    }

    /// The organisation of a node.
    pub fn org(&self, id: NodeId) -> OrgId {
        let identity = setup::identity(&*self.nodes[id.0].store).expect("has one");
        identity.org.unwrap_or_else(|| self.fail("it belongs to nobody yet"))
    }

    /// The device of a node.
    pub fn device(&self, id: NodeId) -> DeviceId {
        DeviceId(self.keys(id).device.verifying_key().to_bytes())
    }

    /// Shares a draft with the organisations of some nodes.
    pub fn share_with(&mut self, id: NodeId, record: DocumentId, others: &[NodeId]) {
        let orgs = others.iter().map(|other| self.org(*other)).collect();
        self.ok(id, Command::Share(record, Terms::on(self.today()), Audience::Organisations(orgs)));
    }

    /// What has happened at a node since the last time it was asked.
    pub fn events(&mut self, id: NodeId) -> Vec<Event> {
        std::mem::take(&mut self.nodes[id.0].events)
    }

    /// Everything that has been delivered to a node so far, when and from whom.
    pub fn delivered(&self, id: NodeId) -> &[(Timestamp, NodeId, Vec<u8>)] {
        &self.nodes[id.0].delivered
    }

    /// A key that nobody has yet.
    pub fn new_key(&mut self) -> SigningKey {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        SigningKey::from_bytes(&seed)
    }

    /// Made-up organisation numbers begin with 3; real ones with 8 or 9.
    fn new_number(&mut self) -> String {
        loop {
            self.last_number += 1;
            if let Some(number) = number(self.last_number) {
                return number;
            }
        }
    }
}
