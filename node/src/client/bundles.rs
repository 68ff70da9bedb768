//! Bundles, to and from files.

use std::{
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::{Body, header};
use serde_json::Value;
use tokio::fs::File;

use super::{Client, ClientError, Progress};
use crate::bundle::{Reader, Sealed};

/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

impl Client {
    /// Writes a bundle: for a member by its number, for the own organisation's other nodes (`all`), else for every
    /// member; without what stands in another. Gives the number of statements and documents.
    pub async fn bundle_write(
        &self,
        reader: Option<&str>,
        all: bool,
        since: Option<&Path>,
        out: &mut dyn Write,
        mut progress: impl FnMut(Progress),
    ) -> Result<u64, ClientError> {
        let reader: Vec<_> = reader.map(|reader| ("for", reader)).into_iter().collect();
        let body = match since {
            Some(since) => file(since).await?.0,
            None => Body::default(),
        };
        let request = self.post("bundles/write").query(&reader).query(&[("all", all)]);
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream").body(body);
        let mut response = self.send(request).await?;
        let (mut frames, mut total, mut done, mut ended) = (Reader::default(), 0, 0, false);
        while let Some(chunk) = response.chunk().await.map_err(|source| self.failed(source))? {
            frames.push(&chunk);
            while let Some(sealed) = frames.next().map_err(|_| ClientError::CutShort)? {
                if sealed.number == 0 {
                    total = sealed.header().map_err(|_| ClientError::CutShort)?.entries;
                }
                done += u64::from(sealed.entries);
                progress(Progress { done, total });
                ended = is_end(&sealed);
            }
            out.write_all(&chunk).map_err(|source| ClientError::Output { source })?;
        }
        if ended && !frames.is_within() { Ok(done) } else { Err(ClientError::CutShort) }
    }

    /// Reads a bundle: `{"complete", "new", "entries", "skipped", "waiting", "refused", "from", "written_at"}`.
    pub async fn bundle_read(
        &self,
        path: &Path,
        mut progress: impl FnMut(Progress),
    ) -> Result<Value, ClientError> {
        let (body, broken) = file(path).await?;
        let request = self.post("bundles/read").body(body);
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream");
        let answer = self.watch(request, &mut progress).await;
        match answer {
            Err(ClientError::Http { .. }) if broken.load(Ordering::Relaxed) => {
                let source = std::io::Error::other("the file could not be read to its end");
                Err(ClientError::Folder { file: path.to_owned(), source })
            }
            answer => answer,
        }
    }
}

/// Only what holds no entries can be the end: others need not be inflated.
fn is_end(sealed: &Sealed) -> bool {
    use praksis_protocol::wire::bundle::Piece;
    sealed.entries == 0 && sealed.open().is_ok_and(|piece| piece == Piece::End)
}

/// A file as a body, never the whole of it in memory; and whether reading it failed.
async fn file(path: &Path) -> Result<(Body, Arc<AtomicBool>), ClientError> {
    use futures::stream;
    use tokio::io::AsyncReadExt as _;
    let failed = |source| ClientError::Folder { file: path.to_owned(), source };
    // Asked first: a pipe is open only once somebody writes into it.
    if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("not a file")));
    }
    let file = File::open(path).await.map_err(failed)?;
    let broken = Arc::new(AtomicBool::new(false));
    let noticing = broken.clone();
    let chunks = stream::try_unfold((file, noticing), |(mut file, noticing)| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await.inspect_err(|_| {
            noticing.store(true, Ordering::Relaxed);
        })?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, (file, noticing))))
    });
    Ok((Body::wrap_stream(chunks), broken))
}
