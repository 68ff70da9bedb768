//! How a node is told of the network that it stands in.

use serde_json::Value;

use crate::praksis::{BERGEN, KS, Node};

fn relayed(status: &Value) -> bool {
    let addresses = status["addresses"].as_array().expect("a list");
    addresses.iter().any(|address| address.as_str().is_some_and(|it| it.ends_with("/p2p-circuit")))
}

#[test]
fn a_member_is_told_of_where_the_association_relays_it() {
    let mut ks = Node::made(KS, &["--association"]);
    ks.serve_with(&["--relay", "--listen", "/ip4/127.0.0.1/tcp/0/ws"]);
    let mut bergen = Node::made(BERGEN, &[]);
    // The proxy is named and not needed: this machine itself is reached without.
    bergen.serve_with(&["--relayed", "--proxy", "http://ola:hemmelig@proxy.invalid:3128"]);
    bergen.joins(&ks, BERGEN);
    bergen.until(&["status"], relayed);
    assert!(!relayed(&ks.json(&["status"]).json()));
}

#[test]
fn to_listen_over_tls_takes_a_certificate() {
    let node = Node::made(KS, &["--association"]);
    let answer = node.json(&["run", "--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0/tls/ws"]);
    assert_eq!((answer.status, answer.kind().as_str()), (2, "misuse"));
    assert!(answer.error()["message"].as_str().is_some_and(|told| told.contains("--tls-cert")), "{answer:?}");
}
