//! The house stays as ARCHITECTURE.md draws it: who may import whom, and what stands only where.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A source file: where it stands under the workspace, and its code without comments and inline tests.
struct Source {
    path: String,
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(folder: &str) -> Vec<Source> {
    let (root, mut found, mut open) = (root(), Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let until_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let code = until_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
                let path = path.strip_prefix(&root).unwrap().display().to_string().replace('\\', "/");
                found.push(Source { path, code: code.collect::<Vec<_>>().join("\n") });
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The top module that a file of a crate belongs to.
fn module(path: &str) -> &str {
    let inside = path.split_once("/src/").expect("a source file").1;
    inside.split(['/', '.']).next().expect("a name")
}

fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word(before) && !word(after)
    })
}

/// Modules of `crate` that some code names.
fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let group = rest.strip_prefix('{').map(|group| {
            // The first words at depth one of a braced list.
            let (mut depth, mut words, mut word) = (1, Vec::new(), String::new());
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                if c == ',' && depth == 1 {
                    words.push(std::mem::take(&mut word));
                } else {
                    word.push(c);
                }
            }
            words.push(word);
            words
        });
        for name in group.unwrap_or_else(|| vec![rest.to_owned()]) {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}

#[test]
fn the_arrows_inside_protocol_run_one_way() {
    const DOMAIN: [&str; 19] = [
        "record",
        "code",
        "cpv",
        "date",
        "decimal",
        "language",
        "org_number",
        "text",
        "vocabulary",
        "case",
        "collection",
        "contact",
        "filled",
        "kind",
        "org_year",
        "organisation",
        "response",
        "template",
        "change",
    ];
    // What may be named by whom: a module may name those of lower layers, and its own layer's domain.
    let mut layer = BTreeMap::from([
        ("id", 0),
        ("time", 0),
        ("signed", 1),
        ("genesis", 2),
        ("shape", 2),
        ("personal", 3),
        ("share", 3),
        ("envelope", 3),
        ("document", 4),
        ("membership", 4),
        ("scan", 3),
        ("aggregate", 4),
        ("reconcile", 4),
        ("wire", 5),
        ("admission", 6),
        ("store", 6),
        ("engine", 7),
    ]);
    layer.extend(DOMAIN.map(|name| (name, 3)));
    let free = |name: &str| name == "lib" || name.chars().next().is_some_and(char::is_uppercase);
    for source in sources("protocol/src") {
        let own = module(&source.path);
        if own == "lib" {
            continue;
        }
        let Some(height) = layer.get(own) else { panic!("{}: say where `{own}` stands", source.path) };
        for name in imported(&source.code) {
            // Macros of the domain stand at the root of the crate.
            let Some(other) = layer.get(name.as_str()) else {
                assert!(
                    free(&name) || source.code.contains(&format!("{name}!")),
                    "{}: what is `{name}`?",
                    source.path
                );
                continue;
            };
            let allowed = name == own || other < height || (*other == 3 && *height == 3);
            assert!(allowed, "{}: `{own}` must not name `{name}`", source.path);
        }
    }
}

#[test]
fn protocol_has_no_io() {
    for source in sources("protocol/src") {
        for forbidden in
            ["tokio", "libp2p", "sled", "std::fs", "std::net", "SystemTime", "Instant", "rand::rng"]
        {
            assert!(!mentions(&source.code, forbidden), "{}: {forbidden}", source.path);
        }
    }
}

#[test]
fn each_library_stands_behind_one_module_of_node() {
    let homes: [(&str, &[&str]); 4] =
        [("libp2p", &["net"]), ("sled", &["storage"]), ("tantivy", &["search"]), ("axum", &["api", "page"])];
    for source in sources("node/src") {
        for (library, modules) in homes {
            let at_home = modules.contains(&module(&source.path));
            let named = source.code.contains(&format!("{library}::"));
            assert!(at_home || !named, "{}: only {modules:?} may say {library}", source.path);
        }
    }
    for source in sources("cli/src") {
        for (library, _) in homes {
            assert!(!source.code.contains(&format!("{library}::")), "{}: {library}", source.path);
        }
    }
}

#[test]
fn only_platform_knows_the_platform() {
    for folder in ["protocol/src", "node/src", "cli/src"] {
        for source in sources(folder) {
            let platform = source.path == "node/src/platform.rs";
            let asks = source.code.contains("cfg(unix)") || source.code.contains("cfg(windows)");
            assert!(platform || !asks, "{}: this belongs into node/src/platform.rs", source.path);
        }
    }
}

#[test]
fn nothing_is_left_half_done() {
    // Spelled in pieces, so that this file does not find itself.
    let marks = [["to", "do!"], ["unimple", "mented!"], ["FIX", "ME"], ["#[ig", "nore"], ["dbg", "!("]];
    for folder in ["protocol", "node", "cli", "tests"] {
        for source in sources(folder).iter().filter(|source| !source.path.contains("/target/")) {
            for mark in marks.map(|mark| mark.concat()) {
                assert!(!source.code.contains(&mark), "{}: {mark}", source.path);
            }
        }
    }
}

/// What stands in quotation marks after each `mark`.
fn quoted<'a>(code: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    code.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_name_that_is_counted_is_explained_to_the_one_who_runs_the_node() {
    let text = fs::read_to_string(root().join("node/README.md")).unwrap();
    let mut names: Vec<String> =
        praksis_protocol::scan::ScanError::ALL.iter().map(|error| error.name().to_owned()).collect();
    let node =
        sources("node/src").into_iter().filter(|source| matches!(module(&source.path), "net" | "bundle"));
    for source in sources("protocol/src").into_iter().chain(node) {
        names.extend(quoted(&source.code, "refuse(\"").map(str::to_owned));
        for body in source.code.split("fn name(").skip(1).filter_map(|rest| rest.split("\n    }").next()) {
            names.extend(quoted(body, "=> \"").filter(|name| *name != "yes").map(str::to_owned));
        }
    }
    assert!(names.len() > 100, "{names:?}");
    for name in names {
        assert!(text.contains(&format!("`{name}`")), "node/README.md does not say what `{name}` means");
    }
}
