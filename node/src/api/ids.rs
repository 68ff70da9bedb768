//! Ids as people give them: whole, or their beginning.

use praksis_protocol::{
    admission::state::Row,
    engine::{output::RecordRef, why::Here},
    genesis::{Genesis, Kind},
    id::DocumentId,
    store::{Read as _, StoreError},
};
use serde_json::json;

use super::{Api, ApiError, list, record, why};

/// The least that is taken for the beginning of an id.
const SHORTEST: usize = 6;
/// A whole id.
const WHOLE: usize = 52;

/// The record that an id leads to: its own, its draft's or that of what was shared from it, or the unique beginning
/// of one. It must be of this kind.
pub(super) async fn resolve(api: &Api, id: &str, kind: Kind) -> Result<RecordRef, ApiError> {
    let found = any(api, id).await?;
    if found.kind == Some(kind) {
        return Ok(found);
    }
    let is = found.kind.map_or("something that a newer version knows", Kind::code);
    Err(ApiError::NotFound(format!("{id} is not a {} but a {is}", kind.code())))
}

/// The same, by a document of that record alone: another organisation may have written its record id on one of its own.
pub(super) async fn meant(api: &Api, id: &str, kind: Kind) -> Result<DocumentId, ApiError> {
    Ok(of(&resolve(api, id, kind).await?))
}

/// A document of this record alone.
pub(super) fn of(record: &RecordRef) -> DocumentId {
    record.best().unwrap_or(record.record)
}

/// The record of any kind that an id leads to.
pub(super) async fn any(api: &Api, id: &str) -> Result<RecordRef, ApiError> {
    let letters = id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    if !letters || !(SHORTEST..=WHOLE).contains(&id.len()) {
        let expected = "an id has 52 characters of a-z and 2-7; a beginning has at least 6 of them";
        return Err(ApiError::Misuse(format!("{id:.60} is not an id: {expected}")));
    }
    let mut found = record::find(api, id).await?;
    if id.len() == WHOLE {
        // Somebody may have made a record under an id that is another's: the document's own id decides.
        let exact = |record: &RecordRef| {
            [record.draft, record.shared].into_iter().flatten().any(|document| document.to_string() == id)
        };
        if let Some(index) = found.iter().position(exact) {
            found = vec![found.swap_remove(index)];
        }
    }
    if found.len() > 1 {
        let names = api.directory.names(api).await?;
        let mut candidates = Vec::new();
        for record in &found {
            let title = list::title_of(api, record)?;
            // Of records under one id, each is named by what its owner shared.
            let alone = found.iter().filter(|other| other.record == record.record).count() == 1;
            let apart = record.shared.or(record.draft).filter(|_| !alone);
            candidates.push(json!({
                "id": apart.unwrap_or(record.record),
                "kind": record.kind.map_or("unknown", Kind::code),
                "owner": names.owner(record.owner),
                "title": title,
            }));
        }
        return Err(ApiError::Ambiguous { beginning: id.to_owned(), candidates });
    }
    found.pop().ok_or_else(|| ApiError::NotFound(format!("no record has the id {id}")))
}

/// The beginning of a withdrawn document that an id leads to: one of a record that is seen nowhere any longer.
pub(super) async fn hidden(api: &Api, id: &str) -> Result<Option<Genesis>, ApiError> {
    if id.len() < SHORTEST {
        return Ok(None);
    }
    let mut begin_so = Vec::new();
    api.handle.store().each_row(&mut |document, bytes| {
        let damaged = || StoreError::Damaged { what: format!("row of {}", document.short()) };
        let row: Row = minicbor::decode(&bytes).map_err(|_| damaged())?;
        let begins = |id_of: DocumentId| id_of.to_string().starts_with(id);
        if begins(document) || begins(row.genesis.record_id()) {
            begin_so.push((document, row.genesis));
        }
        Ok(())
    })?;
    for (document, genesis) in begin_so {
        // What the engine has hidden is not on the disk as hidden at once: it is asked.
        if why::of(api, document).await?.iter().any(|why| matches!(why.here, Here::Withdrawn { .. })) {
            return Ok(Some(genesis));
        }
    }
    Ok(None)
}
