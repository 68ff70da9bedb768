//! The peers by device, and which of them want something: whoever has thousands does not look at each of them whenever
//! one has said something.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Wake,
    peers::Peer,
    pull::{Awaits, Pull},
};
use crate::{id::DeviceId, time::Timestamp};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Roll {
    peers: BTreeMap<DeviceId, Peer>,
    /// Those that something may have become of since they were tended last.
    touched: BTreeSet<DeviceId>,
    /// What each waits for.
    due: BTreeSet<(Timestamp, Wake, DeviceId)>,
    /// Those whose pull can take its next step.
    ready: BTreeSet<DeviceId>,
    /// Those whose pull waits for room to compare sets.
    waiting: BTreeSet<DeviceId>,
    /// Those with whom sets are compared.
    comparing: BTreeSet<DeviceId>,
    /// Those that came to stand level, or stand so no longer, since this was asked for last.
    turned: Vec<(DeviceId, bool)>,
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
            if peer.noted_level {
                self.turned.push((*device, false));
            }
            for set in [&mut self.ready, &mut self.waiting, &mut self.comparing] {
                set.remove(device);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&DeviceId, &Peer)> {
        self.peers.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
    }

    /// All that are connected and of this sort are said hello to soon.
    pub(super) fn hello_soon(&mut self, now: Timestamp, is_one: impl Fn(&DeviceId, &Peer) -> bool) {
        for (device, peer) in
            self.peers.iter_mut().filter(|(device, peer)| peer.connected && is_one(device, peer))
        {
            let due = peer.hello_due;
            peer.hello_soon(now);
            if peer.hello_due != due {
                self.touched.insert(*device);
            }
        }
    }

    /// Those to tend now: something may have become of them, or what they wait for is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> BTreeSet<DeviceId> {
        self.note();
        let mut devices = std::mem::take(&mut self.touched);
        devices.extend(self.due.iter().take_while(|(at, ..)| *at <= now).map(|(.., device)| *device));
        devices
    }

    /// Those whose pull can take its next step, by device; where there is room to compare sets, those who wait for it too.
    pub(super) fn ready(&mut self, has_room: bool) -> Vec<DeviceId> {
        self.note();
        match has_room {
            true => self.ready.union(&self.waiting).copied().collect(),
            false => self.ready.iter().copied().collect(),
        }
    }

    /// With how many sets are compared.
    pub(super) fn comparing(&mut self) -> usize {
        self.note();
        self.comparing.len()
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
            let is_level = peer.is_level();
            if std::mem::replace(&mut peer.noted_level, is_level) != is_level {
                self.turned.push((*device, is_level));
            }
            let awaits = peer.pull.as_ref().filter(|_| peer.connected).map(Pull::awaits);
            for (set, is_in) in [
                (&mut self.ready, awaits == Some(Awaits::Nothing)),
                (&mut self.waiting, awaits == Some(Awaits::Room)),
                (&mut self.comparing, peer.is_comparing()),
            ] {
                if is_in {
                    set.insert(*device);
                } else {
                    set.remove(device);
                }
            }
        }
    }

    /// Who came to stand level, or stands so no longer, since this was asked for last; in order.
    pub(super) fn take_turned(&mut self) -> Vec<(DeviceId, bool)> {
        self.note();
        std::mem::take(&mut self.turned)
    }

    /// What comes next of all that they wait for; to be noted before.
    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        self.due.first().map(|(at, what, _)| (*at, *what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(of: u8) -> DeviceId {
        DeviceId([of; 32])
    }

    /// Peers 0 to 9 are connected, and each is to be said hello to a second later than the one before.
    fn roll() -> Roll {
        let mut roll = Roll::default();
        for of in 0..10 {
            let peer = roll.meet(device(of));
            peer.connected = true;
            peer.hello_due = Some(Timestamp(1000 * u64::from(of)));
        }
        roll
    }

    fn takes(roll: &mut Roll, at: u64, expected: &[u8]) {
        let devices: Vec<u8> = roll.take_due(Timestamp(at)).into_iter().map(|device| device.0[0]).collect();
        assert_eq!(devices, expected, "at {at}");
    }

    #[test]
    fn of_many_peers_those_are_looked_at_that_something_became_of_or_that_are_due() {
        let mut roll = roll();
        takes(&mut roll, 0, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(roll.next_wake(), Some((Timestamp(0), "hello")));
        takes(&mut roll, 1500, &[0, 1]);
        for of in [0, 1] {
            roll.get_mut(&device(of)).unwrap().hello_due = None;
        }
        roll.get_mut(&device(7)).unwrap().hello_due = Some(Timestamp(2500));
        roll.note();
        assert_eq!(roll.next_wake(), Some((Timestamp(2000), "hello")));
        takes(&mut roll, 1600, &[0, 1, 7]);
        takes(&mut roll, 2600, &[2, 7]);
    }

    #[test]
    fn of_one_that_is_gone_nothing_is_left() {
        let mut roll = roll();
        roll.get_mut(&device(0)).unwrap().pull = Some(Pull::default());
        assert_eq!(roll.ready(false), [device(0)]);
        (0..10).for_each(|of| roll.remove(&device(of)));
        assert_eq!((roll.ready(true), roll.next_wake()), (vec![], None));
        roll.take_due(Timestamp(0));
        takes(&mut roll, 60_000, &[]);
    }

    #[test]
    fn whoever_is_not_connected_waits_for_no_hello() {
        let mut roll = roll();
        (0..10).for_each(|of| roll.get_mut(&device(of)).unwrap().connected = false);
        roll.note();
        assert_eq!(roll.next_wake(), None);
        let peer = roll.get_mut(&device(3)).unwrap();
        peer.next_dial = Timestamp(5000);
        roll.note();
        assert_eq!(roll.next_wake(), Some((Timestamp(5000), "dial")));
    }
}
