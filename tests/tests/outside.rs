//! Every way in for bytes from outside, under any bytes: nothing panics, and what is taken is what would be
//! written. The fuzz targets run the same readers.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use praksis_outside::{Entry, GROUPS, Group};
use proptest::{prelude::*, sample::Index};

fn corpus(group: &Group) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(group.name)
}

#[test]
fn every_example_is_taken_by_its_reader() {
    for group in GROUPS {
        for Entry { name, read, examples } in group.entries {
            for example in examples() {
                assert!(read(&example), "{name} does not take {:?}", String::from_utf8_lossy(&example));
            }
        }
    }
}

/// `PRAKSIS_BLESS=1 cargo test -p praksis-tests --test outside` writes those that are missing.
#[test]
fn the_corpus_holds_every_example_and_is_read_without_a_finding() {
    for group in GROUPS {
        let folder = corpus(group);
        for example in group.entries.iter().flat_map(|entry| (entry.examples)()) {
            let file = folder.join(&blake3::hash(&example).to_hex()[..16]);
            if env::var_os("PRAKSIS_BLESS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, &example).unwrap();
            }
            assert!(file.exists(), "an example of {} is not in its corpus", group.name);
        }
        for file in fs::read_dir(folder).unwrap() {
            group.read(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_group_has_a_fuzz_target() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let targets = fs::read_dir(root.join("fuzz/fuzz_targets")).unwrap();
    let names = targets.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), GROUPS.iter().map(|group| group.name.to_owned()).collect());
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    for group in GROUPS {
        assert!(manifest.contains(&format!("name = \"{}\"", group.name)), "{}", group.name);
    }
}

/// What reads bytes in the protocol, by its name, is in a table.
#[test]
fn every_reader_of_the_protocol_is_in_a_table() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let (mut tables, mut open, mut readers) =
        (String::new(), vec![root.join("protocol/src")], BTreeSet::new());
    for file in fs::read_dir(root.join("tests/outside/src")).unwrap() {
        tables.push_str(&fs::read_to_string(file.unwrap().path()).unwrap());
    }
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap_or_default();
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            let word =
                |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            readers.extend(code.split("impl Payload for ").skip(1).map(word));
            for block in code.split("\nimpl ").skip(1) {
                let body = block.split("\n}").next().unwrap_or_default();
                if body.contains("pub fn read(bytes: &[u8])") || body.contains("pub fn from_text(") {
                    readers.insert(word(block));
                }
            }
        }
    }
    // Read through `Known` and as whatever is signed.
    let inside = ["Statement", "T"];
    assert!(readers.len() > 10, "{readers:?}");
    for name in readers.iter().filter(|name| !inside.contains(&name.as_str()) && !name.is_empty()) {
        let read = [format!("{name}::read("), format!("{name}::from_text("), format!("signed::<{name}>")];
        assert!(read.iter().any(|read| tables.contains(read)), "tests/outside has no row for {name}");
    }
}

#[test]
fn lists_that_promise_more_than_there_is_cost_nothing() {
    // An array, a map or a string of 2^60, announced in nine bytes, at each place where one may stand.
    let group = &praksis_outside::READERS;
    let examples: Vec<_> = group.entries.iter().flat_map(|entry| (entry.examples)()).collect();
    for head in [0x9b, 0xbb, 0x5b] {
        for example in &examples {
            for at in 0..example.len().min(200) {
                let mut bytes = example[..at].to_vec();
                bytes.extend([head, 0x10, 0, 0, 0, 0, 0, 0, 0]);
                group.read(&bytes);
            }
        }
    }
}

/// Any bytes, or an example with a few bytes put in, taken out or put otherwise.
fn bytes(group: &'static Group) -> impl Strategy<Value = Vec<u8>> {
    let examples: Vec<_> = group.entries.iter().flat_map(|entry| (entry.examples)()).collect();
    let steps = prop::collection::vec((any::<Index>(), any::<u8>(), 0..3u8), 1..5);
    let tampered = (prop::sample::select(examples), steps).prop_map(|(mut bytes, steps)| {
        for (at, byte, how) in steps {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at.min(bytes.len()), byte),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    });
    prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..200), 3 => tampered]
}

macro_rules! groups {
    ($($test:ident $group:ident $cases:literal;)*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig::with_cases($cases))]
            #[test]
            fn $test(bytes in bytes(&praksis_outside::$group)) {
                praksis_outside::$group.read(&bytes);
            }
        }
    )*};
}

groups! {
    what_peers_send_is_refused_or_read_as_it_is_written READERS 256;
    what_people_write_is_refused_or_read_as_it_is_written TEXTS 128;
    chunks_are_refused_or_canonical SCAN 256;
    what_was_tampered_with_never_harms_what_is_honest ADMISSION 64;
    frames_and_files_are_refused_or_read NODE 256;
}
