//! What devices write under: every pair of grants that was rightly given, live or over.

use std::collections::BTreeMap;

use super::{cuts::Cuts, cuts::Deed, ledger::Ledger, verdict::Verdict};
use crate::{
    envelope::standing,
    genesis::Scope,
    id::{DeviceId, OrgId, Standing, StatementHash},
    membership::statement::{DeviceGrant, MembershipGrant},
};

/// A pair of grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) device: DeviceId,
    pub(super) org: OrgId,
    /// Whether it is a member's place, or one at home only.
    pub(super) is_members: bool,
    device_ends: Vec<StatementHash>,
    member_ends: Vec<StatementHash>,
}

impl Place {
    /// Whether something that was done from here counts, although it may be over.
    pub(super) fn judge(&self, cuts: &Cuts, scope: Scope, deed: Deed) -> Verdict {
        let (of_device, of_member) = cuts.cutters(self.org, scope);
        let by = |ends, cutter| cuts.judge((ends, cutter), self.device, scope, deed);
        by(&self.device_ends, of_device).max(by(&self.member_ends, of_member))
    }
}

/// Every pair, by what is written in envelopes.
pub(super) type Standings = BTreeMap<Standing, Place>;

pub(super) type DeviceGrants<'a> = BTreeMap<StatementHash, (&'a DeviceGrant, &'a str)>;
pub(super) type MemberGrants<'a> = BTreeMap<StatementHash, &'a MembershipGrant>;

/// All pairs of a device of an organisation, and a membership of it under the number that the device accepted.
pub(super) fn standings(
    devices: (&DeviceGrants<'_>, &Ledger<(OrgId, DeviceId)>),
    members: (&MemberGrants<'_>, &Ledger<OrgId>),
) -> Standings {
    let mut of_org = BTreeMap::<OrgId, Vec<(StatementHash, &str, Vec<StatementHash>)>>::new();
    for (hash, grant) in members.0 {
        let ends = members.1.ends_of(*hash);
        of_org.entry(grant.org).or_default().push((*hash, &grant.number, ends));
    }
    let mut all = Standings::new();
    for (hash, (grant, number)) in devices.0 {
        let device_ends = devices.1.ends_of(*hash);
        let at_home = Place {
            device: grant.device,
            org: grant.org,
            is_members: false,
            device_ends,
            member_ends: Vec::new(),
        };
        for (member, accepted, ends) in of_org.get(&grant.org).into_iter().flatten() {
            if accepted == number {
                let place = Place { is_members: true, member_ends: ends.clone(), ..at_home.clone() };
                all.insert(standing(*hash, Some(*member)), place);
            }
        }
        all.insert(standing(*hash, None), at_home);
    }
    all
}
