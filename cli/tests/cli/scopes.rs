//! What is shared with some is known to nobody else.

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

#[test]
fn what_is_shared_with_one_member_is_read_there_and_unknown_to_the_association() {
    let ks = Node::served(KS, &["--association"]);
    let (bergen, trondheim) = (Node::served(BERGEN, &[]), Node::served(TRONDHEIM, &[]));
    bergen.joins(&ks, BERGEN);
    trondheim.joins(&ks, TRONDHEIM);
    bergen
        .until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 3));
    let file = bergen.file("case.toml", CASE);
    let id = bergen.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();

    let stranger = bergen.json(&["case", "share", &id, "--to", "310000035"]);
    assert_eq!(stranger.kind(), "not_found", "{stranger:?}");
    let message = bergen.run(&["case", "share", &id, "--to", "310000035"]).err;
    assert!(message.contains("310000035 er ikke med i nettverket"), "{message}");
    assert_eq!(bergen.run(&["case", "share", &id, "--to", "12"]).status, 2);

    let shared = bergen.run(&["case", "share", &id, "--to", TRONDHEIM]);
    assert!(shared.out.contains(&format!("delt med {TRONDHEIM}")), "{shared:?}");
    let read = trondheim.until_found(&["case", "show", &id]);
    assert_eq!(read["shared_with"][0]["audience"], "named", "{read}");
    let here = bergen.json(&["case", "show", &id]).json();
    let members = here["shared_with"][0]["members"].as_array().expect("members");
    assert_eq!(members.len(), 2, "{here}");
    assert!(bergen.run(&["case", "show", &id]).out.contains(TRONDHEIM));

    // The association has everything else, and nothing of this.
    let why = bergen.until(&["why", &id], |why| {
        let peers = why["documents"].as_array().into_iter().flatten().flat_map(|it| it["peers"].as_array());
        peers.flatten().any(|peer| peer["org"] == TRONDHEIM && peer["state"] == "level")
    });
    let of = |org: &str| {
        let peers = why["documents"].as_array().into_iter().flatten().flat_map(|it| it["peers"].as_array());
        let states = peers.flatten().filter(|peer| peer["org"] == org);
        states.map(|peer| peer["state"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert!(of(KS).iter().all(|state| state == "not_in_audience"), "{why}");
    assert_eq!(ks.json(&["case", "show", &id]).kind(), "not_found");
    assert_eq!(ks.json(&["why", &id]).kind(), "not_found");

    // Shared with all later, it is another document of the same case.
    bergen.json(&["case", "share", &id]).json();
    ks.until_found(&["case", "show", &id]);
    let here = bergen.json(&["case", "show", &id]).json();
    assert_eq!(here["shared_with"].as_array().map(Vec::len), Some(2), "{here}");
}
