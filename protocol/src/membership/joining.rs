//! How an organisation comes into a network, and a second office into an organisation.
//!
//! An invitation carries a one-time key; whoever holds it may ask for the membership it names, once. Without one
//! an organisation asks in its own name, and an association that knows it answers with an [`Admittance`].
//! What a guest and a node of the network say to each other is in [`JoinRequest`] and [`JoinReply`];
//! a guest can say nothing else.

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode, bytes::ByteVec};

use super::statement::{Fact, Known, NAME_LIMIT, Role};
use crate::{
    id::{DeviceId, NetworkId, OrgId, StatementHash},
    signed::{
        Payload, SignedError, Verified,
        encoding::{from_slice, to_vec},
    },
};

/// Most bytes of an invitation, a grant for an office, or any message of a guest.
pub const JOIN_LIMIT: usize = 64 * 1024;
/// Most bytes of the card in an application.
pub const CARD_LIMIT: usize = 8 * 1024;
/// Most bytes of an application: its card, and a grant with a name.
pub const APPLICATION_LIMIT: usize = 16 * 1024;

/// An association's promise: whoever holds the seed may become this member.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The network.
    #[n(1)]
    pub network: NetworkId,
    /// Its first charter, canonical bytes.
    #[n(2)]
    pub charter: ByteVec,
    /// The association's root, which signs.
    #[n(3)]
    pub issuer: OrgId,
    /// Nine-digit number of the organisation invited.
    #[n(4)]
    pub number: String,
    /// What it will be.
    #[n(5)]
    pub role: Role,
    /// Seed of the one-time key that the request is signed with.
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub seed: [u8; 32],
    /// Nodes of the association that admit.
    #[n(7)]
    pub devices: Vec<DeviceId>,
    /// Where they can be reached: multiaddrs.
    #[n(8)]
    pub addresses: Vec<String>,
    /// No use after this, seconds since 1970.
    #[n(9)]
    pub expires_s: u64,
}

impl Payload for Invitation {
    const LIMIT: usize = JOIN_LIMIT;

    fn tag(&self) -> String {
        "praksis/invitation/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

impl Invitation {
    /// The one-time key.
    pub fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.seed)
    }
}

/// What the joiner asks, signed by the invitation's one-time key; without an invitation by its own root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Application {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The invitation, by the hash of its COSE bytes, if there is one.
    #[n(1)]
    pub invitation: Option<StatementHash>,
    /// Public half of the one-time key; without an invitation the organisation's root.
    #[n(2)]
    pub one_time: OrgId,
    /// The root that will be the organisation's id.
    #[n(3)]
    pub org: OrgId,
    /// The organisation's name.
    #[n(4)]
    pub name: String,
    /// The joiner's own device grant: COSE bytes of a statement.
    #[n(5)]
    pub device_grant: ByteVec,
    /// Its public card as JSON, for whoever decides without having invited it; at most [`CARD_LIMIT`].
    #[n(6)]
    pub card: Option<String>,
}

impl Payload for Application {
    const LIMIT: usize = APPLICATION_LIMIT;

    fn tag(&self) -> String {
        "praksis/application/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.one_time.0
    }
}

/// What a guest may say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinRequest {
    /// COSE bytes of an [`Application`].
    #[n(0)]
    Apply(#[n(0)] ByteVec),
    /// I am a member that you have not heard of: statements that prove it, COSE bytes.
    #[n(1)]
    Introduce(#[n(0)] Vec<ByteVec>),
}

/// What a guest is answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinReply {
    /// The statements that make the guest and the answering node members of one network.
    #[n(0)]
    Welcome(#[n(0)] Vec<ByteVec>),
    /// Refused, for this reason.
    #[n(1)]
    Refused(#[n(0)] Refusal),
    /// The guest's device, or its organisation's membership, has been ended: by these statements.
    #[n(2)]
    Ended(#[n(0)] Vec<ByteVec>),
    /// The application without an invitation is kept until somebody decides. Ask again later.
    #[n(3)]
    Waiting,
    /// It was granted: COSE bytes of an [`Admittance`].
    #[n(4)]
    Admitted(#[n(0)] ByteVec),
    /// It was declined, with a reason for people if one was given.
    #[n(5)]
    Declined(#[n(0)] Option<String>),
}

/// Why a guest is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub enum Refusal {
    /// Nothing that this node can read.
    #[n(0)]
    #[error("the request could not be read")]
    Malformed,
    /// The invitation was not issued here, or was withdrawn.
    #[n(1)]
    #[error("the invitation is not known")]
    UnknownInvitation,
    /// The invitation's time is over.
    #[n(2)]
    #[error("the invitation has expired")]
    Expired,
    /// The invitation has been used by another root or device.
    #[n(3)]
    #[error("the invitation has been used by someone else")]
    Used,
    /// This node holds no association root.
    #[n(4)]
    #[error("this node does not admit members")]
    NotHere,
    /// The statements do not make the guest a member.
    #[n(5)]
    #[error("the statements shown do not make a member")]
    NotMember,
    /// Another live member has this organisation number.
    #[n(6)]
    #[error("the organisation number belongs to another member")]
    NumberTaken,
    /// More bytes than an application may have.
    #[n(7)]
    #[error("the request is larger than may be")]
    TooLarge,
    /// The application is not signed by whom it names.
    #[n(8)]
    #[error("the signature of the request does not hold")]
    Signature,
    /// The application is another device's.
    #[n(9)]
    #[error("the request is another device's")]
    NotOwn,
    /// As many applications wait as are kept.
    #[n(10)]
    #[error("more requests wait there than are kept")]
    Full,
}

/// What a second office gets: its grant, and what it needs to find the others.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfficeGrant {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The organisation, by its first root.
    #[n(1)]
    pub org: OrgId,
    /// The organisation's name.
    #[n(2)]
    pub name: String,
    /// The network's charter, canonical bytes, if the organisation has joined one.
    #[n(3)]
    pub charter: Option<ByteVec>,
    /// Statements: the device's grant, the other devices' grants and addresses, the membership, and what
    /// makes the present roots out of the first ones.
    #[n(4)]
    pub statements: Vec<ByteVec>,
    /// The device that is granted.
    #[n(5)]
    pub device: DeviceId,
    /// The device that issued the grant.
    #[n(6)]
    pub granted_by: DeviceId,
    /// Where that one can be reached: multiaddrs.
    #[n(7)]
    pub addresses: Vec<String>,
    /// The organisation's present root, which signs; absent: its first.
    #[n(8)]
    pub root: Option<OrgId>,
}

impl Payload for OfficeGrant {
    const LIMIT: usize = JOIN_LIMIT;

    fn tag(&self) -> String {
        "praksis/office/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.root.unwrap_or(self.org).0
    }
}

impl Application {
    /// What a guest sent: size, then shape, then signature.
    pub fn heard(bytes: &[u8]) -> Result<Verified<Self>, Refusal> {
        if bytes.len() > APPLICATION_LIMIT {
            return Err(Refusal::TooLarge);
        }
        Verified::read(bytes).map_err(|error| match error {
            SignedError::Decode(_) | SignedError::Header => Refusal::Malformed,
            SignedError::Key | SignedError::Signature => Refusal::Signature,
        })
    }

    /// Of one without an invitation: the device that asks, with the organisation number that it has accepted.
    /// `None` unless all of it fits together.
    pub fn asks_itself(&self) -> Option<(Known, String)> {
        let device_grant = Known::read(&self.device_grant).ok()?;
        let Fact::Device(grant, acceptance) = &device_grant.fact else { return None };
        let is_its_own = grant.org == self.org && device_grant.statement.issuer == self.org;
        let number = acceptance.number.clone();
        let fits = self.version == 1 && self.invitation.is_none() && self.one_time == self.org && is_its_own;
        (fits && self.is_bounded()).then_some((device_grant, number))
    }

    /// Whether its name and card are as long as they may be, and the name is one line.
    pub fn is_bounded(&self) -> bool {
        let named = (1..=NAME_LIMIT).contains(&self.name.chars().count());
        let named = named && !self.name.chars().any(char::is_control);
        named && self.card.as_ref().is_none_or(|card| card.len() <= CARD_LIMIT)
    }
}

/// What an organisation gets that asked without an invitation: its membership, and what it needs to find the others.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Admittance {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The network.
    #[n(1)]
    pub network: NetworkId,
    /// Its first charter, canonical bytes.
    #[n(2)]
    pub charter: ByteVec,
    /// The association's root, which signs.
    #[n(3)]
    pub issuer: OrgId,
    /// The organisation that is admitted.
    #[n(4)]
    pub org: OrgId,
    /// Statements: its membership, the association's own, its admitting device with its address, and what makes the
    /// present roots out of the first ones.
    #[n(5)]
    pub statements: Vec<ByteVec>,
    /// The device that admitted it.
    #[n(6)]
    pub admitted_by: DeviceId,
    /// Where that one can be reached: multiaddrs.
    #[n(7)]
    pub addresses: Vec<String>,
}

impl Payload for Admittance {
    const LIMIT: usize = JOIN_LIMIT;

    fn tag(&self) -> String {
        "praksis/admittance/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

impl Refusal {
    /// Whether the same request will never get another answer.
    pub fn is_final(self) -> bool {
        match self {
            Self::UnknownInvitation
            | Self::Expired
            | Self::Used
            | Self::NumberTaken
            | Self::TooLarge
            | Self::Signature
            | Self::NotOwn => true,
            Self::Malformed | Self::NotHere | Self::NotMember | Self::Full => false,
        }
    }

    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "join_malformed",
            Self::UnknownInvitation => "invitation_unknown",
            Self::Expired => "invitation_expired",
            Self::Used => "invitation_used",
            Self::NotHere => "join_not_here",
            Self::NotMember => "not_member",
            Self::NumberTaken => "number_taken",
            Self::TooLarge => "request_too_large",
            Self::Signature => "request_signature",
            Self::NotOwn => "request_not_own",
            Self::Full => "requests_full",
        }
    }
}

impl JoinRequest {
    /// Reads what a guest sent.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        from_slice(bytes, JOIN_LIMIT).ok()
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }
}

impl JoinReply {
    /// Reads what a guest was answered.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        from_slice(bytes, JOIN_LIMIT).ok()
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }
}
