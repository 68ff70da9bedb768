//! Labels of everything that people see instead of codes and names.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use axum::{Json, extract::State};
use praksis_protocol::{language::Language, vocabulary};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{
    Api, ApiError,
    input::{Body, Params, json},
};
use crate::cpv_list::{self, CpvList};

/// In which language.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VocabularyQuery {
    /// `nb`, `nn` or `en`; `nb` if absent.
    lang: Option<String>,
}

/// Labels of codes, fields, kinds and the short CPV list
#[utoipa::path(get, path = "/api/v1/vocabulary", operation_id = "vocabulary", tag = "vocabulary",
    params(VocabularyQuery),
    responses((status = 200, description = "The labels", body = Value)))]
pub(super) async fn show(Params(query): Params<VocabularyQuery>) -> Result<Json<Value>, ApiError> {
    let language = query.lang.as_deref().map_or(Ok(Language::default()), str::parse);
    let language = language.map_err(|error| ApiError::Misuse(format!("lang: {error}")))?;
    Ok(Json(vocabulary::describe(language)))
}

/// Takes in a CPV list
///
/// The body is `{"48000000": {"en": "..", "nob": ".."}, ..}`. Its labels stand in reasons, and English questions find
/// Norwegian cases, and the other way round, by the words learnt from it: `{"codes", "words"}`.
#[utoipa::path(post, path = "/api/v1/vocabulary/import", operation_id = "vocabulary_import", tag = "vocabulary",
    request_body(content = Value, content_type = "application/json"),
    responses((status = 200, description = "How much was taken in", body = Value), (status = 413, description = "Over 64 MiB"), (status = 422, description = "Not valid")))]
pub(super) async fn take(State(api): State<Api>, Body(bytes): Body) -> Result<Json<Value>, ApiError> {
    // Reading and learning take their time: not on a thread that others' requests wait for.
    let taken = tokio::task::spawn_blocking(move || {
        let list = CpvList::read(&json(&bytes)?).map_err(refused)?;
        let codes = list.len();
        Ok::<_, ApiError>((codes, cpv_list::take_in(&api.handle, list).map_err(refused)?))
    });
    let (codes, words) =
        taken.await.map_err(|_| ApiError::Search("the list was not taken in".to_owned()))??;
    Ok(Json(serde_json::json!({"codes": codes, "words": words})))
}

fn refused(error: cpv_list::Error) -> ApiError {
    use cpv_list::Error::{Code, Count, Folder, Form, Label, Search};
    match error {
        Form | Code { .. } | Label { .. } | Count(_) => ApiError::NotJson(error.to_string()),
        Folder(_) | Search(_) => ApiError::Search(error.to_string()),
    }
}
