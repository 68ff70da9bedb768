//! Whether a peer stands level, and telling it what is new.
//!
//! Correctness rests on hellos alone: both say the digests of what both may read. Hints only make it quick.

use std::time::Duration;

use super::{Engine, Event, Output, Source, asking::Question, peers::Peer};
use crate::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item},
    store::StoreError,
    time::Timestamp,
    wire::message::{HINTS_LIMIT, Hello, Request, Response},
};

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

impl Peer {
    /// A pull is through.
    pub(super) fn pull_ended(&mut self, gained: bool, now: Timestamp) {
        self.vain_pulls = if gained { 0 } else { self.vain_pulls.saturating_add(1) };
        let wait = PULL_AGAIN.saturating_mul(1 << self.vain_pulls.min(6)).min(HELLO_EVERY);
        self.pull_after = if gained { now } else { now + wait };
    }

    /// After something went unanswered: one of two connections may be gone, the other stands.
    pub(super) fn hello_again(&mut self, now: Timestamp) {
        self.hello_by(now + HELLO_AGAIN);
    }

    pub(super) fn hello_soon(&mut self, now: Timestamp) {
        self.hello_by(now + HELLO_SOON);
    }

    /// A hello is due at the latest then.
    fn hello_by(&mut self, at: Timestamp) {
        self.hello_due = Some(self.hello_due.map_or(at, |due| due.min(at)));
    }
}

impl Engine {
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
    pub(super) fn heard_hello(
        &mut self,
        device: DeviceId,
        theirs: Hello,
        ours: Hello,
    ) -> Result<(), StoreError> {
        // One of two offices has no charter yet: with the same statements it has another roster.
        if theirs.network != ours.network && theirs.roster == ours.roster {
            return Ok(());
        }
        let now = self.now;
        let agree = theirs.roster == ours.roster && theirs.documents == ours.documents;
        let peer = self.peers.by_device.entry(device).or_default();
        let was = peer.is_level();
        peer.level = agree;
        if agree {
            peer.has_agreed = true;
            peer.last_level = Some(now);
            peer.hints.clear();
            peer.doubted.clear();
            if !was && peer.is_level() {
                self.outputs.push_back(Output::Announce(Event::Level(device, true)));
            }
            return self.believe_heads(device);
        }
        if peer.pull_after > now {
            peer.hello_by(peer.pull_after);
        } else {
            if theirs.documents != ours.documents {
                self.tell_audiences(device);
            }
            self.begin_pull(device, theirs.roster != ours.roster);
        }
        Ok(())
    }

    pub(super) fn hello_answered(&mut self, device: DeviceId, bytes: &[u8]) -> Result<(), StoreError> {
        match Response::read(bytes) {
            Ok(Response::Hello(theirs)) => {
                let ours = self.hello_for(device);
                self.heard_hello(device, theirs, ours)?;
                self.tell_notices_once(device);
                Ok(())
            }
            Ok(Response::Refused) => {
                // It takes us for somebody it does not know.
                self.knock(device);
                Ok(())
            }
            Ok(_) | Err(_) => self.refuse("answer"),
        }
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

    /// Sends the next hints once the ones before were heard.
    pub(super) fn tell_hints(&mut self, device: DeviceId) {
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
}
