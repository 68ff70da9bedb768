//! A joint procurement: drafted together, shared by any, and left.

use serde_json::Value;

use crate::praksis::{BAERUM, BERGEN, CASE, KS, Node, TRONDHEIM};

fn edit(node: &Node, id: &str, set: &str) -> Value {
    node.json(&["case", "edit", id, "--set", set]).json()
}

/// Who writes besides the owner, by number.
fn co_owners(shown: &Value) -> Vec<&str> {
    let all = shown["co_owners"].as_array().into_iter().flatten();
    let mut all: Vec<_> = all.filter_map(|org| org["org"].as_str()).collect();
    all.sort_unstable();
    all
}

#[test]
fn three_write_together_another_than_the_first_shares_it_and_one_who_leaves_writes_no_more() {
    let ks = Node::served(KS, &["--association"]);
    let mut bergen = Node::served(BERGEN, &[]);
    let mut trondheim = Node::served(TRONDHEIM, &[]);
    let mut baerum = Node::served(BAERUM, &[]);
    bergen.joins(&ks, BERGEN);
    trondheim.joins(&ks, TRONDHEIM);
    baerum.joins(&ks, BAERUM);
    bergen
        .until(&["member", "list"], |members| members["items"].as_array().is_some_and(|all| all.len() == 4));

    // One begins it with the others, and all three write.
    let file = bergen.file("case.toml", CASE);
    let begin = ["case", "new", "--file", &file, "--with", TRONDHEIM, BAERUM];
    let id = bergen.json(&begin).json()["id"].as_str().expect("an id").to_owned();
    let show = ["case", "show", id.as_str()];
    for node in [&trondheim, &baerum] {
        let read = node.until_found(&show);
        assert_eq!((&read["state"], &read["owner"]["org"]), (&"draft".into(), &BERGEN.into()), "{read}");
        assert_eq!(co_owners(&read), [TRONDHEIM, BAERUM], "{read}");
    }
    edit(&bergen, &id, "help_wanted=Bergen spør om krav.");
    edit(&trondheim, &id, "anchoring=Trondheim forankrer.");
    edit(&baerum, &id, "result=Bærum vet det ikke ennå.");
    for node in [&bergen, &trondheim, &baerum] {
        node.until(&show, |it| {
            ["help_wanted", "anchoring", "result"].iter().all(|field| it["case"][field].is_string())
        });
    }
    let told = baerum.run(&show).out;
    assert!(told.contains(&format!("skrives sammen med {TRONDHEIM}")) || told.contains(BAERUM), "{told}");

    // Nobody else knows of it, and it stays so until one of them shares it: here not the one who began.
    ks.json(&["sync", "--wait", "30"]).json();
    for words in [&show[..], &["why", &id]] {
        assert_eq!(ks.json(words).kind(), "not_found");
    }
    // What it is to be shared as begins with a word of the owner's, which comes after the draft.
    trondheim.json(&["sync", "--wait", "30"]).json();
    let early = trondheim.json(&["case", "share", &id, "--to", KS]);
    assert_eq!(early.kind(), "not_allowed", "{early:?}");
    let message = trondheim.run(&["case", "share", &id, "--to", KS]).err;
    assert!(message.contains("eieren av fellesutkastet må være den første"), "{message}");
    trondheim.json(&["case", "share", &id]).json();
    ks.until_found(&show);
    let read = ks.until(&show, |it| it["case"]["help_wanted"] == "Bergen spør om krav.");
    assert_eq!(
        (&read["owner"]["org"], co_owners(&read)),
        (&BERGEN.into(), vec![TRONDHEIM, BAERUM]),
        "{read}"
    );
    assert_eq!(ks.json(&["case", "edit", &id, "--set", "result=Nei."]).kind(), "not_allowed");

    // Only who began it says who writes in it.
    let others = trondheim.json(&["case", "co-owner", "end", &id, BAERUM]);
    assert_eq!(others.kind(), "not_allowed", "{others:?}");
    assert_eq!(bergen.json(&["case", "co-owner", "end", &id, KS]).kind(), "not_found");
    let alone =
        bergen.json(&["case", "new", "--file", &file]).json()["id"].as_str().expect("an id").to_owned();
    let message = bergen.run(&["case", "co-owner", "add", &alone, TRONDHEIM]).err;
    assert!(message.contains("utkastet er bare organisasjonens eget"), "{message}");

    // One leaves while it is away, and goes on writing before it has heard of it.
    baerum.terminate();
    let ended = bergen.json(&["case", "co-owner", "end", &id, BAERUM]).json();
    assert_eq!(co_owners(&ended), [TRONDHEIM], "{ended}");
    trondheim.until(&show, |it| co_owners(it) == [TRONDHEIM]);
    bergen.terminate();
    trondheim.terminate();
    baerum.serve();
    edit(&baerum, &id, "result=Bærum skriver videre.");
    bergen.serve();
    trondheim.serve();
    baerum.until(&show, |it| co_owners(it) == [TRONDHEIM] && it["case"]["result"] != "Bærum skriver videre.");
    let refused = baerum.json(&["case", "edit", &id, "--set", "result=Bærum prøver igjen."]);
    assert_eq!(refused.kind(), "not_allowed", "{refused:?}");
    for words in [&["case", "edit", &id, "--set", "result=Nei."][..], &["case", "share", &id]] {
        let message = baerum.run(words).err;
        assert!(message.contains("skriver ikke lenger i dette fellesutkastet"), "{message}");
    }

    // What it wrote before stands, what it wrote after is with nobody.
    edit(&trondheim, &id, "anchoring=Trondheim og Bergen.");
    bergen.until(&show, |it| it["case"]["anchoring"] == "Trondheim og Bergen.");
    bergen.json(&["case", "share", &id]).json();
    ks.until(&show, |it| it["case"]["anchoring"] == "Trondheim og Bergen.");
    for node in [&ks, &bergen, &trondheim] {
        let read = node.json(&show).json();
        assert_eq!(read["case"]["result"], "Bærum vet det ikke ennå.", "{read}");
        assert_eq!(co_owners(&read), [TRONDHEIM], "{read}");
    }
}
