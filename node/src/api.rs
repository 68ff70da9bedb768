//! The HTTP interface: `/api/v1` for programs of this machine, with `/healthz`, `/readyz` and `/metrics`.
//!
//! One file a resource. A handler reads its input strictly, gives one or a few commands to the node's
//! [`Handle`] and shapes the answer; it decides nothing that the protocol decides. Everything is JSON as the
//! interface describes it, errors are problem details (RFC 9457), and a route is declared together with its
//! description, so that `openapi.json` cannot miss one.
//!
//! Bound to loopback and closed to whoever does not show the token in the node's folder (`gate`).

mod error;
mod gate;
mod input;
mod progress;

mod audience;
mod directory;
mod heads;
mod ids;
mod record;

mod cases;
mod co_owners;
mod contact;
mod contacts;
mod edit;
mod export;
mod import;
mod lessons;
mod list;
mod share;
mod similar;
mod start;
mod templates;
mod useful;
mod why;
mod withdraw;

mod applicants;
mod association;
mod bundles;
mod example;
mod health;
mod members;
mod org;
mod peers;
mod report;
mod root;
mod statements;
mod status;
mod vocabulary;

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    middleware,
};
use tokio::net::TcpListener;
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{directory::Directory, gate::Token, health::Metrics};
pub use self::{
    error::{ApiError, ErrorKind},
    heads::read_heads,
};
use crate::handle::Handle;

/// Most bytes of a request's body, unless it brings a file.
const BODY_LIMIT: usize = crate::intake::RECORD_LIMIT + 64 * 1024;

/// Why the interface could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Whoever can reach the interface and has the token can do everything.
    #[error("--http {0} is not an address of this machine alone: use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// Another program listens there.
    #[error(
        "--http {0} is taken: another program, or another node, listens there; --http 127.0.0.1:0 takes a free port"
    )]
    Taken(SocketAddr),
    /// What else the system said.
    #[error("could not listen on --http {address}: {source}")]
    Io {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    handle: Handle,
    token: Token,
    directory: Directory,
    metrics: Metrics,
    description: OpenApi,
}

impl std::ops::Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Takes the address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            ServeError::Taken(address)
        } else {
            ServeError::Io { address, source }
        }
    })
}

/// Serves a node until `stop` comes true; answers under way are given first.
pub async fn serve(
    listener: TcpListener,
    handle: Handle,
    token: String,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(handle, &token)).with_graceful_shutdown(stop).await
}

/// All routes of a node.
pub fn router(handle: Handle, token: &str) -> Router {
    let (routes, mut description) = described().split_for_parts();
    let (open, of_open) = health::open().split_for_parts();
    description.merge(of_open);
    example::put_into(&mut description);
    let api = Api(Arc::new(Shared {
        directory: Directory::new(handle.events()),
        token: Token::new(token),
        metrics: Metrics::default(),
        description,
        handle,
    }));
    routes
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(error::in_language))
        .layer(middleware::from_fn_with_state(api.clone(), gate::token))
        .merge(open)
        .layer(middleware::from_fn(gate::host))
        .layer(middleware::from_fn_with_state(api.clone(), health::count))
        .with_state(api)
}

/// The description of this interface (OpenAPI)
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "openapi", tag = "health",
    responses((status = 200, description = "The description", body = serde_json::Value)))]
async fn openapi(State(api): State<Api>) -> Json<OpenApi> {
    Json(api.description.clone())
}

/// The routes together with their descriptions.
fn described() -> OpenApiRouter<Api> {
    let quick = OpenApiRouter::new()
        .routes(routes!(cases::list, cases::create))
        .routes(routes!(cases::show, cases::change))
        .routes(routes!(cases::set))
        .routes(routes!(cases::settle))
        .routes(routes!(cases::history))
        .routes(routes!(cases::share))
        .routes(routes!(cases::co_owner_add))
        .routes(routes!(cases::co_owner_end))
        .routes(routes!(cases::withdraw))
        .routes(routes!(templates::list, templates::create))
        .routes(routes!(templates::show, templates::change))
        .routes(routes!(templates::set))
        .routes(routes!(templates::settle))
        .routes(routes!(templates::history))
        .routes(routes!(templates::share))
        .routes(routes!(templates::withdraw))
        .routes(routes!(contacts::list))
        .routes(routes!(contacts::withdraw))
        .routes(routes!(similar::by_query, similar::by_body))
        .routes(routes!(start::advise))
        .routes(routes!(lessons::list))
        .routes(routes!(org::show, org::change))
        .routes(routes!(org::set))
        .routes(routes!(org::devices, org::device_add))
        .routes(routes!(org::device_end))
        .routes(routes!(root::rotate))
        .routes(routes!(root::reload))
        .routes(routes!(members::list, members::admit))
        .routes(routes!(members::end))
        .routes(routes!(members::succeed))
        .routes(routes!(members::new_root))
        .routes(routes!(association::show))
        .routes(routes!(association::amend))
        .routes(routes!(statements::take_in))
        .routes(routes!(statements::countersign))
        .routes(routes!(why::show))
        .routes(routes!(members::invite))
        .routes(routes!(members::join_request))
        .routes(routes!(applicants::list))
        .routes(routes!(applicants::decline))
        .routes(routes!(peers::list, peers::add))
        .routes(routes!(status::show))
        .routes(routes!(report::show))
        .routes(routes!(vocabulary::show))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi))
        .layer(middleware::from_fn(gate::in_time));
    // These take as long as there is work, and say how far they are.
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(cases::share_many))
        .routes(routes!(templates::share_many))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(import::take))
                .routes(routes!(vocabulary::take))
                .layer(DefaultBodyLimit::max(crate::intake::FILE_LIMIT)),
        )
        .routes(routes!(export::give))
        .routes(routes!(bundles::write))
        .routes(routes!(bundles::read))
        .routes(routes!(members::join))
        .routes(routes!(applicants::ask))
        .routes(routes!(peers::sync))
        .merge(quick)
}

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Praksis",
    description = "A node of the network in which municipalities share what they learn from innovative procurement. \
        Every request shows the bearer token in the node's folder. Ids are 52 characters or a unique beginning of at \
        least 6. Errors are problem details with the member `error`: {kind, message, hint}; \
        faults are told in the language of Accept-Language: nb, nn or en. Whoever accepts \
        `application/x-ndjson` is told the progress of long work: lines {progress: {done, total}}, then \
        {result: ..} or {problem: ..}."
))]
struct Description;
