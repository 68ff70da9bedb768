//! The fold of all statements into one answer: who may do what, where.
//!
//! The same statements give the same roster in whatever order they came, and time decides nothing. What is folded
//! rests on what was folded before it: the charter's amendments, then successions of roots, memberships and devices
//! with their Ends, mergers, what was ever written under, cuts, and last what devices say about audiences and
//! documents. Remove wins: an [End](super::statement::End) names what it ends, and only what names that End in turn
//! comes after it. Among rivals the issuer's own numbering decides, then the smaller hash; an invitation that was
//! answered with two different grants counts for nothing.
//!
//! *Now* and *for ever* are two questions. [`Roster::may`] is asked before something is served or written. Whether
//! something that was written counts is asked of [`Roster::counts`]: what it was written under stands in it.

mod book;
mod cuts;
mod grants;
mod ledger;
mod places;
mod rights;
mod roots;
mod standings;
mod verdict;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use self::{
    book::Book,
    cuts::Cuts,
    grants::Grants,
    ledger::Ledger,
    roots::{Association, Lines},
    standings::{Standings, standings},
    words::{Judges, Words},
};
pub use self::{
    rights::Rights,
    verdict::{Act, Verdict},
};
use super::{
    charter::{Charter, Parameters},
    statement::{Fact, Known, MembershipGrant, Role, Said},
};
use crate::{
    envelope::standing,
    genesis::Scope,
    id::{AudienceId, DeviceId, Digest, NetworkId, OrgId, Standing, StatementHash},
    time::Timestamp,
};

/// A member organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its grant, by hash.
    pub grant: StatementHash,
    /// What the association says of it.
    pub membership: MembershipGrant,
}

/// A device that an organisation has made its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its grant, by hash.
    pub grant: StatementHash,
    /// The organisation.
    pub org: OrgId,
    /// The slot it has there, 1 to 64.
    pub slot: u8,
    /// The organisation number that the device itself has accepted.
    pub number: String,
}

/// A named audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Who keeps it.
    pub owner: OrgId,
    /// What people call it.
    pub name: String,
    /// Who is in it, its owner among them.
    pub members: BTreeSet<OrgId>,
}

/// A document is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its root, or two of its devices, say so: the bytes go without delay.
    pub at_once: bool,
    /// Every device that says so has been ended, and how much of its word counts is not known yet: it stays hidden,
    /// and no bytes go.
    pub cut_awaited: bool,
    /// The reason given, if any.
    pub why: String,
    /// Who says so: issuer, number and hash.
    pub statements: Vec<(OrgId, Said)>,
}

/// Who belongs, and how their devices are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    association: Option<Association>,
    lines: Lines,
    heirs: BTreeMap<OrgId, OrgId>,
    members: BTreeMap<OrgId, Member>,
    numbers: BTreeMap<String, OrgId>,
    /// Who ever had a number, for those that were merged.
    numbers_once: BTreeMap<String, BTreeSet<OrgId>>,
    devices: BTreeMap<DeviceId, Device>,
    memberships: Ledger<OrgId>,
    grants: Ledger<(OrgId, DeviceId)>,
    addresses: BTreeMap<DeviceId, Vec<String>>,
    devices_of_members: Arc<BTreeSet<DeviceId>>,
    standings: Standings,
    cuts: Cuts,
    words: Words,
    audiences: BTreeMap<AudienceId, Audience>,
    /// Invitations answered with two different grants.
    pub alarms: BTreeSet<StatementHash>,
}

impl Roster {
    /// Folds statements under a charter; without one, only what organisations say of themselves.
    pub fn fold<'a>(charter: Option<&Charter>, statements: impl IntoIterator<Item = &'a Known>) -> Self {
        let book = Book::of(statements);
        let association = charter.map(|charter| Association::of(charter, &book));
        let lines = Lines::of(association.as_ref(), &book);
        let heirs = association.as_ref().map(|it| it.heirs(&book)).unwrap_or_default();

        let grants = Grants::of(&book, association.as_ref(), &lines);
        let standings =
            standings((&grants.of_devices, &grants.devices), (&grants.of_members, &grants.members));
        let judges = Judges {
            book: &book,
            association: association.as_ref(),
            lines: &lines,
            heirs: &heirs,
            members: &grants.members,
            devices: &grants.devices,
            standings: &standings,
        };
        let owners = judges.owners();
        let cuts = judges.cuts(&owners);
        let words = judges.words(&cuts, &owners);

        let mut roster = Self { alarms: grants.alarms.clone(), ..Self::default() };
        roster.take_members(&grants);
        roster.take_devices(&grants);
        roster.take_addresses(&book);
        let Grants { members, devices, .. } = grants;
        let roster = Self {
            memberships: members,
            grants: devices,
            association,
            lines,
            heirs,
            standings,
            cuts,
            words,
            ..roster
        };
        Self { audiences: roster.audiences_now(), ..roster }
    }

    fn take_members(&mut self, grants: &Grants<'_>) {
        for grant in grants.of_members.values() {
            self.numbers_once.entry(grant.number.clone()).or_default().insert(grant.org);
        }
        for hash in &grants.members_in_order {
            let grant = grants.of_members[hash];
            let is_free = !self.members.contains_key(&grant.org) && !self.numbers.contains_key(&grant.number);
            if is_free && grants.members.ends_of(*hash).is_empty() {
                self.numbers.insert(grant.number.clone(), grant.org);
                self.members.insert(grant.org, Member { grant: *hash, membership: grant.clone() });
            }
        }
    }

    fn take_devices(&mut self, grants: &Grants<'_>) {
        let mut slots = BTreeSet::new();
        for hash in &grants.devices_in_order {
            let (grant, number) = grants.of_devices[hash];
            // A device is for the organisation whose number it accepted; a root that claims another is not heard.
            let claimed = self.members.get(&grant.org).map(|member| &member.membership.number);
            let is_live = grants.devices.ends_of(*hash).is_empty();
            if !is_live || claimed.is_some_and(|claimed| claimed != number) {
                continue;
            }
            // Two roots can show one device's acceptance only by claiming one number; the member's claim stands.
            let rival = self.devices.get(&grant.device);
            let outranks =
                rival.is_none_or(|held| claimed.is_some() && !self.members.contains_key(&held.org));
            if outranks && slots.insert((grant.org, grant.slot)) {
                let (org, slot, number) = (grant.org, grant.slot, number.to_owned());
                self.devices.insert(grant.device, Device { grant: *hash, org, slot, number });
            }
        }
        let of_members = self.devices.iter().filter(|(_, device)| self.members.contains_key(&device.org));
        self.devices_of_members = Arc::new(of_members.map(|(device, _)| *device).collect());
    }

    fn take_addresses(&mut self, book: &Book<'_>) {
        let mut newest = BTreeMap::<DeviceId, &Known>::new();
        for known in book.iter().filter(|known| matches!(known.fact, Fact::Address(_))) {
            let held = newest.entry(DeviceId(known.statement.issuer.0)).or_insert(known);
            if known.replaces(held) {
                *held = known;
            }
        }
        for (device, known) in newest {
            if let Fact::Address(address) = &known.fact
                && self.devices.contains_key(&device)
            {
                self.addresses.insert(device, address.addresses.clone());
            }
        }
    }

    /// The audiences as they are now: who is in them and still a member, or took over from the owner.
    fn audiences_now(&self) -> BTreeMap<AudienceId, Audience> {
        let opened = self.words.circles.iter().filter_map(|(id, circle)| {
            let owner = self.present(circle.owner?);
            let members = words::members(circle).into_iter().filter(|org| self.members.contains_key(org));
            let members = members.chain([owner]).collect();
            Some((*id, Audience { owner, name: circle.name.clone(), members }))
        });
        opened.collect()
    }

    /// Who stands where an organisation stood: itself, or its heir once its membership has ended.
    fn present(&self, org: OrgId) -> OrgId {
        let next = |at: &OrgId| {
            let is_over = !self.members.contains_key(at) && self.memberships.has_ended(*at);
            self.heirs.get(at).copied().filter(|_| is_over)
        };
        std::iter::successors(Some(org), next).last().unwrap_or(org)
    }

    /// Whether a device may do this in a scope now, to a document of these writers: asked before anything is served,
    /// and before this node writes.
    ///
    /// `writers` are the document's owner and co-owners; reading needs none.
    pub fn may(&self, device: DeviceId, act: Act, scope: Scope, writers: &[OrgId]) -> Verdict {
        let Some(granted) = self.devices.get(&device) else {
            let ended = self.grants.grants().any(|(_, (_, granted))| granted == device);
            return if ended { Verdict::Ended } else { Verdict::UnknownDevice };
        };
        let is_member = || match self.members.contains_key(&granted.org) {
            true => Verdict::Yes,
            false if self.memberships.has_ended(granted.org) => Verdict::Ended,
            false => Verdict::NotMember,
        };
        let at_home = match scope {
            Scope::Organisation(org) if org == granted.org => Verdict::Yes,
            Scope::Organisation(_) => Verdict::OtherScope,
            Scope::Roster | Scope::Network => is_member(),
            Scope::Named(audience) => match self.audiences.get(&audience) {
                Some(audience) if audience.members.contains(&granted.org) => is_member(),
                Some(_) | None => Verdict::NotInAudience,
            },
        };
        match act {
            _ if !at_home.is_yes() => at_home,
            Act::Write if !writers.contains(&granted.org) => Verdict::NotOwner,
            Act::Read | Act::Write => Verdict::Yes,
        }
    }

    /// What a device writes under in a scope now; none where it has no place.
    pub fn standing(&self, device: DeviceId, scope: Scope) -> Option<Standing> {
        let granted = self.devices.get(&device)?;
        match scope {
            Scope::Roster => None,
            Scope::Organisation(org) => (org == granted.org).then(|| standing(granted.grant, None)),
            Scope::Network | Scope::Named(_) => {
                Some(standing(granted.grant, Some(self.members.get(&granted.org)?.grant)))
            }
        }
    }

    /// The named audiences known here.
    pub fn audiences(&self) -> impl Iterator<Item = (&AudienceId, &Audience)> {
        self.audiences.iter()
    }

    /// A named audience.
    pub fn audience(&self, audience: AudienceId) -> Option<&Audience> {
        self.audiences.get(&audience)
    }

    /// The named audiences that an organisation is in.
    pub fn audiences_of(&self, org: OrgId) -> impl Iterator<Item = AudienceId> {
        let in_it = move |(_, audience): &(&AudienceId, &Audience)| audience.members.contains(&org);
        self.audiences.iter().filter(in_it).map(|(id, _)| *id)
    }

    /// The key that speaks for an organisation now.
    pub fn root_of(&self, org: OrgId) -> OrgId {
        self.lines.root_of(org)
    }

    /// The organisation that a key speaks for now, or spoke for once; any other key may be a first root itself.
    pub fn org_of_root(&self, key: OrgId) -> OrgId {
        let is_known = self.members.contains_key(&key) || self.lines.root_of(key) != key;
        if is_known { key } else { self.lines.orgs_of(key).last().unwrap_or(key) }
    }

    /// Who took over from an organisation, at the end of all mergers.
    pub fn heir(&self, org: OrgId) -> Option<OrgId> {
        let line = std::iter::successors(self.heirs.get(&org), |at| self.heirs.get(at));
        line.last().copied()
    }

    /// The numbers that every node goes by: the charter's, as amended.
    pub fn parameters(&self) -> Parameters {
        self.association.as_ref().map_or_else(Parameters::default, |it| it.parameters.clone())
    }

    /// The association roots that vouch now.
    pub fn roots(&self) -> impl Iterator<Item = OrgId> {
        self.association.iter().flat_map(|it| it.roots.iter().copied())
    }

    /// Keys kept offline that count for amendments.
    pub fn recovery(&self) -> impl Iterator<Item = OrgId> {
        self.association.iter().flat_map(|it| it.recovery.iter().copied())
    }

    /// How many roots decide together; 0 without a charter.
    pub fn quorum(&self) -> usize {
        self.association.as_ref().map_or(0, |it| it.quorum)
    }

    /// What the next amendment names as the one before.
    pub fn newest_amendment(&self) -> Option<Digest> {
        self.association.as_ref().map(|it| it.newest)
    }

    /// The network, once there is a charter.
    pub fn network(&self) -> Option<NetworkId> {
        self.association.as_ref().map(Association::network)
    }

    /// A member by its root.
    pub fn member(&self, org: OrgId) -> Option<&Member> {
        self.members.get(&org)
    }

    /// A member by its nine-digit number, or whoever it was merged into.
    pub fn member_by_number(&self, number: &str) -> Option<&Member> {
        let heir = || {
            let once = self.numbers_once.get(number)?;
            once.iter().map(|org| self.present(*org)).find(|org| self.members.contains_key(org))
        };
        self.numbers.get(number).copied().or_else(heir).and_then(|org| self.members.get(&org))
    }

    /// All members, by root.
    pub fn members(&self) -> impl Iterator<Item = (&OrgId, &Member)> {
        self.members.iter()
    }

    /// A device by its key.
    pub fn device(&self, device: DeviceId) -> Option<&Device> {
        self.devices.get(&device)
    }

    /// All devices that some organisation has granted.
    pub fn devices(&self) -> impl Iterator<Item = (&DeviceId, &Device)> {
        self.devices.iter()
    }

    /// All devices of members, also of those whose membership has run out.
    pub fn devices_of_members(&self) -> &Arc<BTreeSet<DeviceId>> {
        &self.devices_of_members
    }

    /// Devices that said where they can be reached.
    pub fn reachable(&self) -> impl Iterator<Item = DeviceId> {
        let there = self.addresses.iter().filter(|(_, addresses)| !addresses.is_empty());
        there.map(|(device, _)| *device)
    }

    /// Where a device said that it can be reached.
    pub fn addresses(&self, device: DeviceId) -> &[String] {
        self.addresses.get(&device).map_or(&[], Vec::as_slice)
    }

    /// The member organisation that a device acts for.
    pub fn member_of(&self, device: DeviceId) -> Option<&Member> {
        self.devices.get(&device).and_then(|granted| self.members.get(&granted.org))
    }

    /// Whether this device is let in: a member's device whose membership has not run out.
    ///
    /// The only place where time is asked; it decides about connecting, never about what counts.
    pub fn lets_in(&self, device: DeviceId, now: Timestamp) -> bool {
        self.member_of(device)
            .is_some_and(|member| member.membership.until_s.is_none_or(|until| now.seconds() <= until))
    }

    /// How many members have each role.
    pub fn count(&self, role: Role) -> usize {
        self.members.values().filter(|member| member.membership.role == role).count()
    }
}
