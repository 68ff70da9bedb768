//! Nodes that cannot be reached, and the one that they are reached through.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::super::{
    Class, Failure, Limits, NetCommand, NetEvent, SYNC_MESSAGE, Ways,
    harness::{Node, meet, meet_at},
};

fn serving() -> Ways {
    Ways { relay: true, ..Ways::default() }
}

fn hidden() -> Ways {
    Ways { relayed: true, ..Ways::default() }
}

/// An association that relays, and a member that is reached through it, with its address there.
async fn relayed() -> (Node, Node, String) {
    let (mut ks, mut utsira) = (Node::by(1, serving()).await, Node::by(2, hidden()).await);
    meet(&mut utsira, &mut ks).await;
    let address = utsira.relayed_at().await;
    assert!(address.starts_with(&ks.address) && address.ends_with("/p2p-circuit"), "{address}");
    (ks, utsira, address)
}

#[tokio::test]
async fn members_meet_through_a_relay() {
    let (mut ks, mut utsira, address) = relayed().await;
    let mut bergen = Node::start(3).await;
    meet(&mut bergen, &mut ks).await;
    meet_at(&mut bergen, &mut utsira, &address).await;
    utsira.serves(&mut bergen, 1).await;
    bergen.serves(&mut utsira, 2).await;
    // A relay serves who is connected with it in either direction, and dials it first if it must.
    let mut oslo = Node::start(4).await;
    oslo.admit(ks.device).await;
    ks.admit(oslo.device).await;
    meet_at(&mut oslo, &mut utsira, &address).await;
    utsira.serves(&mut oslo, 3).await;
}

/// libp2p's defaults end at 128 reservations, 16 circuits and 128 KiB.
#[tokio::test]
async fn a_relay_carries_more_than_a_county() {
    let (mut ks, mut bergen) = (Node::by(1, serving()).await, Node::start(2).await);
    meet(&mut bergen, &mut ks).await;
    let mut members = Vec::new();
    for seed in 3..=135 {
        let mut member = Node::by(seed, hidden()).await;
        meet(&mut member, &mut ks).await;
        let address = member.relayed_at().await;
        members.push((member, address));
    }
    for (member, address) in members.iter_mut().rev().take(30) {
        meet_at(&mut bergen, member, address).await;
    }
    let (last, _) = members.last_mut().expect("there are many");
    let mut large = vec![0; SYNC_MESSAGE.wire - 1024];
    StdRng::seed_from_u64(1).fill_bytes(&mut large);
    bergen.ask(last.device, 1, Class::Sync, &large).await;
    last.echo().await;
    assert!(bergen.ended(1).await.unwrap() == large);
}

#[tokio::test]
async fn the_door_holds_for_whoever_comes_through_a_relay() {
    let (mut ks, mut utsira, address) = relayed().await;
    let mut newcomer = Node::start(3).await;
    meet(&mut newcomer, &mut ks).await;
    // The relay knows the newcomer, Utsira does not.
    newcomer.admit(utsira.device).await;
    newcomer.dial_at(&[&address], Some(utsira.device)).await;
    utsira.connected(newcomer.device, false).await;
    newcomer.connected(utsira.device, true).await;
    newcomer.ask(utsira.device, 1, Class::Sync, b"documents, please").await;
    assert_eq!(newcomer.ended(1).await, Err(Failure::Unsupported));
    newcomer.ask(utsira.device, 2, Class::Join, b"my grants").await;
    assert_eq!(utsira.echo().await, Class::Join);
    assert_eq!(newcomer.ended(2).await.unwrap(), b"my grants");
}

#[tokio::test]
async fn a_stranger_is_not_relayed() {
    let (mut ks, utsira, address) = relayed().await;
    // It takes the relay for a member; the relay takes it for a guest.
    let mut stranger = Node::by(3, hidden()).await;
    stranger.admit(ks.device).await;
    stranger.dial(&ks).await;
    ks.connected(stranger.device, false).await;
    stranger.dial_at(&[&address], Some(utsira.device)).await;
    let why = stranger.dial_failed().await;
    assert!(why.contains("does not support"), "{why}");
    // Nor one to whom the relay is nobody.
    let mut other = Node::start(4).await;
    other.dial_at(&[&address], Some(utsira.device)).await;
    assert!(other.dial_failed().await.contains("the relay cannot be reached"));
    for event in stranger.leftovers() {
        assert!(!matches!(event, NetEvent::Listening { address } if address.contains("p2p-circuit")));
    }
}

#[tokio::test]
async fn who_is_expelled_by_the_relay_loses_its_circuits() {
    let (mut ks, mut utsira, address) = relayed().await;
    let mut bergen = Node::start(3).await;
    meet(&mut bergen, &mut ks).await;
    meet_at(&mut bergen, &mut utsira, &address).await;
    ks.tell(NetCommand::Expel { device: bergen.device }).await;
    utsira.disconnected(bergen.device).await;
    bergen.dial_at(&[&address], Some(utsira.device)).await;
    assert!(bergen.dial_failed().await.contains("does not support"));
}

#[tokio::test]
async fn who_is_not_there_is_not_found_through_a_relay() {
    let mut ks = Node::by(1, serving()).await;
    let (mut bergen, utsira) = (Node::start(2).await, Node::start(3).await);
    meet(&mut bergen, &mut ks).await;
    let peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
    let address = format!("{}/p2p/{peer}/p2p-circuit", ks.address);
    bergen.dial_at(&[&address], Some(utsira.device)).await;
    assert!(bergen.dial_failed().await.contains("the relay cannot be reached"));
}

#[tokio::test]
async fn a_node_that_is_no_relay_relays_nobody() {
    let (mut ks, mut utsira) = (Node::start(1).await, Node::by(2, hidden()).await);
    meet(&mut utsira, &mut ks).await;
    ks.serves(&mut utsira, 1).await;
    utsira.serves(&mut ks, 2).await;
    for event in utsira.leftovers() {
        assert!(!matches!(event, NetEvent::Listening { address } if address.contains("p2p-circuit")));
    }
}

#[tokio::test]
async fn a_relay_that_starts_again_relays_again() {
    let (ks, mut utsira, address) = relayed().await;
    ks.tell(NetCommand::Stop).await;
    ks.task.await.unwrap();
    utsira.disconnected(ks.device).await;
    let mut ks = Node::at(&ks.address, 1, Limits::default(), serving()).await;
    meet(&mut utsira, &mut ks).await;
    assert_eq!(utsira.relayed_at().await, address);
    let mut bergen = Node::start(3).await;
    meet(&mut bergen, &mut ks).await;
    meet_at(&mut bergen, &mut utsira, &address).await;
    // That the relay was away was told to nobody: all would have to hear of it.
    let left = utsira.leftovers();
    assert!(!left.iter().any(|event| matches!(event, NetEvent::NotListening { .. })));
}
