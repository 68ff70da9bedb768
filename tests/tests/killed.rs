//! A process that writes is killed a hundred times: what it acknowledged is there, and whole.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use praksis_node::folder;
use praksis_protocol::{genesis::Kind, id::DocumentId};
use praksis_tests::{
    audit::Audit,
    node::{Node, beginning},
    process::Process,
    sentence,
};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const KILLS: u64 = 100;
/// Documents computed again from their envelopes after each kill; at the end another node does it for all.
const COMPUTED_AGAIN: usize = 4;
const NUMBER: &str = "310000043";

/// What was acknowledged of one record: the last number of its draft and of what is shared.
#[derive(Debug, Clone, Copy, Default)]
struct Acknowledged {
    draft: u64,
    shared: u64,
}

/// All that the writer said so far.
#[derive(Default)]
struct Promises {
    by_record: BTreeMap<DocumentId, Acknowledged>,
    lines: usize,
    highest: u64,
}

impl Promises {
    fn heard(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, record, number] = words[..] else { panic!("the writer says: {line}") };
        let number = number.parse().unwrap();
        let promise = self.by_record.entry(record.parse().unwrap()).or_default();
        match what {
            "draft" => promise.draft = number,
            "shared" => promise.shared = number,
            other => panic!("the writer says: {other}"),
        }
        self.lines += 1;
        self.highest = self.highest.max(number);
    }

    /// Everything acknowledged is on disk and nothing is half there; some of what was written since
    /// then is computed again.
    fn kept(&self, dir: &Path, since_s: i64, rng: &mut ChaCha8Rng) {
        let audit = Audit::open(dir);
        let mut found: BTreeMap<DocumentId, Acknowledged> = BTreeMap::new();
        let mut rows = audit.rows();
        rows.retain(|_, row| row.genesis.kind() == Some(Kind::Case));
        let written: Vec<_> = rows.iter().filter(|(_, row)| row.updated_s >= since_s).collect();
        for (id, row) in written.sample(rng, COMPUTED_AGAIN) {
            audit.document(**id, row);
        }
        for (id, row) in rows {
            let record = audit.view(id);
            let number = sentence::number(&record).unwrap_or_else(|torn| panic!("{id}: {torn}"));
            let found = found.entry(row.genesis.record_id()).or_default();
            if row.genesis.is_draft() { found.draft = number } else { found.shared = number }
        }
        for (record, promised) in &self.by_record {
            let found = found.get(record).copied().unwrap_or_default();
            let holds = found.draft >= promised.draft && found.shared >= promised.shared;
            assert!(holds, "{record}: {promised:?} was acknowledged, {found:?} is there");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_a_hundred_times_a_node_keeps_what_it_acknowledged_and_syncs_level() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2);
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let home = TempDir::new().unwrap();
    let dir = home.path().join("node");
    folder::association(&dir, &beginning(NUMBER)).unwrap();

    let began = Instant::now();
    let mut promises = Promises::default();
    let mut unready = 0;
    for _ in 0..KILLS {
        let since_s = praksis_node::clock::now().seconds() as i64;
        // Numbers of a life are above those that the one before may have written unheard.
        let first = promises.highest + 1000;
        let mut writer =
            Process::start(Command::new(env!("CARGO_BIN_EXE_writer")).arg(&dir).arg(first.to_string()));
        // One life in eight ends while the node starts.
        if rng.random_ratio(1, 8) {
            let end = Instant::now() + Duration::from_micros(rng.random_range(0..60_000));
            unready += 1;
            if let Some(line) = writer.line_until(end) {
                assert_eq!(line, "ready");
            }
        } else {
            assert_eq!(writer.line(), "ready");
            for _ in 0..rng.random_range(0..24) {
                promises.heard(&writer.line());
            }
            let end = Instant::now() + Duration::from_micros(rng.random_range(0..20_000));
            while let Some(line) = writer.line_until(end) {
                promises.heard(&line);
            }
        }
        writer.kill().iter().filter(|line| *line != "ready").for_each(|line| promises.heard(line));
        promises.kept(&dir, since_s, &mut rng);
    }
    println!(
        "{KILLS} kills, {unready} of them at the start: {} acknowledgements of {} records kept, in {:?}",
        promises.lines,
        promises.by_record.len(),
        began.elapsed(),
    );
    assert!(promises.lines > 1000, "the kills came while it wrote");

    let first = Node::start(&dir).await;
    let office = Node::office(&home.path().join("office"), NUMBER, &first).await;
    first.until_level(&office).await;
    office.until_level(&first).await;
    for (record, promised) in &promises.by_record {
        let (here, there) = (first.show(*record).await.unwrap(), office.show(*record).await.unwrap());
        assert_eq!(here.draft.unwrap().record, there.draft.as_ref().unwrap().record);
        assert!(sentence::number(&there.draft.unwrap().record).unwrap() >= promised.draft);
        let shared = [here.shared, there.shared].map(|shared| shared.map(|view| view.record));
        assert_eq!(shared[0], shared[1]);
    }
    println!("level with a second office after {:?}", began.elapsed());
    office.stop().await;
    first.stop().await;
}
