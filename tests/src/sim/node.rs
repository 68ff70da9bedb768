//! One node of a simulated network.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use praksis_protocol::{
    engine::{CommandError, Engine, Event, Held, Keys, MessageId, Quota, Reply, RequestId},
    id::DeviceId,
    store::memory::MemoryStore,
    time::Timestamp,
};
use rand_chacha::ChaCha8Rng;

use super::{Due, liar::Liar};

/// Names a node of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// See the module.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) number: String,
    pub(super) keys: Keys,
    pub(super) device: DeviceId,
    pub(super) store: Arc<MemoryStore>,
    /// What everybody holds from the beginning, if the network was founded so.
    pub(super) held: Option<Arc<Held>>,
    pub(super) rng: ChaCha8Rng,
    /// Absent while the node is down.
    pub(super) engine: Option<Engine>,
    /// Counts starts: what was under way for an earlier life is void.
    pub(super) life: u64,
    pub(super) wake: Option<Timestamp>,
    /// Whom it takes for members.
    pub(super) let_in: Arc<BTreeSet<DeviceId>>,
    /// Questions that this node waits for: whom it asked, and when it gives up.
    pub(super) asked: BTreeMap<MessageId, (NodeId, Due)>,
    pub(super) replies: BTreeMap<RequestId, Result<Reply, CommandError>>,
    pub(super) events: Vec<Event>,
    /// With whom it stands level, by what it has announced.
    pub(super) level: BTreeSet<DeviceId>,
    /// Every message that has arrived here.
    pub(super) delivered: Vec<(Timestamp, NodeId, Vec<u8>)>,
    /// Whether it can be dialled.
    pub(super) listens: bool,
    /// How far its clock is off, in milliseconds.
    pub(super) skew_ms: i64,
    /// After so many more writes it falls, before it hears that the last one is done.
    pub(super) falls_after: Option<u32>,
    /// The most that it takes of each organisation, whatever the charter says.
    pub(super) quota: Quota,
    /// Who speaks in its place, if it lies.
    pub(super) liar: Option<Liar>,
}

impl Node {
    /// What its clock shows.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add_signed(self.skew_ms))
    }

    /// For the message of a test that failed.
    pub(super) fn describe(&self) -> String {
        let up = if self.engine.is_some() { "up" } else { "down" };
        format!("{} ({up}, {} events, {} replies)", self.name, self.events.len(), self.replies.len())
    }
}
