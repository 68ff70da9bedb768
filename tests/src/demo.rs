//! The demo's real cases, and a node that holds them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::path::Path;

use praksis_node::client::Client;
use serde_json::Value;

use crate::node::Node;

/// What each organisation of the demo keeps.
pub const FILES: [(&str, &str); 4] = [
    ("trondheim.json", include_str!("../../cli/demo/trondheim.json")),
    ("bergen.json", include_str!("../../cli/demo/bergen.json")),
    ("baerum.json", include_str!("../../cli/demo/baerum.json")),
    ("ks.json", include_str!("../../cli/demo/ks.json")),
];

/// All of them.
pub fn cases() -> Vec<Value> {
    FILES.iter().flat_map(|(_, file)| serde_json::from_str::<Vec<Value>>(file).unwrap()).collect()
}

/// A node that holds all of them, and has them in its index.
pub async fn node(dir: &Path) -> (Node, Client) {
    let node = Node::organisation(dir, "310000043").await;
    let client = node.serve().await;
    for (name, file) in FILES {
        let imported = client.import(name, file.as_bytes().to_vec(), |_| {}).await.unwrap();
        assert_eq!(imported.refused, Vec::<Value>::new());
    }
    node.until_indexed(cases().len() as u64).await;
    (node, client)
}
