//! Whether a peer stands level, and telling it what is new.
//!
//! Correctness rests on hellos alone: both say the digests of what both may read. Hints only make it quick.

use std::time::Duration;

use super::{Engine, asking::Question, peers::Peer};
use crate::{
    id::DeviceId,
    store::StoreError,
    time::Timestamp,
    wire::message::{Hello, Request, Response},
};

/// After a change, digests are compared once nothing has happened for this long.
const HELLO_SOON: Duration = Duration::from_millis(200);
/// After something went unanswered, digests are compared once this long has passed.
const HELLO_AGAIN: Duration = Duration::from_secs(2);
/// While a peer fetches from us, sets are compared no more often than this: it is behind, and what of it is new it tells
/// by hints.
const COMPARE_EVERY: Duration = Duration::from_secs(30);
/// The wait after comparing sets in vain; doubles up to [`HELLO_EVERY`].
const PULL_AGAIN: Duration = Duration::from_millis(250);
/// What carries messages ends every question long before this. Should it ever not, we are not silent for it.
const ANSWERED_BY: Duration = Duration::from_secs(60);
/// The wait where a peer has more that has no place here than is remembered: the two never agree, and each comparison
/// finds all that was forgotten. What is new it tells by hints.
const OVERFULL_AGAIN: Duration = Duration::from_secs(10 * 60);
/// Digests are compared at least this often.
const HELLO_EVERY: Duration = Duration::from_secs(60);

/// Who spoke first when two compare where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoke {
    We,
    They,
}

impl Peer {
    /// A pull is through.
    pub(super) fn pull_ended(&mut self, gained: bool, now: Timestamp) {
        self.vain_pulls = if gained { 0 } else { self.vain_pulls.saturating_add(1) };
        let wait = match self.left_out.is_full() {
            true => OVERFULL_AGAIN,
            false => PULL_AGAIN.saturating_mul(1 << self.vain_pulls.min(6)).min(HELLO_EVERY),
        };
        self.pull_after = if gained { now } else { now + wait };
    }

    /// Whether the peer is fetching from us, and the sets were compared not long ago.
    fn is_catching_up(&self, now: Timestamp) -> bool {
        now.since(self.served) < HELLO_AGAIN && now.since(self.compared) < COMPARE_EVERY
    }

    /// After something went unanswered: one of two connections may be gone, the other stands.
    pub(super) fn hello_again(&mut self, now: Timestamp) {
        self.hello_by(now + HELLO_AGAIN);
    }

    pub(super) fn hello_soon(&mut self, now: Timestamp) {
        self.hello_by(now + HELLO_SOON);
    }

    /// A hello is not due before what is being fetched has come.
    pub(super) fn hello_later(&mut self, now: Timestamp) {
        self.hello_due = Some(now + HELLO_SOON);
    }

    /// A hello is due at the latest then.
    pub(super) fn hello_by(&mut self, at: Timestamp) {
        self.hello_due = Some(self.hello_due.map_or(at, |due| due.min(at)));
    }
}

impl Engine {
    pub(super) fn say_hello(&mut self, device: DeviceId) {
        let now = self.now;
        let peer = self.peers.by_device.meet(device);
        peer.hello_due = Some(now + HELLO_EVERY);
        let awaits = peer.awaits(|question| matches!(question, Question::Hello(_)));
        if awaits && now.since(peer.hello_said) < ANSWERED_BY {
            return;
        }
        peer.hello_said = now;
        let hello = self.hello_for(device);
        self.ask(device, &Request::Hello(hello), Question::Hello(hello));
    }

    /// A peer's hello says as much as our own would.
    pub(super) fn hello_was_heard(&mut self, device: DeviceId) {
        // A little later than the peer's next one, and where both have spoken at once one of the two later still, or
        // both would speak again.
        let later = if self.device() < device { HELLO_EVERY / 8 } else { HELLO_EVERY / 4 };
        let due = self.now + HELLO_EVERY + later;
        if let Some(peer) = self.peers.by_device.get_mut(&device).filter(|peer| peer.connected) {
            peer.hello_due = Some(due);
        }
    }

    /// A peer said where it stands; `ours` is where we stood.
    pub(super) fn heard_hello(
        &mut self,
        device: DeviceId,
        theirs: Hello,
        ours: Hello,
        spoke: Spoke,
    ) -> Result<(), StoreError> {
        self.heard_what_it_holds(device, theirs.notices);
        // One of two offices has no charter yet: with the same statements it has another roster.
        if theirs.network != ours.network && theirs.roster == ours.roster {
            return Ok(());
        }
        let now = self.now;
        let agree = theirs.roster == ours.roster && theirs.documents == ours.documents;
        let peer = self.peers.by_device.meet(device);
        peer.level = agree;
        if agree {
            peer.has_agreed = true;
            peer.last_level = Some(now);
            peer.hints.clear();
            peer.doubted.clear();
            return self.believe_heads(device);
        }
        if peer.pull_after > now {
            peer.hello_by(peer.pull_after);
        } else if theirs.roster == ours.roster && (spoke == Spoke::They || peer.is_catching_up(now)) {
            // Mostly one of two is behind, and it is the one that was away: it compares first, and tells what we lack.
            peer.hello_again(now);
        } else {
            peer.compared = now;
            if theirs.documents != ours.documents {
                self.tell_audiences(device);
            }
            self.begin_pull(device, theirs.roster != ours.roster);
        }
        Ok(())
    }

    /// A peer answers a hello in which we said that we stand at `said`.
    pub(super) fn hello_answered(
        &mut self,
        device: DeviceId,
        said: Hello,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        match Response::read(bytes) {
            Ok(Response::Level(notices)) => {
                let ours = self.hello_for(device);
                self.heard_hello(device, Hello { notices, ..said }, ours, Spoke::We)
            }
            Ok(Response::Hello(theirs)) => {
                let ours = self.hello_for(device);
                self.heard_hello(device, theirs, ours, Spoke::We)
            }
            Ok(Response::Refused) => {
                // It takes us for somebody it does not know.
                self.knock(device);
                Ok(())
            }
            Ok(_) | Err(_) => {
                self.refuse("answer");
                Ok(())
            }
        }
    }
}
