//! `bench node DIR ANNOUNCE`: a node as a process of its own, for `bench sync`.
//!
//! It says `ready` with where it listens, then answers each line of standard input with one line, and ends
//! with standard input.

use std::{path::Path, sync::Arc, thread};

use praksis_node::{
    config::Config,
    driver,
    folder::{self, Beginning, Folder},
    handle::Handle,
};
use praksis_protocol::{
    engine::{Audience, Command, Edit, Event, Reply, Saying},
    genesis::{Kind, Scope},
    id::DocumentId,
    membership::{statement::Role, ticket::Ticket},
    share::Terms,
};
use praksis_tests::link::now_us;
use serde_json::json;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc, watch},
    task::JoinSet,
};

use super::{documents::Make, figures::Figures};
use crate::Result;

/// Commands that are under way at once.
const AT_ONCE: usize = 128;

/// Makes the folder of a node.
pub(crate) fn make(dir: &Path, number: &str, is_association: bool) -> Result<()> {
    let beginning =
        Beginning { number: number.into(), name: number.into(), card: serde_json::Map::new(), contact: None };
    match is_association {
        true => drop(folder::association(dir, &beginning)?),
        false => drop(folder::organisation(dir, &beginning)?),
    }
    Ok(())
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default)]
struct Happened {
    /// Whether the node stands level with its peer, and since when.
    level_us: Option<u64>,
    /// When a record changed last.
    changed_us: u64,
    /// How many did.
    changes: u64,
}

/// Runs until standard input ends.
pub(crate) async fn run(dir: &str, announce: &str) -> Result<()> {
    let mut config = Config::loopback();
    config.ways.announce = vec![announce.to_owned()];
    let running = driver::start(Folder::open(Path::new(dir))?, config).await?;
    let handle = running.handle;
    let mut events = handle.events();
    let happened = Arc::new(watch::Sender::new(Happened::default()));
    let following = happened.clone();
    let ended = tokio::spawn(async move {
        loop {
            let event = events.recv().await;
            if matches!(event, Err(RecvError::Closed)) {
                return;
            }
            following.send_modify(|happened| match event {
                Ok(Event::Level(_, true)) => happened.level_us = Some(now_us()),
                Ok(Event::Level(_, false)) => happened.level_us = None,
                Ok(Event::RecordChanged(_)) => {
                    happened.changed_us = now_us();
                    happened.changes += 1;
                }
                Err(RecvError::Lagged(missed)) => {
                    happened.changed_us = now_us();
                    happened.changes += missed;
                }
                Ok(
                    Event::RecordGone(..)
                    | Event::RosterChanged
                    | Event::Joined(_)
                    | Event::LetGo(..)
                    | Event::JoinRefused(_)
                    | Event::Asking
                    | Event::Ended(_)
                    | Event::Failed(_),
                )
                | Err(RecvError::Closed) => {}
            });
        }
    });
    // What is served is answered.
    let sets = sets(&handle).await?;
    println!("{}", json!({"ready": running.listen[0], "at_us": now_us(), "documents": sets}));
    let mut station = Station { handle, contact: None, records: Vec::new(), happened: happened.subscribe() };
    let (sender, mut lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(std::result::Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let handle = station.handle.clone();
    let obeying = async {
        while let Some(line) = lines.recv().await {
            let words: Vec<&str> = line.split(' ').collect();
            println!("{}", station.obey(&words).await?);
        }
        Ok(())
    };
    let obeyed = tokio::select! {
        obeyed = obeying => obeyed,
        // It stops when its store fails, and says why when it is asked to.
        _ = ended => Ok(()),
    };
    handle.stop().await?;
    obeyed
}

struct Station {
    handle: Handle,
    contact: Option<DocumentId>,
    records: Vec<DocumentId>,
    happened: watch::Receiver<Happened>,
}

impl Station {
    async fn obey(&mut self, words: &[&str]) -> Result<serde_json::Value> {
        Ok(match *words {
            ["invite", number] => {
                let invite = Command::Invite(number.into(), Role::Member, 3600);
                let Reply::Ticket(ticket) = self.handle.call(invite).await? else {
                    return Err("no invitation".into());
                };
                ticket.into()
            }
            ["join", ticket] => {
                self.handle.call(Command::Join(Ticket::from_text(ticket)?)).await?;
                true.into()
            }
            ["widen", count] => self.widen(count.parse()?).await?.into(),
            ["write", count, make] => self.write(count.parse()?, Make::read(make)?).await?,
            ["change", count, round, make] => {
                self.change(count.parse()?, round.parse()?, Make::read(make)?).await?
            }
            ["level", count, after_us] => self.level(count.parse()?, after_us.parse()?).await?,
            ["hold", count] => self.hold(count.parse()?).await?.into(),
            ["figures"] => serde_json::to_value(Figures::of_this_process(self.handle.traffic()))?,
            _ => return Err(format!("unknown: {words:?}").into()),
        })
    }

    /// Lets each organisation share so many documents, where the charter has a lower number.
    async fn widen(&self, count: u64) -> Result<bool> {
        let Reply::Roster(roster) = self.handle.call(Command::Roster).await? else {
            return Err("no roster".into());
        };
        let mut parameters = roster.parameters();
        if parameters.quota_documents >= count {
            return Ok(false);
        }
        parameters.quota_documents = count;
        let roots: Vec<_> = roster.roots().collect();
        let quorum = u8::try_from(roster.quorum())?;
        let amend = Saying::Amend { roots, quorum, recovery: roster.recovery().collect(), parameters };
        self.handle.call(Command::Say(amend)).await?;
        Ok(true)
    }

    /// Drafts and shares so many cases; seconds each took.
    async fn write(&mut self, count: usize, make: Make) -> Result<serde_json::Value> {
        let contact = json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"});
        let contact = written(self.handle.call(Command::Draft(Kind::Contact, contact)).await?)?;
        self.contact = Some(contact);
        let began = now_us();
        let drafts = (0..count).map(|number| Command::Draft(Kind::Case, make.case(number, 0, contact)));
        self.records = all(&self.handle, drafts).await?;
        let drafted = now_us();
        self.share(count).await?;
        Ok(json!({"draft_us": drafted - began, "share_us": now_us() - drafted}))
    }

    /// Changes the first so many and shares them again.
    async fn change(&mut self, count: usize, round: usize, make: Make) -> Result<serde_json::Value> {
        let contact = self.contact.ok_or("nothing was written")?;
        let edits = self.records[..count].iter().enumerate().map(|(number, record)| {
            Command::Edit(*record, None, Edit::Replace(make.case(number, round, contact)))
        });
        all(&self.handle, edits).await?;
        self.share(count).await?;
        Ok(true.into())
    }

    async fn share(&self, count: usize) -> Result<()> {
        let terms = Terms::on(self.handle.today());
        let records = self.records[..count].iter();
        let shares = records.map(|record| Command::Share(*record, terms, Audience::Network));
        all(&self.handle, shares).await.map(drop)
    }

    /// Waits until the node holds so many documents of the network; how many it holds then.
    async fn hold(&mut self, count: usize) -> Result<usize> {
        loop {
            let before = self.happened.borrow_and_update().changes;
            let held = sets(&self.handle).await?;
            let Some(lacking) = count.checked_sub(held).filter(|lacking| *lacking > 0) else {
                return Ok(held);
            };
            self.happened.wait_for(|happened| happened.changes >= before + lacking as u64).await?;
        }
    }

    /// Waits until the node holds so many documents of the network and has agreed with its peer after
    /// that moment.
    async fn level(&mut self, count: usize, after_us: u64) -> Result<serde_json::Value> {
        loop {
            let is_after = |happened: &Happened| happened.level_us.is_some_and(|at| at >= after_us);
            let happened = *self.happened.wait_for(is_after).await?;
            if sets(&self.handle).await? >= count {
                let Happened { level_us, changed_us, changes } = happened;
                return Ok(json!({"level_us": level_us, "changed_us": changed_us, "changes": changes}));
            }
            self.happened.changed().await?;
        }
    }
}

/// Documents of the network that the node holds.
async fn sets(handle: &Handle) -> Result<usize> {
    Ok(handle.status().await?.sets.get(&Scope::Network).copied().unwrap_or_default())
}

/// Gives all commands, many at once; the records that they were about, in the order of the commands.
async fn all(handle: &Handle, commands: impl Iterator<Item = Command>) -> Result<Vec<DocumentId>> {
    let mut records = Vec::new();
    let mut tasks = JoinSet::new();
    for (number, command) in commands.enumerate() {
        let handle = handle.clone();
        tasks.spawn(async move { (number, handle.call(command).await) });
        if tasks.len() >= AT_ONCE {
            let (number, reply) = tasks.join_next().await.ok_or("a task")??;
            records.push((number, written(reply?)?));
        }
    }
    while let Some(done) = tasks.join_next().await {
        let (number, reply) = done?;
        records.push((number, written(reply?)?));
    }
    records.sort_unstable();
    Ok(records.into_iter().map(|(_, record)| record).collect())
}

fn written(reply: Reply) -> Result<DocumentId> {
    match reply {
        Reply::Written { record, .. } => Ok(record),
        other => Err(format!("not written: {other:?}").into()),
    }
}
