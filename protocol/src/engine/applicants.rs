//! Organisations that ask over a connection to be admitted without an invitation: each waits until somebody decides.
//!
//! ```text
//! asked --> waiting --admit----> admitted, and told so whenever it asks
//!              |-----decline--> declined; asking otherwise begins anew
//!              |-----30 days without a word--> forgotten
//! ```
//!
//! One is kept for each root. Nothing of the others shows in any answer: not even whether a number is a member's.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::{CommandError, Engine, MessageId, Output, Reply, RequestId, Resting, Wake};
use crate::{
    id::{DeviceId, OrgId, StatementHash},
    membership::{
        joining::{Application, JoinReply, Refusal},
        statement::Fact,
    },
    signed::{Verified, encoding::to_vec},
    store::{Batch, Put, Read, StoreError},
    time::Timestamp,
};

const APPLICANTS: &str = "applicant/";
/// Most that wait: fewer than a country's 357 municipalities, which do not come in one month. With
/// [`APPLICATION_LIMIT`](crate::membership::joining::APPLICATION_LIMIT) at most 4 MiB.
pub const APPLICANTS_LIMIT: usize = 256;
/// How long one is kept that says nothing any more.
const KEPT_S: u64 = 30 * DAY_S;
const DAY_S: u64 = 24 * 60 * 60;
const MINUTE_S: u64 = 60;

/// An organisation that waits to be admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// What it asks with.
    pub application: Verified<Application>,
    /// The organisation number that it says is its own.
    pub number: String,
    /// The device that asked.
    pub device: DeviceId,
    /// Since when, seconds since 1970.
    pub since_s: u64,
    /// Whether the number is a member's already.
    pub is_taken: bool,
}

/// As it is stored, by its root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Held {
    /// Hash of the application's COSE bytes.
    #[n(0)]
    hash: StatementHash,
    /// The bytes, until somebody has decided.
    #[n(1)]
    application: Option<ByteVec>,
    #[n(2)]
    since_s: u64,
    /// When it asked last, to the day.
    #[n(3)]
    heard_s: u64,
    #[n(4)]
    decision: Option<Decision>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) enum Decision {
    /// COSE bytes of an [`Admittance`](crate::membership::joining::Admittance).
    #[n(0)]
    Admitted(#[n(0)] ByteVec),
    #[n(1)]
    Declined(#[n(0)] Option<String>),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Applicants {
    held: BTreeMap<OrgId, Held>,
    /// When the first is forgotten.
    forget: Option<Timestamp>,
}

impl Applicants {
    pub(super) fn open(store: &impl Read) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "request to be admitted".into() };
        let mut held = BTreeMap::new();
        for (name, bytes) in store.locals(APPLICANTS)? {
            let org = name[APPLICANTS.len()..].parse().map_err(|_| damaged())?;
            held.insert(org, minicbor::decode(&bytes).map_err(|_| damaged())?);
        }
        let mut applicants = Self { held, forget: None };
        applicants.changed();
        Ok(applicants)
    }

    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        Some((self.forget?, "forget applicants"))
    }

    fn keep(&mut self, org: OrgId, held: Held) -> Put {
        let put = Put::Local(name(org), Some(to_vec(&held)));
        self.held.insert(org, held);
        self.changed();
        put
    }

    fn changed(&mut self) {
        let first = self.held.values().map(|held| held.heard_s).min();
        self.forget = first.map(|heard_s| Timestamp(heard_s.saturating_add(KEPT_S).saturating_mul(1000)));
    }
}

impl Engine {
    /// A guest asks to be admitted without an invitation.
    pub(super) fn hear_applicant(
        &mut self,
        from: DeviceId,
        question: MessageId,
        application: Verified<Application>,
    ) {
        match self.applicant_answered(from, &application) {
            Ok((batch, reply)) => {
                // Also what was written before is durable then.
                let outputs = vec![Output::Answer(question, reply.bytes())];
                self.commit(batch, Resting { outputs, ..Resting::default() });
            }
            Err(refusal) => {
                self.refuse(refusal.name());
                self.outputs.push_back(Output::Answer(question, JoinReply::Refused(refusal).bytes()));
            }
        }
    }

    /// What it is told, and what is to be written first.
    fn applicant_answered(
        &mut self,
        from: DeviceId,
        application: &Verified<Application>,
    ) -> Result<(Batch, JoinReply), Refusal> {
        let roster = self.statements.roster();
        let own_root = self.identity.org.map(|own| roster.root_of(own));
        if !roster.roots().any(|root| Some(root) == own_root) {
            return Err(Refusal::NotHere);
        }
        let (device, number) = device_and_number(application).ok_or(Refusal::Malformed)?;
        if device != from {
            return Err(Refusal::NotOwn);
        }
        let (org, now_s) = (application.org, self.now.seconds());
        let held = self.applicants.held.get(&org);
        let hash = StatementHash(application.hash());
        let is_same = held.is_some_and(|held| held.hash == hash);
        if roster.member(org).is_some_and(|member| member.membership.number == number)
            && let Some(admitted) = self.admitted_before(org)
        {
            return Ok((Batch::new(), JoinReply::Admitted(admitted)));
        }
        let waits = held.filter(|held| held.decision.is_none());
        let since_s = waits.map_or(now_s, |held| held.since_s);
        if let Some(Decision::Declined(why)) = held.and_then(|held| held.decision.as_ref())
            && is_same
        {
            return Ok((Batch::new(), JoinReply::Declined(why.clone())));
        }
        // Whoever says something else each time does not have it written each time.
        let pause_s = if is_same { DAY_S } else { MINUTE_S };
        if waits.is_some_and(|held| now_s < held.heard_s.saturating_add(pause_s)) {
            return Ok((Batch::new(), JoinReply::Waiting));
        }
        if waits.is_none() && self.undecided().count() >= APPLICANTS_LIMIT {
            return Err(Refusal::Full);
        }
        let application = Some(application.bytes().to_vec().into());
        let held = Held { hash, application, since_s, heard_s: now_s, decision: None };
        Ok((vec![self.applicants.keep(org, held)], JoinReply::Waiting))
    }

    /// What a member joins with that was admitted: made anew where the root is kept, else as it was made then.
    fn admitted_before(&self, org: OrgId) -> Option<ByteVec> {
        if let Some((root, charter)) = self.vouching() {
            return Some(self.admittance(root, charter, org).bytes().to_vec().into());
        }
        match &self.applicants.held.get(&org)?.decision {
            Some(Decision::Admitted(admittance)) => Some(admittance.clone()),
            Some(Decision::Declined(_)) | None => None,
        }
    }

    /// How many wait.
    pub(super) fn applicants_waiting(&self) -> usize {
        self.undecided().count()
    }

    /// Those that wait, by root.
    pub(super) fn waiting_applicants(&self) -> Vec<Applicant> {
        let roster = self.statements.roster();
        let applicants = self.undecided().filter_map(|(_, held)| {
            let application = Verified::<Application>::trusted(held.application.as_ref()?).ok()?;
            let (device, number) = device_and_number(&application)?;
            let is_taken = roster.member_by_number(&number).is_some();
            Some(Applicant { application, number, device, since_s: held.since_s, is_taken })
        });
        applicants.collect()
    }

    /// Those on which nobody has decided; one that was admitted by other means waits for nothing.
    fn undecided(&self) -> impl Iterator<Item = (&OrgId, &Held)> {
        let held = self.applicants.held.iter().filter(|(_, held)| held.decision.is_none());
        held.filter(|(org, _)| self.statements.roster().member(**org).is_none())
    }

    /// Says no to one that waits.
    pub(super) fn decline(&mut self, request: RequestId, org: OrgId, why: Option<String>) {
        let waits = self.undecided().any(|(it, _)| *it == org);
        let Some(put) = waits.then(|| self.decide(org, Decision::Declined(why))).flatten() else {
            return self.reply(request, Err(CommandError::NoSuchApplicant(org)));
        };
        let outputs = vec![Output::Reply(request, Ok(Reply::Done))];
        self.commit(vec![put], Resting { outputs, ..Resting::default() });
    }

    /// Notes what was decided on one that has asked.
    pub(super) fn decide(&mut self, org: OrgId, decision: Decision) -> Option<Put> {
        let mut held = self.applicants.held.get(&org)?.clone();
        held.decision = Some(decision);
        held.application = None;
        Some(self.applicants.keep(org, held))
    }

    /// Forgets those that have not asked for long.
    pub(super) fn tend_applicants(&mut self) {
        if self.applicants.forget.is_none_or(|forget| forget > self.now) {
            return;
        }
        let now_s = self.now.seconds();
        let is_old = |_: &OrgId, held: &mut Held| held.heard_s.saturating_add(KEPT_S) <= now_s;
        let old = self.applicants.held.extract_if(.., is_old);
        let batch: Batch = old.map(|(org, _)| Put::Local(name(org), None)).collect();
        self.applicants.changed();
        self.commit(batch, Resting::default());
    }
}

/// The device that asks and the number that its organisation claims, if all of it fits together.
fn device_and_number(application: &Application) -> Option<(DeviceId, String)> {
    let (grant, number) = application.asks_itself()?;
    let Fact::Device(grant, _) = &grant.fact else { return None };
    Some((grant.device, number))
}

fn name(org: OrgId) -> String {
    format!("{APPLICANTS}{org}")
}
