//! What was taken out is gone from the files too.
//!
//! A deleted document stays in its segment, its words in the dictionary and its text in the store, until the segment
//! is merged away. So after a record was taken out every segment with deleted documents is written anew, and the old
//! files go as soon as no question reads them any more. A mark in the folder outlives a crash in between.

use std::{fs, io, path::Path};

use super::Batch;
use crate::search::Error;

/// Stands in the folder from before a record is taken out until its words are gone.
const MARK: &str = "purging";

/// Whether a purge was begun and not ended.
pub(super) fn is_due(dir: &Path) -> bool {
    dir.join(MARK).exists()
}

/// Says that one begins.
pub(super) fn mark(dir: &Path) -> Result<(), Error> {
    let failed = |source| Error::Folder { dir: dir.to_owned(), source };
    fs::File::create(dir.join(MARK)).and_then(|file| file.sync_all()).map_err(failed)
}

impl Batch {
    /// Writes every segment with deleted documents anew, and removes the old files; whether all of them are gone.
    pub(super) fn purge(&mut self) -> Result<bool, Error> {
        loop {
            let segments = self.engine.searchable_segment_metas().map_err(Error::Write)?;
            let Some(deleted) = segments.iter().find(|segment| segment.has_deletes()) else { break };
            let ids = [deleted.id()];
            drop(segments);
            self.writer()?.merge(&ids).wait().map_err(Error::Write)?;
        }
        self.reader.reload().map_err(Error::Write)?;
        self.writer()?.garbage_collect_files().wait().map_err(Error::Write)?;
        if !self.only_living_files()? {
            return Ok(false);
        }
        match fs::remove_file(self.dir.join(MARK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::Folder { dir: self.dir.clone(), source: error })
            }
            Ok(()) | Err(_) => Ok(true),
        }
    }

    /// Whether every segment's file in the folder belongs to a segment that is searched.
    fn only_living_files(&self) -> Result<bool, Error> {
        let segments = self.engine.searchable_segment_metas().map_err(Error::Write)?;
        let living: Vec<String> = segments.iter().map(|segment| segment.id().uuid_string()).collect();
        let failed = |source| Error::Folder { dir: self.dir.clone(), source };
        for file in fs::read_dir(&self.dir).map_err(failed)? {
            let name = file.map_err(failed)?.file_name().to_string_lossy().into_owned();
            let Some((stem, _)) = name.split_once('.') else { continue };
            if stem.len() == 32 && !living.iter().any(|id| id == stem) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
