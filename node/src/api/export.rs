//! Giving out cases as a file, as they come from the store: never more than a page in memory.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{TryStreamExt as _, stream};
use praksis_protocol::{genesis::Kind, id::DocumentId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{
    Api, ApiError,
    directory::Names,
    input::{Params, codes},
    record,
};
use crate::intake::json::Exported;

/// Records read at a time.
const PAGE: usize = 100;

/// What to give out, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// `json`, one list, or `lines`, one record a line; `json` if absent.
    format: Option<String>,
    /// Organisation numbers of owners, separated by commas; all that are here if absent.
    owner: Option<String>,
}

/// Where a writer is.
enum Place {
    Start,
    After(DocumentId),
    Over,
}

struct Writer {
    api: Api,
    names: Arc<Names>,
    owner: Vec<String>,
    format: Format,
    place: Place,
    /// Nothing was written yet.
    empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Lines,
}

/// Gives out cases
///
/// Each `{"id", "kind", "case"}`, drafts as they stand, others' as they were shared. Import reads it again.
#[utoipa::path(get, path = "/api/v1/export", operation_id = "export", tag = "import", params(ExportQuery),
    responses((status = 200, description = "The cases", body = Value)))]
pub(super) async fn give(
    State(api): State<Api>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, ApiError> {
    let (format, content) = match query.format.as_deref() {
        None | Some("json") => (Format::Json, "application/json"),
        Some("lines") => (Format::Lines, "application/x-ndjson"),
        Some(other) => return Err(ApiError::Misuse(format!("format={other:.60}: expected json or lines"))),
    };
    let names = api.directory.names(&api).await?;
    let writer =
        Writer { api, names, owner: codes(query.owner.as_deref()), format, place: Place::Start, empty: true };
    // What fails half-way cuts the answer short: a whole file has its last bracket.
    let chunks = stream::try_unfold(writer, |mut writer| async move {
        Ok::<_, ApiError>(writer.next().await?.map(|chunk| (chunk, writer)))
    });
    let mut response = Body::from_stream(chunks.inspect_err(|error| {
        tracing::warn!(%error, "an export was cut short");
    }))
    .into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
    Ok(response)
}

impl Writer {
    /// The next page as text; none after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let (after, mut text) = match self.place {
            Place::Start => (None, if self.format == Format::Json { "[" } else { "" }.to_owned()),
            Place::After(record) => (Some(record), String::new()),
            Place::Over => return Ok(None),
        };
        let (records, next) = record::page(&self.api, Some(Kind::Case), after, PAGE).await?;
        for reference in records {
            if !self.owner.is_empty() && !self.owner.contains(&self.names.org(reference.owner).0) {
                continue;
            }
            let Some(view) = record::present_view(&self.api, &reference)? else { continue };
            let (id, case) = (reference.record.to_string(), Value::Object(Kind::Case.read(&view.record)));
            let record = serde_json::to_string(&Exported::case(&id, &case)).expect("JSON of plain values");
            match self.format {
                Format::Json => text.push_str(if self.empty { "\n" } else { ",\n" }),
                Format::Lines => {}
            }
            text.push_str(&record);
            if self.format == Format::Lines {
                text.push('\n');
            }
            self.empty = false;
        }
        self.place = next.map_or(Place::Over, Place::After);
        if matches!(self.place, Place::Over) && self.format == Format::Json {
            text.push_str("\n]\n");
        }
        Ok(Some(text.into()))
    }
}
