//! `bench sync --docs 1000,10000`: what it costs to bring two nodes level.
//!
//! Two whole nodes over real sockets on loopback and real stores in temporary folders. What is
//! printed for each number of documents: writing and sharing them at one node, the first sync of the
//! other, bytes both ways, and the memory of the process that holds both.

use std::{path::Path, time::Instant};

use praksis_node::{
    config::Config,
    driver::{self, Running},
    folder::{self, Beginning, Folder},
};
use praksis_protocol::{
    engine::{Command, Event, Reply},
    genesis::Kind,
    id::DocumentId,
    membership::{joining::Ticket, statement::Role},
    share::Terms,
    store::Read as _,
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::Result;

/// Commands that are under way at once.
const AT_ONCE: usize = 256;

/// Prints the table for each of the counts, such as `1000,10000`.
pub(crate) async fn run(counts: &str) -> Result<()> {
    println!("documents  write s  share s  first sync s  bytes to  bytes from  resident MB");
    for count in counts.split(',') {
        sync(count.parse()?).await?;
    }
    Ok(())
}

async fn sync(count: usize) -> Result<()> {
    let home = tempfile::tempdir()?;
    let ks = node(&home.path().join("ks"), "310000043", true).await?;
    let bergen = node(&home.path().join("bergen"), "310000027", false).await?;

    let Reply::Ticket(ticket) =
        ks.handle.call(Command::Invite("310000027".into(), Role::Member, 3600)).await?
    else {
        return Err("no invitation".into());
    };
    let mut events = bergen.handle.events();
    bergen.handle.call(Command::Join(Ticket::from_text(&ticket)?)).await?;
    // Level once, so that each knows where the other is.
    while !matches!(events.recv().await?, Event::Level(_, true)) {}

    let began = Instant::now();
    let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
    let contact = written(bergen.handle.call(Command::Draft(Kind::Contact, contact)).await?)?;
    // The other side is away while all of this is written.
    ks.handle.stop().await?;
    drop(ks);
    let mut records: Vec<DocumentId> = Vec::new();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (handle, record) = (bergen.handle.clone(), case(number, contact));
        tasks.spawn(async move { handle.call(Command::Draft(Kind::Case, record)).await });
        while tasks.len() >= AT_ONCE {
            records.push(written(tasks.join_next().await.ok_or("a task")???)?);
        }
    }
    while let Some(reply) = tasks.join_next().await {
        records.push(written(reply??)?);
    }
    let write = began.elapsed();

    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for record in records {
        let handle = bergen.handle.clone();
        tasks.spawn(async move {
            handle
                .call(Command::Share(
                    record,
                    Terms::on(handle.today()),
                    praksis_protocol::engine::Audience::Network,
                ))
                .await
        });
        while tasks.len() >= AT_ONCE {
            tasks.join_next().await.ok_or("a task")???;
        }
    }
    while let Some(reply) = tasks.join_next().await {
        reply??;
    }
    let share = began.elapsed();

    let before = bergen.handle.traffic();
    let began = Instant::now();
    let ks = start(&home.path().join("ks")).await?;
    let mut events = ks.handle.events();
    while ks.handle.store().rows()?.len() < count {
        events.recv().await.or_else(|error| match error {
            tokio::sync::broadcast::error::RecvError::Lagged(_) => Ok(Event::RosterChanged),
            error @ tokio::sync::broadcast::error::RecvError::Closed => Err(error),
        })?;
    }
    let first = began.elapsed();
    let after = bergen.handle.traffic();
    println!(
        "{count:>9}  {:>7.2}  {:>7.2}  {:>12.2}  {:>8}  {:>10}  {:>11}",
        write.as_secs_f64(),
        share.as_secs_f64(),
        first.as_secs_f64(),
        after.payload_out - before.payload_out,
        after.payload_in - before.payload_in,
        resident_mb(),
    );
    ks.handle.stop().await?;
    bergen.handle.stop().await?;
    Ok(())
}

/// Nine short fields, about 1.2 KB with envelope and genesis.
fn case(number: usize, contact: DocumentId) -> serde_json::Value {
    json!({
        "schema_version": 1,
        "content_lang": "nb",
        "title": {"nb": format!("Anskaffelse nummer {number}: varsling fra pumpestasjoner")},
        "need": format!("Behov {number}: vi oppdager for sent at en pumpe har stoppet, og kjører ut for ofte."),
        "sector": ["water_waste_energy"],
        "phase": "need",
        "keywords": ["pumpestasjon", "varsling", format!("nummer-{number}")],
        "contact": contact.to_string(),
    })
}

async fn node(dir: &Path, number: &str, association: bool) -> Result<Running> {
    let beginning =
        Beginning { number: number.into(), name: number.into(), card: serde_json::Map::new(), contact: None };
    if association {
        folder::association(dir, &beginning)?;
    } else {
        folder::organisation(dir, &beginning)?;
    }
    start(dir).await
}

async fn start(dir: &Path) -> Result<Running> {
    Ok(driver::start(Folder::open(dir)?, Config::loopback()).await?)
}

fn written(reply: Reply) -> Result<DocumentId> {
    match reply {
        Reply::Written { record, .. } => Ok(record),
        other => Err(format!("not written: {other:?}").into()),
    }
}

/// Memory of this process, where the system says so.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
