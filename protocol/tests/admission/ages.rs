//! Documents of other ages: of kinds and schemas that are not known here yet, begun by one and published by another,
//! and with a writer that has been ended.

use std::sync::Arc;

use automerge::{
    ActorId, Automerge, ObjType, ROOT, ReadDoc as _,
    transaction::{CommitOptions, Transactable},
};
use praksis_protocol::{
    admission::{Wait, counting::missing},
    document::{Form, containers, containers_actor, founding},
    envelope::actor,
    genesis::{Genesis, Kind, Scope},
    id::{AudienceId, ChangeHash},
    membership::{
        issuing::{Ending, Endings},
        roster::Roster,
        statement::{Chain, End, Fact, Kind as StatementKind, Known},
    },
    wire::message::SignedChange,
};
use serde_json::{Value, json};

use crate::cast::*;

/// A document with the first containers of a case, under any genesis.
fn begun(genesis: &Genesis) -> (Automerge, SignedChange) {
    let base = containers(genesis.document(), 1, Form::Shared, Kind::Case.record());
    let mut doc = Automerge::new();
    doc.apply_changes([automerge::Change::from_bytes(base[0].bytes.clone()).unwrap()]).unwrap();
    (doc, SignedChange::containers(base[0].bytes.clone()))
}

/// The containers of a second schema.
fn second(doc: &mut Automerge, genesis: &Genesis) -> SignedChange {
    doc.set_actor(ActorId::from(containers_actor(genesis.document(), 2).0));
    let mut tx = doc.transaction();
    tx.put_object(ROOT, "later", ObjType::Map).unwrap();
    let (hash, _) = tx.commit_with(CommitOptions::default().with_time(0));
    SignedChange::containers(doc.get_change_by_hash(&hash.unwrap()).unwrap().raw_bytes().to_vec())
}

fn put(device: &mut Device, doc: &mut Automerge, genesis: &Genesis, phase: &str) -> SignedChange {
    let by = actor(device.id(), genesis.document(), device.session, 0);
    doc.set_actor(ActorId::from(by.0));
    let mut tx = doc.transaction();
    tx.put(ROOT, "phase", phase).unwrap();
    let hash = tx.commit().0.unwrap();
    let bytes = doc.get_change_by_hash(&hash).unwrap().raw_bytes().to_vec();
    let envelope = device.envelope(genesis, ChangeHash(hash.0), 0);
    device.sign(envelope, &bytes)
}

#[test]
fn a_document_of_an_unknown_kind_is_counted_kept_and_passed_on() {
    let genesis = Genesis { kind: 999, ..shared_case() };
    let (mut doc, base) = begun(&genesis);
    let mut office = Device::new(20);
    let changes =
        [put(&mut office, &mut doc, &genesis, "need"), put(&mut office, &mut doc, &genesis, "market")];
    let mut here = Node::new(genesis.clone());
    let admitted = here.take(&changes);
    assert_eq!(admitted.waiting.iter().map(|(_, wait)| *wait).collect::<Vec<_>>(), [Wait::Cause; 2]);
    let admitted = here.take(std::slice::from_ref(&base));
    assert!(admitted.refused.is_empty(), "{:?}", admitted.refused);
    assert_eq!((admitted.accepted.len(), admitted.containers.len()), (2, 1));
    let state = here.state.clone().unwrap();
    assert_eq!((state.heads.len(), state.view.record), (1, Value::Null));
    // Somebody else gets all of it from here, and what he has is not sent again.
    let sent = missing(here.held.clone(), &[]);
    assert_eq!(sent.len(), 3);
    let mut there = Node::new(genesis.clone());
    there.take(&sent);
    assert_eq!(there.state.unwrap().digest, state.digest);
    assert_eq!(missing(here.held.clone(), &state.heads), []);
    // Containers that nothing rests on wait; those of nobody are refused.
    let mut nothing = Node::new(genesis.clone());
    let admitted = nothing.take(std::slice::from_ref(&base));
    assert_eq!((admitted.waiting, admitted.state.is_none()), (vec![(base, Wait::Cause)], true));
    let other = Genesis { nonce: [3; 32], ..genesis };
    assert_eq!(nothing.refusals(&[begun(&other).1]), ["other_containers"]);
}

#[test]
fn a_newer_schema_brings_its_containers_along() {
    let genesis = shared_case();
    let (mut doc, _) = begun(&genesis);
    let later = second(&mut doc, &genesis);
    let change = put(&mut Device::new(20), &mut doc, &genesis, "need");
    let mut here = Node::new(genesis.clone());
    here.take(&[change, later.clone()]);
    assert_eq!(here.view().record["phase"], "need");
    assert!(here.held.contains(&later));
    // Thrown away and computed again from what is held.
    let state = here.state.take();
    here.take(&[]);
    assert_eq!(here.state, state);
    // And somebody here writes on.
    Device::new(21).merge(&mut here, json!({"need": "Pumper."}));
    assert_eq!(here.view().record["phase"], "need");
    // Two that claim one schema: the same one counts in either order.
    let rivals: Vec<_> = ["x", "y"]
        .map(|name| {
            let (mut doc, _) = begun(&genesis);
            doc.set_actor(ActorId::from(containers_actor(genesis.document(), 2).0));
            let mut tx = doc.transaction();
            tx.put_object(ROOT, name, ObjType::Map).unwrap();
            let (hash, _) = tx.commit_with(CommitOptions::default().with_time(0));
            let bytes = doc.get_change_by_hash(&hash.unwrap()).unwrap().raw_bytes().to_vec();
            let mut office = Device::new(20).session_of(name.as_bytes()[0]);
            [SignedChange::containers(bytes), put(&mut office, &mut doc, &genesis, name)]
        })
        .into_iter()
        .collect();
    let in_order = |order: [usize; 2]| {
        let mut node = Node::new(genesis.clone());
        order.iter().for_each(|n| drop(node.take(&rivals[*n])));
        node.take(&[]);
        (node.held.len(), node.state.map(|state| state.digest))
    };
    let (one, other) = (in_order([0, 1]), in_order([1, 0]));
    assert_eq!(one.1, other.1);
}

#[test]
fn a_co_owner_publishes_first_on_the_owners_empty_change() {
    let network = charter().network();
    let audience = AudienceId([6; 32]);
    let draft = Genesis::joint_draft(Kind::Case, org(BERGEN), vec![org(BAERUM)], network, audience, [4; 32]);
    assert!(draft.is_draft() && Genesis::read(&draft.bytes()).is_ok());
    let shared = Genesis::shared(&draft, network, Scope::Network);
    let mut owner = Device::new(20);
    let by = actor(owner.id(), shared.document(), owner.session, 0);
    let first = founding(shared.document(), 1, Form::Shared, Kind::Case.record(), by, 0);
    let envelope = owner.envelope(&shared, first.hash, 0);
    let first = owner.sign(envelope, &first.bytes);

    let mut alone = Node::new(shared.clone());
    let unfounded =
        Device::new(30).write(&alone, praksis_protocol::engine::Edit::Merge(json!({"need": "x"})));
    assert_eq!(alone.refusals(&unfounded), ["owner_absent"]);

    let mut node = Node::new(shared.clone());
    assert!(node.take(std::slice::from_ref(&first)).refused.is_empty());
    Device::new(30).merge(&mut node, json!({"need": "Pumper."}));
    assert_eq!(node.view().record["need"], "Pumper.");
    let mut other = Node::new(shared.clone());
    other.take(&missing(node.held.clone(), &[]));
    assert_eq!(other.state, node.state);
    // An empty change later, or by anybody else, is none.
    let mut empty = Device::new(30).session_of(9);
    let by = actor(empty.id(), shared.document(), empty.session, 0);
    let change = founding(shared.document(), 1, Form::Shared, Kind::Case.record(), by, 0);
    let envelope = empty.envelope(&shared, change.hash, 0);
    assert_eq!(node.refusals(&[empty.sign(envelope, &change.bytes)]), ["change_discontinuous"]);
}

#[test]
fn past_a_cut_nothing_counts_and_what_rests_on_it_is_an_orphan_until_somebody_writes_it_again() {
    let mut node = Node::new(shared_case());
    let (mut stolen, mut honest) = (Device::new(20), Device::new(21));
    stolen.merge(&mut node, json!({"need": "Pumper."}));
    let before = node.clone();
    let kept: Vec<Known> = statements();
    let past = stolen.merge(&mut node, json!({"need": "Tull."}));
    honest.merge(&mut node, json!({"phase": "need"}));
    // The End, and a cut after the first.
    let grant = kept
        .iter()
        .find(|known| matches!(&known.fact, Fact::Device(grant, _) if grant.device == stolen.id()))
        .unwrap()
        .hash;
    let entry = |change: &SignedChange| {
        let envelope = praksis_protocol::signed::Verified::<praksis_protocol::envelope::Envelope>::read(
            &change.envelope,
        )
        .unwrap();
        (praksis_protocol::envelope::envelope_hash(&envelope), envelope)
    };
    let held: Vec<_> = before.held.iter().map(entry).collect();
    let ending = Ending::of(stolen.id(), Scope::Network, held.iter().map(|(hash, it)| (*hash, &**it)), &kept);
    let mut chain =
        Chain::after(praksis_protocol::membership::issuing::last_said(org(BERGEN), Scope::Roster, &kept));
    let end = chain.issue(&key(BERGEN), charter().network(), StatementKind::DeviceEnd, &End::of(grant));
    let end = Known::read(end.bytes()).unwrap();
    let fold = |more: &[Known]| Arc::new(Roster::fold(Some(&charter()), kept.iter().chain(more)));
    let stood = node.view();
    node.roster = fold(std::slice::from_ref(&end));
    node.take(&[]);
    assert_eq!(node.view(), stood, "without its Cut an End takes nothing away");
    let endings = Endings { org: org(BERGEN), devices: vec![ending] };
    let cuts = endings.cuts(end.hash).into_iter().map(|cut| {
        let mut chain = Chain { scope: Some(Scope::Network), ..Chain::default() };
        let cut = chain.issue(&key(BERGEN), charter().network(), StatementKind::Cut, &cut);
        Known::read(cut.bytes()).unwrap()
    });
    let said: Vec<Known> = cuts.chain([end]).collect();
    node.roster = fold(&said);
    let admitted = node.take(&[]);
    assert_eq!(node.view(), before.view(), "as it stood before the theft");
    let mut why: Vec<_> = admitted.aside.values().map(|why| why.code()).collect();
    why.sort_unstable();
    assert_eq!(why, ["orphan", "past_cut"]);
    // It is written again, on what counts; and what is offered again by the thief is refused.
    honest.session_of(7).merge(&mut node, json!({"phase": "need"}));
    assert_eq!(node.view().record["phase"], "need");
    let mut late = Node { roster: fold(&said), ..Node::new(shared_case()) };
    late.take(&before.held);
    assert_eq!(late.refusals(&[past]), ["past_cut"]);
}
