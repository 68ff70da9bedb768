//! Who uses what others have shared: what their responses say.

use std::collections::{BTreeMap, BTreeSet};

use praksis_protocol::{
    admission::state::View,
    engine::output::RecordRef,
    genesis::Kind,
    id::{DocumentId, OrgId},
    record::Record as _,
    response::Response,
    store::{Read, StoreError},
};

/// A record, by its id and who keeps it.
type RecordKey = (DocumentId, OrgId);

/// By the shared document that is used, the responses that say so.
#[derive(Debug, Default)]
pub(super) struct Uses(BTreeMap<DocumentId, BTreeSet<RecordKey>>);

impl Uses {
    /// Takes up what these responses say.
    pub(super) fn take_all(&mut self, responses: &[RecordRef], store: &impl Read) -> Result<(), StoreError> {
        for response in responses {
            if let Some(document) = response.shared {
                self.take(document, (response.record, response.owner), store)?;
            }
        }
        Ok(())
    }

    /// Takes up responses that have changed or are gone; the documents of which that may change the use.
    pub(super) fn follow(
        &mut self,
        changed: &BTreeMap<RecordKey, Option<RecordRef>>,
        store: &impl Read,
    ) -> Result<BTreeSet<DocumentId>, StoreError> {
        let mut subjects = BTreeSet::new();
        for (response, record) in changed {
            if record.as_ref().is_some_and(|record| record.kind != Some(Kind::Response)) {
                continue;
            }
            let said: Vec<_> =
                self.0.iter().filter(|(_, by)| by.contains(response)).map(|(it, _)| *it).collect();
            for subject in said {
                self.0.entry(subject).or_default().remove(response);
                subjects.insert(subject);
            }
            if let Some(document) = record.as_ref().and_then(|record| record.shared) {
                subjects.extend(self.take(document, *response, store)?);
            }
        }
        Ok(subjects)
    }

    /// How many organisations besides its owner use one of a record's documents.
    pub(super) fn count(&self, owner: OrgId, documents: impl IntoIterator<Item = DocumentId>) -> u32 {
        let said = documents.into_iter().filter_map(|document| self.0.get(&document)).flatten();
        let users: BTreeSet<OrgId> = said.map(|(_, org)| *org).filter(|org| *org != owner).collect();
        users.len() as u32
    }

    fn take(
        &mut self,
        document: DocumentId,
        response: RecordKey,
        store: &impl Read,
    ) -> Result<Option<DocumentId>, StoreError> {
        let Some(bytes) = store.view(document)? else { return Ok(None) };
        let damaged = || StoreError::Damaged { what: format!("view of {}", document.short()) };
        let said = Response::read(&View::read(&bytes).ok_or_else(damaged)?.record);
        let used = said.subject.filter(|_| said.used_by().is_some());
        if let Some(subject) = used {
            self.0.entry(subject).or_default().insert(response);
        }
        Ok(used)
    }
}
