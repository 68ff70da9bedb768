//! What a peer's word is worth, by what came of it.
//!
//! After the peer score of GossipSub v1.1 (Vyzovitis, Napora, McCormick, Dias, Psaras, "GossipSub: Attack-Resilient Message
//! Propagation in the Filecoin and ETH2.0 Networks", 2020), of which two parts have a meaning here: promises that were
//! broken, and bytes that nobody passes on who checks them. The parts for who delivers first and how much have none, as
//! the tree forms from that by itself. The part for who shares an address has none either: a key in the roster was
//! vouched for by an association, more keys cannot be had for nothing, and many municipalities stand behind one proxy.
//!
//! A peer with a bad score is not cut off: what it tells of is not followed, and what it has is found by comparing sets,
//! which nothing that it says can make frequent. So a mistake of ours costs time, and never parts the network.

use std::time::Duration;

use super::{Engine, peers::Peer};
use crate::{id::DeviceId, time::Timestamp};

/// Against whom somebody's word stands this high, is not listened to.
const DOUBTED_FROM: u32 = 16;
/// No more than this is remembered: whoever does better is listened to again after three half-lives.
const MOST: u32 = 8 * DOUBTED_FROM;
/// What stands against a peer is halved each time.
const HALF_LIFE: Duration = Duration::from_secs(60);
/// It told of something, was asked, and did not bring it. Once, that may be so honestly: we had it already.
const BROKEN: u32 = 2;
/// It told of something and brought it.
const KEPT: u32 = 1;
/// It sent what cannot be.
const FALSE: u32 = 8;

/// See the module. What stands against a peer, in points.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Score {
    against: u32,
    /// Since when it stood so high, in whole half-lives.
    since: Timestamp,
}

impl Score {
    /// What stands against it by now.
    fn against(self, now: Timestamp) -> u32 {
        let halved = now.since(self.since).as_secs() / HALF_LIFE.as_secs();
        u32::try_from(halved).ok().and_then(|halved| self.against.checked_shr(halved)).unwrap_or(0)
    }

    fn set(&mut self, against: u32, now: Timestamp) {
        if self.against == 0 {
            self.since = now;
        }
        let halved = now.since(self.since).as_secs() / HALF_LIFE.as_secs();
        self.since = self.since + Duration::from_secs(halved * HALF_LIFE.as_secs());
        self.against = against.min(MOST);
    }

    fn worse(&mut self, points: u32, now: Timestamp) {
        self.set(self.against(now).saturating_add(points), now);
    }

    fn better(&mut self, points: u32, now: Timestamp) {
        self.set(self.against(now).saturating_sub(points), now);
    }
}

impl Peer {
    /// What stands against it, as a score: 0 is best.
    pub(super) fn score(&self, now: Timestamp) -> i64 {
        -i64::from(self.score.against(now))
    }
}

impl Engine {
    /// Whether what a peer tells of is worth nothing now.
    pub(super) fn is_doubted(&self, peer: DeviceId) -> bool {
        let peer = self.peers.by_device.get(&peer);
        peer.is_some_and(|peer| peer.score.against(self.now) >= DOUBTED_FROM)
    }

    /// Counts a refusal of what a peer sent, which nobody sends who checks what it passes on.
    pub(super) fn blame(&mut self, peer: DeviceId, reason: &str) {
        self.refuse(reason);
        self.worse(peer, FALSE);
    }

    /// A peer told of something and did not bring it.
    pub(super) fn broke_its_word(&mut self, peer: DeviceId) {
        self.worse(peer, BROKEN);
    }

    /// A peer told of something, or answered for it, and brought it.
    pub(super) fn kept_its_word(&mut self, peer: DeviceId) {
        let now = self.now;
        self.peers.by_device.get_mut(&peer).into_iter().for_each(|peer| peer.score.better(KEPT, now));
    }

    fn worse(&mut self, peer: DeviceId, points: u32) {
        let now = self.now;
        self.peers.by_device.get_mut(&peer).into_iter().for_each(|peer| peer.score.worse(points, now));
    }
}
