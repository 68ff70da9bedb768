//! The folder of the index, and whether what is in it can be used.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexBuilder, IndexReader, IndexSettings, ReloadPolicy};

use super::Error;
use super::compounds::Compounds;
use super::schema::{ANALYSIS, FORMAT, Fields};
use super::tokens;
use crate::platform;

/// Says which format the index has, and by which analysis all of it was written; written last when one is made, so
/// that a half-made one has none.
const MARKER: &str = "format";
const MARKER_BESIDE: &str = "format.new";

/// Opens the index of a folder, or says why it cannot be used.
pub(super) fn open(
    dir: &Path,
    fields: &Fields,
    compounds: &Compounds,
) -> Result<(Index, IndexReader), Unusable> {
    match fs::read_to_string(dir.join(MARKER)) {
        Ok(format) if format.starts_with(FORMAT) => {}
        Ok(_) => return Err(Unusable::OtherFormat),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Unusable::Missing),
        Err(_) => return Err(Unusable::Damaged),
    }
    let index = Index::open_in_dir(dir).map_err(|_| Unusable::Damaged)?;
    if index.schema() != fields.schema {
        return Err(Unusable::OtherFormat);
    }
    tokens::register(index.tokenizers(), compounds);
    // Opens every segment: a file that is missing or was cut short is found here.
    let reader = reader(&index).map_err(|_| Unusable::Damaged)?;
    Ok((index, reader))
}

/// Why an index cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// There is none, or one that was not finished.
    Missing,
    /// It was written by another version.
    OtherFormat,
    /// Its files cannot be read.
    Damaged,
}

/// Makes an empty index in the folder, in place of whatever is there.
pub(super) fn create(
    dir: &Path,
    fields: &Fields,
    compounds: &Compounds,
) -> Result<(Index, IndexReader), Error> {
    let failed = |source| Error::Folder { dir: dir.to_owned(), source };
    match fs::remove_dir_all(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    fs::create_dir_all(dir).map_err(failed)?;
    let directory = MmapDirectory::open(dir).map_err(|error| Error::Write(error.into()))?;
    let index = IndexBuilder::new()
        .schema(fields.schema.clone())
        .settings(IndexSettings::default())
        .open_or_create(directory)
        .map_err(Error::Write)?;
    tokens::register(index.tokenizers(), compounds);
    let reader = reader(&index).map_err(Error::Write)?;
    mark(dir)?;
    Ok((index, reader))
}

fn marker() -> String {
    format!("{FORMAT}analysis {ANALYSIS}\n")
}

/// Whether all records of an index were analysed as they are today.
pub(super) fn is_analysed(dir: &Path) -> bool {
    fs::read_to_string(dir.join(MARKER)).is_ok_and(|found| found == marker())
}

/// Says that they are.
pub(super) fn mark(dir: &Path) -> Result<(), Error> {
    let failed = |source| Error::Folder { dir: dir.to_owned(), source };
    // An index without a whole marker would be thrown away: it stands beside until it is.
    let beside = dir.join(MARKER_BESIDE);
    let mut file = fs::File::create(&beside).map_err(failed)?;
    file.write_all(marker().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, dir.join(MARKER)).and_then(|()| platform::sync_folder(dir)).map_err(failed)
}

/// Reloaded by the writer after each commit: no thread of its own watches the folder.
fn reader(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()
}
