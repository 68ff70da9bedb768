//! What is measured around the engine: messages of each device, commits, how far search is behind.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use praksis_protocol::id::DeviceId;

use crate::net::InboundId;

/// Devices that are counted by themselves: a country's. Others count in the sum alone.
const DEVICES: usize = 1024;
/// Questions whose asker is kept in mind until they are answered; more than the network lets in.
const QUESTIONS: usize = 16 * 1024;

/// Messages as we write them, before they are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Messages {
    /// How many came.
    pub messages_in: u64,
    /// How many went.
    pub messages_out: u64,
    /// Bytes of those that came.
    pub payload_in: u64,
    /// Bytes of those that went.
    pub payload_out: u64,
}

/// Batches made durable.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Commits {
    /// How often the disk was waited for.
    pub commits: u64,
    /// Batches that were written by it.
    pub batches: u64,
    /// How long all of them took.
    pub took: Duration,
}

/// See the module; all since the start.
#[derive(Debug, Default)]
pub struct Figures {
    messages: Mutex<ByDevice>,
    commits: AtomicU64,
    batches: AtomicU64,
    took_us: AtomicU64,
    index_waiting: AtomicU64,
}

#[derive(Debug, Default)]
struct ByDevice {
    all: Messages,
    devices: BTreeMap<DeviceId, Messages>,
    asked_by: BTreeMap<u64, DeviceId>,
}

impl ByDevice {
    fn count(&mut self, device: Option<DeviceId>, count: impl Fn(&mut Messages)) {
        count(&mut self.all);
        let Some(device) = device else { return };
        if self.devices.len() < DEVICES || self.devices.contains_key(&device) {
            count(self.devices.entry(device).or_default());
        }
    }
}

impl Figures {
    fn messages(&self) -> std::sync::MutexGuard<'_, ByDevice> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn asked(&self, from: DeviceId, question: InboundId, bytes: usize) {
        let mut messages = self.messages();
        if messages.asked_by.len() >= QUESTIONS {
            messages.asked_by.pop_first();
        }
        messages.asked_by.insert(question.0, from);
        drop(messages);
        self.came(from, bytes);
    }

    pub(crate) fn came(&self, from: DeviceId, bytes: usize) {
        self.messages().count(Some(from), |it| {
            it.messages_in += 1;
            it.payload_in += bytes as u64;
        });
    }

    pub(crate) fn answered(&self, question: InboundId, bytes: usize) {
        let asker = self.messages().asked_by.remove(&question.0);
        self.went(asker, bytes);
    }

    pub(crate) fn went(&self, to: Option<DeviceId>, bytes: usize) {
        self.messages().count(to, |it| {
            it.messages_out += 1;
            it.payload_out += bytes as u64;
        });
    }

    pub(crate) fn committed(&self, batches: usize, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // They order nothing, so relaxed is enough.
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.batches.fetch_add(batches as u64, Ordering::Relaxed);
        self.took_us.fetch_add(took, Ordering::Relaxed);
    }

    pub(crate) fn index_waits(&self, events: usize) {
        self.index_waiting.store(events as u64, Ordering::Relaxed);
    }

    /// Messages with all devices.
    pub fn all(&self) -> Messages {
        self.messages().all
    }

    /// Messages with one device.
    pub fn of(&self, device: DeviceId) -> Messages {
        self.messages().devices.get(&device).copied().unwrap_or_default()
    }

    /// What was made durable.
    pub fn commits(&self) -> Commits {
        Commits {
            commits: self.commits.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            took: Duration::from_micros(self.took_us.load(Ordering::Relaxed)),
        }
    }

    /// Changes that search has not been told of yet.
    pub fn index_waiting(&self) -> u64 {
        self.index_waiting.load(Ordering::Relaxed)
    }
}
