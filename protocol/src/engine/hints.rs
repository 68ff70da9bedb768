//! Telling peers what is new, so that they need not wait for a hello to find it.
//!
//! Whoever has few connections tells all of them. With many, what concerns the whole network goes along a tree that forms
//! by itself, after Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees" (SRDS 2007): a peer that had heard of it before says so, and
//! is told no longer, until it finds by comparing sets that it was left out. Other than in the paper this goes for one
//! direction: whoever needs nobody to tell it may still be the only one that tells the other, and to cut both ways at
//! once tore the tree at the next change from elsewhere. A hint is passed on only once what it names is here, checked
//! and durable: a false one goes no further than whoever was told it. Who tells of something first is asked for it; if it
//! does not bring it, the next is asked at once (the paper's graft), and its word is worth less ([`super::score`]). A
//! named audience is told directly. Nothing rests on hints: a lost one costs the time until the next hello.

use std::{collections::BTreeMap, time::Duration};

use super::{Engine, Source, asking::Question, peers::Peer, pull::Fetch};
use crate::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item},
    signed::encoding::hash,
    time::Timestamp,
    wire::message::{HINTS_LIMIT, Request, Response},
};

/// With more hints than this to tell, the digest says it shorter.
pub(super) const HINTS_MAX: usize = 8 * HINTS_LIMIT;
/// Whoever has no more connections than this tells all of them.
const FEW: usize = 8;
/// What we write ourselves is told to so many at least: one that keeps it for itself only costs a little time then.
const OWN_TOLD: usize = 3;
/// So long the first to tell of something is waited for before another who tells of it is asked.
const FIRST_FOR: Duration = Duration::from_secs(2);
/// So long those beside the tree are left to hear of something along it.
const TORN_FOR: Duration = Duration::from_secs(2);
/// Most items that are kept in mind as being fetched because somebody told of them.
const HEARD_LIMIT: usize = 4096;

/// Of those who tell of an item that somebody else is bringing, so many are kept in mind.
const OTHERS_LIMIT: usize = 4;

/// What others told of.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Items that are on their way.
    coming: BTreeMap<Item, Coming>,
    /// Who was the first to tell of something last: what holds us to the tree.
    last_first: Option<DeviceId>,
}

/// An item that somebody told of and is asked for.
#[derive(Debug)]
struct Coming {
    scope: Scope,
    document: DocumentId,
    from: DeviceId,
    since: Timestamp,
    /// Who told of it afterwards.
    others: Vec<DeviceId>,
}

impl Heard {
    /// Whether another is bringing an item; if nobody is, this one is from now on.
    fn is_coming_otherwise(&mut self, item: Item, told: Coming) -> bool {
        let now = told.since;
        if let Some(coming) = self.coming.get_mut(&item)
            && now.since(coming.since) < FIRST_FOR
        {
            let is_other = coming.from != told.from;
            if is_other && coming.others.len() < OTHERS_LIMIT && !coming.others.contains(&told.from) {
                coming.others.push(told.from);
            }
            return is_other;
        }
        if self.coming.len() >= HEARD_LIMIT {
            self.coming.retain(|_, coming| now.since(coming.since) < FIRST_FOR);
        }
        if self.coming.len() < HEARD_LIMIT {
            self.coming.insert(item, told);
        }
        false
    }
}

impl Engine {
    /// Tells the peers that may read a scope that a document stands in another state there.
    pub(super) fn hint(&mut self, scope: Scope, document: DocumentId, item: Item, source: Option<Source>) {
        let now = self.now;
        self.heard.coming.remove(&item);
        let mut devices: Vec<DeviceId> = self.connected_friends();
        devices.retain(|device| self.may_see(*device, scope));
        let by_tree = scope == Scope::Network && devices.len() > FEW;
        let hears_otherwise =
            |device: &DeviceId| self.peers.by_device.get(device).is_some_and(|peer| peer.hears_otherwise);
        let (mut told, mut beside): (Vec<_>, Vec<_>) =
            devices.into_iter().partition(|device| !by_tree || !hears_otherwise(device));
        if !beside.is_empty() {
            // Every other node tells one more than those of the tree, others for every item: so that it heals where it
            // was torn.
            let draw = usize::from(item.0[0] ^ self.device().0[0]);
            let more = if source.is_some() { draw % 2 } else { OWN_TOLD.saturating_sub(told.len()).max(1) };
            let turn = draw / 2 % beside.len();
            beside.rotate_left(turn);
            told.extend(beside.drain(..more.min(beside.len())));
        }
        for device in beside {
            if let Some(peer) = self.peers.by_device.get_mut(&device) {
                peer.level = false;
                // Where the tree is torn, digests tell.
                peer.hello_by(now + TORN_FOR);
            }
        }
        for device in told {
            let Some(peer) = self.peers.by_device.get_mut(&device) else { continue };
            let is_known = source.is_some_and(|source| source.peer == device && source.item == Some(item));
            if !is_known {
                peer.hints.insert((scope, document), item);
            }
            peer.level = false;
            peer.hello_soon(now);
        }
    }

    /// Sends the next hints once the ones before were heard.
    pub(super) fn tell_hints(&mut self, device: DeviceId) {
        let has_some = |peer: &&Peer| peer.connected && !peer.hints.is_empty();
        let Some(peer) = self.peers.by_device.get(&device).filter(has_some) else { return };
        if peer.awaits(|question| matches!(question, Question::Changed)) {
            return;
        }
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
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
        self.ask(device, &Request::Changed(scope, entries), Question::Changed);
    }

    /// Whoever told us first is gone: another is asked to tell us again, not everybody the same one.
    pub(super) fn graft_without(&mut self, gone: DeviceId) {
        if self.heard.last_first != Some(gone) {
            return;
        }
        self.heard.last_first = None;
        let own = self.device();
        let mut others = self.connected_friends();
        others.retain(|other| self.may_see(*other, Scope::Network) && !self.is_doubted(*other));
        let drawn = others.into_iter().min_by_key(|other| hash("praksis/graft/1", &(own, *other)));
        if let Some(other) = drawn {
            self.ask(other, &Request::Pull(Scope::Network, Vec::new()), Question::Graft);
        }
    }

    /// A peer needs us to tell it.
    pub(super) fn hears_from_us(&mut self, device: DeviceId) {
        self.peers.by_device.get_mut(&device).into_iter().for_each(|peer| peer.hears_otherwise = false);
    }

    /// A peer has heard our hints, or had heard them before from others.
    pub(super) fn hints_answered(&mut self, device: DeviceId, bytes: &[u8]) {
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
        match Response::read(bytes) {
            Ok(Response::HeardBefore) => peer.hears_otherwise = true,
            Ok(Response::Heard) => peer.hears_otherwise = false,
            Ok(
                Response::Hello(_)
                | Response::Compared(_)
                | Response::Resolved(_)
                | Response::Documents(_)
                | Response::Refused
                | Response::Level(_),
            )
            | Err(_) => {}
        }
    }

    /// Hints that name states which we do not have: fetches them, unless another is bringing them.
    pub(super) fn heard_hints(
        &mut self,
        from: DeviceId,
        scope: Scope,
        entries: &[(DocumentId, Item)],
    ) -> Response {
        let now = self.now;
        if self.is_doubted(from) {
            return Response::HeardBefore;
        }
        let ours = self.index.items(scope);
        let lacking = entries.iter().copied().filter(|(_, item)| !ours.contains(item));
        let is_first = |(document, item): &(DocumentId, Item)| {
            let told = Coming { scope, document: *document, from, since: now, others: Vec::new() };
            !self.heard.is_coming_otherwise(*item, told)
        };
        let lacking: Vec<_> = lacking.filter(is_first).collect();
        if !lacking.is_empty() {
            self.follow(from, scope, lacking);
        }
        if self.heard.last_first == Some(from) { Response::Heard } else { Response::HeardBefore }
    }

    /// Fetches what a peer was the first to tell of.
    fn follow(&mut self, from: DeviceId, scope: Scope, lacking: Vec<(DocumentId, Item)>) {
        self.heard.last_first = Some(from);
        self.hears_from_us(from);
        let news = self.hinted(from, scope, lacking).into_iter();
        let news: Vec<Fetch> =
            news.map(|(document, item)| Fetch { document, item, owner: None, whole: false }).collect();
        if !news.is_empty() {
            self.fetch(from, scope, news);
        }
    }

    /// A peer was asked for items and has none of them. Where it had told of one, the next who did is asked.
    pub(super) fn not_brought(&mut self, from: DeviceId, items: Vec<Item>) {
        let now = self.now;
        for item in items {
            let Some(coming) = self.heard.coming.get_mut(&item).filter(|coming| coming.from == from) else {
                continue;
            };
            let peers = &self.peers.by_device;
            coming.others.retain(|other| peers.get(other).is_some_and(|peer| peer.connected));
            let next = coming.others.pop();
            let (scope, document) = (coming.scope, coming.document);
            match next {
                Some(next) => (coming.from, coming.since) = (next, now),
                None => drop(self.heard.coming.remove(&item)),
            }
            self.broke_its_word(from);
            if let Some(next) = next {
                self.follow(next, scope, vec![(document, item)]);
            }
        }
    }
}
