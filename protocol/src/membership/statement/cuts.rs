//! How much of what an ended device wrote still counts.

use minicbor::{Decode, Encode};

use super::{Body, Said, Statement, StatementError};
use crate::{
    envelope::Last,
    id::{DeviceId, StatementHash},
};

/// Most sessions in one Cut; a device that had more gets several.
pub const CUT_LIMIT: usize = 200;

/// The last of a device that counts in the scope that the statement lives in. Pages of one End and device are united.
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
    /// The last envelope of each session that counts, sorted by session; of a session that is not here nothing does.
    #[n(2)]
    pub sessions: Vec<Last>,
    /// The last statement of the device in this scope that counts.
    #[n(3)]
    pub said: Option<Said>,
}

impl Body for Cut {
    fn check(&self, _: &Statement) -> Result<(), StatementError> {
        let ascending = self.sessions.windows(2).all(|pair| pair[0].session < pair[1].session);
        let fits = ascending && self.sessions.len() <= CUT_LIMIT;
        if fits { Ok(()) } else { Err(StatementError::Bounds("sessions")) }
    }
}
