//! Every message that the commands name is there, and every message is named.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_commands_and_the_messages_know_the_same_keys() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut code, mut commands) = (String::new(), String::new());
    gather(&home.join("src"), &mut commands);
    for folder in [home.join("src"), home.join("../node/src"), home.join("../protocol/src/aggregate.rs")] {
        gather(&folder, &mut code);
    }
    let mut keys = BTreeSet::new();
    for file in fs::read_dir(home.join("../node/locales/nb")).expect("the messages") {
        let text = fs::read_to_string(file.expect("an entry").path()).expect("UTF-8");
        let names = text.lines().filter_map(|line| line.split_once(" =")).map(|(key, _)| key.to_owned());
        keys.extend(names.filter(|key| key.starts_with(char::is_alphabetic)));
    }

    // `format!("state-{}", ..)` names a family; a hint is named by what it belongs to.
    let families: Vec<_> = code
        .split('"')
        .filter_map(|text| text.strip_suffix("-{}").or(text.strip_suffix("-{kind}")))
        .collect();
    let unnamed: Vec<_> = keys
        .iter()
        .filter(|key| !code.contains(&format!("\"{}\"", key.trim_end_matches("-hint"))))
        .filter(|key| !families.iter().any(|family| key.starts_with(&format!("{family}-"))))
        .collect();
    assert!(unnamed.is_empty(), "nobody says {unnamed:?}");

    let calls = ["text(\"", "progress(\"", "waiting(\"", "say(context, \""];
    let named =
        calls.iter().flat_map(|call| commands.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
    let missing: Vec<_> =
        named.filter(|key| key.contains('-') && !key.contains('{') && !keys.contains(*key)).collect();
    assert!(missing.is_empty(), "there is no {missing:?}");
    let failures = commands.split(".failure(").skip(1).filter_map(|rest| rest.split('"').nth(3));
    let missing: Vec<_> =
        failures.filter(|key| key.contains('-') && !key.contains('{') && !keys.contains(*key)).collect();
    assert!(missing.is_empty(), "there is no {missing:?}");
}

fn gather(path: &PathBuf, code: &mut String) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder of sources");
        entries.for_each(|entry| gather(&entry.expect("an entry").path(), code));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        code.push_str(&fs::read_to_string(path).expect("UTF-8"));
    }
}
