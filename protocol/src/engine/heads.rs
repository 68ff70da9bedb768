//! Heads: a device's word for how far it has written in a scope, at most hourly.
//!
//! A head that a peer tells is believed once we stand level with that peer: then all that it is about is
//! here. Only then is it kept and passed on, so what is kept says "everything known of Bergen as of ...".
//!
//! When others' heads are believed hangs on all that we share with them. Passed on at once, they would tell an outsider
//! the pace of a named audience. So they are told to whoever connects, and by an association's nodes, which most are
//! connected with, at the full hour.

use std::{collections::BTreeMap, time::Duration};

use super::{Engine, Resting, Wake, saying::Voice, statements::put};
use crate::{
    envelope::Last,
    genesis::Scope,
    id::DeviceId,
    membership::statement::{Fact, Head, Kind, Known, Role},
    store::StoreError,
    time::Timestamp,
};

/// A device tells of a scope no more often than this.
const HEAD_EVERY: Duration = Duration::from_secs(3600);
/// Heads of one peer that wait until we stand level with it.
const HEARD_LIMIT: usize = 4096;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// Scopes that we have written in since the last head.
    moved: BTreeMap<Scope, Last>,
    /// When the next head of a scope may be told.
    due: BTreeMap<Scope, Timestamp>,
    /// When those of others that have come are passed on.
    passed_on: Option<Timestamp>,
}

impl Heads {
    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        let due = |scope| self.due.get(scope).copied().unwrap_or_default();
        self.moved.keys().map(due).chain(self.passed_on).min().map(|at| (at, "head"))
    }
}

impl Engine {
    /// We have written in a scope, durably.
    pub(super) fn head_moved(&mut self, scope: Scope) {
        if let Some(last) = self.sessions.last(scope) {
            self.heads.moved.insert(scope, last);
        }
    }

    /// Says where we are, where that is due.
    pub(super) fn tend_heads(&mut self) {
        let now = self.now;
        let is_due = |scope: &Scope| self.heads.due.get(scope).is_none_or(|due| *due <= now);
        let scopes: Vec<Scope> = self.heads.moved.keys().copied().filter(is_due).collect();
        for scope in scopes {
            let Some(Last { session, sequence, envelope }) = self.heads.moved.get(&scope).copied() else {
                continue;
            };
            self.heads.due.insert(scope, now + HEAD_EVERY);
            let head = Head { session, sequence, envelope, time_s: now.seconds() };
            // Whoever has no place there now may have one in an hour.
            if let Some(known) = self.say(Voice::Device, scope, Kind::Head, &head) {
                self.heads.moved.remove(&scope);
                let batch = vec![put(&known)];
                self.commit(batch, Resting { statements: vec![known], ..Resting::default() });
            }
        }
        if self.heads.passed_on.is_some_and(|at| at <= now) {
            self.heads.passed_on = None;
            self.connected_friends().into_iter().for_each(|device| self.tell_notices(device));
        }
    }

    /// Others' heads have come, and are passed on later.
    pub(super) fn heads_came(&mut self) {
        let own = self.statements.roster().member_of(self.device());
        if own.is_some_and(|own| own.membership.role == Role::Association) {
            let hour = HEAD_EVERY.as_secs();
            let next = (self.now.seconds() / hour + 1) * hour;
            self.heads.passed_on.get_or_insert(Timestamp(next * 1000));
        }
    }

    /// A peer tells heads: they wait until we stand level with it.
    pub(super) fn heard_heads(&mut self, from: DeviceId, heads: Vec<Known>) {
        let now = self.now;
        if let Some(peer) = self.peers.by_device.get_mut(&from).filter(|peer| peer.connected) {
            let room = HEARD_LIMIT.saturating_sub(peer.heads.len());
            // Whoever told one need not be told it.
            peer.told.extend(heads.iter().map(|head| head.hash));
            if !heads.is_empty() {
                peer.hello_soon(now);
            }
            peer.heads.extend(heads.into_iter().take(room));
        }
    }

    /// We stand level with a peer: what it told of others' heads is true of us as well.
    pub(super) fn believe_heads(&mut self, device: DeviceId) -> Result<(), StoreError> {
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return Ok(()) };
        let mut heads = std::mem::take(&mut peer.heads);
        // Where something is left out, not everything is here.
        heads.retain(|head| !peer.left_out.is_any(head.scope()));
        if heads.is_empty() { Ok(()) } else { self.take_statements(heads, None) }
    }

    /// Until when everything that a device wrote in a scope is here, seconds since 1970 by its clock.
    pub(super) fn known_until(&self, device: DeviceId, scope: Scope) -> Option<u64> {
        self.statements
            .of_scope(scope)
            .filter(|known| known.statement.issuer.0 == device.0)
            .filter_map(|known| if let Fact::Head(head) = &known.fact { Some(head.time_s) } else { None })
            .max()
    }
}
