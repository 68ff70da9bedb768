//! The fold of all statements into one answer: who may do what, where.
//!
//! The same statements give the same roster in whatever order they came. Where two contradict each
//! other, the issuer's own numbering decides, then the smaller hash; an invitation that was answered
//! with two different grants counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    charter::{Charter, Parameters},
    statement::{Fact, Known, MembershipGrant, Role, Said},
};
use crate::{
    envelope::{Envelope, standing},
    genesis::{Genesis, Scope},
    id::{AudienceId, DeviceId, EnvelopeHash, NetworkId, OrgId, Standing, StatementHash},
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

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Be served what a scope holds.
    Read,
    /// Change a document that these organisations may change (owner first).
    Write,
}

/// The answer, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It may.
    Yes,
    /// No grant makes the device anybody's: one may still come.
    UnknownDevice,
    /// Its organisation is no member of the network: a grant may still come.
    NotMember,
    /// The scope is not its organisation's.
    OtherScope,
    /// The document belongs to others.
    NotOwner,
    /// The device, or its organisation's membership, has been ended.
    Ended,
    /// The organisation is not in the audience: an Add may still come.
    NotInAudience,
    /// Nothing makes what it was written under valid: a grant may still come.
    UnknownStanding,
    /// What it was written under has ended, and how much of it counts here has not been said yet.
    CutAwaited,
    /// What it was written under has ended, and this lies past the cut.
    PastCut,
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

impl Verdict {
    /// Whether it may.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// Whether a statement that has not come yet could turn this into a yes.
    pub fn may_change(self) -> bool {
        match self {
            Self::UnknownDevice
            | Self::NotMember
            | Self::NotInAudience
            | Self::UnknownStanding
            | Self::CutAwaited => true,
            Self::Yes | Self::OtherScope | Self::NotOwner | Self::Ended | Self::PastCut => false,
        }
    }

    /// The name under which refusals are counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::UnknownDevice => "unknown_device",
            Self::NotMember => "not_member",
            Self::OtherScope => "other_scope",
            Self::NotOwner => "not_owner",
            Self::Ended => "ended",
            Self::NotInAudience => "not_in_audience",
            Self::UnknownStanding => "unknown_standing",
            Self::CutAwaited => "cut_awaited",
            Self::PastCut => "past_cut",
        }
    }
}

/// Who belongs, and how their devices are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    network: Option<NetworkId>,
    members: BTreeMap<OrgId, Member>,
    numbers: BTreeMap<String, OrgId>,
    devices: BTreeMap<DeviceId, Device>,
    addresses: BTreeMap<DeviceId, Vec<String>>,
    audiences: BTreeMap<AudienceId, Audience>,
    /// Invitations answered with two different grants.
    pub alarms: BTreeSet<StatementHash>,
}

impl Roster {
    /// Folds statements under a charter; without one, only what organisations say of themselves.
    pub fn fold<'a>(charter: Option<&Charter>, statements: impl IntoIterator<Item = &'a Known>) -> Self {
        let network = charter.map(Charter::network);
        let mut memberships = Vec::new();
        let mut grants = Vec::new();
        let mut addresses = BTreeMap::<DeviceId, (u64, StatementHash, &[String])>::new();
        for known in statements {
            let issuer = known.statement.issuer;
            match &known.fact {
                Fact::Membership(grant) => {
                    let vouched = charter.is_some_and(|charter| charter.roots.contains(&issuer));
                    if vouched && Some(known.statement.network) == network {
                        memberships.push((known.statement.number, known.hash, grant));
                    }
                }
                Fact::Device(grant, acceptance) => {
                    if issuer == grant.org {
                        grants.push((known.statement.number, known.hash, grant, acceptance));
                    }
                }
                Fact::Address(address) => {
                    let candidate = (known.statement.number, known.hash, address.addresses.as_slice());
                    let held = addresses.entry(DeviceId(issuer.0)).or_insert(candidate);
                    if newer((candidate.0, candidate.1), (held.0, held.1)) {
                        *held = candidate;
                    }
                }
                Fact::MembershipEnd(_)
                | Fact::DeviceEnd(_)
                | Fact::Cut(_)
                | Fact::RootSuccession(_)
                | Fact::OrganisationSuccession(_)
                | Fact::Amendment(_)
                | Fact::AudienceOpen(_)
                | Fact::AudienceAdd(_)
                | Fact::AudienceEnd(_)
                | Fact::CoOwnerGrant(_)
                | Fact::CoOwnerEnd(_)
                | Fact::Founding(_)
                | Fact::Withdrawal(_)
                | Fact::Receipt(_)
                | Fact::Head(_)
                | Fact::Unknown => {}
            }
        }
        let alarms = answered_twice(&memberships);
        memberships.retain(|(_, _, grant)| grant.invitation.is_none_or(|hash| !alarms.contains(&hash)));
        memberships.sort_by_key(|(number, hash, _)| (*number, *hash));
        grants.sort_by_key(|(number, hash, ..)| (*number, *hash));

        let mut roster = Self { network, alarms, ..Self::default() };
        for (_, hash, grant) in memberships {
            if !roster.members.contains_key(&grant.org) && !roster.numbers.contains_key(&grant.number) {
                roster.numbers.insert(grant.number.clone(), grant.org);
                roster.members.insert(grant.org, Member { grant: hash, membership: grant.clone() });
            }
        }
        let mut slots = BTreeSet::new();
        for (_, hash, grant, acceptance) in grants {
            // A device is for the organisation whose number it accepted; a root that claims another is not heard.
            let claimed = roster.members.get(&grant.org).map(|member| &member.membership.number);
            if claimed.is_some_and(|number| *number != acceptance.number) {
                continue;
            }
            // Two roots can show one device's acceptance only by claiming one number; the member's claim stands.
            let rival = roster.devices.get(&grant.device);
            let outranks =
                rival.is_none_or(|held| claimed.is_some() && !roster.members.contains_key(&held.org));
            if outranks && slots.insert((grant.org, grant.slot)) {
                let number = acceptance.number.clone();
                roster
                    .devices
                    .insert(grant.device, Device { grant: hash, org: grant.org, slot: grant.slot, number });
            }
        }
        roster.addresses = addresses
            .into_iter()
            .filter(|(device, _)| roster.devices.contains_key(device))
            .map(|(device, (_, _, addresses))| (device, addresses.to_vec()))
            .collect();
        roster
    }

    /// Whether a device may do this in a scope, to a document of these writers.
    ///
    /// `writers` are the document's owner and co-owners; reading needs none.
    pub fn may(&self, device: DeviceId, act: Act, scope: Scope, writers: &[OrgId]) -> Verdict {
        let Some(granted) = self.devices.get(&device) else { return Verdict::UnknownDevice };
        let at_home = match scope {
            Scope::Organisation(org) => org == granted.org,
            Scope::Roster | Scope::Network => {
                if !self.members.contains_key(&granted.org) {
                    return Verdict::NotMember;
                }
                true
            }
            Scope::Named(_) => false,
        };
        match act {
            _ if !at_home => Verdict::OtherScope,
            Act::Write if !writers.contains(&granted.org) => Verdict::NotOwner,
            Act::Read | Act::Write => Verdict::Yes,
        }
    }

    /// Whether an envelope counts, for ever: by what it was written under, and by the cuts of what has ended.
    pub fn counts(&self, hash: EnvelopeHash, envelope: &Envelope, genesis: &Genesis) -> Verdict {
        self.rights(genesis).counts(hash, envelope)
    }

    /// The same for many envelopes of one document.
    pub fn rights(&self, genesis: &Genesis) -> Rights<'_> {
        Rights { roster: self, owner: genesis.owner, scope: genesis.scope, writers: self.writers(genesis) }
    }

    /// What a device writes under in a scope now; none where it may not write at all.
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

    /// Who may write in a document now, its owner first: co-owners of the genesis and granted ones, less those that
    /// ended; heirs in place of ended predecessors.
    pub fn writers(&self, genesis: &Genesis) -> Vec<OrgId> {
        genesis.writers()
    }

    /// Whether a document is withdrawn.
    pub fn withdrawn(&self, _genesis: &Genesis) -> Option<Withdrawn> {
        None
    }

    /// The named audiences known here.
    pub fn audiences(&self) -> impl Iterator<Item = (&AudienceId, &Audience)> {
        self.audiences.iter()
    }

    /// A named audience.
    pub fn audience(&self, audience: AudienceId) -> Option<&Audience> {
        self.audiences.get(&audience)
    }

    /// The named audiences that an organisation is in and may read.
    pub fn audiences_of(&self, org: OrgId) -> impl Iterator<Item = AudienceId> {
        let in_it = move |(_, audience): &(&AudienceId, &Audience)| audience.members.contains(&org);
        self.audiences.iter().filter(in_it).map(|(id, _)| *id)
    }

    /// The key that speaks for an organisation now.
    pub fn root_of(&self, org: OrgId) -> OrgId {
        org
    }

    /// The organisation that a key speaks for now, or spoke for once.
    pub fn org_of_root(&self, key: OrgId) -> Option<OrgId> {
        Some(key)
    }

    /// Who took over from an organisation, at the end of all mergers.
    pub fn heir(&self, _org: OrgId) -> Option<OrgId> {
        None
    }

    /// The numbers that every node goes by.
    pub fn parameters(&self) -> Parameters {
        Parameters::default()
    }

    /// The network, once there is a charter.
    pub fn network(&self) -> Option<NetworkId> {
        self.network
    }

    /// A member by its root.
    pub fn member(&self, org: OrgId) -> Option<&Member> {
        self.members.get(&org)
    }

    /// A member by its nine-digit number.
    pub fn member_by_number(&self, number: &str) -> Option<&Member> {
        self.numbers.get(number).and_then(|org| self.members.get(org))
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

/// The highest number holds, then the smaller hash.
fn newer(candidate: (u64, StatementHash), held: (u64, StatementHash)) -> bool {
    candidate.0 > held.0 || (candidate.0 == held.0 && candidate.1 < held.1)
}

fn answered_twice(memberships: &[(u64, StatementHash, &MembershipGrant)]) -> BTreeSet<StatementHash> {
    let mut answers = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (_, hash, grant) in memberships {
        if let Some(invitation) = grant.invitation
            && answers.insert(invitation, *hash).is_some_and(|other| other != *hash)
        {
            twice.insert(invitation);
        }
    }
    twice
}

/// Who has which right in one document; made once for many envelopes.
#[derive(Debug)]
pub struct Rights<'a> {
    roster: &'a Roster,
    owner: OrgId,
    scope: Scope,
    writers: Vec<OrgId>,
}

impl Rights<'_> {
    /// Whether an envelope counts, for ever.
    pub fn counts(&self, _hash: EnvelopeHash, envelope: &Envelope) -> Verdict {
        self.roster.may(envelope.device, Act::Write, self.scope, &self.writers)
    }

    /// Whether an envelope is the owner's own, or its heir's.
    pub fn is_owners(&self, envelope: &Envelope) -> bool {
        self.roster.device(envelope.device).is_some_and(|device| device.org == self.owner)
    }
}
