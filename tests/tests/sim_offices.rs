//! Two offices of one municipality: they write apart, meet, and every sentence is there.

use std::time::Duration;

use praksis_protocol::{engine::Command, genesis::Kind, id::DocumentId};
use praksis_tests::sim::{
    NodeId, Weather, World,
    cast::{case, shareable},
};
use serde_json::{Value, json};

/// A municipality with two offices in a network with one other member.
fn municipality(world: &mut World) -> [NodeId; 4] {
    let ks = world.association("KS");
    let town_hall = world.member(ks, "Bergen");
    let other = world.member(ks, "Bærum");
    let harbour = world.office(town_hall, "Bergen havn");
    world.run_until_level();
    [ks, town_hall, harbour, other]
}

fn draft(world: &mut World, node: NodeId, record: DocumentId) -> Value {
    world.draft_view(node, record).record
}

#[test]
fn drafts_go_to_the_other_office_and_nowhere_else() {
    let mut world = World::new(1);
    let [ks, town_hall, harbour, other] = municipality(&mut world);
    let record = world.draft(town_hall, Kind::Case, case("Internt"));
    world.run_until_level();
    assert_eq!(draft(&mut world, harbour, record)["title"]["nb"], "Internt");
    world.run_for(Duration::from_secs(600));
    assert!(world.show(ks, record).is_none());
    assert!(world.show(other, record).is_none());
}

#[test]
fn what_two_offices_write_apart_is_all_there_when_they_meet() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        world.weather = Weather::foul();
        let [ks, town_hall, harbour, other] = municipality(&mut world);
        let record = world.draft(town_hall, Kind::Case, case("Varsling"));
        world.edit(town_hall, record, None, json!({"need": "Første setning. Siste setning."}));
        world.run_until_level();
        let stale = world.draft_view(harbour, record).heads;
        world.part(&[harbour], &[town_hall, ks, other]);

        // Fields and languages that neither had filled before.
        world.edit(town_hall, record, None, json!({"summary": {"nn": "Rådhuset skriv nynorsk."}}));
        world.edit(
            town_hall,
            record,
            None,
            json!({"need": "Første setning. Rådhuset sier dette. Siste setning."}),
        );
        world.edit(town_hall, record, None, json!({"lessons": [{"phase": "need", "what": "Spør tidlig."}]}));
        world.edit(
            harbour,
            record,
            None,
            json!({"summary": {"nn": "Hamna òg.", "en": "So does the harbour."}}),
        );
        world.edit(harbour, record, None, json!({"result": "Havna har fått varsling."}));
        world.edit(
            harbour,
            record,
            None,
            json!({"lessons": [{"phase": "need", "what": "Mål før og etter."}]}),
        );
        // A form that was opened before all of this, saved over it.
        world.edit(
            harbour,
            record,
            Some(stale),
            json!({"need": "Første setning. Siste setning. Havna føyer til dette."}),
        );
        world.heal();
        world.run_until_level();

        let there = draft(&mut world, town_hall, record);
        assert_eq!(there, draft(&mut world, harbour, record), "seed {seed}");
        let need = there["need"].as_str().expect("a text");
        for sentence in
            ["Første setning.", "Rådhuset sier dette.", "Siste setning.", "Havna føyer til dette."]
        {
            assert_eq!(need.matches(sentence).count(), 1, "seed {seed}: {sentence} in {need}");
        }
        let nn = there["summary"]["nn"].as_str().expect("a text");
        assert!(nn.contains("Rådhuset skriv nynorsk.") && nn.contains("Hamna òg."), "seed {seed}: {nn}");
        assert_eq!(there["summary"]["en"], "So does the harbour.");
        assert_eq!(there["result"], "Havna har fått varsling.");
        assert_eq!(there["lessons"].as_array().map(Vec::len), Some(2), "seed {seed}");
    }
}

#[test]
fn shared_from_two_offices_apart_it_becomes_one_case() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let [ks, town_hall, harbour, other] = municipality(&mut world);
        let record = shareable(&mut world, town_hall, "Delt to ganger");
        world.run_until_level();
        world.part(&[harbour], &[town_hall, ks, other]);
        world.edit(town_hall, record, None, json!({"need": "Rådhusets ord."}));
        world.edit(harbour, record, None, json!({"help_wanted": "Havnas ord."}));
        world.share(town_hall, record);
        world.share(harbour, record);
        world.heal();
        world.run_until_level();

        let shared = world.shared_view(other, record);
        assert_eq!(shared, world.shared_view(harbour, record), "seed {seed}");
        let need = shared.record["need"].to_string();
        assert!(need.matches("Rådhusets ord.").count() <= 1, "seed {seed}: {need}");
        let contested: Vec<_> = shared.conflicts.iter().map(|conflict| conflict.field()).collect();
        // The summary is built from the need, so they are contested together.
        let expected = |field: &String| field == "need" || field == "summary.nb";
        assert!(contested.iter().all(expected), "seed {seed}: {contested:?}");
        // Sharing again, with both offices' words in the draft, settles it.
        world.share(town_hall, record);
        world.run_until_level();
        let settled = world.shared_view(other, record);
        assert_eq!(settled.conflicts, Vec::new(), "seed {seed}");
        assert_eq!(settled.record["need"].as_str().map(|need| need.contains("Rådhusets ord.")), Some(true));
        assert_eq!(settled.record["help_wanted"], "Havnas ord.");
    }
}

#[test]
fn a_conflict_is_shown_and_settled() {
    let mut world = World::new(3);
    let [ks, town_hall, harbour, other] = municipality(&mut world);
    let record = world.draft(town_hall, Kind::Case, case("Uenighet"));
    world.run_until_level();
    world.part(&[harbour], &[town_hall, ks, other]);
    world.edit(town_hall, record, None, json!({"procedure": "open"}));
    world.edit(harbour, record, None, json!({"procedure": "negotiated"}));
    world.heal();
    world.run_until_level();
    let view = world.draft_view(town_hall, record);
    assert_eq!(view.conflicts.len(), 1);
    assert_eq!(view.conflicts[0].field(), "procedure");
    let values: Vec<_> = view.conflicts[0].values.iter().map(|value| value.value.clone()).collect();
    assert_eq!(values.len(), 2);
    let settle = praksis_protocol::engine::Edit::Settle("procedure".into(), 1);
    world.ok(harbour, Command::Edit(record, None, settle));
    world.run_until_level();
    for node in [town_hall, harbour] {
        let view = world.draft_view(node, record);
        assert_eq!(view.conflicts, Vec::new());
        assert_eq!(view.record["procedure"], values[1]);
    }
}
