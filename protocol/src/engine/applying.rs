//! Asking to be admitted without an invitation, at devices of an association that a person has named.
//!
//! ```text
//! due --reached--> asked --waiting, refused for now--> resting --its time has come--> due
//!                    |---declined, refused for good--> silent, until a person asks again
//!                    |---admitted--> in the network: nothing of this is left
//! ```
//!
//! What was asked and answered is kept over a restart; then each device is due again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use minicbor::{Decode, Encode, bytes::ByteVec};
use rand_core::Rng;

use super::{
    CommandError, Engine, Event, Output, Reply, RequestId, Resting, Wake,
    asking::Question,
    dialling::{backoff, spread},
};
use crate::{
    id::DeviceId,
    membership::{
        joining::{Admittance, JoinReply, JoinRequest, Refusal},
        statement::{ADDRESS_LIMIT, WHY_LIMIT},
    },
    signed::{Verified, encoding::to_vec},
    store::{Put, Read, StoreError},
    time::Timestamp,
};

const ASKING: &str = "asking";
/// Most devices that are asked.
const PLACES: usize = 8;
/// The first wait before asking again; doubles up to [`AGAIN_MAX`]. Somebody has to decide, and that takes hours.
const AGAIN_MIN: Duration = Duration::from_secs(15);
/// The longest wait before asking again.
const AGAIN_MAX: Duration = Duration::from_secs(600);

/// Our request to be admitted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Asking {
    /// COSE bytes of the application, as it is sent.
    #[n(0)]
    pub application: ByteVec,
    /// When it was made, seconds since 1970.
    #[n(1)]
    pub since_s: u64,
    /// Where it is said.
    #[n(2)]
    pub at: BTreeMap<DeviceId, AskedAt>,
}

/// A device that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AskedAt {
    /// Where it can be reached: multiaddrs.
    #[n(0)]
    pub addresses: Vec<String>,
    /// What it has said last.
    #[n(1)]
    pub answer: Option<Answer>,
}

/// What a device says to a request, as long as it does not admit us.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// The request is kept there until somebody decides.
    #[n(0)]
    Waiting,
    /// Somebody has declined, for this reason.
    #[n(1)]
    Declined(#[n(0)] Option<String>),
    /// The node there does not take it.
    #[n(2)]
    Refused(#[n(0)] Refusal),
}

impl Answer {
    /// Whether asking again would get the same answer.
    fn is_final(&self) -> bool {
        match self {
            Self::Waiting => false,
            Self::Declined(_) => true,
            Self::Refused(refusal) => refusal.is_final(),
        }
    }
}

impl Asking {
    /// Whether every device has answered for good.
    pub fn is_over(&self) -> bool {
        self.at.values().all(AskedAt::is_over)
    }
}

impl AskedAt {
    fn is_over(&self) -> bool {
        self.answer.as_ref().is_some_and(Answer::is_final)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Applying {
    ours: Option<Asking>,
    turns: BTreeMap<DeviceId, Turn>,
}

/// When a device is asked again.
#[derive(Debug, Default, Clone, Copy)]
struct Turn {
    /// It is to be asked as soon as it is reached.
    due: bool,
    /// Else when it becomes due.
    again: Timestamp,
    /// How often it has been asked.
    asked: u32,
}

impl Applying {
    pub(super) fn open(store: &impl Read) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Damaged { what: "request to be admitted".into() };
        let ours = store.local(ASKING)?.map(|bytes| minicbor::decode(&bytes)).transpose().map_err(damaged)?;
        Ok(Self { ours, turns: BTreeMap::new() })
    }

    pub(super) fn asking(&self) -> Option<&Asking> {
        self.ours.as_ref()
    }

    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        let turn = |device| self.turns.get(device).copied().unwrap_or_default();
        let open = self.ours.iter().flat_map(|asking| &asking.at).filter(|(_, at)| !at.is_over());
        let resting = open.map(|(device, _)| turn(device)).filter(|turn| !turn.due);
        resting.map(|turn| (turn.again, "ask to be admitted")).min()
    }

    /// Whether we ask a device and want nothing of it now.
    pub(super) fn rests(&self, device: DeviceId) -> bool {
        let at = self.ours.as_ref().and_then(|asking| asking.at.get(&device));
        at.is_some_and(|at| at.is_over() || !self.turns.get(&device).is_some_and(|turn| turn.due))
    }

    fn put(&self) -> Put {
        Put::Local(ASKING.into(), self.ours.as_ref().map(to_vec))
    }

    /// Not before a while; a longer one each time. Whoever has not answered may have been cut off: that is a short one.
    fn rest(&mut self, device: DeviceId, now: Timestamp, answered: bool, rng: &mut impl Rng) {
        let turn = self.turns.entry(device).or_default();
        let wait = match answered {
            true => spread(AGAIN_MIN.saturating_mul(1 << turn.asked.min(10)).min(AGAIN_MAX), rng),
            false => backoff(turn.asked, rng),
        };
        *turn = Turn { due: false, again: now + wait, asked: turn.asked.saturating_add(1) };
    }
}

impl Engine {
    /// Asks at these devices, and goes on asking.
    pub(super) fn ask_in(
        &mut self,
        request: RequestId,
        card: Option<String>,
        places: BTreeMap<DeviceId, Vec<String>>,
    ) {
        let application = match self.application(card) {
            Ok(application) => application,
            Err(error) => return self.reply(request, Err(error)),
        };
        let own = self.device();
        let places = places.into_iter().filter(|(device, _)| *device != own).take(PLACES);
        let at: BTreeMap<_, _> = places
            .map(|(device, mut addresses)| {
                addresses.truncate(ADDRESS_LIMIT);
                (device, AskedAt { addresses, answer: None })
            })
            .collect();
        if at.is_empty() {
            return self.reply(request, Err(CommandError::NobodyToAsk));
        }
        self.ask_only(&at.keys().copied().collect());
        let application = application.bytes().to_vec().into();
        self.applying.ours = Some(Asking { application, since_s: self.now.seconds(), at });
        let outputs = vec![Output::Reply(request, Ok(Reply::Joining))];
        self.commit(vec![self.applying.put()], Resting { outputs, ..Resting::default() });
    }

    /// Nobody is asked any longer, nor dialled for that, but for whoever lets us in.
    pub(super) fn ask_nobody(&mut self, but: Option<DeviceId>) -> Put {
        self.ask_only(&but.into_iter().collect());
        self.applying.put()
    }

    /// Forgets what was asked; devices that were asked and are none of these are not dialled for that any longer.
    fn ask_only(&mut self, these: &BTreeSet<DeviceId>) {
        let asked = std::mem::take(&mut self.applying).ours.map(|asking| asking.at).unwrap_or_default();
        for device in asked.into_keys().filter(|device| !these.contains(device)) {
            let is_friend = self.is_friend(device);
            let Some(peer) = self.peers.by_device.get_mut(&device).filter(|_| !is_friend) else { continue };
            peer.extra_addresses.clear();
            peer.next_dial = Timestamp::default();
            if peer.connected {
                self.outputs.push_back(Output::Disconnect(device));
            }
        }
    }

    /// Reaches the devices whose turn it is, and asks those that are reached.
    pub(super) fn tend_applying(&mut self) {
        let Some(asking) = &self.applying.ours else { return };
        if self.identity.org.is_some_and(|org| self.statements.roster().member(org).is_some()) {
            // Admitted in another way.
            let over = self.ask_nobody(None);
            return self.commit(vec![over], Resting::default());
        }
        let now = self.now;
        let open = asking.at.iter().filter(|(_, at)| !at.is_over());
        let open: Vec<_> = open.map(|(device, at)| (*device, at.addresses.clone())).collect();
        for (device, addresses) in open {
            let turn = self.applying.turns.entry(device).or_default();
            if turn.due || turn.again > now {
                continue;
            }
            turn.due = true;
            if self.peers.by_device.get(&device).is_some_and(|peer| peer.connected) {
                self.ask_in_at(device);
            } else {
                self.add_addresses(device, &addresses);
            }
        }
    }

    /// Asks a device if it is its turn; says whether that is all that we want of it.
    pub(super) fn ask_in_at(&mut self, device: DeviceId) -> bool {
        let Some(asking) = self.applying.ours.as_ref().filter(|asking| asking.at.contains_key(&device))
        else {
            return false;
        };
        let peer = self.peers.by_device.get(&device);
        let is_asked = peer.is_some_and(|peer| peer.awaits(|question| matches!(question, Question::AskIn)));
        if !is_asked && !self.applying.rests(device) {
            let request = JoinRequest::Apply(asking.application.clone());
            self.ask_join(device, &request, Question::AskIn);
        }
        true
    }

    /// Nothing came; it is asked again later.
    pub(super) fn ask_in_unanswered(&mut self, device: DeviceId, rng: &mut impl Rng) {
        self.applying.rest(device, self.now, false, rng);
    }

    /// A device that we ask has answered.
    pub(super) fn ask_in_answered(&mut self, from: DeviceId, bytes: &[u8], rng: &mut impl Rng) {
        // Nobody else's word is taken, nor anybody's for what we do not ask any longer.
        if !self.applying.ours.as_ref().is_some_and(|asking| asking.at.contains_key(&from)) {
            return self.refuse("not_asked_for");
        }
        self.applying.rest(from, self.now, true, rng);
        let answer = match JoinReply::read(bytes) {
            Some(JoinReply::Waiting) => Answer::Waiting,
            Some(JoinReply::Declined(why)) => {
                let shown = |why: String| why.chars().filter(|c| !c.is_control()).take(WHY_LIMIT).collect();
                Answer::Declined(why.map(shown))
            }
            Some(JoinReply::Refused(refusal)) => {
                self.refuse("join_refused");
                Answer::Refused(refusal)
            }
            Some(JoinReply::Admitted(admittance)) => return self.let_in(from, &admittance),
            Some(JoinReply::Welcome(_) | JoinReply::Ended(_)) | None => return self.refuse("answer"),
        };
        // Others wait for the places that guests have there.
        self.outputs.push_back(Output::Disconnect(from));
        let Some(at) = self.applying.ours.as_mut().and_then(|asking| asking.at.get_mut(&from)) else {
            return;
        };
        if at.answer.as_ref() != Some(&answer) {
            at.answer = Some(answer);
            let outputs = vec![Output::Announce(Event::Asking)];
            self.commit(vec![self.applying.put()], Resting { outputs, ..Resting::default() });
        }
    }

    fn let_in(&mut self, from: DeviceId, bytes: &[u8]) {
        let Ok(admittance) = Verified::<Admittance>::read(bytes) else { return self.refuse("answer") };
        match self.take_admittance(&admittance, Some(from)) {
            Ok((batch, mut resting)) => {
                // Both take each other for members on a new connection.
                self.peers.by_device.meet(from).welcomed = true;
                resting.outputs.push(Output::Disconnect(from));
                self.commit(batch, resting);
            }
            Err(_) => self.refuse("welcome_without_grant"),
        }
    }
}
