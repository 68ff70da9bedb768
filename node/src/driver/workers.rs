//! The threads that run jobs.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use praksis_protocol::engine::{
    CommandError, JobId,
    job::{Job, Outcome, run},
};
use tokio::sync::mpsc::UnboundedSender;

use super::{machine::Completion, panic_text};

/// Their name, by which the log knows that a panic was caught.
pub(crate) const WORKER: &str = "praksis-worker";

/// One admits what a peer sends while another writes for people.
const WORKERS: usize = 2;

/// Starts the workers. They end when the engine lets go of the sender. The queue is as long as there
/// are requests and commands under way, and both are bounded.
pub(super) fn start(completed: &UnboundedSender<Completion>) -> io::Result<mpsc::Sender<(JobId, Job)>> {
    let (sender, jobs) = mpsc::channel();
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..WORKERS {
        let (jobs, completed) = (jobs.clone(), completed.clone());
        thread::Builder::new().name(WORKER.to_owned()).spawn(move || work(&jobs, &completed))?;
    }
    Ok(sender)
}

fn work(jobs: &Mutex<mpsc::Receiver<(JobId, Job)>>, completed: &UnboundedSender<Completion>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((id, job)) = next else { return };
        if completed.send(Completion::Done(id, run_caught(job, run))).is_err() {
            return;
        }
    }
}

/// A job that panics has an outcome too: the node goes on without it.
fn run_caught(job: Job, run: impl FnOnce(Job) -> Outcome) -> Outcome {
    let without = match &job {
        Job::Admit(_) => Outcome::Admitted(Box::default()),
        Job::Write(_) => Outcome::Written(Err(CommandError::Unwritable("the program failed at it".into()))),
        Job::Again(_) => Outcome::Again(Err(CommandError::Unwritable("the program failed at it".into()))),
        Job::History(..) => Outcome::History(vec![]),
    };
    catch_unwind(AssertUnwindSafe(|| run(job))).unwrap_or_else(|panic| {
        tracing::error!(why = panic_text(&*panic), "a job panicked; its document stays as it was");
        without
    })
}

#[cfg(test)]
mod tests {
    use praksis_protocol::{
        engine::{Edit, job::Write},
        genesis::{Genesis, Kind},
        id::{DeviceId, OrgId, SessionId},
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_that_panics_is_answered_and_the_next_one_runs() {
        let genesis = Genesis::draft(Kind::Case, OrgId([1; 32]), [2; 32]);
        let write = |genesis: &Genesis| {
            Job::Write(Box::new(Write {
                genesis: genesis.clone(),
                held: vec![],
                founding: vec![],
                roster: Arc::default(),
                at: None,
                edit: Edit::Replace(json!({})),
                device: DeviceId([3; 32]),
                session: SessionId([4; 16]),
                time_s: 0,
                seed: [5; 32],
            }))
        };
        let outcome = run_caught(write(&genesis), |_| panic!("as Automerge does at some changes"));
        assert!(matches!(outcome, Outcome::Written(Err(CommandError::Unwritable(_)))));
        let history = Job::History(Box::new(genesis.clone()), vec![], Arc::default());
        let outcome = run_caught(history, |_| panic!("as Automerge does at some changes"));
        assert!(matches!(outcome, Outcome::History(entries) if entries.is_empty()));
        assert!(matches!(run_caught(write(&genesis), run), Outcome::Written(Ok(_))));
    }
}
