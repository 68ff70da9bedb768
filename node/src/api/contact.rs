//! A case's contact, named by its mailbox.
//!
//! People know the mailbox and not the record that holds it. The record that the organisation has for it
//! is found, or begun.

use praksis_protocol::{
    engine::{Command, output::RecordRef},
    genesis::Kind,
};
use serde_json::{Map, Value, json};

use super::{
    Api, ApiError,
    directory::PAGE,
    edit::{parse, write},
    record,
};

/// What the contact is called when nobody has said: those who answer for a procurement.
const ROLE: &str = "Innkjøp";

/// Takes the contact out of a case that names it by its mailbox: one that is only asked about begins no record.
pub(super) fn take_mailbox(case: &mut Value) -> Result<Option<Value>, ApiError> {
    let Some(contact) = named(case)? else { return Ok(None) };
    case.as_object_mut().expect("it has a contact").remove("contact");
    Ok(contact.get("mailbox").cloned())
}

/// The contact that a case names by its mailbox.
fn named(case: &Value) -> Result<Option<Map<String, Value>>, ApiError> {
    let named = case.get("contact").and_then(Value::as_str).map(str::trim);
    let mailbox = named.filter(|named| named.contains('@'));
    mailbox.map(|mailbox| parse(Kind::Contact, &json!({"role": ROLE, "mailbox": mailbox}))).transpose()
}

/// Puts a contact's id where its mailbox stands.
pub(super) async fn by_mailbox(api: &Api, kind: Kind, value: &mut Value) -> Result<(), ApiError> {
    if kind != Kind::Case {
        return Ok(());
    }
    let Some(contact) = named(value)? else { return Ok(()) };
    let id = match known(api, &contact["mailbox"]).await? {
        Some(known) => known.record,
        None => write(api, Command::Draft(Kind::Contact, Value::Object(contact))).await?.record,
    };
    value["contact"] = id.to_string().into();
    Ok(())
}

/// The organisation's own contact with this mailbox.
async fn known(api: &Api, mailbox: &Value) -> Result<Option<RecordRef>, ApiError> {
    let mut after = None;
    loop {
        let (records, next) = record::page(api, Some(Kind::Contact), after, PAGE).await?;
        for record in records {
            let draft = record::view(api, record.draft)?;
            if draft.is_some_and(|draft| draft.record["mailbox"] == *mailbox) {
                return Ok(Some(record));
            }
        }
        after = next;
        if after.is_none() {
            return Ok(None);
        }
    }
}
