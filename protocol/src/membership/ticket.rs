//! What people hand each other as one string or one file: one line of base32.

use minicbor::bytes::ByteVec;

use super::{
    joining::{Admittance, Application, Invitation, OfficeGrant},
    statement::{Acceptance, Known, StatementError},
};
use crate::{
    id::BASE32,
    signed::{
        SignedError, Verified,
        encoding::{DecodeError, from_slice, to_vec},
    },
};

/// Most bytes of a ticket of statements.
pub const BUNDLE_LIMIT: usize = 1024 * 1024;

const INVITATION: u8 = 1;
const REQUEST: u8 = 2;
const OFFICE: u8 = 3;
const STATEMENTS: u8 = 4;
const APPLICATION: u8 = 5;
const ADMITTANCE: u8 = 6;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticket {
    /// From an association to a new member.
    Invitation(Verified<Invitation>),
    /// From a new office's device to the organisation's root.
    Request(Verified<Acceptance>),
    /// From the organisation's root to the new office.
    Office(Verified<OfficeGrant>),
    /// Statements, from one root to the next that has to sign, and then to a node.
    Statements(Vec<Known>),
    /// From an organisation that nobody has invited to an association.
    Application(Verified<Application>),
    /// From the association back.
    Admittance(Verified<Admittance>),
}

/// Why a string is not a ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Not base32, or of no kind that is known.
    #[error("not an invitation, request or grant: one word of lower-case letters and the digits 2-7")]
    NotATicket,
    /// The signed content does not hold: a character may be missing.
    #[error("damaged: {0}")]
    Damaged(#[from] SignedError),
    /// What should be a list of statements is none, or too long.
    #[error("damaged: {0}")]
    List(#[from] DecodeError),
    /// One of its statements does not hold.
    #[error("damaged: {0}")]
    Statement(#[from] StatementError),
}

impl Ticket {
    /// One line of base32: a byte for the kind, then the COSE bytes.
    pub fn to_text(&self) -> String {
        let (mark, bytes) = match self {
            Self::Invitation(signed) => (INVITATION, signed.bytes().to_vec()),
            Self::Request(signed) => (REQUEST, signed.bytes().to_vec()),
            Self::Office(signed) => (OFFICE, signed.bytes().to_vec()),
            Self::Statements(known) => {
                let list = known.iter().map(|known| ByteVec::from(known.statement.bytes().to_vec()));
                (STATEMENTS, to_vec(&list.collect::<Vec<_>>()))
            }
            Self::Application(signed) => (APPLICATION, signed.bytes().to_vec()),
            Self::Admittance(signed) => (ADMITTANCE, signed.bytes().to_vec()),
        };
        BASE32.encode(&[&[mark], bytes.as_slice()].concat())
    }

    /// Reads the line again; white space around and inside, as mail programs put it, is dropped.
    pub fn from_text(text: &str) -> Result<Self, TicketError> {
        if text.len() > 2 * BUNDLE_LIMIT {
            return Err(TicketError::NotATicket);
        }
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = BASE32.decode(text.as_bytes()).map_err(|_| TicketError::NotATicket)?;
        match bytes.split_first() {
            Some((&INVITATION, rest)) => Ok(Self::Invitation(Verified::read(rest)?)),
            Some((&REQUEST, rest)) => Ok(Self::Request(Verified::read(rest)?)),
            Some((&OFFICE, rest)) => Ok(Self::Office(Verified::read(rest)?)),
            Some((&STATEMENTS, rest)) => {
                let list: Vec<ByteVec> = from_slice(rest, BUNDLE_LIMIT)?;
                let known = list.iter().map(|bytes| Known::read(bytes));
                Ok(Self::Statements(known.collect::<Result<_, _>>()?))
            }
            Some((&APPLICATION, rest)) => Ok(Self::Application(Verified::read(rest)?)),
            Some((&ADMITTANCE, rest)) => Ok(Self::Admittance(Verified::read(rest)?)),
            Some(_) | None => Err(TicketError::NotATicket),
        }
    }
}
