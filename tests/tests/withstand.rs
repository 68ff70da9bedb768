//! What the network must withstand, row by row, with the tests that show it; those that stand nowhere else are here.

use std::{fs, path::Path, time::Duration};

use praksis_protocol::{
    engine::{Command, Saying},
    id::DocumentId,
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{network, shareable},
};
use serde_json::json;

/// Each row with the tests that show it, as `file::test`.
const ROWS: [(&str, &[&str]); 21] = [
    (
        "a forged change under another's actor",
        &["protocol/tests/admission/refusals.rs::a_change_under_a_victims_actor"],
    ),
    (
        "replayed or re-ordered statements",
        &[
            "protocol/tests/trust/fold.rs::any_order_and_any_repetition_folds_to_the_same_roster",
            "protocol/tests/trust/fold.rs::what_an_end_took_never_comes_back_by_anything_that_was_said_before",
        ],
    ),
    (
        "twins with one number",
        &[
            "protocol/tests/admission/order.rs::of_twins_the_same_one_counts_in_either_order_of_arrival",
            "protocol/tests/trust/ends.rs::under_one_number_an_end_stands_before_a_grant",
        ],
    ),
    (
        "a revoked device that keeps writing, before and after the End arrives",
        &[
            "protocol/tests/trust/ends.rs::a_revoked_device_that_keeps_writing_counts_up_to_its_cut",
            "tests/tests/sim_ends.rs::an_ended_device_is_let_in_nowhere_and_what_it_wrote_before_stands",
        ],
    ),
    (
        "honest work built on it",
        &[
            "tests/tests/withstand.rs::what_a_stolen_device_wrote_on_is_nowhere_in_either_order_of_arrival",
            "protocol/tests/admission/ages.rs::past_a_cut_nothing_counts_and_what_rests_on_it_is_an_orphan_until_somebody_writes_it_again",
        ],
    ),
    (
        "a stolen device that withdraws everything",
        &["tests/tests/sim_ends.rs::what_a_stolen_device_withdrew_is_back_once_it_is_ended"],
    ),
    (
        "an expired grant",
        &["protocol/tests/trust/roster.rs::expiry_decides_who_is_let_in_and_never_what_counts"],
    ),
    (
        "one device granted by two organisations",
        &[
            "protocol/tests/trust/roster.rs::a_device_granted_by_two_organisations_is_for_the_one_whose_number_it_accepted",
        ],
    ),
    (
        "a member who floods or stalls",
        &[
            EVERYTHING,
            "protocol/tests/trust/peers.rs::a_peer_that_lies_about_everything_costs_little",
            "tests/tests/sim_hints.rs::one_that_tells_of_what_it_does_not_bring_is_not_waited_for",
        ],
    ),
    (
        "a member who sends bombs or half frames",
        &[
            EVERYTHING,
            "tests/tests/rogue.rs::a_member_that_lies_gets_nowhere_and_each_lie_is_counted_by_its_name",
            "protocol/tests/scan/hostile.rs::ten_million_operations_in_69_bytes_are_refused",
        ],
    ),
    (
        "unknown kinds",
        &[
            "tests/tests/sim_trust.rs::a_statement_of_an_unknown_kind_goes_through_a_third_node_byte_for_byte",
            "protocol/tests/admission/ages.rs::a_document_of_an_unknown_kind_is_counted_kept_and_passed_on",
        ],
    ),
    ("newer schemas", &["protocol/tests/admission/ages.rs::a_newer_schema_brings_its_containers_along"]),
    ("a non-member", &["tests/tests/rogue.rs::a_stranger_reaches_the_join_protocol_alone_and_is_not_let_in"]),
    (
        "an old invitation",
        &[
            "protocol/tests/trust/joining.rs::an_invitation_that_cannot_be_used",
            "protocol/tests/trust/joining.rs::an_invitation_used_by_another_is_refused",
        ],
    ),
    (
        "an association root lost or stolen",
        &[
            "protocol/tests/trust/ends.rs::a_stolen_association_root_is_removed_by_the_others_and_what_it_had_said_stands",
        ],
    ),
    ("clock skew of days", &["tests/tests/withstand.rs::clocks_that_are_days_off_decide_nothing"]),
    (
        "a crash between any two writes",
        &[
            "tests/tests/withstand.rs::a_fall_after_any_write_of_a_share_loses_nothing_acknowledged",
            "tests/tests/killed.rs::killed_a_hundred_times_a_node_keeps_what_it_acknowledged_and_syncs_level",
        ],
    ),
    ("a partition of weeks", &["tests/tests/sim_network.rs::a_partition_of_weeks_heals"]),
    (
        "a withdrawn document offered again",
        &["tests/tests/sim_withdrawal.rs::a_backup_and_a_node_away_for_a_month_bring_nothing_back"],
    ),
    (
        "last month's backup restored",
        &["tests/tests/sim_trust.rs::last_weeks_backup_keeps_everything_and_writes_on"],
    ),
    (
        "a virtual machine rolled back",
        &["protocol/tests/admission/order.rs::two_runs_of_a_machine_that_was_copied_become_one"],
    ),
];

const EVERYTHING: &str = "tests/tests/liars.rs::whatever_three_of_thirty_say_the_others_agree_and_nothing_of_theirs_is_changed_or_told";
const HOUR: Duration = Duration::from_secs(3600);
const DAY_MS: i64 = 24 * 3600 * 1000;

#[test]
fn every_row_has_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for (row, tests) in ROWS {
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            let (file, name) = test.split_once("::").expect("file::test");
            let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(text.contains(&format!("fn {name}(")), "{row}: there is no {test}");
        }
    }
}

/// The town hall of Bergen, its harbour that is stolen and its school that is honest; KS and Bærum.
struct Theft {
    world: World,
    town_hall: NodeId,
    harbour: NodeId,
    school: NodeId,
    record: DocumentId,
}

impl Theft {
    /// The thief writes on, the school builds on it; the town hall ends the device meanwhile, apart from both.
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let [ks, town_hall, baerum] = network(&mut world);
        let harbour = world.office(town_hall, "Bergen havn");
        let school = world.office(town_hall, "Bergen skole");
        let record = shareable(&mut world, harbour, "Fra havna");
        world.share(harbour, record);
        world.run_until_level();
        world.run_until("the offices meet", HOUR, |world| world.connected(harbour, school));
        world.part(&[town_hall], &[ks, baerum, harbour, school]);
        world.edit(harbour, record, None, json!({"help_wanted": "Skrevet av tyven"}));
        world.run_until("the school has the thief's words", HOUR, |world| {
            world.draft_view(school, record).record["help_wanted"] == "Skrevet av tyven"
        });
        Self { world, town_hall, harbour, school, record }
    }

    fn build_on_it(&mut self) {
        self.world.edit(self.school, self.record, None, json!({"result": "Skolens ærlige ord"}));
    }

    fn end(&mut self) {
        let ended = self.world.device(self.harbour);
        self.world
            .ok(self.town_hall, Command::Say(Saying::EndDevice { device: ended, lost_s: None, why: None }));
    }

    /// What the school and the town hall read when all have met again.
    fn agreed(mut self) -> serde_json::Value {
        self.world.heal();
        self.world
            .run_until("the thief is shut out", HOUR, |theft| !theft.connected(self.town_hall, self.harbour));
        self.world.crash(self.harbour);
        self.world.run_until_level();
        self.world.run_for(HOUR);
        let [town_hall, school] =
            [self.town_hall, self.school].map(|node| self.world.draft_view(node, self.record).record);
        assert_eq!(town_hall, school);
        town_hall
    }
}

#[test]
fn what_a_stolen_device_wrote_on_is_nowhere_in_either_order_of_arrival() {
    for seed in 0..3 {
        let mut built_first = Theft::new(seed);
        built_first.build_on_it();
        built_first.end();
        let mut ended_first = Theft::new(seed);
        ended_first.end();
        ended_first.build_on_it();
        let read = [built_first.agreed(), ended_first.agreed()];
        assert_eq!(read[0], read[1], "seed {seed}");
        assert_eq!(read[0]["title"]["nb"], "Fra havna", "seed {seed}");
        assert!(read[0].get("help_wanted").is_none(), "seed {seed}: {}", read[0]);
    }
}

#[test]
fn clocks_that_are_days_off_decide_nothing() {
    for (seed, days) in [(0, -9), (1, 9), (2, -400), (3, 400)] {
        let mut world = World::new(seed);
        let [ks, bergen, baerum] = network(&mut world);
        world.skew(bergen, days * DAY_MS);
        let first = shareable(&mut world, bergen, "Fra en annen dag");
        world.share(bergen, first);
        let second = shareable(&mut world, baerum, "Fra i dag");
        world.share(baerum, second);
        world.run_until_level();
        // The one whose clock was off writes on when it is right again.
        world.skew(bergen, 0);
        world.edit(bergen, first, None, json!({"help_wanted": "Tilbake i dag"}));
        world.share(bergen, first);
        world.ok(baerum, Command::Withdraw(second, "Feil".into(), false));
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            assert_eq!(world.shared_view(node, first).record["help_wanted"], "Tilbake i dag", "{days} days");
            assert!(world.show(node, second).is_none(), "{days} days");
        }
        let before = world.messages;
        world.run_for(HOUR);
        assert!(world.messages - before < 1000, "{days} days: {} messages", world.messages - before);
    }
}

#[test]
fn a_fall_after_any_write_of_a_share_loses_nothing_acknowledged() {
    let mut falls = 0;
    for writes in 0.. {
        let mut world = World::new(11);
        let [ks, bergen, baerum] = network(&mut world);
        let record = shareable(&mut world, bergen, "Faller");
        world.share(bergen, record);
        world.run_until_level();
        world.edit(bergen, record, None, json!({"help_wanted": "Sagt før fallet"}));
        let second = shareable(&mut world, bergen, "Trekkes");
        // From here on: what is shared, withdrawn and heard from others, with a fall at some write.
        world.fall_after(bergen, writes);
        let audience = praksis_protocol::engine::Audience::Network;
        let terms = praksis_protocol::share::Terms::on(world.today());
        world.command(bergen, Command::Share(record, terms, audience.clone()));
        world.command(bergen, Command::Share(second, terms, audience));
        world.command(bergen, Command::Withdraw(second, "Feil".into(), true));
        let theirs = shareable(&mut world, baerum, "Fra andre");
        world.share(baerum, theirs);
        world.run_for(Duration::from_secs(90));
        if !world.has_fallen(bergen) {
            break;
        }
        falls += 1;
        assert_eq!(
            world.draft_view(bergen, record).record["help_wanted"],
            "Sagt før fallet",
            "fall {writes}"
        );
        // Whatever was cut off is done again, and all is as if nothing had happened.
        world.share(bergen, record);
        if world.show(bergen, second).is_some() {
            world.ok(bergen, Command::Withdraw(second, "Feil".into(), true));
        }
        world.run_until_level();
        for node in [ks, bergen, baerum] {
            assert_eq!(
                world.shared_view(node, record).record["help_wanted"],
                "Sagt før fallet",
                "fall {writes}"
            );
            assert!(world.show(node, second).is_none(), "fall {writes}");
            assert_eq!(world.shared_view(node, theirs).record["title"]["nb"], "Fra andre", "fall {writes}");
        }
    }
    assert!(falls > 5, "{falls} writes");
}

#[test]
fn honest_words_that_rest_on_a_stolen_devices_are_written_again_in_either_order_of_arrival() {
    for seed in 0..3 {
        for built_first in [true, false] {
            let mut theft = Theft::new(seed);
            if built_first {
                theft.build_on_it();
                theft.end();
            } else {
                theft.end();
                theft.build_on_it();
            }
            assert_eq!(theft.agreed()["result"], "Skolens ærlige ord", "seed {seed}");
        }
    }
}
