//! Our own figures, as the workspace's benchmark prints them.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Map, Value};

use crate::{Result, table::Row};

/// `bench sync`, and of its rows those that both have.
pub(crate) fn synced(bench: &str, count: &str) -> Result<Vec<Row>> {
    // Columns: what, until all is held, until both are level, payload.
    let row = |words: &[&str]| -> Option<Row> {
        let what = words.get(2).filter(|what| **what == "first" || what.starts_with("d="))?;
        // Where nothing was changed there is no last document.
        let seconds = words.get(3)?.parse().ok().or(words.get(4)?.parse().ok());
        Some(Row { what: (*what).to_owned(), seconds, bytes: words.get(7)?.parse().ok()? })
    };
    lines(bench, &["sync", "--docs", count, "--make", "short"], true, row)
}

/// `bench sketch`: for each number of differences of 100,000, the bytes where both sides ask.
pub(crate) fn compared(bench: &str) -> Result<Vec<(usize, u64)>> {
    let mut rows = lines(bench, &["sketch"], false, |words| {
        Some((words.first()?.parse().ok()?, words.get(2)?.parse().ok()?))
    })?;
    // Other tables with other sizes follow: numbers rise as long as it is this one.
    let end = rows.windows(2).position(|pair| pair[1].0 <= pair[0].0).map_or(rows.len(), |at| at + 1);
    rows.truncate(end);
    Ok(rows)
}

/// How a change spreads in a network, once who need not be told has been found out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// How often a node was told of it, on average.
    pub(crate) copies: f64,
    /// Until the last had it, in virtual time.
    pub(crate) seconds: f64,
}

/// `bench simulate`: the line of a change that is not the first.
pub(crate) fn spread(bench: &str, nodes: usize) -> Result<Spread> {
    // Columns: what, in two words here, seconds and their unit, hops, copies.
    let row = |words: &[&str]| -> Option<Spread> {
        let is_it = words.starts_with(&["a", "change"]);
        let (seconds, copies) = (words.get(2)?.parse().ok(), words.get(5)?.parse().ok());
        is_it.then_some(Spread { copies: copies?, seconds: seconds? })
    };
    let rows = lines(bench, &["simulate", "--nodes", &nodes.to_string()], false, row)?;
    Ok(rows[0])
}

/// `bench documents`: what was synced.
pub(crate) fn documents(bench: &str, count: &str) -> Result<Vec<Map<String, Value>>> {
    let output = Command::new(bench).args(["documents", count, "short"]).stderr(Stdio::inherit()).output()?;
    String::from_utf8(output.stdout)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn lines<T>(
    bench: &str,
    arguments: &[&str],
    shows: bool,
    read: impl Fn(&[&str]) -> Option<T>,
) -> Result<Vec<T>> {
    let mut child = Command::new(bench)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start {bench}: {error}; build it first"))?;
    let mut rows = Vec::new();
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line?;
        if shows {
            println!("{line}");
        }
        rows.extend(read(&line.split_whitespace().collect::<Vec<_>>()));
    }
    let status = child.wait()?;
    if !status.success() || rows.is_empty() {
        return Err(format!("{bench} {} ended with {status} after {} rows", arguments[0], rows.len()).into());
    }
    Ok(rows)
}
