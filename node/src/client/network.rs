//! The organisation, the network and where the node stands.

use serde_json::{Value, json};

use super::{Client, ClientError, Progress};

impl Client {
    /// Where the node stands.
    pub async fn status(&self) -> Result<Value, ClientError> {
        self.json(self.get("status")).await
    }

    /// Signs an invitation for an organisation: `{"invitation"}`. `role`: `member`, `association`, `partner`.
    pub async fn invite(&self, org: &str, role: Option<&str>) -> Result<Value, ClientError> {
        let mut body = json!({"org": org});
        if let Some(role) = role {
            body["role"] = role.into();
        }
        self.json(self.post("invitations").json(&body)).await
    }

    /// Uses an invitation or an office's grant, and waits so many seconds for the network. Afterwards the error is
    /// of the kind `offline`, and the node goes on trying.
    pub async fn join(&self, ticket: &str, wait: u64) -> Result<Value, ClientError> {
        self.json(self.post("join").json(&json!({"invitation": ticket, "wait": wait}))).await
    }

    /// A request to be admitted without an invitation: `{"request"}`.
    pub async fn join_request(&self) -> Result<Value, ClientError> {
        self.json(self.post("join/request")).await
    }

    /// Asks an association's nodes to be admitted, each by an address that ends in `/p2p/..`, and waits so many seconds
    /// for an answer: `{"state": "waiting|member"}`. Afterwards the error is of the kind `offline`, and the node goes
    /// on trying.
    pub async fn join_ask(&self, addresses: &[String], wait: u64) -> Result<Value, ClientError> {
        self.json(self.post("join/ask").json(&json!({"addresses": addresses, "wait": wait}))).await
    }

    /// Organisations that ask to be admitted.
    pub async fn member_requests(&self) -> Result<Value, ClientError> {
        self.json(self.get("members/requests")).await
    }

    /// Says no to the one with this root key: `{"key"}`.
    pub async fn member_decline(&self, key: &str, why: Option<&str>) -> Result<Value, ClientError> {
        let request = self.post(&format!("members/requests/{}/decline", word(key)));
        self.json(request.json(&json!({"why": why}))).await
    }

    /// Admits an organisation by its request: `{"org", "name", "admittance"}`. `role` as for an invitation.
    pub async fn member_admit(&self, request: &str, role: Option<&str>) -> Result<Value, ClientError> {
        let mut body = json!({"request": request});
        if let Some(role) = role {
            body["role"] = role.into();
        }
        self.json(self.post("members").json(&body)).await
    }

    /// The member organisations.
    pub async fn members(&self) -> Result<Value, ClientError> {
        self.json(self.get("members")).await
    }

    /// The own organisation: its card, its device, its offices.
    pub async fn org(&self) -> Result<Value, ClientError> {
        self.json(self.get("org")).await
    }

    /// Changes the own organisation's card by a merge patch.
    pub async fn org_patch(&self, patch: &Value) -> Result<Value, ClientError> {
        self.json(self.request(reqwest::Method::PATCH, "org").json(patch)).await
    }

    /// Changes the own organisation's card by `field=value` expressions.
    pub async fn org_set(&self, set: &[String]) -> Result<Value, ClientError> {
        self.json(self.post("org/set").json(&json!({"set": set}))).await
    }

    /// The own organisation's devices.
    pub async fn devices(&self) -> Result<Value, ClientError> {
        self.json(self.get("org/devices")).await
    }

    /// Grants a second office's device from its request: `{"grant"}`.
    pub async fn device_add(&self, request: &str) -> Result<Value, ClientError> {
        self.json(self.post("org/devices").json(&json!({"request": request}))).await
    }

    /// Other nodes.
    pub async fn peers(&self) -> Result<Value, ClientError> {
        self.json(self.get("peers")).await
    }

    /// Dials an address (a multiaddr) and goes on trying.
    pub async fn peer_add(&self, address: &str) -> Result<Value, ClientError> {
        self.json(self.post("peers").json(&json!({"address": address}))).await
    }

    /// Says hello to every peer again; with `wait`, comes back when all that are connected are level, or after so
    /// many seconds: `{"level", "peers"}`.
    pub async fn sync(
        &self,
        wait: Option<u64>,
        progress: impl FnMut(Progress),
    ) -> Result<Value, ClientError> {
        let body = wait.map_or_else(|| json!({}), |wait| json!({"wait": wait}));
        self.watch(self.post("sync").json(&body), progress).await
    }

    /// What the network's cases say together; `as_of` is a day, today if absent.
    pub async fn report(&self, as_of: Option<&str>) -> Result<Value, ClientError> {
        let as_of: Vec<_> = as_of.map(|day| ("as_of", day)).into_iter().collect();
        self.json(self.get("report").query(&as_of)).await
    }

    /// Labels of everything that has one, in `nb`, `nn` or `en`.
    pub async fn vocabulary(&self, lang: &str) -> Result<Value, ClientError> {
        self.json(self.get("vocabulary").query(&[("lang", lang)])).await
    }

    /// The description of the interface.
    pub async fn openapi(&self) -> Result<Value, ClientError> {
        self.json(self.get("openapi.json")).await
    }

    /// Ends a device of the own organisation, by slot or id: `{"device", "statements"}`. `lost_since`: an instant.
    pub async fn device_end(
        &self,
        device: &str,
        lost_since: Option<&str>,
        why: Option<&str>,
    ) -> Result<Value, ClientError> {
        let body = json!({"lost_since": lost_since, "why": why});
        self.json(self.post(&format!("org/devices/{}/end", word(device))).json(&body)).await
    }

    /// Hands the root over, to a new key that the node makes or to `new`: `{"root", "statements"}`.
    pub async fn key_rotate(&self, new: Option<&str>) -> Result<Value, ClientError> {
        let body = new.map_or_else(|| json!({}), |new| json!({"new": new}));
        self.json(self.post("org/key/rotate").json(&body)).await
    }

    /// Has the node read the root from its folder again: `{"root", "here"}`.
    pub async fn key_reload(&self) -> Result<Value, ClientError> {
        self.json(self.post("org/key/reload")).await
    }

    /// Ends a membership: `{"statements"}`.
    pub async fn member_end(&self, org: &str, why: Option<&str>) -> Result<Value, ClientError> {
        let request = self.post(&format!("members/{}/end", word(org)));
        self.json(request.json(&json!({"why": why}))).await
    }

    /// Says that an organisation was merged into another: `{"statements"}`.
    pub async fn member_succeed(&self, org: &str, heir: &str) -> Result<Value, ClientError> {
        self.json(self.post(&format!("members/{}/succeed", word(org))).json(&json!({"heir": heir}))).await
    }

    /// Gives an organisation that lost its root a new one: `{"statements"}`.
    pub async fn member_root(&self, org: &str, key: &str) -> Result<Value, ClientError> {
        self.json(self.post(&format!("members/{}/root", word(org))).json(&json!({"key": key}))).await
    }

    /// The network's charter as it stands.
    pub async fn association(&self) -> Result<Value, ClientError> {
        self.json(self.get("association")).await
    }

    /// Says that the charter is to be otherwise: `{"statements"}`.
    pub async fn association_amend(&self, amendment: &Value) -> Result<Value, ClientError> {
        self.json(self.post("association/amend").json(amendment)).await
    }

    /// Takes in statements: `{"taken_in"}`.
    pub async fn take_in(&self, statements: &str) -> Result<Value, ClientError> {
        self.json(self.post("statements").json(&json!({"statements": statements}))).await
    }

    /// Signs what another root has said: `{"statements"}`.
    pub async fn countersign(&self, statements: &str) -> Result<Value, ClientError> {
        self.json(self.post("statements/countersign").json(&json!({"statements": statements}))).await
    }

    /// Why a record is or is not there.
    pub async fn why(&self, id: &str) -> Result<Value, ClientError> {
        self.json(self.get(&format!("why/{}", word(id)))).await
    }

    /// The contacts that are here.
    pub async fn contacts(&self) -> Result<Value, ClientError> {
        self.json(self.get("contacts")).await
    }
}

/// Ids and numbers are letters and digits; anything else must not reach into the path.
fn word(text: &str) -> String {
    let word: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}
