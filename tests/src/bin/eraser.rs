//! A store that documents are written into and erased from: `eraser STORE FIRST`.
//!
//! After `ready` each line is one acknowledgement, printed when the commit has returned: `wrote N` or
//! `erased N`. Numbers begin at FIRST. Each commit writes a document; every second erases the oldest, in
//! the same commit or the next. It goes on until it is killed.

use std::{collections::VecDeque, error::Error, io::Write as _, path::Path};

use praksis_node::storage::SledStore;
use praksis_protocol::store::{Put, Read as _, Store as _};
use praksis_tests::words;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, first] = &arguments[..] else { return Err("usage: eraser STORE FIRST".into()) };
    let store = SledStore::open(Path::new(store))?;
    let mut there = VecDeque::new();
    for (document, _) in store.rows()? {
        if store.view(document)?.is_some() {
            there.push_back(words::number(document));
        }
    }
    say("ready")?;
    let mut number: u64 = first.parse()?;
    loop {
        let old = if number.is_multiple_of(2) { there.pop_front() } else { None };
        let erase = old.map(|old| vec![Put::Erase(words::document(old))]);
        match erase {
            Some(erase) if number.is_multiple_of(4) => store.commit(&[words::batch(number), erase])?,
            Some(erase) => {
                store.commit(&[words::batch(number)])?;
                store.commit(&[erase])?;
            }
            None => store.commit(&[words::batch(number)])?,
        }
        say(&format!("wrote {number}"))?;
        if let Some(old) = old {
            say(&format!("erased {old}"))?;
        }
        there.push_back(number);
        number += 1;
    }
}

/// One line, out of this process when it returns.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}
