//! The signed facts of a roster.
//!
//! Every statement has the same outer shape, so that kinds of a later version can be verified,
//! numbered, kept and passed on by a node that does not know them. Each issuer numbers and links
//! what it says; a statement is known by the hash of its COSE bytes.

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode, bytes::ByteVec};

use crate::{
    id::{DeviceId, Item, NetworkId, OrgId, StatementHash},
    signed::{
        Payload, SignedError, Verified,
        encoding::{DecodeError, from_slice, to_vec},
    },
};

/// Most bytes of one statement.
pub const STATEMENT_LIMIT: usize = 16 * 1024;
/// Most characters of an organisation's name.
pub const NAME_LIMIT: usize = 200;
/// Most addresses that one node announces.
pub const ADDRESS_LIMIT: usize = 16;
/// Most characters of one address.
pub const ADDRESS_LENGTH_LIMIT: usize = 256;
/// The highest number of a statement: there is always a next one to count to.
pub const NUMBER_LIMIT: u64 = 1 << 53;
/// Slots that an organisation can give to its devices: 1 to this.
pub const SLOTS: u8 = 64;

/// A statement of any kind, known or not.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Statement {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// What it says: see [`Kind`]. Others are kept and passed on, never interpreted.
    #[n(1)]
    pub kind: u16,
    /// The network it is about; zero for what an organisation says about itself.
    #[n(2)]
    pub network: NetworkId,
    /// The key that signs: a root, or a device for what a device says of itself.
    #[n(3)]
    pub issuer: OrgId,
    /// Counts what this issuer has said, from 1.
    #[n(4)]
    pub number: u64,
    /// The statement before this one; absent for the first.
    #[n(5)]
    pub previous: Option<StatementHash>,
    /// Canonical CBOR of the kind's own shape.
    #[n(6)]
    pub body: ByteVec,
}

impl Payload for Statement {
    const LIMIT: usize = STATEMENT_LIMIT;

    fn tag(&self) -> String {
        format!("praksis/statement/{}/1", self.kind)
    }

    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

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
}

/// What an organisation is in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Municipality, county or company: shares, and counts in spread.
    #[n(0)]
    Member,
    /// Vouches for members and aggregates.
    #[n(1)]
    Association,
    /// Reads the network and writes on behalf; never counts in spread.
    #[n(2)]
    Partner,
}

impl Role {
    /// The word that commands and JSON use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Association => "association",
            Self::Partner => "partner",
        }
    }

    /// From the word that commands and JSON use.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Member, Self::Association, Self::Partner].into_iter().find(|role| role.code() == code)
    }
}

/// An association vouches: this organisation, known by this root, is one of us.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MembershipGrant {
    /// Nine-digit organisation number.
    #[n(0)]
    pub number: String,
    /// The organisation's name.
    #[n(1)]
    pub name: String,
    /// Its first root key, which is its id.
    #[n(2)]
    pub org: OrgId,
    /// What it is in the network.
    #[n(3)]
    pub role: Role,
    /// Valid from, seconds since 1970.
    #[n(4)]
    pub from_s: u64,
    /// Connecting stops after this, seconds since 1970; absent: open.
    #[n(5)]
    pub until_s: Option<u64>,
    /// The invitation that it answers, by the hash of its COSE bytes.
    #[n(6)]
    pub invitation: Option<StatementHash>,
    /// The End that it follows, when the organisation was a member before.
    #[n(7)]
    pub follows: Option<StatementHash>,
}

/// A root makes a device its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceGrant {
    /// The organisation, by its first root.
    #[n(0)]
    pub org: OrgId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// 1 to [`SLOTS`]; one live grant per slot.
    #[n(2)]
    pub slot: u8,
    /// The device's own word that it belongs there: COSE bytes of an [`Acceptance`].
    #[n(3)]
    pub acceptance: ByteVec,
    /// The End that it follows, when the slot was used before.
    #[n(4)]
    pub follows: Option<StatementHash>,
}

/// A device says which organisation it is for. It says so once, for life.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Acceptance {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// Nine-digit organisation number.
    #[n(1)]
    pub number: String,
    /// The device that signs.
    #[n(2)]
    pub device: DeviceId,
}

impl Payload for Acceptance {
    const LIMIT: usize = 1024;

    fn tag(&self) -> String {
        "praksis/acceptance/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.device.0
    }
}

/// Where a device can be reached: the highest number of its device holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NodeAddress {
    /// Multiaddrs, at most [`ADDRESS_LIMIT`].
    #[n(0)]
    pub addresses: Vec<String>,
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
    /// A kind that a later version brought: kept and passed on.
    Unknown,
}

/// Why bytes are not a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The signed shell does not hold.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// The body of a known kind has another shape.
    #[error("the statement's body is {0}")]
    Body(#[from] DecodeError),
    /// A version of the shell that this program does not know.
    #[error("statement version {0} is not known here")]
    Version(u8),
    /// The first has no previous and every other one has.
    #[error("a statement's number and link do not agree")]
    Link,
    /// A field of a known kind is out of its bounds.
    #[error("the statement's {0} is out of bounds")]
    Bounds(&'static str),
}

impl StatementError {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Signed(SignedError::Signature) => "statement_signature",
            Self::Signed(_) => "statement_shape",
            Self::Body(_) => "statement_body",
            Self::Version(_) => "statement_version",
            Self::Link => "statement_link",
            Self::Bounds(_) => "statement_bounds",
        }
    }
}

/// A statement whose signature holds, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// By which it is known.
    pub hash: StatementHash,
    /// The signed shell.
    pub statement: Verified<Statement>,
    /// What it says.
    pub fact: Fact,
}

impl Known {
    /// Size, shape, signature, then the body of a known kind.
    pub fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement = Verified::<Statement>::read(bytes)?;
        if statement.version != 1 {
            return Err(StatementError::Version(statement.version));
        }
        let first = statement.number == 1;
        if first != statement.previous.is_none() || !(1..=NUMBER_LIMIT).contains(&statement.number) {
            return Err(StatementError::Link);
        }
        let fact = read_body(&statement)?;
        Ok(Self { hash: StatementHash(statement.hash()), statement, fact })
    }

    /// The element that the roster's set is compared by.
    pub fn item(&self) -> Item {
        statement_item(self.hash)
    }
}

/// The element of the roster's set for a statement: the first half of its hash.
pub fn statement_item(hash: StatementHash) -> Item {
    Item(hash.0[..16].try_into().expect("half of 32 bytes"))
}

fn read_body(statement: &Statement) -> Result<Fact, StatementError> {
    let body = statement.body.as_slice();
    if statement.kind == Kind::MembershipGrant as u16 {
        let grant: MembershipGrant = from_slice(body, STATEMENT_LIMIT)?;
        organisation_number(&grant.number)?;
        bounded(&grant.name, NAME_LIMIT, "name")?;
        Ok(Fact::Membership(grant))
    } else if statement.kind == Kind::DeviceGrant as u16 {
        let grant: DeviceGrant = from_slice(body, STATEMENT_LIMIT)?;
        if !(1..=SLOTS).contains(&grant.slot) {
            return Err(StatementError::Bounds("slot"));
        }
        let acceptance = Verified::<Acceptance>::read(&grant.acceptance)?;
        if acceptance.device != grant.device || acceptance.version != 1 {
            return Err(StatementError::Bounds("acceptance"));
        }
        organisation_number(&acceptance.number)?;
        let acceptance = Acceptance::clone(&acceptance);
        Ok(Fact::Device(grant, acceptance))
    } else if statement.kind == Kind::NodeAddress as u16 {
        let address: NodeAddress = from_slice(body, STATEMENT_LIMIT)?;
        if address.addresses.len() > ADDRESS_LIMIT {
            return Err(StatementError::Bounds("number of addresses"));
        }
        address.addresses.iter().try_for_each(|a| bounded(a, ADDRESS_LENGTH_LIMIT, "address"))?;
        Ok(Fact::Address(address))
    } else {
        Ok(Fact::Unknown)
    }
}

/// Nine digits; whether the last one checks is for those who type it in.
fn organisation_number(text: &str) -> Result<(), StatementError> {
    let fits = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(StatementError::Bounds("organisation number")) }
}

fn bounded(text: &str, limit: usize, what: &'static str) -> Result<(), StatementError> {
    let fits = !text.is_empty() && text.chars().count() <= limit && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(StatementError::Bounds(what)) }
}

/// Where an issuer stands in its own numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    /// The last number used, and its statement.
    pub last: Option<(u64, StatementHash)>,
}

impl Chain {
    /// Signs the next statement of `key` and moves on.
    pub fn issue<B: Encode<()>>(
        &mut self,
        key: &SigningKey,
        network: NetworkId,
        kind: Kind,
        body: &B,
    ) -> Verified<Statement> {
        let statement = Verified::sign(
            Statement {
                version: 1,
                kind: kind as u16,
                network,
                issuer: OrgId(key.verifying_key().to_bytes()),
                number: self.last.map_or(1, |(number, _)| number + 1),
                previous: self.last.map(|(_, hash)| hash),
                body: to_vec(body).into(),
            },
            key,
        );
        self.last = Some((statement.number, StatementHash(statement.hash())));
        statement
    }
}
