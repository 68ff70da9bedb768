//! Changes that Automerge panics on, or takes and cannot load again.

use praksis_protocol::{document::containers, engine::Edit, envelope::actor, wire::message::SignedChange};
use serde_json::json;

use crate::{
    cast::{Device, Node, shared_case},
    chunk::{self, Chunk},
};

/// A well-formed change that puts into a map which is not there.
fn into_nowhere(node: &Node, office: &mut Device) -> SignedChange {
    let kind = node.genesis.kind().unwrap();
    let form = praksis_protocol::document::Form::Shared;
    let base = containers(node.genesis.document(), kind.schema(), form, kind.record());
    let bytes = Chunk {
        deps: node.view().heads.iter().map(|head| head.0).collect(),
        actor: actor(office.id(), node.genesis.document(), office.session, 0).0.to_vec(),
        start_op: chunk::unsigned(5_000),
        other_actors: vec![base[0].actor.0.to_vec()],
        ..Chunk::default()
    }
    .with(&[
        (chunk::OBJECT_ACTOR, &[0x7f, 1]),
        (chunk::OBJECT_COUNTER, &[&[0x7f][..], &chunk::unsigned(4_000)].concat()),
    ])
    .bytes();
    let hash = praksis_protocol::scan::scan(&bytes).expect("nothing in it is wrong by itself").hash;
    let envelope = office.envelope(&node.genesis, hash, 0);
    office.sign(envelope, &bytes)
}

#[test]
fn the_culprit_is_refused_and_the_others_of_the_delivery_are_admitted() {
    let mut node = Node::new(shared_case());
    Device::new(20).merge(&mut node, json!({"need": "Pumper."}));
    let mut honest = Vec::new();
    let mut elsewhere = node.clone();
    let mut office = Device::new(20).session_of(90);
    for n in 0..5 {
        honest.push(office.merge(&mut elsewhere, json!({"help_wanted": format!("Setning {n}.")})));
    }
    let culprits: Vec<_> =
        (60..63).map(|start| into_nowhere(&node, &mut Device::new(21).session_of(start))).collect();
    for culprit in &culprits {
        let before = (node.held.clone(), node.state.clone());
        assert_eq!(node.refusals(std::slice::from_ref(culprit)), ["apply"]);
        assert_eq!((node.held.clone(), node.state.clone()), before);
    }
    // What rests on a culprit waits with it, and is never applied.
    let mut all = honest.clone();
    all.splice(2..2, culprits.iter().cloned());
    assert_eq!(node.refusals(&all), ["apply"; 3]);
    assert_eq!(node.state, elsewhere.state);
    // And the document can still be written.
    let more = Device::new(21).session_of(91).write(&node, Edit::Merge(json!({"phase": "need"})));
    assert!(node.refusals(&more).is_empty());
    assert_eq!(node.view().record["phase"], "need");
}
