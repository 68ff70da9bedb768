//! The organisation's contacts, which can be destroyed alone.

use axum::{
    Json,
    extract::{Path, State},
};
use praksis_protocol::{genesis::Kind, store::StoreError};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    directory::PAGE,
    input::Form,
    record,
    root::RootKey,
    withdraw::{self, Withdraw},
};

/// Lists the contacts that are here
///
/// `{"items": [{"id", "role", "mailbox", "owner", "shared"}]}`
#[utoipa::path(get, path = "/api/v1/contacts", operation_id = "contacts_list", tag = "contacts",
    responses((status = 200, description = "The contacts", body = Value)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let names = api.directory.names(&api).await?;
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let (records, next) = record::page(&api, Some(Kind::Contact), after, PAGE).await?;
        for record in records {
            let Some(view) = record::present_view(&api, &record)? else { continue };
            let damaged = || StoreError::Damaged { what: format!("view of {}", record.record.short()) };
            let contact = view.record.as_object().ok_or_else(damaged)?;
            let mut item = json!({"id": record.record});
            for field in ["role", "mailbox"] {
                if let Some(value) = contact.get(field) {
                    item[field] = value.clone();
                }
            }
            item["owner"] = names.owner(record.owner);
            item["shared"] = record.shared.is_some().into();
            items.push(item);
        }
        after = next;
        if after.is_none() {
            return Ok(Json(json!({"items": items})));
        }
    }
}

/// Withdraws a contact alone
///
/// Its words are gone as those of a withdrawn case; cases that name it say no more than that it is gone.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/withdraw", operation_id = "contacts_withdraw", tag = "contacts",
    params(("id" = String, Path, description = "Id, or its beginning")), request_body = Withdraw,
    responses((status = 200, description = "Withdrawn", body = Value), (status = 403, description = "Another's"),
        (status = 404, description = "No such contact")))]
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
    root: RootKey,
    Form(what): Form<Withdraw>,
) -> Result<Json<Value>, ApiError> {
    withdraw::one(&api, Kind::Contact, &id, root, what).await
}
