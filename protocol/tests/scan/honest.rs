//! Everything Automerge writes passes, and reads the same as Automerge reads it.

use automerge::{ActorId, AutoCommit, Automerge, Change, ObjType, ROOT, transaction::Transactable};
use praksis_protocol::{
    id::{ActorBytes, ChangeHash},
    scan::{ChangeHeader, scan},
};
use proptest::prelude::*;

use crate::people;

fn actor(actor: &ActorId) -> ActorBytes {
    ActorBytes::try_from(actor.to_bytes()).expect("the tests use actors of 16 bytes")
}

/// What Automerge itself says about a change.
pub(crate) fn header(change: &Change) -> ChangeHeader {
    ChangeHeader {
        hash: ChangeHash(change.hash().0),
        actor: actor(change.actor_id()),
        seq: change.seq(),
        start_op: change.start_op().get(),
        time: change.timestamp(),
        deps: change.deps().iter().map(|dep| ChangeHash(dep.0)).collect(),
        other_actors: change.other_actor_ids().iter().map(actor).collect(),
        operations: u32::try_from(change.len()).expect("few operations"),
    }
}

proptest! {
    #[test]
    fn whatever_people_write_passes(steps in people::steps()) {
        let changes = people::changes_of(&steps);
        for change in &changes {
            prop_assert_eq!(scan(change.raw_bytes()), Ok(header(change)));
        }
        // The same changes as Automerge writes them again after a restart.
        let mut document = Automerge::new();
        document.apply_changes(changes).expect("all were written by this Automerge");
        let loaded = Automerge::load(&document.save()).expect("just saved");
        for change in loaded.get_changes(&[]) {
            prop_assert_eq!(scan(change.raw_bytes()), Ok(header(&change)));
        }
    }
}

#[test]
fn a_long_text_passes_as_one_change() {
    let mut document = AutoCommit::new().with_actor(ActorId::from([7; 16]));
    let text = document.put_object(ROOT, "need", ObjType::Text).unwrap();
    document.splice_text(&text, 0, 0, &"innovativ anskaffelse ".repeat(900)).unwrap();
    document.splice_text(&text, 10, 100, "").unwrap();
    let change = document.get_last_local_change().unwrap();
    assert_eq!(change.len(), 1 + 19_800 + 100);
    assert_eq!(scan(change.raw_bytes()), Ok(header(&change)));
}
