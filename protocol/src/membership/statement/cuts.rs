//! How much of what an ended device wrote still counts.

use std::sync::Arc;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use super::{Body, Said, Statement, StatementError};
use crate::id::{DeviceId, EnvelopeHash, StatementHash};

/// Most envelopes in one Cut; a device that wrote more gets several: 14,400 bytes of the 16 Ki of a statement.
pub const CUT_LIMIT: usize = 900;

/// What of a device counts in the scope that the statement lives in. Pages of one End are united: together they say it
/// of all devices that the End is about, and of one that none of them names nothing counts.
///
/// Envelopes are named one by one. A number up to which a session counts would not do: links cross documents, so
/// whoever has the key could put new envelopes under old numbers in documents where the true ones do not stand.
///
/// For the roster, the network and an organisation's scope it is for whoever may sign the End; in a named scope for
/// a device of the audience's owner; for the End of a co-owner for a device of the document's owner.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Cut {
    /// The End: of the device, its organisation's membership, its place in an audience, or in a document.
    #[n(0)]
    pub end: StatementHash,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// The envelopes that count.
    #[n(2)]
    pub envelopes: Halves,
    /// The last statement of the device in this scope that counts.
    #[n(3)]
    pub said: Option<Said>,
    /// How many pages its issuer has for this End and scope, of all devices: before all have come, what the End takes
    /// away still counts, or is held.
    #[n(4)]
    pub pages: u32,
}

/// The first half of an envelope's hash.
pub type Half = [u8; 16];

/// By which a Cut names an envelope.
pub fn half(envelope: EnvelopeHash) -> Half {
    envelope.0[..16].try_into().expect("half of 32 bytes")
}

/// Halves of envelopes' hashes, ascending; one byte string. Shared, since a roster is folded often and a Cut is large.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Halves(Arc<[Half]>);

impl Halves {
    /// Whether an envelope is among them.
    pub fn contains(&self, half: Half) -> bool {
        self.0.binary_search(&half).is_ok()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<EnvelopeHash> for Halves {
    fn from_iter<I: IntoIterator<Item = EnvelopeHash>>(envelopes: I) -> Self {
        let mut halves: Vec<Half> = envelopes.into_iter().map(half).collect();
        halves.sort_unstable();
        halves.dedup();
        Self(halves.into())
    }
}

impl<C> Encode<C> for Halves {
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.bytes(self.0.as_flattened())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Halves {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let (halves, rest) = d.bytes()?.as_chunks();
        if rest.is_empty() {
            Ok(Self(halves.into()))
        } else {
            Err(decode::Error::message("half of a hash has 16 bytes"))
        }
    }
}

impl Body for Cut {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let ascending = self.envelopes.0.is_sorted_by(|one, next| one < next);
        let fits = ascending && self.envelopes.len() <= CUT_LIMIT;
        if !fits {
            return Err(StatementError::Bounds("envelopes"));
        }
        if self.pages == 0 { Err(StatementError::Bounds("pages")) } else { Ok(()) }
    }
}
