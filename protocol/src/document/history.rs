//! Who changed what, from the document's own changes.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{
    ActorId, Automerge,
    legacy::{Key, ObjectId, OpType},
};

use super::HistoryEntry;
use crate::id::{ActorBytes, ChangeHash};

/// Every change but `containers`, causes before effects.
pub(super) fn history(doc: &Automerge, containers: &[ChangeHash]) -> Vec<HistoryEntry> {
    // Which field of the record each object belongs to.
    let mut owners: BTreeMap<(u64, ActorId), String> = BTreeMap::new();
    let mut entries = Vec::new();
    for change in doc.get_changes(&[]) {
        let decoded = change.decode();
        let mut fields = BTreeSet::new();
        for (i, op) in decoded.operations.iter().enumerate() {
            let field = match (&op.obj, &op.key) {
                (ObjectId::Root, Key::Map(key)) => key.to_string(),
                (ObjectId::Root, Key::Seq(_)) => continue,
                (ObjectId::Id(id), _) => match owners.get(&(id.counter(), id.actor().clone())) {
                    Some(field) => field.clone(),
                    None => continue,
                },
            };
            if let OpType::Make(_) = op.action {
                owners.insert((change.start_op().get() + i as u64, change.actor_id().clone()), field.clone());
            }
            fields.insert(field);
        }
        let hash = ChangeHash(change.hash().0);
        let Ok(actor) = ActorBytes::try_from(change.actor_id().to_bytes()) else { continue };
        if !containers.contains(&hash) {
            let deps = change.deps().iter().map(|dep| ChangeHash(dep.0)).collect();
            entries.push(HistoryEntry {
                hash,
                actor,
                seq: change.seq(),
                deps,
                time: change.timestamp(),
                fields,
            });
        }
    }
    entries
}
