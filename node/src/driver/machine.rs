//! The loop around the engine: inputs in, outputs carried out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use praksis_protocol::{
    engine::{
        self, BatchId, Command, CommandError, Engine, Event, Input, JobId, MessageId, Output, Reply,
        RequestId,
        job::{Job, Outcome},
    },
    id::DeviceId,
    store::{Batch, StoreError},
};
use rand::rngs::StdRng;
use tokio::{
    sync::{
        broadcast,
        mpsc::{Receiver, UnboundedReceiver, UnboundedSender},
        oneshot, watch,
    },
    time::{Instant, sleep, timeout_at},
};

use super::{COMMANDS, Failure};
use crate::{
    clock::Clock,
    figures::Figures,
    handle::Asked,
    net::{self, InboundId, NetCommand, NetEvent},
    storage::SledStore,
};

/// The longest sleep: the machine's clock may be set forward meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// How long what was begun may take when the node stops.
const STOPPING: Duration = Duration::from_secs(10);

/// What comes back from the threads.
#[derive(Debug)]
pub(super) enum Completion {
    Done(JobId, Outcome),
    Durable(BatchId),
    Failed(StoreError),
}

/// Where the loop's inputs come from.
pub(super) struct Inlets {
    pub(super) completions: UnboundedReceiver<Completion>,
    pub(super) asked: Receiver<Asked>,
    pub(super) events: Receiver<NetEvent>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// What the engine is told before anything else.
pub(super) struct First {
    pub(super) listening: Vec<String>,
    pub(super) peers: Vec<String>,
}

/// Who waits for a command's answer.
type Waiting = Option<oneshot::Sender<Result<Reply, CommandError>>>;

/// See the module.
pub(super) struct Machine {
    engine: Engine,
    store: SledStore,
    rng: StdRng,
    clock: Clock,
    net: UnboundedSender<NetCommand>,
    jobs: Sender<(JobId, Job)>,
    commits: Sender<(BatchId, Batch)>,
    events: broadcast::Sender<Event>,
    /// Jobs and batches under way.
    under_way: usize,
    waiting: BTreeMap<RequestId, Waiting>,
    last_request: u64,
    listening: BTreeSet<String>,
    announce: Vec<String>,
    figures: Arc<Figures>,
    /// Whom the network lets in.
    let_in: Arc<BTreeSet<DeviceId>>,
}

impl Machine {
    #[expect(clippy::too_many_arguments, reason = "its only caller made each of them a line before")]
    pub(super) fn new(
        engine: Engine,
        store: SledStore,
        clock: Clock,
        net: UnboundedSender<NetCommand>,
        jobs: Sender<(JobId, Job)>,
        commits: Sender<(BatchId, Batch)>,
        events: broadcast::Sender<Event>,
        announce: Vec<String>,
        figures: Arc<Figures>,
    ) -> Self {
        Self {
            engine,
            store,
            rng: rand::make_rng(),
            clock,
            net,
            jobs,
            commits,
            events,
            under_way: 0,
            waiting: BTreeMap::new(),
            last_request: 0,
            listening: BTreeSet::new(),
            announce,
            figures,
            let_in: Arc::default(),
        }
    }

    /// Runs until it is asked to stop, or fails.
    pub(super) async fn run(mut self, mut inlets: Inlets, first: First) -> Result<(), Failure> {
        self.listening.extend(first.listening);
        self.tell_addresses()?;
        if !first.peers.is_empty() {
            self.command(Command::AddPeer(first.peers), None)?;
        }
        loop {
            let wake = self.engine.poll_timeout().map_or(NAP, |(at, _)| self.clock.until(at).min(NAP));
            tokio::select! {
                Some(completion) = inlets.completions.recv() => self.complete(completion)?,
                event = inlets.events.recv() => self.on_net(event.ok_or(Failure::Network)?)?,
                asked = inlets.asked.recv(), if self.waiting.len() < COMMANDS => match asked {
                    Some((command, answer)) => self.command(command, Some(answer))?,
                    None => break,
                },
                _ = inlets.stopping.wait_for(|stop| *stop) => break,
                () = sleep(wake) => self.handle(Input::Tick)?,
            }
        }
        self.finish(inlets.completions).await
    }

    /// What was begun is brought to its end, so that whoever waits for an answer gets it.
    async fn finish(mut self, mut completions: UnboundedReceiver<Completion>) -> Result<(), Failure> {
        let deadline = Instant::now() + STOPPING;
        while self.under_way > 0 {
            match timeout_at(deadline, completions.recv()).await {
                Ok(Some(completion)) => self.complete(completion)?,
                Ok(None) => break,
                Err(_) => {
                    tracing::warn!(under_way = self.under_way, "stopped before everything was done");
                    break;
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, command: Command, waiting: Waiting) -> Result<(), Failure> {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.waiting.insert(request, waiting);
        self.handle(Input::Command(request, command))
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Failure> {
        self.under_way -= 1;
        match completion {
            Completion::Done(job, outcome) => self.handle(Input::Done(job, outcome)),
            Completion::Durable(batch) => self.handle(Input::Durable(batch)),
            Completion::Failed(error) => Err(error.into()),
        }
    }

    fn on_net(&mut self, event: NetEvent) -> Result<(), Failure> {
        let input = match event {
            NetEvent::Listening { address } => {
                self.listening.insert(address);
                return self.tell_addresses();
            }
            NetEvent::NotListening { address } => {
                self.listening.remove(&address);
                return self.tell_addresses();
            }
            NetEvent::Connected { device, address, outbound, member } => {
                tracing::debug!(device = device.short(), address, outbound, member, "connected");
                Input::Connected { device, address, outbound }
            }
            NetEvent::Disconnected { device } => {
                tracing::debug!(device = device.short(), "disconnected");
                Input::Disconnected { device }
            }
            NetEvent::DialFailed { device, address, why } => {
                let short = device.map(|device| device.short());
                tracing::debug!(device = short, address, why, "a dial came to nothing");
                Input::DialFailed { device }
            }
            NetEvent::Requested { from, id, class, bytes } => {
                self.figures.asked(from, id, bytes.len());
                Input::Asked { from, question: MessageId(id.0), class: from_net(class), bytes }
            }
            NetEvent::Responded { from, id, bytes } => {
                self.figures.came(from, bytes.len());
                Input::Answered { from, question: MessageId(id), bytes }
            }
            NetEvent::Failed { from, id, why } => {
                tracing::debug!(device = from.short(), %why, "a question has no answer");
                let not_offered = why == net::Failure::Unsupported;
                Input::Unanswered { from, question: MessageId(id), not_offered }
            }
            NetEvent::Refused { device: _, reason } => Input::Refused { reason },
        };
        self.handle(input)
    }

    fn tell_addresses(&mut self) -> Result<(), Failure> {
        let (relayed, direct): (Vec<&String>, Vec<&String>) =
            self.listening.iter().partition(|address| address.contains("/p2p-circuit"));
        // Relays first: of very many addresses the first are told.
        let mut addresses: Vec<String> = relayed.into_iter().cloned().collect();
        match self.announce.is_empty() {
            true => addresses.extend(net::reachable(direct)),
            false => addresses.extend(self.announce.iter().cloned()),
        }
        self.handle(Input::Listening { addresses })
    }

    fn handle(&mut self, input: Input) -> Result<(), Failure> {
        self.engine.handle(self.clock.now(), input, &self.store, &mut self.rng);
        while let Some(output) = self.engine.poll_output() {
            self.carry_out(output)?;
        }
        Ok(())
    }

    /// None of this waits. Whatever is gone has said why elsewhere.
    fn carry_out(&mut self, output: Output) -> Result<(), Failure> {
        let command = match output {
            Output::Ask(to, id, class, bytes) => {
                self.figures.went(Some(to), bytes.len());
                NetCommand::Request { to, id: id.0, class: to_net(class), bytes }
            }
            Output::Answer(id, bytes) => {
                self.figures.answered(InboundId(id.0), bytes.len());
                NetCommand::Respond { id: InboundId(id.0), bytes }
            }
            Output::Dial(device, addresses) => NetCommand::Dial { device, addresses },
            Output::Disconnect(device) => NetCommand::Disconnect { device },
            Output::LetIn(devices) => return self.let_in(devices),
            Output::Work(id, job) => {
                self.under_way += 1;
                return self.jobs.send((id, job)).map_err(|_| ended("the workers"));
            }
            Output::Commit(id, batch) => {
                self.under_way += 1;
                return self.commits.send((id, batch)).map_err(|_| ended("the committer"));
            }
            Output::Reply(request, reply) => {
                if let Some(answer) = self.waiting.remove(&request).flatten() {
                    // Whoever asked may have gone.
                    let _ = answer.send(reply);
                }
                return Ok(());
            }
            Output::Announce(Event::Failed(error)) => return Err(error.into()),
            Output::Announce(event) => {
                if let Event::Ended(ended) = &event {
                    let (over, why) = (ended.over, ended.why.as_deref().unwrap_or_default());
                    tracing::warn!(why, "{over}: nobody lets it in; praksis status says what to do");
                }
                if let Event::LetGo(owner, documents) = &event {
                    let whose = owner.short();
                    tracing::info!(
                        whose,
                        documents,
                        "let go of what is over the quota; a higher quota fetches it again"
                    );
                }
                // Perhaps nobody listens.
                let _ = self.events.send(event);
                return Ok(());
            }
        };
        self.net.send(command).map_err(|_| Failure::Network)
    }

    /// Tells the network what has changed.
    fn let_in(&mut self, devices: Arc<BTreeSet<DeviceId>>) -> Result<(), Failure> {
        let before = std::mem::replace(&mut self.let_in, devices.clone());
        let new = devices.difference(&before).map(|device| NetCommand::Admit { device: *device });
        let gone = before.difference(&devices).map(|device| NetCommand::Expel { device: *device });
        new.chain(gone).try_for_each(|command| self.net.send(command)).map_err(|_| Failure::Network)
    }
}

fn ended(what: &str) -> Failure {
    Failure::Panicked(what.to_owned())
}

fn to_net(class: engine::Class) -> net::Class {
    match class {
        engine::Class::Sync => net::Class::Sync,
        engine::Class::Join => net::Class::Join,
    }
}

fn from_net(class: net::Class) -> engine::Class {
    match class {
        net::Class::Sync => engine::Class::Sync,
        net::Class::Join => engine::Class::Join,
    }
}
