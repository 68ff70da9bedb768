//! The life of each peer: reaching it, telling it what is new, knowing whether it stands level.
//!
//! ```text
//! known --dial--> connected --hello--> digests agree: level
//!   ^                 |                digests differ: pull, then hello again
//!   +---backoff-------+  disconnected
//! ```
//!
//! A friend (a member's device, or one of our own organisation) is said hello to when it connects,
//! shortly after anything changed, and at least every minute: correctness rests on that, hints only
//! make it quick.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rand_core::Rng;

use super::{
    Class, Engine, Event, MessageId, Output, Source, Wake,
    pulling::{Pull, Question},
};
use crate::{
    genesis::Scope,
    id::{DeviceId, Digest, DocumentId, Item},
    membership::{
        joining::JoinRequest,
        statement::{ADDRESS_LIMIT, Kind, NodeAddress, Role},
    },
    store::StoreError,
    time::Timestamp,
    wire::message::{HINTS_LIMIT, Hello, Request},
};

/// The first wait before dialling again; doubles up to [`DIAL_MAX`].
const DIAL_MIN: Duration = Duration::from_secs(1);
/// The longest wait before dialling again.
const DIAL_MAX: Duration = Duration::from_secs(120);
/// How long a dial may be under way before it is given up for lost.
const DIAL_PATIENCE: Duration = Duration::from_secs(30);
/// Most peers that this node dials by itself.
const DIAL_PEERS: usize = 32;
/// After a change, digests are compared once nothing has happened for this long.
const HELLO_SOON: Duration = Duration::from_millis(200);
/// After something went unanswered, digests are compared once this long has passed.
const HELLO_AGAIN: Duration = Duration::from_secs(2);
/// The wait after comparing sets in vain; doubles up to [`HELLO_EVERY`].
const PULL_AGAIN: Duration = Duration::from_millis(250);
/// Digests are compared at least this often.
const HELLO_EVERY: Duration = Duration::from_secs(60);
/// With more hints than this to tell, the digest says it shorter.
const HINTS_MAX: usize = 8 * HINTS_LIMIT;

/// What this node knows of another.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) connected: bool,
    pub(super) address: Option<String>,
    /// Given by hand, by an invitation or by an office's grant; what statements say stands in the roster.
    extra_addresses: BTreeSet<String>,
    failures: u32,
    next_dial: Timestamp,
    hello_due: Option<Timestamp>,
    pub(super) hello_asked: bool,
    hints: BTreeMap<(Scope, DocumentId), Item>,
    hint_asked: bool,
    /// The digests that both had at the last agreeing exchange.
    agreed: Option<(Digest, Digest)>,
    last_level: Option<Timestamp>,
    level: bool,
    introduced: bool,
    /// Sets are not compared again before this: the last time the peer had nothing that we lack, and
    /// of what is new there it tells by hints.
    pull_after: Timestamp,
    vain_pulls: u32,
    /// We were welcomed as a guest, and come back as a member at once.
    pub(super) welcomed: bool,
    pub(super) pull: Option<Pull>,
    pub(super) questions: BTreeMap<MessageId, Question>,
}

/// An address at which we do not know who is there.
#[derive(Debug)]
struct Bootstrap {
    address: String,
    failures: u32,
    next_dial: Timestamp,
    /// Who answered there.
    device: Option<DeviceId>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Peers {
    pub(super) by_device: BTreeMap<DeviceId, Peer>,
    bootstraps: Vec<Bootstrap>,
    admitted: BTreeSet<DeviceId>,
}

impl Peers {
    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        let dials =
            self.by_device.values().filter(|peer| peer.wants_dial()).map(|peer| (peer.next_dial, "dial"));
        let hellos = self.by_device.values().filter_map(|peer| Some((peer.hello_due?, "hello")));
        let bootstraps = self.bootstraps.iter().filter(|boot| !self.is_there(boot));
        dials.chain(hellos).chain(bootstraps.map(|boot| (boot.next_dial, "dial"))).min()
    }

    fn is_there(&self, bootstrap: &Bootstrap) -> bool {
        let peer = bootstrap.device.and_then(|device| self.by_device.get(&device));
        peer.is_some_and(|peer| peer.connected)
    }

    /// Addresses given by hand that have not been reached.
    pub(super) fn unreached(&self) -> impl Iterator<Item = &str> {
        self.bootstraps.iter().filter(|boot| boot.device.is_none()).map(|boot| boot.address.as_str())
    }
}

impl Peer {
    fn wants_dial(&self) -> bool {
        !self.connected && self.next_dial != Timestamp::default()
    }

    pub(super) fn is_level(&self) -> bool {
        self.connected && self.level && self.pull.is_none() && self.hints.is_empty()
    }

    pub(super) fn last_level(&self) -> Option<Timestamp> {
        self.last_level
    }

    /// A pull is through.
    pub(super) fn pull_ended(&mut self, gained: bool, now: Timestamp) {
        self.vain_pulls = if gained { 0 } else { self.vain_pulls.saturating_add(1) };
        let wait = PULL_AGAIN.saturating_mul(1 << self.vain_pulls.min(6)).min(HELLO_EVERY);
        self.pull_after = if gained { now } else { now + wait };
    }

    /// After something went unanswered: one of two connections may be gone, the other stands.
    fn hello_again(&mut self, now: Timestamp) {
        let again = now + HELLO_AGAIN;
        self.hello_due = Some(self.hello_due.map_or(again, |due| due.min(again)));
    }

    pub(super) fn hello_soon(&mut self, now: Timestamp) {
        let soon = now + HELLO_SOON;
        self.hello_due = Some(self.hello_due.map_or(soon, |due| due.min(soon)));
    }
}

/// The wait after so many failures, with up to a quarter of it by chance, so that nodes do not knock in step.
fn backoff(failures: u32, rng: &mut impl Rng) -> Duration {
    let plain = DIAL_MIN.saturating_mul(1 << failures.min(7)).min(DIAL_MAX);
    plain + plain.mul_f64(f64::from(rng.next_u32() % 256) / 1024.0)
}

impl Engine {
    pub(super) fn connected(
        &mut self,
        device: DeviceId,
        address: String,
        outbound: bool,
    ) -> Result<(), StoreError> {
        let (friend, now) = (self.is_friend(device), self.now);
        for bootstrap in
            self.peers.bootstraps.iter_mut().filter(|boot| outbound && same_place(&boot.address, &address))
        {
            bootstrap.device = Some(device);
            bootstrap.failures = 0;
        }
        let peer = self.peers.by_device.entry(device).or_default();
        peer.connected = true;
        peer.introduced = false;
        peer.pull_after = now;
        peer.vain_pulls = 0;
        peer.failures = 0;
        peer.address = Some(address);
        if friend {
            self.say_hello(device);
        } else if outbound {
            self.knock(device);
        }
        Ok(())
    }

    pub(super) fn disconnected(&mut self, device: DeviceId, rng: &mut impl Rng) -> Result<(), StoreError> {
        let wait = backoff(0, rng);
        let now = self.now;
        let is_known = self.statements.roster().device(device).is_some();
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return Ok(()) };
        // Of whoever knocked and is nobody, nothing is kept.
        if !is_known && peer.extra_addresses.is_empty() {
            self.peers.by_device.remove(&device);
            return Ok(());
        }
        let was_level = peer.is_level();
        peer.connected = false;
        peer.level = false;
        peer.agreed = None;
        peer.address = None;
        peer.hello_due = None;
        peer.hello_asked = false;
        peer.hint_asked = false;
        peer.hints.clear();
        peer.questions.clear();
        peer.pull = None;
        // The side whose dial is due first connects again.
        peer.next_dial = if std::mem::take(&mut peer.welcomed) { now } else { now + wait };
        if was_level {
            self.outputs.push_back(Output::Announce(Event::Level(device, false)));
        }
        // What was being fetched there may be had elsewhere.
        let others = self.peers.by_device.values_mut().filter(|peer| peer.connected && peer.agreed.is_some());
        others.for_each(|peer| peer.hello_soon(now));
        Ok(())
    }

    pub(super) fn dial_failed(
        &mut self,
        device: Option<DeviceId>,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let now = self.now;
        if let Some(peer) = device.and_then(|device| self.peers.by_device.get_mut(&device)) {
            peer.failures = peer.failures.saturating_add(1);
            peer.next_dial = now + backoff(peer.failures, rng);
        }
        Ok(())
    }

    /// Own addresses: announced to the network when there is one.
    pub(super) fn listening(&mut self, addresses: Vec<String>) -> Result<(), StoreError> {
        self.addresses = addresses;
        self.announce_addresses();
        Ok(())
    }

    /// Signs where this node is, if that has changed.
    fn announce_addresses(&mut self) {
        let device = self.device();
        let roster = self.statements.roster();
        let addresses: Vec<String> = self.addresses.iter().take(ADDRESS_LIMIT).cloned().collect();
        if addresses.is_empty() || roster.device(device).is_none() || roster.addresses(device) == addresses {
            return;
        }
        let network = roster.network().unwrap_or(crate::id::NetworkId::NONE);
        self.issue_as_device(network, Kind::NodeAddress, &NodeAddress { addresses });
    }

    /// Dial these addresses, whoever is there.
    pub(super) fn add_bootstraps(&mut self, addresses: &[String]) {
        for address in addresses {
            if !self.peers.bootstraps.iter().any(|boot| boot.address == *address) {
                let bootstrap =
                    Bootstrap { address: address.clone(), failures: 0, next_dial: self.now, device: None };
                self.peers.bootstraps.push(bootstrap);
            }
        }
    }

    /// Where somebody told us that a device can be reached.
    pub(super) fn add_addresses(&mut self, device: DeviceId, addresses: &[String]) {
        if device == self.device() {
            return;
        }
        let now = self.now;
        let peer = self.peers.by_device.entry(device).or_default();
        peer.extra_addresses.extend(addresses.iter().take(ADDRESS_LIMIT).cloned());
        peer.failures = 0;
        peer.next_dial = now;
    }

    /// The roster has changed: whom the transport lets in, and whom we want to reach.
    pub(super) fn roster_changed(&mut self) {
        let own = self.device();
        let roster = self.statements.roster().clone();
        let friends: BTreeSet<DeviceId> = roster
            .devices()
            .map(|(device, _)| *device)
            .filter(|device| *device != own && self.is_friend(*device))
            .collect();
        let before = std::mem::take(&mut self.peers.admitted);
        self.outputs.extend(friends.difference(&before).map(|device| Output::Admit(*device)));
        self.outputs.extend(before.difference(&friends).map(|device| Output::Expel(*device)));
        let now = self.now;
        // Own devices and associations first: through them everything can be had.
        let mut wanted: Vec<(bool, DeviceId)> = friends
            .iter()
            .filter(|device| !roster.addresses(**device).is_empty())
            .map(|device| {
                let own_office = roster.device(*device).is_some_and(|it| Some(it.org) == self.identity.org);
                let association =
                    roster.member_of(*device).is_some_and(|it| it.membership.role == Role::Association);
                (!(own_office || association), *device)
            })
            .collect();
        wanted.sort_unstable();
        for (_, device) in wanted.into_iter().take(DIAL_PEERS) {
            let peer = self.peers.by_device.entry(device).or_default();
            if peer.next_dial == Timestamp::default() {
                peer.next_dial = now;
            }
        }
        for device in &friends {
            if let Some(peer) = self.peers.by_device.get_mut(device).filter(|peer| peer.connected) {
                peer.hello_soon(now);
            }
        }
        self.peers.admitted = friends;
        self.outputs.push_back(Output::Announce(Event::RosterChanged));
        self.announce_addresses();
    }

    /// Tells the peers that may read a scope that a document stands in another state there.
    pub(super) fn hint(&mut self, scope: Scope, document: DocumentId, item: Item, source: Option<Source>) {
        let now = self.now;
        let devices: Vec<DeviceId> = self.connected_friends();
        for device in devices {
            if !self.may_see(device, scope) {
                continue;
            }
            let known = source.is_some_and(|source| source.peer == device && source.item == Some(item));
            if let Some(peer) = self.peers.by_device.get_mut(&device) {
                if !known {
                    peer.hints.insert((scope, document), item);
                }
                peer.level = false;
                peer.hello_soon(now);
            }
        }
    }

    pub(super) fn connected_friends(&self) -> Vec<DeviceId> {
        let connected = self.peers.by_device.iter().filter(|(_, peer)| peer.connected);
        connected.map(|(device, _)| *device).filter(|device| self.is_friend(*device)).collect()
    }

    /// What is due by now.
    pub(super) fn tend_peers(&mut self, rng: &mut impl Rng) {
        let now = self.now;
        let devices: Vec<DeviceId> = self.peers.by_device.keys().copied().collect();
        for device in devices {
            let peer = &self.peers.by_device[&device];
            if peer.wants_dial() && peer.next_dial <= now {
                self.dial(device, rng);
            } else if peer.connected && peer.hello_due.is_some_and(|due| due <= now) {
                self.say_hello(device);
            }
            self.tell_hints(device);
        }
        let due: Vec<usize> = self
            .peers
            .bootstraps
            .iter()
            .enumerate()
            .filter(|(_, boot)| boot.next_dial <= now && !self.peers.is_there(boot))
            .map(|(index, _)| index)
            .collect();
        for index in due {
            let bootstrap = &mut self.peers.bootstraps[index];
            bootstrap.failures = bootstrap.failures.saturating_add(1);
            bootstrap.next_dial = now + backoff(bootstrap.failures, rng);
            self.outputs.push_back(Output::Dial(bootstrap.device, vec![bootstrap.address.clone()]));
        }
    }

    fn dial(&mut self, device: DeviceId, rng: &mut impl Rng) {
        let mut addresses = self.statements.roster().addresses(device).to_vec();
        let peer = self.peers.by_device.get_mut(&device).expect("the caller took it from there");
        addresses.extend(peer.extra_addresses.iter().cloned());
        if addresses.is_empty() {
            peer.next_dial = Timestamp::default();
            return;
        }
        // Unless the transport says earlier that nobody was reached.
        peer.next_dial = self.now + DIAL_PATIENCE + backoff(peer.failures, rng);
        self.outputs.push_back(Output::Dial(Some(device), addresses));
    }

    /// At somebody's door as a guest: ask to join, or show that we are a member.
    pub(super) fn knock(&mut self, device: DeviceId) {
        if self.apply_to(device) {
            return;
        }
        let Some(org) = self.identity.org else { return };
        let proof: Vec<_> = self
            .statements
            .proof(org, self.device())
            .into_iter()
            .map(|known| known.statement.bytes().to_vec().into())
            .collect();
        let peer = self.peers.by_device.entry(device).or_default();
        if proof.is_empty() || std::mem::replace(&mut peer.introduced, true) {
            return;
        }
        self.ask_join(device, &JoinRequest::Introduce(proof), Question::Introduce);
    }

    pub(super) fn ask(&mut self, device: DeviceId, request: &Request, question: Question) {
        let id = MessageId(self.number());
        self.outputs.push_back(Output::Ask(device, id, Class::Sync, request.bytes()));
        self.peers.by_device.entry(device).or_default().questions.insert(id, question);
    }

    pub(super) fn ask_join(&mut self, device: DeviceId, request: &JoinRequest, question: Question) {
        let id = MessageId(self.number());
        self.outputs.push_back(Output::Ask(device, id, Class::Join, request.bytes()));
        self.peers.by_device.entry(device).or_default().questions.insert(id, question);
    }

    pub(super) fn say_hello(&mut self, device: DeviceId) {
        let due = self.now + HELLO_EVERY;
        let peer = self.peers.by_device.entry(device).or_default();
        peer.hello_due = Some(due);
        if std::mem::replace(&mut peer.hello_asked, true) {
            return;
        }
        let hello = self.hello_for(device);
        self.ask(device, &Request::Hello(hello), Question::Hello);
    }

    /// A peer's hello that agrees with ours says as much as our own would.
    pub(super) fn hello_was_heard(&mut self, device: DeviceId, agrees: bool) {
        // A little later than the peer's next one, or both would speak.
        let due = self.now + HELLO_EVERY + HELLO_EVERY / 4;
        if let Some(peer) = self.peers.by_device.get_mut(&device).filter(|peer| agrees && peer.connected) {
            peer.hello_due = Some(due);
        }
    }

    /// A peer said where it stands, asked or not; `ours` is where we stood.
    pub(super) fn heard_hello(&mut self, device: DeviceId, theirs: Hello, ours: Hello) {
        if theirs.network != ours.network && theirs.roster == ours.roster {
            return;
        }
        let now = self.now;
        let agree = theirs.roster == ours.roster && theirs.documents == ours.documents;
        let peer = self.peers.by_device.entry(device).or_default();
        let was = peer.is_level();
        peer.level = agree;
        if agree {
            peer.agreed = Some((ours.roster, ours.documents));
            peer.last_level = Some(now);
            peer.hints.clear();
            if !was && peer.is_level() {
                self.outputs.push_back(Output::Announce(Event::Level(device, true)));
            }
        } else if peer.pull_after > now {
            let due = peer.pull_after;
            peer.hello_due = Some(peer.hello_due.map_or(due, |other| other.min(due)));
        } else {
            self.begin_pull(device, theirs.roster != ours.roster);
        }
    }

    pub(super) fn hello_answered(&mut self, device: DeviceId, theirs: Hello) {
        if let Some(peer) = self.peers.by_device.get_mut(&device) {
            peer.hello_asked = false;
        }
        let ours = self.hello_for(device);
        self.heard_hello(device, theirs, ours);
    }

    /// Sends the next hints once the ones before were heard.
    fn tell_hints(&mut self, device: DeviceId) {
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
        if !peer.connected || peer.hint_asked {
            return;
        }
        let Some(((scope, _), _)) = peer.hints.first_key_value() else { return };
        let scope = *scope;
        if peer.hints.len() > HINTS_MAX {
            peer.hints.clear();
            self.say_hello(device);
            return;
        }
        let mut entries = Vec::new();
        while let Some(entry) = peer.hints.first_entry() {
            if entry.key().0 != scope || entries.len() == HINTS_LIMIT {
                break;
            }
            let ((_, document), item) = entry.remove_entry();
            entries.push((document, item));
        }
        peer.hint_asked = true;
        self.ask(device, &Request::Changed(scope, entries), Question::Changed);
    }

    pub(super) fn hints_heard(&mut self, device: DeviceId) {
        if let Some(peer) = self.peers.by_device.get_mut(&device) {
            peer.hint_asked = false;
        }
    }

    /// Something we asked will not be answered.
    pub(super) fn unanswered(
        &mut self,
        from: DeviceId,
        question: MessageId,
        not_offered: bool,
    ) -> Result<(), StoreError> {
        let now = self.now;
        let Some(peer) = self.peers.by_device.get_mut(&from) else { return Ok(()) };
        let Some(question) = peer.questions.remove(&question) else { return Ok(()) };
        match question {
            Question::Hello => {
                peer.hello_asked = false;
                if not_offered {
                    self.knock(from);
                } else {
                    peer.hello_again(now);
                }
            }
            Question::Changed => {
                peer.hint_asked = false;
                peer.hello_soon(now);
            }
            Question::Introduce => {}
            Question::Apply => self.application_unanswered(),
            Question::Pull(_) => {
                peer.hello_again(now);
                self.pull_failed(from);
            }
        }
        Ok(())
    }
}

/// Whether a connection's address is the one that was dialled; what follows `/p2p` may differ.
fn same_place(dialled: &str, connected: &str) -> bool {
    let place = |address: &str| address.split("/p2p/").next().unwrap_or_default().to_owned();
    place(dialled) == place(connected)
}
