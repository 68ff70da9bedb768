//! Frames as libp2p's request-response wants them.

use std::{io, sync::Arc, time::Duration};

use futures::{AsyncRead, AsyncWrite};
use libp2p::{StreamProtocol, request_response};
use tokio::time::timeout;

use super::{
    frame::{self, FrameError},
    limits::MessageLimit,
    traffic::Counters,
};

/// Reads and writes the messages of one class.
#[derive(Clone)]
pub(super) struct Codec {
    pub(super) limit: MessageLimit,
    pub(super) read_timeout: Duration,
    pub(super) counters: Arc<Counters>,
}

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    /// A request that could not be read is handed on as such: libp2p keeps a failure before the
    /// request is whole to itself, and a refusal must reach the count with its peer.
    type Request = Result<Vec<u8>, FrameError>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Self::Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let read = async {
            let encoding = frame::read_encoding(io).await?;
            frame::read_rest(io, encoding, self.limit).await
        };
        let read = timeout(self.read_timeout, read).await.unwrap_or(Err(FrameError::Stalled));
        Ok(self.counted(read))
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        // The other side may think for as long as the request lasts; then it has to deliver.
        let encoding = frame::read_encoding(io).await.map_err(received)?;
        let read = timeout(self.read_timeout, frame::read_rest(io, encoding, self.limit)).await;
        self.counted(read.unwrap_or(Err(FrameError::Stalled))).map_err(received)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Self::Request,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        self.write(io, &request.map_err(sent)?).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, response: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        self.write(io, &response).await
    }
}

impl Codec {
    async fn write<T: AsyncWrite + Unpin + Send>(&self, io: &mut T, message: &[u8]) -> io::Result<()> {
        let frame = frame::encode(message, self.limit).map_err(sent)?;
        frame::write(io, &frame).await?;
        self.counters.wrote_frame(frame.len());
        Ok(())
    }

    fn counted(&self, read: Result<(Vec<u8>, usize), FrameError>) -> Result<Vec<u8>, FrameError> {
        let (message, bytes) = read?;
        self.counters.read_frame(bytes);
        Ok(message)
    }
}

/// Something is wrong with what the other side sent.
fn received(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Something is wrong with what we were to send.
fn sent(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

/// The frame error inside an I/O error that [`Codec`] gave to libp2p.
pub(super) fn frame_error(error: &io::Error) -> Option<&FrameError> {
    error.get_ref()?.downcast_ref()
}
