//! The kinds of statement: their numbers, where each lives, and what each says.

use super::{
    Acceptance, Accepted, AudienceAdd, AudienceEnd, AudienceOpen, Body, CharterAmendment, CoOwnerEnd,
    CoOwnerGrant, Cut, DeviceGrant, End, Founding, Head, MembershipGrant, NodeAddress,
    OrganisationSuccession, Receipt, RootSuccession, STATEMENT_LIMIT, Statement, StatementError, Withdrawal,
};
use crate::{genesis::Scope, id::Standing, signed::encoding::from_slice};

/// The numbers of the kinds. A number is never used for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Kind {
    /// An association vouches for an organisation.
    MembershipGrant = 1,
    /// An organisation's root makes a device its own.
    DeviceGrant = 2,
    /// Where a device can be reached.
    NodeAddress = 3,
    /// An association vouches no longer.
    MembershipEnd = 4,
    /// A device is an organisation's no longer.
    DeviceEnd = 5,
    /// How much of what an ended device wrote in a scope counts.
    Cut = 6,
    /// An organisation's root gives way to another.
    RootSuccession = 7,
    /// An organisation became part of another.
    OrganisationSuccession = 8,
    /// The charter as it is from now on.
    CharterAmendment = 9,
    /// Begins a named audience.
    AudienceOpen = 10,
    /// Takes an organisation into an audience.
    AudienceAdd = 11,
    /// Takes it out.
    AudienceEnd = 12,
    /// Another organisation may write in a document.
    CoOwnerGrant = 13,
    /// It may no longer.
    CoOwnerEnd = 14,
    /// The owner's first change of what a joint draft will be shared as.
    Founding = 15,
    /// A document is withdrawn.
    Withdrawal = 16,
    /// What a device has done with withdrawals.
    Receipt = 17,
    /// A device's newest envelope in a scope.
    Head = 18,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Self; 18] = [
        Self::MembershipGrant,
        Self::DeviceGrant,
        Self::NodeAddress,
        Self::MembershipEnd,
        Self::DeviceEnd,
        Self::Cut,
        Self::RootSuccession,
        Self::OrganisationSuccession,
        Self::CharterAmendment,
        Self::AudienceOpen,
        Self::AudienceAdd,
        Self::AudienceEnd,
        Self::CoOwnerGrant,
        Self::CoOwnerEnd,
        Self::Founding,
        Self::Withdrawal,
        Self::Receipt,
        Self::Head,
    ];

    /// From its number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == number)
    }

    /// Whether a statement of this kind may live there.
    pub fn lives_in(self, scope: Option<Scope>) -> bool {
        match self {
            Self::MembershipGrant
            | Self::DeviceGrant
            | Self::NodeAddress
            | Self::MembershipEnd
            | Self::DeviceEnd
            | Self::RootSuccession
            | Self::OrganisationSuccession
            | Self::CharterAmendment => scope.is_none(),
            Self::Cut => true,
            Self::AudienceOpen | Self::AudienceAdd | Self::AudienceEnd | Self::Founding => {
                matches!(scope, Some(Scope::Named(_)))
            }
            Self::CoOwnerGrant | Self::CoOwnerEnd | Self::Withdrawal | Self::Receipt | Self::Head => {
                scope.is_some()
            }
        }
    }

    /// Whether a statement of this kind has this standing: a device's word about what is not its own has one,
    /// a root's has none.
    pub fn is_said_under(self, standing: Option<Standing>) -> bool {
        match self {
            Self::MembershipGrant
            | Self::DeviceGrant
            | Self::NodeAddress
            | Self::MembershipEnd
            | Self::DeviceEnd
            | Self::RootSuccession
            | Self::OrganisationSuccession
            | Self::CharterAmendment
            | Self::Receipt
            | Self::Head => standing.is_none(),
            Self::Cut | Self::Withdrawal => true,
            Self::AudienceOpen
            | Self::AudienceAdd
            | Self::AudienceEnd
            | Self::CoOwnerGrant
            | Self::CoOwnerEnd
            | Self::Founding => standing.is_some(),
        }
    }

    /// Whether only the newest is kept, outside the compared set: such a one carries a number and never a link.
    pub fn is_replaced_unlinked(self) -> bool {
        matches!(self, Self::Receipt | Self::Head)
    }
}

/// What a statement says, as far as this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// See [`MembershipGrant`].
    Membership(MembershipGrant),
    /// See [`DeviceGrant`]; the number is the one that the device accepted.
    Device(DeviceGrant, Acceptance),
    /// See [`NodeAddress`].
    Address(NodeAddress),
    /// The End of a membership.
    MembershipEnd(End),
    /// The End of a device.
    DeviceEnd(End),
    /// See [`Cut`].
    Cut(Cut),
    /// See [`RootSuccession`].
    RootSuccession(RootSuccession),
    /// See [`OrganisationSuccession`].
    OrganisationSuccession(OrganisationSuccession),
    /// See [`CharterAmendment`].
    Amendment(CharterAmendment),
    /// See [`AudienceOpen`].
    AudienceOpen(AudienceOpen),
    /// See [`AudienceAdd`].
    AudienceAdd(AudienceAdd),
    /// See [`AudienceEnd`].
    AudienceEnd(AudienceEnd),
    /// See [`CoOwnerGrant`].
    CoOwnerGrant(CoOwnerGrant),
    /// See [`CoOwnerEnd`].
    CoOwnerEnd(CoOwnerEnd),
    /// See [`Founding`].
    Founding(Founding),
    /// See [`Withdrawal`].
    Withdrawal(Withdrawal),
    /// See [`Receipt`].
    Receipt(Receipt),
    /// See [`Head`].
    Head(Head),
    /// A kind that a later version brought: kept and passed on.
    Unknown,
}

impl Fact {
    /// Shape, spelling and bounds of a body.
    pub(super) fn read(
        kind: Kind,
        statement: &Statement,
        accepted: Accepted,
    ) -> Result<Self, StatementError> {
        fn body<B: Body>(statement: &Statement) -> Result<B, StatementError> {
            let body: B = from_slice(&statement.body, STATEMENT_LIMIT)?;
            body.check(statement)?;
            Ok(body)
        }
        Ok(match kind {
            Kind::MembershipGrant => Self::Membership(body(statement)?),
            Kind::DeviceGrant => {
                let grant: DeviceGrant = from_slice(&statement.body, STATEMENT_LIMIT)?;
                let accepted = grant.accepted(accepted)?;
                Self::Device(grant, accepted)
            }
            Kind::NodeAddress => Self::Address(body(statement)?),
            Kind::MembershipEnd => Self::MembershipEnd(body(statement)?),
            Kind::DeviceEnd => Self::DeviceEnd(body(statement)?),
            Kind::Cut => Self::Cut(body(statement)?),
            Kind::RootSuccession => Self::RootSuccession(body(statement)?),
            Kind::OrganisationSuccession => Self::OrganisationSuccession(body(statement)?),
            Kind::CharterAmendment => Self::Amendment(body(statement)?),
            Kind::AudienceOpen => Self::AudienceOpen(body(statement)?),
            Kind::AudienceAdd => Self::AudienceAdd(body(statement)?),
            Kind::AudienceEnd => Self::AudienceEnd(body(statement)?),
            Kind::CoOwnerGrant => Self::CoOwnerGrant(body(statement)?),
            Kind::CoOwnerEnd => Self::CoOwnerEnd(body(statement)?),
            Kind::Founding => Self::Founding(body(statement)?),
            Kind::Withdrawal => Self::Withdrawal(body(statement)?),
            Kind::Receipt => Self::Receipt(body(statement)?),
            Kind::Head => Self::Head(body(statement)?),
        })
    }
}
