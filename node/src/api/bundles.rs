//! Bundles: what peers send each other, as a file that somebody carries.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

mod read;
mod write;

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use praksis_protocol::engine::{
    Command, Reply,
    bundles::{Carried, Carry, Reader},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api, ApiError,
    input::Params,
    progress::{self, Wants},
    record,
};
use crate::bundle::BundleError;

/// How long the next bytes of a body may take; they come from this machine.
const ARRIVAL: Duration = Duration::from_secs(60);

/// For whom to write.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BundleQuery {
    /// Number of a member: also what is shared with it alone. Without, what every member may read.
    r#for: Option<String>,
    /// `true`: everything that this node holds, drafts too, for the organisation's own other nodes.
    all: Option<bool>,
}

/// Writes a bundle
///
/// The body may be another bundle, the reader's or an earlier one: what is in it is left out.
#[utoipa::path(post, path = "/api/v1/bundles/write", operation_id = "bundle_write", tag = "network",
    params(BundleQuery), request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, description = "The bundle", content_type = "application/octet-stream", body = String)))]
pub(super) async fn write(
    State(api): State<Api>,
    Params(query): Params<BundleQuery>,
    body: Body,
) -> Result<Response, ApiError> {
    let reader = match (query.r#for, query.all) {
        (Some(_), Some(true)) => {
            return Err(ApiError::Misuse("for and all: one of them tells for whom".to_owned()));
        }
        (Some(number), _) => Reader::Member(number),
        (None, Some(true)) => Reader::Own,
        (None, _) => Reader::Members,
    };
    let held = write::held(&api, Chunks(body.into_data_stream())).await?;
    let writer = write::Writing::begin(api, reader, held).await?;
    // What fails half-way cuts the answer short: a whole bundle has its end.
    let chunks = stream::try_unfold(writer, |mut writer| async move {
        Ok::<_, ApiError>(writer.next().await?.map(|chunk| (Bytes::from(chunk), writer)))
    });
    let chunks = chunks.inspect_err(|error| tracing::warn!(%error, "a bundle was cut short"));
    let mut response = Body::from_stream(chunks).into_response();
    let content = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, content);
    Ok(response)
}

/// Reads a bundle
///
/// The body is the file. It is taken in as if a peer had sent it, and goes on where a reading of the same bundle
/// was broken off: `{"complete", "new", "entries", "skipped", "waiting", "refused", "from", "written_at"}`.
#[utoipa::path(post, path = "/api/v1/bundles/read", operation_id = "bundle_read", tag = "network",
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, description = "What came of it", body = Value),
        (status = 422, description = "Not a bundle of this network, or damaged; what stood before that is in")))]
pub(super) async fn read(State(api): State<Api>, wants: Wants, body: Body) -> Response {
    progress::answer(wants, |progress| read::run(api, Chunks(body.into_data_stream()), progress)).await
}

/// A body as it arrives.
struct Chunks(BodyDataStream);

impl Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let chunk = tokio::time::timeout(ARRIVAL, self.0.next()).await;
        let cut_off = || ApiError::Misuse("the body was cut off".to_owned());
        chunk.map_err(|_| cut_off())?.transpose().map_err(|_| cut_off())
    }

    /// Lets the rest run in: whoever is still sending reads the answer only once it is done.
    async fn drain(&mut self) {
        while let Ok(Some(_)) = self.next().await {}
    }
}

/// One step of it in the engine.
async fn carry(api: &Api, carry: Carry) -> Result<Carried, ApiError> {
    let Reply::Carried(carried) = api.handle.call(Command::Carry(carry)).await? else {
        return Err(record::unexpected());
    };
    Ok(carried)
}

/// Counts what was refused by its name.
async fn refused(api: &Api, error: BundleError) -> ApiError {
    match api.handle.call(Command::Carry(Carry::Refuse(error.name()))).await {
        Ok(_) => ApiError::Bundle(error),
        Err(stopped) => stopped.into(),
    }
}
