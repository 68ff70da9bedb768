//! Bundles as files: pieces in frames, each with its checksum, written and read one at a time.
//!
//! The format stands in `praksis_protocol::wire`. Nothing is held but the frame that is being read: its length is
//! bounded before it is waited for, and inflation stops at the limit of a piece.

use praksis_protocol::wire::{
    bundle::{Checksum, Header, MAGIC, Piece, VERSION},
    message::MessageError,
};

use crate::net::{SYNC_MESSAGE, read_frame, write_frame};

/// Number of entries and checksum.
const SEAL: usize = 20;
/// Encoding and length.
const FRAME: usize = 5;

/// Why a bundle is not read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It does not begin as bundles do.
    #[error("this is no bundle, or of another version")]
    NotABundle,
    /// A frame that is too long.
    #[error("piece {0} of the bundle is too large")]
    TooLarge(u64),
    /// What stands there is not what was written.
    #[error("piece {0} of the bundle is damaged")]
    Damaged(u64),
    /// A frame that does not inflate within the limit.
    #[error("piece {0} of the bundle does not inflate")]
    DoesNotInflate(u64),
    /// Something that is no piece.
    #[error("piece {0} of the bundle cannot be read: {1}")]
    Shape(u64, MessageError),
    /// The header is not first, or something comes after the end.
    #[error("piece {0} of the bundle is out of its place")]
    OutOfPlace(u64),
    /// Written in another network.
    #[error("the bundle is from another network")]
    OtherNetwork,
    /// It names more than a node keeps in mind.
    #[error("the bundle holds too much to be compared with")]
    TooMany,
}

impl BundleError {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotABundle => "bundle_beginning",
            Self::TooLarge(_) => "bundle_piece_size",
            Self::Damaged(_) => "bundle_checksum",
            Self::DoesNotInflate(_) => "bundle_does_not_inflate",
            Self::Shape(..) => "bundle_piece",
            Self::OutOfPlace(_) => "bundle_order",
            Self::OtherNetwork => "bundle_network",
            Self::TooMany => "bundle_too_many",
        }
    }

    /// The piece that is wrong, the header being 0; none where it is all of the bundle.
    pub fn piece(&self) -> Option<u64> {
        match self {
            Self::TooLarge(piece)
            | Self::Damaged(piece)
            | Self::DoesNotInflate(piece)
            | Self::Shape(piece, _)
            | Self::OutOfPlace(piece) => Some(*piece),
            Self::NotABundle | Self::OtherNetwork | Self::TooMany => None,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotABundle => "name the file that bundle write made; a newer one needs a newer program",
            Self::TooLarge(_)
            | Self::Damaged(_)
            | Self::DoesNotInflate(_)
            | Self::Shape(..)
            | Self::OutOfPlace(_) => {
                "copy it again from where it was written; nothing that came before is lost"
            }
            Self::OtherNetwork => "join its network first, or have it written by a node of this network",
            Self::TooMany => "write the bundle without --since",
        }
    }
}

/// Puts pieces into frames.
#[derive(Debug, Default)]
pub struct Writer {
    last: Option<Checksum>,
}

impl Writer {
    /// The bytes of the next piece, of the first with what a bundle begins with.
    ///
    /// # Errors
    /// When the piece is too large.
    pub fn piece(&mut self, piece: &Piece) -> Result<Vec<u8>, &'static str> {
        let (entries, frame) = (piece.entries(), write_frame(&piece.bytes(), SYNC_MESSAGE)?);
        let mut bytes = if self.last.is_none() { MAGIC.to_vec() } else { Vec::new() };
        let checksum = self.last.unwrap_or_default().next(entries, &frame);
        self.last = Some(checksum);
        bytes.extend_from_slice(&entries.to_be_bytes());
        bytes.extend_from_slice(&checksum.0);
        bytes.extend_from_slice(&frame);
        Ok(bytes)
    }
}

/// Takes frames out of bytes as they come.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    last: Option<Checksum>,
    number: u64,
}

/// A frame whose checksum holds, not yet inflated.
#[derive(Debug)]
pub struct Sealed {
    /// Which it is, the header being 0.
    pub number: u64,
    /// How many statements and documents it brings to their end.
    pub entries: u32,
    /// Its checksum, which covers all before it.
    pub checksum: Checksum,
    frame: Vec<u8>,
}

impl Reader {
    /// Takes bytes in; [`next`](Self::next) is asked until it has none, before more are given.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, once it is whole.
    ///
    /// # Errors
    /// When what came cannot be one.
    #[expect(clippy::should_implement_trait, reason = "none now may be some later")]
    pub fn next(&mut self) -> Result<Option<Sealed>, BundleError> {
        let begun = if self.last.is_none() { MAGIC.len() } else { 0 };
        let shared = begun.min(self.buffer.len());
        if self.buffer[..shared] != MAGIC[..shared] {
            return Err(BundleError::NotABundle);
        }
        let Some(head) = self.buffer.get(begun..begun + SEAL + FRAME) else { return Ok(None) };
        let (entries, rest) = head.split_first_chunk::<4>().expect("longer than that");
        let (checksum, frame) = rest.split_first_chunk::<16>().expect("longer than that");
        let length = frame[1..].try_into().map(u32::from_be_bytes).expect("five bytes") as usize;
        if length > SYNC_MESSAGE.wire {
            return Err(BundleError::TooLarge(self.number));
        }
        let (entries, checksum) = (u32::from_be_bytes(*entries), Checksum(*checksum));
        let from = begun + SEAL;
        let Some(frame) = self.buffer.get(from..from + FRAME + length) else { return Ok(None) };
        if self.last.unwrap_or_default().next(entries, frame) != checksum {
            return Err(BundleError::Damaged(self.number));
        }
        let sealed = Sealed { number: self.number, entries, checksum, frame: frame.to_vec() };
        self.buffer.drain(..from + FRAME + length);
        self.last = Some(checksum);
        self.number += 1;
        Ok(Some(sealed))
    }

    /// Whether bytes are left that are no whole frame.
    pub fn is_within(&self) -> bool {
        !self.buffer.is_empty()
    }
}

impl Sealed {
    /// The piece in it.
    ///
    /// # Errors
    /// When it does not inflate, is no piece, or not one that stands there: a header is the first and no other.
    pub fn open(&self) -> Result<Piece, BundleError> {
        let number = self.number;
        let bytes = read_frame(&self.frame, SYNC_MESSAGE).map_err(|_| BundleError::DoesNotInflate(number))?;
        let piece = Piece::read(&bytes).map_err(|error| BundleError::Shape(number, error))?;
        let first = matches!(piece, Piece::Header(_));
        if first != (number == 0) || piece.entries() != self.entries {
            return Err(BundleError::OutOfPlace(number));
        }
        Ok(piece)
    }

    /// The header, of the first frame.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and when it is of a version that we do not know.
    pub fn header(&self) -> Result<Header, BundleError> {
        match self.open()? {
            Piece::Header(header) if header.version == VERSION => Ok(header),
            Piece::Header(_) => Err(BundleError::NotABundle),
            Piece::Statements(..) | Piece::Documents(..) | Piece::Held(..) | Piece::End => {
                Err(BundleError::OutOfPlace(self.number))
            }
        }
    }
}

/// All pieces of a bundle that is held in memory, whole or cut off: for tests, fuzzing among them.
///
/// # Errors
/// See [`BundleError`].
pub fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, BundleError> {
    let (mut reader, mut pieces) = (Reader::default(), Vec::new());
    for chunk in bytes.chunks(64 * 1024) {
        reader.push(chunk);
        while let Some(sealed) = reader.next()? {
            if matches!(pieces.last(), Some(Piece::End)) {
                return Err(BundleError::OutOfPlace(sealed.number));
            }
            if sealed.number == 0 {
                sealed.header()?;
            }
            pieces.push(sealed.open()?);
        }
    }
    if pieces.is_empty() && reader.is_within() { Err(BundleError::NotABundle) } else { Ok(pieces) }
}

#[cfg(test)]
mod tests;
