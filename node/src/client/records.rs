//! Cases and templates: writing, reading, finding, carrying in and out.

use std::io::Write;

use reqwest::{RequestBuilder, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, ClientError, Progress};

/// What an import did.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
pub struct Imported {
    /// Records that are new.
    pub imported: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records in which the source has changed nothing since.
    pub unchanged: u64,
    /// `{"file", "line", "field", "why"}` of what was not taken in.
    pub refused: Vec<Value>,
    /// `{"id", "field"}`: where a change of our own stands against one of the source, and ours was kept.
    #[serde(default)]
    pub kept: Vec<Value>,
}

impl Client {
    /// Begins a draft; its id. `kind` is `case` or `template`.
    pub async fn create(&self, kind: &str, record: &Value) -> Result<String, ClientError> {
        let answer = self.json(self.post(&collection(kind)).json(record)).await?;
        Ok(answer["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Begins a draft in which these members write as well, by their numbers; its id.
    pub async fn create_jointly(
        &self,
        kind: &str,
        record: &Value,
        with: &[String],
    ) -> Result<String, ClientError> {
        let request = self.post(&collection(kind)).query(&[("with", with.join(","))]);
        let answer = self.json(request.json(record)).await?;
        Ok(answer["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Takes another organisation into a joint draft, by its number: `{"id", "co_owners"}`.
    pub async fn co_owner_add(&self, kind: &str, id: &str, org: &str) -> Result<Value, ClientError> {
        let request = self.post(&format!("{}/co_owners", one(kind, id)));
        self.json(request.json(&json!({"org": org}))).await
    }

    /// Ends its part in it: `{"id", "co_owners"}`.
    pub async fn co_owner_end(&self, kind: &str, id: &str, org: &str) -> Result<Value, ClientError> {
        let org: String = org.chars().filter(char::is_ascii_digit).collect();
        self.json(self.post(&format!("{}/co_owners/{org}/end", one(kind, id)))).await
    }

    /// One record with everything that stands beside it.
    pub async fn show(&self, kind: &str, id: &str) -> Result<Value, ClientError> {
        self.json(self.get(&one(kind, id))).await
    }

    /// A page of records: `{"items", "next"}`. `query`: `limit`, `cursor`, `lang`, `phase`, `sector`, `owner`,
    /// `state`.
    pub async fn list(&self, kind: &str, query: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.json(self.get(&collection(kind)).query(query)).await
    }

    /// Changes a record by a merge patch (RFC 7396), as it read at `heads`.
    pub async fn patch(
        &self,
        kind: &str,
        id: &str,
        heads: &[String],
        patch: &Value,
    ) -> Result<Value, ClientError> {
        let request = self.request(reqwest::Method::PATCH, &one(kind, id));
        let request = request.header(header::CONTENT_TYPE, "application/merge-patch+json");
        self.json(at(request, heads).body(patch.to_string())).await
    }

    /// Changes a record by `field=value` expressions, as it read at `heads`.
    pub async fn set(
        &self,
        kind: &str,
        id: &str,
        heads: &[String],
        set: &[String],
    ) -> Result<Value, ClientError> {
        let request = self.post(&format!("{}/set", one(kind, id)));
        self.json(at(request, heads).json(&json!({"set": set}))).await
    }

    /// Settles a conflict on its `take`-th value, from 1.
    pub async fn settle(&self, kind: &str, id: &str, field: &str, take: usize) -> Result<Value, ClientError> {
        let request = self.post(&format!("{}/settle", one(kind, id)));
        self.json(request.json(&json!({"field": field, "take": take}))).await
    }

    /// The changes of a record, oldest first. `of`: `draft` or `shared`; the draft where there is one if absent.
    pub async fn history(&self, kind: &str, id: &str, of: Option<&str>) -> Result<Value, ClientError> {
        let of: Vec<_> = of.map(|of| ("of", of)).into_iter().collect();
        self.json(self.get(&format!("{}/history", one(kind, id))).query(&of)).await
    }

    /// Shares one draft: `{"shared", "refused"}`; refused is an error, with the same members beside.
    pub async fn share(&self, kind: &str, id: &str) -> Result<Value, ClientError> {
        self.json(self.post(&format!("{}/share", one(kind, id)))).await
    }

    /// Withdraws a record; as it is shown afterwards. `now`: its bytes go without delay.
    pub async fn withdraw(&self, kind: &str, id: &str, why: &str, now: bool) -> Result<Value, ClientError> {
        let request = self.post(&format!("{}/withdraw", one(kind, id)));
        self.json(request.json(&json!({"why": why, "now": now}))).await
    }

    /// Shares drafts, all of them without `ids`, with the network or `to` these organisations by their numbers:
    /// `{"shared", "refused"}`. `allow_found`: telephone numbers and
    /// e-mail addresses are meant to be there.
    pub async fn share_many(
        &self,
        kind: &str,
        ids: Option<&[String]>,
        to: Option<&[String]>,
        allow_found: bool,
        progress: impl FnMut(Progress),
    ) -> Result<Value, ClientError> {
        let mut body = ids.map_or_else(|| json!({"all": true}), |ids| json!({"ids": ids}));
        if let Some(to) = to {
            body["to"] = json!(to);
        }
        body["allow_found"] = allow_found.into();
        self.watch(self.post(&format!("{}/share", collection(kind))).json(&body), progress).await
    }

    /// What is similar to a few words, to a record (`case`), or to a text of any length: one of the three.
    /// `query`: those of the interface.
    pub async fn similar(&self, query: &[(&str, &str)], text: Option<&str>) -> Result<Value, ClientError> {
        let request = match text {
            Some(text) => {
                let request = self.post("similar").header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
                request.body(text.to_owned())
            }
            None => self.get("similar"),
        };
        self.json(request.query(query)).await
    }

    /// Takes in a CPV list: `{"codes", "words"}`.
    pub async fn import_vocabulary(&self, bytes: Vec<u8>) -> Result<Value, ClientError> {
        let request = self.post("vocabulary/import").header(header::CONTENT_TYPE, "application/json");
        self.json(request.body(bytes)).await
    }

    /// What is similar to a case that is in no store.
    pub async fn similar_to(&self, query: &[(&str, &str)], case: &Value) -> Result<Value, ClientError> {
        self.json(self.post("similar").query(query).json(case)).await
    }

    /// What the network knows of a need in words. `query`: `limit`, `lang`.
    pub async fn start(&self, query: &[(&str, &str)], text: &str) -> Result<Value, ClientError> {
        let request = self.post("start").header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        self.json(request.query(query).body(text.to_owned())).await
    }

    /// What the network knows of a need that is written as a case.
    pub async fn start_from(&self, query: &[(&str, &str)], case: &Value) -> Result<Value, ClientError> {
        self.json(self.post("start").query(query).json(case)).await
    }

    /// A page of lessons across cases: `{"items", "next"}`. `query`: `limit`, `cursor`, `lang`, `theme`, `phase`,
    /// `kind`, `sector`, `owner`, `cpv`.
    pub async fn lessons(&self, query: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.json(self.get("lessons").query(query)).await
    }

    /// Takes in a file of cases; its name tells the format.
    pub async fn import(
        &self,
        file: &str,
        bytes: Vec<u8>,
        progress: impl FnMut(Progress),
    ) -> Result<Imported, ClientError> {
        let request = self.post("import").query(&[("file", file)]);
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream").body(bytes);
        let answer = self.watch(request, progress).await?;
        serde_json::from_value(answer).map_err(|source| ClientError::Answer { source })
    }

    /// Writes cases as they come. `format`: `json` or `lines`; `owner`: an organisation number, or all.
    pub async fn export(
        &self,
        format: &str,
        owner: Option<&str>,
        out: &mut dyn Write,
    ) -> Result<(), ClientError> {
        let owner: Vec<_> = owner.map(|owner| ("owner", owner)).into_iter().collect();
        let request = self.get("export").query(&[("format", format)]).query(&owner);
        let mut response = self.send(request).await?;
        while let Some(chunk) = response.chunk().await.map_err(|source| self.failed(source))? {
            out.write_all(&chunk).map_err(|source| ClientError::Output { source })?;
        }
        Ok(())
    }
}

fn collection(kind: &str) -> String {
    format!("{kind}s")
}

fn one(kind: &str, id: &str) -> String {
    // An id is letters and digits; anything else must not reach into the path.
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{kind}s/{}", if id.is_empty() { "-" } else { &id })
}

fn at(request: RequestBuilder, heads: &[String]) -> RequestBuilder {
    request.header(header::IF_MATCH, format!("\"{}\"", heads.join(".")))
}
