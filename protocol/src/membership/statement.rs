//! The signed facts that trust is made of.
//!
//! Every statement has the same outer shape, so that kinds of a later version can be verified,
//! numbered, kept and passed on by a node that does not know them. Each issuer numbers and links
//! what it says in a scope, so that no gap tells of an audience; a statement is known by the hash of
//! its COSE bytes. *A statement about a scope lives only in that scope.*

mod audiences;
mod cuts;
mod devices;
mod documents;
mod kind;
mod members;
mod notices;
mod roots;

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode, bytes::ByteVec};

pub use self::{
    audiences::{AudienceAdd, AudienceEnd, AudienceOpen, audience_id},
    cuts::{CUT_LIMIT, Cut, Half, Halves, half},
    devices::{Acceptance, DeviceGrant, NodeAddress},
    documents::{CoOwnerEnd, CoOwnerGrant, FOUNDING_LIMIT, Founding, WHY_LIMIT, Withdrawal},
    kind::{Fact, Kind},
    members::{End, MembershipGrant, OrganisationSuccession, Role},
    notices::{Head, MARKS_LIMIT, Mark, Receipt},
    roots::{CharterAmendment, Removed, RootSuccession},
};
use crate::{
    genesis::Scope,
    id::{Digest, Item, NetworkId, OrgId, Standing, StatementHash},
    signed::{
        Payload, SignedError, Verified,
        encoding::{DecodeError, hash, to_vec},
    },
};

/// Most bytes of one statement.
pub const STATEMENT_LIMIT: usize = 16 * 1024;
/// Most characters of an organisation's or an audience's name.
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
    /// The key that signs: a root or a device.
    #[n(3)]
    pub issuer: OrgId,
    /// Counts what this issuer has said in this scope, from 1.
    #[n(4)]
    pub number: u64,
    /// The statement before this one there; absent for the first, and for kinds that replace each other.
    #[n(5)]
    pub previous: Option<StatementHash>,
    /// Canonical CBOR of the kind's own shape.
    #[n(6)]
    pub body: ByteVec,
    /// Where it lives; absent: the roster.
    #[n(7)]
    pub scope: Option<Scope>,
    /// What a device says it under, where its word depends on its place: see [`standing`](crate::envelope::standing).
    #[n(8)]
    pub standing: Option<Standing>,
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

impl Statement {
    /// The scope that it lives in.
    pub fn home(&self) -> Scope {
        self.scope.unwrap_or(Scope::Roster)
    }
}

/// Where an issuer stood when it said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Said {
    /// The statement's number.
    #[n(0)]
    pub number: u64,
    /// The statement.
    #[n(1)]
    pub hash: StatementHash,
}

/// The hash by which the same words of several issuers are known.
pub fn body_hash(kind: u16, body: &[u8]) -> Digest {
    Digest(hash("praksis/body/1", &(kind, ByteVec::from(body.to_vec()))))
}

/// Why bytes are not a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No signed statement.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// A known kind with another body.
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

/// What a kind says.
trait Body: Encode<()> + for<'b> Decode<'b, ()> {
    /// Bounds of its fields, and what they and the shell must agree on.
    fn check(&self, statement: &Statement) -> Result<(), StatementError>;
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
        Self::check(Verified::<Statement>::read(bytes)?)
    }

    /// The same without signatures: of what this node verified before it stored it.
    pub fn trusted(bytes: &[u8]) -> Result<Self, StatementError> {
        Self::check_as(Verified::<Statement>::trusted(bytes)?, Verified::trusted)
    }

    /// A statement that this node has just signed, or verified before it stored it.
    pub fn check(statement: Verified<Statement>) -> Result<Self, StatementError> {
        Self::check_as(statement, Verified::read)
    }

    fn check_as(statement: Verified<Statement>, accepted: Accepted) -> Result<Self, StatementError> {
        if statement.version != 1 {
            return Err(StatementError::Version(statement.version));
        }
        let kind = Kind::from_number(statement.kind);
        let unlinked = statement.number == 1 || kind.is_some_and(Kind::is_replaced_unlinked);
        if unlinked != statement.previous.is_none() || !(1..=NUMBER_LIMIT).contains(&statement.number) {
            return Err(StatementError::Link);
        }
        if statement.scope == Some(Scope::Roster) || kind.is_some_and(|kind| !kind.lives_in(statement.scope))
        {
            return Err(StatementError::Bounds("scope"));
        }
        if kind.is_some_and(|kind| !kind.is_said_under(statement.standing)) {
            return Err(StatementError::Bounds("standing"));
        }
        let fact = kind.map_or(Ok(Fact::Unknown), |kind| Fact::read(kind, &statement, accepted))?;
        Ok(Self { hash: StatementHash(statement.hash()), statement, fact })
    }

    /// Where it lives.
    pub fn scope(&self) -> Scope {
        self.statement.home()
    }

    /// The element that its scope's set is compared by.
    pub fn item(&self) -> Item {
        statement_item(self.hash)
    }

    /// Number and hash.
    pub fn said(&self) -> Said {
        Said { number: self.statement.number, hash: self.hash }
    }

    /// Whether its scope's set has it: all but receipts and heads.
    pub fn is_compared(&self) -> bool {
        !Kind::from_number(self.statement.kind).is_some_and(Kind::is_replaced_unlinked)
    }

    /// Of two that say what only one of may hold: the higher number, then the smaller hash.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        (other.statement.number, self.hash) < (self.statement.number, other.hash)
    }

    /// Whether `other` need not be kept beside it: both say what only the newest of holds, and this is the newest;
    /// every node keeps the same.
    pub fn replaces(&self, other: &Self) -> bool {
        let same = |this: &Statement, that: &Statement| {
            this.kind == that.kind && this.issuer == that.issuer && this.scope == that.scope
        };
        self.is_newer_than(other)
            && same(&self.statement, &other.statement)
            && match (&self.fact, &other.fact) {
                (Fact::Address(_), Fact::Address(_)) | (Fact::Head(_), Fact::Head(_)) => true,
                (Fact::Receipt(this), Fact::Receipt(that)) => this.owner == that.owner,
                _ => false,
            }
    }
}

/// How a device's word for its organisation is read.
type Accepted = fn(&[u8]) -> Result<Verified<Acceptance>, SignedError>;

/// The element of a scope's set for a statement: the first half of its hash.
pub fn statement_item(hash: StatementHash) -> Item {
    Item(hash.0[..16].try_into().expect("half of 32 bytes"))
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

/// Where an issuer stands in its own numbering in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    /// The scope; absent: the roster.
    pub scope: Option<Scope>,
    /// What a device speaks under there; absent for a root, and in the roster.
    pub standing: Option<Standing>,
    /// The last linked statement.
    pub last: Option<Said>,
}

impl Chain {
    /// The chain of an issuer after `last`.
    pub fn after(last: Option<Said>) -> Self {
        Self { last, ..Self::default() }
    }

    /// Signs the next statement of `key` and moves on.
    pub fn issue<B: Encode<()>>(
        &mut self,
        key: &SigningKey,
        network: NetworkId,
        kind: Kind,
        body: &B,
    ) -> Verified<Statement> {
        self.issue_bytes(key, network, kind, to_vec(body))
    }

    /// The same for a body that stands already, such as one that another root has signed.
    pub fn issue_bytes(
        &mut self,
        key: &SigningKey,
        network: NetworkId,
        kind: Kind,
        body: Vec<u8>,
    ) -> Verified<Statement> {
        let number = self.last.map_or(1, |last| last.number + 1);
        let statement = self.sign(key, network, kind, body, number, self.last.map(|last| last.hash));
        self.last = Some(Said { number, hash: StatementHash(statement.hash()) });
        statement
    }

    /// Signs a statement of a kind that replaces the one before: its number is higher, and it has no link.
    pub fn replace<B: Encode<()>>(
        &self,
        key: &SigningKey,
        network: NetworkId,
        kind: Kind,
        body: &B,
        number: u64,
    ) -> Verified<Statement> {
        self.sign(key, network, kind, to_vec(body), number, None)
    }

    fn sign(
        &self,
        key: &SigningKey,
        network: NetworkId,
        kind: Kind,
        body: Vec<u8>,
        number: u64,
        previous: Option<StatementHash>,
    ) -> Verified<Statement> {
        let standing = self.standing.filter(|_| kind.is_said_under(self.standing));
        let issuer = OrgId(key.verifying_key().to_bytes());
        let (kind, body, scope) = (kind as u16, body.into(), self.scope);
        Verified::sign(
            Statement { version: 1, kind, network, issuer, number, previous, body, scope, standing },
            key,
        )
    }
}
