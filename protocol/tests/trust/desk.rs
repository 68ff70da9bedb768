//! One node, and everything around it in the hands of the test.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use praksis_protocol::{
    engine::{
        BatchId, Class, Command, CommandError, Engine, Event, Input, Keys, MessageId, Output, Reply,
        RequestId, Status, job, setup,
    },
    id::{DeviceId, NetworkId},
    membership::{
        statement::{Known, MembershipGrant, Role},
        ticket::Ticket,
    },
    store::{Batch, Put, Store as _, memory::MemoryStore},
    time::Timestamp,
    wire::message::{Request, Response},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::cast::*;

/// The device of the association's node.
pub(crate) const HERE: u8 = 10;

pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) store: MemoryStore,
    pub(crate) now: Timestamp,
    pub(crate) asked: VecDeque<(DeviceId, MessageId, Class, Vec<u8>)>,
    pub(crate) answers: BTreeMap<MessageId, Vec<u8>>,
    pub(crate) replies: BTreeMap<RequestId, Result<Reply, CommandError>>,
    /// Whether the disk takes its time: then what was to be written lies in `unwritten`.
    pub(crate) is_slow: bool,
    pub(crate) unwritten: VecDeque<(BatchId, Batch)>,
    /// Devices that the transport was told to shut out.
    pub(crate) expelled: Vec<DeviceId>,
    let_in: Arc<BTreeSet<DeviceId>>,
    /// Questions sent so far.
    pub(crate) sent: u64,
    keys: Keys,
    rng: ChaCha8Rng,
    last: u64,
}

impl Desk {
    /// The association's node, in a network with these members besides.
    pub(crate) fn association(members: &[u8]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let now = Timestamp(1_767_225_600_000);
        let store = MemoryStore::default();
        let founded = setup::association(&key(KS), &key(HERE), &number(KS), "KS", Vec::new(), now, &mut rng);
        store.commit(&[founded]).unwrap();
        let network = setup::charter(&store).unwrap().unwrap().network();
        for (n, of) in members.iter().enumerate() {
            let member = in_network(network, 3 + n as u64, *of);
            let device = grant(*of, 1, 10 * of, 1, *of);
            store.commit(&[[member, device].iter().map(put).collect()]).unwrap();
        }
        let keys = Keys { device: key(HERE), root: Some(key(KS)) };
        Self::with(keys, store, now, rng)
    }

    /// The same, with one whose membership runs out.
    pub(crate) fn with_a_guest_member(of: u8, until_s: u64) -> Self {
        let desk = Self::association(&[]);
        let body = MembershipGrant { until_s: Some(until_s), ..membership_body(of, of) };
        let member = vouched(desk.network(), 3, &body);
        let device = grant(of, 1, 10 * of, 1, of);
        desk.store.commit(&[[member, device].iter().map(put).collect()]).unwrap();
        desk.restart()
    }

    /// The node of an organisation, over what its store holds.
    pub(crate) fn of_organisation(store: MemoryStore, of: u8) -> Self {
        let keys = Keys { device: key(HERE), root: Some(key(of)) };
        Self::with(keys, store, Timestamp(1_767_225_600_000), ChaCha8Rng::seed_from_u64(1))
    }

    fn with(keys: Keys, store: MemoryStore, now: Timestamp, rng: ChaCha8Rng) -> Self {
        let engine = Engine::open(keys.clone(), &store, now).unwrap();
        let mut desk = Self {
            engine,
            keys,
            store,
            now,
            asked: VecDeque::new(),
            answers: BTreeMap::new(),
            replies: BTreeMap::new(),
            is_slow: false,
            unwritten: VecDeque::new(),
            expelled: Vec::new(),
            let_in: Arc::default(),
            sent: 0,
            rng,
            last: 0,
        };
        desk.handle(Input::Tick);
        desk
    }

    /// The node falls and rises again over what was durable.
    pub(crate) fn restart(self) -> Self {
        self.store.crash();
        Self::with(self.keys, self.store, self.now, self.rng)
    }

    pub(crate) fn network(&self) -> NetworkId {
        setup::charter(&self.store).unwrap().unwrap().network()
    }

    /// Something happens, and all that follows from it at this node.
    pub(crate) fn handle(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.engine.handle(self.now, input, &self.store, &mut self.rng);
            while let Some(output) = self.engine.poll_output() {
                match output {
                    Output::Ask(to, id, class, bytes) => {
                        self.sent += 1;
                        self.asked.push_back((to, id, class, bytes));
                    }
                    Output::Answer(id, bytes) => drop(self.answers.insert(id, bytes)),
                    Output::Work(id, work) => inputs.push_back(Input::Done(id, job::run(work))),
                    Output::Commit(id, batch) if self.is_slow => self.unwritten.push_back((id, batch)),
                    Output::Commit(id, batch) => {
                        self.store.commit(&[batch]).unwrap();
                        inputs.push_back(Input::Durable(id));
                    }
                    Output::Reply(id, reply) => drop(self.replies.insert(id, reply)),
                    Output::Announce(Event::Failed(error)) => panic!("{error}"),
                    Output::LetIn(devices) => {
                        let before = std::mem::replace(&mut self.let_in, devices.clone());
                        self.expelled.extend(before.difference(&devices));
                    }
                    Output::Dial(..) | Output::Disconnect(_) | Output::Announce(_) => {}
                }
            }
        }
    }

    /// The disk catches up.
    pub(crate) fn write_all(&mut self) {
        self.is_slow = false;
        while let Some((id, batch)) = self.unwritten.pop_front() {
            self.store.commit(&[batch]).unwrap();
            self.handle(Input::Durable(id));
        }
    }

    /// We dial somebody.
    pub(crate) fn connect(&mut self, of: u8) {
        self.handle(Input::Connected { device: device(of), address: format!("/sim/{of}"), outbound: true });
    }

    /// Somebody dials us.
    pub(crate) fn visited(&mut self, of: u8) {
        self.handle(Input::Connected { device: device(of), address: format!("/sim/{of}"), outbound: false });
    }

    /// A peer asks; the answer, if it may leave yet.
    pub(crate) fn ask(&mut self, from: u8, class: Class, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.last += 1;
        let question = MessageId(1_000_000 + self.last);
        self.handle(Input::Asked { from: device(from), question, class, bytes });
        self.answers.remove(&question)
    }

    pub(crate) fn request(&mut self, from: u8, request: &Request) -> Response {
        Response::read(&self.ask(from, Class::Sync, request.bytes()).unwrap()).unwrap()
    }

    pub(crate) fn command(&mut self, command: Command) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last);
        self.handle(Input::Command(id, command));
        id
    }

    pub(crate) fn ok(&mut self, command: Command) -> Reply {
        let id = self.command(command);
        self.replies.remove(&id).unwrap().unwrap()
    }

    pub(crate) fn status(&mut self) -> Status {
        let Reply::Status(status) = self.ok(Command::Status) else { unreachable!() };
        *status
    }

    pub(crate) fn refused(&mut self, name: &str) -> u64 {
        self.status().refused.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn invite(&mut self, of: u8, valid_s: u64) -> Ticket {
        let Reply::Ticket(text) = self.ok(Command::Invite(number(of), Role::Member, valid_s)) else {
            unreachable!()
        };
        Ticket::from_text(&text).unwrap()
    }

    /// Lets a peer answer all that it is asked, until nothing more is asked or so much was.
    pub(crate) fn serve(&mut self, most: usize, mut peer: impl FnMut(Request) -> Response) -> usize {
        for n in 0..most {
            let Some((from, question, class, bytes)) = self.asked.pop_front() else { return n };
            assert_eq!(class, Class::Sync);
            let answer = peer(Request::read(&bytes).unwrap());
            self.handle(Input::Answered { from, question, bytes: answer.bytes() });
        }
        most
    }

    /// Time passes, with a peer that answers at once.
    pub(crate) fn run_for(&mut self, span_ms: u64, mut peer: impl FnMut(Request) -> Response) {
        let end = Timestamp(self.now.0 + span_ms);
        while let Some((at, _)) = self.engine.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.handle(Input::Tick);
            assert!(self.serve(100_000, &mut peer) < 100_000, "no end of questions");
        }
        self.now = end;
    }
}

pub(crate) fn put(known: &Known) -> Put {
    Put::Statement(known.hash, known.statement.bytes().to_vec())
}

/// The association's word for a member, in the network that the node founded.
pub(crate) fn in_network(network: NetworkId, nth: u64, of: u8) -> Known {
    vouched(network, nth, &membership_body(of, of))
}

fn vouched(network: NetworkId, nth: u64, body: &MembershipGrant) -> Known {
    let body = praksis_protocol::signed::encoding::to_vec(body);
    let statement = praksis_protocol::membership::statement::Statement { network, ..shell(KS, nth, 1, body) };
    known(&praksis_protocol::signed::Verified::sign(statement, &key(KS)))
}
