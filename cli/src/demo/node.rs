//! One of the demo's nodes: a folder of its own, and the node that serves it.

use std::path::{Path, PathBuf};

use praksis_node::{
    api,
    config::Config,
    driver,
    folder::{self, Folder},
    handle::{CallError, Handle},
    search::{Query, Similar},
};
use praksis_protocol::{
    admission::state::View,
    case::Case,
    engine::{Audience, Command, Edit, Reply, Status, sharing::DEFAULT_CONTACT},
    genesis::Kind,
    id::{DocumentId, ItemId},
    language::Language,
    membership::{statement::Role, ticket::Ticket},
    record::Record as _,
    share::Terms,
    store::{Read as _, StoreError},
};
use serde_json::{Value, json};
use tokio::{sync::broadcast::error::RecvError, time};

use super::{Organisation, PATIENCE};
use crate::{
    context::Context,
    failure::Failure,
    init::{self, folder_failure},
    run::{Service, start_failure},
};

/// How often to look again at what no event tells of: the search index follows the store by itself.
const LOOK_AGAIN: time::Duration = time::Duration::from_millis(50);

/// How long an invitation of the demo holds, in seconds.
const INVITATION: u64 = 3600;

/// Most records of the demo.
const RECORDS: usize = 1000;

pub(super) struct Node {
    pub(super) organisation: &'static Organisation,
    dir: PathBuf,
    service: Option<Service>,
}

impl Node {
    /// Makes the folder, as `init` does.
    pub(super) fn new(
        context: &Context,
        home: &Path,
        organisation: &'static Organisation,
    ) -> Result<Self, Failure> {
        let dir = home.join(organisation.folder);
        let mailbox = format!("innkjop@{}.example", organisation.folder);
        let Organisation { number, name, association, .. } = *organisation;
        let beginning = init::beginning(number, name, Language::Nb, Some(&mailbox), association)
            .expect("the demo's organisations are valid");
        let make = if association { folder::association } else { folder::organisation };
        make(&dir, &beginning).map_err(|error| folder_failure(context, &error))?;
        Ok(Self { organisation, dir, service: None })
    }

    /// Starts it, as `run` does, at free ports.
    pub(super) async fn start(&mut self, context: &Context) -> Result<(), Failure> {
        let folder = Folder::open(&self.dir).map_err(|error| folder_failure(context, &error))?;
        let address = "127.0.0.1:0".parse().expect("an address");
        let listener = api::bind(address)
            .await
            .map_err(|error| context.failure("storage", "run-http", &[("why", error.to_string().into())]))?;
        let running = Box::pin(driver::start(folder, Config::loopback())).await;
        let running = running.map_err(|error| start_failure(context, &error))?;
        self.service = Some(Service::start(running, listener, context)?);
        // Its default contact is drafted at the first start; without it nothing can be shared.
        let handle = self.handle();
        self.until(context, async || Ok(handle.store().local(DEFAULT_CONTACT)?.map(drop))).await
    }

    /// Stops it; the folder stays.
    pub(super) async fn stop(mut self, context: &Context) -> Result<(), Failure> {
        self.switch_off(context).await
    }

    pub(super) async fn switch_off(&mut self, context: &Context) -> Result<(), Failure> {
        match self.service.take() {
            Some(service) => service.stop(context).await,
            None => Ok(()),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Which node it is, and how it is reached.
    pub(super) fn describe(&self) -> Value {
        let http = self.service.as_ref().map(|service| service.http.to_string());
        json!({"org": self.organisation.number, "name": self.organisation.name, "dir": self.dir, "http": http})
    }

    pub(super) async fn invite(&self, number: &str) -> Result<String, Stopped> {
        let reply = self.call(Command::Invite(number.to_owned(), Role::Member, INVITATION)).await?;
        let Reply::Ticket(ticket) = reply else { return Err(Stopped::unexpected(&reply)) };
        Ok(ticket)
    }

    pub(super) async fn join(&self, ticket: &str) -> Result<(), Stopped> {
        let ticket = Ticket::from_text(ticket).map_err(|error| Stopped(error.to_string()))?;
        self.call(Command::Join(ticket)).await.map(drop)
    }

    /// Drafts the organisation's cases; their ids.
    pub(super) async fn draft_all(&self) -> Result<Vec<DocumentId>, Stopped> {
        let cases: Vec<Value> =
            serde_json::from_str(self.organisation.cases).expect("the demo's data is JSON");
        let mut ids = Vec::new();
        for case in cases {
            let case =
                Kind::Case.parse(&case, &mut new_id).map_err(|invalid| Stopped(invalid.to_string()))?;
            let reply = self.call(Command::Draft(Kind::Case, Value::Object(case))).await?;
            let Reply::Written { record, .. } = reply else { return Err(Stopped::unexpected(&reply)) };
            ids.push(record);
        }
        Ok(ids)
    }

    pub(super) async fn share(&self, record: DocumentId) -> Result<(), Stopped> {
        self.call(Command::Share(record, Terms::on(self.handle().today()), Audience::Network)).await.map(drop)
    }

    pub(super) async fn edit(&self, record: DocumentId, expression: &str) -> Result<(), Stopped> {
        let edit = Edit::Set(vec![expression.to_owned()]);
        self.call(Command::Edit(record, None, edit)).await.map(drop)
    }

    pub(super) async fn status(&self) -> Result<Status, Stopped> {
        let reply = self.call(Command::Status).await?;
        let Reply::Status(status) = reply else { return Err(Stopped::unexpected(&reply)) };
        Ok(*status)
    }

    /// Connected to so many others, and level with each of them.
    pub(super) async fn is_level(&self, others: usize) -> Result<bool, Stopped> {
        let status = self.status().await?;
        let connected: Vec<_> = status.peers.iter().filter(|peer| peer.connected).collect();
        Ok(connected.len() >= others && connected.iter().all(|peer| peer.level))
    }

    /// The shared cases that this node holds, as they read.
    pub(super) async fn shared_cases(
        &self,
    ) -> Result<Vec<(DocumentId, praksis_protocol::id::OrgId, Case)>, Stopped> {
        let reply = self.call(Command::Records(Some(Kind::Case), None, RECORDS)).await?;
        let Reply::Records(records, _) = reply else { return Err(Stopped::unexpected(&reply)) };
        let mut cases = Vec::new();
        for record in records {
            let Some(shared) = record.shared else { continue };
            let Some(bytes) = self.handle().store().view(shared)? else { continue };
            let view =
                View::read(&bytes).ok_or_else(|| Stopped(format!("cannot read {}", shared.short())))?;
            cases.push((record.record, record.owner, Case::read(&view.record)));
        }
        Ok(cases)
    }

    /// Similar cases by this node's own index, once that holds so many.
    pub(super) async fn similar(
        &self,
        context: &Context,
        text: &str,
        cases: usize,
    ) -> Result<Similar, Failure> {
        let index = self.handle().search().clone();
        let expected = u64::try_from(cases).expect("a small number");
        let seen = index.clone();
        self.until(context, async || Ok((seen.len() >= expected).then_some(()))).await?;
        let query = Query { limit: 3, lang: Some(context.language.code().to_owned()), ..Query::text(text) };
        let found = tokio::task::spawn_blocking(move || index.similar(&query)).await;
        found
            .map_err(|error| error.to_string())
            .and_then(|found| found.map_err(|error| error.to_string()))
            .map_err(|why| Stopped(why).failure(context))
    }

    /// Looks until there is something to see: after each event, and now and then.
    pub(super) async fn until<T>(
        &self,
        context: &Context,
        mut look: impl AsyncFnMut() -> Result<Option<T>, Stopped>,
    ) -> Result<T, Failure> {
        let mut events = self.handle().events();
        let looking = async {
            loop {
                if let Some(found) = look().await? {
                    return Ok(found);
                }
                if let Ok(Err(RecvError::Closed)) = time::timeout(LOOK_AGAIN, events.recv()).await {
                    return Err(Stopped(CallError::Stopped.to_string()));
                }
            }
        };
        match time::timeout(PATIENCE, looking).await {
            Ok(found) => found.map_err(|stopped| stopped.failure(context)),
            Err(_) => {
                Err(context.failure("offline", "demo-timeout", &[("seconds", PATIENCE.as_secs().into())]))
            }
        }
    }

    pub(super) fn handle(&self) -> &Handle {
        self.service.as_ref().expect("nobody speaks to a node that is switched off").handle()
    }

    async fn call(&self, command: Command) -> Result<Reply, Stopped> {
        Ok(self.handle().call(command).await?)
    }
}

/// Why the story could not go on.
#[derive(Debug)]
pub(super) struct Stopped(String);

impl Stopped {
    fn unexpected(reply: &Reply) -> Self {
        Self(format!("an answer to another question: {reply:?}"))
    }

    pub(super) fn failure(self, context: &Context) -> Failure {
        context.failure("storage", "demo-stopped", &[("why", self.0.into())])
    }
}

impl From<CallError> for Stopped {
    fn from(error: CallError) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// A new item's id.
fn new_id() -> ItemId {
    ItemId(rand::random())
}
