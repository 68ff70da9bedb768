//! The answers that the roster gives.

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Be served what a scope holds.
    Read,
    /// Change a document that these organisations may change (owner first).
    Write,
}

/// The answer, with its reason. Of two, the later one here is the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It may.
    Yes,
    /// What it was written under has ended, and others have not said yet how much of it counts here.
    CutAwaited,
    /// What it was written under has ended, and this lies past the cut.
    PastCut,
    /// Nothing makes what it was written under valid: a grant may still come.
    UnknownStanding,
    /// No grant makes the device anybody's: one may still come.
    UnknownDevice,
    /// Its organisation is no member of the network: a grant may still come.
    NotMember,
    /// The device, or its organisation's membership, has been ended.
    Ended,
    /// The organisation is not in the audience: an Add may still come.
    NotInAudience,
    /// The scope is not its organisation's.
    OtherScope,
    /// The document belongs to others.
    NotOwner,
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
