//! Devices, members and roots that come and go, over connections and as files.

use serde_json::Value;

use crate::praksis::{BERGEN, CASE, KS, Node, TRONDHEIM};

/// A second office of Bergen, granted and in the network.
fn office(first: &Node) -> Node {
    let mut office = Node::nowhere();
    let request = office.json(&["init", "--org", BERGEN, "--office"]).json();
    let request = request["request"].as_str().expect("one string").to_owned();
    let grant = first.json(&["org", "device", "add", &request]).json();
    office.serve();
    office.json(&["join", grant["grant"].as_str().expect("one string")]).json();
    office
}

fn slots(node: &Node, org: &str, wanted: &[u64]) {
    node.until(&["member", "list"], |members| {
        let member = members["items"].as_array().into_iter().flatten().find(|it| it["org"] == org);
        member.is_some_and(|member| member["devices"] == Value::from(wanted))
    });
}

fn new_case(node: &Node) -> String {
    let file = node.file("case.toml", CASE);
    node.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_stolen_device_that_was_ended_is_refused_and_told_and_what_it_wrote_before_stays() {
    let mut ks = Node::served(KS, &["--association"]);
    let mut bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let mut lost = office(&bergen);
    slots(&ks, BERGEN, &[1, 2]);
    let before = new_case(&lost);
    // The contact comes from the other office.
    lost.until(&["case", "show", &before], |it| it["missing"].as_array().is_some_and(Vec::is_empty));
    lost.json(&["case", "share", &before]).json();
    ks.until_found(&["case", "show", &before]);
    bergen.until_found(&["case", "show", &before]);
    lost.terminate();

    assert_eq!(bergen.json(&["org", "device", "end", "9"]).kind(), "not_found");
    let why = ["--lost-since", "2026-01-01T00:00:00Z", "--why", "Mistet på bussen."];
    let ended = bergen.run(&[&["org", "device", "end", "2"][..], &why].concat());
    assert_eq!(ended.status, 0, "{ended:?}");
    let named = bergen.json(&["org", "device", "end", "1", "--why", "Ring 55 12 34 56."]);
    assert_eq!(named.kind(), "personal_data", "every member reads the reason: {named:?}");
    slots(&ks, BERGEN, &[1]);

    // Whoever has it goes on, and nobody has told it yet.
    ks.terminate();
    bergen.terminate();
    lost.serve();
    let after = new_case(&lost);
    lost.json(&["case", "share", &after]).json();
    assert!(lost.json(&["status"]).json()["ended"].is_null());

    // Nobody lets it in, and nothing of it arrives. It is told why, in plain words.
    let ready = ks.serve();
    let ks_is_at = ["peer", "add", ready["listen"][0].as_str().expect("an address")];
    lost.json(&ks_is_at).json();
    let status = lost.until(&["status"], |status| status["ended"].is_object());
    assert_eq!(
        (&status["ended"]["what"], &status["ended"]["why"]),
        (&"device".into(), &"Mistet på bussen.".into())
    );
    let told = lost.run(&["status"]).out;
    assert!(told.contains("avsluttet av organisasjonen") && told.contains("Mistet på bussen."), "{told}");
    let file = lost.file("case.toml", CASE);
    let refused = lost.json(&["case", "new", "--file", &file]);
    assert_eq!(refused.kind(), "not_allowed", "{refused:?}");
    assert!(refused.error()["message"].as_str().is_some_and(|it| it.contains("avsluttet denne noden")));
    let counted = ks.json(&["status"]).json()["refused"].clone();
    assert!(counted["ended"].as_u64().is_some_and(|count| count > 0), "{counted}");
    bergen.serve();
    bergen.json(&ks_is_at).json();
    assert_eq!(ks.json(&["case", "show", &after]).kind(), "not_found");
    assert_eq!(bergen.json(&["case", "show", &after]).kind(), "not_found");
    assert_eq!(ks.until_found(&["case", "show", &before])["state"], "shared");
}

#[test]
fn a_member_that_was_ended_is_told_so_and_comes_back_by_asking() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let id = new_case(&bergen);
    ks.until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 2));
    ks.json(&["member", "end", BERGEN, "--why", "Kontingenten er ikke betalt."]).json();
    let status = bergen.until(&["status"], |status| status["ended"].is_object());
    assert_eq!(status["ended"]["what"], "membership");
    assert!(bergen.run(&["status"]).out.contains("praksis join --request"));
    assert_eq!(bergen.json(&["case", "share", &id]).kind(), "not_allowed");
    // At home it goes on.
    bergen.json(&["case", "edit", &id, "--set", "keywords+=pumpe"]).json();

    let word = bergen.json(&["join", "--request"]).json()["request"].as_str().expect("one string").to_owned();
    let admitted = ks.json(&["member", "admit", &word, "--yes"]).json();
    bergen.json(&["join", admitted["admittance"].as_str().expect("one string")]).json();
    bergen.until(&["status"], |status| status["ended"].is_null());
    bergen.json(&["case", "share", &id]).json();
    ks.until_found(&["case", "show", &id]);
}

#[test]
fn an_end_goes_as_a_file_to_a_node_without_a_connection() {
    let mut ks = Node::served(KS, &["--association"]);
    let mut bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    drop(office(&bergen));
    slots(&ks, BERGEN, &[1, 2]);
    ks.terminate();
    let file = bergen.file("end.txt", "");
    bergen.json(&["org", "device", "end", "2", "--out", &file]).json();
    bergen.terminate();
    ks.serve();
    assert!(ks.json(&["take-in", &file]).json()["taken_in"].as_u64().is_some_and(|count| count > 0));
    slots(&ks, BERGEN, &[1]);
    assert_eq!(ks.json(&["take-in", &file]).json()["taken_in"], 0, "it is known already");
    assert_eq!(ks.json(&["take-in", "abc"]).kind(), "invalid");
}

#[test]
fn a_merged_member_is_written_on_by_its_heir() {
    let ks = Node::served(KS, &["--association"]);
    let (bergen, mut trondheim) = (Node::served(BERGEN, &[]), Node::served(TRONDHEIM, &[]));
    bergen.joins(&ks, BERGEN);
    trondheim.joins(&ks, TRONDHEIM);
    let id = new_case(&trondheim);
    trondheim.json(&["case", "share", &id]).json();
    bergen.until_found(&["case", "show", &id]);
    trondheim.terminate();

    assert_eq!(bergen.json(&["member", "end", TRONDHEIM]).kind(), "not_allowed");
    assert_eq!(ks.json(&["member", "succeed", TRONDHEIM, "310000035"]).kind(), "not_found");
    ks.json(&["member", "succeed", TRONDHEIM, BERGEN]).json();
    ks.json(&["member", "end", TRONDHEIM]).json();
    bergen
        .until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 2));
    // What was shared stays: it is counted again once how much of it counts has come too.
    assert_eq!(bergen.until_found(&["case", "show", &id])["state"], "shared");
    // The heir may withdraw what it took over.
    let words = ["case", "withdraw", &id, "--why", "Avløst.", "--yes"];
    bergen.until(&["why", &id], |why| why["documents"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(bergen.until_found(&words)["state"], "withdrawn");
    ks.until(&["case", "show", &id], |it| it["state"] == "withdrawn");
}

#[test]
fn an_organisation_that_nobody_invited_asks_with_a_file_and_is_let_in_with_another() {
    let mut ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let trondheim = Node::served(TRONDHEIM, &[]);
    let id = new_case(&trondheim);
    let (asks, grant) = (trondheim.file("asks.txt", ""), trondheim.file("grant.txt", ""));
    let request = trondheim.json(&["join", "--request", "--out", &asks]).json();
    let key = trondheim.json(&["org", "show"]).json()["root"]["key"].clone();
    assert_eq!(request["key"], key);

    // Whoever admits is told whose key it is said to be, and says that it is theirs.
    let asked = ks.run(&["member", "admit", &asks]);
    assert_eq!(asked.status, 2, "{asked:?}");
    for told in [TRONDHEIM, key.as_str().expect("a key"), "--yes"] {
        assert!(asked.err.contains(told), "{told}: {asked:?}");
    }
    assert_eq!(bergen.json(&["member", "admit", &asks, "--yes"]).kind(), "not_allowed");
    assert_eq!(ks.json(&["member", "admit", "abc", "--yes"]).kind(), "invalid");
    assert_eq!(ks.json(&["join", &asks]).kind(), "invalid", "a request is nothing to join with");
    let admitted = ks.json(&["member", "admit", &asks, "--yes", "--out", &grant]).json();
    assert_eq!((&admitted["org"], &admitted["file"]), (&TRONDHEIM.into(), &grant.as_str().into()));
    assert_eq!(
        ks.json(&["member", "admit", &asks, "--yes"]).json()["org"],
        TRONDHEIM,
        "once more is as good"
    );
    bergen
        .until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 3));

    // Another who says that it is Trondheim comes too late.
    let claims = Node::served(TRONDHEIM, &[]);
    let word = claims.json(&["join", "--request"]).json()["request"].as_str().expect("one string").to_owned();
    assert_eq!(ks.json(&["member", "admit", &word, "--yes"]).kind(), "exists");
    assert_eq!(claims.json(&["join", &grant]).kind(), "not_allowed", "it is for the other");

    // It joins with the file alone, and shares once somebody can be reached.
    ks.terminate();
    assert_eq!(trondheim.json(&["case", "share", &id]).kind(), "not_allowed");
    trondheim.json(&["join", &grant]).json();
    trondheim.json(&["join", &grant]).json();
    assert_eq!(trondheim.json(&["join", "--request"]).kind(), "exists");
    trondheim.json(&["case", "share", &id]).json();
    let ready = ks.serve();
    trondheim.json(&["peer", "add", ready["listen"][0].as_str().expect("an address")]).json();
    ks.until_found(&["case", "show", &id]);
    bergen.json(&["peer", "add", ready["listen"][0].as_str().expect("an address")]).json();
    bergen.until_found(&["case", "show", &id]);
}

#[test]
fn the_charter_is_amended_by_one_root_after_the_other() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    ks.json(&["association", "amend", "--purge-delay-hours", "1"]).json();
    let delay = |hours: u64| move |it: &Value| it["purge_delay_s"] == hours * 3600;
    bergen.until(&["association", "show"], delay(1));

    let second = bergen.json(&["org", "show"]).json()["root"]["key"].as_str().expect("a key").to_owned();
    ks.json(&["association", "amend", "--add-root", &second]).json();
    bergen.until(&["association", "show"], |it| it["quorum"] == 2);
    // Now it takes two.
    let file = ks.file("amendment.txt", "");
    ks.json(&["association", "amend", "--purge-delay-hours", "2", "--out", &file]).json();
    assert_eq!(ks.json(&["association", "show"]).json()["purge_delay_s"], 3600);
    bergen.json(&["countersign", &file]).json();
    ks.until(&["association", "show"], delay(2));
    assert!(ks.run(&["association", "show"]).out.contains("2 timer"));
}

#[test]
fn a_lost_root_is_succeeded_by_the_association() {
    let ks = Node::served(KS, &["--association"]);
    let bergen = Node::served(BERGEN, &[]);
    bergen.joins(&ks, BERGEN);
    let phrase = bergen.file("phrase", "hest batteri stift riktig\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&phrase, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    let file = std::path::Path::new(&phrase).with_file_name("new.txt").display().to_string();
    std::fs::remove_file(bergen.dir().join("keys/root.key")).expect("it was there");
    let made = bergen.json(&["org", "key", "new", &file, "--passphrase-file", &phrase]).json();
    let key = made["key"].as_str().expect("a key");
    ks.json(&["member", "root", BERGEN, key]).json();
    bergen.until(&["org", "show"], |it| it["root"]["key"] == key);
    bergen.json(&["org", "key", "import", &file, "--passphrase-file", &phrase]).json();
    // It speaks for Bergen, to others too.
    let id = new_case(&bergen);
    bergen.json(&["case", "share", &id]).json();
    ks.until_found(&["case", "show", &id]);
    bergen.json(&["case", "withdraw", &id, "--why", "Prøve.", "--now", "--yes"]).json();
    ks.until(&["case", "show", &id], |it| it["withdrawn"]["purged"] == true);
}
