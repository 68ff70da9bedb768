//! Reaching others: at which addresses, when, and how patiently; and saying where we are.

use std::time::Duration;

use minicbor::Encode;
use rand_core::Rng;

use super::{Engine, Output, Resting, statements::put};
use crate::{
    genesis::Scope,
    id::{DeviceId, NetworkId, OrgId},
    membership::statement::{ADDRESS_LIMIT, Kind, Known, NodeAddress},
    store::StoreError,
    time::Timestamp,
};

/// Where another says something else under our key, a clone of this machine, it is not gainsaid sooner than this: or both
/// would go on without end.
const SAY_AGAIN: Duration = Duration::from_secs(10 * 60);
/// The first wait before dialling again; doubles up to [`DIAL_MAX`].
const DIAL_MIN: Duration = Duration::from_secs(1);
/// The longest wait before dialling again.
const DIAL_MAX: Duration = Duration::from_secs(120);
/// How long a dial may be under way before it is given up for lost.
const DIAL_PATIENCE: Duration = Duration::from_secs(30);

/// An address at which we do not know who is there.
#[derive(Debug)]
pub(super) struct Bootstrap {
    pub(super) address: String,
    pub(super) failures: u32,
    pub(super) next_dial: Timestamp,
    /// Who answered there.
    pub(super) device: Option<DeviceId>,
}

impl Engine {
    /// Own addresses: announced to the network when there is one.
    pub(super) fn listening(&mut self, addresses: Vec<String>) -> Result<(), StoreError> {
        self.addresses = addresses;
        self.announce_addresses();
        Ok(())
    }

    /// Signs where this node is, if that has changed.
    pub(super) fn announce_addresses(&mut self) {
        let (device, now) = (self.device(), self.now);
        let roster = self.statements.roster();
        let addresses: Vec<String> = self.addresses.iter().take(ADDRESS_LIMIT).cloned().collect();
        if addresses.is_empty() || roster.device(device).is_none() || roster.addresses(device) == addresses {
            return;
        }
        let has_said =
            |(said, at): &(Vec<String>, Timestamp)| *said == addresses && now.since(*at) < SAY_AGAIN;
        if self.peers.announced.as_ref().is_some_and(has_said) {
            return;
        }
        self.peers.announced = Some((addresses.clone(), now));
        let network = roster.network().unwrap_or(NetworkId::NONE);
        self.issue_as_device(network, Kind::NodeAddress, &NodeAddress { addresses });
    }

    /// Signs something that this device says of itself.
    fn issue_as_device<B: Encode<()>>(&mut self, network: NetworkId, kind: Kind, body: &B) {
        let key = self.keys.device.clone();
        let mut chain = self.statements.chain(OrgId(key.verifying_key().to_bytes()), Scope::Roster);
        let statement = chain.issue(&key, network, kind, body);
        let known = Known::read(statement.bytes()).expect("what we sign reads back");
        self.commit(vec![put(&known)], Resting { statements: vec![known], ..Resting::default() });
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
        let peer = self.peers.by_device.meet(device);
        peer.extra_addresses.extend(addresses.iter().take(ADDRESS_LIMIT).cloned());
        peer.failures = 0;
        peer.next_dial = now;
    }

    pub(super) fn dial(&mut self, device: DeviceId, rng: &mut impl Rng) {
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

    /// Dials the addresses that are due and where nobody we know is connected.
    pub(super) fn dial_bootstraps(&mut self, rng: &mut impl Rng) {
        let now = self.now;
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
}

/// The wait after so many failures, with up to a quarter of it by chance, so that nodes do not knock in step.
pub(super) fn backoff(failures: u32, rng: &mut impl Rng) -> Duration {
    spread(DIAL_MIN.saturating_mul(1 << failures.min(7)).min(DIAL_MAX), rng)
}

/// A wait with up to a quarter more by chance.
pub(super) fn spread(plain: Duration, rng: &mut impl Rng) -> Duration {
    plain + plain.mul_f64(f64::from(rng.next_u32() % 256) / 1024.0)
}

/// Whether a connection's address is the one that was dialled; what follows `/p2p` may differ.
pub(super) fn same_place(dialled: &str, connected: &str) -> bool {
    let place = |address: &str| address.split("/p2p/").next().unwrap_or_default().to_owned();
    place(dialled) == place(connected)
}
