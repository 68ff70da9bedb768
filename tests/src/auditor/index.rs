//! What an index of similar cases holds in its files.

use std::{fs, path::Path};

use tantivy::{SegmentReader, TantivyDocument, schema::Value as _};
use tempfile::TempDir;

use super::copy_folder;

/// So often an index may change while it is copied.
const TRIES: usize = 100;

/// A copy in which all is there that its list of segments names. What the list does not name any longer is deleted, so
/// all was there as long as the list stayed the same.
fn copy_of(index: &Path) -> TempDir {
    let list = |folder: &Path| fs::read(folder.join("meta.json")).ok();
    for _ in 0..TRIES {
        let copy = tempfile::tempdir().expect("a folder");
        let before = list(index);
        copy_folder(index, copy.path());
        if before.is_some() && before == list(index) && before == list(copy.path()) {
            return copy;
        }
    }
    panic!("{} changes all the time", index.display());
}

/// Everything as text: dictionaries of terms, stored documents (those that are deleted too, decompressed), and the
/// bytes of every file as they are. It may be in use: a copy is read.
///
/// # Panics
/// When no copy can be made or read.
pub fn everything(index: &Path) -> String {
    let copy = copy_of(index);
    let engine = tantivy::Index::open_in_dir(copy.path()).expect("tantivy reads the copy");
    let mut text = String::new();
    for segment in engine.searchable_segments().expect("segments") {
        let reader = SegmentReader::open(&segment).expect("a segment");
        for (field, described) in engine.schema().fields() {
            if described.is_indexed() {
                let inverted = reader.inverted_index(field).expect("an index");
                let mut terms = inverted.terms().stream().expect("terms");
                while terms.advance() {
                    text.push_str(&String::from_utf8_lossy(terms.key()));
                    text.push('\n');
                }
            }
        }
        for document in reader.get_store_reader(1).expect("a store").iter::<TantivyDocument>(None) {
            for (_, value) in document.expect("a document").field_values() {
                text.push_str(&String::from_utf8_lossy(value.as_bytes().unwrap_or_default()));
                text.push('\n');
            }
        }
    }
    for file in fs::read_dir(copy.path()).expect("a folder") {
        let bytes = fs::read(file.expect("an entry").path()).expect("a file");
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}
