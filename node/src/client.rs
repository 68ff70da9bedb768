//! A typed client of a node's HTTP interface, for the command line and for tests.
//!
//! One method a route; what records hold is JSON as the interface describes it, and stays so here. Long
//! work tells how far it has come through a callback.

mod bundles;
mod error;
mod network;
mod records;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use ed25519_dalek::SigningKey;
use praksis_protocol::id::BASE32;
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{self, HeaderValue},
};
use serde_json::Value;

pub use self::{
    error::{ClientError, Problem},
    records::Imported,
};

use crate::key::ROOT_HEADER;

/// The file in a node's folder that holds the bearer token.
pub const TOKEN_FILE: &str = "token";
/// The file in a node's folder that says where it serves, while it runs: `{"http", "listen", "device"}`.
pub const ADDRESSES_FILE: &str = "addresses.json";

/// How long to try to connect; the node is on this machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take to begin or to go on. Long work reports progress more often.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// Most bytes of one line of a progress stream.
const LINE_LIMIT: usize = 256 * 1024 * 1024;

/// How far long work has come: done, and of how many as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// All of them; it may still grow.
    pub total: u64,
}

/// A running node, spoken to over loopback.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    /// The folder it serves, to name it when it is gone.
    dir: Option<PathBuf>,
    language: Option<String>,
    /// A root key for the node to speak with; never shown.
    root: Option<HeaderValue>,
}

impl Client {
    /// The node that serves a folder.
    ///
    /// Fails with [`ClientError::NoNode`] when none does. Nothing is sent yet: a node that was killed is noticed
    /// by the first request, with the same error.
    pub fn open(dir: &Path) -> Result<Self, ClientError> {
        let no_node = || ClientError::NoNode { dir: dir.to_owned() };
        let read = |name: &str| match fs::read_to_string(dir.join(name)) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(no_node()),
            Err(source) => Err(ClientError::Folder { file: dir.join(name), source }),
        };
        let addresses: Value = serde_json::from_str(&read(ADDRESSES_FILE)?).map_err(|_| no_node())?;
        let address = addresses["http"].as_str().ok_or_else(no_node)?.to_owned();
        let mut client = Self::new(&address, read(TOKEN_FILE)?.trim())?;
        client.dir = Some(dir.to_owned());
        Ok(client)
    }

    /// The node at `127.0.0.1:7420`, with or without `http://`.
    pub fn new(address: &str, token: &str) -> Result<Self, ClientError> {
        let base = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|source| ClientError::Http { doing: "set up", source })?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, token: token.to_owned(), dir: None, language: None, root: None })
    }

    /// The same client, told of faults in this language: `nb`, `nn` or `en`, the last if nobody says.
    pub fn in_language(mut self, language: &str) -> Self {
        self.language = Some(language.to_owned());
        self
    }

    /// The same client, lending the node this root key with each request.
    pub fn with_root(mut self, root: &SigningKey) -> Self {
        let mut value = HeaderValue::from_str(&BASE32.encode(&root.to_bytes())).expect("letters and digits");
        value.set_sensitive(true);
        self.root = Some(value);
        self
    }

    /// Where the node serves, `http://127.0.0.1:7420`.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Whether the node is up: needs no token.
    pub async fn is_ready(&self) -> bool {
        let asked = self.http.get(format!("{}/readyz", self.base)).send().await;
        asked.is_ok_and(|response| response.status().is_success())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1/{path}", self.base));
        let mut request = request.bearer_auth(&self.token);
        if let Some(root) = &self.root {
            request = request.header(ROOT_HEADER, root.clone());
        }
        match &self.language {
            Some(language) => request.header(header::ACCEPT_LANGUAGE, language),
            None => request,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| self.failed(source))?;
        // 202 is how a join that goes on trying is told; it carries a problem too.
        if response.status().is_success() && response.status() != StatusCode::ACCEPTED {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|source| self.failed(source))?;
        Err(ClientError::Refused(Box::new(Problem::read(status, &body))))
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, ClientError> {
        let response = self.send(request).await?;
        let body = response.bytes().await.map_err(|source| self.failed(source))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|source| ClientError::Answer { source })
    }

    /// Sends a request whose answer comes with its progress, line by line; gives the result.
    async fn watch(
        &self,
        request: RequestBuilder,
        mut progress: impl FnMut(Progress),
    ) -> Result<Value, ClientError> {
        let request = request.header(header::ACCEPT, "application/x-ndjson");
        let mut response = self.send(request).await?;
        let mut line = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|source| self.failed(source))? {
            for part in chunk.split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(part);
                if line.len() > LINE_LIMIT {
                    return Err(ClientError::CutShort);
                }
                if line.ends_with(b"\n") {
                    if let Some(result) = Self::line(&line, &mut progress)? {
                        return Ok(result);
                    }
                    line.clear();
                }
            }
        }
        Err(ClientError::CutShort)
    }

    fn line(line: &[u8], progress: &mut impl FnMut(Progress)) -> Result<Option<Value>, ClientError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Line {
            Progress(Progress),
            Result(Value),
            Problem(Value),
        }
        match serde_json::from_slice(line).map_err(|source| ClientError::Answer { source })? {
            Line::Progress(now) => {
                progress(now);
                Ok(None)
            }
            Line::Result(value) => Ok(Some(value)),
            Line::Problem(value) => {
                let status = value["status"].as_u64().and_then(|status| status.try_into().ok());
                Err(ClientError::Refused(Box::new(Problem::of(status.unwrap_or(500), value))))
            }
        }
    }

    fn failed(&self, source: reqwest::Error) -> ClientError {
        match &self.dir {
            Some(dir) if source.is_connect() => ClientError::NoNode { dir: dir.clone() },
            Some(_) | None => ClientError::Http { doing: "reach", source },
        }
    }
}
