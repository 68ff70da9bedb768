//! An example of every answer, for the description. They are what a node really answered: a test compares them.

use utoipa::openapi::{
    OpenApi, RefOr,
    content::Content,
    path::Operation,
    response::{Response, ResponseBuilder},
};

/// By operation.
const EXAMPLES: &[(&str, &str)] = &[
    ("cases_create", include_str!("examples/cases_create.json")),
    ("cases_list", include_str!("examples/cases_list.json")),
    ("cases_show", include_str!("examples/cases_show.json")),
    ("cases_change", include_str!("examples/cases_show.json")),
    ("cases_set", include_str!("examples/cases_show.json")),
    ("cases_settle", include_str!("examples/cases_show.json")),
    ("cases_history", include_str!("examples/cases_history.json")),
    ("cases_share", include_str!("examples/cases_share.json")),
    ("cases_share_many", include_str!("examples/cases_share_many.json")),
    ("cases_co_owner_add", include_str!("examples/cases_co_owner_add.json")),
    ("cases_co_owner_end", include_str!("examples/cases_co_owner_end.json")),
    ("templates_create", include_str!("examples/cases_create.json")),
    ("templates_list", include_str!("examples/templates_list.json")),
    ("templates_show", include_str!("examples/templates_show.json")),
    ("templates_change", include_str!("examples/templates_show.json")),
    ("templates_set", include_str!("examples/templates_show.json")),
    ("templates_settle", include_str!("examples/templates_show.json")),
    ("templates_history", include_str!("examples/cases_history.json")),
    ("templates_share", include_str!("examples/cases_share.json")),
    ("templates_share_many", include_str!("examples/cases_share_many.json")),
    ("similar", include_str!("examples/similar.json")),
    ("similar_to", include_str!("examples/similar.json")),
    ("vocabulary_import", include_str!("examples/vocabulary_import.json")),
    ("start", include_str!("examples/start.json")),
    ("lessons", include_str!("examples/lessons.json")),
    ("import", include_str!("examples/import.json")),
    ("export", include_str!("examples/export.json")),
    ("org_show", include_str!("examples/org_show.json")),
    ("org_change", include_str!("examples/org_show.json")),
    ("org_set", include_str!("examples/org_show.json")),
    ("org_devices", include_str!("examples/org_devices.json")),
    ("org_device_add", include_str!("examples/org_device_add.json")),
    ("invite", include_str!("examples/invite.json")),
    ("join", include_str!("examples/join.json")),
    ("members_list", include_str!("examples/members_list.json")),
    ("members_admit", include_str!("examples/members_admit.json")),
    ("members_requests", include_str!("examples/members_requests.json")),
    ("members_decline", include_str!("examples/members_decline.json")),
    ("join_ask", include_str!("examples/join_ask.json")),
    ("join_request", include_str!("examples/join_request.json")),
    ("peers_list", include_str!("examples/peers_list.json")),
    ("peers_add", include_str!("examples/peers_add.json")),
    ("sync", include_str!("examples/sync.json")),
    ("status", include_str!("examples/status.json")),
    ("report", include_str!("examples/report.json")),
    ("bundle_read", include_str!("examples/bundle_read.json")),
    ("cases_withdraw", include_str!("examples/cases_withdraw.json")),
    ("templates_withdraw", include_str!("examples/cases_withdraw.json")),
    ("contacts_withdraw", include_str!("examples/cases_withdraw.json")),
    ("contacts_list", include_str!("examples/contacts_list.json")),
    ("why", include_str!("examples/why.json")),
    ("association_show", include_str!("examples/association_show.json")),
    ("association_amend", include_str!("examples/association_amend.json")),
    ("members_end", include_str!("examples/association_amend.json")),
    ("members_succeed", include_str!("examples/association_amend.json")),
    ("members_root", include_str!("examples/association_amend.json")),
    ("countersign", include_str!("examples/association_amend.json")),
    ("org_device_end", include_str!("examples/org_device_end.json")),
    ("org_key_rotate", include_str!("examples/org_key_rotate.json")),
    ("org_key_reload", include_str!("examples/org_key_reload.json")),
    ("take_in", include_str!("examples/take_in.json")),
];

const PROBLEM: &str = include_str!("examples/problem.json");

/// Puts the examples into the description, and a problem beside every answer.
pub(super) fn put_into(description: &mut OpenApi) {
    for item in description.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.patch].into_iter().flatten() {
            complete(operation);
        }
    }
}

fn complete(operation: &mut Operation) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let example = EXAMPLES.iter().find(|(operation, _)| *operation == id).map(|(_, json)| json);
    for response in operation.responses.responses.values_mut() {
        if let (RefOr::T(Response { content, .. }), Some(example)) = (response, example) {
            for content in content.values_mut() {
                if let RefOr::T(content) = content {
                    content.example = serde_json::from_str(example).ok();
                }
            }
        }
    }
    let mut problem = Content::default();
    problem.example = serde_json::from_str(PROBLEM).ok();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457)")
        .content("application/problem+json", problem)
        .build();
    operation.responses.responses.insert("default".to_owned(), problem.into());
}
