//! A second office of an organisation: granted by its root, and taking up the grant.

use ed25519_dalek::SigningKey;

use super::{
    CommandError, Engine, Event, Identity, Output, Reply, RequestId, Resting,
    saying::Voice,
    setup::{CHARTER, IDENTITY},
    statements::{put, read_all},
};
use crate::{
    genesis::Scope,
    id::{NetworkId, OrgId, StatementHash},
    membership::{
        charter::Charter,
        joining::OfficeGrant,
        statement::{Acceptance, DeviceGrant, Fact, Kind, Known, SLOTS},
        ticket::Ticket,
    },
    signed::{Verified, encoding::to_vec},
    store::{Batch, Put, StoreError},
};

impl Engine {
    /// Grants the device of a second office.
    pub(super) fn grant_office(&mut self, request: RequestId, ticket: Ticket) -> Result<(), StoreError> {
        let Ticket::Request(acceptance) = ticket else {
            self.reply(request, Err(CommandError::BadTicket));
            return Ok(());
        };
        let Some(root) = self.key(Voice::Root).cloned() else {
            self.reply(request, Err(CommandError::NoRoot));
            return Ok(());
        };
        if acceptance.number != self.identity.number {
            self.reply(request, Err(CommandError::NotForUs));
            return Ok(());
        }
        let Some(org) = self.identity.org else {
            self.reply(request, Err(CommandError::NotGranted));
            return Ok(());
        };
        let roster = self.statements.roster().clone();
        let mut new = Vec::new();
        let known = roster.device(acceptance.device);
        if known.is_some_and(|device| device.org != org) {
            self.reply(request, Err(CommandError::Taken));
            return Ok(());
        }
        if known.is_none() {
            let taken =
                |slot: &u8| roster.devices().any(|(_, device)| device.org == org && device.slot == *slot);
            let Some(slot) = (1..=SLOTS).find(|slot| !taken(slot)) else {
                self.reply(request, Err(CommandError::Taken));
                return Ok(());
            };
            let granted = self.issue_device_grant(&root, org, &acceptance, slot);
            // Known at once, not only when durable: the next grant takes another number and slot.
            self.statements.insert(granted.clone());
            self.statements.fold(self.charter.as_ref());
            new.push(granted);
        }
        let of_ours = self.statements.of_organisation(org).into_iter();
        let charter = self.charter.as_ref();
        let statements = of_ours.map(|known| known.statement.bytes().to_vec().into()).collect();
        let grant = Verified::sign(
            OfficeGrant {
                version: 1,
                org,
                name: self.identity.name.clone(),
                charter: charter.map(|charter| charter.bytes().into()),
                statements,
                device: acceptance.device,
                addresses: self.addresses.clone(),
                granted_by: self.device(),
                root: Some(OrgId(root.verifying_key().to_bytes())).filter(|root| *root != org),
            },
            &root,
        );
        let reply = Reply::Ticket(Ticket::Office(grant).to_text());
        let outputs = vec![Output::Reply(request, Ok(reply))];
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: new, ..Resting::default() });
        Ok(())
    }

    fn issue_device_grant(
        &self,
        root: &SigningKey,
        org: OrgId,
        acceptance: &Verified<Acceptance>,
        slot: u8,
    ) -> Known {
        let grant = DeviceGrant {
            org,
            device: acceptance.device,
            slot,
            acceptance: acceptance.bytes().to_vec().into(),
            follows: self.last_device_end(acceptance.device),
        };
        let statement = self.statements.chain(OrgId(root.verifying_key().to_bytes()), Scope::Roster).issue(
            root,
            NetworkId::NONE,
            Kind::DeviceGrant,
            &grant,
        );
        let hash = StatementHash(statement.hash());
        Known { hash, statement, fact: Fact::Device(grant, Acceptance::clone(acceptance)) }
    }

    /// This office has been granted: who we are, and who the others are.
    pub(super) fn join_organisation(&mut self, request: RequestId, grant: &Verified<OfficeGrant>) {
        if grant.device != self.device() {
            return self.reply(request, Err(CommandError::NotForUs));
        }
        if self.identity.org.is_some_and(|org| org != grant.org) {
            return self.reply(request, Err(CommandError::InNetwork));
        }
        let charter = match &grant.charter {
            Some(bytes) => match Charter::read(bytes) {
                Ok(charter) => Some(charter),
                Err(_) => return self.reply(request, Err(CommandError::BadTicket)),
            },
            None => None,
        };
        let (received, _) = read_all(&grant.statements);
        let new = self.statements.take(received, charter.as_ref(), Some(grant.org));
        let roster = self.statements.roster_with(charter.as_ref(), &new);
        let granted = roster.device(self.device());
        let signs = roster.root_of(grant.org) == grant.root.unwrap_or(grant.org);
        let is_ours =
            granted.is_some_and(|it| it.org == grant.org && it.number == self.identity.number) && signs;
        if !is_ours {
            return self.reply(request, Err(CommandError::BadTicket));
        }
        let identity =
            Identity { org: Some(grant.org), number: self.identity.number.clone(), name: grant.name.clone() };
        let mut batch: Batch = new.iter().map(put).collect();
        batch.push(Put::Local(IDENTITY.into(), Some(to_vec(&identity))));
        let mut outputs = vec![Output::Reply(request, Ok(Reply::Joining))];
        if let Some(charter) = charter {
            batch.push(Put::Local(CHARTER.into(), Some(charter.bytes())));
            outputs.push(Output::Announce(Event::Joined(charter.network())));
        } else {
            outputs.push(Output::Announce(Event::Joined(NetworkId::NONE)));
        }
        self.add_addresses(grant.granted_by, &grant.addresses);
        self.commit(batch, Resting { outputs, statements: new, joined: true, ..Resting::default() });
    }
}
