//! What is looked up for every answer and seldom changes: who is who, and who uses what.
//!
//! Kept until an event says that it is out of date; a receiver that missed some starts over.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use praksis_protocol::{
    engine::{Command, Event, Reply, Status},
    genesis::Kind,
    id::{DeviceId, DocumentId, OrgId},
    record::{Item as _, Record as _},
    response::Response,
};
use serde_json::{Value, json};
use tokio::sync::{Mutex, broadcast, broadcast::error::TryRecvError};

use super::{Api, ApiError, record};

/// Records asked for at once when all of a kind are read.
pub(super) const PAGE: usize = 500;

/// See the module.
pub(super) struct Directory(Mutex<Kept>);

struct Kept {
    events: broadcast::Receiver<Event>,
    names: Option<Arc<Names>>,
    uses: Option<Uses>,
    /// Responses that have changed since.
    changed: BTreeSet<DocumentId>,
}

/// Organisations and devices, as people know them.
pub(super) struct Names {
    pub(super) own: Option<OrgId>,
    orgs: BTreeMap<OrgId, (String, String)>,
    devices: BTreeMap<DeviceId, (OrgId, u8)>,
}

/// By subject, and by response: whose it is and what it says of use.
type Uses = BTreeMap<DocumentId, BTreeMap<DocumentId, (OrgId, Value)>>;

impl Directory {
    pub(super) fn new(events: broadcast::Receiver<Event>) -> Self {
        Self(Mutex::new(Kept { events, names: None, uses: None, changed: BTreeSet::new() }))
    }

    /// Who is who.
    pub(super) async fn names(&self, api: &Api) -> Result<Arc<Names>, ApiError> {
        let mut kept = self.0.lock().await;
        kept.catch_up();
        if let Some(names) = &kept.names {
            return Ok(names.clone());
        }
        let names = Arc::new(Names::of(&*api.status().await?));
        kept.names = Some(names.clone());
        Ok(names)
    }

    /// Organisations that use what is shared as this document.
    pub(super) async fn used_by(&self, api: &Api, subject: DocumentId) -> Result<Vec<Value>, ApiError> {
        let names = self.names(api).await?;
        let mut kept = self.0.lock().await;
        kept.catch_up();
        let changed = std::mem::take(&mut kept.changed);
        let uses = match &mut kept.uses {
            Some(uses) => uses,
            none => none.insert(all_uses(api).await?),
        };
        for response in changed {
            uses.values_mut().for_each(|of_subject| drop(of_subject.remove(&response)));
            read_use(api, response, uses).await?;
        }
        let of_subject = uses.get(&subject).into_iter().flatten();
        Ok(of_subject
            .map(|(_, (org, step))| {
                let (number, name) = names.org(*org);
                json!({"org": number, "name": name, "kind": step["kind"], "implemented": step["implemented"]})
            })
            .collect())
    }
}

impl Kept {
    fn catch_up(&mut self) {
        loop {
            match self.events.try_recv() {
                Ok(Event::RosterChanged | Event::Joined(_)) => self.names = None,
                Ok(Event::RecordChanged(record)) => {
                    if record.kind == Some(Kind::Response) {
                        self.changed.insert(record.record);
                    }
                }
                Ok(Event::RecordGone(..)) => (self.names, self.uses) = (None, None),
                Ok(
                    Event::JoinRefused(_)
                    | Event::Asking
                    | Event::Ended(_)
                    | Event::LetGo(..)
                    | Event::Level(..)
                    | Event::Failed(_),
                ) => {}
                Err(TryRecvError::Lagged(_)) => {
                    (self.names, self.uses) = (None, None);
                    self.changed.clear();
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

impl Names {
    fn of(status: &Status) -> Self {
        let mut names = Self { own: status.org, orgs: BTreeMap::new(), devices: BTreeMap::new() };
        for member in &status.members {
            names.orgs.insert(member.org, (member.number.clone(), member.name.clone()));
            let devices = member.devices.iter().map(|(device, slot)| (*device, (member.org, *slot)));
            names.devices.extend(devices);
        }
        if let Some(own) = status.org {
            names.orgs.insert(own, (status.number.clone(), status.name.clone()));
            names.devices.extend(status.slot.map(|slot| (status.device, (own, slot))));
        }
        names
    }

    /// Number and name; of an organisation that is no member, nothing is known but its key.
    pub(super) fn org(&self, org: OrgId) -> (String, String) {
        self.orgs.get(&org).cloned().unwrap_or_default()
    }

    /// `{"org", "name"}`.
    pub(super) fn owner(&self, org: OrgId) -> Value {
        let (number, name) = self.org(org);
        json!({"org": number, "name": name})
    }

    /// The slot that a device has in its organisation.
    pub(super) fn slot(&self, device: DeviceId) -> Option<u8> {
        self.devices.get(&device).map(|(_, slot)| *slot)
    }

    /// Who wrote something: organisation and device slot, `{"org", "slot"}`. What stands in a draft was written by
    /// one of the owner's devices, even one that is not known any more.
    pub(super) fn by(&self, device: Option<DeviceId>, draft_of: Option<OrgId>) -> Value {
        let known = device.and_then(|device| self.devices.get(&device));
        let mut by = serde_json::Map::new();
        if let Some(org) = known.map(|(org, _)| *org).or(draft_of) {
            by.insert("org".to_owned(), self.org(org).0.into());
        }
        if let Some((_, slot)) = known {
            by.insert("slot".to_owned(), (*slot).into());
        }
        Value::Object(by)
    }
}

impl Api {
    /// Where the node stands.
    pub(super) async fn status(&self) -> Result<Box<Status>, ApiError> {
        let Reply::Status(status) = self.handle.call(Command::Status).await? else {
            return Err(record::unexpected());
        };
        Ok(status)
    }
}

async fn all_uses(api: &Api) -> Result<Uses, ApiError> {
    let mut uses = Uses::new();
    let mut after = None;
    loop {
        let (records, next) = record::page(api, Some(Kind::Response), after, PAGE).await?;
        for response in &records {
            take_use(api, response.shared, response.record, response.owner, &mut uses)?;
        }
        after = next;
        if after.is_none() {
            return Ok(uses);
        }
    }
}

async fn read_use(api: &Api, response: DocumentId, uses: &mut Uses) -> Result<(), ApiError> {
    for found in record::find(api, &response.to_string()).await? {
        take_use(api, found.shared, found.record, found.owner, uses)?;
    }
    Ok(())
}

fn take_use(
    api: &Api,
    document: Option<DocumentId>,
    record: DocumentId,
    owner: OrgId,
    uses: &mut Uses,
) -> Result<(), ApiError> {
    let Some(view) = record::view(api, document)? else { return Ok(()) };
    let response = Response::read(&view.record);
    if let (Some(subject), Some(step)) = (response.subject, response.used_by()) {
        let step = Value::Object(step.write_item());
        uses.entry(subject).or_default().insert(record, (owner, step));
    }
    Ok(())
}
