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
    sync::Arc,
};

use rand_core::Rng;

use super::{
    Engine, Event, MessageId, Output, Wake,
    asking::Question,
    dialling::{Bootstrap, backoff, same_place},
    left_out::LeftOut,
    pace::Pace,
    pull::Pull,
    roll::Roll,
    score::Score,
};
use crate::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item, OrgId, StatementHash},
    membership::statement::{Known, Role},
    signed::encoding::hash,
    store::StoreError,
    time::Timestamp,
};

/// Most peers that this node dials by itself.
const DIAL_PEERS: usize = 32;

/// What this node knows of another.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) connected: bool,
    pub(super) address: Option<String>,
    /// Given by hand, by an invitation or by an office's grant; what statements say stands in the roster.
    pub(super) extra_addresses: BTreeSet<String>,
    pub(super) failures: u32,
    pub(super) next_dial: Timestamp,
    pub(super) hello_due: Option<Timestamp>,
    /// When we said the last one.
    pub(super) hello_said: Timestamp,
    pub(super) hints: BTreeMap<(Scope, DocumentId), Item>,
    /// It has said that others tell it sooner what we tell: it is not told the next time.
    pub(super) hears_otherwise: bool,
    /// Statements to tell that the peer does not know to ask for.
    pub(super) to_tell: BTreeSet<StatementHash>,
    /// Those told on this connection, or about to be.
    pub(super) told: BTreeSet<StatementHash>,
    /// What we said on this connection that we hold of its notices, and whether it said so of ours.
    pub(super) notices_said: Option<u64>,
    pub(super) notices_heard: bool,
    /// Heads that it told, until we stand level with it.
    pub(super) heads: Vec<Known>,
    /// Whether digests have agreed on this connection.
    pub(super) has_agreed: bool,
    pub(super) last_level: Option<Timestamp>,
    pub(super) level: bool,
    pub(super) introduced: bool,
    /// Sets are not compared again before this: the last time the peer had nothing that we lack, and
    /// of what is new there it tells by hints.
    pub(super) pull_after: Timestamp,
    pub(super) vain_pulls: u32,
    /// When it last fetched from us, and when we last began to compare our sets with its.
    pub(super) served: Timestamp,
    pub(super) compared: Timestamp,
    /// We were welcomed as a guest, and come back as a member at once.
    pub(super) welcomed: bool,
    pub(super) pull: Option<Pull>,
    /// Items whose documents brought nothing that we lack. Should they be there still when sets are compared again, the
    /// whole of each is asked for: what we lack may stand below heads that both have.
    pub(super) doubted: BTreeSet<Item>,
    /// What it has and has no place here.
    pub(super) left_out: LeftOut,
    /// Documents that came from it.
    pub(super) pace: Pace,
    /// What its word is worth; a new connection does not wipe it out.
    pub(super) score: Score,
    /// What it was last noted to wait for.
    pub(super) noted: Option<(Timestamp, Wake)>,
    /// Whether it stood level when it was noted last.
    pub(super) noted_level: bool,
    /// Asked on this connection, and neither answered nor given up by what carries messages.
    pub(super) questions: BTreeMap<MessageId, Question>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Peers {
    pub(super) by_device: Roll,
    pub(super) bootstraps: Vec<Bootstrap>,
    /// Whom the transport was told to let in.
    let_in: Arc<BTreeSet<DeviceId>>,
    /// Where this node has last said that it is, and when.
    pub(super) announced: Option<(Vec<String>, Timestamp)>,
    /// With whom sets were compared last.
    pub(super) last_compared: Option<DeviceId>,
    /// When the next membership runs out, and its devices are let in no longer.
    runs_out: Option<Timestamp>,
}

impl Peers {
    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        let bootstraps = self.bootstraps.iter().filter(|boot| !self.is_there(boot));
        let runs_out = self.runs_out.map(|at| (at, "expiry"));
        let bootstraps = bootstraps.map(|boot| (boot.next_dial, "dial"));
        self.by_device.next_wake().into_iter().chain(bootstraps).chain(runs_out).min()
    }

    pub(super) fn is_there(&self, bootstrap: &Bootstrap) -> bool {
        let peer = bootstrap.device.and_then(|device| self.by_device.get(&device));
        peer.is_some_and(|peer| peer.connected)
    }

    /// Addresses given by hand that have not been reached.
    pub(super) fn unreached(&self) -> impl Iterator<Item = &str> {
        self.bootstraps.iter().filter(|boot| boot.device.is_none()).map(|boot| boot.address.as_str())
    }
}

impl Peer {
    pub(super) fn wants_dial(&self) -> bool {
        !self.connected && self.next_dial != Timestamp::default()
    }

    /// What it waits for next.
    pub(super) fn wake(&self) -> Option<(Timestamp, Wake)> {
        let dial = self.wants_dial().then_some((self.next_dial, "dial"));
        let hello = self.hello_due.filter(|_| self.connected).map(|due| (due, "hello"));
        dial.into_iter().chain(hello).min()
    }

    pub(super) fn is_level(&self) -> bool {
        self.connected && self.level && self.pull.is_none() && self.hints.is_empty()
    }

    pub(super) fn last_level(&self) -> Option<Timestamp> {
        self.last_level
    }
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
        let peer = self.peers.by_device.meet(device);
        peer.connected = true;
        peer.introduced = false;
        peer.pull_after = now;
        peer.vain_pulls = 0;
        peer.compared = now;
        peer.failures = 0;
        peer.address = Some(address);
        if friend && outbound {
            self.say_hello(device);
        } else if friend {
            // Whoever dialled speaks, most often.
            peer.hello_soon(now);
        } else if outbound {
            self.knock(device);
        }
        Ok(())
    }

    pub(super) fn disconnected(&mut self, device: DeviceId, rng: &mut impl Rng) -> Result<(), StoreError> {
        let wait = backoff(0, rng);
        let now = self.now;
        let is_known = self.statements.roster().device(device).is_some();
        let rests = self.applying.rests(device);
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return Ok(()) };
        // Of whoever knocked and is nobody, nothing is kept.
        if !is_known && peer.extra_addresses.is_empty() {
            self.peers.by_device.remove(&device);
            return Ok(());
        }
        peer.connected = false;
        peer.level = false;
        peer.has_agreed = false;
        peer.address = None;
        peer.hello_due = None;
        peer.hears_otherwise = false;
        peer.hints.clear();
        peer.to_tell.clear();
        peer.told.clear();
        peer.notices_said = None;
        peer.notices_heard = false;
        peer.heads.clear();
        peer.questions.clear();
        let was_fetching = peer.pull.take().is_some();
        peer.doubted.clear();
        peer.left_out = LeftOut::default();
        // The side whose dial is due first connects again.
        peer.next_dial = match std::mem::take(&mut peer.welcomed) {
            true => now,
            // It is reached again when we ask again.
            false if rests => Timestamp::default(),
            false => now + wait,
        };
        self.graft_without(device);
        if was_fetching {
            // It may be had elsewhere.
            self.peers.by_device.hello_soon(now, |_, peer| peer.has_agreed);
        }
        Ok(())
    }

    /// The roster has changed: whom the transport lets in, and whom we want to reach.
    pub(super) fn roster_changed(&mut self) {
        let own = self.device();
        let roster = self.statements.roster().clone();
        let friends = self.whom_to_let_in();
        let before = std::mem::replace(&mut self.peers.let_in, friends.clone());
        let is_same = Arc::ptr_eq(&before, &friends) || before == friends;
        if !is_same {
            self.outputs.push_back(Output::LetIn(friends.clone()));
        }
        for device in before.difference(&friends).filter(|_| !is_same) {
            // Nobody dials it any longer, and nothing waits for it.
            if let Some(peer) = self.peers.by_device.get_mut(device) {
                peer.next_dial = Timestamp::default();
                peer.extra_addresses.clear();
                peer.hints.clear();
                peer.to_tell.clear();
                peer.pull = None;
            }
        }
        // The first membership that runs out next.
        let runs_out = roster.members().filter_map(|(_, member)| member.membership.until_s);
        let next = runs_out.filter(|until| *until >= self.now.seconds()).min();
        self.peers.runs_out = next.map(|until| Timestamp(until.saturating_add(1).saturating_mul(1000)));
        let now = self.now;
        // Own devices and associations first: through them everything can be had. Of the others each node draws its own:
        // if all took the same ones, these would carry the whole network.
        let reachable = roster.reachable().filter(|device| *device != own && friends.contains(device));
        let mut wanted: Vec<(bool, [u8; 32], DeviceId)> = reachable
            .map(|device| {
                let own_office = roster.device(device).is_some_and(|it| Some(it.org) == self.identity.org);
                let association =
                    roster.member_of(device).is_some_and(|it| it.membership.role == Role::Association);
                (!(own_office || association), hash("praksis/dial/1", &(own, device)), device)
            })
            .collect();
        wanted.sort_unstable();
        for (.., device) in wanted.into_iter().take(DIAL_PEERS) {
            let peer = self.peers.by_device.meet(device);
            if peer.next_dial == Timestamp::default() {
                peer.next_dial = now;
            }
        }
        self.peers.by_device.hello_soon(now, |device, _| friends.contains(device));
        self.outputs.push_back(Output::Announce(Event::RosterChanged));
        self.announce_addresses();
    }

    /// Whom the transport lets in: devices of members, and of our own organisation.
    fn whom_to_let_in(&self) -> Arc<BTreeSet<DeviceId>> {
        let (roster, own, now) = (self.statements.roster(), self.identity.org, self.now.seconds());
        let run_out =
            roster.members().filter(|(_, it)| it.membership.until_s.is_some_and(|until| until < now));
        let run_out: BTreeSet<OrgId> = run_out.map(|(org, _)| *org).collect();
        let mut let_in = roster.devices_of_members().clone();
        // Mostly that is all of it, and shared with the roster.
        if !run_out.is_empty() || own.is_some_and(|own| roster.member(own).is_none()) {
            let devices = Arc::make_mut(&mut let_in);
            for (device, granted) in roster.devices() {
                if Some(granted.org) == own {
                    devices.insert(*device);
                } else if run_out.contains(&granted.org) {
                    devices.remove(device);
                }
            }
        }
        let_in
    }

    pub(super) fn connected_friends(&self) -> Vec<DeviceId> {
        let connected = self.peers.by_device.iter().filter(|(_, peer)| peer.connected);
        connected.map(|(device, _)| *device).filter(|device| self.is_friend(*device)).collect()
    }

    /// What is due by now.
    pub(super) fn tend_peers(&mut self, rng: &mut impl Rng) {
        let now = self.now;
        if self.peers.runs_out.is_some_and(|at| at <= now) {
            self.roster_changed();
        }
        for device in self.peers.by_device.take_due(now) {
            let Some(peer) = self.peers.by_device.get(&device) else { continue };
            if peer.wants_dial() && peer.next_dial <= now {
                self.dial(device, rng);
            } else if peer.connected && peer.hello_due.is_some_and(|due| due <= now) {
                if peer.pull.is_some() {
                    self.peers.by_device.get_mut(&device).into_iter().for_each(|peer| peer.hello_later(now));
                } else {
                    self.say_hello(device);
                }
            }
            self.tell_hints(device);
            self.tell_next(device);
        }
        self.dial_bootstraps(rng);
    }
}
