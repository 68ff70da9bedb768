//! What a document is before anybody has written in it.
//!
//! A document's id is the hash of its [`Genesis`], in which there is no device, no time and no
//! schema: any device of the owner makes the same one. The scope stands in it too, so it never
//! changes; widening an audience makes another document under the same record id.

use std::{collections::BTreeSet, sync::LazyLock};

use minicbor::{Decode, Decoder, Encode, Encoder, bytes::ByteVec, decode, encode};

use crate::{
    id::{AudienceId, DocumentId, NetworkId, OrgId},
    signed::encoding::{DecodeError, from_slice, hash, to_vec},
};

/// Most bytes of a genesis.
pub const GENESIS_LIMIT: usize = 4 * 1024;
/// Most organisations that own a document together with its owner.
pub const CO_OWNERS_LIMIT: usize = 64;

/// A place that documents live in, and the unit that two nodes compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The statements themselves.
    Roster,
    /// One organisation's drafts: its own devices only.
    Organisation(OrgId),
    /// All members of the network.
    Network,
    /// A named audience.
    Named(AudienceId),
}

impl<C> Encode<C> for Scope {
    /// `[0]`, `[1, root]`, `[2]` or `[3, audience]`.
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        match self {
            Self::Roster => e.array(1)?.u8(0)?,
            Self::Organisation(root) => e.array(2)?.u8(1)?.bytes(&root.0)?,
            Self::Network => e.array(1)?.u8(2)?,
            Self::Named(audience) => e.array(2)?.u8(3)?.bytes(&audience.0)?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Scope {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let len = d.array()?;
        match (len, d.u8()?) {
            (Some(1), 0) => Ok(Self::Roster),
            (Some(2), 1) => key(d).map(|root| Self::Organisation(OrgId(root))),
            (Some(1), 2) => Ok(Self::Network),
            (Some(2), 3) => key(d).map(|audience| Self::Named(AudienceId(audience))),
            (_, other) => Err(decode::Error::message(format!("no scope has the number {other}"))),
        }
    }
}

fn key(d: &mut Decoder<'_>) -> Result<[u8; 32], decode::Error> {
    d.bytes()?.try_into().map_err(|_| decode::Error::message("a scope's key has 32 bytes"))
}

/// The kinds of document. A number is never used for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kind {
    /// A lessons-learned record of one procurement.
    Case = 1,
    /// A procurement document that others can adapt.
    Template = 2,
    /// Answers to a template; stays a draft.
    Filled = 3,
    /// Another organisation's word on a case or template.
    Response = 4,
    /// A curated list or learning path.
    Collection = 5,
    /// Role and role mailbox, which can be destroyed alone.
    Contact = 6,
    /// One organisation's totals of one year.
    OrgYear = 7,
    /// An organisation's public card.
    Organisation = 8,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Self; 8] = [
        Self::Case,
        Self::Template,
        Self::Filled,
        Self::Response,
        Self::Collection,
        Self::Contact,
        Self::OrgYear,
        Self::Organisation,
    ];

    /// From its number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == number)
    }

    /// Its name in commands and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Template => "template",
            Self::Filled => "filled",
            Self::Response => "response",
            Self::Collection => "collection",
            Self::Contact => "contact",
            Self::OrgYear => "org_year",
            Self::Organisation => "organisation",
        }
    }

    /// Whether it is written as a draft first and then shared, or straight into the network.
    pub fn is_drafted(self) -> bool {
        match self {
            Self::Case | Self::Template | Self::Filled | Self::Collection | Self::Contact => true,
            Self::Response | Self::OrgYear | Self::Organisation => false,
        }
    }
}

/// The canonical beginning of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Genesis {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The network; zero for drafts, so that work can begin before joining.
    #[n(1)]
    pub network: NetworkId,
    /// The kind's number, see [`Kind`]. Documents of unknown kinds are kept and passed on.
    #[n(2)]
    pub kind: u16,
    /// Where it lives, for ever.
    #[n(3)]
    pub scope: Scope,
    /// The organisation that keeps it.
    #[n(4)]
    pub owner: OrgId,
    /// Those who may write too, sorted.
    #[n(5)]
    pub co_owners: Vec<OrgId>,
    /// Random for a draft; a hash of what it is about for everything else.
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// The record that it is shared from, by its draft's id; absent for drafts and direct kinds.
    #[n(7)]
    pub record: Option<DocumentId>,
}

/// Why a genesis begins no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Not canonical CBOR of this shape.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A version that this program does not know.
    #[error("genesis version {0} is not known here")]
    Version(u8),
    /// The nonce is not the one that record, year or subject give.
    #[error("the nonce does not belong to what the document is about")]
    Nonce,
    /// Network and scope contradict each other.
    #[error("the document's network and scope contradict each other")]
    Scope,
    /// Co-owners unsorted, double, too many, or the owner among them.
    #[error("co-owners must be sorted, distinct, others than the owner, at most {CO_OWNERS_LIMIT}")]
    CoOwners,
}

impl Genesis {
    /// A new draft of `owner`; `nonce` is random.
    pub fn draft(kind: Kind, owner: OrgId, nonce: [u8; 32]) -> Self {
        Self {
            version: 1,
            network: NetworkId::NONE,
            kind: kind as u16,
            scope: Scope::Organisation(owner),
            owner,
            co_owners: Vec::new(),
            nonce,
            record: None,
        }
    }

    /// A new draft that several organisations write together, in an audience that all of them are in.
    pub fn joint_draft(
        kind: Kind,
        owner: OrgId,
        mut co_owners: Vec<OrgId>,
        network: NetworkId,
        audience: AudienceId,
        nonce: [u8; 32],
    ) -> Self {
        co_owners.sort_unstable();
        co_owners.dedup();
        co_owners.retain(|org| *org != owner);
        Self { network, scope: Scope::Named(audience), co_owners, ..Self::draft(kind, owner, nonce) }
    }

    /// The document that `draft` is shared as in a wider scope.
    pub fn shared(draft: &Self, network: NetworkId, scope: Scope) -> Self {
        let record = draft.document();
        Self { network, scope, nonce: shared_nonce(record, scope), record: Some(record), ..draft.clone() }
    }

    /// A document of a direct kind: one per owner and `about` (nothing, a year, a subject).
    pub fn direct(kind: Kind, owner: OrgId, network: NetworkId, scope: Scope, about: &About) -> Self {
        Self {
            version: 1,
            network,
            kind: kind as u16,
            scope,
            owner,
            co_owners: Vec::new(),
            nonce: about.nonce(),
            record: None,
        }
    }

    /// Reads and checks a genesis from outside.
    pub fn read(bytes: &[u8]) -> Result<Self, GenesisError> {
        let genesis: Self = from_slice(bytes, GENESIS_LIMIT)?;
        if genesis.version != 1 {
            return Err(GenesisError::Version(genesis.version));
        }
        let at_home = matches!(genesis.scope, Scope::Organisation(_));
        if at_home != (genesis.network == NetworkId::NONE) || genesis.scope == Scope::Roster {
            return Err(GenesisError::Scope);
        }
        if genesis.scope == Scope::Organisation(genesis.owner) && genesis.record.is_some() {
            return Err(GenesisError::Scope);
        }
        if genesis.record.is_some_and(|record| genesis.nonce != shared_nonce(record, genesis.scope)) {
            return Err(GenesisError::Nonce);
        }
        if genesis.is_draft() && genesis.scope == Scope::Network {
            return Err(GenesisError::Scope);
        }
        if !genesis.is_about_something() {
            return Err(GenesisError::Nonce);
        }
        let ascending = genesis.co_owners.windows(2).all(|pair| pair[0] < pair[1]);
        let distinct = !genesis.co_owners.contains(&genesis.owner);
        if !ascending || !distinct || genesis.co_owners.len() > CO_OWNERS_LIMIT {
            return Err(GenesisError::CoOwners);
        }
        Ok(genesis)
    }

    /// Whether the nonce of a direct kind can be one; whether it is the right one stands in the record.
    fn is_about_something(&self) -> bool {
        let is_direct = self.record.is_none();
        let (about_itself, about_a_year) = (self.is_about(&About::Itself), YEARS.contains(&self.nonce));
        match self.kind() {
            Some(Kind::Organisation) => is_direct && about_itself,
            Some(Kind::OrgYear) => is_direct && about_a_year,
            Some(Kind::Response) => is_direct && !about_itself && !about_a_year,
            Some(Kind::Case | Kind::Template | Kind::Filled | Kind::Collection | Kind::Contact) | None => {
                true
            }
        }
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        to_vec(self)
    }

    /// The id of the document.
    pub fn document(&self) -> DocumentId {
        DocumentId(hash("praksis/document/1", &(self,)))
    }

    /// The record that people know it by: the draft's id, or its own for what has no draft.
    pub fn record_id(&self) -> DocumentId {
        self.record.unwrap_or_else(|| self.document())
    }

    /// Owner first, then co-owners: who may write.
    pub fn writers(&self) -> Vec<OrgId> {
        std::iter::once(self.owner).chain(self.co_owners.iter().copied()).collect()
    }

    /// Its kind, if this program knows it.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_number(self.kind)
    }

    /// Whether it is where a record is written before it is shared, so that text in it merges by character.
    pub fn is_draft(&self) -> bool {
        self.record.is_none() && self.kind().is_some_and(Kind::is_drafted)
    }

    /// Whether it is about this, as far as the nonce of a direct kind tells.
    pub fn is_about(&self, about: &About) -> bool {
        self.nonce == about.nonce()
    }
}

/// The nonces of all years that a document can be about.
static YEARS: LazyLock<BTreeSet<[u8; 32]>> =
    LazyLock::new(|| (1900..=2200).map(|year| About::Year(year).nonce()).collect());

/// The nonce of what is shared from a record.
pub(crate) fn shared_nonce(record: DocumentId, scope: Scope) -> [u8; 32] {
    hash("praksis/shared/1", &(record, scope))
}

/// What a document of a direct kind is about, besides its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The owner itself: its card.
    Itself,
    /// A calendar year.
    Year(u16),
    /// The shared document that a response answers.
    Subject(DocumentId),
}

impl About {
    fn nonce(&self) -> [u8; 32] {
        match self {
            Self::Itself => hash("praksis/about/1", &(0u8, ByteVec::from(Vec::new()))),
            Self::Year(year) => hash("praksis/about/1", &(1u8, ByteVec::from(year.to_be_bytes().to_vec()))),
            Self::Subject(subject) => hash("praksis/about/1", &(2u8, ByteVec::from(subject.0.to_vec()))),
        }
    }
}
