//! From a draft to what others may read, and what stands in the way of it.

use std::collections::BTreeSet;

use rand_core::Rng;
use serde_json::{Map, Value};

use super::{
    CommandError, Engine, Reply, RequestId,
    audiences::Audience,
    input::Edit,
    lanes::Task,
    output::{RecordRef, RecordView},
};
use crate::{
    admission::state::View,
    date::Day,
    genesis::{Genesis, Kind, Scope},
    id::{DocumentId, OrgId},
    personal::Found,
    share::{Prepared, Refused, Sharing, Terms, prepare},
    store::{Read, StoreError},
};

/// Where the id of the default contact stands, as text.
pub const DEFAULT_CONTACT: &str = "node/contact";

impl Engine {
    /// Shares a draft with an audience, its contact first.
    pub(super) fn share(
        &mut self,
        request: RequestId,
        id: DocumentId,
        terms: Terms,
        audience: Audience,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let genesis = match self.shared_of(id, audience, rng) {
            Ok(genesis) => genesis,
            Err(error) => {
                self.reply(request, Err(error));
                return Ok(());
            }
        };
        let scope = genesis.scope;
        let Some(record) = self.index.record(id) else {
            self.reply(request, Err(CommandError::NotFound));
            return Ok(());
        };
        let prepared = match self.prepared(&record, scope, terms, store)? {
            Ok(prepared) => prepared,
            Err(refused) => {
                self.reply(request, Err(CommandError::NotShareable(Box::new(refused))));
                return Ok(());
            }
        };
        let contact = contact_of(&prepared.record).and_then(|contact| self.index.record(contact));
        if let Some(contact) = contact
            && let Err(found) = self.share_contact(&contact, scope, terms, store, rng)?
        {
            let refused = Box::new(Refused { found, ..Refused::default() });
            self.reply(request, Err(CommandError::NotShareable(refused)));
            return Ok(());
        }
        if !self.can_begin(&genesis) {
            self.reply(request, Err(CommandError::OwnerFirst));
            return Ok(());
        }
        let edit = Edit::Share(Value::Object(prepared.record));
        self.write(request, genesis, None, edit, store, rng)
    }

    /// A contact goes along with its case; what of a person stands in it holds the case back.
    fn share_contact(
        &mut self,
        contact: &RecordRef,
        scope: Scope,
        terms: Terms,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<Result<(), Vec<Found>>, StoreError> {
        let prepared = match self.prepared(contact, scope, terms, store)? {
            Ok(prepared) => prepared,
            Err(refused) if refused.found.is_empty() => return Ok(Ok(())),
            Err(mut refused) => {
                refused.found.iter_mut().for_each(|found| found.field.insert_str(0, "contact."));
                return Ok(Err(refused.found));
            }
        };
        let Ok(genesis) = self.shared_in(contact.record, scope) else { return Ok(Ok(())) };
        let edit = Edit::Share(Value::Object(prepared.record));
        self.line_up(genesis, Task::Write { request: None, at: None, edit }, store, rng).map(Ok)
    }

    /// A record with everything that stands beside it.
    pub(super) fn show(
        &mut self,
        request: RequestId,
        id: DocumentId,
        today: Day,
        store: &impl Read,
    ) -> Result<(), StoreError> {
        let Some(record) = self.index.record(id) else {
            self.reply(request, Err(CommandError::NotFound));
            return Ok(());
        };
        let draft = view(record.draft, store)?;
        let shared = view(record.shared, store)?;
        // What was let through when it was shared does not hide that it has changed since.
        let terms = Terms { today, allow_found: true };
        let sharing = match draft {
            Some(_) => {
                let scope =
                    record.shared.and_then(|shared| self.index.row(shared)).map(|row| row.genesis.scope);
                Some(self.prepared(&record, scope.unwrap_or(Scope::Network), terms, store)?)
            }
            None => None,
        };
        let differs = match (&sharing, &shared) {
            (Some(Ok(prepared)), Some(shared)) => {
                record.kind.is_some_and(|kind| kind.read(&shared.record) != prepared.record)
            }
            (Some(_) | None, _) => false,
        };
        let genesis = [record.draft, record.shared].into_iter().flatten().find_map(|id| self.index.row(id));
        let roster = self.statements.roster();
        let writers = genesis.map(|row| roster.writers(&row.genesis)).unwrap_or_default();
        let view = RecordView { reference: record, draft, shared, sharing, differs, writers };
        self.reply(request, Ok(Reply::Record(Box::new(view))));
        Ok(())
    }

    /// What sharing a record into a scope now would write, or what stands in its way.
    fn prepared(
        &self,
        record: &RecordRef,
        scope: Scope,
        terms: Terms,
        store: &impl Read,
    ) -> Result<Result<Prepared, Refused>, StoreError> {
        let Some(kind) = record.kind else { return Ok(Err(Refused { never: true, ..Refused::default() })) };
        let Some(Value::Object(mut draft)) = view(record.draft, store)?.map(|view| view.record) else {
            return Ok(Err(Refused { never: true, ..Refused::default() }));
        };
        let before = match view(record.shares.get(&scope).copied(), store)?.map(|view| view.record) {
            Some(Value::Object(before)) => Some(before),
            Some(_) | None => None,
        };
        // A contact goes along; everything else is there already, or is named to nobody who cannot read it.
        let reaches = |id: DocumentId| {
            self.index.record(id).is_some_and(|other| {
                let read_there = [Scope::Network, scope].iter().any(|it| other.shares.contains_key(it));
                read_there || (other.kind == Some(Kind::Contact) && other.draft.is_some())
            })
        };
        if kind == Kind::Case {
            // In a joint draft it may be another's, who alone can let others read it; and what another has
            // put there is not ours to replace by our own.
            let theirs = |id: &DocumentId| self.index.record(*id).is_none_or(|it| it.draft.is_none());
            let named = contact_of(&draft).filter(|id| !theirs(id) || reaches(*id));
            let held = before.as_ref().and_then(contact_of).filter(|id| theirs(id) && reaches(*id));
            let default = store.local(DEFAULT_CONTACT)?.and_then(|bytes| String::from_utf8(bytes).ok());
            match named.or(held).map(|id| id.to_string()).or(default) {
                Some(contact) => drop(draft.insert("contact".to_owned(), contact.into())),
                None => drop(draft.remove("contact")),
            }
        }
        Ok(prepare(kind, &draft, &Sharing { terms, reaches: &reaches, before: before.as_ref() }))
    }

    /// The document that a draft is shared as with an audience, which may be new.
    fn shared_of(
        &mut self,
        id: DocumentId,
        audience: Audience,
        rng: &mut impl Rng,
    ) -> Result<Genesis, CommandError> {
        let draft = self.draft_of(id)?;
        self.check_writer(&draft)?;
        let scope = match audience {
            Audience::Organisations(members) if matches!(draft.scope, Scope::Named(_)) => {
                self.scope_of_joint(id, &draft, members, rng)?
            }
            Audience::Organisations(_) | Audience::Network => self.scope_for(audience, rng)?,
        };
        self.shared_in(id, scope)
    }

    /// Where a joint draft is shared with some: all who write in it are among them. Whoever shares it again
    /// takes the audience that it has been shared with, whosever that is.
    fn scope_of_joint(
        &mut self,
        id: DocumentId,
        draft: &Genesis,
        members: BTreeSet<OrgId>,
        rng: &mut impl Rng,
    ) -> Result<Scope, CommandError> {
        let roster = self.statements.roster().clone();
        let writers = roster.writers(draft);
        let (own, members) = self.circle(members.into_iter().chain(writers.iter().copied()).collect())?;
        let shares = self.index.record(id).map(|record| record.shares).unwrap_or_default();
        let is_it = |scope: &Scope| match scope {
            Scope::Named(audience) => roster.audience(*audience).is_some_and(|held| held.members == members),
            Scope::Roster | Scope::Organisation(_) | Scope::Network => false,
        };
        match shares.into_keys().find(is_it) {
            Some(scope) => Ok(scope),
            None if writers.first() != Some(&own) => Err(CommandError::OwnerFirst),
            None => self.scope_for(Audience::Organisations(members), rng),
        }
    }

    /// The document that a draft is shared as in a scope.
    pub(super) fn shared_in(&self, id: DocumentId, scope: Scope) -> Result<Genesis, CommandError> {
        let draft = self.draft_of(id)?;
        let network = self.statements.roster().network().ok_or(CommandError::NoNetwork)?;
        if self.identity.org.is_none_or(|org| self.statements.roster().member(org).is_none()) {
            return Err(self.outside(CommandError::NoNetwork));
        }
        // Whoever has left the draft says nothing in its name.
        self.check_writer(&draft)?;
        let genesis = Genesis::shared(&draft, network, scope);
        // Taken into the draft later, and nobody has shared it since.
        self.check_writer(&genesis).map_err(|_| CommandError::OwnerFirst)?;
        Ok(genesis)
    }
}

fn contact_of(record: &Map<String, Value>) -> Option<DocumentId> {
    record.get("contact")?.as_str()?.parse().ok()
}

fn view(document: Option<DocumentId>, store: &impl Read) -> Result<Option<View>, StoreError> {
    let Some(document) = document else { return Ok(None) };
    let Some(bytes) = store.view(document)? else { return Ok(None) };
    let damaged = || StoreError::Damaged { what: format!("view of {}", document.short()) };
    View::read(&bytes).map(Some).ok_or_else(damaged)
}
