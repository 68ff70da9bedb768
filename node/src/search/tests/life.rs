//! What becomes of records that go, of a disk that fails, of another's record under the same id.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use tantivy::TantivyDocument;
use tantivy::schema::Value as _;

use super::super::compounds::Compounds;
use super::super::schema::{FORMAT, Fields};
use super::super::{Entry, FieldText, Index, Opened, Query, Vocabulary, folder};
use super::{CASES, Library, case, entry, ids};

/// Everything that the files of an index hold, as text: dictionaries of terms, stored documents (those that are deleted
/// too, decompressed), and the bytes of every file as they are. Fails on a file that belongs to no segment.
fn everything(dir: &Path) -> String {
    let engine = tantivy::Index::open_in_dir(dir).expect("opened");
    let mut text = String::new();
    let mut known = BTreeSet::from(["meta.json", "format", ".managed.json"].map(str::to_owned));
    known.extend([".tantivy-writer.lock", ".tantivy-meta.lock"].map(str::to_owned));
    for segment in engine.searchable_segments().expect("segments") {
        known.insert(segment.id().uuid_string());
        let reader = tantivy::SegmentReader::open(&segment).expect("a segment");
        for (field, described) in engine.schema().fields() {
            if described.is_indexed() {
                let index = reader.inverted_index(field).expect("an index");
                let mut terms = index.terms().stream().expect("terms");
                while terms.advance() {
                    text.push_str(&String::from_utf8_lossy(terms.key()));
                    text.push('\n');
                }
            }
        }
        let store = reader.get_store_reader(1).expect("a store");
        for document in store.iter::<TantivyDocument>(None) {
            for (_, value) in document.expect("a document").field_values() {
                text.push_str(&String::from_utf8_lossy(value.as_bytes().unwrap_or_default()));
                text.push('\n');
            }
        }
    }
    for file in std::fs::read_dir(dir).expect("read") {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let of_segment = name.split('.').next().unwrap_or_default();
        assert!(known.contains(&name) || known.contains(of_segment), "{name} belongs to nothing");
        text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).expect("read")));
    }
    text
}

fn with_need(id: &str, need: &str) -> Entry {
    let texts = vec![FieldText { field: "need".to_owned(), lang: "nb".to_owned(), text: need.to_owned() }];
    Entry { texts, ..case(id) }
}

#[test]
fn a_record_that_is_written_again_and_again_is_one_record() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = Index::open(dir.path()).expect("opened").into_index();
    let write = |index: &Index| {
        let entries = (0..3).map(|round| with_need("alarm", &format!("Runde {round}"))).collect();
        index.upsert(entries).expect("taken");
    };
    write(&opened);
    opened.commit().expect("written");
    assert_eq!(opened.len(), 1, "thrice in one batch");
    write(&opened);
    opened.remove(vec![case("alarm").key()]).expect("taken");
    write(&opened);
    opened.commit().expect("written");
    assert_eq!(opened.len(), 1, "over another that was committed, and after it was taken out");
    drop(opened);
    let again = Index::open(dir.path()).expect("opened").into_index();
    write(&again);
    again.commit().expect("written");
    assert_eq!(again.len(), 1, "over one that was there when it was opened");
    let hits = again.similar(&Query::text("Runde 2")).expect("answered").hits;
    assert_eq!(hits.len(), 1);
}

#[test]
fn words_that_were_taken_out_are_in_no_file() {
    let library = Library::full();
    let dir = library.dir.path();
    let first = with_need("alarm", "Først stod det xylofonterapi her.");
    library.index.upsert(vec![first, case("ferge")]).expect("taken");
    library.index.commit().expect("written");
    let second = with_need("alarm", "Så stod det kvartspendel her.");
    library.index.upsert(vec![second, case("brann")]).expect("taken");
    library.index.commit().expect("written");
    let before = everything(dir);
    for word in ["xylofonterapi", "kvartspendel"] {
        assert!(before.contains(word), "{word} must be found before it can be missed");
    }

    library.index.remove(vec![case("alarm").key()]).expect("taken");
    library.index.settle().expect("done");
    let after = everything(dir);
    for word in ["xylofonterapi", "kvartspendel", "_xyl", "spendel", "hjemmeboende"] {
        assert!(!after.contains(word), "{word}");
    }
    // What others have too is still there.
    assert!(after.contains("Medisindispensere"));
    assert_eq!(library.first("medisindispenser"), "medisin");
    assert_eq!(library.index.len(), CASES.len() as u64 - 1);
}

#[test]
fn a_crash_before_the_words_are_gone_is_made_up_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = Index::open(dir.path()).expect("made").into_index();
    index
        .upsert(CASES.into_iter().map(entry).chain([with_need("alarm", "xylofonterapi")]).collect())
        .expect("taken");
    index.commit().expect("written");
    index.upsert(vec![case("alarm")]).expect("taken");
    drop(index);
    assert!(everything(dir.path()).contains("xylofonterapi"));
    // As a removal leaves it that was cut off.
    std::fs::write(dir.path().join("purging"), "").expect("written");
    let index = Index::open(dir.path()).expect("opened").into_index();
    index.settle().expect("done");
    assert!(!everything(dir.path()).contains("xylofonterapi"));
    assert_eq!(index.len(), CASES.len() as u64);
}

#[test]
fn a_folder_that_cannot_be_written_is_read_on_and_written_again_later() {
    let home = tempfile::tempdir().expect("a folder");
    let (dir, away) = (home.path().join("index"), home.path().join("away"));
    let index = Index::open(&dir).expect("made").into_index();
    index.upsert(CASES.into_iter().map(entry).collect()).expect("taken");
    index.commit().expect("written");
    assert!(!index.take_missed());

    std::fs::rename(&dir, &away).expect("moved");
    let new = Entry { record: "new".to_owned(), ..with_need("alarm", "xylofonterapi") };
    index.upsert(vec![new.clone()]).expect("taken");
    index.commit().expect_err("there is nowhere to write");
    assert!(index.take_missed(), "whoever keeps the index must hear that it lacks something");
    let similar = index.similar(&Query::text("trygghetsalarm")).expect("an answer");
    assert_eq!(ids(&similar)[0], "alarm");

    std::fs::rename(&away, &dir).expect("moved back");
    index.upsert(vec![new]).expect("taken");
    index.commit().expect("written");
    assert_eq!(index.similar(&Query::text("xylofonterapi")).expect("an answer").hits[0].id, "new");
}

/// A file system of two megabytes, as far as the machine lets us have one: only an administrator may.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(dir.path()).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(dir))
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.0.path().join("filler")).expect("created");
        for size in [64 * 1024, 512, 1] {
            while filler.write_all(&vec![7; size]).is_ok() {}
        }
    }

    fn clear(&self) {
        std::fs::remove_file(self.0.path().join("filler")).expect("removed");
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a test that failed has files open. What is left goes when the machine stops.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_it_is_read_on_also_after_a_new_start_and_written_again_later() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let dir = disk.0.path().join("index");
    let index = Index::open(&dir).expect("made").into_index();
    index.upsert(CASES.into_iter().map(entry).collect()).expect("taken");
    index.commit().expect("written");
    assert!(!index.take_missed());

    disk.fill();
    let new = Entry { record: "new".to_owned(), ..with_need("alarm", "xylofonterapi") };
    index.upsert(vec![new.clone()]).expect("taken");
    index.commit().expect_err("there is no room");
    assert!(index.take_missed(), "whoever keeps the index must hear that it lacks something");
    let first =
        |index: &Index| ids(&index.similar(&Query::text("trygghetsalarm")).expect("an answer"))[0].to_owned();
    assert_eq!(first(&index), "alarm");

    drop(index);
    let Opened::Ready(index) = Index::open(&dir).expect("opened") else { panic!("it is sound") };
    assert_eq!(first(&index), "alarm");
    assert_eq!(index.len(), CASES.len() as u64);

    disk.clear();
    index.upsert(vec![new]).expect("taken");
    index.commit().expect("written");
    assert_eq!(index.similar(&Query::text("xylofonterapi")).expect("an answer").hits[0].id, "new");
}

#[test]
fn what_another_version_analysed_is_found_at_once_and_analysed_anew_meanwhile() {
    let dir = tempfile::tempdir().expect("a folder");
    let fields = Fields::new();
    let (engine, _) = folder::create(dir.path(), &fields, &Compounds::default()).expect("made");
    let mut writer = engine.writer_with_num_threads(1, 15_000_000).expect("a writer");
    for entry in CASES.into_iter().map(entry) {
        // That version knew the words of titles only.
        let known = Entry { texts: Vec::new(), ..entry.clone() };
        let mut document = TantivyDocument::default();
        for (field, value) in fields.document(&known, 0).expect("a document").field_values() {
            if field != fields.entry {
                document.add_field_value(field, value);
            }
        }
        document.add_bytes(fields.entry, &serde_json::to_vec(&entry).expect("JSON"));
        writer.add_document(document).expect("taken");
    }
    writer.commit().expect("written");
    drop((writer, engine));
    let marker = dir.path().join("format");
    let today = std::fs::read_to_string(&marker).expect("a marker");
    std::fs::write(&marker, format!("{FORMAT}analysis 0\n")).expect("written");

    let Opened::Ready(index) = Index::open(dir.path()).expect("opened") else { panic!("it can be read") };
    assert_eq!(ids(&index.similar(&Query::text("trygghetsalarm")).expect("an answer"))[0], "alarm");
    index.settle().expect("done");
    assert_eq!(ids(&index.similar(&Query::text("dusjvannet")).expect("an answer"))[0], "svommehall");
    assert_eq!(index.len(), CASES.len() as u64);
    assert_eq!(std::fs::read_to_string(&marker).expect("a marker"), today);
}

#[test]
fn a_record_of_another_under_our_id_takes_no_place_of_ours() {
    let library = Library::full();
    let theirs = Entry { owner: "other".to_owned(), owner_org: "310000027".to_owned(), ..case("alarm") };
    library.index.upsert(vec![theirs.clone()]).expect("taken");
    library.index.commit().expect("written");
    let hits = library.ask("trygghetsalarm").hits;
    let owners: BTreeSet<&str> =
        hits.iter().filter(|hit| hit.id == "alarm").map(|hit| hit.owner.org.as_str()).collect();
    assert_eq!(owners, BTreeSet::from(["310000019", "310000027"]));

    library.index.remove(vec![theirs.key()]).expect("taken");
    library.index.commit().expect("written");
    assert_eq!(library.ask("trygghetsalarm").hits[0].owner.org, "310000019");
}

#[test]
fn what_is_learnt_is_used_and_records_are_renewed_without_a_gap() {
    let library = Library::full();
    let question = "quartz";
    assert!(library.ask(question).searched_also.is_empty());
    let labels = [("quartz", "varsel"), ("quartz sensor", "varsel sensor"), ("sensor", "sensor")];
    library.index.learn(Vocabulary::learn(labels)).expect("learnt");
    library.index.renew().expect("begun");
    // Found all the while.
    assert_eq!(library.first("trygghetsalarm"), "alarm");
    library.index.settle().expect("done");
    assert_eq!(library.index.len(), CASES.len() as u64);
    let similar = library.ask(question);
    assert_eq!(similar.searched_also, ["varsel"]);
    assert!(["alarm", "sykesignal"].contains(&ids(&similar)[0]), "{:?}", ids(&similar));
    // The other way round, by its stem.
    let english = Entry {
        record: "english".to_owned(),
        lang: "en".to_owned(),
        title: [("en".to_owned(), "Quartz for smoke".to_owned())].into(),
        texts: Vec::new(),
        ..case("brann")
    };
    library.index.upsert(vec![english]).expect("taken");
    library.index.commit().expect("written");
    assert!(ids(&library.ask("varsel")).contains(&"english"));
}

#[test]
fn many_records_teach_what_compounds_are_made_of() {
    let library = Library::full();
    let more = |n: usize| Entry {
        record: format!("more-{n}"),
        ..with_need(
            "gatelys",
            if n.is_multiple_of(2) { "En pendel henger her." } else { "Kvarts ligger der." },
        )
    };
    let compound =
        Entry { record: "compound".to_owned(), ..with_need("ferge", "Vi vil ha en kvartspendel.") };
    library.index.upsert((0..120).map(more).chain([compound]).collect()).expect("taken");
    library.index.settle().expect("done");
    let similar = library.answer(&Query { limit: 100, ..Query::text("kvarts") });
    let hit = similar.hits.into_iter().find(|hit| hit.id == "compound").expect("found");
    assert!(hit.why.iter().any(|part| part.text == "kvartspendel"), "{:?}", hit.why);
    assert_eq!(library.index.len(), CASES.len() as u64 + 121);
}

/// Names the folder to the process that is killed.
const TO_BE_KILLED: &str = "PRAKSIS_TEST_INDEX";

fn kept() -> Vec<Entry> {
    let entry =
        |n| Entry { record: format!("kept-{n}"), ..with_need("gatelys", "Vi vil ha en kvartspendel.") };
    (0..20).map(entry).collect()
}

fn doomed() -> Vec<Entry> {
    let entry = |n| Entry { record: format!("doomed-{n}"), ..with_need("ferge", "Her er xylofonterapi.") };
    (0..10).map(entry).collect()
}

/// What the process does that the next test kills: nothing when it is run with the others.
#[test]
fn a_process_writes_removes_and_renews_until_it_is_killed() {
    let Some(dir) = std::env::var_os(TO_BE_KILLED) else { return };
    let index = Index::open(Path::new(&dir)).expect("opened").into_index();
    let labels = [("quartz", "kvarts"), ("pendulum", "pendel")];
    for known in [labels.as_slice(), &[]].into_iter().cycle() {
        index.upsert(kept().into_iter().chain(doomed()).collect()).expect("taken");
        index.commit().expect("written");
        println!("step: written");
        index.remove(doomed().iter().map(Entry::key).collect()).expect("taken");
        println!("step: purging");
        // Splits what is kept otherwise than before.
        index.learn(Vocabulary::learn(known.iter().copied())).expect("learnt");
        index.renew().expect("begun");
        println!("step: renewing");
        index.settle().expect("done");
    }
}

#[test]
fn killed_while_it_purges_or_renews_it_comes_back_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    for steps in [2, 3, 6] {
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["search::tests::life::a_process_writes_removes_and_renews_until_it_is_killed", "--exact"])
            .arg("--nocapture")
            .env(TO_BE_KILLED, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let steps_taken =
            lines.map(|line| line.expect("a line")).filter(|line| line.contains("step: ")).take(steps);
        assert_eq!(steps_taken.count(), steps, "it goes on until it is killed");
        process.kill().expect("killed");
        process.wait().expect("ended");

        let Opened::Ready(index) = Index::open(dir.path()).expect("opened") else { panic!("it is damaged") };
        let kept = kept();
        let mut held = index.held().expect("read");
        for entry in &kept {
            assert!(
                held.take(&entry.key(), &entry.version),
                "after {steps} steps: what was written is there"
            );
        }
        index.remove(held.left().expect("read")).expect("taken");
        index.settle().expect("done");
        assert_eq!(index.len(), kept.len() as u64, "after {steps} steps");
        assert!(!everything(dir.path()).contains("xylofonterapi"), "after {steps} steps");
        assert_eq!(index.similar(&Query::text("kvartspendel")).expect("an answer").hits.len(), 10);
    }
}
