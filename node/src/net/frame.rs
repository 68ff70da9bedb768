//! One message on a stream: `encoding: u8 | length: u32, big endian | payload`, then the end of
//! the stream. Encoding 0 is plain, 1 is one zstd frame. Nothing is allocated on a peer's word:
//! the payload grows as it arrives, and inflation stops at the class's limit.

use std::io::{self, Read as _};

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::limits::MessageLimit;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// Encoding and length.
pub(super) const HEADER: usize = 5;

/// Shorter messages gain nothing from compression.
const WORTH_COMPRESSING: usize = 256;

/// zstd's own default: about 3 times smaller at some 100 MB/s.
const LEVEL: i32 = 3;

/// 8 MiB, the largest message; a frame that asks for a larger window is refused before the
/// decoder allocates it.
const WINDOW_LOG: u32 = 23;

/// A message that was not taken, or not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("the stream ended before a message began")]
    Empty,
    #[error("the stream ended within a message")]
    Truncated,
    #[error("no whole message within the time for reading one")]
    Stalled,
    #[error("a message of {bytes} bytes where {limit} are allowed")]
    TooLarge { bytes: usize, limit: usize },
    #[error("a message encoded as {0}, which is neither plain nor zstd")]
    UnknownEncoding(u8),
    #[error("a message that inflates to more than {limit} bytes")]
    InflatesTooLarge { limit: usize },
    #[error("a message that does not inflate")]
    DoesNotInflate,
    #[error("bytes after the end of a message")]
    TrailingBytes,
    #[error("the stream broke")]
    Stream(#[source] io::Error),
}

impl FrameError {
    /// The name under which it is counted.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty_message",
            Self::Truncated => "truncated_message",
            Self::Stalled => "stalled_message",
            Self::TooLarge { .. } => "message_too_large",
            Self::UnknownEncoding(_) => "unknown_encoding",
            Self::InflatesTooLarge { .. } => "inflates_too_large",
            Self::DoesNotInflate => "does_not_inflate",
            Self::TrailingBytes => "trailing_bytes",
            Self::Stream(_) => "broken_stream",
        }
    }
}

/// Encodes a message: compressed where that makes it shorter.
pub(super) fn encode(message: &[u8], limit: MessageLimit) -> Result<Vec<u8>, FrameError> {
    if message.len() > limit.inflated {
        return Err(FrameError::TooLarge { bytes: message.len(), limit: limit.inflated });
    }
    let compressed = (message.len() >= WORTH_COMPRESSING)
        .then(|| zstd::bulk::compress(message, LEVEL).expect("the buffer is as large as zstd's own bound"))
        .filter(|compressed| compressed.len() < message.len());
    let (encoding, payload) = match &compressed {
        Some(compressed) => (ZSTD, compressed.as_slice()),
        None => (PLAIN, message),
    };
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= limit.wire);
    let length = length.ok_or(FrameError::TooLarge { bytes: payload.len(), limit: limit.wire })?;

    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.push(encoding);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// Writes an encoded message; the caller closes the stream.
pub(super) async fn write<T: AsyncWrite + Unpin>(io: &mut T, frame: &[u8]) -> io::Result<()> {
    io.write_all(frame).await?;
    io.flush().await
}

/// Waits for the first byte of a message, its encoding.
pub(super) async fn read_encoding<T: AsyncRead + Unpin>(io: &mut T) -> Result<u8, FrameError> {
    let mut encoding = [0];
    match io.read(&mut encoding).await.map_err(FrameError::Stream)? {
        0 => Err(FrameError::Empty),
        _ => Ok(encoding[0]),
    }
}

/// Reads the rest of a message and the end of its stream. Returns it with its size on the wire.
pub(super) async fn read_rest<T: AsyncRead + Unpin>(
    io: &mut T,
    encoding: u8,
    limit: MessageLimit,
) -> Result<(Vec<u8>, usize), FrameError> {
    if encoding != PLAIN && encoding != ZSTD {
        return Err(FrameError::UnknownEncoding(encoding));
    }
    let mut length = [0; 4];
    io.read_exact(&mut length).await.map_err(truncated)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > limit.wire {
        return Err(FrameError::TooLarge { bytes: length, limit: limit.wire });
    }
    let mut payload = Vec::new();
    io.take(length as u64).read_to_end(&mut payload).await.map_err(truncated)?;
    if payload.len() < length {
        return Err(FrameError::Truncated);
    }
    if io.read(&mut [0]).await.map_err(FrameError::Stream)? > 0 {
        return Err(FrameError::TrailingBytes);
    }
    let message = if encoding == ZSTD { inflate(&payload, limit.inflated)? } else { payload };
    Ok((message, HEADER + length))
}

fn truncated(error: io::Error) -> FrameError {
    match error.kind() == io::ErrorKind::UnexpectedEof {
        true => FrameError::Truncated,
        false => FrameError::Stream(error),
    }
}

/// Inflates one zstd frame, never to more than `limit` bytes.
fn inflate(payload: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(payload)
        .map_err(|_| FrameError::DoesNotInflate)?
        .single_frame();
    decoder.window_log_max(WINDOW_LOG).map_err(|_| FrameError::DoesNotInflate)?;
    let mut message = Vec::new();
    let read = decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut message);
    if message.len() > limit {
        return Err(FrameError::InflatesTooLarge { limit });
    }
    read.map_err(|_| FrameError::DoesNotInflate)?;
    if !decoder.finish().is_empty() {
        return Err(FrameError::TrailingBytes);
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, io::Cursor};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: MessageLimit = MessageLimit { wire: 4096, inflated: 16 << 10 };

    fn read(bytes: &[u8]) -> Result<Vec<u8>, FrameError> {
        block_on(async {
            let mut io = Cursor::new(bytes);
            let encoding = read_encoding(&mut io).await?;
            read_rest(&mut io, encoding, LIMIT).await.map(|(message, _)| message)
        })
    }

    fn framed(encoding: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![encoding];
        frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    fn refusal(bytes: &[u8]) -> &'static str {
        read(bytes).expect_err("the frame is refused").name()
    }

    #[test]
    fn a_long_message_is_compressed_and_a_short_one_is_not() {
        let long = encode(&[7; 4000], LIMIT).unwrap();
        assert_eq!(long[0], ZSTD);
        assert!(long.len() < 100);
        assert_eq!(encode(b"hello", LIMIT).unwrap(), framed(PLAIN, b"hello"));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).unwrap();
        assert!(bomb.len() < LIMIT.wire);
        assert_eq!(refusal(&framed(ZSTD, &bomb)), "inflates_too_large");
    }

    #[test]
    fn a_window_larger_than_any_message_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        io::Write::write_all(&mut encoder, &[1; 1000]).unwrap();
        assert_eq!(refusal(&framed(ZSTD, &encoder.finish().unwrap())), "does_not_inflate");
    }

    #[test]
    fn what_is_not_exactly_one_message_has_a_name() {
        assert_eq!(refusal(b""), "empty_message");
        assert_eq!(refusal(&[PLAIN, 0, 0]), "truncated_message");
        assert_eq!(refusal(&[PLAIN, 0, 0, 0, 9, 1, 2]), "truncated_message");
        assert_eq!(refusal(&[9, 0, 0, 0, 0]), "unknown_encoding");
        assert_eq!(refusal(&[PLAIN, 0xff, 0xff, 0xff, 0xff]), "message_too_large");
        assert_eq!(refusal(&[PLAIN, 0, 0, 0, 1, 1, 2]), "trailing_bytes");
        assert_eq!(refusal(&framed(ZSTD, b"not zstd")), "does_not_inflate");

        let mut inside = zstd::bulk::compress(&[1; 300], 3).unwrap();
        let half = inside.len() / 2;
        assert_eq!(refusal(&framed(ZSTD, &inside[..half])), "does_not_inflate");
        inside.extend_from_slice(b"tail");
        assert_eq!(refusal(&framed(ZSTD, &inside)), "trailing_bytes");
    }

    #[test]
    fn a_message_over_a_limit_is_not_sent() {
        assert_eq!(encode(&vec![0; LIMIT.inflated + 1], LIMIT).unwrap_err().name(), "message_too_large");
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            // xorshift: nothing in it that zstd could shorten.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .take(LIMIT.wire + 1)
        .collect();
        assert_eq!(encode(&noise, LIMIT).unwrap_err().name(), "message_too_large");
    }

    proptest! {
        #[test]
        fn every_message_survives_its_frame(message in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let frame = encode(&message, LIMIT).unwrap();
            prop_assert_eq!(read(&frame).unwrap(), message);
        }
    }
}
