//! What syncing took, side by side.

/// One step of a run.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// `first`, or `d=` and how many documents were changed.
    pub(crate) what: String,
    /// From the connection until nothing differs; nothing where it was not done in time.
    pub(crate) seconds: Option<f64>,
    /// Payload both ways.
    pub(crate) bytes: u64,
}

/// Prints what both did, and how many times as much the other took.
pub(crate) fn print(ours: &[Row], theirs: &[Row]) {
    println!("\n  what    ours s   samod s     times   ours bytes  samod bytes     times");
    for row in ours {
        let Some(other) = theirs.iter().find(|other| other.what == row.what) else {
            continue;
        };
        let seconds = |row: &Row| row.seconds.map_or("not done".into(), |it| format!("{it:.3}"));
        let times = match (row.seconds, other.seconds) {
            (Some(own), Some(other)) => format!("{:.1}", other / own),
            _ => "-".into(),
        };
        println!(
            "{:>6}  {:>8}  {:>8}  {times:>8}  {:>11}  {:>11}  {:>8.1}",
            row.what,
            seconds(row),
            seconds(other),
            row.bytes,
            other.bytes,
            other.bytes as f64 / row.bytes as f64,
        );
    }
}
