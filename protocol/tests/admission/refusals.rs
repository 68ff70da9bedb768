//! One story for each refusal that can be made. Nothing of what is refused is kept.

use automerge::{ROOT, transaction::Transactable};
use praksis_protocol::{
    engine::Edit,
    envelope::{Envelope, actor},
    genesis::{About, Genesis, Kind, Scope},
    id::{ChangeHash, NetworkId, SessionId},
    signed::Verified,
    wire::message::SignedChange,
};
use serde_json::json;

use crate::{
    cast::{BAERUM, BERGEN, Device, Node, charter, org, raw, shared_case, standing_of},
    chunk,
};

/// A document with something in it, and an office that is about to write.
fn begun() -> (Node, Device) {
    let mut node = Node::new(shared_case());
    Device::new(20).merge(&mut node, json!({"need": "Pumper.", "title": {"nb": "Sak"}}));
    (node, Device::new(21))
}

fn honest(node: &Node, office: &Device) -> SignedChange {
    office.clone().write(node, Edit::Merge(json!({"phase": "need"}))).remove(0)
}

/// The name under which a change is refused, together with one that is not.
fn refused(node: &mut Node, change: SignedChange) -> Vec<&'static str> {
    let before = (node.held.clone(), node.state.clone());
    let names = node.refusals(std::slice::from_ref(&change));
    assert_eq!((&node.held, &node.state), (&before.0, &before.1), "nothing of it is kept");
    assert!(node.waiting.is_empty());
    let other = Device::new(20).session_of(98).write(node, Edit::Merge(json!({"result": "Bra."})));
    assert_eq!(node.refusals(&[&[change], &other[..]].concat()), names, "the other is admitted");
    assert_eq!(node.view().record["result"], "Bra.");
    names
}

/// The honest change under another envelope, signed by the same office.
fn enveloped(alter: impl FnOnce(&mut Envelope)) -> Vec<&'static str> {
    let (mut node, mut office) = begun();
    let change = honest(&node, &office);
    let hash = praksis_protocol::scan::scan(&change.change).unwrap().hash;
    let mut envelope = office.envelope(&node.genesis, hash, 0);
    alter(&mut envelope);
    let change = office.sign(envelope, &change.change);
    refused(&mut node, change)
}

#[test]
fn the_honest_change_is_admitted() {
    let (mut node, office) = begun();
    let change = honest(&node, &office);
    assert!(node.refusals(&[change.clone(), change]).is_empty());
    assert_eq!(node.view().record["phase"], "need");
}

#[test]
fn bytes_that_are_no_envelope() {
    let (mut node, office) = begun();
    let honest = honest(&node, &office);
    for bytes in [vec![1], vec![0xff; 40], vec![0; 2000], [honest.envelope.to_vec(), vec![0]].concat()] {
        let change = SignedChange { envelope: bytes.into(), ..honest.clone() };
        assert_eq!(refused(&mut node.clone(), change), ["envelope_shape"]);
    }
    // Only containers have none.
    let unsigned = SignedChange::containers(honest.change.to_vec());
    assert_eq!(refused(&mut node.clone(), unsigned), ["other_containers"]);
    let mut change = honest;
    *change.envelope.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&mut node, change), ["envelope_signature"]);
}

#[test]
fn an_envelope_of_a_later_version() {
    assert_eq!(enveloped(|envelope| envelope.version = 2), ["envelope_version"]);
}

#[test]
fn numbers_and_links_that_contradict_each_other() {
    assert_eq!(enveloped(|envelope| envelope.sequence = 0), ["envelope_link"]);
    assert_eq!(enveloped(|envelope| envelope.sequence = 2), ["envelope_link"]);
    assert_eq!(enveloped(|envelope| envelope.opening = None), ["envelope_link"]);
    let previous = Some(praksis_protocol::id::EnvelopeHash([1; 32]));
    assert_eq!(enveloped(|envelope| envelope.previous = previous), ["envelope_link"]);
}

#[test]
fn an_envelope_for_another_document_scope_or_network() {
    let draft = Genesis::draft(Kind::Case, org(BERGEN), [5; 32]);
    let elsewhere = Genesis::shared(&draft, NetworkId([8; 32]), Scope::Network);
    let other =
        Genesis::direct(Kind::OrgYear, org(BERGEN), charter().network(), Scope::Network, &About::Year(1));
    for genesis in [draft, elsewhere, other] {
        let place = praksis_protocol::envelope::context(&genesis);
        assert_eq!(enveloped(|envelope| envelope.context = place), ["envelope_context"]);
    }
}

#[test]
fn an_envelope_for_another_change() {
    assert_eq!(enveloped(|envelope| envelope.change = ChangeHash([1; 32])), ["other_change"]);
}

#[test]
fn a_change_under_a_victims_actor() {
    let (mut node, mut rogue) = begun();
    let victim = Device::new(20);
    let theirs = actor(victim.id(), node.genesis.document(), SessionId([20; 16]), 0);
    // The victim's next change, made by somebody else of the same organisation.
    let (hash, bytes) = raw(&node, &theirs.0, |tx| tx.put(ROOT, "phase", "need").unwrap());
    let envelope = rogue.envelope(&node.genesis, hash, 0);
    let change = rogue.sign(envelope, &bytes);
    assert_eq!(refused(&mut node, change), ["other_actor"]);
    // Nor does another branch or session than the envelope names do.
    assert_eq!(enveloped(|envelope| envelope.branch = 1), ["other_actor"]);
    assert_eq!(enveloped(|envelope| envelope.session = SessionId([77; 16])), ["other_actor"]);
}

#[test]
fn a_change_in_the_name_of_a_device_that_did_not_sign() {
    let (mut node, office) = begun();
    let change = honest(&node, &office);
    let hash = praksis_protocol::scan::scan(&change.change).unwrap().hash;
    let envelope = office.envelope(&node.genesis, hash, 0);
    let mut signed = Verified::sign(envelope, &office.key).bytes().to_vec();
    // The device stands in the payload as it is.
    let id = office.id().0;
    let at = signed.windows(32).position(|bytes| bytes == id).unwrap();
    signed[at..at + 32].copy_from_slice(&Device::new(20).id().0);
    let change = SignedChange { envelope: signed.into(), ..change };
    assert_eq!(refused(&mut node, change), ["envelope_signature"]);
}

#[test]
fn a_device_of_another_organisation() {
    let (mut node, _) = begun();
    let mut other = Device::new(30);
    let change = other.forge(&node, |tx| tx.put(ROOT, "phase", "need").unwrap());
    assert_eq!(refused(&mut node, change), ["not_owner"]);
    // In another's drafts it has no place at all.
    let mut node = Node::new(Genesis::draft(Kind::Contact, org(BERGEN), [5; 32]));
    let (hash, bytes) = raw(
        &Node::new(shared_case()),
        &actor(other.id(), node.genesis.document(), other.session, 0).0,
        |tx| tx.put(ROOT, "phase", "need").unwrap(),
    );
    let mut other = Device::new(30);
    let standing = standing_of(other.id(), Scope::Organisation(org(BAERUM)));
    let envelope = Envelope { standing, ..other.envelope(&node.genesis, hash, 0) };
    let change = other.sign(envelope, &bytes);
    assert_eq!(node.refusals(&[change]), ["other_scope"]);
}

#[test]
fn a_chunk_that_the_scanner_refuses() {
    let (node, office) = begun();
    let honest = honest(&node, &office);
    let hash = praksis_protocol::scan::scan(&honest.change).unwrap().hash;
    let mut chunk_type = honest.change.to_vec();
    chunk_type[8] = 2;
    let mut checksum = honest.change.to_vec();
    *checksum.last_mut().unwrap() ^= 1;
    let cases = [
        (vec![], "Truncated"),
        (vec![0; 1 << 21], "ChunkTooLarge"),
        ([honest.change.to_vec(), vec![0]].concat(), "Tail"),
        (chunk_type, "ChunkType"),
        (checksum, "Checksum"),
        // Ten million operations in a few bytes.
        (
            chunk::Chunk::default().with(&[(chunk::ACTION, &[0x80, 0xad, 0xe2, 0x04, 1])]).bytes(),
            "TooManyOperations",
        ),
    ];
    for (bytes, name) in cases {
        let mut office = office.clone();
        let envelope = office.envelope(&node.genesis, hash, 0);
        let change = office.sign(envelope, &bytes);
        assert_eq!(refused(&mut node.clone(), change), [name]);
    }
}

#[test]
fn a_change_that_does_not_continue_what_it_rests_on() {
    let (node, office) = begun();
    let heads: Vec<[u8; 32]> = node.view().heads.iter().map(|head| head.0).collect();
    let own = actor(office.id(), node.genesis.document(), office.session, 0);
    let chunk = |start_op: usize, seq: usize, others: Vec<Vec<u8>>| {
        let plain = chunk::Chunk::default();
        chunk::Chunk {
            deps: heads.clone(),
            actor: own.0.to_vec(),
            seq: chunk::unsigned(seq),
            start_op: chunk::unsigned(start_op),
            other_actors: others,
            ..plain
        }
    };
    let admit = |chunk: chunk::Chunk| {
        let (mut node, mut office) = (node.clone(), office.clone());
        let bytes = chunk.bytes();
        let hash = praksis_protocol::scan::scan(&bytes).unwrap().hash;
        let envelope = office.envelope(&node.genesis, hash, 0);
        let change = office.sign(envelope, &bytes);
        refused(&mut node, change)
    };
    // Operations numbered among those that are there.
    assert_eq!(admit(chunk(1, 1, vec![])), ["change_discontinuous"]);
    // A predecessor by an actor that has written in nothing it rests on.
    let stranger = chunk(5000, 1, vec![vec![9; 16]]).with(&[
        (chunk::PREDECESSOR_COUNT, &[0x7f, 1]),
        (chunk::PREDECESSOR_ACTOR, &[0x7f, 1]),
        (chunk::PREDECESSOR_COUNTER, &[0x7f, 3]),
    ]);
    assert_eq!(admit(stranger), ["change_discontinuous"]);
}
