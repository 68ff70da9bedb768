//! The grants of members and devices that were rightly said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    book::Book,
    ledger::Ledger,
    roots::{Association, Lines, speaks_of},
    standings::{DeviceGrants, MemberGrants},
};
use crate::{
    id::{DeviceId, OrgId, StatementHash},
    membership::statement::{Fact, Known},
};

/// The grants that were rightly said, and their Ends.
pub(super) struct Grants<'a> {
    pub(super) of_members: MemberGrants<'a>,
    pub(super) of_devices: DeviceGrants<'a>,
    pub(super) members: Ledger<OrgId>,
    pub(super) devices: Ledger<(OrgId, DeviceId)>,
    /// Those that no rival under the same number stands before; who comes first has the place.
    pub(super) members_in_order: Vec<StatementHash>,
    pub(super) devices_in_order: Vec<StatementHash>,
    pub(super) alarms: BTreeSet<StatementHash>,
}

/// Under one number of one issuer an End stands before a grant, then the smaller hash.
type Numbered = BTreeMap<(OrgId, u64), (bool, StatementHash)>;

impl<'a> Grants<'a> {
    pub(super) fn of(book: &Book<'a>, association: Option<&Association>, lines: &Lines) -> Self {
        let vouched = |known: &Known| association.is_some_and(|it| it.vouches(known));
        let network = association.map(Association::network);
        let (mut of_members, mut of_devices) = (MemberGrants::new(), DeviceGrants::new());
        let mut numbered = Numbered::new();
        let mut note = |known: &Known, is_grant| {
            let key = (known.statement.issuer, known.statement.number);
            let held = numbered.entry(key).or_insert((is_grant, known.hash));
            *held = (*held).min((is_grant, known.hash));
        };
        let mut order = BTreeMap::new();
        for known in book.iter() {
            if let Fact::Membership(grant) = &known.fact
                && vouched(known)
            {
                of_members.insert(known.hash, grant);
                order.extend(association.map(|it| (known.hash, it.order(known))));
                note(known, true);
            } else if let Fact::Device(grant, acceptance) = &known.fact
                && let Some(rank) = lines.speaks_for(grant.org, known)
            {
                of_devices.insert(known.hash, (grant, acceptance.number.as_str()));
                order.insert(known.hash, (rank, known.statement.number, known.hash));
                note(known, true);
            }
        }
        let alarms = answered_twice(&of_members);
        of_members.retain(|_, grant| grant.invitation.is_none_or(|hash| !alarms.contains(&hash)));
        let (mut members, mut devices) = (Ledger::default(), Ledger::default());
        of_members.iter().for_each(|(hash, grant)| members.grant(*hash, grant.org, grant.follows));
        for (hash, (grant, _)) in &of_devices {
            devices.grant(*hash, (grant.org, grant.device), grant.follows);
        }
        for known in book.iter() {
            if let Fact::MembershipEnd(end) = &known.fact
                && vouched(known)
            {
                members.end(known.hash, end.grant);
                note(known, false);
            } else if let Fact::DeviceEnd(end) = &known.fact
                && speaks_of(network, known)
                && let Some((grant, _)) = of_devices.get(&end.grant)
                && lines.speaks_for(grant.org, known).is_some()
            {
                devices.end(known.hash, end.grant);
                note(known, false);
            }
        }
        let stands = |hash: &StatementHash, issuer: OrgId, number: u64| {
            numbered.get(&(issuer, number)).is_some_and(|(_, first)| first == hash)
        };
        let in_order = |hashes: Vec<StatementHash>| {
            let rightful = hashes.into_iter().filter(|hash| {
                book.get(*hash).is_some_and(|it| stands(hash, it.statement.issuer, it.statement.number))
            });
            let mut hashes: Vec<_> = rightful.collect();
            hashes.sort_by_key(|hash| order.get(hash));
            hashes
        };
        let members_in_order = in_order(of_members.keys().copied().collect());
        let devices_in_order = in_order(of_devices.keys().copied().collect());
        Self { of_members, of_devices, members, devices, members_in_order, devices_in_order, alarms }
    }
}

fn answered_twice(grants: &MemberGrants<'_>) -> BTreeSet<StatementHash> {
    let mut answers = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (hash, grant) in grants {
        if let Some(invitation) = grant.invitation
            && answers.insert(invitation, *hash).is_some_and(|other| other != *hash)
        {
            twice.insert(invitation);
        }
    }
    twice
}
