//! Erased words are nowhere in a store's folder: not in what sled kept, and not after kill -9.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use praksis_node::storage::SledStore;
use praksis_protocol::store::{Put, Read as _, Store as _};
use praksis_tests::{
    auditor::{self, Sealed, contains, copy_folder, files_with, key_of, sealed},
    process::Process,
    words,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const KILLS: u64 = 20;
/// A short document and one whose values are split, among others.
const ERASED: [u64; 2] = [21, 16];
const KEPT: [u64; 2] = [22, 32];
/// Enough of a sealed value to know it again in a file.
const STRETCH: usize = 40;
const NOWHERE: [PathBuf; 0] = [];

fn of(number: u64, sealed: &Sealed) -> Sealed {
    let document = words::document(number);
    let mut of_document = sealed.clone();
    of_document.retain(|key, _| key[1..].starts_with(document.as_bytes()));
    of_document
}

/// Whether somebody with the folder can read what was taken from it.
fn opens(store: &Path, number: u64, taken: &Sealed) -> bool {
    let says = |key: &Vec<u8>, value: &Vec<u8>| {
        let opened = auditor::open(store, key, value)?;
        assert!(contains(&opened, words::sentence(number).as_bytes()), "{number} says something else");
        Some(())
    };
    let opened = taken.iter().filter(|(key, value)| says(key, value).is_some()).count();
    assert!(opened == 0 || opened == taken.len(), "all of {number} has one key");
    opened > 0
}

#[test]
fn the_words_of_an_erased_document_are_nowhere_in_the_folder() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("store");
    let mut store = SledStore::open(&path).unwrap();
    for number in 1..=40 {
        store.commit(&[words::batch(number)]).unwrap();
    }
    // What was taken, by its document: also what was written over later.
    let mut taken: Vec<(u64, Sealed)> = vec![];
    for _ in 0..3 {
        let all = sealed(&path);
        taken.extend(ERASED.into_iter().chain(KEPT).map(|number| (number, of(number, &all))));
        store.commit(&ERASED.map(words::batch)).unwrap();
    }
    // The auditor finds all of it, though no file has the words as they are.
    let mut keys = vec![];
    for (number, taken) in &taken {
        assert_eq!(taken.len(), 3, "a change, a view and a memory");
        assert!(opens(&path, *number, taken), "the words of {number} are there");
        assert_eq!(files_with(&path, words::sentence(*number).as_bytes()), NOWHERE);
        for (key, value) in taken {
            assert_ne!(files_with(&path, &value[..STRETCH]), NOWHERE, "{number}");
            let of_document = key_of(&path, key, value).unwrap();
            assert_eq!(files_with(&path, &of_document), [path.join("document-keys")]);
            if ERASED.contains(number) {
                keys.push(of_document);
            }
        }
    }

    let half = home.path().join("half");
    copy_folder(&path, &half);
    store.commit(&[words::batch(41), ERASED.map(words::document).map(Put::Erase).to_vec()]).unwrap();

    let nowhere = |path: &Path| {
        for (number, taken) in &taken {
            assert_eq!(opens(path, *number, taken), KEPT.contains(number), "{number}");
        }
        for key in &keys {
            assert_eq!(files_with(path, key), NOWHERE, "a key that was overwritten");
        }
        let left = sealed(path);
        assert!(ERASED.iter().all(|number| of(*number, &left).is_empty()), "and sled shows nothing of it");
    };
    nowhere(&path);
    // It is the key that is gone: sled has the bytes still.
    let kept_by_sled = |(number, taken): &(u64, Sealed)| {
        ERASED.contains(number)
            && taken.values().all(|value| !files_with(&path, &value[..STRETCH]).is_empty())
    };
    assert!(taken.iter().any(kept_by_sled), "what sled has written stays");

    // As it is when it stops between the two steps, the batch durable and the keys not yet overwritten.
    copy_folder(&path.join("sled"), &half.join("sled"));
    assert!(taken.iter().all(|(number, taken)| opens(&half, *number, taken)));
    drop(SledStore::open(&half).unwrap());
    nowhere(&half);

    // As kill -9 leaves it, reopened, and after the numbers are used again.
    let killed = home.path().join("killed");
    copy_folder(&path, &killed);
    nowhere(&killed);
    drop(SledStore::open(&killed).unwrap());
    nowhere(&killed);
    drop(store);
    store = SledStore::open(&path).unwrap();
    nowhere(&path);
    store.check().unwrap();
    assert!(KEPT.iter().all(|number| words::is_whole(&store, *number).unwrap()));
    assert!(ERASED.iter().all(|number| !words::is_whole(&store, *number).unwrap()));
    store.commit(&ERASED.map(words::batch)).unwrap();
    for (number, taken) in &taken {
        assert_eq!(opens(&path, *number, taken), KEPT.contains(number), "{number} began again");
    }
    assert!(ERASED.iter().all(|number| words::is_whole(&store, *number).unwrap()));
}

#[test]
fn the_last_words_of_a_document_go_as_if_it_were_erased() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let memory = |number, value: Option<&str>| {
        let bytes = value.map(|value| format!("{} {value}", words::sentence(number)).into_bytes());
        Put::Memory(words::document(number), "one".into(), bytes)
    };
    store.commit(&[vec![memory(1, Some("a")), memory(2, Some("b"))], words::batch(2)]).unwrap();
    let taken = sealed(&path);
    let (alone, beside) = (of(1, &taken), of(2, &taken));
    assert_eq!((alone.len(), beside.len()), (1, 4));
    assert!(opens(&path, 1, &alone) && opens(&path, 2, &beside));
    store.commit(&[vec![memory(1, None), memory(2, None)]]).unwrap();
    assert!(!opens(&path, 1, &alone), "nothing else had its key");
    assert!(opens(&path, 2, &beside), "others have its key");
    store.commit(&[vec![memory(1, Some("c"))]]).unwrap();
    assert!(!opens(&path, 1, &alone), "a key of its own");
    assert!(opens(&path, 1, &of(1, &sealed(&path))));
    assert!(words::is_whole(&store, 2).unwrap());
}

#[test]
fn killed_at_any_moment_what_is_erased_stays_so_and_the_rest_is_whole() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(3);
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let home = TempDir::new().unwrap();
    let path = home.path().join("store");
    let (mut written, mut erased) = (BTreeSet::new(), BTreeSet::new());
    let (mut taken, mut highest, mut unheard) = (Sealed::new(), 0, 0);
    // On a slow machine little is erased before each kill: as often as it takes.
    for round in 0.. {
        if round >= KILLS && erased.len() > 100 {
            break;
        }
        assert!(round < 50 * KILLS, "the kills came while it erased: {} so far", erased.len());
        let mut command = Command::new(env!("CARGO_BIN_EXE_eraser"));
        let mut eraser = Process::start(command.arg(&path).arg((highest + 1).to_string()));
        assert_eq!(eraser.line(), "ready");
        let mut lines = vec![];
        let end = Instant::now() + Duration::from_micros(rng.random_range(0..30_000));
        while let Some(line) = eraser.line_until(end) {
            lines.push(line);
        }
        lines.extend(eraser.kill());
        let before = erased.clone();
        for line in &lines {
            let (what, number) = line.split_once(' ').expect("two words");
            let number: u64 = number.parse().unwrap();
            highest = highest.max(number);
            assert!(if what == "wrote" { written.insert(number) } else { erased.insert(number) });
        }
        // Before anything repairs the folder.
        for number in erased.difference(&before) {
            assert!(!opens(&path, *number, &of(*number, &taken)), "{number} was erased");
        }
        let store = SledStore::open(&path).unwrap();
        store.check().unwrap();
        // Of one document, what was under way may be done.
        let there = |number: &u64| words::is_whole(&store, *number).unwrap();
        assert!(!erased.iter().any(there), "erased and there again");
        let gone: Vec<u64> = written.difference(&erased).copied().filter(|number| !there(number)).collect();
        assert!(gone.len() <= 1, "{gone:?} were acknowledged");
        for number in gone {
            assert!(!opens(&path, number, &of(number, &taken)), "{number} was erased unheard");
            erased.insert(number);
            unheard += 1;
        }
        for (document, _) in store.rows().unwrap() {
            let number = words::number(document);
            highest = highest.max(number);
            if there(&number) {
                written.insert(number);
            }
        }
        taken = sealed(&path);
    }
    println!("{} documents, {} erased, {unheard} of these unheard", written.len(), erased.len());
}
