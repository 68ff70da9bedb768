//! Labels of everything that people see instead of codes and names.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use axum::Json;
use praksis_protocol::{language::Language, vocabulary};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{ApiError, input::Params};

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
