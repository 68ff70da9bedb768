//! The peers by device, and which of them want something: whoever has thousands does not look at each of them whenever
//! one has said something.

use std::collections::{BTreeMap, BTreeSet};

use super::{Wake, peers::Peer};
use crate::{id::DeviceId, time::Timestamp};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Roll {
    peers: BTreeMap<DeviceId, Peer>,
    /// Those that something may have become of since they were tended last.
    touched: BTreeSet<DeviceId>,
    /// What each waits for.
    due: BTreeSet<(Timestamp, Wake, DeviceId)>,
    /// Those from whom something is fetched, or with whom sets are compared.
    pulling: BTreeSet<DeviceId>,
}

impl Roll {
    pub(super) fn get(&self, device: &DeviceId) -> Option<&Peer> {
        self.peers.get(device)
    }

    /// A peer, to be changed and then tended.
    pub(super) fn get_mut(&mut self, device: &DeviceId) -> Option<&mut Peer> {
        let peer = self.peers.get_mut(device)?;
        self.touched.insert(*device);
        Some(peer)
    }

    /// The same, whether anything was known of it or not.
    pub(super) fn meet(&mut self, device: DeviceId) -> &mut Peer {
        self.touched.insert(device);
        self.peers.entry(device).or_default()
    }

    pub(super) fn remove(&mut self, device: &DeviceId) {
        if let Some(peer) = self.peers.remove(device) {
            peer.noted.map(|(at, what)| self.due.remove(&(at, what, *device)));
            self.pulling.remove(device);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&DeviceId, &Peer)> {
        self.peers.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
    }

    /// All that are connected, to be changed and then tended.
    pub(super) fn connected_mut(&mut self) -> impl Iterator<Item = (&DeviceId, &mut Peer)> {
        let connected = self.peers.iter_mut().filter(|(_, peer)| peer.connected);
        connected.inspect(|(device, _)| {
            self.touched.insert(**device);
        })
    }

    /// Those to tend now: something may have become of them, or what they wait for is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> BTreeSet<DeviceId> {
        self.note();
        let mut devices = std::mem::take(&mut self.touched);
        devices.extend(self.due.iter().take_while(|(at, ..)| *at <= now).map(|(.., device)| *device));
        devices
    }

    /// Those from whom something is fetched, or with whom sets are compared.
    pub(super) fn pulling(&mut self) -> impl Iterator<Item = (&DeviceId, &Peer)> {
        self.note();
        self.pulling.iter().filter_map(|device| self.peers.get_key_value(device))
    }

    /// Notes what became of those that were touched.
    pub(super) fn note(&mut self) {
        for device in &self.touched {
            let Some(peer) = self.peers.get_mut(device) else { continue };
            let wake = peer.wake();
            let noted = std::mem::replace(&mut peer.noted, wake);
            if noted != wake {
                noted.map(|(at, what)| self.due.remove(&(at, what, *device)));
                self.due.extend(wake.map(|(at, what)| (at, what, *device)));
            }
            if peer.pull.is_some() || peer.is_comparing() {
                self.pulling.insert(*device);
            } else {
                self.pulling.remove(device);
            }
        }
    }

    /// What comes next of all that they wait for; to be noted before.
    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        self.due.first().map(|(at, what, _)| (*at, *what))
    }
}
