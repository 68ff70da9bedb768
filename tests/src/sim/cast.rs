//! The usual cast of a story.

use praksis_protocol::{genesis::Kind, id::DocumentId};
use serde_json::{Value, json};

use super::{NodeId, World};

/// An association and two members, level with each other.
pub fn network(world: &mut World) -> [NodeId; 3] {
    let ks = world.association("KS");
    let bergen = world.member(ks, "Bergen");
    let baerum = world.member(ks, "Bærum");
    world.run_until_level();
    [ks, bergen, baerum]
}

/// An association and three members, level with each other.
pub fn four(world: &mut World) -> [NodeId; 4] {
    let [ks, bergen, baerum] = network(world);
    let trondheim = world.member(ks, "Trondheim");
    world.run_until_level();
    [ks, bergen, baerum, trondheim]
}

/// A case that may be shared as it is, but for its contact.
pub fn case(title: &str) -> Value {
    json!({
        "schema_version": 1,
        "content_lang": "nb",
        "title": {"nb": title},
        "need": "Vi trenger å vite når pumpene svikter.",
        "sector": ["water_waste_energy"],
        "phase": "need",
    })
}

/// A contact's draft; it is shared with the case that names it.
pub fn contact(world: &mut World, node: NodeId) -> DocumentId {
    let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
    world.draft(node, Kind::Contact, contact)
}

/// A draft with all that sharing asks for.
pub fn shareable(world: &mut World, node: NodeId, title: &str) -> DocumentId {
    let contact = contact(world, node);
    let mut record = case(title);
    record["contact"] = contact.to_string().into();
    world.draft(node, Kind::Case, record)
}

/// The same, shared with the network, and all are level.
pub fn shared(world: &mut World, node: NodeId, title: &str) -> DocumentId {
    let record = shareable(world, node, title);
    world.share(node, record);
    world.run_until_level();
    record
}

/// What a node's draft says of help wanted: the field that stories write in.
pub fn help_wanted(world: &mut World, node: NodeId, record: DocumentId) -> Value {
    world.draft_view(node, record).record["help_wanted"].clone()
}
