//! Stories of nodes that behave.

mod proxy;
mod relay;
mod ways;

use std::{net::TcpListener, time::Duration};

use ed25519_dalek::SigningKey;
use praksis_protocol::id::DeviceId;

use super::{
    Class, Config, Failure, Limits, NetCommand, NetError, NetEvent, REQUESTS_PER_DEVICE, SYNC_MESSAGE, Ways,
    harness::{Node, two_members},
    start,
};

#[tokio::test]
async fn two_members_ask_each_other() {
    let (mut bergen, mut oslo) = two_members().await;
    bergen.ask(oslo.device, 7, Class::Sync, b"what do you hold").await;
    assert_eq!(oslo.echo().await, Class::Sync);
    assert_eq!(bergen.ended(7).await.unwrap(), b"what do you hold");

    let large = vec![3; SYNC_MESSAGE.inflated];
    oslo.ask(bergen.device, 8, Class::Sync, &large).await;
    bergen.echo().await;
    assert!(oslo.ended(8).await.unwrap() == large);
    let traffic = oslo.net.traffic();
    assert!(traffic.payload_out < 10_000, "8 MiB of one byte travel compressed");
    assert!(traffic.socket_out > traffic.payload_out);
}

#[tokio::test]
async fn a_guest_sees_the_join_protocol_and_no_other() {
    let (mut ks, mut joiner) = (Node::start(1).await, Node::start(2).await);
    joiner.dial(&ks).await;
    joiner.connected(ks.device, false).await;
    ks.connected(joiner.device, false).await;

    joiner.ask(ks.device, 1, Class::Sync, b"documents, please").await;
    assert_eq!(joiner.ended(1).await, Err(Failure::Unsupported));
    joiner.ask(ks.device, 2, Class::Join, b"may I").await;
    assert_eq!(ks.echo().await, Class::Join);
    assert_eq!(joiner.ended(2).await.unwrap(), b"may I");
}

#[tokio::test]
async fn a_guest_that_is_admitted_comes_back_as_a_member() {
    let (mut ks, mut joiner) = (Node::start(1).await, Node::start(2).await);
    joiner.dial(&ks).await;
    joiner.ask_when_connected(&ks, 1).await;
    let (id, _, _) = ks.requested().await;
    ks.admit(joiner.device).await;
    ks.tell(NetCommand::Respond { id, bytes: b"granted".to_vec() }).await;
    assert_eq!(joiner.ended(1).await.unwrap(), b"granted");
    joiner.admit(ks.device).await;

    joiner.disconnected(ks.device).await;
    joiner.connected(ks.device, true).await;
    ks.connected(joiner.device, true).await;
    ks.serves(&mut joiner, 2).await;
    joiner.serves(&mut ks, 3).await;
}

#[tokio::test]
async fn a_member_the_other_has_not_heard_of_gets_in_by_the_join_protocol() {
    let brisk = Limits { admitted_grace: Duration::from_millis(50), ..Limits::default() };
    let (mut oslo, mut bergen) = (Node::with(1, brisk).await, Node::start(2).await);
    bergen.admit(oslo.device).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;
    oslo.connected(bergen.device, false).await;
    bergen.ask(oslo.device, 1, Class::Sync, b"documents, please").await;
    assert_eq!(bergen.ended(1).await, Err(Failure::Unsupported));

    bergen.ask(oslo.device, 2, Class::Join, b"my grants").await;
    let (id, _, _) = oslo.requested().await;
    oslo.tell(NetCommand::Respond { id, bytes: b"welcome".to_vec() }).await;
    oslo.admit(bergen.device).await;
    assert_eq!(bergen.ended(2).await.unwrap(), b"welcome");

    // Oslo cannot dial Bergen, so it closes, and Bergen comes back by itself.
    bergen.disconnected(oslo.device).await;
    bergen.connected(oslo.device, true).await;
    oslo.connected(bergen.device, true).await;
    oslo.serves(&mut bergen, 3).await;
}

#[tokio::test]
async fn two_that_dial_each_other_are_connected_once() {
    let (mut bergen, mut oslo) = (Node::start(1).await, Node::start(2).await);
    bergen.admit(oslo.device).await;
    oslo.admit(bergen.device).await;
    bergen.dial(&oslo).await;
    oslo.dial(&bergen).await;
    bergen.connected(oslo.device, true).await;
    oslo.connected(bergen.device, true).await;
    oslo.serves(&mut bergen, 1).await;
    bergen.serves(&mut oslo, 2).await;

    bergen.tell(NetCommand::Disconnect { device: oslo.device }).await;
    bergen.disconnected(oslo.device).await;
    oslo.disconnected(bergen.device).await;
    for events in [bergen.leftovers(), oslo.leftovers()] {
        assert!(
            !events
                .iter()
                .any(|event| matches!(event, NetEvent::Connected { .. } | NetEvent::Disconnected { .. }))
        );
    }
}

#[tokio::test]
async fn two_guests_that_dialled_each_other_both_come_back_as_members() {
    let (mut bergen, mut oslo) = (Node::start(1).await, Node::start(2).await);
    bergen.dial(&oslo).await;
    oslo.dial(&bergen).await;
    bergen.connected(oslo.device, false).await;
    oslo.connected(bergen.device, false).await;
    bergen.admit(oslo.device).await;
    oslo.admit(bergen.device).await;
    bergen.connected(oslo.device, true).await;
    oslo.connected(bergen.device, true).await;
    // One of the connections may have been made between the two admissions: a member's at one
    // side and a guest's at the other. What goes by it fails.
    let device = oslo.device;
    let until_served = async {
        for id in 1.. {
            bergen.ask(device, id, Class::Sync, b"still there").await;
            match bergen.ended(id).await {
                Err(Failure::Unsupported | Failure::Disconnected) => {}
                ended => return assert_eq!(ended.unwrap(), b"still there"),
            }
        }
    };
    tokio::join!(until_served, oslo.echo());
}

#[tokio::test]
async fn an_expelled_device_is_a_guest_again() {
    let (mut bergen, mut oslo) = two_members().await;
    oslo.tell(NetCommand::Expel { device: bergen.device }).await;
    oslo.disconnected(bergen.device).await;
    bergen.disconnected(oslo.device).await;
    bergen.dial(&oslo).await;
    oslo.connected(bergen.device, false).await;
    bergen.connected(oslo.device, true).await;
    bergen.ask(oslo.device, 1, Class::Sync, b"documents, please").await;
    assert_eq!(bergen.ended(1).await, Err(Failure::Unsupported));
}

#[tokio::test]
async fn guests_beyond_the_cap_are_refused_and_members_are_not() {
    let mut ks = Node::with(1, Limits { guests: 2, ..Limits::default() }).await;
    let mut guests = Vec::new();
    for seed in 2..4 {
        let mut guest = Node::start(seed).await;
        guest.dial(&ks).await;
        guest.connected(ks.device, false).await;
        ks.connected(guest.device, false).await;
        guests.push(guest);
    }
    let (third, mut member) = (Node::start(4).await, Node::start(5).await);
    third.dial(&ks).await;
    assert_eq!(ks.refused("too_many_guests").await, Some(third.device));

    ks.admit(member.device).await;
    member.admit(ks.device).await;
    member.dial(&ks).await;
    ks.connected(member.device, true).await;
    member.connected(ks.device, true).await;
    ks.serves(&mut member, 1).await;
}

#[tokio::test]
async fn a_guest_may_stay_for_its_time_and_no_longer() {
    let mut ks = Node::with(1, Limits { guest_time: Duration::from_millis(50), ..Limits::default() }).await;
    let mut guest = Node::start(2).await;
    guest.dial(&ks).await;
    ks.connected(guest.device, false).await;
    assert_eq!(ks.refused("guest_time_over").await, Some(guest.device));
    ks.disconnected(guest.device).await;
    guest.disconnected(ks.device).await;
}

#[tokio::test]
async fn requests_wait_until_somebody_takes_the_events() {
    let quiet = Limits { queue: 1, ..Limits::default() };
    let (mut oslo, mut bergen) = (Node::with(1, quiet).await, Node::start(2).await);
    oslo.admit(bergen.device).await;
    bergen.admit(oslo.device).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;
    let all = 0..REQUESTS_PER_DEVICE as u64;
    for id in all.clone() {
        bergen.ask(oslo.device, id, Class::Sync, &id.to_be_bytes()).await;
    }
    bergen.ask(oslo.device, 99, Class::Sync, b"one more").await;
    assert_eq!(bergen.ended(99).await, Err(Failure::Busy));
    // Nobody has taken an event of Oslo's until here.
    for _ in all.clone() {
        oslo.echo().await;
    }
    for id in all {
        assert_eq!(bergen.ended(id).await.unwrap(), id.to_be_bytes());
    }
}

#[tokio::test]
async fn a_request_without_an_answer_fails_and_frees_its_place() {
    let hasty = Limits { request_timeout: Duration::from_millis(50), ..Limits::default() };
    let (mut oslo, mut bergen) = (Node::with(1, hasty).await, Node::start(2).await);
    oslo.admit(bergen.device).await;
    bergen.admit(oslo.device).await;
    bergen.dial(&oslo).await;
    bergen.connected(oslo.device, true).await;
    for id in 0..=REQUESTS_PER_DEVICE as u64 {
        bergen.ask(oslo.device, id, Class::Sync, b"anybody there").await;
        assert!(matches!(bergen.ended(id).await, Err(Failure::Unanswered | Failure::Broken)));
        oslo.requested().await;
    }
    oslo.ask(bergen.device, 1, Class::Sync, b"anybody there").await;
    assert_eq!(oslo.ended(1).await, Err(Failure::Timeout));
    assert!(!oslo.leftovers().iter().any(|event| matches!(event, NetEvent::Refused { .. })));
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let (mut bergen, mut oslo) = two_members().await;
    bergen.ask(oslo.device, 1, Class::Sync, &vec![0; SYNC_MESSAGE.inflated + 1]).await;
    assert_eq!(bergen.ended(1).await, Err(Failure::TooLarge));
    // An answer that cannot be sent is no answer.
    bergen.ask(oslo.device, 2, Class::Sync, b"tell me all").await;
    let (id, _, _) = oslo.requested().await;
    oslo.tell(NetCommand::Respond { id, bytes: vec![0; SYNC_MESSAGE.inflated + 1] }).await;
    assert!(matches!(bergen.ended(2).await, Err(Failure::Broken | Failure::Unanswered)));
    oslo.serves(&mut bergen, 3).await;
}

#[tokio::test]
async fn a_request_to_nobody_fails() {
    let (mut bergen, oslo) = (Node::start(1).await, Node::start(2).await);
    bergen.ask(oslo.device, 1, Class::Join, b"hello").await;
    assert_eq!(bergen.ended(1).await, Err(Failure::Disconnected));
}

#[tokio::test]
async fn a_dial_that_comes_to_nothing_says_why() {
    let (mut bergen, oslo) = (Node::start(1).await, Node::start(2).await);
    bergen.dial_at(&["not an address"], Some(oslo.device)).await;
    assert!(bergen.dial_failed().await.contains("cannot read the address"));
    bergen
        .dial_at(
            &[&format!("{}/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN", oslo.address)],
            Some(oslo.device),
        )
        .await;
    assert!(bergen.dial_failed().await.contains("names another device"));
    bergen.dial_at(&[], Some(oslo.device)).await;
    assert_eq!(bergen.dial_failed().await, "no address to dial");
    bergen.dial_at(&[&oslo.address], Some(Node::start(3).await.device)).await;
    assert!(bergen.dial_failed().await.starts_with("another device answers"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bergen.dial_at(&[&format!("/ip4/127.0.0.1/tcp/{closed}")], None).await;
    assert!(bergen.dial_failed().await.contains("refused"));
}

#[tokio::test]
async fn a_name_is_dialled_and_who_answers_is_told() {
    let (mut bergen, mut oslo) = (Node::start(1).await, Node::start(2).await);
    let by_name = oslo.address.replace("/ip4/127.0.0.1", "/dns4/localhost");
    for _ in 0..2 {
        bergen.dial_at(&[&by_name], None).await;
        bergen.connected(oslo.device, false).await;
    }
    oslo.connected(bergen.device, false).await;
}

#[tokio::test]
async fn a_wildcard_is_reported_as_the_addresses_it_stands_for() {
    let key = SigningKey::from_bytes(&[9; 32]);
    let listen = vec!["/ip4/0.0.0.0/tcp/0".to_owned()];
    let wide = start(Config { key: key.clone(), listen, ways: Ways::default(), limits: Limits::default() })
        .await
        .unwrap();
    assert!(wide.listening.iter().any(|address| address.starts_with("/ip4/127.0.0.1/tcp/")));
    assert!(!wide.listening.iter().any(|address| address.contains("0.0.0.0") || address.ends_with("/tcp/0")));
    let mut bergen = Node::start(1).await;
    let device = DeviceId(key.verifying_key().to_bytes());
    let addresses: Vec<&str> = wide.listening.iter().map(String::as_str).collect();
    bergen.dial_at(&addresses, Some(device)).await;
    bergen.connected(device, false).await;
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_the_address() {
    let taken = Node::start(1).await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let by_other = format!("/ip4/127.0.0.1/tcp/{}", other.local_addr().unwrap().port());
    for address in [taken.address.clone(), by_other] {
        let key = SigningKey::from_bytes(&[2; 32]);
        let config =
            Config { key, listen: vec![address.clone()], ways: Ways::default(), limits: Limits::default() };
        let Err(error) = start(config).await else { panic!("{address} is taken") };
        assert!(matches!(&error, NetError::Listen { address: at, source } if *at == address
            && source.kind() == std::io::ErrorKind::AddrInUse));
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_listened_on_are_errors() {
    let key = SigningKey::from_bytes(&[2; 32]);
    for (address, unsupported) in
        [("7421", false), ("/ip4/127.0.0.1/udp/7421", true), ("/ip4/127.0.0.1/tcp/1/p2p-circuit", true)]
    {
        let config = Config {
            key: key.clone(),
            listen: vec![address.into()],
            ways: Ways::default(),
            limits: Limits::default(),
        };
        match start(config).await {
            Err(NetError::Address { .. }) => assert!(!unsupported),
            Err(NetError::Unsupported { .. }) => assert!(unsupported),
            Err(NetError::Listen { .. } | NetError::NoCertificate { .. } | NetError::Announce { .. })
            | Ok(_) => panic!("{address} is no address to listen on"),
        }
    }
}

#[tokio::test]
async fn who_stops_says_goodbye() {
    let (bergen, mut oslo) = two_members().await;
    bergen.tell(NetCommand::Stop).await;
    bergen.task.await.unwrap();
    oslo.disconnected(bergen.device).await;
    assert!(bergen.net.send(NetCommand::Stop).await.is_err());
}
